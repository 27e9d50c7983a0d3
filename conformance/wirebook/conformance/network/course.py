"""One direction of a script while it is played, for one peer or one connection.

What may live here: what a datagram's fate is, and how far a stream may go on at a moment. Both are
told the time, and neither has a socket.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wirebook.conformance.network.schedule import DELIVERED, LOST, Fate
from wirebook.conformance.network.script import Effect, Entry, Place

BACKLOG_SECONDS = 1.0
"""What would have to wait longer for its turn on a slow line is lost."""
JOIN_SECONDS = 0.25
"""Octets that are to arrive together wait no longer than this for the last of them."""
CUT_SECONDS = 0.001
"""Between two segments, so that the receiver's system does not put them together again."""
_RATE_TURN_SECONDS = 0.01


class DatagramCourse:
    """The fates of one peer's datagrams, as a script has them."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._single: dict[int, Fate] = {}
        self._spans: list[tuple[Place, Fate]] = []
        self._rates: list[tuple[Place, float]] = []
        for entry in entries:
            place, what = entry.place, entry.what
            if isinstance(what, Effect):
                self._rates.append((place, what.amount))
            elif place.seconds or place.first != place.last:
                self._spans.append((place, what))
            else:
                self._single[int(place.first)] = what
        self.reached = -1
        """The number of the last datagram."""
        self._began: float | None = None
        self._free_at = 0.0

    def next(self, size: int, now: float) -> Fate:
        """Return the fate of the next datagram, which has so many octets."""
        self.reached += 1
        if self._began is None:
            self._began = now
        fate = self._single.get(self.reached)
        if fate is None:
            spans = (what for place, what in self._spans if self._is_in(place, now))
            fate = next(spans, DELIVERED)
        for place, rate in self._rates:
            if self._is_in(place, now):
                fate = self._slowed(fate, size / rate, now)
        return fate

    def _is_in(self, place: Place, now: float) -> bool:
        began = now if self._began is None else self._began
        return (now - began if place.seconds else self.reached) in place

    def _slowed(self, fate: Fate, seconds: float, now: float) -> Fate:
        begins = max(now, self._free_at)
        if begins - now > BACKLOG_SECONDS:
            return LOST
        self._free_at = begins + seconds
        return fate.later(self._free_at - now)


@dataclass(frozen=True, slots=True)
class Step:
    """What a stream may do now."""

    octets: int = 0
    """How many of the waiting octets may go on, together."""
    wait_until: float | None = None
    """If none may: when to ask again, unless more have come before."""
    reset: bool = False
    """Whether the connection ends here."""


class StreamCourse:
    """How far one direction of a connection may go on."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._joins = _places(entries, "join")
        self._cuts = _places(entries, "cut")
        self._rates = [
            (entry.place, entry.what.amount)
            for entry in entries
            if isinstance(entry.what, Effect) and entry.what.name == "rate"
        ]
        self._stalls = {
            int(entry.place.first): entry.what.amount / 1000
            for entry in entries
            if isinstance(entry.what, Effect) and entry.what.name == "stall"
        }
        resets = [place.first for place in _places(entries, "reset")]
        self._reset_at = min(resets, default=float("inf"))
        single = [place.first for place in self._cuts if place.first == place.last]
        ends = [end for place in self._joins for end in (place.first, place.last + 1)]
        slow = [end for place, _ in self._rates for end in (place.first, place.last + 1)]
        # Where one piece has to end at the latest.
        self._borders = sorted({*single, *ends, *slow, *self._stalls, self._reset_at})
        self._ranges = [place for place in self._cuts if place.first != place.last]
        self.reached = 0
        """How many octets have gone on."""
        self._ready_at = 0.0
        self._held_since: float | None = None

    def step(self, waiting: int, ended: bool, now: float) -> Step:
        """Say what may happen to so many waiting octets; `ended` if no more will come."""
        if self.reached >= self._reset_at:
            return Step(reset=True)
        if not waiting:
            return Step()
        if self.reached in self._stalls:
            self._ready_at = max(self._ready_at, now + self._stalls.pop(self.reached))
        if now < self._ready_at:
            return Step(wait_until=self._ready_at)
        size = min(waiting, self._border() - self.reached)
        for place in self._joins:
            if self.reached in place:
                size = min(waiting, int(place.last) + 1 - self.reached)
                whole = size == int(place.last) + 1 - self.reached
                if not (whole or ended) and (until := self._hold(now)) is not None:
                    return Step(wait_until=until)
        self._held_since = None
        size = int(min(size, self._reset_at - self.reached))
        for place, rate in self._rates:
            if self.reached in place:
                size = min(size, max(1, int(rate * _RATE_TURN_SECONDS)))
        return Step(octets=size)

    def went(self, octets: int, now: float) -> None:
        """Note that so many octets have gone on."""
        before = self.reached
        self.reached += octets
        for place, rate in self._rates:
            if before in place:
                self._ready_at = max(self._ready_at, now + octets / rate)
        if self._is_cut(self.reached):
            self._ready_at = max(self._ready_at, now + CUT_SECONDS)

    def _hold(self, now: float) -> float | None:
        if self._held_since is None:
            self._held_since = now
        until = self._held_since + JOIN_SECONDS
        return until if now < until else None

    def _border(self) -> int:
        """Return the first octet that may not go together with the next one."""
        for place in self._ranges:
            if place.first <= self.reached + 1 and self.reached < place.last:
                return self.reached + 1
        later = self._borders[bisect_right(self._borders, self.reached) :]
        begins = [place.first for place in self._ranges if place.first > self.reached]
        border = min([*later[:1], *begins], default=float("inf"))
        return 1 << 62 if border == float("inf") else int(border)

    def _is_cut(self, offset: int) -> bool:
        return any(offset in place for place in self._cuts)


def _places(entries: Sequence[Entry], name: str) -> list[Place]:
    return [
        entry.place
        for entry in entries
        if isinstance(entry.what, Effect) and entry.what.name == name
    ]
