"""The sockets of a server: WebSockets on one side, its core on the other.

What may live here: input and output, one conversation for each connection. What is said, and when
it ends, the core decides.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection as WebSocket
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from wirebook.reference.pgnet.core.outcomes import (
    CheckPassword,
    KeepPassword,
    Outcome,
    Pause,
    SaveNow,
)
from wirebook.reference.pgnet.core.server import ServerCore
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.desk import Busy, Desk
from wirebook.reference.pgnet.operator_log import library_logger, logger, readable
from wirebook.reference.pgnet.passwords import Cost, is_slow, keep, proves
from wirebook.spec.pgnet.states import MESSAGE_MOST, OPENING_TIME_LIMIT, CloseCode

_CLOSE_TIMEOUT: Final = 1.0
"""Seconds that a peer has to answer a close."""
_PATIENCE: Final = 10.0
"""Seconds that a server that shuts down waits for the responses that it owes."""
_PING_INTERVAL: Final = 20.0
"""Seconds between two pings, which find out peers that are gone or do not read."""
_IN_HANDSHAKE: Final = 128
"""Connections of TCP beyond the limit that may ask for a WebSocket, to be told that it is not."""
_FRAMES: Final = 4
"""Frames that are read ahead of the request that is handled."""


class _WebSocket(WebSocket):
    """A WebSocket that is counted, and tells at once when it fails.

    Otherwise it would tell when the peer has gone at last.
    """

    when_failed: Callable[[], None] | None = None
    listening: Listening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection of TCP, or drop it if there are far too many."""
        super().connection_made(transport)
        self.listening.sockets += 1
        if self.listening.has_too_many_sockets and isinstance(transport, asyncio.Transport):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lose the connection of TCP."""
        self.listening.sockets -= 1
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take octets of the peer."""
        super().data_received(data)
        failed = self.protocol.close_sent is not None and self.protocol.close_rcvd is None
        if failed and self.when_failed is not None:
            tell, self.when_failed = self.when_failed, None
            tell()


