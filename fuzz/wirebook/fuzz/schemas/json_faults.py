"""What can be wrong with a value in JSON, and only there.

What may live here: faults of the text: brackets, commas, literals, strings, numbers and nesting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.faults import Break, Fault, made, raw
from wirebook.fuzz.schemas.json_text import escaped
from wirebook.fuzz.schemas.messagepack_faults import BAD_UTF8
from wirebook.fuzz.schemas.nodes import Notation, Shape
from wirebook.fuzz.schemas.trees import Raw, Tree
from wirebook.fuzz.schemas.writing import value_octets

LEFT_OVER = [b"x", b"{}", b"\0", b",", b"]", b"}", b"//", b" null", b"\x0b", b"\xc2\xa0", b"/**/"]
IN_FRONT = [b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"//\n", b"\x0c", b",", b")]}',\n"]
"""A byte order mark, comments, and what is no white space to JSON."""
NOTATION = [b"{}", b"null", b"[]", b'{"": 0}']
"""Bodies in JSON, to be sent where another notation is expected."""

_JSON = Notation("json", 0)
_LITERALS = [
    b"True", b"None", b"nul", b"NULL", b"undefined", b"'x'", b"01", b"+1", b".5", b"1.", b"0x10",
    b"1e", b"-", b"~", b"truefalse", b"1_000", b"--1", b"1e+", b"0b1", b"`x`", b"-01", b"@",
]  # fmt: skip
_NON_FINITE = [b"NaN", b"Infinity", b"-Infinity", b"nan", b"-NaN", b"inf"]
_BEYOND = [b"1e309", b"-1e309", b"1" + b"0" * 309, b"-1" + b"0" * 400, b"1e999999999", b"2.0e308"]
_SURROGATES = [rb'"\ud800"', rb'"\udc00"', rb'"\udc00\ud800"', rb'"\ud800x"', rb'"\uD83D"',
               rb'"\ud800\u0041"']  # fmt: skip
_CONTROLS = [b'"\n"', b'"\0"', b'"\x1f"', b'"a\tb"', b'"\r"']
_ESCAPES = [rb'"\x41"', rb'"\u12"', rb'"\"', rb'"\u00g0"', rb'"\U00000041"', rb'"\'"', rb'"\ "',
            b'"', b'"abc', rb'"\u{41}"']  # fmt: skip


def faults_of(shape: Shape) -> Iterator[Fault]:
    """Yield the faults that a value can have."""
    kind = shape.kind

    def fault(name: str, make: Break) -> Fault:
        return Fault(name, shape, shape, make, True)

    yield fault("bad-literal", raw(_LITERALS))
    if not shape.is_key:
        yield fault("depth", _too_deep(shape))
    if kind in ("str", "any"):
        yield fault("bad-utf8", raw([b'"' + text + b'"' for text in BAD_UTF8]))
        yield fault("surrogate", raw(_SURROGATES))
        yield fault("control-character", raw(_CONTROLS))
        yield fault("bad-escape", raw(_ESCAPES))
    if kind in ("int", "any"):
        yield fault("non-finite", raw(_NON_FINITE))
        yield fault("magnitude", raw(_BEYOND))
    if kind in ("array", "map", "record"):
        yield fault("trailing-comma", _edited(lambda text: text[:-1] + b"," + text[-1:]))
        yield fault("missing-comma", _edited(lambda text: text[:-1] + b" 0 0" + text[-1:]))
        yield fault("comment", _edited(lambda text: text[:-1] + b"/* */" + text[-1:]))
        yield fault("unclosed", _edited(lambda text: text[:-1]))
        yield fault("wrong-bracket", _edited(_other_bracket))
    if kind in ("map", "record", "any"):
        yield fault("duplicate-member", _twice)
        yield fault("key-type", _with_member([b"1: 0", b"null: 0", b"true: 0", b"x: 0", b"'x': 0"]))
        yield fault("container-key", _with_member([b"[]: 0", b"{}: 0"]))
        yield fault("missing-colon", _with_member([b'"x" 0', b'"x"', b'"x":', b'"x"=0', b'"x",0']))


def _edited(edit: Callable[[bytes], bytes]) -> Break:
    return made(lambda value: Raw(edit(_text(value, (dict, list)))))


def _text(value: Any, kinds: tuple[type, ...]) -> bytes:
    return _octets(value if isinstance(value, kinds) else {})


def _octets(value: Any) -> bytes:
    return value_octets(_JSON, value)


def _other_bracket(text: bytes) -> bytes:
    return text[:-1] + (b"]" if text.endswith(b"}") else b"}")


def _with_member(members: list[bytes]) -> Break:
    """Return what adds a member, as text, to an object."""

    def make(value: Any, dice: Dice) -> Tree:
        text = _text(value, (dict,))
        comma = b", " if len(text) > 2 else b""
        return Raw(text[:-1] + comma + dice.choose(members) + b"}")

    return make


def _twice(value: Any, dice: Dice) -> Tree:
    members = value if isinstance(value, dict) and value else {"": None}
    text = _octets(members)
    key = dice.choose(list(members))
    again = dice.choose((_octets(key), escaped(key)))
    return Raw(text[:-1] + b", " + again + b": null}")


def _too_deep(shape: Shape) -> Break:
    limit = shape.notation.depth
    room = max(0, limit - shape.depth)

    def make(_: Any, dice: Dice) -> Tree:
        levels = dice.choose((room + 1, room + 2, room + 1, limit + 100, 1000))
        if dice.one_in(64):
            levels = 100_000
        opened, closed = dice.choose(((b"[", b"]"), (b'{"":', b"}"), (b"[", b"")))
        inner = b"0" if opened != b"[" else b""
        return Raw(opened * levels + inner + closed * levels)

    return make
