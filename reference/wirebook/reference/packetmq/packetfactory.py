"""The table of a peer's connections.

What may live here: `PacketFactory`, which makes, numbers and finds them.
"""
# The documented names are in camel case.
# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

from wirebook.reference.packetmq.errors import UnknownPeer
from wirebook.reference.packetmq.packetprotocol import PacketProtocol

if TYPE_CHECKING:
    from wirebook.reference.packetmq.peer import Peer

__all__ = ["PacketFactory"]


class PacketFactory:
    """The connections of one peer, by number; `proto` makes them."""

    def __init__(self, parent: Peer, proto: type[PacketProtocol]) -> None:
        self.parent = parent
        self.proto = proto
        self._numbers = 0
        self._by_number: dict[int, PacketProtocol] = {}
        self._lingering: set[PacketProtocol] = set()
        """Those that the application has been told are lost, and whose TCP connection lasts."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[PacketProtocol]:
        return iter(tuple(self._by_number.values()))

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many connections even to take one's leave from."""
        return len(self._by_number) + len(self._lingering) > 2 * self.parent.limits.connections

    @property
    def lingering(self) -> tuple[PacketProtocol, ...]:
        """The connections that are lost for the application, but not closed yet."""
        return tuple(self._lingering)

    def buildProtocol(self, addr: Any) -> PacketProtocol:
        """Return a new connection, and give it a number."""
        connection = self.proto(self.parent, addr)
        self.addClient(connection)
        return connection

    def addClient(self, client: PacketProtocol) -> int:
        """Give a connection the next number, and return that."""
        with self._lock:
            client.number = self._numbers
            self._numbers += 1
            self._by_number[client.number] = client
        return client.number

    def delClient(self, client: PacketProtocol) -> None:
        """Take a connection out; its number is not used again."""
        with self._lock:
            if self._by_number.pop(client.number, None) is not None and not client.ended:
                self._lingering.add(client)

    def forget(self, client: PacketProtocol) -> None:
        """Forget a connection that is closed."""
        self._lingering.discard(client)

    def find(self, arg: Any) -> PacketProtocol:
        """Return the connection that is given as number or object, or raise UnknownPeer."""
        if isinstance(arg, PacketProtocol):
            return arg
        if isinstance(arg, bool) or not isinstance(arg, int):
            raise TypeError(f"a connection is given as number or object, not as {arg!r}")
        try:
            return self._by_number[arg]
        except KeyError:
            raise UnknownPeer(f"there is no connection {arg}") from None
