"""A bad network as a list of entries: what befalls which datagram, or a stream at which octet.

An entry is written `PLACE:WHAT`, and a script is its carrier, and for each direction its entries:

    udp to 3:x 12:0+60 20-29:x 1.5s-2.5s:x 40:0~17.3 0-999:rate=4000 from 7:x
    tcp to 0-63:cut 70:stall=200 100-400:join 0-9999:rate=2000 from 512:reset

`to` is what goes to the target, `from` what comes from it. A place is a number counted from 0, or
the first and the last one: of the datagrams that one peer sends, or of the octets of one
connection. Of datagrams, it can also be a while, in seconds since the first one of that peer.
What befalls a datagram is a fate (`schedule.py`), or `rate=N`, octets per second. What befalls a
stream: `cut`, a segment begins here (at each octet of a range); `stall=N`, nothing goes on for so
many milliseconds; `join`, these octets arrive together; `rate=N`; `reset`, the connection is reset
on both sides. What is not named goes on at once, and as it came.

What may live here: entries, scripts and their text. How they are played is in `course.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from wirebook.conformance.network.schedule import DELIVERED, Fate, Schedule

if TYPE_CHECKING:
    from wirebook.conformance.network.course import DatagramCourse, StreamCourse

_PLACE = re.compile(r"(\d+)(?:-(\d+))?|(\d+(?:\.\d+)?)s-(\d+(?:\.\d+)?)s")
_WORDS = {"cut", "join", "reset"}
_AMOUNTS = {"stall", "rate"}


class Carrier(StrEnum):
    """What carries the exchange."""

    UDP = "udp"
    TCP = "tcp"


class Direction(StrEnum):
    """Which way something goes."""

    TO = "to"
    FROM = "from"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry applies: from the first number or second to the last one."""

    first: float
    last: float
    seconds: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last < float("inf"):
            raise ValueError(f"{self} ends before it begins")

    def __contains__(self, at: float) -> bool:
        return self.first <= at < self.last if self.seconds else self.first <= at <= self.last

    def __str__(self) -> str:
        if self.seconds:
            return f"{self.first:g}s-{self.last:g}s"
        first, last = int(self.first), int(self.last)
        return f"{first}" if first == last else f"{first}-{last}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read what `str` writes."""
        match = _PLACE.fullmatch(text)
        if match is None:
            raise ValueError(f'"{text}" is no place: a number, 3-7, or 1.5s-2s')
        number, last, begin, end = match.groups()
        if number is None:
            return cls(float(begin), float(end), seconds=True)
        return cls(int(number), int(last or number))


@dataclass(frozen=True, slots=True)
class Effect:
    """What befalls a stream, or how fast datagrams go: a word, with an amount where it has one."""

    name: str
    amount: float = 0.0
    """Milliseconds of a stall, octets per second of a rate."""

    def __post_init__(self) -> None:
        if self.name in _AMOUNTS and not 0 < self.amount < float("inf"):
            raise ValueError(f"{self.name} wants a number above 0")

    def __str__(self) -> str:
        return f"{self.name}={self.amount:g}" if self.name in _AMOUNTS else self.name

    @classmethod
    def parse(cls, text: str) -> Effect:
        """Read what `str` writes."""
        name, mark, amount = text.partition("=")
        if name in _WORDS and not mark:
            return cls(name)
        if name in _AMOUNTS and mark:
            return cls(name, float(amount))
        raise ValueError(f'"{text}" befalls no stream')


@dataclass(frozen=True, slots=True)
class Entry:
    """What befalls one datagram or octet, or some of them in a row."""

    direction: Direction
    place: Place
    what: Fate | Effect

    def __str__(self) -> str:
        return f"{self.place}:{self.what}"

    @classmethod
    def parse(cls, carrier: Carrier, direction: Direction, text: str) -> Entry:
        """Read what `str` writes."""
        where, mark, said = text.partition(":")
        if not mark:
            raise ValueError(f'"{text}" is not PLACE:WHAT')
        place = Place.parse(where)
        if carrier is Carrier.TCP:
            if place.seconds:
                raise ValueError(f'"{text}": the place in a stream is counted in octets')
            return cls(direction, place, Effect.parse(said))
        what = Effect.parse(said) if said.startswith("rate") else Fate.parse(said)
        return cls(direction, place, what)


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that befalls an exchange; each peer or connection has it for itself."""

    carrier: Carrier
    entries: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        words = [str(self.carrier)]
        for direction in Direction:
            chosen = [str(entry) for entry in self.entries if entry.direction is direction]
            words += [str(direction), *chosen] if chosen else []
        return " ".join(words)

    @classmethod
    def parse(cls, text: str) -> Script:
        """Read what `str` writes."""
        first, *words = text.split() or [""]
        try:
            carrier = Carrier(first)
        except ValueError:
            raise ValueError(
                f'"{first}" carries nothing: a schedule begins with udp or tcp'
            ) from None
        entries: list[Entry] = []
        direction: Direction | None = None
        for word in words:
            if word in tuple(Direction):
                direction = Direction(word)
            elif direction is None:
                raise ValueError(f'"{word}" stands before "to" or "from"')
            else:
                entries.append(Entry.parse(carrier, direction, word))
        return cls(carrier, tuple(entries))

    @classmethod
    def of(cls, to_target: Schedule, from_target: Schedule) -> Script:
        """Return what two dense schedules say, each played once."""
        return cls(
            Carrier.UDP,
            tuple(
                Entry(direction, Place(number, number), fate)
                for direction, schedule in (
                    (Direction.TO, to_target),
                    (Direction.FROM, from_target),
                )
                for number, fate in enumerate(schedule.fates)
                if fate != DELIVERED
            ),
        )

    def with_entries(self, entries: Iterable[Entry]) -> Script:
        """Return a script with other entries."""
        return Script(self.carrier, tuple(entries))

    def half(self, direction: Direction) -> Half:
        """Return what befalls one direction."""
        return Half(tuple(entry for entry in self.entries if entry.direction is direction))


@dataclass(frozen=True, slots=True)
class Half:
    """One direction of a script."""

    entries: tuple[Entry, ...] = ()

    def course(self) -> DatagramCourse:
        """Return the course that one peer's datagrams take."""
        from wirebook.conformance.network.course import DatagramCourse

        return DatagramCourse(self.entries)

    def stream(self) -> StreamCourse:
        """Return the course that one connection's octets take."""
        from wirebook.conformance.network.course import StreamCourse

        return StreamCourse(self.entries)
