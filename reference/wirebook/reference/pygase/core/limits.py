"""What a peer may cost its host: the limits of the book, as arguments with safe defaults.

What may live here: the figures, and the one that needs counting, packages per second.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one side; a server's hold for each of its connections."""

    connections: int = 1024
    """Connections of a server; unknown addresses beyond it are discarded."""
    events_to_send: int = 1024
    """Events that wait to be sent to a peer; dispatching more fails."""
    octets_to_send: int = 1 << 20
    """Octets of events that wait to be sent to a peer; dispatching more fails."""
    events_to_handle: int = 1024
    """Events of a peer that wait to be handled; packages with more are discarded."""
    packages_per_second: int = 400
    """Packages taken from a peer; more are discarded."""


class RateLimit:
    """A count of packages that begins anew every second."""

    __slots__ = ("_begin", "_count", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._begin = float("-inf")
        self._count = 0

    def take(self, now: float) -> bool:
        """Count one package, and tell whether it is within the limit (PGS-LIM-005)."""
        if now - self._begin >= 1.0:
            self._begin = now
            self._count = 0
        self._count += 1
        return self._count <= self._most
