"""The raw client for PGNet: frames, endings, boxes, and what it says of a server.

The server of these tests is a plain socket in a thread, so that nothing happens but what a test
makes happen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nacl import bindings
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet import frames, probe
from wirebook.conformance.drivers.pgnet.frames import FrameReader
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control, opened, traded
from wirebook.conformance.drivers.pgnet.responses import expect_game, granted, refused, turned_away
from wirebook.conformance.drivers.pgnet.stream import pump
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import TargetDied, Violation

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 100_000]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SERVER_KEY = bytes(range(32))
RESPONSE = {
    "message": "hello",
    "payload": {},
    "status": 0,
    "created_on": None,
    "disconnecting": False,
    "game": None,
}

Script = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection, after the handshake."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.reader = FrameReader()
        self.frames: list[frames.Frame] = []
        self.client_key = b""

    def shake_hands(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        key = next(
            line.split(b": ")[1]
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324
        self.socket.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def next(self) -> frames.Frame:
        while not self.frames:
            octets = self.socket.recv(65536)
            assert octets, "the client has ended the connection"
            self.frames += self.reader.take(octets)
        return self.frames.pop(0)

    def request(self) -> Any:
        data = self.next().payload
        if self.client_key:
            box = base64.b64decode(data)
            data = bindings.crypto_box_open(box[24:], box[:24], self.client_key, SERVER_KEY)
        return json.loads(data)

    def send(self, opcode: int, payload: bytes, **options: Any) -> None:
        self.socket.sendall(frames.frame(opcode, payload, masked=False, **options))

    def respond(self, **members: Any) -> None:
        data = json.dumps({**RESPONSE, **members}).encode()
        if self.client_key:
            nonce = os.urandom(24)
            box = bindings.crypto_box(data, nonce, self.client_key, SERVER_KEY)
            data = base64.b64encode(nonce + box)
        self.send(frames.TEXT, data)

    def trade(self) -> None:
        offered = base64.b64decode(self.request()["payload"]["pubkey"])
        public = bindings.crypto_scalarmult_base(SERVER_KEY)
        self.respond(payload={"pubkey": base64.b64encode(public).decode()})
        self.client_key = offered

    def close(self, code: int) -> None:
        self.send(frames.CLOSE, code.to_bytes(2) + b"because")


class Listener:
    """Accepts connections, and plays the script of the test on each."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self.script: Script = lambda _: None
        self.handshake = True
        self.failure: BaseException | None = None
        self.seen: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5.0)
                peer = Peer(connection)
                try:
                    if self.handshake:
                        peer.shake_hands()
                    self.script(peer)
                except (OSError, AssertionError) as error:
                    self.failure = error


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.stop()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def link(listener: Listener, recorder: Recorder) -> Link:
    return Link(listener.address, recorder, deadline=lambda seconds: seconds)


def hold(peer: Peer) -> None:
    """Wait for the client to end the connection."""
    while peer.socket.recv(65536):
        pass