class Listening:
    """All connections of a server."""

    def __init__(
        self,
        core: ServerCore,
        desk: Desk,
        cost: Cost,
        save: Callable[[], Awaitable[bool]],
        shutdown: Callable[[], None],
    ) -> None:
        self.port = 0
        """The port that is listened on."""
        self.sockets = 0
        """Connections of TCP, in the handshake or beyond it."""
        self._core = core
        self._desk = desk
        self._cost = cost
        self._save = save
        self._shutdown = shutdown
        self._servers: list[WebSocketServer] = []
        self._conversations: dict[ServerConnection, WebSocket] = {}

    @property
    def has_too_many_sockets(self) -> bool:
        """Whether even those that will be refused are too many."""
        return self.sockets > self._core.limits.connections + _IN_HANDSHAKE

    async def open(self, host: str | None, port: int) -> None:
        """Begin to listen, on all addresses of a host or on all there are; raise OSError."""
        sockets = await _open_sockets(host, port)
        self.port = sockets[0].getsockname()[1]
        kind = type("_WebSocketOf", (_WebSocket,), {"listening": self})
        for sock in sockets:
            server = await serve(
                self._converse,
                sock=sock,
                compression=None,  # PGN-WSB-008
                max_size=MESSAGE_MOST,  # PGN-WSB-006
                max_queue=_FRAMES,
                open_timeout=OPENING_TIME_LIMIT,
                close_timeout=_CLOSE_TIMEOUT,
                ping_interval=_PING_INTERVAL,
                ping_timeout=3 * _PING_INTERVAL,
                server_header=None,
                create_connection=kind,
                logger=library_logger,
            )
            self._servers.append(server)

    async def close(self) -> None:
        """Close all connections, when they have their responses, and stop (PGN-CON-005)."""
        for server in self._servers:
            server.close(close_connections=False)
        self._core.shut_down()
        idle = [
            asyncio.ensure_future(websocket.close(connection.close_code))
            for connection, websocket in self._conversations.items()
            if connection.close_code is not None
        ]
        endings = [asyncio.ensure_future(server.wait_closed()) for server in self._servers]
        if endings:
            _, late = await asyncio.wait([*idle, *endings], timeout=_PATIENCE)
            for websocket in list(self._conversations.values()):
                websocket.transport.abort()
            if late:
                await asyncio.wait(late, timeout=_CLOSE_TIMEOUT)
        self._servers.clear()

    async def _converse(self, websocket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        address = str(websocket.remote_address[0])
        connection = self._core.connect(address, loop.time())
        self._conversations[connection] = websocket

        def end() -> None:
            if not connection.closed:
                connection.receive_end()

        if isinstance(websocket, _WebSocket):
            websocket.when_failed = end
        try:
            await self._go_on(websocket, connection)
        except ConnectionClosed:
            pass
        except Exception:
            self._core.failed("a connection")
            connection.close_code = CloseCode.MISTAKE
        finally:
            self._conversations.pop(connection, None)
            end()
        if connection.close_code is not None:
            logger.debug("%s: closed: %s", address, readable(connection.reason))
            with suppress(ConnectionClosed):
                await websocket.close(connection.close_code)

    async def _go_on(self, websocket: WebSocket, connection: ServerConnection) -> None:
        while True:
            for text in connection.texts_to_send():
                await websocket.send(text)
            if self._core.shutdown_requested:  # PGN-ADM-002
                self._core.shutdown_requested = False
                self._shutdown()
            if connection.closed:
                return
            if connection.errand is not None:
                await self._carry_out(connection.errand, websocket, connection)
            else:
                await self._receive(websocket, connection)

    async def _receive(self, websocket: WebSocket, connection: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        parts: list[str] = []
        try:
            async with asyncio.timeout_at(connection.next_timer()):
                # Not `recv`, which has a limit on the number of frames (PGN-WSB-003).
                async for part in websocket.recv_streaming():
                    if not isinstance(part, str):
                        if not connection.closed:
                            connection.receive_violation(CloseCode.UNSUPPORTED, "a binary message")
                        return
                    if part:
                        parts.append(part)
        except TimeoutError:
            connection.handle_timer(loop.time())
            return
        if not connection.closed:
            connection.receive_text("".join(parts), loop.time())

    async def _carry_out(
        self, errand: Outcome, websocket: WebSocket, connection: ServerConnection
    ) -> None:
        """Do something slow, unless the connection ends before."""
        work = asyncio.ensure_future(self._do(errand, connection.address))
        end = asyncio.ensure_future(websocket.wait_closed())
        try:
            await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
        finally:
            end.cancel()
            if not work.done():
                work.cancel()
        if work.done() and not work.cancelled():
            connection.resume(work.result(), asyncio.get_running_loop().time())
        else:
            connection.receive_end()

    async def _do(self, errand: Outcome, address: str) -> Callable[[], Outcome]:
        """Do something slow, and return how to go on."""
        match errand:
            case KeepPassword(password, then, busy):
                try:
                    kept = await self._keep(address, password)
                except Busy:
                    return busy
                return partial(then, kept)
            case CheckPassword(kept_before, password, then_right, busy):
                check = partial(proves, kept_before, password)
                try:
                    slow = is_slow(kept_before, password)
                    right = await self._desk.run(address, check) if slow else check()
                except Busy:
                    return busy
                return partial(then_right, right)
            case Pause(seconds, then_on):
                await asyncio.sleep(seconds)
                return then_on
            case SaveNow(then_done):
                return partial(then_done, await self._save())
            case response:
                return lambda: response

    async def _keep(self, address: str, password: str) -> str | None:
        if not password:
            return None
        return await self._desk.run(address, partial(keep, password, self._cost))


async def _open_sockets(host: str | None, port: int) -> list[socket.socket]:
    """Return a bound socket for each address of a host, all with the same port."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in sorted(set(found), key=lambda info: info[0]):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError:
            continue  # a machine without IPv6
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address[0], port, *address[2:]))
        except OSError as error:
            sock.close()
            unneeded = sockets and (not port or error.errno == errno.EADDRNOTAVAIL)
            if family == socket.AF_INET6 and (unneeded or error.errno == errno.EADDRNOTAVAIL):
                continue
            for other in sockets:
                other.close()
            raise
        sockets.append(sock)
        port = sock.getsockname()[1]
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, f"no address of {host!r} can be listened on")
    return sockets
