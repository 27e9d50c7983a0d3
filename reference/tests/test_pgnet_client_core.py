"""The connection of a client: opening, queue, heartbeats, time limits, violations."""
# The passwords here protect nothing.
# ruff: noqa: S106

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_pgnet import RANDOM, SERVER_KEY
from wirebook.reference.pgnet.core.client_connection import ClientConnection, Credentials
from wirebook.reference.pgnet.core.happenings import (
    Connected,
    Disconnected,
    GameChanged,
    HeartbeatDue,
    ResponseReceived,
)
from wirebook.reference.pgnet.errors import Unencodable
from wirebook.reference.pgnet.messages import Packet
from wirebook.reference.pgnet.tunnel import Key, Tunnel
from wirebook.spec.pgnet.states import HEARTBEAT, ClientState


class Server:
    """The other end of a client's connection, which can say anything."""

    def __init__(self, **credentials: str) -> None:
        self.now = 1000.0
        self.core = ClientConnection(Credentials("alice", **credentials), RANDOM)
        self.tunnel: Tunnel | None = None
        self.key = SERVER_KEY

    @property
    def close_code(self) -> int | None:
        """The code with which the client closes, if it does."""
        return self.core.close_code

    def take(self) -> list[dict[str, Any]]:
        """Return what the client sends."""
        texts = self.core.texts_to_send(self.now)
        opened = (text if self.tunnel is None else self.tunnel.open(text) for text in texts)
        return [json.loads(text) for text in opened]

    def say(self, **members: Any) -> None:
        """Send a response."""
        self.send(json.dumps({"message": "", **members}))

    def send(self, text: str) -> None:
        """Send a text, in a box if it is time for that."""
        self.send_raw(text if self.tunnel is None else self.tunnel.seal(text))

    def send_raw(self, text: str) -> None:
        """Send a message as it is."""
        self.core.receive_text(text, self.now)

    def trade_keys(self) -> dict[str, Any]:
        """Trade keys, and return the login."""
        self.core.opened(self.now)
        (trade,) = self.take()
        secret = self.key.shared_with(trade["payload"]["pubkey"])
        assert secret is not None
        self.say(payload={"pubkey": self.key.pubkey})
        self.tunnel = Tunnel(secret, RANDOM)
        (login,) = self.take()
        return login

    def ask(self, message: str, context: object = None, **options: bool) -> bool:
        """Let the client queue a request."""
        return self.core.request(Packet(message), context, **options)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (due := self.core.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.core.handle_timer(self.now)
            for happening in self.core._happenings:
                if isinstance(happening, HeartbeatDue):
                    self.core.request(Packet(HEARTBEAT), "heartbeat", heartbeat=True)
            self.core._happenings = [
                happening
                for happening in self.core._happenings
                if not isinstance(happening, HeartbeatDue)
            ]
        self.now = end


def connected(**credentials: str) -> Server:
    """Return a server whose client has logged in."""
    server = Server(**credentials)
    server.trade_keys()
    server.say(message="Authenticated.")
    assert server.core.happenings() == [Connected()]
    return server


def in_game(rate: object = 10) -> Server:
    """Return a server whose client is in a game."""
    server = connected()
    server.ask("__pgnet__.create_game")
    server.take()
    server.say(game="Game 1", payload={"heartbeat_rate": rate})
    server.core.happenings()
    return server


def test_opening() -> None:
    """Key in clear, login in a box, and then it is connected."""
    server = Server(password="pw", invite_code="code")
    assert server.core.state is ClientState.OPENING
    login = server.trade_keys()
    assert login["payload"] == {"username": "alice", "password": "pw", "invite_code": "code"}
    assert set(login) <= {"message", "payload", "created_on", "username"}
    assert not server.core.connected
    server.say(message="Authenticated.", status=0)
    assert server.core.happenings() == [Connected()]
    assert server.core.connected


def test_key_pairs_are_new() -> None:
    """Each connection has a key pair of its own."""
    keys = []
    for _ in range(3):
        server = Server()
        server.core.opened(server.now)
        keys.append(server.take()[0]["payload"]["pubkey"])
    assert len(set(keys)) == 3


@pytest.mark.parametrize("pubkey", [None, 1, "", "x", "A" * 43 + "="])
@pytest.mark.parametrize("dismissed", [False, True])
def test_unusable_keys(pubkey: object, dismissed: bool) -> None:
    """Without a usable key the client goes, and has said nothing."""
    server = Server()
    server.core.opened(server.now)
    server.take()
    server.say(message="No.", payload={"pubkey": pubkey}, disconnecting=dismissed, status=1)
    assert (server.close_code, server.take()) == (1008, [])
    (ended,) = server.core.happenings()
    assert isinstance(ended, Disconnected)
    assert (ended.reason == "No.", ended.was_connected) == (dismissed, False)


def test_pinned_keys() -> None:
    """Another key than the expected one gets no login."""
    assert connected(pubkey=SERVER_KEY.pubkey).core.connected
    server = Server(pubkey=Key(RANDOM(32)).pubkey)
    server.core.opened(server.now)
    server.take()
    server.say(payload={"pubkey": SERVER_KEY.pubkey})
    assert (server.close_code, server.take()) == (1008, [])


@pytest.mark.parametrize(
    "answer", [{"status": 1, "disconnecting": True}, {"status": 2}, {"disconnecting": True}]
)
def test_refused_logins(answer: dict[str, Any]) -> None:
    """The reason is told, and the client was never connected."""
    server = Server()
    server.trade_keys()
    server.say(message="Incorrect password.", **answer)
    assert server.close_code == 1000
    assert server.core.happenings() == [Disconnected("Incorrect password.", False)]


def test_one_request_at_a_time() -> None:
    """The next one is sent when the response has come; some jump the queue."""
    server = connected()
    for name in ("first", "second"):
        assert server.ask(name, name)
    assert [request["message"] for request in server.take()] == ["first"]
    server.ask("urgent", "urgent", first=True)
    assert server.take() == []
    for expected in ("urgent", "second"):
        server.say()
        assert [request["message"] for request in server.take()] == [expected]
    server.say()
    contexts = [happening.context for happening in server.core.happenings()]  # type: ignore[union-attr]
    assert contexts == ["first", "urgent", "second"]


def test_flushing() -> None:
    """What was not sent is dropped, and the response to what was still counts."""
    server = connected()
    for name in ("first", "second"):
        server.ask(name, name)
    server.take()
    server.core.flush()
    server.say()
    assert server.take() == []
    (happening,) = server.core.happenings()
    assert isinstance(happening, ResponseReceived)
    assert happening.context == "first"


def test_messages_out_of_turn() -> None:
    """What nobody asked for ends the connection and is not handed over."""
    server = in_game()
    server.say(game="Game 2")
    assert server.close_code == 1008
    happenings = server.core.happenings()
    assert happenings[0] == GameChanged(None)
    assert isinstance(happenings[1], Disconnected)
    assert happenings[1].was_connected


@pytest.mark.parametrize(
    ("text", "code"), [("", 1007), ('{"message": ""}', 1007), ("A" * 200, 1008)]
)
def test_violations(text: str, code: int) -> None:
    """What cannot be read or does not open ends the connection."""
    server = connected()
    server.ask("x")
    server.take()
    server.send_raw(text)
    assert server.close_code == code
    (ended,) = server.core.happenings()
    assert isinstance(ended, Disconnected)


def test_silence_of_the_server() -> None:
    """Five seconds, for each of the responses."""
    for stage in range(3):
        server = connected() if stage == 2 else Server()
        if stage == 0:
            server.core.opened(server.now)
        elif stage == 1:
            server.trade_keys()
        else:
            server.wait(100.0)
            server.ask("x")
        server.take()
        server.wait(4.9)
        assert not server.core.over
        server.wait(0.2)
        assert (server.core.over, server.close_code) == (True, 1008)


def test_dismissal() -> None:
    """A response that disconnects is handed over, and nothing more is sent."""
    server = in_game()
    server.ask("x", "context")
    server.ask("y")
    server.take()
    server.say(message="User deleted.", disconnecting=True, game="Game 1")
    received, changed, ended = server.core.happenings()
    assert isinstance(received, ResponseReceived)
    assert (received.context, changed) == ("context", GameChanged(None))
    assert ended == Disconnected("User deleted.", True)
    assert (server.close_code, server.take(), server.core.game) == (1000, [], None)


def test_disconnecting() -> None:
    """The queue is dropped, and what comes later is nothing."""
    server = in_game()
    server.ask("x")
    server.core.disconnect()
    assert (server.close_code, server.take()) == (1000, [])
    assert not server.ask("y")
    server.say()
    server.core.disconnect()
    server.core.receive_end("lost")
    assert len(server.core.happenings()) == 2


def test_lost_connections() -> None:
    """The application is told why."""
    server = in_game()
    server.core.receive_end("lost")
    assert server.core.happenings() == [GameChanged(None), Disconnected("lost", True)]
    assert server.close_code is None


def test_games() -> None:
    """Every response says which game it is."""
    server = connected()
    seen = []
    for game in (None, "A", "A", "B", None, None):
        server.ask("x")
        server.take()
        server.say(game=game)
        seen += [h.game for h in server.core.happenings() if isinstance(h, GameChanged)]
    assert seen == ["A", "B", None]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        *((rate, rate) for rate in (10, 1, 0.5, 40, 100)),
        *((rate, 10) for rate in (0, -1, 100.5, True, None, "20", 10**300)),
    ],
)
def test_heartbeat_rate(rate: object, expected: float) -> None:
    """As many heartbeats per second as the game wants, or ten."""
    server = in_game(rate)
    beats = 0
    seconds = 20
    for _ in range(seconds * 200):
        server.wait(1 / 200)
        for request in server.take():
            assert request["message"] == HEARTBEAT
            beats += 1
            server.say(game="Game 1")
    assert beats == pytest.approx(expected * seconds, abs=1.0, rel=0.01)


