"""A client that plays: 40 packages per second, acks, state, as the book says, or not if told so.

It runs in the thread of the case, whenever the case waits for something. What may live here: what a
correct client does by itself, and the switches that make it do otherwise.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.endpoint import Address
from wirebook.conformance.drivers.pygase.model import Window, after, is_newer, merge
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    MOST_EVENTS,
    Event,
    ServerPackage,
    client_package,
    entry,
    packed,
    raw_header,
)
from wirebook.conformance.drivers.pygase.raw_client import PATIENCE, RawClient, expect

INTERVAL = 1 / 40


def _everything(_: ServerPackage) -> bool:
    return True


class Player(RawClient):
    """A client as a game would have it, with switches for single behaviours.

    State: `playing` (send by itself), `acking` (take notice of packages for the acks), `admits`
    (which packages to take notice of), `ack_delay` (seconds until a package is taken notice of),
    `fixed_ack` (the ack and bits to send whatever was received), `interval`.
    """

    def __init__(
        self, link: Link, *, first_sequence: int = 1, local: Address | None = None
    ) -> None:
        super().__init__(link, local=local)
        self.playing = True
        self.acking = True
        self.admits: Callable[[ServerPackage], bool] = _everything
        self.ack_delay = 0.0
        self.fixed_ack: tuple[int, int] | None = None
        self.interval = INTERVAL
        self.sequence = first_sequence
        """The sequence of the next package."""
        self.accepted: list[ServerPackage] = []
        """The packages of the server without duplicates, and what is too late."""
        self.events: list[Event] = []
        """Their events, in order."""
        self.heard_events: list[Event] = []
        """Those that have come to us through the network, in the order in which they did."""
        self.state: dict[str, Any] = {}
        self.time_order = 0
        """Of the state that we hold."""
        self.bad: list[int] = []
        """Sequences of the packages that the server has to discard."""
        self._real = Window()
        self._heard = Window()
        self._told = Window()
        self._under_way: list[tuple[float, int, ServerPackage]] = []
        self._serials = itertools.count()
        self._unnoticed: deque[tuple[float, int]] = deque()
        self._queue: deque[Event] = deque()
        self._lagging: int | None = None
        self._base: dict[str, Any] | None = None
        self._next_send = time.monotonic()
        self.last_sent = b""
        """The octets of the last package that `send` sent."""
        self._tokens = 0

    # What it sends

    @property
    def reported(self) -> int:
        """The time order that the next package reports."""
        return self.time_order if self._lagging is None else self._lagging

    @property
    def ack_fields(self) -> tuple[int, int]:
        """The ack and bits that the next package has."""
        return self.fixed_ack or (self._told.ack, self._told.bits)

    def send(
        self,
        *events: Event,
        sequence: int | None = None,
        time_order: int | None = None,
        told: bool = True,
    ) -> int:
        """Send a package at once; return its sequence.

        A sequence that is given leaves our own count alone, unless it is ahead of it. What is not
        `told` is what the player sends by itself, which a bad network may lose.
        """
        own = self._take_sequence(sequence)
        self._notice_due()
        ack, bits = self.ack_fields
        reported = self.reported if time_order is None else time_order
        self.last_sent = client_package(own, ack=ack, bits=bits, time_order=reported, events=events)
        self.send_raw(self.last_sent, told=told)
        self._next_send = time.monotonic() + self.interval
        return own

    def send_bad_block(self, block: bytes, *, time_order: int | None = None) -> int:
        """Send a package with an event block for which the server has to discard it."""
        reported = self.reported if time_order is None else time_order
        return self.send_bad(lambda header: header + reported.to_bytes(2) + block)

    def send_block(self, block: bytes) -> int:
        """Send a package with a raw event block that is well-formed; return its sequence."""
        own = self._take_sequence(None)
        self.last_sent = raw_header(own, *self.ack_fields) + self.reported.to_bytes(2) + block
        self.send_raw(self.last_sent)
        return own

    def send_bad(self, make: Callable[[bytes], bytes]) -> int:
        """Send what is made of the next header, and what the server has to discard."""
        own = self._take_sequence(None)
        self.bad.append(own)
        self.send_raw(make(raw_header(own, *self.ack_fields)))
        return own

    def repeat(self) -> None:
        """Send the last package again, octet for octet."""
        self.send_raw(self.last_sent)

    def skip(self, count: int = 1) -> list[int]:
        """Leave out some sequences, and return them."""
        skipped = [after(self.sequence, step) for step in range(count)]
        self.sequence = after(self.sequence, count)
        return skipped

    def dispatch(self, event_type: str, *args: Any, **kwargs: Any) -> int:
        """Send an event at once, in a package of its own; return the package's sequence."""
        return self.send(Event(event_type, list(args), kwargs))

    def queue(self, event_type: str, *args: Any, **kwargs: Any) -> None:
        """Send an event when the next package is due."""
        self._queue.append(Event(event_type, list(args), kwargs))

    def freeze(self) -> int:
        """Report the present time order from now on, and apply updates to the present state.

        Each update then has to lead from this state to its own, with none in between.
        """
        self._base = self.state
        return self.lag()

    def lag(self) -> int:
        """Report the present time order from now on, as if newer reports were on their way still.

        Updates are applied to the state that we hold, which gets ahead of the report.
        """
        self._lagging = self.time_order
        return self.time_order

    def thaw(self) -> None:
        """Report the time order of the state that we hold again."""
        self._lagging = self._base = None

    def token(self) -> str:
        """Return a word that this player has not used yet."""
        self._tokens += 1
        return f"{self.local[1]}-{self._tokens}"

    # What it does by itself

    def due(self) -> float | None:
        """Return when the next package is due, or the next of the server's comes late."""
        times = [self._next_send] if self.playing else []
        times += [self._under_way[0][0]] if self._under_way else []
        return min(times, default=None)

    def tick(self, now: float) -> None:
        """Send a package if one is due; hear of what comes late."""
        while self._under_way and self._under_way[0][0] <= now:
            at, _, package = heapq.heappop(self._under_way)
            self.heard(package, at)
        if not self.playing or now < self._next_send:
            return
        planned = self._next_send
        events = self._next_events()
        self.send(*events, told=bool(events))
        # Keep the rhythm, unless it is lost anyway.
        self._next_send = planned + self.interval
        if self._next_send < now:
            self._next_send = now + self.interval

    def arrived(self, package: ServerPackage) -> None:
        """Keep a package for the case, and hear of it when and if the network lets us."""
        # Where the player does nothing by itself, it is the case that acks and reports.
        kept = bool(package.events) or not self.playing
        for delay in self.endpoint.hears(len(package.data), package.at, kept=kept):
            if delay:
                late = (package.at + delay, next(self._serials), package)
                heapq.heappush(self._under_way, late)
            else:
                self.heard(package)
        if self._real.take(package.sequence).accepted:
            self.accepted.append(package)
            self.events.extend(package.events)

    def heard(self, package: ServerPackage, at: float = 0.0) -> None:
        """Take notice of a package that has come, now or at a time: for the acks and the state."""
        if self.acking and self.admits(package):
            self._unnoticed.append((max(at, package.at) + self.ack_delay, package.sequence))
            self._notice_due()
        if not self._heard.take(package.sequence).accepted:
            return
        self.heard_events.extend(package.events)
        held = self.time_order if self._base is None else self.reported
        # What comes late says less than what we have from the same base already.
        outdated = is_newer(self.time_order, package.time_order)
        if is_newer(package.time_order, held) and not outdated:
            base = self.state if self._base is None else self._base
            self.state = merge(base, package.attributes)
            self.time_order = package.time_order

    def _next_events(self) -> list[Event]:
        chosen: list[Event] = []
        room = LARGEST - len(client_package(1))
        while self._queue and len(chosen) < MOST_EVENTS:
            room -= len(entry(packed(self._queue[0].value())))
            if room < 0 and chosen:
                break
            chosen.append(self._queue.popleft())
        return chosen

    def _take_sequence(self, given: int | None) -> int:
        own = self.sequence if given is None else given
        if given is None or is_newer(given, after(self.sequence, -1)):
            self.sequence = after(own)
        return own

    def _notice_due(self) -> None:
        now = time.monotonic()
        while self._unnoticed and (not self.ack_delay or self._unnoticed[0][0] <= now):
            self._told.take(self._unnoticed.popleft()[1])

    # What a case waits for

    def join(self, within: float = PATIENCE) -> None:
        """Play until the server has answered, and ack its answer: that validates the connection."""
        self.expect(lambda: self.accepted, "an answer to valid packages", within)
        if self.endpoint.line is not None:
            self.pump(lambda: self._heard.ack, within)
        self.send()
        self.let_arrive()

    def join_game(self, within: float = PATIENCE) -> None:
        """Join, and play until we hold a state."""
        self.join(within)
        self.expect(lambda: self.time_order and self.state, "a game state", within)

    def expect_acked(self, sequence: int, within: float = PATIENCE) -> ServerPackage:
        """Play until the server acks a package of ours, and return the package that does."""
        self.expect(
            lambda: any(package.acks(sequence) for package in self.accepted[-50:]),
            f"an ack of package {sequence}",
            within,
        )
        return next(package for package in self.accepted if package.acks(sequence))

    def expect_event(
        self,
        event_type: str,
        args: list[Any] | None = None,
        *,
        since: int = 0,
        within: float = PATIENCE,
    ) -> Event:
        """Play until an event arrives, with these arguments if any are given; return it.

        `since` is the number of events to leave out: those that had arrived before.
        """
        words = "an event " + event_type if args is None else f"the event {Event(event_type, args)}"
        self.expect(lambda: self.received(event_type, args, since=since), words, within)
        return self.received(event_type, args, since=since)[0]

    def received(
        self, event_type: str, args: list[Any] | None = None, *, since: int = 0
    ) -> list[Event]:
        """Return the events of a type that have arrived, with these arguments if any are given."""
        return [
            event
            for event in self.events[since:]
            if event.type == event_type and (args is None or event.args == args)
        ]

    def carrier(self, event_type: str, args: list[Any]) -> ServerPackage:
        """Play until an event arrives, and return the package that brought it."""
        self.expect_event(event_type, args)
        return next(
            package
            for package in self.accepted
            if any(event.type == event_type and event.args == args for event in package.events)
        )


def everyone(*players: Player, until: Callable[[], object], expected: str) -> None:
    """Let several players play until a condition holds, and fail if it does not in time."""
    expect(players, until, expected)
