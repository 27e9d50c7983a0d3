"""Mutants of the end of a connection, as a client sees it.

What may live here: who ends it, and what becomes of the queue and the game.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.messages import Response
from wirebook.spec.pgnet.states import CloseCode


@mutant(
    "PGN-M147",
    "PGN-CLI-005",
    "The application is not given a response with `disconnecting` true.",
    role="client",
)
def last_response_is_dropped() -> None:
    """Drop it."""

    @override(ClientConnection, "_dismiss")
    def dismiss(
        original: Callable[..., None], connection: ClientConnection, response: Response
    ) -> None:
        connection._under_way = None
        original(connection, response)


@mutant(
    "PGN-M148",
    "PGN-CLI-005",
    "A client goes on after a response with `disconnecting` true.",
    role="client",
)
def goes_on() -> None:
    """Treat it like others."""

    @override(ClientConnection, "_take")
    def take(
        original: Callable[..., None], connection: ClientConnection, response: Response, *rest: Any
    ) -> None:
        disconnecting, response.disconnecting = response.disconnecting, False
        original(connection, response, *rest)
        response.disconnecting = disconnecting


@mutant(
    "PGN-M152",
    "PGN-CLI-007",
    "A client whose connection has ended is still in its game.",
    role="client",
)
def still_in_its_game() -> None:
    """Remember its name."""
    last: dict[Client, str | None] = {}

    @override(Client, "game")
    def game(original: Callable[..., str | None], client: Client) -> str | None:
        if client.connected:
            last[client] = original(client)
        return last.get(client)


@mutant(
    "PGN-M153",
    "PGN-CLI-007",
    "Requests that were not sent are sent on the next connection.",
    role="client",
)
def sent_later() -> None:
    """Keep the queue for it."""
    kept: list[Any] = []

    @override(ClientConnection, "_release")
    def release(original: Callable[..., None], connection: ClientConnection, reason: str) -> None:
        kept.extend(connection._queue)
        original(connection, reason)

    @override(ClientConnection, "__init__")
    def begin(original: Callable[..., None], connection: ClientConnection, *rest: Any) -> None:
        original(connection, *rest)
        connection._queue.extend(kept)
        kept.clear()


@mutant(
    "PGN-M154",
    "PGN-CLI-008",
    "A client that is asked to disconnect closes with 1001.",
    role="client",
)
def leaves_with_another_code() -> None:
    """Go away."""

    @override(ClientConnection, "disconnect")
    def disconnect(original: Callable[..., None], connection: ClientConnection) -> None:
        original(connection)
        if connection.close_code is CloseCode.NORMAL:
            connection.close_code = CloseCode.GOING_AWAY


@mutant(
    "PGN-M170",
    "PGN-CLI-007",
    "A client that is asked to disconnect sends first what waits to be sent.",
    role="client",
)
def sent_before_the_end() -> None:
    """Send the queue without waiting for responses."""

    @override(ClientConnection, "disconnect")
    def disconnect(original: Callable[..., None], connection: ClientConnection) -> None:
        if connection._tunnel is not None:
            texts = [connection._tunnel.seal(queued.text) for queued in connection._queue]
            connection._texts.extend(texts)
        original(connection)
