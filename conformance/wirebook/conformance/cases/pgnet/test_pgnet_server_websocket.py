"""Cases: what a server takes messages out of.

What may live here: the WebSocket binding. What is in the messages is the matter of other modules.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    Response,
    expect_game,
    granted,
    request,
)
from wirebook.conformance.drivers.pgnet.violations import Stage, expect_violation
from wirebook.conformance.drivers.pgnet.websocket import WebSocket
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.limits import BOX_LEAST, MESSAGE_MOST, NONCE_SIZE

STAGES = list(Stage)
PATIENT = 5.0
"""Seconds for messages that are as large as they may be."""

BAD_UTF8 = {
    "a-continuation": b"\x80",
    "an-impossible-octet": b"\xff",
    "cut-off": b"\xe5\x90",
    "overlong": b"\xc0\xaf",
    "a-surrogate": b"\xed\xa0\x80",
    "beyond-unicode": b"\xf4\x90\x80\x80",
}


@requires("PGN-WSB-001")
@pytest.mark.parametrize(
    "path", ["/", "/game", "/a/b/c?d=e&f=%20", "/%f0%9f%8e%b2", "/favicon.ico", f"/{'x' * 200}"]
)
def test_any_path(visit: Visit, path: str) -> None:
    """A WebSocket is accepted on every path."""
    client = visit.keep(RawClient(visit.link))
    client.open(path)
    client.trade()
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-WSB-001")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "elsewhere.example"},
        {"User-Agent": "suite", "Cookie": "a=b"},
    ],
    ids=["origin-here", "origin-elsewhere", "origin-null", "host-elsewhere", "more-headers"],
)
def test_any_origin(visit: Visit, headers: Mapping[str, str]) -> None:
    """A WebSocket is accepted whatever page opens it, and without a subprotocol."""
    client = visit.keep(RawClient(visit.link))
    answer = client.open("/", headers)
    if "sec-websocket-protocol" in answer.headers:
        raise Violation("expected no subprotocol, since none was asked for")
    client.trade()
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-WSB-008")
@pytest.mark.parametrize(
    "offer", ["permessage-deflate", "permessage-deflate; client_max_window_bits"]
)
def test_no_compression(visit: Visit, offer: str) -> None:
    """The extension `permessage-deflate` is not accepted; everything works without it."""
    client = visit.keep(RawClient(visit.link))
    answer = client.open("/", {"Sec-WebSocket-Extensions": offer})
    if "sec-websocket-extensions" in answer.headers:
        got = answer.headers["sec-websocket-extensions"]
        raise Violation(f"expected no extension to be accepted, got {got}")
    client.trade()
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-WSB-009")
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Upgrade": "", "Connection": "close", "Sec-WebSocket-Key": ""}),
        ("HEAD", {"Upgrade": "", "Connection": "close", "Sec-WebSocket-Key": ""}),
        ("POST", {"Upgrade": "", "Connection": "close", "Sec-WebSocket-Key": ""}),
        ("GET", {"Upgrade": "h2c"}),
        ("GET", {"Connection": "keep-alive"}),
        ("GET", {"Sec-WebSocket-Key": ""}),
        ("GET", {"Sec-WebSocket-Key": "short"}),
        ("GET", {"Sec-WebSocket-Version": "12"}),
        ("GET", {"Sec-WebSocket-Version": ""}),
    ],
    ids=[
        "get",
        "head",
        "post",
        "another-upgrade",
        "no-upgrade",
        "no-key",
        "a-bad-key",
        "another-version",
        "no-version",
    ],
)
def test_plain_http(visit: Visit, user: RawClient, method: str, headers: Mapping[str, str]) -> None:
    """An HTTP request that is no WebSocket handshake is answered with an error."""
    control(user)
    stranger = visit.keep(RawClient(visit.link))
    stranger.note(f"An HTTP request {method}, with {dict(headers)}")
    answer = stranger.ask_http(stranger.request_text("/", headers, method=method))
    if not 400 <= answer.status <= 599:
        raise Violation(f"expected an HTTP error to what is no handshake, got {answer}")
    control(user)
    visit.user()


@requires("PGN-ERR-002", "PGN-WSB-009")
@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET / HTTP/9.9\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost",
    ],
    ids=["nothing", "tls", "version-9", "a-word", "5000-headers", "long-path", "cut-off"],
)
def test_rubbish_instead_of_http(visit: Visit, user: RawClient, octets: bytes) -> None:
    """What is no HTTP may be answered or not; the others are served all the same."""
    control(user)
    stranger = visit.keep(RawClient(visit.link))
    stranger.note(f"{len(octets)} octets that are no HTTP")
    stranger.write(octets)
    control(user)
    stranger.drop()
    visit.user()


@requires("PGN-WSB-002", "PGN-JSN-001", "PGN-TUN-001")
def test_sends_text_messages(visit: Visit, player: RawClient) -> None:
    """Every message of a server, in clear and in a box, is one text message with one response."""
    stranger = visit.opened()
    stranger.trade()
    granted(stranger.log_in(visit.new_name()), "for a login")
    for message in ("café", "名前 😀"):
        granted(player.ask(message), "for a message to the game")
        log = granted(player.ask(HEARTBEAT), "for a heartbeat").payload["log"]
        if log[-1:] != [f"{player.name} says: {message!r}"]:
            raise Violation(f"expected {message!r} at the end of the log of the game, got {log}")
    for message in ("\0", '"\\/'):
        granted(player.ask(message), "for a message to the game")
    for client in (stranger, player):
        granted(client.ask(GAME_DIR), "for game_dir")
        if client.faults:
            raise Violation(f"expected WebSocket frames as they have to be, got {client.faults[0]}")


def cuts_of(kind: str, octets: int, rng: random.Random) -> tuple[int, ...]:
    """Return where a message of so many octets is cut."""
    if kind == "octet by octet":
        return tuple(range(1, octets))
    if kind == "empty frames":
        return (0, 0, octets // 2, octets // 2, octets)
    if kind == "many":
        return tuple(sorted(rng.sample(range(1, octets), 20)))
    return (octets * int(kind.removesuffix("%")) // 100,)


CUTS = ["0%", "1%", "30%", "99%", "100%", "many", "octet by octet", "empty frames"]


@requires("PGN-WSB-003")
@pytest.mark.parametrize("kind", CUTS)
def test_message_cut_into_frames(visit: Visit, rng: random.Random, kind: str) -> None:
    """A message is the same however it is cut into frames: key trade, login and later ones."""
    client = visit.opened()
    name = visit.new_name()

    def send_cut(clear: bytes) -> Response:
        text = clear if client.server_key is None else client.seal(clear)
        client.send_text(text, clear=clear, cuts=cuts_of(kind, len(text), rng))
        return client.next_response("the response to a message in several frames")

    offer = client.offer() | {"who": "名前 😀"}
    client.take_key(
        send_cut(json.dumps(json.loads(request("k", offer)), ensure_ascii=False).encode())
    )
    login = request("handshake", {"username": name, "password": "pässwörd"})
    granted(send_cut(login), "for a login in several frames")
    granted(send_cut(request(GAME_DIR)), "for game_dir in several frames")


@requires("PGN-WSB-003")
def test_pings_between_frames(user: RawClient) -> None:
    """Control frames may stand between the frames of a message; a ping is answered at once."""
    text = user.seal(request(GAME_DIR))
    user.note("The next message is cut in three, with pings between")
    user.send_frame(frames.TEXT, text[:10], final=False)
    user.send_frame(frames.PING, b"one")
    user.send_frame(frames.CONTINUATION, text[10:60], final=False)
    user.send_frame(frames.PING, b"two")
    user.send_frame(frames.PONG, b"unasked")
    user.send_frame(frames.CONTINUATION, text[60:])
    granted(user.next_response("the response to a request with pings between"), "for game_dir")
    user.expect(lambda: user.pongs == [b"one", b"two"], "a pong for each ping")


@requires("PGN-WSB-003")
def test_frames_that_dribble_in(user: RawClient) -> None:
    """Octets of the frames may come one by one."""
    data = frames.message(user.seal(request(GAME_DIR)), cuts=(40,))
    for at in range(len(data)):
        user.write(data[at : at + 1])
    granted(user.next_response("the response to a request octet by octet"), "for game_dir")


@requires("PGN-WSB-004", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("content", ["a request", "nothing", "rubbish"])
@pytest.mark.parametrize("stage", STAGES)
def test_binary(visit: Visit, stage: Stage, content: str) -> None:
    """A binary message is a violation, even if its octets would make a request."""

    def act(client: RawClient) -> None:
        valid = request("key_trade", client.offer())
        text = valid if client.server_key is None else client.seal(request(GAME_DIR))
        octets = {"a request": text, "nothing": b"", "rubbish": b"\xff\x00\xfe"}[content]
        client.send_text(octets, opcode=frames.BINARY)

    expect_violation(visit.link, stage, visit.new_name(), act, "a binary message", 1003)


@requires("PGN-WSB-004", "PGN-ERR-003")
def test_binary_has_no_effect(visit: Visit) -> None:
    """A request in a binary message is not carried out."""
    name, game = visit.new_name(), visit.new_game()

    def act(client: RawClient) -> None:
        octets = client.seal(request(CREATE_GAME, {"name": game}))
        client.send_text(octets, opcode=frames.BINARY)

    expect_violation(visit.link, Stage.LOGGED_IN, name, act, "a binary message", 1003)
    again = granted(visit.user(name).ask(GAME_DIR), "for game_dir")
    if game in again.payload["games"]:
        raise Violation("expected no effect of a binary message, but it has opened a game")


@requires("PGN-WSB-005", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("name", list(BAD_UTF8))
@pytest.mark.parametrize("stage", STAGES)
def test_not_utf8(visit: Visit, stage: Stage, name: str) -> None:
    """A text message that is not UTF-8 is a violation."""

    def act(client: RawClient) -> None:
        octets = request("key_trade", client.offer() | {"x": "MARK"})
        client.send_text(octets.replace(b"MARK", BAD_UTF8[name]))

    expect_violation(visit.link, stage, visit.new_name(), act, "text that is not UTF-8", 1007)


@requires("PGN-WSB-005")
def test_utf8_cut_within_a_character(visit: Visit) -> None:
    """What counts is the whole message: frames may end within a character, the message not."""

    def act(client: RawClient) -> None:
        client.send_text(b'{"message": "\xe5\x90', cuts=(14,))

    expect_violation(visit.link, Stage.OPENED, visit.new_name(), act, "half a character", 1007)


def filled(octets: int, **payload: object) -> bytes:
    """Return the JSON of a request that has exactly so many octets."""
    empty = len(request(HEARTBEAT, {**payload, "fill": ""}))
    return request(HEARTBEAT, {**payload, "fill": "x" * (octets - empty)})


LARGEST_CLEAR = MESSAGE_MOST // 4 * 3 - NONCE_SIZE - BOX_LEAST
"""Octets in the box of the largest message."""


@requires("PGN-WSB-006")
def test_largest_key_trade(visit: Visit) -> None:
    """A message in clear of 1 048 576 octets is accepted."""
    client = visit.opened()
    client.send_text(filled(MESSAGE_MOST, **client.offer()))
    response = client.next_response("the response to the largest message", PATIENT)
    granted(response, "for a key trade of the largest size")
    client.take_key(response)
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-WSB-006")
@pytest.mark.parametrize("frames_of", [MESSAGE_MOST, 65536, 16000])
def test_largest_box(player: RawClient, frames_of: int) -> None:
    """A message in a box of 1 048 576 octets is accepted, in one frame or in several."""
    clear = filled(LARGEST_CLEAR)
    text = player.seal(clear)
    assert len(text) == MESSAGE_MOST, "the suite has to send the largest message"
    player.send_text(text, clear=clear, cuts=tuple(range(frames_of, MESSAGE_MOST, frames_of)))
    response = player.next_response("the response to the largest message", PATIENT)
    granted(response, "for a heartbeat of the largest size")
    expect_game(control(player), response.game, "afterwards")


TOO_LARGE = ["by one", "by far", "in frames", "without an end"]


@requires("PGN-WSB-007", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("how", TOO_LARGE)
@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.LOGGED_IN])
def test_too_large(visit: Visit, stage: Stage, how: str) -> None:
    """A message of more than 1 048 576 octets is a violation, in one frame or in several."""

    def act(client: RawClient) -> None:
        if stage is Stage.OPENED:
            data = filled(MESSAGE_MOST + 1, **client.offer())
        else:
            data = client.seal(filled(LARGEST_CLEAR + 1))
        if how == "by one":
            client.send_text(data)
        elif how == "by far":
            client.send_text(data[:-1] * 3 + data[-1:])
        elif how == "in frames":
            client.send_text(data, cuts=tuple(range(100_000, len(data), 100_000)))
        else:
            client.note("A frame that claims 1 GiB; not all of it is sent")
            client.write(frames.frame(frames.TEXT, data, claim=1 << 30))

    expect_violation(visit.link, stage, visit.new_name(), act, "a message that is too large", 1009)


@requires("PGN-ERR-002")
@pytest.mark.parametrize("fault", ["unmasked", "reserved bits", "unknown opcode", "continuation"])
def test_broken_frames(visit: Visit, user: RawClient, fault: str) -> None:
    """Frames that no WebSocket has end their own connection at most; the others are served."""
    control(user)
    stranger: WebSocket = visit.traded()
    stranger.note(f"A frame with a fault: {fault}")
    stranger.write(
        {
            "unmasked": frames.frame(frames.TEXT, b"{}", masked=False),
            "reserved bits": frames.frame(frames.TEXT, b"{}", reserved=4),
            "unknown opcode": frames.frame(0x3, b"{}"),
            "continuation": frames.frame(frames.CONTINUATION, b"{}"),
        }[fault]
    )
    control(user)
    stranger.expect(lambda: stranger.ended or stranger.closed, "the end of a broken WebSocket")
    control(user)
    visit.user()
