"""What a machine asks of its subject, and the record of what was done to it.

What may live here: the protocols of both roles, and what their subjects share.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from wirebook.conformance.corpus import Step
from wirebook.fuzz.machines.base import Subject

_LONGEST_WAIT = 1.0


class Arrived(NamedTuple):
    """A datagram of the subject."""

    peer: int
    """The address that it came to, by its number."""
    at: float
    data: bytes


class Wired(Subject, Protocol):
    """A subject that is reached by datagrams from addresses with numbers."""

    grace: float
    """Seconds that it may be behind what it was sent: 0 in virtual time."""

    def send(self, peer: int, data: bytes) -> None:
        """Send a datagram from an address, which is a fresh one at first."""

    def take(self) -> Sequence[Arrived]:
        """Return what has come since the last call."""


class ServerSubject(Wired, Protocol):
    """A server with the conformance application."""

    state: dict[str, Any]
    """What the game state was at the beginning, without its time order."""
    most_connections: int
    """How many connections it has, at most; 0 if that is not known."""
    host_taken: bool
    """Whether it has a host client already, which is none of the machine's peers."""
    tag: str
    """What makes names of the application's counters unique to the machine."""

    def address(self, peer: int) -> tuple[str, int]:
        """Return the host and port of an address."""

    def begin(self, time_order: int) -> bool:
        """Let the state begin with a time order; tell whether that is possible."""


class ClientSubject(Wired, Protocol):
    """A client that is steered as the book's adapters are; address 0 is that of its server."""

    first_token: int
    """Where the numbers of events begin, so that no earlier machine had the same."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a request and return the reply."""

    def notifications(self) -> list[dict[str, Any]]:
        """Return what it has notified since the last call."""


class Steps:
    """The steps on the wire."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def sent(self, peer: int, data: bytes) -> None:
        """Write a datagram down."""
        self.steps.append({"do": "send", "peer": peer, "hex": data.hex()})

    def asked(self, request: dict[str, Any]) -> None:
        """Write down a request to a client."""
        self.steps.append({"do": "ask", "json": json.dumps(request)})

    def waited(self, seconds: float) -> None:
        """Write down that time has passed."""
        while seconds > _LONGEST_WAIT:
            self.steps.append({"do": "wait", "seconds": _LONGEST_WAIT})
            seconds -= _LONGEST_WAIT
        self.steps.append({"do": "wait", "seconds": round(seconds, 4)})


class Stopper:
    """Stands where the endpoint of the reference stands, and is told to stop."""

    def __init__(self) -> None:
        self.stopped = False

    def stop(self) -> None:
        """Remember it."""
        self.stopped = True
