"""The documented TCP client.

What may live here: `Client`, which connects, and what only clients do.
"""
# The documented names are in camel case.
# ruff: noqa: N802

from __future__ import annotations

import asyncio
from typing import Any

from wirebook.reference.packetmq.errors import UnknownPeer
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.peer import Peer

__all__ = ["Client"]


class Client(Peer):
    """Connects to servers; where none is given, its methods take the first that is connected."""

    def _set_up(self) -> None:
        self._attempts: set[asyncio.Task[None]] = set()

    @property
    def default_peer(self) -> Any:
        """The first connected server; raises UnknownPeer if there is none."""
        connections = list(self.factory)
        for connection in connections:
            if connection.getState() == "active":
                return connection
        if connections:
            return connections[0]
        raise UnknownPeer("the client is not connected")

    def connect(self, address: tuple[str, int]) -> int:
        """Begin to connect to a server, given as host and port; return the connection's number.

        `on_connMade` tells that it has worked out, and `lostConnection` that it has not.
        """
        host, port = address
        connection = self.factory.buildProtocol((host, port))
        self.reactor.call(self._begin_to_connect, connection, host, port)
        return connection.number

    def sendPacket(self, data: Any, dtype: Any, to: Any = None) -> None:
        """Send a packet of a type to a server; see `Peer.sendPacket`."""
        super().sendPacket(data, dtype, self._or_first(to))

    def sendEncoded(self, raw: bytes, to: Any = None) -> None:
        """Send a packet that is encoded already to a server; see `Peer.sendEncoded`."""
        super().sendEncoded(raw, self._or_first(to))

    def recvPacket(self, data: Any, dtype: Any, fromid: Any = None) -> None:
        """Handle a packet of a server that was received and decoded."""
        super().recvPacket(data, dtype, self._or_first(fromid))

    def recvEncoded(self, data: bytes, fromid: Any = None) -> None:
        """Handle a packet of a server as it was received."""
        super().recvEncoded(data, self._or_first(fromid))

    def close(self) -> None:
        """Close all connections, and give up those that are being made."""
        for attempt in tuple(self._attempts):
            attempt.cancel()
        super().close()

    def _or_first(self, arg: Any) -> Any:
        return self.default_peer if arg is None else arg

    def _begin_to_connect(self, connection: PacketProtocol, host: str, port: int) -> None:
        attempt = self.reactor.loop.create_task(self._attempt(connection, host, port))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, connection: PacketProtocol, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: connection, host, port)
        except Exception as error:  # nobody there, or an address that makes no sense
            connection.connection_lost(error)
