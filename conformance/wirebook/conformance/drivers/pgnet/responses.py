"""Requests and responses as the drivers handle them, and what a case says of a response.

What may live here: values and their JSON, and the checks of one response. How messages travel is
for `raw_client.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from wirebook.conformance.verdicts import Violation
from wirebook.spec import books

BOOK = books.get("pgnet")
CREATED_ON = "2026-11-20T10:00:00.123456+00:00"
SHOWN_CHARACTERS = 160

OK, BAD, UNEXPECTED = 0, 1, 2

Json = dict[str, Any]

HELP = "__pgnet__.help"
GAME_DIR = "__pgnet__.game_dir"
CREATE_GAME = "__pgnet__.create_game"
JOIN_GAME = "__pgnet__.join_game"
LEAVE_GAME = "__pgnet__.leave_game"
HEARTBEAT = "__pgnet__.heartbeat_update"
SHUTDOWN = "__pgnet__.shutdown"
SET_REGISTRATION = "__pgnet__.set_registration"
CREATE_INVITE = "__pgnet__.create_invite"
DELETE_USER = "__pgnet__.delete_user"
DESTROY_GAME = "__pgnet__.destroy_game"
SAVE = "__pgnet__.save"
SET_VERBOSE = "__pgnet__.set_verbose"
DEBUG = "__pgnet__.debug"
SLEEP = "__pgnet__.sleep"


class Members(Json):
    """The payload of a response; a member that a case takes for granted has to be there."""

    def __missing__(self, name: str) -> Any:
        raise Violation(f"expected {name!r} in the payload of a response, got {short(self)}")


@dataclass(frozen=True, slots=True)
class Response:
    """One response of the server."""

    at: float
    """When it came, on the monotonic clock, in seconds."""
    text: bytes
    """The WebSocket message."""
    clear: bytes
    """What a box opened to; the text itself if it came in clear."""
    value: Json
    """All its members, also those that no response has."""

    @property
    def message(self) -> str:
        """The response's message."""
        return str(self.value["message"])

    @property
    def payload(self) -> Members:
        """The response's payload, empty if it has none."""
        return Members(self.value.get("payload", {}))

    @property
    def status(self) -> int:
        """The response's status."""
        return int(self.value.get("status", OK))

    @property
    def disconnecting(self) -> bool:
        """Whether the server says that it will close the connection."""
        return bool(self.value.get("disconnecting", False))

    @property
    def game(self) -> str | None:
        """The game that the user is in."""
        game: str | None = self.value.get("game")
        return game

    def __str__(self) -> str:
        flags = ", disconnecting" if self.disconnecting else ""
        text = short(self.message)
        return f"status {self.status}{flags}, game {self.game!r}, {text}, {short(self.payload)}"


def request(message: str, payload: Json | None = None, **members: Any) -> bytes:
    """Return the JSON of a request as the deployed client writes it, with members changed."""
    value = {
        "message": message,
        "payload": {} if payload is None else payload,
        "created_on": CREATED_ON,
        "username": None,
        **members,
    }
    return json.dumps(value).encode()


def read_response(at: float, text: bytes, clear: bytes) -> Response:
    """Read the JSON of a response; raise Malformed if it is none."""
    BOOK.parse("response", clear)
    return Response(at, text, clear, json.loads(clear))


def short(value: object) -> str:
    """Show a value in no more than a line."""
    shown = json.dumps(value, ensure_ascii=False, default=repr)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"


def expect_status(response: Response, status: int, what: str) -> Response:
    """Check the status of a response after which the connection goes on; return the response."""
    if response.status != status or response.disconnecting:
        raise Violation(f"expected status {status} {what}, got {response}")
    return response


def granted(response: Response, what: str) -> Response:
    """Check that a request was carried out."""
    return expect_status(response, OK, what)


def refused(response: Response, what: str) -> Response:
    """Check that a request was refused, and the connection goes on."""
    return expect_status(response, UNEXPECTED, what)


def turned_away(response: Response, what: str) -> Response:
    """Check that the opening was refused."""
    if response.status != BAD or not response.disconnecting:
        raise Violation(f"expected status 1 and disconnecting {what}, got {response}")
    return response


def expect_game(response: Response, game: str | None, when: str) -> Response:
    """Check which game a response says that the user is in."""
    if response.game != game:
        raise Violation(f"expected game {game!r} {when}, got {response}")
    return response
