"""Clients of the reference over real sockets: servers that mislead them, or are not there."""

import socket
from collections.abc import Iterator

import pytest

from tests.helpers_packetmq import (
    CLIENT_IDS,
    HANDSHAKE_OF_SERVER,
    RawPeer,
    ToldClient,
    internal_ids,
    kept,
    packet,
    registry,
)
from tests.helpers_reference import covers, eventually
from wirebook.reference.packetmq import Reactor

ECHO = packet(17, {"x": 1})
NOTE = (18, {"x": 1})


@pytest.fixture
def client() -> Iterator[ToldClient]:
    """A client that runs."""
    reactor = Reactor()
    client = ToldClient(registry(adaptive=True, ids=CLIENT_IDS), reactor=reactor)
    client.runAsync()
    yield client
    reactor.close()


@pytest.fixture
def fake_server() -> Iterator[socket.socket]:
    """A socket that listens, for servers made by hand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10.0)
        yield listener


def accept(listener: socket.socket) -> RawPeer:
    """Return the next connection to a server made by hand."""
    return RawPeer(listener.accept()[0])


@covers("PMQ-IDS-001")
def test_ids_of_two_servers(fake_server: socket.socket, client: ToldClient) -> None:
    """With two servers, each connection has its server's ids, and the registry its own."""
    other_ids = {"app:note": 60000, "app:echo": 16}
    peers = []
    for ids in ({"app:echo": 17, "app:note": 18}, other_ids):
        client.connect(fake_server.getsockname())
        peer = accept(fake_server)
        pubids = packet(2, {"adapt": False, "idmap": {**internal_ids(), **ids}})
        peer.send(HANDSHAKE_OF_SERVER[:16], pubids, packet(3, None))
        peer.read(3)
        peers.append(peer)
    eventually(lambda: client.made == [0, 1])
    for number in (0, 1):
        client.sendPacket(number, "app:echo", number)
        client.sendPacket(number, 40, number)  # the id in the registry means the same
    assert peers[0].read(2) == [(17, 0)] * 2
    assert peers[1].read(2) == [(16, 1)] * 2
    peers[0].send(packet(18, "a"))
    peers[1].send(packet(60000, "b"))
    eventually(lambda: len(kept(client)) == 2)
    assert sorted(kept(client)) == [(0, "a"), (1, "b")]
    assert client.registry.packetInt("app:echo") == 40
    for peer in peers:
        peer.socket.close()


def test_a_hostile_server_misleads_nobody(fake_server: socket.socket, client: ToldClient) -> None:
    """Remapped internal packets are refused, and the next connection is none the worse."""
    hostile = {**internal_ids(), "packetmq:softquit": 17, "app:echo": 1, "app:note": 0}
    client.connect(fake_server.getsockname())
    with accept(fake_server) as peer:
        peer.send(HANDSHAKE_OF_SERVER[:16], packet(2, {"adapt": False, "idmap": hostile}))
        assert peer.read(3)[2] == (1, {"reason": "reason.malformed"})
    client.connect(fake_server.getsockname())
    with accept(fake_server) as peer:
        peer.send(HANDSHAKE_OF_SERVER)
        eventually(lambda: client.made == [1])
        client.sendPacket(None, "app:echo")
        assert peer.read(4)[3] == (17, None)
    eventually(lambda: client.lost[-1:] == [(1, None)])


def test_nobody_listens(client: ToldClient, fake_server: socket.socket) -> None:
    """A connection that fails is lost, with the error, and the number is not used again."""
    address = fake_server.getsockname()
    fake_server.close()
    assert client.connect(address) == 0
    number, why = eventually(lambda: client.lost)[0]
    assert (number, isinstance(why, OSError)) == (0, True)
    assert client.connect(address) == 1
