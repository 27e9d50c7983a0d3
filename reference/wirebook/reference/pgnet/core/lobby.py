"""What a user who is logged in may ask: the lobby, the games, and for the admin, the server.

What may live here: the way from a request to its answer, and the requests of users. Those of the
admin are in `administration`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.names import is_game_name
from wirebook.reference.pgnet.core.outcomes import CheckPassword, KeepPassword, Outcome
from wirebook.reference.pgnet.core.registry import TOO_BUSY, Session
from wirebook.reference.pgnet.core.rooms import Room, Rooms
from wirebook.reference.pgnet.messages import Packet, Response, refusal
from wirebook.reference.pgnet.passwords import Kept
from wirebook.spec.pgnet.states import ADMIN, DEFAULTS, HEARTBEAT, PREFIX, REQUESTS, Request, Text

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
}
"""The Python types of the JSON types that arguments have."""

Handler = Callable[..., Outcome]


class Lobby:
    """The way from a request to its answer."""

    def __init__(self, rooms: Rooms, administration: Administration, limits: Limits) -> None:
        self._rooms = rooms
        self._limits = limits
        self._handlers: dict[str, Handler] = {
            PREFIX + "help": self._help,
            PREFIX + "game_dir": self._game_dir,
            PREFIX + "create_game": self._create_game,
            PREFIX + "join_game": self._join_game,
            PREFIX + "leave_game": self._leave_game,
            **administration.handlers,
        }

    def handle(self, session: Session, packet: Packet) -> Outcome:
        """Return what becomes of a request."""
        packet.username = session.name  # PGN-REQ-005
        request = REQUESTS.get(packet.message)
        if request is None or request.name == HEARTBEAT:
            return self._to_the_game(session, packet)  # PGN-GAM-001, PGN-HBT-004
        if request.admin and session.name != ADMIN:  # PGN-ADM-001
            return refusal(f"{packet.message} is for the admin.")
        arguments = {name: DEFAULTS[kind] for name, kind in request.arguments.items()}
        for name, value in packet.payload.items():
            if (fault := _fault(request, name, value)) is not None:
                return refusal(fault)
            arguments[name] = value
        return self._handlers[request.name](session, **arguments)

    def leave(self, session: Session) -> None:
        """Take a user out of their game, if they are in one; a game may end with it."""
        room = self._rooms.get(session.game)
        session.game = None
        if room is not None:
            room.leave(session.name)
            if not room.users and not room.persistent:  # PGN-LOB-011
                self._rooms.remove(room)

    def _to_the_game(self, session: Session, packet: Packet) -> Response:
        room = self._rooms.get(session.game)
        if room is None:  # PGN-GAM-002
            commands = [r.name for r in REQUESTS.values() if not r.admin or session.name == ADMIN]
            return refusal(Text.NO_GAME, {"commands": commands})
        response = room.handle(packet)
        if response is None:
            return refusal("The game could not handle that.")
        if response.disconnecting:  # PGN-GAM-004
            self.leave(session)
        return response

    def _help(self, _: Session) -> Response:
        return Response(
            "The payload has the requests.",
            {r.name: dict(r.arguments) for r in REQUESTS.values() if r.name != HEARTBEAT},
        )

    def _game_dir(self, _: Session) -> Response:
        games = {room.name: room.listing() for room in self._rooms}
        return Response("The payload has the games.", {"games": games})

    def _create_game(self, session: Session, name: str, password: str) -> Outcome:
        if (fault := self._fault_of_new_game(session, name)) is not None:
            return refusal(fault)
        if not password:
            return self._open(session, name, None)
        return KeepPassword(
            password,
            lambda kept: self._open(session, name, kept),
            lambda: refusal(TOO_BUSY),
        )

    def _join_game(self, session: Session, name: str, password: str) -> Outcome:
        room = self._rooms.get(name)
        if room is None:  # PGN-LOB-006
            return self._create_game(session, name, password)
        if session.game is not None:  # PGN-LOB-003
            return refusal("Leave your game first.")
        if room.password is None:
            return self._enter(session, room, right=True)
        return CheckPassword(
            room.password,
            password,
            lambda right: self._enter(session, room, right=right),
            lambda: refusal(TOO_BUSY),
        )

    def _leave_game(self, session: Session) -> Response:
        if session.game is None:  # PGN-LOB-010
            return refusal("You are in no game.")
        name = session.game
        self.leave(session)
        return Response(f"Left game: {name!r}.")

    def _fault_of_new_game(self, session: Session, name: str) -> str | None:
        if session.game is not None:  # PGN-LOB-003
            return "Leave your game first."
        if not is_game_name(name):  # PGN-LOB-004
            return "Game name not allowed."
        if self._rooms.get(name) is not None:
            return "Game name already exists."
        if len(self._rooms) >= self._limits.games:  # PGN-LIM-002
            return "There are too many games."
        return None

    def _open(self, session: Session, name: str, kept: Kept) -> Response:
        """Open a game; others may have come first while its password was hashed."""
        if not session.live:
            return refusal("The connection has ended.")
        if (fault := self._fault_of_new_game(session, name)) is not None:
            return refusal(fault)
        room = self._rooms.begin(name, kept)
        if room is None:
            return refusal("The game could not be opened.")
        if not room.enter(session.name):
            self._rooms.remove(room)
            return refusal("The game could not take you in.")
        return self._taken_in(session, room, f"Created new game: {name!r}.")

    def _enter(self, session: Session, room: Room, *, right: bool) -> Response:
        """Enter a game; it may have ended while the password was checked."""
        if not right:  # PGN-LOB-007
            return refusal("The game has another password.")
        if not session.live or self._rooms.get(room.name) is not room:
            return refusal("The game has ended.")
        if not room.enter(session.name):
            return refusal("The game could not take you in.")
        return self._taken_in(session, room, f"Joined game: {room.name!r}.")

    def _taken_in(self, session: Session, room: Room, message: str) -> Response:
        session.game = room.name
        return Response(message, {"heartbeat_rate": room.heartbeat_rate})  # PGN-LOB-009


def _fault(request: Request, name: str, value: Any) -> str | None:
    """Return what is wrong with an argument (PGN-ARG-001, PGN-ARG-002)."""
    kind = request.arguments.get(name)
    if kind is None:
        return f"Unexpected argument {name[:50]!r} for request {request.name!r}"
    is_right = isinstance(value, _TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
    return None if is_right else f"The argument {name!r} of {request.name!r} is a {kind}."
