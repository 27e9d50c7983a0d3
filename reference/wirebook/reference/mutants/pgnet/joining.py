"""Mutants of the lobby: who gets into a game, and what becomes of it when they leave.

What may live here: joining and leaving games. Listing and opening them is in `lobby`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.core.rooms import Room
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.messages import Response, refusal

Original = Callable[..., Any]


@mutant(
    "PGN-M238", "PGN-LOB-006", "`join_game` with a name that no game has is refused.", role="server"
)
def joins_what_is_there_only() -> None:
    """Refuse it."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        if lobby._rooms.get(name) is None:
            return refusal("There is no such game.")
        return original(lobby, session, name, password)


@mutant(
    "PGN-M239",
    "PGN-LOB-006",
    "A game that `join_game` opens has no password, whatever is given.",
    role="server",
)
def joining_opens_without_password() -> None:
    """Drop the password."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        given = "" if lobby._rooms.get(name) is None else password
        return original(lobby, session, name, given)


@mutant(
    "PGN-M240",
    "PGN-LOB-007",
    "Whoever gives no password gets into games that have one.",
    role="server",
)
def no_password_will_do() -> None:
    """Look at a password only if there is one."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        room = lobby._rooms.get(name)
        if room is not None and not password and session.game is None:
            return lobby._enter(session, room, right=True)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M241",
    "PGN-LOB-007",
    "Whoever opened a game needs no password to come back.",
    role="server",
)
def openers_need_no_password() -> None:
    """Remember who opened it."""
    openers: dict[str, str] = {}

    @override(Lobby, "_open")
    def open_game(original: Original, lobby: Lobby, session: Session, name: str, kept: Any) -> Any:
        response: Response = original(lobby, session, name, kept)
        if not response.status:
            openers[name] = session.name
        return response

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        room = lobby._rooms.get(name)
        if room is not None and openers.get(name) == session.name and session.game is None:
            return lobby._enter(session, room, right=True)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M242", "PGN-LOB-007", "Spaces around the password of a game do not matter.", role="server"
)
def passwords_without_spaces() -> None:
    """Cut them off."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        return original(lobby, session, name, password.strip())


@mutant(
    "PGN-M243", "PGN-LOB-008", "A game without a password refuses whoever gives one.", role="server"
)
def no_password_wanted() -> None:
    """Compare it with the empty one."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        room = lobby._rooms.get(name)
        if room is not None and room.password is None and password:
            return refusal("The game has no password.")
        return original(lobby, session, name, password)


@mutant("PGN-M244", "PGN-LOB-008", "A game takes in four users at most.", role="server")
def four_at_most() -> None:
    """Refuse the fifth."""

    @override(Lobby, "_enter")
    def enter(
        original: Original, lobby: Lobby, session: Session, room: Room, *, right: bool
    ) -> Any:
        if right and len(room.users) >= 4:
            return refusal("The game is full.")
        return original(lobby, session, room, right=right)


@mutant(
    "PGN-M245",
    "PGN-LOB-009",
    "Only `create_game` tells the heartbeat rate, `join_game` does not.",
    role="server",
)
def joining_tells_no_rate() -> None:
    """Leave it out."""

    @override(Lobby, "_enter")
    def enter(
        original: Original, lobby: Lobby, session: Session, room: Room, *, right: bool
    ) -> Any:
        response: Response = original(lobby, session, room, right=right)
        response.payload.pop("heartbeat_rate", None)
        return response


@mutant("PGN-M246", "PGN-LOB-009", "The heartbeat rate is told as a string.", role="server")
def rate_as_text() -> None:
    """Write it out."""

    @override(Room, "heartbeat_rate")
    def heartbeat_rate(original: Original, room: Room) -> str:
        return str(original(room))


@mutant("PGN-M247", "PGN-LOB-009", "Another heartbeat rate than the game's is told.", role="server")
def rate_of_another_game() -> None:
    """Tell twice the rate."""

    @override(Room, "heartbeat_rate")
    def heartbeat_rate(original: Original, room: Room) -> Any:
        return original(room) * 2


@mutant(
    "PGN-M248", "PGN-LOB-010", "`leave_game` in the lobby is answered with status 0.", role="server"
)
def leaves_nothing() -> None:
    """Say that it worked."""

    @override(Lobby, "_leave_game")
    def leave_game(original: Original, lobby: Lobby, session: Session) -> Response:
        response: Response = original(lobby, session)
        response.status = 0
        return response


@mutant(
    "PGN-M249",
    "PGN-LOB-010",
    "`leave_game` is answered with status 0, and the user stays.",
    role="server",
)
def stays_after_leaving() -> None:
    """Do nothing."""

    @override(Lobby, "_leave_game")
    def leave_game(original: Original, lobby: Lobby, session: Session) -> Any:
        if session.game is not None:
            return Response("Goodbye.")
        return original(lobby, session)


@mutant(
    "PGN-M250", "PGN-LOB-011", "A game that is not persistent goes on without users.", role="server"
)
def all_games_persist() -> None:
    """Take all games for persistent ones."""

    @override(Room, "persistent")
    def persistent(_: Original, __: Room) -> bool:
        return True


@mutant(
    "PGN-M251",
    "PGN-LOB-011",
    "A game is not deleted if the connection of its last user breaks off.",
    role="server",
)
def lost_users_leave_games_behind() -> None:
    """Put the game back."""

    @override(ServerConnection, "receive_end")
    def receive_end(original: Original, connection: ServerConnection) -> None:
        rooms = connection._server.rooms
        session = connection._session
        room = None if session is None else rooms.get(session.game)
        original(connection)
        if room is not None and rooms.get(room.name) is None:
            rooms._add(room)


@mutant(
    "PGN-M252",
    "PGN-LOB-012",
    "A persistent game is deleted when its last user leaves.",
    role="server",
)
def no_game_persists() -> None:
    """End it like all others."""

    @override(Lobby, "leave")
    def leave(original: Original, lobby: Lobby, session: Session) -> None:
        room = lobby._rooms.get(session.game)
        original(lobby, session)
        if room is not None and not room.users and lobby._rooms.get(room.name) is room:
            lobby._rooms.remove(room)


@mutant(
    "PGN-M253",
    "PGN-LOB-012",
    "A persistent game begins anew when nobody is in it any more.",
    role="server",
)
def games_begin_anew() -> None:
    """Put a new game in its place."""

    @override(Lobby, "leave")
    def leave(original: Original, lobby: Lobby, session: Session) -> None:
        room = lobby._rooms.get(session.game)
        original(lobby, session)
        if room is not None and not room.users and lobby._rooms.get(room.name) is room:
            lobby._rooms.begin(room.name, room.password)
