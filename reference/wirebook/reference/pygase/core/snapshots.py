"""Immutable snapshots of a game state, which share what did not change with the one before.

What may live here: making one, which is also where a state that cannot be sent is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from wirebook.reference.pygase.codec import MAX_DEPTH, fits_single
from wirebook.reference.pygase.core.merging import alike, is_deletion
from wirebook.reference.pygase.errors import Unencodable

_NOTHING: Final = object()
_QUICK: Final = frozenset((bool, int, str, bytes))
"""The types whose equality needs no second look."""


def snapshot(state: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a snapshot of the attributes; `before` is an earlier one to share parts with.

    Equal parts are taken from `before`, whoever changed the state and however it was done.
    Raises Unencodable for a state that cannot be sent.
    """
    for name in state:
        if not isinstance(name, str):
            raise Unencodable(f"the name of an attribute is a str, not {name!r}", "PGS-UPD-001")
    status = state.get("game_status", 0)
    if isinstance(status, bool) or status not in (0, 1):
        raise Unencodable(f"game_status is 0 or 1, not {status!r}", "PGS-UPD-003")
    taken = _frozen(state, before, 0)
    assert isinstance(taken, dict)  # noqa: S101 - a map's snapshot is one; for the type checker
    return taken


def check_state(state: Mapping[str, Any]) -> None:
    """Raise Unencodable for attributes that cannot be sent."""
    snapshot(state, {})


def _frozen(value: object, before: object, depth: int) -> object:
    kind = type(value)
    if kind in _QUICK and kind is type(before) and value == before:
        return before
    if isinstance(value, dict):
        return _frozen_map(value, before, _deeper(depth))
    if isinstance(value, list | tuple):
        return _frozen_sequence(value, before, _deeper(depth))
    plain = _plain(value)
    if alike(plain, before):
        return before
    if isinstance(plain, str):
        _check_text(plain)
    elif type(plain) is float and isfinite(plain) and not fits_single(plain):
        raise Unencodable(f"{plain!r} exceeds the 32-bit format", "PGS-MSG-002")
    elif type(plain) is int and not -(2**63) <= plain < 2**64:
        raise Unencodable(f"{plain!r} needs more than 64 bits")
    return plain


def _frozen_map(value: dict[Any, Any], before: object, depth: int) -> object:
    known: dict[Any, Any] = before if isinstance(before, dict) else {}
    result = {}
    shared = isinstance(before, dict)
    for key, member in value.items():
        was = known.get(key, _NOTHING)
        taken = _frozen(member, was, depth)
        if taken is was:
            result[key] = taken
        elif not is_deletion(member):  # no state can hold it: sending it would delete the key
            result[_key(key)] = taken
            shared = False
    return before if shared and len(result) == len(known) else result


def _frozen_sequence(value: list[Any] | tuple[Any, ...], before: object, depth: int) -> object:
    if not isinstance(before, tuple) or len(before) != len(value):
        return tuple([_frozen(member, _NOTHING, depth) for member in value])
    result = [_frozen(member, was, depth) for member, was in zip(value, before, strict=True)]
    for taken, was in zip(result, before, strict=True):
        if taken is not was:
            return tuple(result)
    return before


def _plain(value: object) -> object:
    """Return the value without what its subclass adds, such as `Sqn` or an enum of ints."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return value if type(value) is kind else kind(value)
    raise Unencodable(f"a game state cannot have a {type(value).__name__}")


def _key(key: object) -> object:
    if isinstance(key, tuple):  # the others cannot be a key in Python either
        raise Unencodable("a map cannot have an array or a map as a key", "PGS-MSG-013")
    plain = _plain(key)
    if isinstance(plain, str):
        _check_text(plain)
    return plain


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unencodable(str(error), "PGS-MSG-010") from None


def _deeper(depth: int) -> int:
    if depth == MAX_DEPTH:
        raise Unencodable(f"deeper than {MAX_DEPTH}", "PGS-MSG-015")
    return depth + 1
