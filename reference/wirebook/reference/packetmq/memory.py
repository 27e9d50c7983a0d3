"""The documented peers in one process: no TCP, no handshake, and payloads handed over as they are.

What may live here: `MemoryServer` and `MemoryClient`. Whatever one does, the other's callbacks run
before the call returns, in the caller's thread.
"""
# The documented names are in camel case.
# ruff: noqa: N802

from __future__ import annotations

from typing import Any

from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.client import Client
from wirebook.reference.packetmq.errors import LocalProtocolError, UnknownPeer
from wirebook.reference.packetmq.peer import Peer
from wirebook.reference.packetmq.server import Server
from wirebook.spec.packetmq.states import Reason

__all__ = ["MemoryClient", "MemoryServer"]


class _Link:
    """A connection of two peers."""

    def __init__(self, *ends: _InMemory) -> None:
        self._ends = ends
        self._ending = False

    def other(self, end: Peer) -> _InMemory:
        """Return the other end."""
        one, another = self._ends
        return another if end is one else one

    def begin(self) -> None:
        """Let both have the connection."""
        for end in self._ends:
            end.take_up(self)
        for end in self._ends:
            end.initConnection(self.other(end))
        for end in self._ends:
            end.call("on_connMade", end.peerFileno(self.other(end)))

    def end(self, reason: str) -> None:
        """Take the connection from both, after they have been told."""
        if self._ending:  # one of the callbacks below asks for it again
            return
        self._ending = True
        for end in self._ends:
            end.call("lostConnection", self.other(end), reason)
        for end in self._ends:
            end.give_up(self)


class _InMemory(Peer):
    """What both sides do alike. A connection's object is the other peer, and it has a number."""

    def getState(self) -> str:
        """Return the state: connMade, active or softquitted."""
        return self._state

    def setState(self, state: str) -> None:
        """Set the state, which nothing depends on."""
        self._state = state

    def peerObj(self, arg: Any) -> Any:
        """Return the other peer of a connection that is given as number or as that."""
        return self._links[self.peerFileno(arg)].other(self)

    def peerFileno(self, arg: Any) -> int:
        """Return the number of a connection that is given as number or as the other peer."""
        if not isinstance(arg, int | Peer) or isinstance(arg, bool):
            raise TypeError(f"a connection is given as number or object, not as {arg!r}")
        for number, link in self._links.items():
            if number == arg or link.other(self) is arg:
                return number
        raise UnknownPeer(f"there is no connection {arg}")

    def initConnection(self, conn: Any) -> None:
        """Do something about a new connection; there is no handshake."""

    def sendPacket(self, data: Any, dtype: Any, to: Any = None) -> None:
        """Hand a packet over to the other peer; raise UnknownPacket if it has none of that name."""
        other = self.peerObj(self._or_first(to))
        name = self.registry.packetStr(dtype)
        other.registry.packetStr(name)
        self.registry.packetObj(name).onSend(data, other, self)
        other.hand_over(data, name, self)

    def sendEncoded(self, raw: bytes, to: Any = None) -> None:
        """Hand over a packet that is encoded already: its id here, and its payload."""
        name = self.registry.packetStr(int.from_bytes(raw[: codec.ID_SIZE]))
        value = codec.check_payload(raw[codec.ID_SIZE :])
        self.peerObj(self._or_first(to)).hand_over(value, name, self)

    def recvEncoded(self, data: bytes, fromid: Any = None) -> None:
        """Handle a packet with its id here, and its payload."""
        name = self.registry.packetStr(int.from_bytes(data[: codec.ID_SIZE]))
        self.recvPacket(codec.unpack(data[codec.ID_SIZE :]), name, self._or_first(fromid))

    def softquit(self, peer: Any, reason: str = Reason.UNKNOWN.value) -> None:
        """End the connection with a peer; without a reason of one's own, it is the generic one."""
        generic = Reason.GENERIC.value
        link = self._links[self.peerFileno(peer)]
        link.end(generic if reason == Reason.UNKNOWN.value else reason)

    def take_up(self, link: _Link) -> None:
        """Take a new connection."""
        if any(known.other(self) is link.other(self) for known in self._links.values()):
            raise LocalProtocolError("they are connected already")
        self._links[self._count] = link
        self._count += 1
        self.setState("active")

    def give_up(self, link: _Link) -> None:
        """Forget a connection."""
        del self._links[self.peerFileno(link.other(self))]
        if not self._links:
            self.setState("softquitted")

    def hand_over(self, data: Any, name: str, sender: Peer) -> None:
        """Handle what another peer hands over."""
        self.call("recvPacket", data, name, self.peerFileno(sender))

    def call(self, callback: str, *args: Any) -> None:
        """Call a method that the program may have overridden."""
        try:
            getattr(self, callback)(*args)
        except Exception:
            self.complaints.failed(callback)

    def _set_up(self) -> None:
        super()._set_up()
        self._state = "connMade"
        self._links: dict[int, _Link] = {}
        self._count = 0

    def _or_first(self, arg: Any) -> Any:
        if arg is None and not self._links:
            raise UnknownPeer("there is no connection")
        return min(self._links) if arg is None else arg


class MemoryServer(_InMemory, Server):
    """Serves clients of the same process."""

    def listen(self, port: int, *, host: str | None = None) -> int:
        """Refuse: nobody can connect to it but clients of the same process."""
        raise LocalProtocolError(f"a memory server does not listen to {host or ''}:{port}")

    def connectClient(self, client: MemoryClient) -> None:
        """Connect a client; `MemoryClient.connect` does so."""
        _Link(self, client).begin()

    def disconnectClient(self, client: MemoryClient) -> None:
        """End the connection with a client; `MemoryClient.disconnect` does so."""
        self.softquit(client)


class MemoryClient(_InMemory, Client):
    """Connects to servers of the same process."""

    def connect(self, server: MemoryServer) -> int:  # type: ignore[override]  # as documented
        """Connect to a server; return the number of the connection."""
        server.connectClient(self)
        return self.peerFileno(server)

    def disconnect(self, server: MemoryServer | None = None) -> None:
        """End the connection with a server, the first one if none is given."""
        self.peerObj(self._or_first(server)).disconnectClient(self)
