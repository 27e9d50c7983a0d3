"""Mutants of heartbeats: when a client sends them, and what a server does with them.

What may live here: heartbeats and their rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core import rooms
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.core.rooms import Room
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response, refusal
from wirebook.spec.pgnet.states import HEARTBEAT

Original = Callable[..., Any]


def _interval(change: Callable[[float, float], float]) -> None:
    """Change the interval with which a client comes into a game, given the one before."""

    @override(ClientConnection, "_change_game")
    def change_game(
        original: Original, connection: ClientConnection, response: Response, now: float
    ) -> None:
        before = connection._heartbeat_interval
        original(connection, response, now)
        connection._heartbeat_interval = change(connection._heartbeat_interval, before)


@mutant("PGN-M281", "PGN-HBT-001", "Heartbeats come at half the rate of the game.", role="client")
def half_the_rate() -> None:
    """Wait twice as long."""
    _interval(lambda interval, _: interval * 2)


@mutant("PGN-M282", "PGN-HBT-001", "Heartbeats come a fifth too often.", role="client")
def too_often() -> None:
    """Wait not as long."""
    _interval(lambda interval, _: interval / 1.2)


@mutant(
    "PGN-M283",
    "PGN-HBT-001",
    "The rate of the first game is kept for all that follow.",
    role="client",
)
def rate_of_the_first_game() -> None:
    """Keep it."""
    _interval(lambda interval, before: before or interval)


@mutant(
    "PGN-M284", "PGN-HBT-001", "Heartbeats pile up while the server does not answer.", role="client"
)
def heartbeats_pile_up() -> None:
    """Queue one more each time."""

    @override(ClientConnection, "_heartbeat_waits")
    def heartbeat_waits(_: Original, __: ClientConnection) -> bool:
        return False


@mutant(
    "PGN-M285",
    "PGN-HBT-002",
    "Without a heartbeat rate, a client sends one a second.",
    role="client",
)
def another_default() -> None:
    """Take 1 for what is no rate."""

    @override(rooms, "heartbeat_rate")
    def heartbeat_rate(original: Original, rate: object) -> Any:
        known = original(rate)
        return known if known is rate else 1


@mutant("PGN-M286", "PGN-HBT-002", "A heartbeat rate above 100 is taken as it is.", role="client")
def any_rate() -> None:
    """Take it."""

    @override(rooms, "heartbeat_rate")
    def heartbeat_rate(original: Original, rate: object) -> Any:
        known = isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0
        return rate if known else original(rate)


@mutant("PGN-M287", "PGN-HBT-002", "`true` is taken for a heartbeat rate of 1.", role="client")
def true_is_a_rate() -> None:
    """Take it for a number."""

    @override(rooms, "heartbeat_rate")
    def heartbeat_rate(original: Original, rate: object) -> Any:
        return 1 if rate is True else original(rate)


@mutant(
    "PGN-M288",
    "PGN-HBT-003",
    "A client goes on with its heartbeats when it is in no game any more.",
    role="client",
)
def goes_on_in_the_lobby() -> None:
    """Keep the timer."""

    @override(ClientConnection, "_change_game")
    def change_game(
        original: Original, connection: ClientConnection, response: Response, now: float
    ) -> None:
        original(connection, response, now)
        if connection.game is None:
            connection._heartbeat_at = now + connection._heartbeat_interval

    _in_the_lobby_too()


@mutant("PGN-M289", "PGN-HBT-003", "A client sends heartbeats from its login on.", role="client")
def begins_in_the_lobby() -> None:
    """Start the timer with the login."""

    @override(ClientConnection, "_take")
    def take(
        original: Original, connection: ClientConnection, response: Response, given: Any, now: float
    ) -> None:
        was_connected = connection.connected
        original(connection, response, given, now)
        if connection.connected and not was_connected and connection.game is None:
            connection._heartbeat_interval = 0.1
            connection._heartbeat_at = now + connection._heartbeat_interval

    _in_the_lobby_too()


def _in_the_lobby_too() -> None:
    """Let heartbeats through that are due in no game."""

    @override(ClientConnection, "request")
    def request(
        original: Original,
        connection: ClientConnection,
        packet: Packet,
        context: object = None,
        *,
        first: bool = False,
        heartbeat: bool = False,
    ) -> Any:
        counts = heartbeat and connection.game is not None
        return original(connection, packet, context, first=first, heartbeat=counts)


@mutant(
    "PGN-M291",
    "PGN-HBT-004",
    "Heartbeats are handed to the game like any other message.",
    role="server",
)
def heartbeats_are_messages() -> None:
    """Give them to the handler of messages."""

    @override(Game, "handle_packet")
    def handle_packet(_: Original, game: Game, packet: Packet) -> Response:
        return game.handle_game_packet(packet)


@mutant("PGN-M292", "PGN-HBT-004", "Heartbeats with a payload are refused.", role="server")
def heartbeats_have_no_payload() -> None:
    """Take its members for arguments that are unknown."""

    @override(Lobby, "handle")
    def handle(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        if packet.message == HEARTBEAT and packet.payload:
            return refusal("A heartbeat has no arguments.")
        return original(lobby, session, packet)


@mutant(
    "PGN-M293", "PGN-HBT-004", "The game is not given the payload of heartbeats.", role="server"
)
def heartbeats_lose_their_payload() -> None:
    """Give it an empty one."""

    @override(Room, "handle")
    def handle(original: Original, room: Room, packet: Packet) -> Any:
        if packet.message == HEARTBEAT:
            packet.payload = {}
        return original(room, packet)
