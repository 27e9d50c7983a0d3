"""The games of a server, each in a room of its own: a game that fails, fails alone.

What may live here: everything that calls a method of a game.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.passwords import Kept
from wirebook.spec.pgnet.states import HEARTBEAT_RATE_DEFAULT, HEARTBEAT_RATE_MOST

Failed = Callable[[str], None]
"""Tells the operator that something failed; called while the exception is handled."""


class Room:
    """A game, its password, and the users in it."""

    def __init__(
        self, name: str, game: Game | None, password: Kept, failed: Failed, saved: str = ""
    ) -> None:
        self.name = name
        self.password = password
        self.users: set[str] = set()
        self._game: Any = game
        """A Game, or None if it was saved and could not be recreated."""
        self._failed = failed
        self._saved = saved
        """What was saved last, in case that saving fails."""

    @property
    def persistent(self) -> bool:
        """Whether it goes on while nobody is in it."""
        return self._game is None or bool(self._try("persistent", lambda: self._game.persistent))

    @property
    def heartbeat_rate(self) -> float:
        """Heartbeats per second; a number that clients believe (PGN-LOB-009, PGN-HBT-002)."""
        return heartbeat_rate(self._try("heartbeat_rate", lambda: self._game.heartbeat_rate))

    def listing(self) -> dict[str, Any]:
        """Return what the lobby tells of it (PGN-LOB-001)."""
        info = self._call("get_lobby_info")
        return {
            "name": self.name,
            "users": len(self.users),
            "password_protected": self.password is not None,
            "info": info if isinstance(info, str) else "",
        }

    def enter(self, username: str) -> bool:
        """Take a user in; return False, and do not, if the game fails."""
        if self._game is None:
            return False
        try:
            self._game.user_joined(username)
        except Exception:
            self._failed(f"{self.name!r}, when a user joined,")
            return False
        self.users.add(username)
        return True

    def leave(self, username: str) -> None:
        """Take a user out, whatever the game says."""
        self.users.discard(username)
        self._call("user_left", username)

    def handle(self, packet: Packet) -> Response | None:
        """Return what the game answers; None if it fails, or answers with something else."""
        response = self._call("handle_packet", packet)
        return response if isinstance(response, Response) else None

    def update(self) -> None:
        """Let the game go on (PGN-GAM-006)."""
        self._call("update")

    def save_string(self) -> str:
        """Return what is to be saved; what was saved before, if the game fails now."""
        if not self.persistent:
            return ""
        saved = self._call("get_save_string")
        if isinstance(saved, str) and _is_text(saved):
            self._saved = saved
        return self._saved

    def _call(self, method: str, *arguments: Any) -> Any:
        """Return what a method of the game returns; None if it fails, or there is no game."""
        if self._game is None:
            return None
        return self._try(method, lambda: getattr(self._game, method)(*arguments))

    def _try(self, what: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except Exception:
            self._failed(f"{what} of the game {self.name!r}")
            return None


class Rooms:
    """All games of a server."""

    def __init__(self, game: Callable[..., Game], failed: Failed) -> None:
        self._make = game
        self._failed = failed
        self._rooms: dict[str, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        """Iterate over a copy: games come and go meanwhile."""
        return iter(list(self._rooms.values()))

    def get(self, name: str | None) -> Room | None:
        """Return the room of a name, if there is one."""
        return None if name is None else self._rooms.get(name)

    def begin(self, name: str, password: Kept) -> Room | None:
        """Open a game; return None if it fails."""
        try:
            game = self._make(name, save_string=None)
        except Exception:
            self._failed(f"a new game {name!r}")
            return None
        return self._add(Room(name, game, password, self._failed))

    def resume(self, name: str, password: Kept, saved: str) -> Room:
        """Recreate a saved game. What was saved is kept if the game fails."""
        game = None
        try:
            game = self._make(name, save_string=saved)  # PGN-SAV-009
        except Exception:
            self._failed(f"the saved game {name!r}")
        return self._add(Room(name, game, password, self._failed, saved))

    def remove(self, room: Room) -> None:
        """Forget a game."""
        del self._rooms[room.name]

    def _add(self, room: Room) -> Room:
        self._rooms[room.name] = room
        return room


def heartbeat_rate(rate: object) -> float:
    """Return a heartbeat rate if it is one, else what stands for it (PGN-HBT-002)."""
    if isinstance(rate, int | float) and not isinstance(rate, bool):
        return rate if 0 < rate <= HEARTBEAT_RATE_MOST else HEARTBEAT_RATE_DEFAULT
    return HEARTBEAT_RATE_DEFAULT


def _is_text(text: str) -> bool:
    """Tell whether a str is text: one with half of a surrogate pair could not be read again."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