class TestFrames:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("masked", [True, False])
    def test_there_and_back(self, size: int, masked: bool) -> None:
        """What is written as a frame is read again, in whatever pieces it comes."""
        payload = os.urandom(size)
        octets = frames.frame(frames.TEXT, payload, masked=masked) + frames.frame(frames.PING)
        for step in (1 if size < 200 else 999, len(octets)):
            reader = FrameReader()
            found: list[frames.Frame] = []
            for at in range(0, len(octets), step):
                found += reader.take(octets[at : at + step])
            assert [one.opcode for one in found] == [frames.TEXT, frames.PING]
            assert (found[0].payload, found[0].masked, found[0].final) == (payload, masked, True)

    @pytest.mark.parametrize("size", SIZES)
    def test_as_the_library_reads_them(self, size: int) -> None:
        """An independent reader takes our frames for what they are."""
        protocol = ServerProtocol(state=State.OPEN, max_size=None)
        payload = b"x" * size
        cuts = (size // 2,)
        protocol.receive_data(frames.message(payload, cuts=cuts))
        events = protocol.events_received()
        assert [event.opcode for event in events] == [Opcode.TEXT, Opcode.CONT]  # type: ignore[union-attr]
        assert b"".join(bytes(event.data) for event in events) == payload  # type: ignore[union-attr]

    def test_as_the_library_writes_them(self) -> None:
        """We take the frames of an independent writer for what they are."""
        written = LibraryFrame(Opcode.BINARY, b"abc", fin=False).serialize(mask=False)
        (found,) = FrameReader().take(written)
        assert (found.opcode, found.payload, found.final) == (frames.BINARY, b"abc", False)
        assert not found.masked
        assert not found.reserved

    def test_claimed_length(self) -> None:
        """A frame can claim to be longer than it is; then it is not whole."""
        assert not list(FrameReader().take(frames.frame(frames.TEXT, b"x", claim=1000)))


class TestEndings:
    def test_close_code(self, listener: Listener, link: Link, recorder: Recorder) -> None:
        """A close frame is told by its code, answered, and recorded."""

        def script(peer: Peer) -> None:
            peer.close(1008)
            listener.seen.append(peer.next().payload)

        listener.script = script
        with opened(link) as client:
            closed = client.expect_closed("at once", 1008)
            assert (closed.code, closed.reason, closed.how) == (1008, "because", "websocket")
            client.pump(lambda: client.ended, 5.0)
        assert listener.seen == [(1008).to_bytes(2)]
        last = recorder.transfers()[-1]
        assert (last.direction, last.message, last.by) == (
            "close",
            "websocket 1008 because",
            "target",
        )

    def test_another_code(self, listener: Listener, link: Link) -> None:
        """A close code that is not the one of the rule is a violation."""
        listener.script = lambda peer: peer.close(1011)
        with opened(link) as client, pytest.raises(Violation, match=r"code 1007 .*got .*1011"):
            client.expect_closed("after rubbish", 1007)

    def test_end_of_the_stream(self, link: Link) -> None:
        """A connection that ends without a close frame has no code."""
        with opened(link) as client:
            with pytest.raises(Violation, match="end of the stream"):
                client.expect_closed("after rubbish", 1007)
            assert client.expect_closed("somehow").how == "fin"

    def test_reset(self, listener: Listener, link: Link) -> None:
        """A reset is told from an end."""

        def script(peer: Peer) -> None:
            linger = struct.pack("ii", 1, 0)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        listener.script = script
        with opened(link) as client:
            assert client.expect_closed("somehow").how == "rst"

    def test_answer_instead_of_the_end(self, listener: Listener, link: Link) -> None:
        """A response where the connection should have been closed is a violation."""
        listener.script = lambda peer: peer.respond(message="thank you")
        with opened(link) as client, pytest.raises(Violation, match="thank you"):
            client.expect_closed("after rubbish", 1007)

    def test_silence(self, listener: Listener, link: Link) -> None:
        """So is silence, of a server that lives."""
        listener.script = hold
        with opened(link) as client, pytest.raises(Violation, match=r"within 0\.1 s, got nothing"):
            client.expect_closed("after rubbish", 1007, within=0.1)

    def test_dead_target(self, listener: Listener) -> None:
        """A silent server that does not live is dead."""
        listener.script = hold
        link = Link(listener.address, alive=lambda: False)
        with opened(link) as client, pytest.raises(TargetDied):
            client.next_response("a response", 1.0)

    def test_nobody_listens(self) -> None:
        """Where nobody listens, the target has refused the connection, or is dead."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = taken.getsockname()[:2]
        with pytest.raises(Violation, match="accept a TCP connection"):
            opened(Link(address))
        with pytest.raises(TargetDied):
            opened(Link(address, alive=lambda: False))


class TestHandshake:
    def test_http_error(self, listener: Listener, link: Link) -> None:
        """An HTTP error is no WebSocket."""
        listener.handshake = False
        listener.script = lambda peer: peer.socket.sendall(b"HTTP/1.1 426 No\r\nA: b\r\n\r\n")
        with RawClient(link) as client, pytest.raises(Violation, match="HTTP status 426"):
            client.open()

    def test_wrong_accept(self, listener: Listener, link: Link) -> None:
        """Neither is an acceptance of another handshake."""
        listener.handshake = False
        listener.script = lambda peer: peer.socket.sendall(
            b"HTTP/1.1 101 Yes\r\nSec-WebSocket-Accept: x\r\n\r\n"
        )
        with RawClient(link) as client, pytest.raises(Violation, match="expected the WebSocket"):
            client.open()

    def test_ping(self, listener: Listener, link: Link) -> None:
        """A ping is answered, also between the frames of a message."""

        def script(peer: Peer) -> None:
            data = json.dumps(RESPONSE).encode()
            peer.send(frames.TEXT, data[:5], final=False)
            peer.send(frames.PING, b"there?")
            listener.seen.append(peer.next().payload)
            peer.send(frames.CONTINUATION, data[5:])
            hold(peer)

        listener.script = script
        with opened(link) as client:
            assert client.next_response().message == "hello"
        assert listener.seen == [b"there?"]

    @pytest.mark.parametrize("fault", [{"masked": True}, {"reserved": 4}])
    def test_faults_of_the_server(
        self, listener: Listener, link: Link, fault: dict[str, Any]
    ) -> None:
        """Frames that no server may send are noticed."""
        data = json.dumps(RESPONSE).encode()
        listener.script = lambda peer: peer.socket.sendall(
            frames.frame(frames.TEXT, data, **{"masked": False, **fault})
        )
        with opened(link) as client:
            client.next_response()
            assert client.faults


class TestMessages:
    def test_probe(self, listener: Listener) -> None:
        """The probe trades keys and leaves politely."""

        def script(peer: Peer) -> None:
            peer.trade()
            last = peer.next()
            listener.seen.append(bytes([last.opcode]) + last.payload)

        listener.script = script
        assert 0 < probe(listener.address, 2.0) < 2.0
        for _ in range(500):
            if listener.seen:
                break
            threading.Event().wait(0.01)
        assert listener.seen == [bytes([frames.CLOSE]) + (1000).to_bytes(2)]

    def test_probe_of_a_deaf_server(self, listener: Listener) -> None:
        """A server that says nothing is told from one that says something else."""
        listener.script = hold
        with pytest.raises(TimeoutError):
            probe(listener.address, 0.2)
        listener.script = lambda peer: peer.close(1011)
        with pytest.raises(ConnectionError):
            probe(listener.address, 2.0)

    def test_in_the_tunnel(self, listener: Listener, link: Link, recorder: Recorder) -> None:
        """After the key trade everything is in boxes; the record has both texts."""

        def script(peer: Peer) -> None:
            peer.trade()
            asked = peer.request()
            peer.respond(message=f"you said {asked['message']}", game="Game 1")
            hold(peer)

        listener.script = script
        with traded(link) as client:
            response = client.ask("hello", {"a": 1})
        assert response.message == "you said hello"
        assert expect_game(granted(response, "then"), "Game 1", "then").status == 0
        sent = [one for one in recorder.transfers() if one.direction == "to-target"]
        assert json.loads(bytes.fromhex(sent[-1].clear))["payload"] == {"a": 1}
        assert b"hello" not in bytes.fromhex(sent[-1].data)
        received = [one for one in recorder.transfers() if one.direction == "from-target"]
        assert json.loads(bytes.fromhex(received[-1].clear))["game"] == "Game 1"
        assert {one.transport for one in recorder.transfers()} == {"websocket"}

    @pytest.mark.parametrize(
        ("opcode", "data", "reason"),
        [
            (frames.BINARY, json.dumps(RESPONSE).encode(), "binary"),
            (frames.TEXT, b"[]", "no response"),
            (frames.TEXT, json.dumps({**RESPONSE, "status": 7}).encode(), "no response"),
            (frames.TEXT, b'{"message": "a", "message": "b"}', "no response"),
        ],
        ids=["binary", "array", "status", "twice"],
    )
    def test_no_response(
        self, listener: Listener, link: Link, opcode: int, data: bytes, reason: str
    ) -> None:
        """What is no response is a violation of whoever waits for one."""
        listener.script = lambda peer: peer.send(opcode, data)
        with opened(link) as client, pytest.raises(Violation, match=reason):
            client.next_response()

    def test_box_that_does_not_open(self, listener: Listener, link: Link) -> None:
        """So is a response in clear after the key trade."""

        def script(peer: Peer) -> None:
            peer.trade()
            peer.client_key = b""
            peer.respond()
            hold(peer)

        listener.script = script
        with traded(link) as client, pytest.raises(Violation, match="no response"):
            control(client)

    @pytest.mark.parametrize("key", ["", "AAAA", base64.b64encode(bytes(32)).decode(), 5])
    def test_unusable_key(self, listener: Listener, link: Link, key: Any) -> None:
        """A server without a usable key gets no box."""
        listener.script = lambda peer: peer.respond(payload={"pubkey": key})
        with pytest.raises(Violation, match="usable public key"):
            traded(link)

    def test_checks_of_a_response(self, listener: Listener, link: Link) -> None:
        """Each check of a response says what was expected and what came."""
        listener.script = lambda peer: peer.respond(status=2, message="no")
        with opened(link) as client:
            response = client.next_response()
        assert refused(response, "for it") is response
        for check in (granted, turned_away):
            with pytest.raises(Violation, match='got status 2, game None, "no"'):
                check(response, "for it")
        with pytest.raises(Violation, match="expected game 'Game 1' then"):
            expect_game(response, "Game 1", "then")

    def test_large_message_to_a_slow_reader(self, listener: Listener, link: Link) -> None:
        """What the server does not take yet waits, and blocks nobody."""
        go = threading.Event()

        def script(peer: Peer) -> None:
            assert go.wait(5.0)
            peer.respond(message=str(len(peer.next().payload)))
            hold(peer)

        listener.script = script
        with opened(link) as client:
            client.send_text(b"x" * 20_000_000)
            assert client.unsent
            assert not pump([client], lambda: client.waiting, 0.05)
            go.set()
            assert client.next_response("its size", 5.0).message == "20000000"
            assert not client.unsent
