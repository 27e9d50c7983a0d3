"""Peers in one process, by the documented API."""
# The documented names are in camel case.
# ruff: noqa: N802

from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers_packetmq import CLIENT_IDS, Kept, Told, kept, registry
from wirebook.reference.packetmq import MemoryClient, MemoryServer, PacketRegistry, Reactor
from wirebook.reference.packetmq.errors import LocalProtocolError, UnknownPacket, UnknownPeer
from wirebook.reference.packetmq.packet import EchoPacket, Packet


@pytest.fixture
def loop() -> Iterator[Reactor]:
    """A reactor that is closed afterwards."""
    own = Reactor()
    yield own
    own.close()


class MemoryToldServer(Told, MemoryServer):
    """A memory server that remembers what it is told."""

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Remember it, and say a last word."""
        self.lost.append((self.peerFileno(conn), reason))
        self.sendPacket("last", "app:note", conn)


class MemoryToldClient(Told, MemoryClient):
    """A memory client that remembers what it is told."""

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Remember it."""
        self.lost.append((self.peerFileno(conn), reason))


@pytest.fixture
def memory(loop: Reactor) -> tuple[MemoryToldServer, MemoryToldClient]:
    """A memory server and a client of it, connected."""
    server = MemoryToldServer(registry(), reactor=loop)
    client = MemoryToldClient(registry(adaptive=True, ids=CLIENT_IDS), reactor=loop)
    assert client.getState() == "connMade"
    assert client.connect(server) == 0
    return server, client


def test_peers_in_one_process(memory: tuple[MemoryToldServer, MemoryToldClient]) -> None:
    """They are active at once; values are handed over as they are, before the call returns."""
    server, client = memory
    assert (server.made, client.made, server.getState(), client.getState()) == (
        [0],
        [0],
        "active",
        "active",
    )
    thing = object()
    client.sendPacket(thing, "app:echo")
    server.sendPacket("x", 18, client)
    client.sendEncoded(b"\0\x28\xa1y", 0)
    client.recvEncoded(b"\0\x29\xa1z")
    assert kept(client) == [(0, thing), (0, "x"), (0, "y"), (0, "z")]
    assert (client.peerObj(0), server.peerObj(client)) == (server, client)


def test_memory_peers_part(memory: tuple[MemoryToldServer, MemoryToldClient]) -> None:
    """Both are told, with the generic reason or an own one, and can still send then."""
    server, client = memory
    client.disconnect()
    assert (server.lost, client.lost) == ([(0, "reason.generic")],) * 2
    assert kept(client) == [(0, "last")]
    assert (server.getState(), client.getState()) == ("softquitted", "softquitted")
    assert client.connect(server) == 1
    server.softquit(client, "reason.own")
    assert (server.lost[1], client.lost[1]) == ((1, "reason.own"),) * 2
    with pytest.raises(UnknownPeer):
        client.disconnect()
    with pytest.raises(UnknownPeer):
        client.sendPacket(1, "app:echo")
    client.setState("anything")
    assert client.getState() == "anything"


def test_memory_peers_refuse(memory: tuple[MemoryToldServer, MemoryToldClient]) -> None:
    """A name that the other side lacks, a second connection, and ports."""
    server, client = memory
    client.registry.addPacket("app:own", Packet(), 50)
    with pytest.raises(UnknownPacket):
        client.sendPacket(1, "app:own")
    with pytest.raises(LocalProtocolError):
        client.connect(server)
    with pytest.raises(LocalProtocolError):
        server.listen(0)
    for wrong, error in ((5, UnknownPeer), (server, UnknownPeer), ("x", TypeError)):
        with pytest.raises(error):
            server.peerObj(wrong)
    assert server.made == [0]


def test_memory_callbacks_are_contained(
    memory: tuple[MemoryToldServer, MemoryToldClient], caplog: pytest.LogCaptureFixture
) -> None:
    """The receiver's mistake is not the sender's."""
    server, client = memory
    server.registry.packetObj("app:echo").retType = "no:such"  # type: ignore[attr-defined]
    client.sendPacket(1, "app:echo")
    assert [record.message for record in caplog.records] == ["recvPacket failed"]


def test_memory_peers_without_callbacks(loop: Reactor) -> None:
    """The plain classes do."""
    server, client = MemoryServer(registry(), reactor=loop), MemoryClient(registry(), reactor=loop)
    client.connect(server)
    client.sendPacket(1, "app:echo")
    client.disconnect(server)
    assert kept(client) == [(0, 1)]


def test_echo_packet_takes_any_type(loop: Reactor) -> None:
    """The type of the answer is given as name, id or object."""
    note = Kept()
    for kind in ("app:note", 18, note):
        packets = PacketRegistry()
        packets.addPacket("app:note", note if kind is note else Packet(), 18)
        packets.addPacket("app:echo", EchoPacket(kind), 17)
        server = MemoryServer(packets, reactor=loop)
        client = MemoryClient(registry(), reactor=loop)
        client.connect(server)
        client.sendPacket(1, "app:echo")
        assert kept(client) == [(0, 1)]
