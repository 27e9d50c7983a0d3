"""The raw server for PacketMQ, and the handle that cases steer a client under test by.

The client of these tests is a plain socket, and the adapter a list of what it would have said, so
that nothing happens but what a test makes happen.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any, cast

import pytest

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.packetmq import frames, player, verify_client
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made, received
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import Inconclusive, TargetDied, Violation
from wirebook.spec.packetmq.states import State

RST = struct.pack("ii", 1, 0)
ITEM = "conformance:item"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(recorder: Recorder) -> Iterator[RawServer]:
    with RawServer(recorder) as made_:
        yield made_


@pytest.fixture
def peer(server: RawServer) -> Iterator[socket.socket]:
    with connected(server.address) as made_:
        yield made_


@pytest.fixture
def line(server: RawServer, peer: socket.socket) -> Line:
    """Give the server's end of the peer's connection."""
    assert peer
    return server.accept()


def connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=5.0)


def read_all(peer: socket.socket) -> bytes:
    data = b""
    while more := peer.recv(65536):
        data += more
    return data


def read_exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += peer.recv(count - len(data))
    return data


class TestSending:
    def test_any_octets(self, line: Line, peer: socket.socket) -> None:
        """Octets go as they are, frames or not."""
        line.send(b"\xff\x00")
        line.half_close()
        assert read_all(peer) == b"\xff\x00"

    def test_pieces(self, line: Line, peer: socket.socket) -> None:
        """What is sent in pieces arrives whole."""
        line.send_cut(frames.init(), 3)
        assert read_exactly(peer, len(frames.init())) == frames.init()

    def test_much(self, line: Line, peer: socket.socket) -> None:
        """Sending waits for a client that reads late, and meanwhile reads what the client says."""
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.sendall(frames.init())
        line.send(bytes(3000))
        line.half_close()
        assert len(read_all(peer)) == 3000

    def test_nobody_reads(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        """A client that reads nothing at all makes the case inconclusive."""
        monkeypatch.setattr(
            "wirebook.conformance.drivers.packetmq.raw_server_line.SENDING_SECONDS", 0.05
        )
        with pytest.raises(Inconclusive, match="does not read"):
            line.send(bytes(16 << 20))

    def test_client_that_has_gone(self, line: Line, peer: socket.socket) -> None:
        """What is sent to nobody is lost, and the reset is noted."""
        peer.close()
        while line.ended != "rst":
            line.send(b"x")
        line.send(b"more")

    def test_half_close(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """After FIN of ours the client can still speak."""
        line.half_close()
        assert peer.recv(10) == b""
        peer.sendall(frames.finish())
        assert server.expect(line, frames.FINISH).value is None

    def test_reset(self, line: Line, peer: socket.socket) -> None:
        """A connection can be ended with RST."""
        line.reset()
        with pytest.raises(ConnectionResetError):
            peer.recv(10)


class TestReceiving:
    def test_frames_are_read_however_they_arrive(
        self, line: Line, peer: socket.socket, server: RawServer
    ) -> None:
        """A frame counts once it is whole."""
        peer.sendall(frames.init()[:5])
        server.pump(0.02)
        assert line.packets == []
        peer.sendall(frames.init()[5:] + frames.finish())
        server.expect(line, frames.FINISH)
        assert line.kinds == [frames.INIT, frames.FINISH]

    def test_malformed_frame(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """A frame of the client that is none is a violation as soon as anything is expected."""
        peer.sendall(frames.packet(frames.INIT, b"\xc1"))
        with pytest.raises(Violation, match="expected well-formed frames only"):
            server.expect(line, frames.INIT)

    def test_incomplete_frame(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """Half a frame before the end of the stream is a violation."""
        peer.sendall(frames.init()[:-1])
        peer.close()
        server.expect_end(line)
        with pytest.raises(Violation, match="expected whole frames"):
            line.check()

    def test_ends(self, server: RawServer) -> None:
        """FIN and RST are told apart."""
        ended = []
        for linger in (False, True):
            peer = connected(server.address)
            line = server.accept()
            if linger:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            peer.close()
            server.expect_end(line)
            ended.append(line.ended)
        assert ended == ["fin", "rst"]

    def test_not_reading(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """What comes stays with the system for as long as a case does not want it."""
        line.reading = False
        peer.sendall(frames.init())
        server.pump(0.02)
        assert line.packets == []
        line.reading = True
        server.expect(line, frames.INIT)

    def test_a_sip(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """A sip takes so many octets of what has come and no more, though nothing else is read."""
        line.reading = False
        peer.sendall(frames.finish() * 3)
        whole = len(frames.finish())
        server.until(lambda: line.sip(whole), 2.0, lambda: "expected octets, got none")
        assert (line.octets, len(line.packets)) == (whole, 1)
        peer.shutdown(socket.SHUT_WR)
        line.reading = True
        server.expect(line, frames.FINISH, count=3)
        server.expect_end(line)
        assert line.sip(1) == 0
        assert line.octets == 3 * whole

    def test_everything_is_recorded(
        self, line: Line, peer: socket.socket, server: RawServer, recorder: Recorder
    ) -> None:
        """Frames, pieces and ends are recorded, with the schema to read them by."""
        line.send(frames.init())
        line.send(b"\x00\x00")
        peer.sendall(frames.finish())
        peer.shutdown(socket.SHUT_WR)
        server.expect_end(line)
        line.half_close()
        seen = [(one.direction, one.message, one.transport) for one in recorder.transfers()]
        assert seen == [
            ("to-target", "handshake-init", "tcp"),
            ("to-target", "", "tcp"),
            ("from-target", "handshake-finish", "tcp"),
            ("close", "fin", "tcp"),
            ("close", "fin", "tcp"),
        ]


class TestWaiting:
    def test_several_addresses(self, server: RawServer) -> None:
        """Connections to each of several addresses are accepted, in their order."""
        addresses = [server.address, server.listen(), server.listen(narrow=True)]
        peers = []
        for address in addresses:
            peers.append(connected(address))
            assert server.accept().local == address
        for peer in peers:
            peer.close()

    def test_what_does_not_come(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """It says what was expected and what came last."""
        peer.sendall(frames.init())
        with pytest.raises(Violation, match=r"expected packetmq:softquit, got packetmq:handshake"):
            server.expect(line, frames.SOFTQUIT, seconds=0.05)

    def test_what_cannot_come(self, line: Line, peer: socket.socket, server: RawServer) -> None:
        """Nothing is waited for once the client has ended its stream."""
        peer.close()
        with pytest.raises(Violation, match="got nothing, fin"):
            server.expect(line, frames.INIT, seconds=3600.0)

    def test_nobody_connects(self, server: RawServer) -> None:
        """A client that does not connect is a violation."""
        with pytest.raises(Violation, match="expected the client to connect"):
            server.accept(0.01)


class Adapter:
    """Does what a client's adapter does, with a plain socket that a test speaks through."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.requests: list[Message] = []
        self.refuses: str = ""
        self.peers: list[socket.socket] = []
        self.lives = True

    def request(self, message: Message, timeout: float) -> Message:
        assert timeout > 0
        self.requests.append(message)
        if message["do"] == "connect":
            self.peers.append(connected((message["host"], message["port"])))
        if message["do"] == self.refuses:
            return {"ok": False, "error": "no"}
        return {"ok": True}

    def notify(self, event: str, connection: int = 0, **more: Any) -> None:
        self.messages.append({"event": event, "connection": connection, **more})

    def alive(self) -> bool:
        return self.lives

    def how_ended(self) -> str:
        return "ended by the test"


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    acting = Adapter()
    yield acting
    for peer in acting.peers:
        peer.close()


