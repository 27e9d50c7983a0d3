"""The documented client: logs in to a server, plays in its games, and asks for news.

What may live here: `Client`. Its rules are in `core`, its WebSocket in `calling`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from secrets import token_bytes
from typing import Any, Self

from wirebook.reference.pgnet.calling import Calling
from wirebook.reference.pgnet.core.client_connection import ClientConnection, Credentials
from wirebook.reference.pgnet.core.happenings import (
    Connected,
    Disconnected,
    GameChanged,
    Happening,
    HeartbeatDue,
    ResponseReceived,
)
from wirebook.reference.pgnet.errors import AlreadyRunning, PGNetError
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.operator_log import Complaints, logger, readable
from wirebook.reference.pgnet.server import Server
from wirebook.spec.pgnet.states import HEARTBEAT, PORT, PREFIX

__all__ = ["Client"]

ResponseCallback = Callable[[Response], Any]


class Client:
    """A user's end of a connection. Make one with `Client.remote` or `Client.local`.

    Override the methods that begin with `on_`, or assign functions to them, to learn what happens.
    What such a function raises is logged, and the connection goes on.
    """

    def __init__(
        self,
        *,
        address: str,
        username: str,
        password: str,
        invite_code: str,
        port: int,
        server: Server | None,
        verify_server_pubkey: str,
    ) -> None:
        """Set up a client; nothing is connected yet."""
        self._credentials = Credentials(username, password, invite_code, verify_server_pubkey)
        self._address = address
        self._port = port
        self._server = server
        self._status = "New client."
        self._calling: Calling | None = None
        self._running = False
        self._wanted = False
        """Whether nobody has disconnected since it was to connect."""
        self._complaints = Complaints()

    @classmethod
    def local(
        cls,
        *,
        game: type[Game],
        username: str,
        password: str = "",
        port: int = PORT,
        server_factory: Callable[..., Server] | None = None,
    ) -> Self:
        """Return a client that brings its own server, which nobody else can reach.

        `server_factory` makes it, with the arguments of `Server`.
        """
        options: dict[str, Any] = {} if port == PORT else {"port": port}
        server = (server_factory or Server)(
            game,
            listen_globally=False,
            registration_enabled=True,
            require_user_password=False,
            **options,
        )
        return cls(
            address="localhost",
            username=username,
            password=password,
            invite_code="",
            port=port,
            server=server,
            verify_server_pubkey=server.pubkey,
        )

    @classmethod
    def remote(
        cls,
        *,
        address: str,
        username: str,
        password: str = "",
        invite_code: str = "",
        port: int = PORT,
        verify_server_pubkey: str = "",
    ) -> Self:
        """Return a client of a server elsewhere.

        With `verify_server_pubkey`, a server with another key than this one gets nothing.
        """
        return cls(
            address=address,
            username=username,
            password=password,
            invite_code=invite_code,
            port=port,
            server=None,
            verify_server_pubkey=verify_server_pubkey,
        )

    def __repr__(self) -> str:
        """Say who is connected to what."""
        state = "connected" if self.connected else "disconnected"
        who = self._credentials.username
        return f"<{type(self).__qualname__} {who!r} {state}, {self._address}:{self._port}>"

    @property
    def connected(self) -> bool:
        """Whether the login was accepted and the connection lives."""
        return self._connection is not None and self._connection.connected

    @property
    def status(self) -> str:
        """What was told to `on_status` last."""
        return self._status

    @property
    def game(self) -> str | None:
        """The name of the game that the user is in."""
        return None if self._connection is None else self._connection.game

    async def async_connect(self) -> None:
        """Connect, log in, and stay connected until the end; how it ended is in `status`.

        Raises RuntimeError if it is connected already, and Unencodable, a ValueError, if the login
        cannot be sent.
        """
        if self._running:
            raise AlreadyRunning("a client has one connection at a time")
        self._running = self._wanted = True
        try:
            if self._server is None:
                await self._call(self._port)
            else:
                await self._call_own_server(self._server)
        finally:
            self._running = False
            self._calling = None

    def disconnect(self) -> None:
        """End the connection, or the attempt to connect."""
        self._wanted = False
        if self._calling is not None:
            self._calling.disconnect()

    def get_game_dir(self, callback: ResponseCallback, /) -> None:
        """Ask for the games that there are."""
        self.send(Packet(PREFIX + "game_dir"), callback, do_next=True)

    def create_game(
        self,
        name: str,
        /,
        *,
        password: str | None = None,
        callback: ResponseCallback | None = None,
    ) -> None:
        """Ask for a new game, to be in it."""
        self._ask("create_game", callback, name=name, password=password)

    def join_game(
        self,
        name: str,
        /,
        *,
        password: str | None = None,
        callback: ResponseCallback | None = None,
    ) -> None:
        """Ask to be taken into a game; it is opened if there is none of this name."""
        self._ask("join_game", callback, name=name, password=password)

    def leave_game(self, *, callback: ResponseCallback | None = None) -> None:
        """Ask to be taken out of the game."""
        self._ask("leave_game", callback)

    def send(
        self,
        packet: Packet,
        callback: ResponseCallback | None = None,
        /,
        do_next: bool = False,
    ) -> None:
        """Queue a request, at the front with `do_next`; its response goes to the callback.

        While disconnected it is dropped. Raises Unencodable, a TypeError, if it cannot be sent.
        """
        if self._calling is None or not self.connected:
            logger.warning("not connected: %s is dropped", readable(packet.message))
            return
        self._calling.connection.request(packet, callback, first=do_next)
        self._calling.wake()

    def flush_queue(self) -> None:
        """Drop the requests that have not been sent, and their callbacks."""
        if self._connection is not None:
            self._connection.flush()

    def on_connection(self, connected: bool) -> None:
        """Learn that the client is connected, or is not any more."""

    def on_status(self, status: str) -> None:
        """Learn what is going on, in words."""

    def on_game(self, game_name: str | None) -> None:
        """Learn that the user is in another game, or in none."""

    def on_heartbeat(self, heartbeat: Response) -> None:
        """Learn the news of the game: what its `handle_heartbeat` has answered."""

    def heartbeat_payload(self) -> dict[str, Any]:
        """Return what to tell the game's `handle_heartbeat`."""
        return {}

    @property
    def _connection(self) -> ClientConnection | None:
        return None if self._calling is None else self._calling.connection

    def _ask(self, word: str, callback: ResponseCallback | None, **arguments: str | None) -> None:
        payload = {name: value for name, value in arguments.items() if value}
        self.send(Packet(PREFIX + word, payload), callback, do_next=True)

    async def _call(self, port: int) -> None:
        connection = ClientConnection(self._credentials, token_bytes)
        self._calling = Calling(connection, self._take)
        self._set_status(f"Connecting to {self._address}:{port}…")
        await self._calling.run(self._address, port)

    async def _call_own_server(self, server: Server) -> None:
        """Connect to a server that lives as long as the connection."""
        started = asyncio.Event()
        serving = asyncio.ensure_future(server.async_run(on_start=started.set))
        serving.add_done_callback(lambda _: started.set())
        serving.add_done_callback(lambda _: self.disconnect())
        try:
            await started.wait()
            if self._wanted and not serving.done():
                bound = getattr(server, "port", None)
                await self._call(bound if isinstance(bound, int) else self._port)
        finally:
            server.shutdown()
            with suppress(OSError, PGNetError):
                await serving
        if serving.exception() is not None:
            self._set_status(f"Disconnected: {serving.exception()}")

    def _take(self, happening: Happening) -> None:
        match happening:
            case Connected():
                self._set_status(f"Logged in as {self._credentials.username}.")
                self._tell("on_connection", self.on_connection, True)
            case Disconnected(reason, was_connected):
                if was_connected:
                    self._tell("on_connection", self.on_connection, False)
                self._set_status(f"Disconnected: {reason}")
            case GameChanged(None):
                self._set_status("Left the game.")
                self._tell("on_game", self.on_game, None)
            case GameChanged(game):
                self._set_status(f"Joined game: {game}")
                self._tell("on_game", self.on_game, game)
            case ResponseReceived(callback, response):
                if response.status:
                    logger.debug("status %d: %s", response.status, readable(response.message))
                self._tell("the callback of a request", callback, response)
            case HeartbeatDue():
                self._send_heartbeat()

    def _send_heartbeat(self) -> None:
        try:
            packet = Packet(HEARTBEAT, self.heartbeat_payload())
            if self._connection is not None:
                self._connection.request(packet, self.on_heartbeat, heartbeat=True)
        except Exception:
            self._complaints.failed("heartbeat_payload")

    def _set_status(self, status: str) -> None:
        self._status = status
        logger.debug("%s", readable(status))
        self._tell("on_status", self.on_status, status)

    def _tell(self, what: str, function: Any, value: object) -> None:
        if function is None:
            return
        try:
            function(value)
        except Exception:
            self._complaints.failed(what)
