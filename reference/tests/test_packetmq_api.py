"""The documented classes: the registry, packets and their callbacks, running, and memory peers."""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

import gc
from collections.abc import Iterator
from threading import Event as Flag
from threading import Thread, current_thread
from typing import Any

import pytest

from tests.helpers_packetmq import (
    CLIENT_IDS,
    ToldClient,
    ToldServer,
    kept,
    registry,
)
from tests.helpers_reference import covers, eventually
from wirebook.reference.packetmq import (
    PacketRegistry,
    Reactor,
    codec,
    reactor,
)
from wirebook.reference.packetmq.errors import (
    LocalProtocolError,
    Refused,
    Unencodable,
    UnknownPacket,
    UnknownPeer,
)
from wirebook.reference.packetmq.examples import getting_started
from wirebook.reference.packetmq.packet import Packet, PrintPacket
from wirebook.reference.packetmq.peer import Peer


@pytest.fixture
def loop() -> Iterator[Reactor]:
    """A reactor that is closed afterwards."""
    own = Reactor()
    yield own
    own.close()


@pytest.fixture
def pair(loop: Reactor) -> tuple[ToldServer, ToldClient]:
    """A server and a client of it, connected."""
    return connected(loop, {})


def connected(
    loop: Reactor, packets: dict[str, Packet], client_type: type[ToldClient] = ToldClient
) -> tuple[ToldServer, Any]:
    """Return a server that echoes, and a client with these packets, connected and running."""
    server = ToldServer(registry(), reactor=loop)
    port = server.listen(0, host="127.0.0.1")
    client = client_type(registry(adaptive=True, ids=CLIENT_IDS, **packets), reactor=loop)
    client.connect(("127.0.0.1", port))
    client.runAsync()
    eventually(lambda: client.made and server.made)
    return server, client


@covers("PMQ-PID-003")
@pytest.mark.parametrize("number", [-1, 0, 3, 15, 65536, 2**40, 17.0, True, "17"])
def test_ids_out_of_range_are_refused(number: Any) -> None:
    """The caller is told, and the registry is as before."""
    packets = PacketRegistry()
    with pytest.raises(Refused) as refused:
        packets.addPacket("app:echo", Packet(), number)
    assert refused.value.requirement == "PMQ-PID-003"
    assert packets.application_ids() == {}


@covers("PMQ-PID-003")
def test_ids_in_range_are_taken() -> None:
    """From 16 to 65535; less for those who are allowed to bypass the check."""
    packets = PacketRegistry()
    for name, number in (("a:least", 16), ("a:most", 65535)):
        packets.addPacket(name, Packet(), number)
    packets.addPacket("a:internal", Packet(), 9, True)
    assert [packets.packetInt(name) for name in ("a:least", "a:most", "a:internal")] == [
        16,
        65535,
        9,
    ]


@covers("PMQ-PID-004")
def test_names_and_ids_are_unique() -> None:
    """What is there already is refused until it has been deleted."""
    packets = registry()
    for name, number in (("app:echo", 99), ("app:new", 17)):
        with pytest.raises(Refused) as refused:
            packets.addPacket(name, Packet(), number)
        assert refused.value.requirement == "PMQ-PID-004"
    packets.delPacket("app:echo")
    packets.addPacket("app:new", Packet(), 17)
    assert packets.application_ids() == {"app:note": 18, "app:new": 17}


@covers("PMQ-PID-005")
@pytest.mark.parametrize(
    "name", ["", "echo", ":", "a:", ":b", "a:b:c", "ä:b", "a:b\n", "a\x00:b", "a::b", b"a:b", None]
)
def test_other_names_are_refused(name: Any) -> None:
    """A name is printable ASCII with one colon and something on both sides of it."""
    with pytest.raises(Refused) as refused:
        PacketRegistry().addPacket(name, Packet(), 17)
    assert refused.value.requirement == "PMQ-PID-005"


def test_packets_are_given_as_name_id_or_object() -> None:
    """Each leads to the others; what is not there, and what is none of them, is told apart."""
    packets = registry()
    packets.registerDefaultPackets()
    packets.registerDefaultPackets()
    echo = packets.packetObj("app:echo")
    for given in ("app:echo", 17, echo):
        assert packets.packetStr(given) == "app:echo"
        assert packets.packetInt(given) == 17
        assert packets.packetObj(given) is echo
    assert (echo.name, echo.numid) == ("app:echo", 17)
    assert packets.packetStr(1) == "packetmq:softquit"
    unknown: Any
    for unknown, error in (("a:b", UnknownPacket), (99, KeyError), (Packet(), KeyError)):
        with pytest.raises(error):
            packets.packetInt(unknown)
    for unknown in (None, 1.5, True, b"app:echo"):
        with pytest.raises(TypeError):
            packets.packetStr(unknown)


def test_errors_read_well() -> None:
    """A KeyError of ours says what it has to say without quotes."""
    assert str(UnknownPeer("there is no connection 5")) == "there is no connection 5"
    assert str(Refused("no", requirement="PMQ-PID-003")) == "no (PMQ-PID-003)"


