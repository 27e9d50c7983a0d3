"""The events that wait to be sent to a peer, and the packages on their way that carry them.

What may live here: the queue with its limits, the record of what was sent when and in which
package, and what becomes of it: acked, lost, sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wirebook.reference.pygase.codec import LENGTH_SIZE
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.window import acknowledges
from wirebook.reference.pygase.errors import QueueFull
from wirebook.spec.pygase.states import PACKAGE_TIMEOUT

EVENTS_PER_PACKAGE: Final = 5


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event that was dispatched."""

    octets: bytes
    """The event as it travels; what goes to several peers is encoded once and shared."""
    context: object = None
    """Whatever the dispatcher wants back when the event is acked or lost; None for nothing."""
    retries: int = 0
    """How many times it is sent again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A package on its way."""

    at: float
    events: tuple[Outgoing, ...]
    """Those of its events that somebody cares about."""


class Outbox:
    """The queue of events to one peer."""

    __slots__ = ("_limits", "_octets", "_queue")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[Outgoing] = deque()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._queue)

    def check(self, octets: bytes) -> None:
        """Raise QueueFull if there is no room for another event (PGS-LIM-003)."""
        if len(self._queue) >= self._limits.events_to_send:
            raise QueueFull(
                f"{len(self._queue)} events wait to be sent already", requirement="PGS-LIM-003"
            )
        if self._octets + len(octets) > self._limits.octets_to_send:
            raise QueueFull(
                f"{self._octets} octets of events wait to be sent already",
                requirement="PGS-LIM-003",
            )

    def append(self, event: Outgoing) -> None:
        """Queue an event."""
        self._queue.append(event)
        self._octets += len(event.octets)

    def take(self, room: int) -> list[Outgoing]:
        """Take the events for one package: the oldest that fit, in order (PGS-EVT-010)."""
        taken: list[Outgoing] = []
        while self._queue and len(taken) < EVENTS_PER_PACKAGE:  # PGS-BOD-004
            size = LENGTH_SIZE + len(self._queue[0].octets)
            if size > room:
                break
            room -= size
            event = self._queue.popleft()
            self._octets -= len(event.octets)
            taken.append(event)
        return taken

    def clear(self) -> list[Outgoing]:
        """Empty the queue and return what was in it."""
        left = list(self._queue)
        self._queue.clear()
        self._octets = 0
        return left


class Flight:
    """The packages on their way: sent, and neither acked nor lost."""

    __slots__ = ("_packages",)

    def __init__(self) -> None:
        self._packages: dict[int, Sent] = {}
        """By sequence, in the order of sending; one second's worth, at most."""

    def __len__(self) -> int:
        return len(self._packages)

    def launch(self, sequence: int, now: float, events: list[Outgoing]) -> None:
        """Record a package that is being sent."""
        cared = tuple(event for event in events if event.context is not None or event.retries)
        self._packages[sequence] = Sent(now, cared)

    def land(self, ack: int, bits: int) -> list[Sent]:
        """Remove and return the packages that an ack names, each once (PGS-ACK-004)."""
        landed = [sequence for sequence in self._packages if acknowledges(ack, bits, sequence)]
        return [self._packages.pop(sequence) for sequence in landed]

    def lose(self, now: float) -> Iterator[Sent]:
        """Remove and return the packages that have been on their way too long (PGS-ACK-005)."""
        while self._packages:
            sequence, sent = next(iter(self._packages.items()))
            if sent.at + PACKAGE_TIMEOUT > now:
                return
            del self._packages[sequence]
            yield sent

    def next_loss(self) -> float | None:
        """Return when the next package is lost."""
        for sent in self._packages.values():
            return sent.at + PACKAGE_TIMEOUT
        return None

    def clear(self) -> list[Sent]:
        """Forget all packages and return them."""
        left = list(self._packages.values())
        self._packages.clear()
        return left
