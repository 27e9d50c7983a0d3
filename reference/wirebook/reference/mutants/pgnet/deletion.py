"""Mutants of deletion: users and games that are to go.

What may live here: `delete_user` and `destroy_game`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.registry import Registry, Session
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.messages import Response, Status, refusal
from wirebook.spec.pgnet.states import ADMIN, CloseCode, ServerInput, ServerState, Text

Original = Callable[..., Any]


@mutant(
    "PGN-M331",
    "PGN-ADM-007",
    "`delete_user` for a name that no user has is answered with status 0.",
    role="server",
)
def deletes_nobody() -> None:
    """Say that nobody of this name is there any more."""

    @override(Administration, "_delete_user")
    def delete_user(
        original: Original, admin: Administration, session: Session, username: str
    ) -> Any:
        response: Response = original(admin, session, username)
        if username != ADMIN:
            response.status = Status.OK
        return response


@mutant(
    "PGN-M332", "PGN-ADM-007", "`delete_user` for `admin` is answered with status 0.", role="server"
)
def deletes_the_admin() -> None:
    """Say that it worked."""

    @override(Administration, "_delete_user")
    def delete_user(
        original: Original, admin: Administration, session: Session, username: str
    ) -> Any:
        response: Response = original(admin, session, username)
        if username == ADMIN:
            response.status = Status.OK
        return response


@mutant(
    "PGN-M333",
    "PGN-ADM-008",
    "A user who is not connected is not deleted, although the status is 0.",
    role="server",
)
def users_stay() -> None:
    """Do nothing."""

    @override(Registry, "delete")
    def delete(original: Original, registry: Registry, name: str) -> None:
        if name in registry.sessions:
            original(registry, name)


@mutant(
    "PGN-M334",
    "PGN-ADM-008",
    "A user who is not connected is only marked: nobody can have the name.",
    role="server",
)
def users_are_only_marked() -> None:
    """Mark them like those who are connected."""

    @override(Registry, "delete")
    def delete(original: Original, registry: Registry, name: str) -> None:
        if name in registry.sessions:
            original(registry, name)
        else:
            registry.doomed.add(name)


@mutant(
    "PGN-M335",
    "PGN-ADM-008",
    "`delete_user` is refused for users who are not connected.",
    role="server",
)
def only_connected_users() -> None:
    """Look among those who are connected."""

    @override(Administration, "_delete_user")
    def delete_user(
        original: Original, admin: Administration, session: Session, username: str
    ) -> Any:
        if username not in admin._registry.sessions:
            return refusal("There is no such user to be deleted.")
        return original(admin, session, username)


@mutant(
    "PGN-M336",
    "PGN-ADM-009",
    "The next request of a user to be deleted is carried out before the end.",
    role="server",
)
def last_wish() -> None:
    """Handle it, and drop the answer."""

    @override(ServerConnection, "_handle")
    def handle(original: Original, connection: ServerConnection, asked: Any, now: float) -> None:
        if connection.state is ServerState.DELETED:
            connection._server.lobby.handle(asked.session, asked.packet)
        original(connection, asked, now)


@mutant(
    "PGN-M337",
    "PGN-ADM-009",
    "The next request of a user to be deleted is answered without `disconnecting`.",
    role="server",
)
def last_response_like_any() -> None:
    """Answer, and close the connection all the same."""

    @override(ServerConnection, "_handle")
    def handle(original: Original, connection: ServerConnection, asked: Any, now: float) -> None:
        if connection.state is not ServerState.DELETED:
            original(connection, asked, now)
            return
        connection._step(ServerInput.REQUEST)
        connection._send(Response(Text.USER_DELETED), now)
        connection._close(CloseCode.NORMAL, "the user was deleted")


@mutant(
    "PGN-M338",
    "PGN-ADM-009",
    "A user who was connected is dismissed, and not deleted.",
    role="server",
)
def dismissed_users_stay() -> None:
    """Let the connection end, and no more."""

    @override(Registry, "end")
    def end(original: Original, registry: Registry, session: Session) -> None:
        registry.doomed.discard(session.name)
        original(registry, session)


@mutant(
    "PGN-M339",
    "PGN-ADM-009",
    "A user whose connection ends without another request is not deleted.",
    role="server",
)
def users_get_away() -> None:
    """Forget the deletion when the connection is lost."""

    @override(ServerConnection, "receive_end")
    def receive_end(original: Original, connection: ServerConnection) -> None:
        if connection.username is not None:
            connection._server.registry.doomed.discard(connection.username)
        original(connection)


@mutant(
    "PGN-M340",
    "PGN-ADM-010",
    "`destroy_game` for a name that no game has is answered with status 0.",
    role="server",
)
def destroys_nothing() -> None:
    """Say that it worked."""

    @override(Administration, "_destroy_game")
    def destroy_game(original: Original, admin: Administration, session: Session, name: str) -> Any:
        response: Response = original(admin, session, name)
        response.status = Status.OK
        return response


@mutant(
    "PGN-M341",
    "PGN-ADM-011",
    "The users of a game that is destroyed are told that they are in it still.",
    role="server",
)
def users_of_no_game() -> None:
    """Delete the game only."""

    @override(Administration, "_destroy_game")
    def destroy_game(original: Original, admin: Administration, session: Session, name: str) -> Any:
        room = admin._rooms.get(name)
        if room is None:
            return original(admin, session, name)
        admin._rooms.remove(room)
        return Response(f"Destroyed game: {name!r}.")


@mutant(
    "PGN-M342", "PGN-ADM-011", "A game that is destroyed is emptied, and goes on.", role="server"
)
def games_are_only_emptied() -> None:
    """Put the game back."""

    @override(Administration, "_destroy_game")
    def destroy_game(original: Original, admin: Administration, session: Session, name: str) -> Any:
        room = admin._rooms.get(name)
        response = original(admin, session, name)
        if room is not None:
            admin._rooms._add(room)
        return response


@mutant(
    "PGN-M343",
    "PGN-ADM-011",
    "`destroy_game` is refused while somebody is in the game.",
    role="server",
)
def spares_games_in_use() -> None:
    """Refuse it."""

    @override(Administration, "_destroy_game")
    def destroy_game(original: Original, admin: Administration, session: Session, name: str) -> Any:
        room = admin._rooms.get(name)
        if room is not None and room.users:
            return refusal("Somebody is in that game.")
        return original(admin, session, name)
