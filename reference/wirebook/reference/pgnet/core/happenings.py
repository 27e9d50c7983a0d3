"""What the connection of a client has to say: one frozen type for each thing that can happen.

What may live here: these types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from wirebook.reference.pgnet.messages import Response


@dataclass(frozen=True, slots=True)
class Connected:
    """The login was accepted."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection has ended, or never came about."""

    reason: str
    """Why, for people."""
    was_connected: bool
    """Whether `Connected` came before."""


@dataclass(frozen=True, slots=True)
class GameChanged:
    """The user is in another game."""

    game: str | None
    """Its name, or None."""


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The response to a request has come."""

    context: object
    """What was given with the request."""
    response: Response


@dataclass(frozen=True, slots=True)
class HeartbeatDue:
    """It is time for a heartbeat; give it to `request`."""


Happening: TypeAlias = Connected | Disconnected | GameChanged | ResponseReceived | HeartbeatDue
