"""The server of the stand-in.

Whatever a handler or a game raises leaves the connection with close code 1011; whatever takes its
time takes everybody's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from .util import (
    ADMIN,
    DEFAULT_PORT,
    PREFIX,
    Game,
    Gone,
    Key,
    Line,
    Packet,
    Response,
    Status,
    game_name_allowed,
    user_name_allowed,
)

DEFAULT_ADMIN_PASSWORD = "admin"  # noqa: S105 - everybody knows it
IDLE_SECONDS = 3600.0
UPDATE_SECONDS = 0.1
AUTOSAVE_SECONDS = 300.0
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


class Server:
    """Hosts games of one class."""

    def __init__(
        self,
        game: Callable[..., Game],
        /,
        *,
        listen_globally: bool = False,
        port: int = DEFAULT_PORT,
        admin_password: str | None = None,
        registration_enabled: bool = True,
        require_user_password: bool = False,
        on_connection: Callable[[str, bool], Any] | None = None,
        verbose_logging: bool = False,
        save_file: str | Path | None = None,
    ) -> None:
        self.registration_enabled = registration_enabled
        self.verbose_logging = verbose_logging
        self.on_connection = on_connection
        self._make_game = game
        self._where = (None if listen_globally else "localhost", port)
        self._need_password = require_user_password
        self._key = Key()
        admin_password = admin_password or DEFAULT_ADMIN_PASSWORD
        self._users = {ADMIN: User.new(ADMIN, admin_password)}
        self._rooms: dict[str, Room] = {}
        self._online: dict[str, str | None] = {}
        """From the users who are connected to the names of their games."""
        self._doomed: set[str] = set()
        self._codes: dict[str, str] = {}
        self._file = None if save_file is None else Path(save_file)
        self._end: asyncio.Future[int] | None = None
        self._load()
        print(f"the admin password is {admin_password!r}", flush=True)

    @property
    def pubkey(self) -> str:
        return self._key.pubkey

    async def async_run(self, *, on_start: Callable[[], Any] | None = None) -> int:
        """Serve until `shutdown`; return its exit code."""
        self._end = asyncio.get_running_loop().create_future()
        async with serve(self._connection, *self._where):
            if on_start is not None:
                on_start()
            next_save = time.monotonic() + AUTOSAVE_SECONDS
            while not self._end.done():
                await asyncio.sleep(UPDATE_SECONDS)
                for room in self._rooms.values():
                    room.game.update()
                if time.monotonic() >= next_save:
                    self._save()
                    next_save = time.monotonic() + AUTOSAVE_SECONDS
        self._save()
        return self._end.result()

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

    # A connection

    async def _connection(self, websocket: ServerConnection) -> None:
        name = ""
        try:
            line = Line(websocket)
            name = await self._open(line)
            assert name not in self._online
            self._online[name] = None
            if self.on_connection is not None:
                self.on_connection(name, True)
            await self._attend(line, name)
        except Gone:
            pass
        finally:
            if name in self._online:
                self._leave(name)
                del self._online[name]
                if self.on_connection is not None:
                    self.on_connection(name, False)
            if name in self._doomed:
                self._doomed.remove(name)
                del self._users[name]

    async def _open(self, line: Line) -> str:
        """Trade keys and log a user in; return the name."""
        key: Any = Packet.deserialize(await line.receive()).payload.get("pubkey")
        if not key or not isinstance(key, str):
            await turn_away(line, "Missing public key string.")
        # What the key is good for shows only afterwards.
        await line.send(Response("key_trade", {"pubkey": self.pubkey}))
        line.secret = self._key.shared_with(key)
        login = Packet.deserialize(await line.receive()).payload
        name = login.get("username")
        if why := self._reason(name, login.get("password", ""), login.get("invite_code", "")):
            await turn_away(line, why)
        await line.send(Response("Authenticated."))
        return str(name)

    def _reason(self, name: Any, password: Any, code: Any) -> str:
        """Return what speaks against a login, if anything; register a new user."""
        if not name:
            return "Missing non-empty username."
        if name in self._doomed:
            return "User deleted."
        if name in self._online:
            return "Username already connected."
        if user := self._users.get(name):
            wrong = hashed(user.salt, password) != user.password
            return "Incorrect password." if wrong else ""
        if code and self._codes.get(code) not in ("", name):
            return "Incorrect username or invite code."
        if not code and not self.registration_enabled:
            return "Registration blocked."
        if self._need_password and not password:
            return "User password required."
        if not user_name_allowed(name):
            return "Username not allowed."
        self._users[name] = User.new(name, password)
        self._codes.pop(code, None)
        return ""

    async def _attend(self, line: Line, name: str) -> None:
        """Answer a user's requests."""
        while True:
            packet = Packet.deserialize(await line.receive(IDLE_SECONDS))
            packet.username = name
            if name in self._doomed:
                response = Response("User deleted.", disconnecting=True)
            else:
                response = self._answer(packet)
            if self.verbose_logging:
                print(packet, "->", response, file=sys.stderr, flush=True)
            assert isinstance(response, Response)
            response.game = self._online[name]
            await line.send(response)
            if response.disconnecting:
                raise Gone(response.message)

    def _answer(self, packet: Packet) -> Response:
        name = str(packet.username)
        game = self._online[name]
        if packet.message in REQUESTS:
            try:
                return self._carry_out(name, packet)
            except Refused as why:
                return Response(str(why), status=Status.UNEXPECTED)
        if game is None:
            payload = {"commands": list(REQUESTS), "packet": packet.debug_repr}
            return Response("Please create/join a game.", payload, status=Status.UNEXPECTED)
        response = self._rooms[game].game.handle_packet(packet)
        assert isinstance(response, Response)
        if response.disconnecting:
            self._leave(name)
            response.disconnecting = False
        return response

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


async def turn_away(line: Line, why: str) -> None:
    await line.send(Response(why, status=Status.BAD, disconnecting=True))
    raise Gone(why)


def hashed(salt: str, password: str) -> str:
    return hashlib.sha256((salt + password).encode()).hexdigest()
