"""Mutants of what a server does about a violation, and to the others because of one peer.

What may live here: close codes, effects that a violation has, and who is served no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import codec, strict_json, tunnel
from wirebook.reference.pgnet.core.names import is_user_name
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import Malformed, NotAuthentic, RemoteProtocolError
from wirebook.reference.pgnet.listening import _WebSocket
from wirebook.reference.pgnet.tunnel import Tunnel
from wirebook.spec.pgnet.states import CloseCode, ServerState

Streamed = AsyncIterator[str | bytes]


@mutant("PGN-M132", "PGN-ERR-001", "What cannot be read is closed for with 1008.", role="server")
def another_code_for_the_unreadable() -> None:
    """Make no difference between the two."""

    @override(ServerConnection, "receive_violation")
    def receive_violation(
        original: Callable[..., None], connection: ServerConnection, code: int, reason: str
    ) -> None:
        unreadable = code == Malformed.close_code
        original(connection, CloseCode.VIOLATION if unreadable else code, reason)


@mutant(
    "PGN-M133",
    "PGN-ERR-001",
    "Where close code 1003, 1007 or 1008 should come TCP ends without one.",
    role="server",
)
def no_code() -> None:
    """Break the connection off."""

    @override(_WebSocket, "close")
    async def close(original: Callable[..., Any], websocket: Any, code: int = 1000) -> None:
        if code in (CloseCode.UNSUPPORTED, CloseCode.UNREADABLE, CloseCode.VIOLATION):
            websocket.transport.abort()
        await original(websocket, code)


@mutant("PGN-M137", "PGN-ERR-002", "A violation ends the connections of all users.", role="server")
def ends_all() -> None:
    """Treat everybody as if they had sent it."""

    @override(ServerConnection, "receive_violation")
    def receive_violation(
        original: Callable[..., None], connection: ServerConnection, code: int, reason: str
    ) -> None:
        original(connection, code, reason)
        for other in list(connection._server.connections):
            if other.username is not None:
                original(other, code, reason)


@mutant(
    "PGN-M138",
    "PGN-ERR-002",
    "All wait until one who has sent the first frame of a message has sent the last.",
    role="server",
)
def unfinished_messages() -> None:
    """Read one message after the other."""

    @override(_WebSocket, "recv_streaming")
    async def recv_streaming(original: Callable[..., Streamed], websocket: Any) -> Streamed:
        turns = vars(websocket.listening).setdefault("reading", asyncio.Lock())
        parts = original(websocket)
        first = await anext(parts)
        async with turns:
            yield first
            async for part in parts:
                yield part


_late: list[RemoteProtocolError] = []


def _handle_first() -> None:
    """Handle a request that is a violation, do not answer it, and close then."""

    @override(ServerConnection, "receive_text")
    def receive_text(
        original: Callable[..., None], connection: ServerConnection, text: str, now: float
    ) -> None:
        original(connection, text, now)
        while _late:
            connection._texts.clear()
            connection.receive_violation(_late.pop().close_code, "seen too late")


@mutant(
    "PGN-M135",
    "PGN-ERR-003",
    "A request with a `created_on` of another type is carried out before the close.",
    role="server",
)
def carried_out() -> None:
    """Look at it too late."""

    @override(codec, "parse_request")
    def parse_request(original: Callable[..., Any], text: str | bytes) -> Any:
        try:
            return original(text)
        except Malformed as error:
            members = strict_json.read(text)
            if isinstance(members.get("created_on"), str | None):
                raise
            del members["created_on"]
            _late.append(error)
            return original(strict_json.write(members))

    _handle_first()


@mutant("PGN-M136", "PGN-ERR-003", "A replayed box is carried out before the close.", role="server")
def replayed_and_carried_out() -> None:
    """Look at its nonce too late."""

    @override(Tunnel, "open")
    def open_box(original: Callable[..., bytes], made: Tunnel, message: str, *rest: Any) -> bytes:
        try:
            return original(made, message, *rest)
        except NotAuthentic as error:
            if error.requirement != "PGN-TUN-005":
                raise
            _late.append(error)
            return tunnel.unseal(message, made._secret)[1]

    _handle_first()


@mutant("PGN-M139", "PGN-ERR-003", "A login without `message` registers its user.", role="server")
def registered_all_the_same() -> None:
    """Look at its payload, and take the name."""
    names: list[str] = []

    @override(codec, "parse_request")
    def parse_request(original: Callable[..., Any], text: str | bytes) -> Any:
        try:
            return original(text)
        except Malformed:
            payload = strict_json.read(text).get("payload")
            if isinstance(payload, dict):
                names.append(str(payload.get("username", "")))
            raise

    @override(ServerConnection, "receive_text")
    def receive_text(
        original: Callable[..., None], connection: ServerConnection, *rest: Any
    ) -> None:
        in_login = connection.state is ServerState.AWAITING_LOGIN
        original(connection, *rest)
        while names:
            name = names.pop()
            if in_login and is_user_name(name):
                connection._server.registry.users.setdefault(name, None)
