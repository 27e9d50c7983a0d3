"""What mutations begin with: octets that are valid or nearly so, taken apart by the schemas.

The octets come from the vectors of a book and from its strategies. The schema is asked once, here,
where the numbers, lengths and values of each entry stand; a mutation then costs microseconds. What
may live here: collecting entries, and taking them apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from wirebook.fuzz import strategies
from wirebook.fuzz.schemas import Dice, octets_of
from wirebook.spec import books, neutral, vectors

_LARGEST: Final = 4096
"""Octets of the largest entry; what is larger is made by mutation, now and then."""
_DRAWN: Final = 40
"""Valid messages that are drawn for each name, and as many that are not quite."""
_WIDTHS: Final = (1, 2, 4, 8)
_WIDE_HEADS: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
"""The first octets of integers of MessagePack that have others behind them, with their number."""
_ADJACENT: Final = (-1, 0, 1)
_EDGES: Final = (0, 1, 2, 3, 31, 32, 33, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF)


@dataclass(frozen=True, slots=True)
class Entry:
    """Octets, and what stands where in them."""

    message: str
    octets: bytes
    numbers: tuple[tuple[int, int], ...]
    """Offset and width of integers."""
    lengths: tuple[tuple[int, int, int], ...]
    """Offset and width of lengths, and how many octets follow that they count."""
    values: tuple[tuple[int, int], ...]
    """Offset and length of values that can be put in place of one another."""
    sound: bool
    """Whether it is valid."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The entries of some messages of a book."""

    entries: tuple[Entry, ...]
    sound: tuple[Entry, ...]
    """Those that are valid."""
    values: tuple[bytes, ...]
    """The octets of values, for putting them in other places."""
    bounds: tuple[int, ...]
    """Integers at and beside the bounds that the schemas have."""


Octets = tuple[str, bytes]
"""The name of a message, and octets that are meant to be one."""


@cache
def of(book: str, messages: tuple[str, ...], extra: tuple[Octets, ...] = ()) -> Pool:
    """Return the pool for messages of a book; the same in each process."""
    drawn = _from_strategies(book, messages)
    found = dict.fromkeys((*extra, *_from_vectors(book, messages), *drawn))
    entries = tuple(entry(book, message, octets) for message, octets in found)
    values = {
        one.octets[offset : offset + length] for one in entries for offset, length in one.values
    }
    bounds = {
        bound + near for bound in (*_bounds(neutral.load(book)), *_EDGES) for near in _ADJACENT
    }
    if neutral.load(book)["carrier"] == "WebSocket":
        values |= {json.dumps(bound).encode() for bound in bounds} | _JSON_VALUES
    sound = tuple(one for one in entries if one.sound)
    return Pool(entries, sound, tuple(sorted(values)), tuple(sorted(bounds)))


def entry(book: str, message: str, octets: bytes) -> Entry:
    """Take octets apart, as far as the schema can read them."""
    dissection = books.get(book).dissect(message, octets)
    numbers = []
    lengths = []
    values = []
    for field in dissection.fields:
        span = (field.offset, field.length)
        if field.path.endswith(":length") and type(field.value) is int:
            lengths.append((*span, field.value))
            numbers.append(span)
        if field.structural:
            continue
        if type(field.value) is int:
            numbers += _number(octets, *span, field.value)
        if not _is_fixed(octets[field.offset : field.offset + field.length], field.value):
            values.append(span)
    return Entry(
        message,
        octets,
        tuple(numbers),
        tuple(lengths),
        tuple(values),
        sound=dissection.error is None,
    )


def _is_fixed(octets: bytes, value: object) -> bool:
    """Tell whether a field has the same number of octets whatever its value is."""
    if type(value) is int:
        return len(octets) > 1 and int.from_bytes(octets) == value
    return octets == value


def _number(octets: bytes, offset: int, length: int, value: int) -> Iterator[tuple[int, int]]:
    """Yield where the octets of an integer are, if it has any of its own."""
    if length in _WIDTHS and int.from_bytes(octets[offset : offset + length]) == value:
        yield offset, length
    elif _WIDE_HEADS.get(octets[offset]) == length - 1:
        yield offset + 1, length - 1


def _from_vectors(book: str, messages: Iterable[str]) -> Iterator[Octets]:
    wanted = set(messages)
    for group in vectors.load(book):
        if group.message in wanted:
            for test in group.tests:
                if test.data and len(test.data) <= _LARGEST:
                    yield group.message, test.data


def _from_strategies(book: str, messages: Iterable[str]) -> Iterator[Octets]:
    for name in messages:
        dice = Dice(Random(0).randbytes)  # noqa: S311 - a fuzzer's
        taken, broken = strategies.plan(book, name, taken=True), strategies.plan(book, name)
        for _ in range(_DRAWN):
            for octets in (
                octets_of(taken.message, taken.varied(dice), pick=dice.pick),
                broken.near_valid(dice).octets,
            ):
                if len(octets) <= _LARGEST:
                    yield name, octets


def _bounds(value: Any) -> Iterator[int]:
    """Yield the least and greatest values and sizes that a schema in neutral form has."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key in ("least", "most", "depth") and type(part) is int:
                yield part
            else:
                yield from _bounds(part)
    elif isinstance(value, list):
        for part in value:
            yield from _bounds(part)


_JSON_VALUES: Final = frozenset(
    (
        b"null",
        b"true",
        b"false",
        b"{}",
        b"[]",
        b'""',
        b"-0",
        b"1e308",
        b"1e999",
        b"-1.5",
        b"NaN",
        b'"\\ud800"',
        b'"\\u0000"',
        b"18446744073709551616",
        b'{"a": {"a": {"a": 1}}}',
        b"[[[[[[[[]]]]]]]]",
    )
)
