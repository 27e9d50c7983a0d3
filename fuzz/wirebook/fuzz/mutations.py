"""Mutations: valid octets with something about them that is not, many thousands a second.

Theory of operation. Each input begins with an entry of the pool, as it is or changed by one
operation or a few. The first of them knows where the numbers, lengths and values of the entry are;
when it has changed the number of octets, the lengths around that place are mended more often than
not, so that the input gets past the framing and what is wrong shows further inside. Now and then
an earlier input comes again, or one is kept back and comes later: what has state has to bear that.
What may live here: operations on octets that hold for all books.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from wirebook.fuzz import pools
from wirebook.fuzz.pools import Entry

Chance = Callable[[], float]
"""Gives a number from 0 up to 1."""
Changed = tuple[bytes, int]
"""Octets, and where they were changed; -1 if that is not to be mended."""

_SOUND: Final = 0.75
"""How often an input begins with an entry that is valid."""
_AS_IS: Final = 0.3
_AGAIN: Final = 0.04
_MORE: Final = 0.25
"""How often one more operation follows."""
_MENDED: Final = 0.7
_NEW_ONES: Final = 0.25
"""How often an input begins with what this run has added to the pool."""
_RECENT: Final = 64
_LATE: Final = 0.02
_LONG: Final = 0.002
_LONGEST: Final = 1 << 17


class Mutator:
    """Gives inputs for some messages of a book, the same ones for the same seed."""

    def __init__(
        self,
        book: str,
        message_names: Sequence[str],
        seed: int,
        extra: tuple[pools.Octets, ...] = (),
    ) -> None:
        self._book = book
        self._pool = pools.of(book, tuple(message_names), extra)
        self._random = Random(seed).random  # noqa: S311 - a fuzzer's
        self._added: list[Entry] = []
        self._recent: list[tuple[str, bytes]] = []
        self._at = 0
        self._late: tuple[str, bytes] | None = None

    def add(self, message: str, octets: bytes) -> None:
        """Put octets into the pool."""
        self._added.append(pools.entry(self._book, message, octets))

    def next(self) -> tuple[str, bytes, str]:
        """Return a message that the octets are like, the octets, and what was done to them."""
        random = self._random
        chosen = random()
        if chosen < _AGAIN and self._recent:
            message, octets = self._recent[int(random() * len(self._recent))]
            return message, octets, "again"
        if chosen > 1 - _LATE and self._late is not None:
            (message, octets), self._late = self._late, None
            return message, octets, "late"
        entries: Sequence[Entry] = self._pool.entries
        if self._added and random() < _NEW_ONES:
            entries = self._added
        elif random() < _SOUND:
            entries = self._pool.sound
        entry = entries[int(random() * len(entries))]
        octets, label = entry.octets, "as it is"
        if chosen > _AS_IS:
            octets, label = self._mutated(entry)
        elif self._late is None:
            self._late = (entry.message, octets)
        self._remember(entry.message, octets)
        return entry.message, octets, label

    def _mutated(self, entry: Entry) -> tuple[bytes, str]:
        random = self._random
        label, operation = _OPERATIONS[int(random() * len(_OPERATIONS))]
        before = entry.octets
        octets, at = operation(random, before, entry, self._pool)
        if at >= 0 and len(octets) != len(before) and entry.lengths and random() < _MENDED:
            octets = _mended(octets, entry, at, len(octets) - len(before))
        while random() < _MORE:
            _, operation = _BLIND[int(random() * len(_BLIND))]
            octets, _ = operation(random, octets, entry, self._pool)
        return octets, label

    def _remember(self, message: str, octets: bytes) -> None:
        if len(self._recent) < _RECENT:
            self._recent.append((message, octets))
        else:
            self._recent[self._at] = (message, octets)
            self._at = (self._at + 1) % _RECENT


def _mended(octets: bytes, entry: Entry, at: int, grown: int) -> bytes:
    """Return the octets with the lengths around a place that grew or shrank told anew."""
    mended = bytearray(octets)
    for offset, width, content in entry.lengths:
        begin = offset + width
        if begin <= at <= begin + content and 0 <= content + grown < 1 << (8 * width):
            mended[offset:begin] = (content + grown).to_bytes(width)
    return bytes(mended)


def _place(random: Chance, octets: bytes) -> int:
    return int(random() * len(octets))


def _run(random: Chance, octets: bytes) -> tuple[int, int]:
    """Return the begin and end of some octets, few more often than many."""
    begin = int(random() * len(octets))
    return begin, begin + 1 + int(random() ** 4 * (len(octets) - begin))


def _flip(random: Chance, octets: bytes, _entry: Entry, _pool: pools.Pool) -> Changed:
    if not octets:
        return octets, -1
    changed = bytearray(octets)
    for _ in range(1 + int(random() ** 3 * 8)):
        changed[int(random() * len(changed))] ^= 1 << int(random() * 8)
    return bytes(changed), -1


def _set(random: Chance, octets: bytes, _: Entry, __: pools.Pool) -> Changed:
    if not octets:
        return octets, -1
    at = _place(random, octets)
    return octets[:at] + _HEADS[int(random() * len(_HEADS))] + octets[at + 1 :], -1


def _bound(random: Chance, octets: bytes, entry: Entry, pool: pools.Pool) -> Changed:
    if not entry.numbers:
        return _exchange(random, octets, entry, pool)
    offset, width = entry.numbers[int(random() * len(entry.numbers))]
    bounds = pool.bounds
    bound = bounds[int(random() * len(bounds))] if random() < 0.7 else int(random() * 256) - 128
    return (
        octets[:offset] + (bound & _MASKS[width]).to_bytes(width) + octets[offset + width :],
        -1,
    )


def _tamper(random: Chance, octets: bytes, entry: Entry, pool: pools.Pool) -> Changed:
    """Tell a length that is not right."""
    if not entry.lengths:
        return _flip(random, octets, entry, pool)
    offset, width, content = entry.lengths[int(random() * len(entry.lengths))]
    chosen = random()
    if chosen < 0.5:
        told = content + int(random() * 9) - 4
    elif chosen < 0.8:
        told = len(octets) - offset - width + int(random() * 3) - 1
    else:
        told = pool.bounds[int(random() * len(pool.bounds))]
    told &= _MASKS[width]
    return octets[:offset] + told.to_bytes(width) + octets[offset + width :], -1


def _exchange(random: Chance, octets: bytes, entry: Entry, pool: pools.Pool) -> Changed:
    """Put another value in the place of one."""
    if not entry.values:
        return _flip(random, octets, entry, pool)
    offset, length = entry.values[int(random() * len(entry.values))]
    value = pool.values[int(random() * len(pool.values))]
    return octets[:offset] + value + octets[offset + length :], offset


def _cut(random: Chance, octets: bytes, _: Entry, __: pools.Pool) -> Changed:
    return octets[: _place(random, octets)], -1


def _extend(random: Chance, octets: bytes, _: Entry, pool: pools.Pool) -> Changed:
    if random() < _LONG:
        return octets + octets[-1:] * int(random() * _LONGEST), len(octets)
    tail = pool.entries[int(random() * len(pool.entries))].octets
    begin, end = _run(random, tail)
    return octets + tail[begin:end], len(octets)


def _splice(random: Chance, octets: bytes, _: Entry, pool: pools.Pool) -> Changed:
    other = pool.entries[int(random() * len(pool.entries))].octets
    at = _place(random, octets)
    # At the same place of both, fields more often than not go on as they should.
    begin = at if random() < 0.5 else _place(random, other)
    return octets[:at] + other[begin:], at


def _insert(random: Chance, octets: bytes, _: Entry, pool: pools.Pool) -> Changed:
    at = _place(random, octets)
    value = pool.values[int(random() * len(pool.values))]
    return octets[:at] + value + octets[at:], at


def _duplicate(random: Chance, octets: bytes, _: Entry, __: pools.Pool) -> Changed:
    begin, end = _run(random, octets)
    times = 1 + int(random() ** 3 * 8)
    return octets[:end] + octets[begin:end] * times + octets[end:], begin


def _remove(random: Chance, octets: bytes, _: Entry, __: pools.Pool) -> Changed:
    begin, end = _run(random, octets)
    return octets[:begin] + octets[end:], begin


Operation = Callable[[Chance, bytes, Entry, pools.Pool], Changed]

_HEADS: Final = tuple(
    bytes([octet])
    for octet in (*range(0xC0, 0xE0), 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xE0, 0xFF)
) + tuple(bytes([octet]) for octet in b'{}[]",:\\0-9e ')
"""Octets that mean something where a value begins, in MessagePack or in JSON."""
_MASKS: Final = {width: (1 << (8 * width)) - 1 for width in range(1, 9)}

_BLIND: Final[tuple[tuple[str, Operation], ...]] = (
    ("bits flipped", _flip),
    ("an octet set", _set),
    ("cut off", _cut),
    ("extended", _extend),
    ("spliced", _splice),
    ("inserted", _insert),
    ("a run again", _duplicate),
    ("a run removed", _remove),
)
"""Operations that need not know what stands where."""
_OPERATIONS: Final[tuple[tuple[str, Operation], ...]] = (
    *_BLIND,
    ("a bound", _bound),
    ("a bound", _bound),
    ("another length", _tamper),
    ("another value", _exchange),
    ("another value", _exchange),
)
