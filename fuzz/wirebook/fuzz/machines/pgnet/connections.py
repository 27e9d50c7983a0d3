"""The peer's end of a connection to a server, and what the book's table says of the other end.

What may live here: one connection: its keys, its state, and when its time is over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from wirebook.fuzz.machines.pgnet.messages import Secret
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import SERVER_CONNECTION, ServerInput, ServerState

_LIMITS = {
    ServerState.AWAITING_KEY: book.OPENING_TIME_LIMIT,
    ServerState.AWAITING_LOGIN: book.OPENING_TIME_LIMIT,
}


@dataclass(slots=True)
class Connection:
    """One connection, from when its WebSocket is open."""

    peer: int
    """Its number at the subject."""
    private_key: bytes
    state: ServerState = SERVER_CONNECTION.initial
    name: str = ""
    """Who is logged in."""
    secret: Secret | None = None
    server_key: bytes = b""
    sent: list[str] = field(default_factory=list)
    """The boxes that were sent."""
    received: list[str] = field(default_factory=list)
    """The boxes that have come."""
    earliest: float = math.inf
    """When its time is over, if the server is quick to count."""
    latest: float = math.inf
    """The same if it is slow."""
    busy: bool = False
    """Whether something was asked since the last look at it."""
    asleep: tuple[float, float] | None = None
    """When `sleep` was asked for, and when it is to be answered."""

    def step(self, given: ServerInput) -> ServerState:
        """Go on by the table, and return the new state."""
        self.state = SERVER_CONNECTION.step(self.state, given).next_state
        return self.state

    def wait_from(self, earliest: float, latest: float) -> None:
        """Let the time limit for the next request begin somewhere between two times."""
        limit = _LIMITS.get(self.state, book.IDLE_TIME_LIMIT)
        self.earliest, self.latest = earliest + limit, latest + limit

    @property
    def logged_in(self) -> bool:
        """Whether it has a user."""
        return self.state in (ServerState.LOBBY, ServerState.GAME, ServerState.DELETED)
