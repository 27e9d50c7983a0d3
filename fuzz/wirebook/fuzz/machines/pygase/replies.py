"""What a side has to send in events: in which order, how often, and until when.

What may live here: events that are due, and those that are watched with their retries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.octets import Frozen, Said, freeze
from wirebook.spec.pygase.states import PACKAGE_TIMEOUT

PER_EVENT = 0.1
"""Seconds: two packages of a slow side, as an update may come first in one of them."""
PATIENCE = 0.2
_CERTAIN = 0.5
"""Seconds after which a live subject may have taken a package as lost: it sent it earlier."""

Key = tuple[str, Frozen, Frozen]


@dataclass(slots=True)
class Due:
    """An event that has to come."""

    key: Key
    since: float
    requirement: str
    optional: bool = False


@dataclass(slots=True)
class Watched:
    """An event that is sent again when it is lost, and asks for word when it is acked."""

    left: int
    """How many times it may still be sent."""
    sequence: int = 0
    """The package that carried it last; 0 before the first."""
    at: float = 0.0
    acked_at: float | None = None
    told: bool = False
    """Whether the word of its ack has come."""
    loose: bool = False
    """Whether its connection was interrupted, so that little can be said of it."""

    def lost(self, now: float) -> bool:
        """Tell whether its package is lost by now."""
        return bool(self.sequence) and self.acked_at is None and self.at + PACKAGE_TIMEOUT <= now


@dataclass(slots=True)
class Replies:
    """The events that a subject owes on one connection."""

    grace: float
    queues: dict[Any, deque[Due]] = field(default_factory=dict)
    """In order for each cause: what different peers have caused has no order."""
    watched: dict[str, Watched] = field(default_factory=dict)

    def expect(
        self,
        cause: Any,
        event_type: str,
        args: Any,
        kwargs: Any,
        now: float,
        *,
        requirement: str = "PGS-EVT-020",
        optional: bool = False,
    ) -> None:
        """Expect an event, after those of the same cause."""
        key = event_type, freeze(args), freeze(kwargs)
        queue = self.queues.setdefault(cause, deque())
        queue.append(Due(key, now, requirement, optional))

    def watch(self, name: str, retries: int) -> None:
        """Expect an event to be sent until it is acked, and at most so many times again."""
        self.watched[name] = Watched(retries + 1)

    def take(self, said: Said) -> bool:
        """Take an event that has come; tell whether it was due."""
        key = said.type, said.args, said.kwargs
        for queue in self.queues.values():
            for number, due in enumerate(queue):
                if due.key == key:
                    for _ in range(number + 1):
                        queue.popleft()
                    return True
                if not due.optional:
                    break
        return False

    def sent(self, name: str, sequence: int, at: float) -> None:
        """Note that a package carries a watched event."""
        watched = self.watched[name]
        early = bool(watched.sequence) and watched.at + PACKAGE_TIMEOUT > at + self.grace / 10
        acked = watched.acked_at is not None and watched.acked_at + self.grace <= at
        if not watched.loose:
            if acked:
                raise Broken("PGS-EVT-013", "sends an event again that was acked")
            if not watched.left:
                raise Broken("PGS-EVT-013", "sends an event more often than asked for")
            if early and watched.acked_at is None:
                raise Broken("PGS-ACK-005", "sends an event again before it is lost")
        watched.left -= 1
        watched.sequence, watched.at = sequence, at

    def acked(self, sequences: list[int], now: float) -> Iterator[str]:
        """Note which packages were acked; yield the names of the watched events in them."""
        for name, watched in self.watched.items():
            if watched.sequence in sequences and watched.acked_at is None:
                watched.acked_at = now
                yield name

    def doubtful(self, name: str, now: float) -> bool:
        """Tell whether, in real time, an ack may have come too late."""
        return self.grace > 0 and now - self.watched[name].at > _CERTAIN

    def interrupt(self) -> None:
        """The connection sends no more: whatever is due may come later, or never."""
        for queue in self.queues.values():
            for due in queue:
                due.optional = True
        for watched in self.watched.values():
            watched.loose = True

    def check(self, now: float, since: float) -> None:
        """Raise Broken if something is overdue; it could be sent from `since` on."""
        waiting = sum(map(len, self.queues.values()))
        longest = PATIENCE + self.grace + PER_EVENT * (waiting + 2)
        for queue in self.queues.values():
            for due in queue:
                if not due.optional:
                    if now - max(due.since, since) > longest:
                        raise Broken(due.requirement, f"does not send {due.key[0]}")
                    break
        for watched in self.watched.values():
            late = now - max(watched.at + PACKAGE_TIMEOUT, since) > longest
            if late and watched.left and not watched.loose and watched.lost(now):
                raise Broken("PGS-EVT-013", "does not send a lost event again")
