"""Mutants of the lobby: what games there are, and how they are opened.

What may live here: listing and opening games. Joining and leaving them is in `joining`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core import names
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.core.rooms import Room
from wirebook.reference.pgnet.messages import Response
from wirebook.spec.pgnet.states import ADMIN

Original = Callable[..., Any]


def _listing(change: Callable[[Room, dict[str, Any]], object]) -> None:
    @override(Room, "listing")
    def listing(original: Original, room: Room) -> dict[str, Any]:
        listed: dict[str, Any] = original(room)
        change(room, listed)
        return listed


@mutant("PGN-M221", "PGN-LOB-001", "`game_dir` leaves out games that nobody is in.", role="server")
def lists_no_empty_games() -> None:
    """Leave them out."""

    @override(Lobby, "_game_dir")
    def game_dir(original: Original, lobby: Lobby, session: Session) -> Response:
        response: Response = original(lobby, session)
        games = response.payload["games"]
        response.payload["games"] = {name: one for name, one in games.items() if one["users"]}
        return response


@mutant(
    "PGN-M222", "PGN-LOB-001", "`game_dir` says of no game that it has a password.", role="server"
)
def lists_no_passwords() -> None:
    """Say that it is open."""
    _listing(lambda _, listed: listed.update(password_protected=False))


@mutant(
    "PGN-M223",
    "PGN-LOB-001",
    "`game_dir` names the users of a game; it should count them.",
    role="server",
)
def lists_names_of_users() -> None:
    """List names."""
    _listing(lambda room, listed: listed.update(users=sorted(room.users)))


@mutant("PGN-M224", "PGN-LOB-001", "`game_dir` does not tell the info of games.", role="server")
def lists_no_info() -> None:
    """Leave it out."""
    _listing(lambda _, listed: listed.pop("info"))


@mutant("PGN-M225", "PGN-LOB-002", "Game names may have up to 64 characters.", role="server")
def longer_game_names() -> None:
    """Leave the middle of long ones out."""

    @override(names, "is_game_name")
    def is_game_name(original: Original, name: str) -> bool:
        return len(name) <= 64 and bool(original(name[:25] + name[25:][-25:]))


@mutant("PGN-M226", "PGN-LOB-002", "Game names may have the letters of any script.", role="server")
def game_names_of_any_script() -> None:
    """Ask Unicode what a letter is."""

    @override(names, "is_game_name")
    def is_game_name(original: Original, name: str) -> bool:
        return bool(original("".join("x" if letter.isalnum() else letter for letter in name)))


@mutant(
    "PGN-M227", "PGN-LOB-002", "Game names may have `admin` in them, in capitals.", role="server"
)
def games_of_the_admin() -> None:
    """Look for it as it is written."""

    @override(names, "is_game_name")
    def is_game_name(original: Original, name: str) -> bool:
        return ADMIN not in name and original(name.lower().replace(ADMIN, "x" * len(ADMIN)))


@mutant(
    "PGN-M228", "PGN-LOB-002", "Game names with several spaces in a row are refused.", role="server"
)
def single_spaces() -> None:
    """Want words with one space between."""

    @override(names, "is_game_name")
    def is_game_name(original: Original, name: str) -> bool:
        return "  " not in name and original(name)


@mutant(
    "PGN-M229",
    "PGN-LOB-002",
    "Any white space may stand in a game name, not only spaces.",
    role="server",
)
def any_white_space() -> None:
    """Take all of it for spaces."""

    @override(names, "is_game_name")
    def is_game_name(original: Original, name: str) -> bool:
        return bool(original("".join(" " if letter.isspace() else letter for letter in name)))


@mutant(
    "PGN-M230",
    "PGN-LOB-003",
    "Whoever is in a game can open another one, and leaves the first.",
    role="server",
)
def opens_while_in_a_game() -> None:
    """Take the user out first."""

    @override(Lobby, "_create_game")
    def create_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        lobby.leave(session)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M231",
    "PGN-LOB-003",
    "Whoever is in a game can join another one, and leaves the first.",
    role="server",
)
def joins_while_in_a_game() -> None:
    """Take the user out first."""

    @override(Lobby, "_join_game")
    def join_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        if lobby._rooms.get(name) is not None:
            lobby.leave(session)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M232",
    "PGN-LOB-004",
    "`create_game` with the name of a game there is joins that game.",
    role="server",
)
def joins_what_is_there() -> None:
    """Treat it like `join_game`."""

    @override(Lobby, "_create_game")
    def create_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        if lobby._rooms.get(name) is not None:
            return lobby._join_game(session, name, password)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M233",
    "PGN-LOB-004",
    "A game that nobody is in is replaced by a new one of its name.",
    role="server",
)
def replaces_empty_games() -> None:
    """End the game that is there."""

    @override(Lobby, "_create_game")
    def create_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        room = lobby._rooms.get(name)
        if room is not None and not room.users and session.game is None:
            lobby._rooms.remove(room)
        return original(lobby, session, name, password)


@mutant(
    "PGN-M234",
    "PGN-LOB-004",
    "Spaces at both ends of the name of a new game are cut off.",
    role="server",
)
def cuts_spaces_off() -> None:
    """Cut them off."""

    @override(Lobby, "_create_game")
    def create_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        return original(lobby, session, name.strip(" "), password)


@mutant(
    "PGN-M235",
    "PGN-LOB-004",
    "Of two who open a game of one name together, the second gets it.",
    role="server",
)
def second_one_wins() -> None:
    """Look whether the name is free before the password is hashed, and not afterwards."""

    @override(Lobby, "_open")
    def open_game(original: Original, lobby: Lobby, session: Session, name: str, kept: Any) -> Any:
        room = lobby._rooms.get(name)
        if room is not None:
            lobby._rooms.remove(room)
        return original(lobby, session, name, kept)


@mutant(
    "PGN-M236",
    "PGN-LOB-005",
    "`create_game` opens games without the given password.",
    role="server",
)
def opens_without_password() -> None:
    """Drop the password."""

    @override(Lobby, "_open")
    def open_game(original: Original, lobby: Lobby, session: Session, name: str, _: Any) -> Any:
        return original(lobby, session, name, None)


@mutant(
    "PGN-M237",
    "PGN-LOB-005",
    "`create_game` opens the game, and leaves the user in the lobby.",
    role="server",
)
def opens_without_entering() -> None:
    """Take the user out again."""

    @override(Lobby, "_open")
    def open_game(original: Original, lobby: Lobby, session: Session, name: str, kept: Any) -> Any:
        response = original(lobby, session, name, kept)
        lobby.leave(session)
        return response
