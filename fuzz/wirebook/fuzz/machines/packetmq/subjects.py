"""What the machines of PacketMQ ask of a subject: streams, a clock, and the control of a client.

What may live here: the protocols and the plain data that pass between a machine and its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wirebook.conformance.drivers.packetmq.controls import Notification
from wirebook.conformance.drivers.packetmq.frames import Packet
from wirebook.fuzz.machines.base import Subject
from wirebook.spec.books import Malformed

__all__ = ["Bounds", "ClientSubject", "Flaw", "Notification", "Packet", "ServerSubject", "Streams"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A frame of the subject that its sender must not send."""

    at: float
    data: bytes
    malformed: Malformed


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits that a subject has, where they are known; 0 where not."""

    connections: int = 0
    octets_to_send: int = 0


class Streams(Subject, Protocol):
    """The connections with a subject, numbered from 0, as its peers have them."""

    early: float
    """Seconds by which what is due may be measured too early."""
    late: float
    """Seconds by which it may come too late."""
    bounds: Bounds

    def send(self, peer: int, octets: bytes) -> None:
        """Send octets, to arrive by themselves; whether they are taken does not matter."""

    def end(self, peer: int) -> None:
        """End the peer's direction of the stream."""

    def reset(self, peer: int) -> None:
        """Abort the connection."""

    def hold(self, peer: int, held: bool) -> None:
        """Take nothing of what comes, or go on taking it."""

    def heard(self, peer: int) -> list[Packet | Flaw]:
        """Return what has come since the last time."""

    def ended(self, peer: int) -> str:
        """Tell how the subject has ended its direction: `fin`, `rst`, or not at all."""

    def closed(self, peer: int) -> bool:
        """Tell whether the subject takes nothing more."""

    def wait(self, until: Callable[[], object]) -> bool:
        """Wait for something that takes no time by the book; tell whether it came about."""


class ServerSubject(Streams, Protocol):
    """A server with the conformance application."""

    def connect(self) -> int:
        """Connect; return the number of the connection."""


class ClientSubject(Streams, Protocol):
    """A client, and its application."""

    def register(self, packets: Mapping[str, int], adapt: bool) -> None:
        """Have a new client; its connections are numbered from 0 again."""

    def connect(self) -> int:
        """Have it connect; return the number of the connection."""

    def begin_to_connect(self, reachable: bool) -> int:
        """Have it begin to connect, to a server or where nobody listens; return the number."""

    def ask_to_send(self, peer: int, name: str, payload: Any) -> str | None:
        """Have it send a packet; return why it refuses to."""

    def ask_to_leave(self, peer: int, reason: str | None) -> str | None:
        """Have it take leave; return why it refuses to."""

    def fail(self, name: str) -> None:
        """Have the callback for a packet fail from now on."""

    def say_at_loss(self, payload: Any) -> bool:
        """Have it send an item from the callback for a loss; tell whether it can be had."""

    def notified(self, peer: int) -> list[Notification]:
        """Return what its application was told about a connection."""
