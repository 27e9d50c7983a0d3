"""Mutants of limits: of connections, users and games, and of what one peer may take.

What may live here: limits that keep a server alive. Those of attempts are in `secrecy`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Registry
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.desk import Desk
from wirebook.reference.pgnet.listening import Listening
from wirebook.spec.pgnet.states import CloseCode, ServerInput

Original = Callable[..., Any]


@mutant("PGN-M381", "PGN-LIM-001", "There is no limit on connections.", role="server")
def any_number_of_connections() -> None:
    """Refuse none."""

    @override(ServerConnection, "refuse_as_too_many")
    def refuse(_: Original, __: ServerConnection) -> None:
        return


@mutant(
    "PGN-M382",
    "PGN-LIM-001",
    "Connections beyond the limit are closed with code 1008.",
    role="server",
)
def another_code() -> None:
    """Take another code."""

    @override(ServerConnection, "refuse_as_too_many")
    def refuse(_: Original, connection: ServerConnection) -> None:
        connection._step(ServerInput.TOO_MANY)
        connection._close(CloseCode.VIOLATION, "too many connections")


@mutant("PGN-M383", "PGN-LIM-002", "There is no limit on users.", role="server")
def any_number_of_users() -> None:
    """Raise it out of sight."""

    @override(Registry, "__init__")
    def init(original: Original, registry: Registry, limits: Limits, **named: Any) -> None:
        original(registry, replace(limits, users=1 << 30), **named)


@mutant("PGN-M384", "PGN-LIM-002", "There is no limit on games.", role="server")
def any_number_of_games() -> None:
    """Raise it out of sight."""

    @override(Lobby, "__init__")
    def init(
        original: Original, lobby: Lobby, rooms: Any, administration: Any, limits: Limits
    ) -> None:
        original(lobby, rooms, administration, replace(limits, games=1 << 30))


@mutant(
    "PGN-M385",
    "PGN-LIM-003",
    "A connection is read on while its request is handled.",
    role="server",
)
def never_busy() -> None:
    """Say that nothing is owed."""

    @override(ServerConnection, "busy")
    def busy(_: Original, __: ServerConnection) -> bool:
        return False


@mutant(
    "PGN-M386",
    "PGN-LIM-004",
    "While one peer does not read, no other gets its responses.",
    role="server",
)
def one_after_the_other() -> None:
    """Send to one peer at a time."""
    sending: dict[Listening, asyncio.Lock] = {}

    @override(Listening, "_go_on")
    async def go_on(
        original: Original, listening: Listening, websocket: Any, connection: ServerConnection
    ) -> None:
        lock = sending.setdefault(listening, asyncio.Lock())

        class OneAtATime:
            """The WebSocket, which waits for all others before it sends."""

            def __getattr__(self, name: str) -> Any:
                return getattr(websocket, name)

            async def send(self, text: str) -> None:
                async with lock:
                    await websocket.send(text)

        await original(listening, OneAtATime(), connection)


@mutant(
    "PGN-M387",
    "PGN-LIM-004",
    "Each request holds the whole server up for a tenth of a second.",
    role="server",
)
def slow_for_all() -> None:
    """Take time while nobody else is served."""

    @override(Lobby, "handle")
    def handle(original: Original, *arguments: Any) -> Any:
        time.sleep(0.1)
        return original(*arguments)


@mutant(
    "PGN-M388",
    "PGN-SEC-005",
    "Nobody is served while a password is hashed or checked.",
    role="server",
)
def all_wait_for_passwords() -> None:
    """Do it in the event loop, and take as long as a password that is worth something."""

    @override(Desk, "run")
    async def run(_: Original, __: Desk, ___: str, function: Callable[[], Any]) -> Any:
        time.sleep(0.1)  # noqa: ASYNC251 - this is what is wrong
        return function()
