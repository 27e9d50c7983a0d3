"""Mutants of games: what they are handed, and what becomes of their answers.

What may live here: requests for games. Heartbeats are in `heartbeats`, updates in `updates`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.core.rooms import Room
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import Unencodable
from wirebook.reference.pgnet.messages import Packet, Response, Status, refusal
from wirebook.spec.pgnet.states import HEARTBEAT, PREFIX, REQUESTS, CloseCode

Original = Callable[..., Any]


def _when_it_fails(change: Callable[[Response], object]) -> None:
    """Change the response to a request with which the game failed."""

    @override(Lobby, "_to_the_game")
    def to_the_game(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        response: Response = original(lobby, session, packet)
        if session.game is not None and response.status == Status.UNEXPECTED:
            change(response)
        return response


@mutant(
    "PGN-M261", "PGN-GAM-001", "The game is not told which user a request is of.", role="server"
)
def nobody_asks() -> None:
    """Leave the name out."""

    @override(Room, "handle")
    def handle(original: Original, room: Room, packet: Packet) -> Any:
        packet.username = None
        return original(room, packet)


@mutant(
    "PGN-M262",
    "PGN-GAM-001",
    "A request that begins with `__pgnet__.` and is not in the tables is refused.",
    role="server",
)
def reserves_the_prefix() -> None:
    """Take it for a mistake."""

    @override(Lobby, "handle")
    def handle(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        if packet.message.startswith(PREFIX) and packet.message not in REQUESTS:
            return refusal("There is no such request.")
        return original(lobby, session, packet)


@mutant(
    "PGN-M263",
    "PGN-GAM-001",
    "The server answers `OK.` to each request that the game has answered.",
    role="server",
)
def answers_for_the_game() -> None:
    """Put another text in the place of the game's."""

    @override(Room, "handle")
    def handle(original: Original, room: Room, packet: Packet) -> Any:
        response = original(room, packet)
        if response is not None:
            response.message = "OK."
        return response


@mutant(
    "PGN-M264",
    "PGN-GAM-001",
    "Requests are handed to the game that was opened last.",
    role="server",
)
def last_game_gets_it() -> None:
    """Look for the last one."""

    @override(Lobby, "_to_the_game")
    def to_the_game(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        if session.game is None or packet.message == HEARTBEAT:
            return original(lobby, session, packet)
        return list(lobby._rooms)[-1].handle(packet)


@mutant(
    "PGN-M265",
    "PGN-GAM-001",
    "White space around a message is cut off before the game gets it.",
    role="server",
)
def trims_messages() -> None:
    """Cut it off, and refuse what is empty then."""

    @override(Lobby, "handle")
    def handle(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        packet.message = packet.message.strip()
        return original(lobby, session, packet)


@mutant(
    "PGN-M266",
    "PGN-GAM-002",
    "A request for a game is answered with status 0 in the lobby.",
    role="server",
)
def nothing_to_do() -> None:
    """Say that it is all right."""

    @override(Lobby, "_to_the_game")
    def to_the_game(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        response: Response = original(lobby, session, packet)
        if session.game is None:
            response.status = Status.OK
        return response


@mutant(
    "PGN-M267",
    "PGN-GAM-003",
    "The connection is closed with code 1011 when a game fails.",
    role="server",
)
def failing_games_close() -> None:
    """Close instead of an answer."""

    @override(ServerConnection, "_answer_request")
    def answer(
        original: Original, connection: ServerConnection, asked: Any, response: Response, now: float
    ) -> None:
        of_a_game = asked.packet.message == HEARTBEAT or asked.packet.message not in REQUESTS
        if of_a_game and asked.session.game is not None and response.status:
            connection.receive_violation(CloseCode.MISTAKE, "the game has failed")
        else:
            original(connection, asked, response, now)


@mutant(
    "PGN-M268",
    "PGN-GAM-003",
    "A request with which the game fails is answered with status 0.",
    role="server",
)
def failures_are_hidden() -> None:
    """Say that it worked."""
    _when_it_fails(lambda response: setattr(response, "status", Status.OK))


@mutant(
    "PGN-M269",
    "PGN-GAM-003",
    "A request with which the game fails is answered with status 1.",
    role="server",
)
def failures_are_fatal() -> None:
    """Say that it was fatal."""
    _when_it_fails(lambda response: setattr(response, "status", Status.BAD))


@mutant("PGN-M270", "PGN-GAM-003", "A game that has failed is deleted.", role="server")
def failing_games_end() -> None:
    """End it with its users in the lobby."""

    @override(Lobby, "_to_the_game")
    def to_the_game(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        room = lobby._rooms.get(session.game)
        response: Response = original(lobby, session, packet)
        if room is not None and response.status == Status.UNEXPECTED:
            lobby._rooms.remove(room)
            session.game = None
        return response


@mutant(
    "PGN-M271",
    "PGN-GAM-004",
    "`disconnecting` of a game has no effect: the user stays in the game.",
    role="server",
)
def games_send_nobody_away() -> None:
    """Drop it."""

    @override(Room, "handle")
    def handle(original: Original, room: Room, packet: Packet) -> Any:
        response = original(room, packet)
        if response is not None:
            response.disconnecting = False
        return response


@mutant(
    "PGN-M272", "PGN-GAM-004", "`disconnecting` of a game's response is passed on.", role="server"
)
def disconnecting_is_passed_on() -> None:
    """Send it as the game has said."""

    @override(ServerConnection, "_as_sent")
    def as_sent(
        original: Original, connection: ServerConnection, session: Session, response: Response
    ) -> Response:
        sent: Response = original(connection, session, response)
        sent.disconnecting = response.disconnecting
        return sent


def _when_unencodable(change: Callable[[Response], object]) -> None:
    """Change a response that cannot be sent, and send it then."""

    @override(ServerConnection, "_as_sent")
    def as_sent(
        original: Original, connection: ServerConnection, session: Session, response: Response
    ) -> Response:
        sent: Response = original(connection, session, response)
        try:
            sent.serialize()
        except Unencodable:
            change(sent)
        return sent


@mutant(
    "PGN-M273",
    "PGN-GAM-005",
    "The payload of a game's response is left out if it is not JSON; the status stays.",
    role="server",
)
def drops_bad_payloads() -> None:
    """Send what is left."""
    _when_unencodable(lambda response: setattr(response, "payload", {}))


@mutant(
    "PGN-M274",
    "PGN-GAM-005",
    "A text of a game that is too large is cut; the status stays.",
    role="server",
)
def cuts_large_responses() -> None:
    """Send the beginning."""
    _when_unencodable(lambda response: setattr(response, "message", response.message[:1000]))
