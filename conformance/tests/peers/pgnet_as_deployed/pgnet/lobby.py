"""What users and the admin can request of the stand-in's server, and what it keeps.

A request holds up everybody until it is done, and what it raises, it raises.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .util import ADMIN, PREFIX, Game, Key, Packet, Response, game_name_allowed

LONGEST_SLEEP = 5

Arguments = dict[str, type]
USER_REQUESTS: dict[str, Arguments] = {
    "help": {},
    "game_dir": {},
    "create_game": {"name": str, "password": str},
    "join_game": {"name": str},
    "leave_game": {},
}
ADMIN_REQUESTS: dict[str, Arguments] = {
    "debug": {},
    "save": {},
    "create_invite": {"username": str},
    "destroy_game": {"name": str},
    "delete_user": {"username": str},
    "set_registration": {"set_as": bool},
    "set_verbose": {"set_as": bool},
    "sleep": {"seconds": float},
    "shutdown": {},
}
REQUESTS = {PREFIX + word: given for word, given in (USER_REQUESTS | ADMIN_REQUESTS).items()}


@dataclass
class User:
    name: str
    salt: str
    password: str

    @classmethod
    def new(cls, name: str, password: str) -> User:
        salt = os.urandom(16).hex()
        return cls(name, salt, hashed(salt, password))


@dataclass
class Room:
    """A game of the lobby, and who is in it."""

    game: Game
    name: str
    password: str
    users: set[str] = field(default_factory=set)


class Refused(Exception):
    """A request that is answered with status 2."""


class Lobby:
    """Everything that requests are about: users, games, codes, and the file that keeps them."""

    def __init__(
        self,
        make_game: Callable[..., Game],
        admin_password: str,
        registration_enabled: bool,
        verbose_logging: bool,
        save_file: str | Path | None,
    ) -> None:
        self.registration_enabled = registration_enabled
        self.verbose_logging = verbose_logging
        self._make_game = make_game
        self._key = Key()
        self._users = {ADMIN: User.new(ADMIN, admin_password)}
        self._rooms: dict[str, Room] = {}
        self._online: dict[str, str | None] = {}
        """From the users who are connected to the names of their games."""
        self._doomed: set[str] = set()
        self._codes: dict[str, str] = {}
        self._file = None if save_file is None else Path(save_file)
        self._end: asyncio.Future[int] | None = None
        self._load()

    @property
    def pubkey(self) -> str:
        return self._key.pubkey

    def shutdown(self, result: int = 0, /) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(result)

    def delete_user(self, username: str) -> None:
        if username == ADMIN:
            return
        if username in self._online:
            self._doomed.add(username)
        else:
            del self._users[username]

    def _carry_out(self, name: str, packet: Packet) -> Response:
        word = packet.message.removeprefix(PREFIX)
        if word in ADMIN_REQUESTS and name != ADMIN:
            raise Refused(f"Only the admin may request {packet.message!r}")
        known = REQUESTS[packet.message]
        for argument, value in packet.payload.items():
            if argument not in known:
                raise Refused(f"Unexpected argument {argument!r} for request {packet.message!r}")
            wanted = (int, float) if known[argument] is float else (known[argument],)
            if type(value) not in wanted:
                raise Refused(f"Argument {argument!r} has to be a {known[argument].__name__}")
        request: Callable[..., Response]
        if word in USER_REQUESTS:
            request = getattr(self, f"_user_{word}")
            return request(name, **packet.payload)
        request = getattr(self, f"_admin_{word}")
        return request(**packet.payload)

    # Requests of users

    def _user_help(self, _user: str) -> Response:
        told = {
            request: {argument: kind.__name__ for argument, kind in known.items()}
            for request, known in REQUESTS.items()
        }
        return Response("The payload lists the requests.", told)

    def _user_game_dir(self, _user: str) -> Response:
        games = {
            room.name: {
                "name": room.name,
                "users": len(room.users),
                "password_protected": bool(room.password),
                "info": room.game.get_lobby_info(),
            }
            for room in self._rooms.values()
        }
        return Response("The payload lists the games.", {"games": games})

    def _user_create_game(self, user: str, name: str = "", password: str = "") -> Response:
        if self._online[user] is not None:
            raise Refused("Leave the game first.")
        if not game_name_allowed(name):
            raise Refused("Game name not allowed.")
        if name in self._rooms:
            raise Refused("There is such a game already.")
        return self._enter(user, self._make_room(name, password, None), "Created new game")

    def _user_join_game(self, user: str, name: str = "") -> Response:
        if self._online[user] is not None:
            raise Refused("Leave the game first.")
        room = self._rooms.get(name)
        if room is None:
            return self._user_create_game(user, name)
        if room.password:  # nothing that the request can say would be the password
            raise Refused("Failed to join game: incorrect password.")
        return self._enter(user, room, "Joined game")

    def _user_leave_game(self, user: str) -> Response:
        name = self._online[user]
        if name is None:
            raise Refused("Not in a game.")
        self._leave(user)
        return Response(f"Left game: {name!r}.")

    def _make_room(self, name: str, password: str, data: str | None) -> Room:
        room = self._rooms[name] = Room(self._make_game(name, save_string=data), name, password)
        return room

    def _enter(self, user: str, room: Room, how: str) -> Response:
        self._online[user] = room.name
        room.users.add(user)
        room.game.user_joined(user)
        return Response(f"{how}: {room.name!r}.", {"heartbeat_rate": room.game.heartbeat_rate})

    def _leave(self, user: str) -> None:
        game, self._online[user] = self._online[user], None
        if game is None:
            return
        room = self._rooms[game]
        room.users.discard(user)
        room.game.user_left(user)
        if not room.users and not room.game.persistent:
            del self._rooms[game]

    # Requests of the admin

    def _admin_shutdown(self) -> Response:
        self.shutdown()
        return Response("Shutting down.")

    def _admin_create_invite(self, username: str = "") -> Response:
        code = os.urandom(2).hex()
        self._codes[code] = username
        return Response(f"Created invite code: {code}")

    def _admin_set_registration(self, set_as: bool = False) -> Response:
        self.registration_enabled = set_as
        return Response(f"Registration: {set_as}")

    def _admin_delete_user(self, username: str = "") -> Response:
        if username not in self._users:
            return Response(f"There is no user {username!r}")
        self.delete_user(username)
        return Response(f"Deletion of {username!r} requested")

    def _admin_destroy_game(self, name: str = "") -> Response:
        if name not in self._rooms:
            raise Refused(f"There is no game {name!r}")
        for user in list(self._rooms[name].users):
            self._leave(user)
        self._rooms.pop(name, None)
        return Response(f"Destroyed game: {name!r}")

    def _admin_save(self) -> Response:
        return Response(f"Saved: {self._save()}")

    def _admin_set_verbose(self, set_as: bool = False) -> Response:
        self.verbose_logging = set_as
        return Response(f"Verbose: {set_as}")

    def _admin_debug(self) -> Response:
        payload = {
            "pubkey": self.pubkey,
            "games": [str(room) for room in self._rooms.values()],
            "connected_users": sorted(self._online),
            "all_users": sorted(self._users),
            "registration": self.registration_enabled,
            "invite_codes": self._codes,
            "deleted_users": sorted(self._doomed),
            "verbose": self.verbose_logging,
        }
        return Response("Debug", payload)

    def _admin_sleep(self, seconds: float = 1) -> Response:
        time.sleep(min(seconds, LONGEST_SLEEP))
        return Response(f"Slept for {seconds} s")

    # The save file

    def _save(self) -> bool:
        if self._file is None:
            return False
        rooms = [(room, room.game.get_save_string()) for room in self._rooms.values()]
        content = {
            "users": [vars(user) for user in self._users.values() if user.name != ADMIN],
            "games": [
                {"name": room.name, "password": room.password, "data": data}
                for room, data in rooms
                if room.game.persistent and data
            ],
            "registration": self.registration_enabled,
            "invite_codes": self._codes,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("w") as file:
            json.dump(content, file, indent=4)
        return True

    def _load(self) -> None:
        if self._file is None or not self._file.is_file():
            return
        content = json.loads(self._file.read_text())
        for user in content["users"]:
            self._users.setdefault(user["name"], User(**user))
        for game in content["games"]:
            self._make_room(game["name"], game["password"], game["data"])
        self._codes |= content["invite_codes"]
        self.registration_enabled = content["registration"]


def hashed(salt: str, password: str) -> str:
    return hashlib.sha256((salt + password).encode()).hexdigest()
