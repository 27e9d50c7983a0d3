"""Mutants of a server's connections: their opening, their time limits, and how they end.

What may live here: what a server does with a connection as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet.core import server_connection
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import NotAuthentic
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.spec.pgnet.states import PREFIX, CloseCode, ServerState, Text

_LOGIN = "handshake"


@mutant("PGN-M120", "PGN-CON-001", "The first request has to be called `key_trade`.", role="server")
def name_of_the_key_trade() -> None:
    """Find no key in others."""

    @override(ServerConnection, "_trade_keys")
    def trade_keys(
        original: Callable[..., None], connection: ServerConnection, packet: Packet, now: float
    ) -> None:
        if packet.message != Text.KEY_TRADE:
            packet.payload = {}
        original(connection, packet, now)


@mutant(
    "PGN-M121", "PGN-CON-001", "The second request has to be called `handshake`.", role="server"
)
def name_of_the_login() -> None:
    """Treat others as a violation."""

    @override(ServerConnection, "_read")
    def read(original: Callable[..., Packet], connection: ServerConnection, text: str) -> Packet:
        packet = original(connection, text)
        if connection.state is ServerState.AWAITING_LOGIN and packet.message != _LOGIN:
            raise NotAuthentic("PGN-CON-001", "no login")
        return packet


@mutant("PGN-M122", "PGN-CON-002", "A server waits for 10 s in the opening.", role="server")
def long_opening() -> None:
    """Double the time."""
    set_value(server_connection, "OPENING_TIME_LIMIT", 10.0)


@mutant("PGN-M123", "PGN-CON-002", "A server waits for 2 s in the opening.", role="server")
def short_opening() -> None:
    """Take most of the time away."""
    set_value(server_connection, "OPENING_TIME_LIMIT", 2.0)


@mutant("PGN-M124", "PGN-CON-002", "The first two requests have 5 s together.", role="server")
def one_time_for_both() -> None:
    """Let the time of the second begin with that of the first."""
    deadlines: dict[ServerConnection, float | None] = {}

    @override(ServerConnection, "__init__")
    def begin(original: Callable[..., None], connection: ServerConnection, *rest: Any) -> None:
        original(connection, *rest)
        deadlines[connection] = connection.next_timer()

    @override(ServerConnection, "_send_text")
    def send_text(original: Callable[..., None], connection: ServerConnection, *rest: Any) -> None:
        original(connection, *rest)
        if connection.state is ServerState.AWAITING_LOGIN:
            connection._deadline = deadlines[connection]


@mutant("PGN-M125", "PGN-CON-003", "A user may be silent for 10 hours.", role="server")
def long_silence() -> None:
    """Multiply the time."""
    set_value(server_connection, "IDLE_TIME_LIMIT", 36000.0)


@mutant("PGN-M126", "PGN-CON-003", "A user has one hour, with and without requests.", role="server")
def one_hour() -> None:
    """Let the time run on from the login."""
    deadlines: dict[ServerConnection, float | None] = {}

    @override(ServerConnection, "_send_text")
    def send_text(original: Callable[..., None], connection: ServerConnection, *rest: Any) -> None:
        original(connection, *rest)
        if connection.username is not None and not connection.closed:
            connection._deadline = deadlines.setdefault(connection, connection._deadline)


@mutant(
    "PGN-M127",
    "PGN-CON-004",
    "A user whose connection breaks off stays in the game.",
    role="server",
)
def stays_in_the_game() -> None:
    """Forget where the user was."""

    @override(ServerConnection, "receive_end")
    def receive_end(original: Callable[..., None], connection: ServerConnection) -> None:
        if connection._session is not None:
            connection._session.game = None
        original(connection)


@mutant(
    "PGN-M128",
    "PGN-CON-004",
    "The name of a user whose connection ends with a violation is not freed.",
    role="server",
)
def name_is_not_freed() -> None:
    """Keep the session."""

    @override(ServerConnection, "receive_violation")
    def receive_violation(
        original: Callable[..., None], connection: ServerConnection, *rest: Any
    ) -> None:
        if connection._session is not None:
            connection._session.live = False
        original(connection, *rest)


@mutant("PGN-M129", "PGN-CON-005", "A server that is shut down closes with 1000.", role="server")
def shut_down_with_another_code() -> None:
    """Close as after a response with `disconnecting`."""
    _shut_down_with(lambda _: CloseCode.NORMAL)


@mutant(
    "PGN-M130",
    "PGN-CON-005",
    "A server that is shut down closes connections without a user with 1008.",
    role="server",
)
def shut_down_in_the_opening() -> None:
    """Close as if it had waited for too long."""
    _shut_down_with(
        lambda connection: (
            CloseCode.VIOLATION if connection.username is None else CloseCode.GOING_AWAY
        )
    )


def _shut_down_with(code: Callable[[ServerConnection], CloseCode]) -> None:
    @override(ServerConnection, "shut_down")
    def shut_down(original: Callable[..., None], connection: ServerConnection) -> None:
        original(connection)
        if connection.close_code is CloseCode.GOING_AWAY:
            connection.close_code = code(connection)


@mutant(
    "PGN-M131",
    "PGN-CON-005",
    "A server that shuts down owes the admin the response.",
    role="server",
)
def owes_the_admin() -> None:
    """Leave out the response to `shutdown`."""

    @override(ServerConnection, "_answer_request")
    def answer(
        original: Callable[..., None],
        connection: ServerConnection,
        asked: Any,
        response: Response,
        now: float,
    ) -> None:
        original(connection, asked, response, now)
        if asked.packet.message == f"{PREFIX}shutdown" and not response.status:
            connection._texts.clear()
