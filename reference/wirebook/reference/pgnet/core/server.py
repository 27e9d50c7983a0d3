"""The whole server without input and output: its connections, users, games and timers.

What may live here: what ties the parts together, what is due when, and what is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.registry import Registry
from wirebook.reference.pgnet.core.rooms import Rooms
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.passwords import Kept
from wirebook.reference.pgnet.tunnel import EveryNonce, Key, RandomOctets
from wirebook.spec.pgnet.states import ADMIN, AUTOSAVE_INTERVAL, UPDATE_INTERVAL


@dataclass(frozen=True, slots=True)
class SavedGame:
    """A game as it is saved."""

    name: str
    password: Kept = field(repr=False)
    data: str = field(repr=False)
    """The game's save string."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What is saved of a server."""

    users: dict[str, Kept] = field(repr=False)
    games: tuple[SavedGame, ...]
    registration: bool
    invite_codes: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a core needs that it cannot have in itself."""

    random: RandomOctets
    """Random octets for nonces."""
    make_invite_code: Callable[[], str]
    """Makes invite codes of at least 80 bits (PGN-INV-003)."""
    failed: Callable[[str], None]
    """Tells the operator that something failed; called while the exception is handled."""
    tell_connection: Callable[[str, bool], None]
    """Told the name of who comes and goes."""
    trace: Callable[[str, Packet, Response], None]
    """Told of each request of a user and its response; logs what is no secret."""


class ServerCore:
    """A server."""

    def __init__(
        self,
        game: Callable[..., Game],
        key: Key,
        surroundings: Surroundings,
        *,
        limits: Limits | None = None,
        admin_password: Kept = None,
        registration: bool = True,
        require_password: bool = False,
        can_save: bool = False,
    ) -> None:
        """Begin a server; nobody can be admin if the kept `admin_password` is None."""
        self.key = key
        self.random = surroundings.random
        self.failed = surroundings.failed
        self.tell_connection = surroundings.tell_connection
        self.verbose = False
        self.can_save = can_save
        self.login_nonces = EveryNonce()
        self.limits = limits or Limits()
        self.registry = Registry(
            self.limits, registration=registration, require_password=require_password
        )
        if admin_password is not None:  # PGN-SEC-004
            self.registry.users[ADMIN] = admin_password
        self.rooms = Rooms(game, self.failed)
        self.lobby = Lobby(
            self.rooms,
            Administration(self, self.registry, self.rooms, surroundings.make_invite_code),
            self.limits,
        )
        self.shutdown_requested = False
        """Set when the admin wants it to end."""
        self._shutting_down = False
        self.connections: set[ServerConnection] = set()
        self._trace = surroundings.trace
        self._next_update: float | None = None
        self._next_save: float | None = None

    @property
    def pubkey(self) -> str:
        """The public key."""
        return self.key.pubkey

    def start(self, now: float) -> None:
        """Let the timers run."""
        self._shutting_down = self.shutdown_requested = False
        self._next_update = now + UPDATE_INTERVAL
        self._next_save = now + AUTOSAVE_INTERVAL if self.can_save else None

    def connect(self, address: str, now: float) -> ServerConnection:
        """Return a new connection; it is to be closed at once if there are too many."""
        connection = ServerConnection(self, address, now)
        self.connections.add(connection)
        if self._shutting_down:
            connection.shut_down()
        elif len(self.connections) > self.limits.connections:
            connection.refuse_as_too_many()
        return connection

    def forget(self, connection: ServerConnection) -> None:
        """Count a connection no longer."""
        self.connections.discard(connection)

    def shut_down(self) -> None:
        """End all connections, each when it owes no response, and those that come still."""
        self._shutting_down = True
        self._next_update = self._next_save = None
        for connection in list(self.connections):
            connection.shut_down()

    def request_shutdown(self) -> None:
        """Take note that the admin wants the server to end."""
        self.shutdown_requested = True

    def trace(self, username: str, packet: Packet, response: Response) -> None:
        """Show a request and its response, if that is wanted."""
        if self.verbose:
            self._trace(username, packet, response)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due; the timers of connections are their own."""
        times = [time for time in (self._next_update, self._next_save) if time is not None]
        return min(times, default=None)

    def handle_timer(self, now: float) -> bool:
        """Do what is due; return whether everything is to be saved (PGN-SAV-001)."""
        if self._next_update is not None and self._next_update <= now:
            self._next_update += UPDATE_INTERVAL
            if self._next_update <= now:  # what was missed is not made up for
                self._next_update = now + UPDATE_INTERVAL
            for room in self.rooms:
                room.update()
        if self._next_save is not None and self._next_save <= now:
            self._next_save = now + AUTOSAVE_INTERVAL
            return True
        return False

    def saved(self) -> Saved:
        """Return what is to be saved."""
        users = {name: kept for name, kept in self.registry.users.items() if name != ADMIN}
        rooms = ((room, room.save_string()) for room in self.rooms)
        return Saved(  # PGN-SAV-004
            users,
            tuple(SavedGame(room.name, room.password, data) for room, data in rooms if data),
            self.registry.registration,
            dict(self.registry.invite_codes),
        )

    def restore(self, saved: Saved) -> None:
        """Take over what was saved (PGN-SAV-002)."""
        self.registry.users |= {name: kept for name, kept in saved.users.items() if name != ADMIN}
        for game in saved.games:
            self.rooms.resume(game.name, game.password, game.data)
        self.registry.registration = saved.registration
        self.registry.invite_codes |= saved.invite_codes
