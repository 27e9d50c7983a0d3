"""The requests that a server knows, their arguments, and the texts of its responses.

What may live here: the tables of the chapter *Procedures* as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wirebook.spec.pgnet.limits import SLEEP_DEFAULT

PREFIX = "__pgnet__."
"""What the names of all of them begin with."""
ADMIN = "admin"
"""The name of the user who may send the requests of administration."""

DEFAULTS: Mapping[str, str | bool | float] = {"str": "", "bool": False, "float": SLEEP_DEFAULT}
"""What an argument of each type is if it is left out."""


@dataclass(frozen=True, slots=True)
class Request:
    """A row of the tables."""

    name: str
    """With the prefix, as it stands in `message`."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The members that the payload may have, each with its type: `str`, `bool` or `float`."""
    admin: bool = False
    """Whether only the admin may send it (PGN-ADM-001)."""
    any_payload: bool = False
    """Whether its payload is for the game, and may have any members."""

    def accepts(self, payload: Mapping[str, object]) -> bool:
        """Return whether the payload has no member but arguments of the right types.

        PGN-ARG-001, PGN-ARG-002
        """
        return self.any_payload or all(
            name in self.arguments and _has_type(value, self.arguments[name])
            for name, value in payload.items()
        )


def _has_type(value: object, name: str) -> bool:
    if name == "float":  # a number with or without a fraction; true and false are none
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"str": str, "bool": bool}[name])


_TABLES = (
    Request(PREFIX + "help"),
    Request(PREFIX + "game_dir"),
    Request(PREFIX + "create_game", {"name": "str", "password": "str"}),
    Request(PREFIX + "join_game", {"name": "str", "password": "str"}),
    Request(PREFIX + "leave_game"),
    Request(PREFIX + "heartbeat_update", any_payload=True),
    Request(PREFIX + "shutdown", admin=True),
    Request(PREFIX + "set_registration", {"set_as": "bool"}, admin=True),
    Request(PREFIX + "create_invite", {"username": "str"}, admin=True),
    Request(PREFIX + "delete_user", {"username": "str"}, admin=True),
    Request(PREFIX + "destroy_game", {"name": "str"}, admin=True),
    Request(PREFIX + "save", admin=True),
    Request(PREFIX + "set_verbose", {"set_as": "bool"}, admin=True),
    Request(PREFIX + "debug", admin=True),
    Request(PREFIX + "sleep", {"seconds": "float"}, admin=True),
)

REQUESTS: Mapping[str, Request] = {request.name: request for request in _TABLES}
"""The requests of both tables by their names, in the order of the tables."""

HEARTBEAT = PREFIX + "heartbeat_update"

LOGIN_ARGUMENTS: Mapping[str, str] = {"username": "str", "password": "str", "invite_code": "str"}
"""What a client sends as the payload of its login (PGN-OPN-001)."""


class Text(StrEnum):
    """The texts of responses that the book names."""

    KEY_TRADE = "key_trade"
    NO_KEY = "Missing public key string."
    AUTHENTICATED = "Authenticated."
    NO_USERNAME = "Missing non-empty username."
    WRONG_PASSWORD = "Incorrect password."  # noqa: S105 - what the server says of one
    TOO_MANY_ATTEMPTS = "Too many attempts."
    USER_DELETED = "User deleted."
    ALREADY_CONNECTED = "Username already connected."
    WRONG_INVITE = "Incorrect username or invite code."
    REGISTRATION_BLOCKED = "Registration blocked."
    PASSWORD_REQUIRED = "User password required."  # noqa: S105
    NAME_NOT_ALLOWED = "Username not allowed."
    NO_GAME = "Please create/join a game."
