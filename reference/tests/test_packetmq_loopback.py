"""The reference over real sockets: streams, endings, hostile peers, and many of them."""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Event as Flag
from typing import Any

import pytest

from tests.helpers_packetmq import (
    CLIENT_IDS,
    HANDSHAKE_OF_CLIENT,
    Kept,
    RawPeer,
    ToldClient,
    ToldServer,
    internal_ids,
    kept,
    leave,
    packet,
    registry,
)
from tests.helpers_reference import covers, eventually
from wirebook.reference.packetmq import Limits, Reactor
from wirebook.reference.packetmq.core import connection
from wirebook.reference.packetmq.errors import NotActive, PacketTooLarge, UnknownPeer
from wirebook.reference.packetmq.packet import Packet
from wirebook.reference.packetmq.peer import Peer

ECHO = packet(17, {"x": 1})
NOTE = (18, {"x": 1})


class Serving:
    """A server that runs, and what is told to its operator."""

    def __init__(self, limits: Limits | None = None, **packets: Any) -> None:
        self.reactor = Reactor()
        self.server = ToldServer(registry(**packets), limits=limits, reactor=self.reactor)
        self.port = self.server.listen(0, host="127.0.0.1")
        self.server.runAsync()

    def close(self) -> None:
        """End it."""
        self.reactor.close()
        assert not self.reactor.running


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A server that echoes."""
    running = Serving()
    yield running
    running.close()


@pytest.fixture
def client() -> Iterator[ToldClient]:
    """A client that runs."""
    reactor = Reactor()
    client = ToldClient(registry(adaptive=True, ids=CLIENT_IDS), reactor=reactor)
    client.runAsync()
    yield client
    reactor.close()


def test_a_session(serving: Serving, client: ToldClient) -> None:
    """Connect, ask, be answered, take leave: both applications are told, and nothing is left."""
    assert client.connect(("127.0.0.1", serving.port)) == 0
    eventually(lambda: client.made)
    client.sendPacket({"x": 1}, "app:echo")
    eventually(lambda: kept(client))
    assert kept(client) == [(0, {"x": 1})]
    client.softquit(0, "reason.bye")
    eventually(lambda: serving.server.lost)
    assert (client.lost, serving.server.lost) == ([(0, "reason.bye")],) * 2
    eventually(lambda: not serving.server.factory.lingering and not client.factory.lingering)
    assert (client.connections, serving.server.connections) == ({}, {})


@covers("PMQ-FRM-002")
def test_a_stream_cut_at_every_octet(serving: Serving) -> None:
    """Two connections for each place at which the stream is cut in two are answered alike."""
    stream = HANDSHAKE_OF_CLIENT + ECHO
    for at in range(1, len(stream), 7):
        with RawPeer.to(serving.port) as peer:
            peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.send(stream[:at])
            peer.read(1)
            peer.send(stream[at:])
            assert peer.read(3)[2] == NOTE


def test_a_softquit_arrives_while_the_peer_floods(serving: Serving) -> None:
    """Whatever is still on its way, the reason comes, and then the end of the stream, no reset."""
    with RawPeer.active(serving.port, SO_SNDBUF=1 << 16) as peer:
        peer.socket.settimeout(0.2)
        peer.send(packet(999, None))
        for _ in range(50):
            try:
                peer.send(ECHO * 200)
            except TimeoutError:
                break
        peer.socket.settimeout(10.0)
        assert peer.read_to_end() == [(1, {"reason": "reason.unknownpacket"})]
        peer.send(ECHO * 200)
    eventually(lambda: not serving.server.factory.lingering)


def test_what_waits_is_sent_before_the_close(serving: Serving) -> None:
    """A softquit behind many packets that want an answer loses none of the answers."""
    with RawPeer.active(serving.port) as peer:
        peer.send(ECHO * 2000, leave("reason.bye"), ECHO)
        assert peer.read_to_end() == [NOTE] * 2000


def test_the_end_of_a_stream_is_not_the_end_of_the_answers(serving: Serving) -> None:
    """Whole packets are answered after the peer has ended its stream; half a packet is dropped."""
    with RawPeer.active(serving.port) as peer:
        peer.send(ECHO * 1000 + ECHO[:-1])
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.read_to_end() == [NOTE] * 1000
    eventually(lambda: serving.server.lost == [(0, None)])


def test_a_reset_in_a_frame(serving: Serving) -> None:
    """The application is told, with what broke the connection, and others go on."""
    with RawPeer.active(serving.port) as witness:
        peer = RawPeer.active(serving.port)
        peer.send(ECHO[:-2])
        peer.reset()
        number, why = eventually(lambda: serving.server.lost)[0]
        assert (number, type(why)) == (1, ConnectionResetError)
        witness.send(ECHO)
        assert witness.read(1) == [NOTE]


@pytest.mark.parametrize("options", [{}, {"SO_RCVBUF": 4096}])
def test_a_peer_that_reads_late_gets_everything(serving: Serving, options: Any) -> None:
    """The server stops reading from it, keeps little, and goes on once it reads."""
    with RawPeer.active(serving.port, **options) as peer:
        (connection,) = serving.server.connections.values()
        payload = packet(17, bytes(50_000))
        peer.socket.settimeout(0.3)
        sent = 0
        try:
            for _ in range(2000):
                peer.send(payload)
                sent += 1
        except TimeoutError:
            pass  # it does not read on: this is what was to be reached
        assert sent < 2000
        assert connection.waiting < 1 << 20
        peer.socket.settimeout(10.0)
        assert peer.read(sent) == [(18, bytes(50_000))] * sent


@covers("PMQ-LIM-003")
def test_a_peer_that_never_reads_is_aborted() -> None:
    """Beyond the limit there is no use in waiting, and the others go on."""
    serving = Serving(Limits(octets_to_send=1 << 18))
    try:
        with (
            RawPeer.active(serving.port) as witness,
            RawPeer.active(serving.port, SO_RCVBUF=4096) as lazy,
        ):
            server = serving.server
            for _ in range(400):
                if server.lost:
                    break
                server.broadcast(bytes(50_000), "app:note")
                witness.read(1)
            eventually(lambda: server.lost == [(1, "reason.overflow")])
            witness.send(ECHO)
            assert witness.read(1) == [NOTE]
            assert ended(lazy.socket)
    finally:
        serving.close()


def ended(sock: socket.socket) -> bool:
    """Read until a connection is closed or reset."""
    with suppress(ConnectionResetError):
        while sock.recv(1 << 16):
            pass
    return True


@covers("PMQ-LIM-001")
def test_connections_are_limited() -> None:
    """One too many gets a softquit only; once another has gone, there is room again."""
    serving = Serving(Limits(connections=3))
    try:
        peers = [RawPeer.active(serving.port) for _ in range(3)]
        with RawPeer.to(serving.port) as other:
            other.send(HANDSHAKE_OF_CLIENT)
            assert other.read_to_end() == [(1, {"reason": "reason.toomany"})]
        peers.pop().socket.close()
        eventually(lambda: len(serving.server.connections) == 2)
        peers.append(RawPeer.active(serving.port))
        for peer in peers:
            peer.send(ECHO)
            assert peer.read(1) == [NOTE]
            peer.socket.close()
        eventually(lambda: not serving.server.connections)
        assert serving.server.lost[0] == (3, "reason.toomany")
    finally:
        serving.close()


def test_a_crowd_is_turned_away() -> None:
    """Far beyond the limit, connections are closed at once, and the first ones live."""
    serving = Serving(Limits(connections=2))
    try:
        first = RawPeer.active(serving.port)
        crowd = [RawPeer.to(serving.port) for _ in range(20)]
        for peer in crowd:
            try:
                assert peer.socket.recv(100)[:6] in (b"", b"\0\0\0\x19\0\1", b"\0\0\0\x0c\0\0")
            except ConnectionResetError:
                continue
        assert len(serving.server.connections) + len(serving.server.factory.lingering) <= 5
        first.send(ECHO)
        assert first.read(1) == [NOTE]
        for peer in (first, *crowd):
            peer.socket.close()
    finally:
        serving.close()


def test_many_connections(serving: Serving) -> None:
    """A hundred peers are all served, each with its own number."""
    peers = [RawPeer.active(serving.port) for _ in range(100)]
    for number, peer in enumerate(peers):
        peer.send(packet(17, number))
    for number, peer in enumerate(peers):
        assert peer.read(1) == [(18, number)]
    eventually(lambda: serving.server.made == list(range(100)))
    for peer in peers:
        peer.reset()
    eventually(lambda: not serving.server.connections)


class Listed(Packet):
    """A packet that puts its payload on a list."""

    def __init__(self, order: list[Any]) -> None:
        self._order = order

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Put it there."""
        self._order.append(packet)


