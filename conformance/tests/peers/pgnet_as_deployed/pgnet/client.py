"""The client of the stand-in.

It takes what comes for the response to what it sent last, and lets an exception of its own end
everything but the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.client import connect

from .util import DEFAULT_PORT, HEARTBEAT, PREFIX, Gone, Key, Line, Packet, Response, Status

RATE = 10
POLL_SECONDS = 0.01
CLOSE_SECONDS = 1

Callback = Callable[[Response], Any]


class Client:
    """Made by `remote`; subclasses override the `on_` methods."""

    def __init__(
        self,
        *,
        address: str,
        username: str,
        password: str,
        invite_code: str,
        port: int,
        verify_server_pubkey: str,
    ) -> None:
        self._url = f"ws://{address}:{port}"
        self._login = {"username": username, "password": password, "invite_code": invite_code}
        self._expected_key = verify_server_pubkey
        self._key = Key()  # for all connections of this client
        self._queue: list[tuple[Packet, Callback | None]] = []
        self._busy = self._connected = self._leaving = False
        self._status = ""
        self._game: str | None = None
        self._interval = 1 / RATE

    @classmethod
    def remote(
        cls,
        *,
        address: str,
        username: str,
        password: str = "",
        invite_code: str = "",
        port: int = DEFAULT_PORT,
        verify_server_pubkey: str = "",
    ) -> Self:
        return cls(
            address=address,
            username=username,
            password=password,
            invite_code=invite_code,
            port=port,
            verify_server_pubkey=verify_server_pubkey,
        )

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def status(self) -> str:
        return self._status

    @property
    def game(self) -> str | None:
        return self._game

    def on_connection(self, connected: bool) -> None:
        pass

    def on_status(self, status: str) -> None:
        pass

    def on_game(self, game_name: str | None) -> None:
        pass

    def on_heartbeat(self, heartbeat: Response) -> None:
        pass

    def heartbeat_payload(self) -> dict[str, Any]:
        return {}

    def disconnect(self) -> None:
        self._leaving = True

    def get_game_dir(self, callback: Callback, /) -> None:
        self._ask("game_dir", {}, callback)

    def create_game(
        self, name: str, /, *, password: str | None = None, callback: Callback | None = None
    ) -> None:
        self._ask("create_game", named(name, password), callback)

    def join_game(
        self, name: str, /, *, password: str | None = None, callback: Callback | None = None
    ) -> None:
        self._ask("join_game", named(name, password), callback)

    def leave_game(self, *, callback: Callback | None = None) -> None:
        self._ask("leave_game", {}, callback)

    def send(
        self, packet: Packet, callback: Callback | None = None, /, do_next: bool = False
    ) -> None:
        if self._connected:
            self._queue.insert(0 if do_next else len(self._queue), (packet, callback))

    def flush_queue(self) -> None:
        self._queue.clear()

    async def async_connect(self) -> None:
        """Connect and stay until the connection ends."""
        if self._busy:
            raise RuntimeError("this client has a connection already")
        self._busy = True
        self._tell(f"Connecting to {self._url}")
        line: Line | None = None
        heart: asyncio.Task[None] | None = None
        try:
            try:
                line = Line(await connect(self._url, close_timeout=CLOSE_SECONDS, proxy=None))
            except OSError as error:
                raise Gone("There is no server.") from error
            await self._open(line)
            self._set_connected(True)
            heart = asyncio.create_task(self._beat())
            self._leaving = False
            while not self._leaving:
                if self._queue:
                    await self._exchange(line)
                else:
                    await asyncio.sleep(POLL_SECONDS)
            raise Gone("The client leaves.")
        except Gone as end:
            if line is not None:
                await line.websocket.close()
            if heart is not None:
                heart.cancel()
            self._set_connected(False)
            self._busy = False
            self._tell(f"Disconnected: {end}")

    async def _open(self, line: Line) -> None:
        key = (await ask(line, Packet("key_trade", {"pubkey": self._key.pubkey}))).payload.get(
            "pubkey"
        )
        if not key or not isinstance(key, str):
            raise Gone("The server has no public key.")
        if self._expected_key and key != self._expected_key:
            raise Gone("The server has another public key.")
        line.secret = self._key.shared_with(key)
        response = await ask(line, Packet("handshake", self._login))
        if response.status != Status.OK:
            raise Gone(response.message)

    async def _exchange(self, line: Line) -> None:
        packet, callback = self._queue.pop(0)
        response = await ask(line, packet)
        if response.game != self._game:
            self._interval = 1 / response.payload.get("heartbeat_rate", RATE)
            self._game = response.game
            self.on_game(response.game)
        if callback is not None:
            callback(response)
        if response.disconnecting:
            raise Gone(response.message)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            if self._connected and self._game:
                self.send(Packet(HEARTBEAT, self.heartbeat_payload()), self.on_heartbeat)

    def _ask(self, word: str, payload: dict[str, Any], callback: Callback | None) -> None:
        self.send(Packet(PREFIX + word, payload), callback, do_next=True)

    def _set_connected(self, connected: bool) -> None:
        if connected != self._connected:
            self._connected = connected
            self.on_connection(connected)

    def _tell(self, status: str) -> None:
        self._status = status
        self.on_status(status)


async def ask(line: Line, packet: Packet) -> Response:
    await line.send(packet)
    return Response.deserialize(await line.receive())


def named(name: str, password: str | None) -> dict[str, Any]:
    return {"name": name, "password": password} if password else {"name": name}
