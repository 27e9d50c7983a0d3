"""The raw server of PGNet, against a client that is written here."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from nacl.public import Box, PrivateKey, PublicKey
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from wirebook.conformance.drivers.pgnet.raw_server import RawConnection, RawServer
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Violation


class Peer:
    """A client of a few lines, which does what it is told and nothing else."""

    def __init__(self, server: RawServer, websocket: ClientConnection) -> None:
        self.key = PrivateKey.generate()
        self.websocket = websocket
        self.box = Box(self.key, PublicKey(base64.b64decode(server.public_key)))

    @property
    def public_key(self) -> str:
        return base64.b64encode(bytes(self.key.public_key)).decode()

    def send(self, message: str, payload: Any = None, *, clear: bool = False) -> None:
        text = json.dumps({"message": message, "payload": payload or {}})
        sealed = base64.b64encode(self.box.encrypt(text.encode())).decode()
        self.websocket.send(text if clear else sealed)

    def receive(self, *, clear: bool = False) -> Any:
        text = self.websocket.recv(5)
        assert isinstance(text, str)
        return json.loads(text if clear else self.box.decrypt(base64.b64decode(text)))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(recorder: Recorder) -> Iterator[RawServer]:
    with RawServer(recorder) as server:
        yield server


@pytest.fixture
def peer(server: RawServer) -> Iterator[Peer]:
    host, port = server.address
    with connect(f"ws://{host}:{port}", compression=None) as websocket:
        yield Peer(server, websocket)


@pytest.fixture
def opened(server: RawServer, peer: Peer) -> RawConnection:
    connection = server.next()
    peer.send("key_trade", {"pubkey": peer.public_key}, clear=True)
    connection.trade_keys()
    assert peer.receive(clear=True)["payload"] == {"pubkey": server.public_key}
    peer.send("handshake", {"username": "alice"})
    assert connection.next().payload == {"username": "alice"}
    connection.respond("Authenticated.")
    assert peer.receive()["message"] == "Authenticated."
    return connection


def test_exchange(opened: RawConnection, peer: Peer, recorder: Recorder) -> None:
    """Requests and responses go through the tunnel, and the recorder keeps what is in it."""
    peer.send("hello", {"a": 1})
    arrival = opened.next()
    assert (arrival.message, arrival.payload) == ("hello", {"a": 1})
    opened.game = "Game 1"
    opened.respond("hi", {"b": 2}, status=2)
    response = peer.receive()
    assert (response["message"], response["payload"], response["status"]) == ("hi", {"b": 2}, 2)
    assert response["game"] == "Game 1"
    last = [one for one in recorder.transfers() if one.direction == "from-target"][-1]
    assert (last.transport, last.message) == ("websocket", "request")
    assert json.loads(bytes.fromhex(last.clear))["message"] == "hello"
    assert len(set(opened.nonces)) == 2


def test_heartbeats_are_answered_meanwhile(opened: RawConnection, peer: Peer) -> None:
    """What is waited for comes behind heartbeats, which are answered and kept."""
    peer.send("__pgnet__.heartbeat_update", {"k": 1})
    peer.send("hello")
    assert opened.next().message == "hello"
    assert [one.payload for one in opened.heartbeats] == [{"k": 1}]
    assert peer.receive()["message"] == "heartbeat"


def test_cut_messages(opened: RawConnection, peer: Peer) -> None:
    """A message in several frames arrives as one."""
    peer.send("hello")
    opened.next()
    opened.send_text(opened.sealed(b'{"message": "cut"}'), cuts=(1, 5, 5))
    assert peer.receive() == {"message": "cut"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "nothing but boxes"),
        (base64.b64encode(bytes(64)).decode(), "a box that opens"),
        (b"binary", "text only"),
    ],
)
def test_bad_requests_are_violations(
    opened: RawConnection, peer: Peer, text: str | bytes, reason: str
) -> None:
    """The raw server reads strictly."""
    peer.websocket.send(text)
    with pytest.raises(Violation):
        opened.next(reason)


def test_nothing_came(opened: RawConnection) -> None:
    """Waiting has an end, and says what was waited for."""
    with pytest.raises(Violation, match="expected a sign"):
        opened.next("a sign", seconds=0.05)
    opened.expect_nothing(0.01, "in silence")
    with pytest.raises(Violation, match="did not"):
        opened.expect_ending("silence", seconds=0.05)


def test_something_came(opened: RawConnection, peer: Peer) -> None:
    """A request where none must come is a violation that shows it."""
    peer.send("hello")
    with pytest.raises(Violation, match="hello"):
        opened.expect_nothing(5, "in silence")
    with pytest.raises(Violation, match="hello"):
        opened.expect_ending("silence", seconds=5)


@pytest.mark.parametrize("code", [1000, 1007, 4000])
def test_endings_of_the_client(opened: RawConnection, peer: Peer, code: int) -> None:
    """The close code of the client is seen, and another than expected is a violation."""
    peer.websocket.close(code, "why")
    ending = opened.expect_ending("a close", code)
    assert (ending.code, ending.reason, ending.how) == (code, "why", f"websocket {code}")
    with pytest.raises(Violation, match="expected close code 1001"):
        opened.expect_ending("a close", 1001)


def test_endings_without_a_close_frame(opened: RawConnection, peer: Peer) -> None:
    """The end of the stream is told from a close frame."""
    peer.websocket.socket.shutdown(2)
    assert opened.expect_ending("an end").how in ("fin", "rst")


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_drop(opened: RawConnection, peer: Peer, *, reset: bool) -> None:
    """The server can end a connection without a close frame."""
    opened.drop(reset=reset)
    with pytest.raises(ConnectionClosed):
        peer.websocket.recv(5)


def test_close(opened: RawConnection, peer: Peer) -> None:
    """The server can end a connection with any close code."""
    opened.close(1008)
    with pytest.raises(ConnectionClosed) as raised:
        peer.websocket.recv(5)
    assert raised.value.rcvd is not None
    assert raised.value.rcvd.code == 1008


def test_unusable_key(server: RawServer, peer: Peer) -> None:
    """A client without a usable key is a violation."""
    peer.send("key_trade", {"pubkey": base64.b64encode(os.urandom(31)).decode()}, clear=True)
    with pytest.raises(Violation, match="usable"):
        server.next().trade_keys()


def test_nobody_comes(server: RawServer) -> None:
    """Waiting for a connection has an end."""
    with pytest.raises(Violation, match="none came"):
        server.next(seconds=0.05)
