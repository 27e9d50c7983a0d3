"""The documented messages: what a client sends, a `Packet`, and what it gets, a `Response`.

What may live here: these two, and the statuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, unique
from typing import Any

from wirebook.reference.pgnet import codec


@unique
class Status(IntEnum):
    """What a response says of its request."""

    OK = 0
    """It worked."""
    BAD = 1
    """It failed, and nothing more will come of this connection."""
    UNEXPECTED = 2
    """It did not work out; everything goes on."""


@dataclass
class Packet:
    """What a client asks a server or a game."""

    message: str
    """What is asked for."""
    payload: dict[str, Any] = field(default_factory=dict, repr=False)
    """More about it; anything that JSON has."""
    created_on: str | None = None
    """When it was made, in ISO 8601; now, if nothing is given."""
    username: str | None = field(default=None, repr=False)
    """Who asks, set by the server; what a client sets here counts for nothing."""

    def __post_init__(self) -> None:
        self.created_on = self.created_on or _now()

    def serialize(self) -> str:
        """Return it as JSON, or raise Unencodable, which is a TypeError."""
        return codec.build_request(vars(self))

    @classmethod
    def deserialize(cls, raw_data: str, /) -> Packet:
        """Return what JSON says, or raise Malformed, which is a TypeError."""
        return cls(**codec.parse_request(raw_data))

    @property
    def debug_repr(self) -> str:
        """A `repr` with the payload."""
        return f"{self!r} with {self.payload!r}"


@dataclass
class Response:
    """What a server or a game answers."""

    message: str
    """What to tell the user."""
    payload: dict[str, Any] = field(default_factory=dict, repr=False)
    """More about it; anything that JSON has."""
    status: int = Status.OK
    """Whether it worked, a `Status`."""
    created_on: str | None = None
    """When it was made, in ISO 8601; now, if nothing is given."""
    disconnecting: bool = field(default=False, repr=False)
    """Of a server: the connection ends with this. Of a game: the user leaves it with this."""
    game: str | None = field(default=None, repr=False)
    """The game that the user is in, set by the server."""

    def __post_init__(self) -> None:
        self.created_on = self.created_on or _now()

    def serialize(self) -> str:
        """Return it as JSON, or raise Unencodable, which is a TypeError."""
        return codec.build_response(vars(self))

    @classmethod
    def deserialize(cls, raw_data: str, /) -> Response:
        """Return what JSON says, or raise Malformed, which is a TypeError."""
        return cls(**codec.parse_response(raw_data))

    @property
    def debug_repr(self) -> str:
        """A `repr` with everything."""
        where = f"game={self.game!r}, disconnecting={self.disconnecting!r}"
        return f"{self!r} ({where}) with {self.payload!r}"


def refusal(message: str, payload: dict[str, Any] | None = None) -> Response:
    """Return the response to what did not work out."""
    return Response(message, payload or {}, Status.UNEXPECTED)


def _now() -> str:
    return datetime.now(UTC).isoformat()  # PGN-REQ-007
