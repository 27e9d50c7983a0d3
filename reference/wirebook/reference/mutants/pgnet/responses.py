"""Mutants of responses: their members, their order, and what comes after them.

What may live here: what a server writes into a response, and what a client reads out of it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import codec, strict_json
from wirebook.reference.pgnet.core import server_connection
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import Malformed
from wirebook.reference.pgnet.listening import Listening, _WebSocket
from wirebook.reference.pgnet.messages import Response, Status
from wirebook.spec.pgnet.states import HEARTBEAT, PREFIX, CloseCode

_MEMBERS = {"message", "payload", "status", "created_on", "disconnecting", "game"}
_TENTH = 10
_SILENCE = 0.1
"""Seconds after which a server speaks by itself."""
Members = dict[str, Any]


def _answer_every_tenth(
    message: Callable[[str], bool],
    change: Callable[[ServerConnection, list[str], float], object],
) -> None:
    """Have the texts of every tenth response to such messages changed, on each connection."""
    counts: Counter[ServerConnection] = Counter()

    @override(ServerConnection, "_answer_request")
    def answer(
        original: Callable[..., None],
        connection: ServerConnection,
        asked: Any,
        response: Response,
        now: float,
    ) -> None:
        original(connection, asked, response, now)
        counts[connection] += message(asked.packet.message)
        if message(asked.packet.message) and not counts[connection] % _TENTH:
            change(connection, connection._texts, now)


@mutant(
    "PGN-M070", "PGN-RSP-001", "Every tenth request to the game is answered twice.", role="server"
)
def answered_twice() -> None:
    """Say something more."""
    _answer_every_tenth(
        lambda message: not message.startswith(PREFIX),
        lambda connection, _, now: connection._send(Response("Again."), now),
    )


@mutant("PGN-M071", "PGN-RSP-001", "Every tenth heartbeat gets no response.", role="server")
def not_answered() -> None:
    """Leave it out."""
    _answer_every_tenth(lambda message: message == HEARTBEAT, lambda _, texts, __: texts.pop())


@mutant(
    "PGN-M072",
    "PGN-RSP-001",
    "Every tenth response of a connection comes behind the next one.",
    role="server",
)
def answered_in_another_order() -> None:
    """Keep it back until then."""
    kept: dict[ServerConnection, str] = {}

    @override(ServerConnection, "texts_to_send")
    def texts_to_send(
        original: Callable[..., list[str]], connection: ServerConnection
    ) -> list[str]:
        texts = original(connection)
        return [*texts, kept.pop(connection)] if texts and connection in kept else texts

    def keep_back(connection: ServerConnection, texts: list[str], _: float) -> None:
        kept[connection] = texts.pop()

    _answer_every_tenth(lambda _: True, keep_back)


@mutant(
    "PGN-M073", "PGN-RSP-002", "Whoever is silent in a game is told something once.", role="server"
)
def speaks_by_itself() -> None:
    """Wait for a request for a moment only."""
    told: set[ServerConnection] = set()

    @override(Listening, "_receive")
    async def receive(
        original: Callable[..., Any],
        made: Listening,
        websocket: Any,
        connection: ServerConnection,
    ) -> None:
        if not connection._in_game or connection in told:
            await original(made, websocket, connection)
            return
        try:
            async with asyncio.timeout(_SILENCE):
                await original(made, websocket, connection)
        except TimeoutError:
            told.add(connection)
            connection._send(Response("News."), asyncio.get_running_loop().time())


def _build_with(change: Callable[[Members], Members]) -> None:
    @override(codec, "build_response")
    def build_response(original: Callable[[Members], str], members: Members) -> str:
        original(members)
        return strict_json.write(change(members))


@mutant("PGN-M074", "PGN-RSP-003", "Members with their default are left out.", role="server")
def defaults_left_out() -> None:
    """Write the others."""
    defaults: Members = {"payload": {}, "status": 0, "disconnecting": False, "game": None}
    _build_with(
        lambda members: {
            name: value
            for name, value in members.items()
            if name not in defaults or value != defaults[name]
        }
    )


@mutant("PGN-M075", "PGN-RSP-003", "Responses have a member `version` besides.", role="server")
def one_member_more() -> None:
    """Add it to what is written."""
    _build_with(lambda members: {**members, "version": 1})


@mutant("PGN-M076", "PGN-RSP-004", "A response to what was refused has no `game`.", role="server")
def refused_without_game() -> None:
    """Set it where the request was carried out."""

    @override(server_connection, "replace")
    def replace(original: Callable[..., Response], response: Response, **changed: Any) -> Response:
        return original(response, **(changed | {"game": None} if response.status else changed))


@mutant(
    "PGN-M077", "PGN-RSP-004", "A response has the `game` from before its request.", role="server"
)
def game_from_before() -> None:
    """Write what the response before should have had."""
    games: dict[ServerConnection, str | None] = {}

    @override(ServerConnection, "_send_text")
    def send_text(
        original: Callable[..., None], connection: ServerConnection, text: str, now: float
    ) -> None:
        members = json.loads(text)
        before, games[connection] = games.get(connection), members["game"]
        original(connection, json.dumps({**members, "game": before}), now)


@mutant("PGN-M078", "PGN-RSP-005", "After a refused login comes close code 1008.", role="server")
def another_code_after_a_refusal() -> None:
    """Treat it as a violation."""
    _close_with(lambda reason: reason.startswith("login refused"), CloseCode.VIOLATION)


@mutant(
    "PGN-M079", "PGN-RSP-005", "After a refused key trade comes close code 1008.", role="server"
)
def another_code_after_no_key() -> None:
    """Treat it as a violation."""
    _close_with(lambda reason: reason == "no usable key", CloseCode.VIOLATION)


@mutant(
    "PGN-M085",
    "PGN-RSP-005",
    "After a response with `disconnecting` true a server leaves it to the client to close.",
    role="server",
)
def left_open() -> None:
    """Wait for the end."""

    @override(_WebSocket, "close")
    async def close(original: Callable[..., Any], websocket: Any, code: int = 1000) -> None:
        if code == CloseCode.NORMAL:
            await websocket.wait_closed()
        await original(websocket, code)


def _close_with(why: Callable[[str], bool], other: CloseCode) -> None:
    """Close with another code for some reasons."""

    @override(ServerConnection, "_close")
    def close(
        original: Callable[..., None], connection: ServerConnection, code: CloseCode, reason: str
    ) -> None:
        original(connection, other if why(reason) else code, reason)


def _with_members(change: Callable[[Members], object]) -> None:
    """Have the members of responses changed before a client looks at them."""

    @override(codec, "parse_response")
    def parse_response(original: Callable[[str], Members], text: str | bytes) -> Members:
        members = strict_json.read(text)
        change(members)
        return original(strict_json.write(members))


@mutant("PGN-M080", "PGN-RSP-006", "An unknown member of a response is a violation.", role="client")
def unknown_members() -> None:
    """Accept the six that there are."""

    def refuse(members: Members) -> None:
        if members.keys() - _MEMBERS:
            raise Malformed("PGN-RSP-006", "an unknown member")

    _with_members(refuse)


@mutant("PGN-M081", "PGN-RSP-007", "A response without `message` has an empty one.", role="client")
def no_message() -> None:
    """Put it there."""
    _with_members(lambda members: members.setdefault("message", ""))


@mutant("PGN-M082", "PGN-RSP-007", "Members that are null have their default.", role="client")
def null_is_left_out() -> None:
    """Take them out."""

    def take_out(members: Members) -> None:
        for name in [name for name, value in members.items() if value is None]:
            del members[name]

    _with_members(take_out)


@mutant("PGN-M083", "PGN-RSP-007", "A `status` may be any integer.", role="client")
def any_status() -> None:
    """Take others for 2."""

    def take(members: Members) -> None:
        status = members.get("status")
        if type(status) is int and status not in list(Status):
            members["status"] = int(Status.UNEXPECTED)

    _with_members(take)


@mutant("PGN-M084", "PGN-RSP-007", "A `disconnecting` of another type is false.", role="client")
def any_disconnecting() -> None:
    """Take it for that."""

    def take(members: Members) -> None:
        if not isinstance(members.get("disconnecting", False), bool):
            members["disconnecting"] = False

    _with_members(take)