def test_one_peer_takes_no_more_than_its_turn() -> None:
    """While one peer has thousands of packets waiting, another has its turn between them."""
    order: list[Any] = []
    serving = Serving(Limits(packets_per_turn=16), note=Listed(order))
    everything_is_there = Flag()
    try:
        with RawPeer.active(serving.port) as greedy, RawPeer.active(serving.port) as other:
            serving.reactor.call(everything_is_there.wait, 10.0)
            greedy.send(packet(18, "greedy") * 2000)
            other.send(packet(18, "other"))
            everything_is_there.set()
            eventually(lambda: len(order) == 2001)
        assert order.index("other") <= 2 * 16
    finally:
        serving.close()


def test_timers_run(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stays in the handshake, nor in the farewell, for longer than the book's periods."""
    monkeypatch.setattr(connection, "HANDSHAKE_DEADLINE", 0.2)
    monkeypatch.setattr(connection, "FAREWELL_PERIOD", 0.2)
    with RawPeer.active(serving.port) as witness, RawPeer.to(serving.port) as peer:
        assert peer.read_to_end() == [(0, {"version": 1}), (1, {"reason": "reason.timeout"})]
        eventually(lambda: not serving.server.factory.lingering)
        witness.send(ECHO)
        assert witness.read(1) == [NOTE]


@pytest.mark.parametrize("address", [("127.0.0.1", 70000), ("nowhere.invalid\0", 1), ("", "x")])
def test_addresses_that_make_no_sense(client: ToldClient, address: Any) -> None:
    """They are nobody's address, and that is all."""
    client.connect(address)
    eventually(lambda: client.lost)


def test_a_failing_beginning_is_contained(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    """A program whose `initConnection` fails has no connections, and is told why."""
    vars(serving.server).update(initConnection=_fail)
    with RawPeer.to(serving.port) as peer:
        assert ended(peer.socket)
    eventually(lambda: serving.server.lost == [(0, None)])
    assert [record.message for record in caplog.records] == ["initConnection failed"]


def test_registries_that_no_frame_can_hold(serving: Serving) -> None:
    """The program learns that when it listens, or connects, and not from its peers."""
    for number in range(19, 3000):
        serving.server.registry.addPacket(f"app:{number:040}", Kept(), number)
    with pytest.raises(PacketTooLarge):
        serving.server.listen(0, host="127.0.0.1")


def test_a_peer_of_old_that_packs_text_as_octets(serving: Serving) -> None:
    """The handshake works with bin for every text, and application packets stay as they are."""
    octets = {name.encode(): number for name, number in {**internal_ids(), **CLIENT_IDS}.items()}
    with RawPeer.to(serving.port) as peer:
        peer.send(packet(0, {b"version": 1}))
        peer.send(packet(2, {b"adapt": True, b"idmap": octets}), packet(3, None))
        peer.send(packet(17, {b"k": b"v"}))
        assert peer.read(4)[3] == (18, {b"k": b"v"})


class Failing(Packet):
    """A packet whose callback fails."""

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Fail."""
        raise RuntimeError("on purpose")


@covers("PMQ-EXC-004")
def test_failing_callbacks_are_contained(caplog: pytest.LogCaptureFixture) -> None:
    """The operator is told, once for many, and the next packet counts."""
    serving = Serving(note=Failing())
    try:
        with (
            caplog.at_level(logging.ERROR, "wirebook.packetmq"),
            RawPeer.active(serving.port) as peer,
        ):
            vars(serving.server).update(on_connMade=_fail, lostConnection=_fail)
            peer.send(packet(18, None) * 5, ECHO)
            assert peer.read(1) == [NOTE]
            with RawPeer.active(serving.port) as other:
                other.send(leave("reason.bye"))
                other.read_to_end()
            eventually(lambda: len(serving.server.connections) == 1)
        told = [record.message for record in caplog.records]
        assert told == [
            "the callback for app:note failed",
            "on_connMade failed",
            "lostConnection failed",
        ]
    finally:
        serving.close()


def _fail(*_: Any) -> None:
    raise RuntimeError("on purpose")


@covers("PMQ-SEC-003")
def test_reasons_are_made_fit_for_the_log(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    """No control characters, and no more than 200 characters of it; the application gets it all."""
    reason = "line\r\nforged\x1b[31m\u202e" + "x" * 1000
    with caplog.at_level(logging.INFO, "wirebook.packetmq"), RawPeer.active(serving.port) as peer:
        peer.send(leave(reason))
        peer.read_to_end()
        eventually(lambda: serving.server.lost)
    assert serving.server.lost == [(0, reason)]
    (line,) = [record.message for record in caplog.records if "lost" in record.message]
    assert r"line\r\nforged\x1b[31m\u202exxx" in line
    assert line.isprintable()
    assert len(line.partition("lost, ")[2]) == 200


@covers("PMQ-SEC-001")
def test_the_operator_sees_connections_and_ends_them(serving: Serving) -> None:
    """Those in the handshake are listed, too, with address and state, and each can be ended."""
    with RawPeer.active(serving.port) as one, RawPeer.to(serving.port) as another:
        another.read(1)
        listed = eventually(lambda: serving.server.connections)
        assert {number: state.getState() for number, state in listed.items()} == {
            0: "active",
            1: "connMade",
        }
        assert listed[0].addr == one.socket.getsockname()
        for number in listed:
            serving.server.softquit(number, "reason.operator")
        for peer in (one, another):
            assert peer.read_to_end() == [(1, {"reason": "reason.operator"})]
    assert serving.server.connections == {}
    with pytest.raises(UnknownPeer):
        serving.server.softquit(0)


def test_packets_are_refused_before_and_after(serving: Serving, client: ToldClient) -> None:
    """Sending needs an active connection, and says so otherwise."""
    with pytest.raises(UnknownPeer):
        client.sendPacket(None, "app:echo")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client.connect(silent.getsockname())
        with pytest.raises(NotActive):
            client.sendPacket(None, "app:echo")
        client.softquit(0, "reason.changed")
        eventually(lambda: client.lost == [(0, "reason.changed")])
    assert isinstance(kept(serving.server), list)


def test_several_ports_and_both_families() -> None:
    """A server listens to as many ports as it is told; without a host, to IPv4 and IPv6."""
    serving = Serving()
    try:
        everywhere = serving.server.listen(0)
        for port, host in (
            (serving.port, "127.0.0.1"),
            (everywhere, "127.0.0.1"),
            (everywhere, "::1"),
        ):
            try:
                sock = socket.create_connection((host, port), timeout=10.0)
            except OSError:
                assert host == "::1"  # this machine has no IPv6
                continue
            with RawPeer(sock) as peer:
                assert peer.read(1) == [(0, {"version": 1})]
        with pytest.raises(OSError, match=r"."):
            serving.server.listen(serving.port, host="127.0.0.1")
    finally:
        serving.close()
