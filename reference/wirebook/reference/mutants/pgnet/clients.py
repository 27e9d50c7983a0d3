"""Mutants of clients that are connected: requests, responses and the game.

What may live here: turns, time limits, and what an application is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet.core import client_connection
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.happenings import Connected, GameChanged
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.spec.pgnet.states import ClientState


@mutant("PGN-M140", "PGN-CLI-001", "A client sends all of its requests at once.", role="client")
def all_at_once() -> None:
    """Send the queue behind its first request."""

    @override(ClientConnection, "texts_to_send")
    def texts_to_send(
        original: Callable[..., list[str]], connection: ClientConnection, now: float
    ) -> list[str]:
        texts = original(connection, now)
        while texts and connection._queue and connection._tunnel is not None:
            texts.append(connection._tunnel.seal(connection._queue.popleft().text))
        return texts


@mutant(
    "PGN-M141",
    "PGN-CLI-001",
    "A client sends its login without waiting for the key.",
    role="client",
)
def login_in_clear() -> None:
    """Send it in clear behind the key trade."""

    @override(ClientConnection, "opened")
    def opened(original: Callable[..., None], connection: ClientConnection, now: float) -> None:
        original(connection, now)
        connection._transmit(connection._login, now)


@mutant(
    "PGN-M171",
    "PGN-CLI-001",
    "A client sends heartbeats while a request is under way.",
    role="client",
)
def heartbeats_do_not_wait() -> None:
    """Send them past the queue."""

    @override(ClientConnection, "request")
    def request(
        original: Callable[..., bool],
        connection: ClientConnection,
        packet: Packet,
        *rest: Any,
        heartbeat: bool = False,
        **named: Any,
    ) -> bool:
        tunnel = connection._tunnel
        if heartbeat and connection.state is ClientState.WAITING and tunnel is not None:
            connection._texts.append(tunnel.seal(packet.serialize()))
            return True
        return original(connection, packet, *rest, heartbeat=heartbeat, **named)


@mutant("PGN-M142", "PGN-CLI-002", "A message that nobody has asked for is ignored.", role="client")
def unasked() -> None:
    """Read on."""

    @override(ClientConnection, "receive_text")
    def receive_text(
        original: Callable[..., None], connection: ClientConnection, text: str, now: float
    ) -> None:
        if connection.state is not ClientState.IDLE:
            original(connection, text, now)


@mutant("PGN-M143", "PGN-CLI-003", "A client waits for 15 s for a response.", role="client")
def patient() -> None:
    """Multiply the time."""
    set_value(client_connection, "RESPONSE_TIME_LIMIT", 15.0)


@mutant("PGN-M144", "PGN-CLI-003", "A client waits for 2 s for a response.", role="client")
def impatient() -> None:
    """Take most of the time away."""
    set_value(client_connection, "RESPONSE_TIME_LIMIT", 2.0)


@mutant(
    "PGN-M145",
    "PGN-CLI-004",
    "A client is connected as soon as it has sent its login.",
    role="client",
)
def connected_early() -> None:
    """Count the wait for the response."""

    @override(ClientConnection, "connected")
    def connected(original: Callable[..., bool], connection: ClientConnection) -> bool:
        return original(connection) or connection.state is ClientState.AWAITING_LOGIN


@mutant(
    "PGN-M146",
    "PGN-CLI-004",
    "An application is not told that its client is connected.",
    role="client",
)
def not_told() -> None:
    """Keep it back."""

    @override(ClientConnection, "happenings")
    def happenings(original: Callable[..., list[Any]], connection: ClientConnection) -> list[Any]:
        return [one for one in original(connection) if not isinstance(one, Connected)]


@mutant(
    "PGN-M149",
    "PGN-CLI-006",
    "A client that is in a game takes no other name of a game.",
    role="client",
)
def keeps_its_game() -> None:
    """Believe the first name, until there is none."""

    @override(ClientConnection, "_change_game")
    def change_game(
        original: Callable[..., None], connection: ClientConnection, response: Response, now: float
    ) -> None:
        if connection.game is None or response.game is None:
            original(connection, response, now)


@mutant(
    "PGN-M150", "PGN-CLI-006", "An application is told its game with every response.", role="client"
)
def told_each_time() -> None:
    """Tell it when nothing has changed."""

    @override(ClientConnection, "_take")
    def take(
        original: Callable[..., None], connection: ClientConnection, response: Response, *rest: Any
    ) -> None:
        original(connection, response, *rest)
        if connection.game is not None:
            connection._happenings.append(GameChanged(connection.game))


@mutant(
    "PGN-M151",
    "PGN-CLI-006",
    "Only responses with status 0 say which game a client is in.",
    role="client",
)
def game_of_status_0() -> None:
    """Do not look at the others."""

    @override(ClientConnection, "_change_game")
    def change_game(
        original: Callable[..., None], connection: ClientConnection, response: Response, now: float
    ) -> None:
        if not response.status:
            original(connection, response, now)


@mutant(
    "PGN-M163",
    "PGN-ERR-003",
    "A message that nobody has asked for changes the game.",
    role="client",
)
def unasked_game() -> None:
    """Look at it before the connection is closed."""

    @override(ClientConnection, "receive_text")
    def receive_text(
        original: Callable[..., None], connection: ClientConnection, text: str, now: float
    ) -> None:
        if connection.state is ClientState.IDLE and connection._tunnel is not None:
            response = Response(**json.loads(connection._tunnel.open(text)))
            if response.game != connection.game:
                connection._change_game(response, now)
        original(connection, text, now)


@mutant(
    "PGN-M164",
    "PGN-CLI-006",
    "An application is not told that its client is in no game when the connection has ended.",
    role="client",
)
def not_told_of_no_game() -> None:
    """Leave the game in silence."""

    @override(ClientConnection, "_release")
    def release(original: Callable[..., None], connection: ClientConnection, reason: str) -> None:
        connection.game = None
        original(connection, reason)