def test_connections_are_given_as_number_or_object(pair: tuple[ToldServer, ToldClient]) -> None:
    """Wherever one is asked for; a client has the first one as a default."""
    server, client = pair
    connection = client.peerObj(0)
    assert client.peerObj(connection) is connection
    assert client.peerFileno(connection) == client.peerFileno(0) == 0
    for given in (0, connection, None):
        client.sendPacket(1, "app:echo", given)
    client.sendEncoded(b"\0\x11\x02")
    eventually(lambda: len(kept(client)) == 4)
    assert kept(client) == [(0, 1)] * 3 + [(0, 2)]
    wrong: Any
    for wrong, error in ((7, UnknownPeer), ("0", TypeError), (True, TypeError)):
        with pytest.raises(error):
            server.peerObj(wrong)


class Watching(Packet):
    """A packet that keeps what its callbacks get."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def onSend(self, data: Any, to: Any, fromobj: Peer, *args: Any, **kwargs: Any) -> None:
        """Keep it."""
        self.calls.append(("send", data, to, fromobj))

    def onEncode(self, data: Any, to: Any = -1) -> Any:
        """Turn a set into something that can travel, and a bytearray into octets of its own."""
        self.calls.append(("encode", data, to))
        if isinstance(data, bytearray):
            return bytes(data)
        return sorted(data) if isinstance(data, set) else data

    def onDecode(self, data: bytes, fromid: Any = -1) -> Any:
        """Turn it back, the hard way."""
        self.calls.append(("decode", data, fromid))
        value = codec.unpack(data)
        return set(value) if isinstance(value, list) else data

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Keep it."""
        self.calls.append(("receive", packet, fromid, to))


def test_callbacks_of_packets(loop: Reactor) -> None:
    """All four run in their order, with what the original gives them."""
    asked, told = Watching(), Watching()
    _, client = connected(loop, {"echo": asked, "note": told})
    connection = client.peerObj(0)
    client.sendPacket({3, 1, 2}, "app:echo", 0)
    assert asked.calls == [
        ("send", {3, 1, 2}, connection, client),
        ("encode", {3, 1, 2}, connection),
    ]
    eventually(lambda: len(told.calls) == 2)
    assert told.calls == [("decode", b"\x93\1\2\3", 0), ("receive", {1, 2, 3}, 0, client)]
    client.sendPacket(bytearray(b"\xa1x"), "app:echo")  # octets that are encoded already
    client.sendPacket(b"\xa1x", "app:echo")  # octets as a value
    eventually(lambda: len(told.calls) == 6)
    assert [told.calls[at][1] for at in (3, 5)] == ["x", b"\xa1x"]


def test_what_cannot_be_sent_is_refused(pair: tuple[ToldServer, ToldClient]) -> None:
    """The caller is told why, nothing is sent, and the connection lives."""
    _, client = pair
    for value in (object(), "x" * 100_000, {(1,): 2}):
        with pytest.raises(Unencodable):
            client.sendPacket(value, "app:echo")
    for raw, error in (
        (b"", UnknownPacket),
        (b"\0\x11", Unencodable),
        (b"\0\x11\xc1", Unencodable),
        (b"\0\x28\xc0", UnknownPacket),  # its own id for it, and not the connection's
        (b"\0\x01\xc0", UnknownPacket),
    ):
        with pytest.raises(error):
            client.sendEncoded(raw)
    with pytest.raises(UnknownPacket, match="for the protocol itself"):
        client.sendPacket({}, "packetmq:softquit")
    client.sendPacket(5, "app:echo")
    eventually(lambda: kept(client) == [(0, 5)])


def test_packets_registered_later_are_not_on_old_connections(
    pair: tuple[ToldServer, ToldClient],
) -> None:
    """The peer has never heard of them."""
    _, client = pair
    client.registry.addPacket("app:later", Packet(), 99)
    with pytest.raises(UnknownPacket, match="has no packet app:later"):
        client.sendPacket(1, "app:later")


def test_print_packet_prints(loop: Reactor, capsys: pytest.CaptureFixture[str]) -> None:
    """What was received, and from whom."""
    _, client = connected(loop, {"note": PrintPacket()})
    client.sendPacket({"x": "\x1b"}, "app:echo")
    shown = eventually(lambda: capsys.readouterr().out)
    assert shown == "app:note from connection 0: {'x': '\\x1b'}\n"


