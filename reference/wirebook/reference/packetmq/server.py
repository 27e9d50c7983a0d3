"""The documented TCP server.

What may live here: `Server`, which listens.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from wirebook.reference.packetmq.operator_log import logger
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.peer import Peer

__all__ = ["Server"]

_BACKLOG: Final = 128
"""Connections that wait to be accepted."""


class Server(Peer):
    """Listens to clients."""

    reads_on = False

    def _set_up(self) -> None:
        self._listeners: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, port: int, *, host: str | None = None) -> int:
        """Listen to a TCP port, at every address of this machine unless a host is given.

        Can be called several times, for several ports. Returns the port, which the system chooses
        if 0 is given. Raises OSError if it cannot be had.
        """
        self.factory.proto(
            self, None
        )  # raises what an unusable registry would raise for each connection
        listener = _listener(host, port)
        self._listeners.append(listener)
        self.reactor.call(self._begin_to_accept, listener)
        bound: int = listener.getsockname()[1]
        logger.info("listening on %s, port %d", host or "every address", bound)
        return bound

    def _begin_to_accept(self, listener: socket.socket) -> None:
        task = self.reactor.loop.create_task(self._accept_from(listener))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept_from(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._accepted, sock=listener, backlog=_BACKLOG)
        self._servers.append(server)

    def _accepted(self) -> PacketProtocol:
        connection = self.factory.buildProtocol(None)
        connection.too_many = len(self.factory) > self.limits.connections  # PMQ-LIM-001
        return connection

    def close(self) -> None:
        """Accept no more connections, and close those that there are, with the softquits unsaid."""
        for server in self._servers:
            server.close()
        for listener in self._listeners:
            listener.close()
        self._servers.clear()
        self._listeners.clear()
        super().close()


def _listener(host: str | None, port: int) -> socket.socket:
    if host is None and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    family = socket.AF_INET
    if host:
        family, *_ = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return socket.create_server((host or "", port), family=family, backlog=_BACKLOG)