@pytest.fixture
def client(server: RawServer, adapter: Adapter) -> SteeredClient:
    return SteeredClient(cast(ClientHandle, adapter), server)


class TestSteering:
    def test_connect(self, client: SteeredClient, adapter: Adapter) -> None:
        """Connections have the numbers that the client gives them."""
        first = client.connect()
        client.begin_to_connect()
        second = client.connect(client.server.listen())
        assert [first.number, second.number] == [0, 2]
        adapter.notify("lost", 2, reason="reason.bye")
        client.wait_notified(second, lost("reason.bye"))
        assert client.notified(first) == []

    def test_values_of_any_type(self, client: SteeredClient, adapter: Adapter) -> None:
        """Payloads are written and read in typed JSON."""
        line = client.connect()
        client.send(ITEM, {1: b"\xff"}, line)
        assert adapter.requests[-1] == {
            "do": "send",
            "type": ITEM,
            "payload": {"$map": [[1, {"$bin": "ff"}]]},
            "to": 0,
        }
        adapter.notify("received", type=ITEM, payload={"$float": 1.0})
        client.wait_notified(line, received(ITEM, 1.0))
        with pytest.raises(Violation, match="expected the application to be told"):
            client.wait_notified(line, received(ITEM, 1))

    def test_register_forgets(self, client: SteeredClient, adapter: Adapter) -> None:
        """After a register, numbers begin anew, and what was notified before is not heard."""
        client.connect()
        adapter.notify("made")
        client.register(adapt=False)
        assert client.notified_of(0) == []
        assert client.connect().number == 0
        assert not client.adapt

    def test_register_that_is_refused(self, client: SteeredClient, adapter: Adapter) -> None:
        """A refusal is an answer or a violation, as the case has it, and changes nothing."""
        adapter.refuses = "register"
        assert client.try_to_register([("a:b", 16)], adapt=False) == "no"
        assert client.adapt
        with pytest.raises(Violation, match="got: no"):
            client.register()

    def test_too_much(self, client: SteeredClient, adapter: Adapter) -> None:
        """A notification more than expected is a violation."""
        line = client.connect()
        for _ in range(2):
            adapter.notify("made")
        with pytest.raises(Violation, match="told made, got made, made"):
            client.wait_notified(line, made())

    def test_value_that_is_none(self, client: SteeredClient, adapter: Adapter) -> None:
        """An adapter that tells of a value which the protocol lacks breaks a rule."""
        line = client.connect()
        adapter.notify("received", type=ITEM, payload={"$unknown": "datetime"})
        with pytest.raises(Violation, match="expected values of the protocol only"):
            client.notified(line)

    def test_dead_adapter(self, client: SteeredClient, adapter: Adapter) -> None:
        """Nobody waits for an adapter that has ended."""
        adapter.lives = False
        with pytest.raises(TargetDied, match="ended by the test"):
            client.wait_notified_of(0, made(), seconds=3600.0)