class Looking(ToldClient):
    """A client that overrides what the original lets one override."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: list[tuple[Any, ...]] = []

    def initConnection(self, conn: Any) -> None:
        """See it."""
        self.seen.append(("init", conn.number))
        super().initConnection(conn)

    def sendEncoded(self, raw: bytes, to: Any = None) -> None:
        """See it."""
        self.seen.append(("sent", raw))
        super().sendEncoded(raw, to)

    def recvEncoded(self, data: bytes, fromid: Any = None) -> None:
        """See it, and change it."""
        self.seen.append(("raw", data))
        super().recvEncoded(data[:-1] + b"\x07", fromid)

    def recvPacket(self, data: Any, dtype: Any, fromid: Any = None) -> None:
        """See it."""
        self.seen.append(("packet", data, dtype, fromid))
        super().recvPacket(data, dtype, fromid)


def test_methods_may_be_overridden(loop: Reactor) -> None:
    """Every packet goes through them, on its way in and out."""
    _, client = connected(loop, {}, Looking)
    client.sendPacket(1, "app:echo")
    eventually(lambda: kept(client) == [(0, 7)])
    assert client.seen == [
        ("init", 0),
        ("sent", b"\0\x11\1"),
        ("raw", b"\0\x12\1"),
        ("packet", 7, "app:note", 0),
    ]


def test_recv_packet_can_be_called(pair: tuple[ToldServer, ToldClient]) -> None:
    """A program may hand packets to itself, with the default connection or another."""
    _, client = pair
    client.recvPacket("a", "app:note")
    client.recvEncoded(b"\0\x12\xa1b", 0)
    assert kept(client) == [(0, "a"), (0, "b")]
    with pytest.raises(UnknownPacket):
        client.recvEncoded(b"\0\x63\xc0")


def test_threads_may_send(pair: tuple[ToldServer, ToldClient]) -> None:
    """Packets of many threads all arrive, each thread's in its order, handled by one thread."""
    server, client = pair
    threads: set[str] = set()

    def noting(data: Any, dtype: Any, fromid: Any) -> None:
        threads.add(current_thread().name)
        Peer.recvPacket(server, data, dtype, fromid)

    vars(server)["recvPacket"] = noting

    def send(number: int) -> None:
        for count in range(200):
            client.sendPacket([number, count], "app:echo")

    senders = [Thread(target=send, args=(number,)) for number in range(5)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    eventually(lambda: len(kept(client)) == 1000)
    for number in range(5):
        counts = [count for _, (thread, count) in kept(client) if thread == number]
        assert counts == list(range(200))
    assert threads == {"packetmq"}


def test_broadcast_encodes_once(loop: Reactor) -> None:
    """Every active connection gets it, others and the ones that are left out do not."""
    server, first = connected(loop, {})
    port = server.listen(0, host="127.0.0.1")
    others = [ToldClient(registry(adaptive=True, ids=CLIENT_IDS), reactor=loop) for _ in range(2)]
    for client in others:
        client.connect(("127.0.0.1", port))
    eventually(lambda: len(server.made) == 3)
    server.broadcast({"n": 1}, "app:note")
    server.broadcast({"n": 2}, "app:note", to=[0])
    everyone = (first, *others)
    eventually(lambda: [len(kept(client)) for client in everyone] == [2, 1, 1])
    with pytest.raises(Unencodable):
        server.broadcast(object(), "app:note")


def test_run_blocks_until_stop(loop: Reactor) -> None:
    """In whatever thread; connections stay, and another run goes on with them."""
    server, client = connected(loop, {})
    client.stop()
    assert not loop.running
    client.sendPacket(1, "app:echo")  # it waits until somebody runs
    runners = [Thread(target=peer.run) for peer in (server, client)]
    for runner in runners:
        runner.start()
    eventually(lambda: kept(client) == [(0, 1)])
    server.stop()
    for runner in runners:
        runner.join(10.0)
        assert not runner.is_alive()
    client.stop()  # once more does no harm


def test_stop_from_a_callback(loop: Reactor) -> None:
    """The loop ends without waiting for itself."""
    _, client = connected(loop, {})
    loop.call(client.stop)
    eventually(lambda: not loop.running)


def test_deleting_the_last_peer_stops_the_loop(loop: Reactor) -> None:
    """As documented; as long as there is another, it goes on."""
    one, another = (ToldClient(registry(), reactor=loop) for _ in range(2))
    one.runAsync()
    another.runAsync()
    del one
    gc.collect()
    assert loop.running
    del another
    gc.collect()
    eventually(lambda: not loop.running)


def test_getting_started(free_port: int) -> None:
    """The first program runs as it stands there: all peers that name no reactor share one."""
    try:
        assert getting_started.main(free_port) == [{"question": "are you there?"}]
    finally:
        reactor.default().close()
        reactor.default.cache_clear()


@pytest.fixture
def free_port(loop: Reactor) -> int:
    """A port that nobody listens to."""
    server = ToldServer(registry(), reactor=loop)
    port = server.listen(0)
    server.close()
    return port


def test_states_of_connections(pair: tuple[ToldServer, ToldClient]) -> None:
    """The state can be read by the original's name, and is not for the program to set."""
    connection = pair[1].peerObj(0)
    assert connection.getState() == "active"
    connection.setState("active")
    with pytest.raises(LocalProtocolError):
        connection.setState("connMade")
    assert repr(connection).startswith("<connection 0, active, ('127.0.0.1', ")


def test_reactors_run_callables_from_anywhere(loop: Reactor) -> None:
    """Before it runs, while it does, and, without effect, after it is closed."""
    done = [Flag(), Flag()]
    loop.call(done[0].set)
    loop.run_in_thread()
    assert done[0].wait(10.0)
    loop.close()
    loop.close()
    loop.call(done[1].set)
    assert not done[1].is_set()