def test_heartbeats_wait_for_the_one_before() -> None:
    """While one is unanswered, or waits, there is no other."""
    server = in_game()
    server.ask("slow")
    server.take()
    server.wait(1.0)
    server.say(game="Game 1")
    assert [request["message"] for request in server.take()] == [HEARTBEAT]
    server.wait(1.0)
    server.say(game="Game 1")
    server.wait(0.1)
    assert [request["message"] for request in server.take()] == [HEARTBEAT]


def test_no_heartbeats_without_a_game() -> None:
    """Those that wait are dropped with the game."""
    server = in_game()
    server.ask("leave", first=True)
    server.take()
    server.wait(0.15)
    server.ask("x")
    server.say(game=None)
    assert [request["message"] for request in server.take()] == ["x"]
    server.say()
    server.wait(4.0)
    assert server.take() == []
    assert not server.core.request(Packet(HEARTBEAT), heartbeat=True)


def test_what_cannot_be_sent() -> None:
    """Requests and logins that are not JSON, or too large, are the caller's mistake."""
    with pytest.raises(Unencodable):
        ClientConnection(Credentials("alice", "x" * (1 << 20)), RANDOM)
    server = connected()
    with pytest.raises(Unencodable):
        server.core.request(Packet("x", {"x": {1}}))
    assert server.take() == []


def test_secrets_do_not_show() -> None:
    """Neither credentials nor what waits shows what is secret."""
    shown = repr(Credentials("alice", "secret1", "secret2"))
    server = connected()
    server.ask("secret3")
    assert "secret" not in shown + repr(list(server.core._queue))


INPUTS = st.lists(
    st.sampled_from(["ask", "first", "beat", "flush", "take", "answer", "game", "wait", "end"]),
    max_size=40,
)


@given(inputs=INPUTS)
def test_requests_and_responses_alternate(inputs: list[str]) -> None:
    """Whatever happens, there is never a second request under way."""
    server = in_game(1)
    under_way = 0
    for step in inputs:
        match step:
            case "ask" | "first":
                server.ask("x", first=step == "first")
            case "beat":
                server.wait(1.0)
            case "flush":
                server.core.flush()
            case "take":
                under_way += len(server.take())
            case "answer" | "game" if under_way:
                under_way -= 1
                server.say(game="Game 2" if step == "game" else None)
            case "wait":
                server.wait(4.0)
            case "end":
                server.core.disconnect()
        assert under_way <= 1
        if server.core.over:
            assert server.take() == []
            assert server.core.game is None
            return
