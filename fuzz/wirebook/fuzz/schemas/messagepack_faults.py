"""What can be wrong with a value in MessagePack, and only there.

What may live here: faults of heads, counts, texts, keys and nesting, as octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.faults import HUGE, Break, Fault, chosen, made, raw
from wirebook.fuzz.schemas.messagepack import array_head, map_head, str_head
from wirebook.fuzz.schemas.nodes import Notation, Shape
from wirebook.fuzz.schemas.trees import Raw, Tree
from wirebook.fuzz.schemas.writing import value_octets
from wirebook.spec.extension import Ext

IN_FRONT: list[bytes] = []
"""Octets in front of a value are another value."""
LEFT_OVER = [b"\xc0", b"\0", b"\xc1", b"\xff", b"\x90", b"\xa0", b"\xdb\xff\xff\xff\xff", b"\0" * 4]
NOTATION = [b"\x80", b"\xc0", b"\x81\xa0\xc0", b"\x90"]
"""Bodies in MessagePack, to be sent where another notation is expected."""

BAD_UTF8 = [
    b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xed\xb0\x80\xed\xa0\x80",
    b"\xf5\x80\x80\x80", b"\xf0\x80\x80\x80", b"\xe2\x82", b"ok\xc3(", b"\xef\xbb\xbf\xfe",
]  # fmt: skip
"""Stray and cut-off octets, overlong forms, surrogates, and what is beyond Unicode."""

_EXTENSIONS = [
    b"\xd4\x01\0", b"\xd6\xff\0\0\0\0", b"\xd7\xff" + bytes(8), b"\xc7\x0c\xff" + bytes(12),
    b"\xd8\x05" + bytes(16), b"\xc7\0\x01", b"\xc8\0\x01\x01\0", b"\xc9\0\0\0\x01\x80\0",
]  # fmt: skip
_CONTAINERS = [b"\x90", b"\x80", b"\x91\xc0", b"\x81\xa0\xc0"]
_HUGE_HEADS = [
    b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xdc\xff\xff",
    b"\xc6\xff\xff\xff\xff", b"\xdb\x7f\xff\xff\xff", b"\xdd\x80\0\0\0", b"\xdf\x7f\xff\xff\xff",
]  # fmt: skip


def faults_of(shape: Shape) -> Iterator[Fault]:
    """Yield the faults that a value can have."""
    notation, kind = shape.notation, shape.kind

    def fault(name: str, make: Break, certain: bool | None = True) -> Fault:
        return Fault(name, shape, shape, make, certain)

    yield fault("reserved", raw([b"\xc1"]))
    yield fault("count-huge", raw(_HUGE_HEADS))
    if notation.extensions:
        yield fault(
            "extension", chosen([Ext(-1, bytes(4)), Ext(0, b""), Ext(127, bytes(16))]), None
        )
    else:
        yield fault("extension", raw(_EXTENSIONS))
    if not shape.is_key:
        yield fault("depth", _too_deep(shape))
    if kind in ("str", "any"):
        yield fault("bad-utf8", raw([str_head(len(text)) + text for text in BAD_UTF8]))
    if kind == "str":
        yield fault("str-length+1", _resized(1), False)
        yield fault("str-length-1", _resized(-1), False)
    if kind in ("int", "any"):
        floats = (float("nan"), float("inf"), float("-inf"))
        yield fault("non-finite", chosen(floats), None)
    if kind in ("array", "map", "record"):
        yield fault("count+1", _counted(notation, 1))
        yield fault("count-1", _counted(notation, -1))
    if kind in ("map", "record", "any"):
        yield fault("duplicate-member", _twice(notation))
        yield fault("container-key", _container_key(notation))
    if kind in ("map", "record"):
        yield fault("key-type", _other_key, None)
    if shape.is_key:
        yield fault("container-key", raw(_CONTAINERS))


def _resized(more: int) -> Break:
    def make(value: str | None) -> Tree:
        octets = (value or "x").encode()
        return Raw(str_head(len(octets) + more) + octets)

    return made(make)


def _too_deep(shape: Shape) -> Break:
    limit = shape.notation.depth
    room = max(1, limit - shape.depth)

    def make(_: Any, dice: Dice) -> Tree:
        levels = dice.choose((room + 1, room + 2, room + 1, limit + 100, 1000))
        if dice.one_in(64):
            levels = HUGE
        inner = dice.choose((b"", b"\xc0", b"\xa1x"))
        levels -= bool(inner and shape.notation.scalars_deep)
        if not inner:
            return Raw(b"\x91" * (levels - 1) + b"\x90")
        return Raw(dice.choose((b"\x91", b"\x81\xa0")) * levels + inner)

    return make


def _pairs(notation: Notation, value: Any) -> list[tuple[bytes, bytes]]:
    return [(value_octets(notation, k), value_octets(notation, v)) for k, v in value.items()]


def _counted(notation: Notation, more: int) -> Break:
    def make(value: Any) -> Tree:
        if isinstance(value, dict):
            pairs = _pairs(notation, value) or [(b"\xa0", b"\xc0")]
            octets = b"".join(key + item for key, item in pairs)
            return Raw(map_head(len(pairs) + more) + octets)
        items = (value if isinstance(value, list) else []) or [None]
        octets = b"".join(value_octets(notation, item) for item in items)
        return Raw(array_head(len(items) + more) + octets)

    return made(make)


def _twice(notation: Notation) -> Break:
    def make(value: Any, dice: Dice) -> Tree:
        pairs = _pairs(notation, value) if isinstance(value, dict) else []
        keys = list(value) if pairs else [""]
        pairs = pairs or [(b"\xa0", b"\xc0")]
        at = dice.pick(len(pairs))
        again = [pairs[at][0]]
        if isinstance(keys[at], str):
            octets = keys[at].encode()
            again += [b"\xdb" + len(octets).to_bytes(4) + octets]
            if notation.bin_as_text:
                again += [b"\xc6" + len(octets).to_bytes(4) + octets]
        pairs = [*pairs, (dice.choose(again), dice.choose((b"\xc0", pairs[at][1])))]
        return Raw(map_head(len(pairs)) + b"".join(key + item for key, item in pairs))

    return make


def _container_key(notation: Notation) -> Break:
    def make(value: Any, dice: Dice) -> Tree:
        pairs = _pairs(notation, value) if isinstance(value, dict) else []
        octets = b"".join(key + item for key, item in pairs)
        return Raw(map_head(len(pairs) + 1) + octets + dice.choose(_CONTAINERS) + b"\xc0")

    return make


def _other_key(value: Any, dice: Dice) -> Tree:
    key = dice.choose((0, None, True, -1, b"\xff", b"", 0.5, 2**63))
    first = next(iter(value), None)
    if first is not None and dice.pick(2):
        return {key if name == first else name: item for name, item in value.items()}
    return {**value, key: None}