@pytest.fixture
def active(client: SteeredClient, adapter: Adapter) -> Line:
    """Give a connection whose client, a plain socket, has gone through the handshake."""
    line = client.connect()
    peer = adapter.peers[-1]
    # A client that says everything in advance is one that no step has to wait for.
    peer.sendall(frames.init() + frames.pubids() + frames.finish())
    adapter.notify("made")
    client.server.expect(line, frames.INIT)
    player.advance(client, line, State.CONN_MADE, State.CONFIRMED)
    said = frames.init() + frames.pubids(adapt=False, ids=frames.SERVER_IDS) + frames.finish()
    assert read_exactly(peer, len(said)) == said
    return line


class TestVerifying:
    def test_ids_are_those_of_the_enforcing_side(self, active: Line) -> None:
        """An adaptive client uses the server's ids."""
        assert active.ids == frames.SERVER_IDS

    def test_leave(self, client: SteeredClient, adapter: Adapter, active: Line) -> None:
        """A client that says why it leaves, and closes, leaves as it should."""
        adapter.peers[-1].sendall(frames.softquit("reason.bye"))
        adapter.peers[-1].shutdown(socket.SHUT_WR)
        adapter.notify("lost", reason="reason.bye")
        verify_client.expect_leave(client, active, "reason.bye")

    @pytest.mark.parametrize(
        ("said", "told", "complaint"),
        [
            (frames.softquit("reason.other"), "reason.bye", "expected a softquit with reason.bye"),
            (frames.softquit(), "reason.other", "expected the application to be told reason.bye"),
            (frames.softquit() + frames.finish(), "reason.bye", "nothing after a softquit"),
            (b"", "reason.bye", "expected packetmq:softquit"),
        ],
        ids=["other-reason", "other-callback", "more", "none"],
    )
    def test_leave_with_a_flaw(
        self,
        client: SteeredClient,
        adapter: Adapter,
        active: Line,
        said: bytes,
        told: str,
        complaint: str,
    ) -> None:
        """Whatever is wrong about a leave is found."""
        adapter.peers[-1].sendall(said)
        adapter.peers[-1].shutdown(socket.SHUT_WR)
        adapter.notify("lost", reason=told)
        with pytest.raises(Violation, match=complaint):
            verify_client.expect_leave(client, active, "reason.bye")

    def test_sends(self, client: SteeredClient, adapter: Adapter, active: Line) -> None:
        """What the client sends has to have the id and the value that it should have."""
        peer = adapter.peers[-1]
        peer.sendall(frames.say(frames.ECHO, [1]))
        verify_client.check_sends(client, active, [1])
        for packet_id, value in ((frames.CLIENT_IDS["conformance:echo"], 1), (frames.ECHO, 1.0)):
            peer.sendall(frames.say(packet_id, value))
            with pytest.raises(Violation, match="expected packet 17 with 1"):
                verify_client.check_sends(client, active, 1)

    def test_about(self, client: SteeredClient) -> None:
        """A violation says which of several inputs it is about."""
        with (
            pytest.raises(Violation, match="the third: wrong"),
            verify_client.about(client, "the third"),
        ):
            raise Violation("wrong")
