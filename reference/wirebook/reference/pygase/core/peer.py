"""What both sides of a connection do alike: sequence, window, acks, events, rates.

Theory of operation. A peer is told what arrived and what time it is, and is asked when it wants to
be told the time next. It puts datagrams and happenings into two queues that its owner empties. It
does not know which role it has, whether it may send at all, or what else a package carries: that
is up to its subclasses, which also step the book's tables. What may live here: behaviour that the
book demands of both sides.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar, TypeAlias

from wirebook.reference.pygase.codec import (
    HEADER_SIZE,
    LENGTH_SIZE,
    MAX_DATAGRAM,
    ClientFields,
    PlainFields,
    ServerFields,
)
from wirebook.reference.pygase.core.congestion import Congestion
from wirebook.reference.pygase.core.happenings import (
    EventAcked,
    EventLost,
    EventReceived,
    Happening,
)
from wirebook.reference.pygase.core.limits import Limits, RateLimit
from wirebook.reference.pygase.core.outbox import Flight, Outbox, Outgoing, Sent
from wirebook.reference.pygase.core.sequence import successor
from wirebook.reference.pygase.core.window import Window
from wirebook.reference.pygase.errors import PackageTooLarge
from wirebook.spec.pygase.states import CONNECTION_TIMEOUT

Address: TypeAlias = tuple[str, int]
Fields: TypeAlias = PlainFields | ClientFields | ServerFields


class Peer:
    """One side's view of one connection."""

    largest_event: ClassVar[int] = MAX_DATAGRAM - HEADER_SIZE - LENGTH_SIZE
    """The octets of an event that fit into a package of this side (PGS-EVT-011)."""

    def __init__(
        self,
        address: Address,
        limits: Limits,
        datagrams: deque[tuple[bytes, Address]],
        happenings: deque[Happening],
    ) -> None:
        self.address = address
        self.limits = limits
        self.sequence = 0
        """The sequence of the last package sent."""
        self.window = Window()
        self.outbox = Outbox(limits)
        self.flight = Flight()
        self.congestion = Congestion(0.0)
        self.waiting = 0
        """Events of the peer that wait to be handled."""
        self.heard_at = 0.0
        """When the last package was accepted."""
        self.next_send = 0.0
        self._rate = RateLimit(limits.packages_per_second)
        self._datagrams = datagrams
        self._happenings = happenings

    def dispatch(self, event: bytes, *, retries: int = 0, context: object = None) -> None:
        """Queue an encoded event; raise PackageTooLarge or QueueFull if that cannot be."""
        self.check_size(event)
        self.outbox.check(event)
        self.outbox.append(Outgoing(event, context, retries))

    @classmethod
    def check_size(cls, event: bytes) -> None:
        """Raise PackageTooLarge for an event that no package of this side can carry."""
        if len(event) > cls.largest_event:
            raise PackageTooLarge(
                f"an event of {len(event)} octets; a package has room for {cls.largest_event}",
                requirement="PGS-EVT-011",
            )

    def handled(self) -> None:
        """Say that one of the peer's events has been handled."""
        self.waiting -= 1

    def _begin(self, now: float) -> None:
        """Begin a connection: nothing sent, nothing received (PGS-SEQ-001)."""
        self.sequence = 0
        self.window = Window()
        self.flight = Flight()
        self.congestion = Congestion(now)
        self.heard_at = self.next_send = now

    def _end(self) -> None:
        """End a connection: what was not acked until now is lost."""
        left = [event for sent in self.flight.clear() for event in sent.events]
        for event in (*left, *self.outbox.clear()):
            if event.context is not None:
                self._happenings.append(EventLost(self, event.context))

    def _has_room(self, fields: Fields) -> bool:
        """Tell whether the events of a package may be taken (PGS-LIM-004)."""
        return self.waiting + len(fields.events) <= self.limits.events_to_handle

    def _accept(self, fields: Fields, now: float) -> bool:
        """Take in what every package has, and tell whether it acked one of ours."""
        self._lose(now)
        self.window.accept(fields.sequence)
        self.heard_at = now  # PGS-TIM-002
        return self._heed_acks(fields, now)

    def _heed_acks(self, fields: Fields, now: float) -> bool:
        """Take what a package acks as acked, and tell whether that was anything."""
        landed = self.flight.land(fields.ack, fields.ack_bits)
        for sent in landed:
            self.congestion.measure(now - sent.at)
            for event in sent.events:
                if event.context is not None:
                    self._happenings.append(EventAcked(self, event.context))
        return bool(landed)

    def _hand_over(self, fields: Fields) -> None:
        self.waiting += len(fields.events)
        for event in fields.events:
            self._happenings.append(EventReceived(self, event))

    def _next_running_timer(self) -> float:
        times = (
            self.next_send,
            self.heard_at + CONNECTION_TIMEOUT,
            self.congestion.next_check,
            self.flight.next_loss(),
        )
        return min(time for time in times if time is not None)

    def _run(self, now: float) -> None:
        """Do what is due while the connection lives."""
        self._lose(now)
        if self.congestion.next_check <= now:
            self.congestion.check(now)
        if self.next_send <= now:
            # A cadence keeps the rate when ticks come late; whole intervals that were slept
            # through are not made up for (PGS-TIM-001).
            self.next_send += self.congestion.interval
            if self.next_send <= now:
                self.next_send = now + self.congestion.interval
            self._send(now)

    def _send(self, now: float) -> None:
        """Send one package; what it carries depends on the side."""
        raise NotImplementedError

    def _launch(self, datagram: bytes, events: list[Outgoing], now: float) -> None:
        self.sequence = successor(self.sequence)
        self.flight.launch(self.sequence, now, events)
        self._datagrams.append((datagram, self.address))

    def _lose(self, now: float) -> None:
        for sent in self.flight.lose(now):
            self._retry(sent)

    def _retry(self, sent: Sent) -> None:
        for event in sent.events:
            if event.retries:  # PGS-EVT-013
                self.outbox.append(Outgoing(event.octets, event.context, event.retries - 1))
            elif event.context is not None:
                self._happenings.append(EventLost(self, event.context))
