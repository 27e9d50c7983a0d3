"""The server of the stand-in: connections, logins, and who answers what.

Whatever a handler or a game raises leaves the connection with close code 1011; whatever takes its
time takes everybody's.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from .lobby import REQUESTS, Lobby, Refused, User, hashed
from .util import (
    DEFAULT_PORT,
    Game,
    Gone,
    Line,
    Packet,
    Response,
    Status,
    user_name_allowed,
)

DEFAULT_ADMIN_PASSWORD = "admin"  # noqa: S105 - everybody knows it
IDLE_SECONDS = 3600.0
UPDATE_SECONDS = 0.1
AUTOSAVE_SECONDS = 300.0


class Server(Lobby):
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
        admin_password = admin_password or DEFAULT_ADMIN_PASSWORD
        super().__init__(game, admin_password, registration_enabled, verbose_logging, save_file)
        self.on_connection = on_connection
        self._where = (None if listen_globally else "localhost", port)
        self._need_password = require_user_password
        print(f"the admin password is {admin_password!r}", flush=True)

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


async def turn_away(line: Line, why: str) -> None:
    await line.send(Response(why, status=Status.BAD, disconnecting=True))
    raise Gone(why)
