"""What the machines of PGNet ask of their subjects, in virtual time and on live targets.

What may live here: the protocols, and the plain data that goes through them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from wirebook.fuzz.machines.base import Subject

Told = dict[str, Any]
"""A notification of a client, as the book's control protocol has it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the subject ended a connection."""

    at: float
    code: int
    """The close code; 0 if there was no close frame."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names that nobody else on the server has, or will have."""

    users: tuple[str, ...]
    """Allowed, the admin's first; some differ in upper and lower case only."""
    games: tuple[str, ...]
    """Allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server, where they are known."""

    connections: int
    users: int
    games: int


class PGNetSubject(Subject, Protocol):
    """What both roles have."""

    slack: float
    """Seconds by which the times of the book may be missed."""
    patience: float
    """Seconds that the subject may take for what comes at once; 0 in virtual time."""

    def random(self, size: int) -> bytes:
        """Return octets that no other machine has on the same subject."""


class ServerSubject(PGNetSubject, Protocol):
    """A server with the conformance application, and the WebSockets to it."""

    features: frozenset[str]
    names: Names
    limits: Limits | None
    crowded: bool
    """Whether so many games were opened that the server may take no more."""
    can_crash: bool
    """Whether it can be ended without a chance to save."""

    def connect(self) -> int:
        """Open a WebSocket, and return its number."""

    def send(self, peer: int, text: str) -> None:
        """Send a text message."""

    def send_octets(self, peer: int, octets: bytes, *, text: bool) -> bool:
        """Send any octets as a message; return False if that cannot be done here."""

    def receive(self, peer: int, seconds: float) -> str | None:
        """Return the next message, which is waited for; None if none has come."""

    def waiting(self, peer: int) -> int:
        """Return how many messages have come that were not received yet."""

    def ended(self, peer: int, seconds: float = 0.0) -> Ended | None:
        """Wait for the end of a connection, and tell how the server has ended it."""

    def poll(self) -> None:
        """Take what has come on all connections."""

    def leave(self, peer: int, how: str) -> None:
        """End a connection: `close`, `fin` or `rst`."""

    def together(self) -> AbstractContextManager[None]:
        """Let the server see all that is sent in between before it has done anything slow."""

    def shut_down(self) -> None:
        """Have its operator end the server, or wait until it has ended by itself; all is saved."""

    def crash(self) -> None:
        """End the server without a chance to save."""

    def start(self) -> None:
        """Start it again with what it has saved."""

    def persistent(self, game: str) -> bool:
        """Tell whether a game goes on while nobody is in it."""

    def info(self, lines: int) -> str | None:
        """Return what a game with so many lines says of itself, if that is known."""

    def updates(self, game: str) -> int | None:
        """Return how many updates a game has had, if that can be seen."""


class ClientSubject(PGNetSubject, Protocol):
    """A client with its adapter, and the server that it is to speak to."""

    def connect(self, who: Told) -> bool:
        """Begin to connect; return whether a WebSocket was opened."""

    def do(self, request: Told) -> bool:
        """Have the application ask something; return whether the adapter says that it could."""

    def receive(self, seconds: float) -> tuple[float, str] | None:
        """Return the next message of the client and when it came; None if none comes in time."""

    def send(self, text: str) -> None:
        """Send a text message to the client."""

    def send_octets(self, octets: bytes, *, text: bool) -> bool:
        """Send any octets as a message; return False if that cannot be done here."""

    def ended(self, seconds: float = 0.0) -> Ended | None:
        """Wait for the end of the connection, and tell how the client has ended it."""

    def drop(self, how: str) -> None:
        """End the connection: `close`, `fin` or `rst`."""

    def told(self) -> list[Told]:
        """Return the notifications that are new."""

    def status(self) -> Told:
        """Return whether the client is connected, and its game."""
