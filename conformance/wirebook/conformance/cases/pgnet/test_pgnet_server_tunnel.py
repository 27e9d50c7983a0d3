"""Cases: boxes that are none, that do not open, or that come twice.

What may live here: the tunnel. What is in a box that opens is the matter of other modules.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit, comes_back
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    granted,
    request,
    turned_away,
)
from wirebook.conformance.drivers.pgnet.violations import Stage, expect_violation
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import BOX_LEAST, NONCE_SIZE

STAGES = [Stage.TRADED, Stage.LOGGED_IN]
ASKED = request(GAME_DIR, {})
NONCE_TEXT = NONCE_SIZE // 3 * 4


def valid(client: RawClient, size: int = 0) -> bytes:
    """Return a good box whose text needs no padding (0), or one or two octets of it."""
    clear = ASKED
    while (NONCE_SIZE + BOX_LEAST + len(clear) + size) % 3:
        clear += b" "
    return client.seal(clear)


def url_safe(client: RawClient) -> bytes:
    """Return a good box in the other alphabet, whose text has one of its two letters."""
    while True:
        text = valid(client)
        if b"+" in text or b"/" in text:
            return text.replace(b"+", b"-").replace(b"/", b"_")


NOT_BASE64: dict[str, Callable[[RawClient], bytes]] = {
    "nothing": lambda _: b"",
    "padding-only": lambda _: b"====",
    "url-safe-alphabet": url_safe,
    "no-padding": lambda client: valid(client, 1).rstrip(b"="),
    "half-the-padding": lambda client: valid(client, 2).removesuffix(b"="),
    "too-much-padding": lambda client: valid(client) + b"====",
    "padding-in-the-middle": lambda client: valid(client, 1) + valid(client, 1),
    "a-line-feed-behind": lambda client: valid(client) + b"\n",
    "lines": lambda client: valid(client)[:76] + b"\r\n" + valid(client)[76:],
    "white-space": lambda client: b" " + valid(client),
    "a-nul-behind": lambda client: valid(client) + b"\0",
    "one-letter-less": lambda client: valid(client)[:-1],
    "one-letter-more": lambda client: valid(client) + b"A",
    "another-letter": lambda client: b"!" + valid(client)[1:],
    "beyond-ascii": lambda client: valid(client)[:-4] + "ＡＢＣＤ".encode(),
    "quotes": lambda client: b'"' + valid(client) + b'"',
    "hexadecimal": lambda client: base64.b64decode(valid(client)).hex().encode() + b"-",
    "39-octets": lambda _: base64.b64encode(os.urandom(39)),
    "nonce-only": lambda _: base64.b64encode(os.urandom(NONCE_SIZE)),
    "one-octet": lambda _: b"AA==",
}


@requires("PGN-TUN-003", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("name", list(NOT_BASE64))
@pytest.mark.parametrize("stage", STAGES)
def test_no_box(visit: Visit, stage: Stage, name: str) -> None:
    """What is not base64 of the standard alphabet with padding, or too short, is a violation."""

    def act(client: RawClient) -> None:
        client.send_text(NOT_BASE64[name](client))

    expect_violation(visit.link, stage, visit.new_name(), act, f"a text that is {name}", 1007)


@requires("PGN-TUN-003", "PGN-TUN-004", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("stage", STAGES)
def test_clear_text_after_the_trade(visit: Visit, stage: Stage) -> None:
    """A request in clear is a violation after the key trade, however good it would be."""

    def act(client: RawClient) -> None:
        if stage is Stage.TRADED:
            client.send_text(request("handshake", {"username": visit.new_name()}))
        else:
            client.send_text(ASKED)

    expect_violation(visit.link, stage, visit.new_name(), act, "a request in clear", 1007, 1008)


PLACES = {
    "the first octet of the nonce": 0,
    "the last octet of the nonce": NONCE_SIZE - 1,
    "the first octet of the MAC": NONCE_SIZE,
    "the last octet of the MAC": NONCE_SIZE + BOX_LEAST - 1,
    "the first octet of the ciphertext": NONCE_SIZE + BOX_LEAST,
    "the last octet": -1,
}


@requires("PGN-TUN-004", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("stage", STAGES)
def test_one_bit_changed(visit: Visit, stage: Stage, place: str, rng: random.Random) -> None:
    """A box of which one bit is another does not open."""

    def act(client: RawClient) -> None:
        octets = bytearray(base64.b64decode(client.seal(ASKED)))
        octets[PLACES[place]] ^= 1 << rng.randrange(8)
        client.send_text(base64.b64encode(octets))

    expect_violation(visit.link, stage, visit.new_name(), act, f"a bit changed in {place}", 1008)


def another_key(client: RawClient) -> bytes:
    """Return a box that was made with another private key than the one that belongs to ours."""
    assert client.server_key is not None
    return tunnel.seal(ASKED, os.urandom(24), os.urandom(32), client.server_key).encode()


def for_us(client: RawClient) -> bytes:
    """Return a box that was made for our own key, not for the server's."""
    return tunnel.seal(ASKED, os.urandom(24), client.private_key, client.public_key).encode()


DOES_NOT_OPEN: dict[str, Callable[[RawClient], bytes]] = {
    "without its last octet": lambda client: recoded(client, lambda box: box[:-1]),
    "without its first octet": lambda client: recoded(client, lambda box: box[1:]),
    "with an octet more": lambda client: recoded(client, lambda box: box + b"\0"),
    "without its ciphertext": lambda client: recoded(client, lambda box: box[:40]),
    "twice in a row": lambda client: recoded(client, lambda box: box + box),
    "with the MAC behind": lambda client: recoded(
        client, lambda box: box[:24] + box[40:] + box[24:40]
    ),
    "of zeros": lambda _: base64.b64encode(bytes(100)),
    "of random octets": lambda _: base64.b64encode(os.urandom(100)),
    "not encrypted": lambda _: base64.b64encode(os.urandom(40) + ASKED),
    "of another key": another_key,
    "for another key": for_us,
}


def recoded(client: RawClient, change: Callable[[bytes], bytes]) -> bytes:
    """Return a good box with its octets changed."""
    return base64.b64encode(change(base64.b64decode(client.seal(ASKED))))


@requires("PGN-TUN-004", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("name", list(DOES_NOT_OPEN))
@pytest.mark.parametrize("stage", STAGES)
def test_does_not_open(visit: Visit, stage: Stage, name: str) -> None:
    """A box that is cut, too long, or made with other keys does not open."""

    def act(client: RawClient) -> None:
        client.send_text(DOES_NOT_OPEN[name](client))

    expect_violation(visit.link, stage, visit.new_name(), act, f"a box {name}", 1008)


@requires("PGN-TUN-004")
def test_box_of_another_connection(visit: Visit, user: RawClient) -> None:
    """A box opens on the connection that it was made for only."""
    other = visit.user()
    text = other.seal(ASKED)
    user.send_text(text, clear=ASKED)
    user.expect_closed("after the box of another connection", 1008)
    other.send_text(text, clear=ASKED)
    granted(other.next_response("the response"), "for the same box where it belongs")


@requires("PGN-TUN-005", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize("later", [0, 1, 1000])
def test_own_box_replayed(visit: Visit, player: RawClient, later: int) -> None:
    """A box that comes a second time is a violation, at once and later on, without an effect."""
    game = control(player).game
    player.post("say it once")
    box = player.boxes[-1]
    granted(player.next_response("the response"), "for a request to the game")
    for _ in range(later):
        player.post(HEARTBEAT)
    for _ in range(later):
        granted(player.next_response("the response"), "for a heartbeat")
    player.send_text(box)
    player.expect_closed(f"after a box that came {later + 1} messages before", 1008)
    again = comes_back(visit, player.name)
    granted(again.ask(JOIN_GAME, {"name": game}), "for join_game")
    log = granted(again.ask(HEARTBEAT), "for a heartbeat").payload["log"]
    if log != [f"{player.name} says: 'say it once'"]:
        raise Violation(f"expected no effect of a replayed box, got the log {log}")


@requires("PGN-TUN-005", "PGN-ERR-001")
def test_login_replayed_on_its_connection(visit: Visit, user: RawClient) -> None:
    """The box of the login counts among those that were used."""
    control(user)
    user.send_text(user.boxes[0])
    user.expect_closed("after the login for a second time", 1008)
    comes_back(visit, user.name)


@requires("PGN-TUN-005", "PGN-ERR-001")
@pytest.mark.parametrize("which", ["the login's", "the first", "the last"])
def test_box_of_the_server_reflected(visit: Visit, user: RawClient, which: str) -> None:
    """A box that the server has sent opens at the server, but is a violation there."""
    for number in range(3):
        granted(user.ask(GAME_DIR), f"for request {number}")
    index = {"the login's": 1, "the first": 2, "the last": -1}[which]
    user.send_text(user.responses[index].text)
    user.expect_closed(f"after {which} response was sent back", 1008)
    comes_back(visit, user.name)


@requires("PGN-TUN-005", "PGN-ERR-001")
def test_response_to_the_key_trade_reflected(visit: Visit) -> None:
    """What was sent in clear is no box."""
    expect_violation(
        visit.link,
        Stage.TRADED,
        visit.new_name(),
        lambda client: client.send_text(client.responses[0].text),
        "the server's own key trade",
        1007,
        1008,
    )


@requires("PGN-TUN-005", "PGN-ERR-001")
@pytest.mark.parametrize("whose", ["ours", "the server's"])
def test_nonce_used_again(visit: Visit, user: RawClient, whose: str) -> None:
    """What counts is the nonce: a new message with a used one is a replayed box as well."""
    control(user)
    used = user.boxes[-1] if whose == "ours" else user.responses[-1].text
    nonce = tunnel.split(used)[0]
    clear = request(GAME_DIR, {}, created_on="2026-01-01T00:00:00+00:00")
    user.send_text(user.seal(clear, nonce), clear=clear)
    user.expect_closed(f"after a nonce of {whose} again", 1008)
    comes_back(visit, user.name)


@requires("PGN-TUN-005")
def test_used_nonce_in_another_connection(visit: Visit, user: RawClient) -> None:
    """A nonce that another connection has used for a request is none of this one's."""
    control(user)
    nonce = tunnel.split(user.boxes[-1])[0]
    other = visit.user()
    other.send_text(other.seal(ASKED, nonce), clear=ASKED)
    granted(other.next_response("the response"), "for a nonce that another connection has used")


def recorded(visit: Visit, name: str, password: str) -> RawClient:
    """Log in, leave, and return the client with all that it has sent."""
    client = visit.traded()
    granted(client.log_in(name, password), "for a login")
    control(client)
    client.leave()
    return client


@requires("PGN-TUN-006", "PGN-ERR-001", "PGN-ERR-003")
def test_connection_replayed(visit: Visit) -> None:
    """A recorded connection cannot be played again: its login is a violation."""
    name = visit.new_name()
    before = recorded(visit, name, "secret word")
    thief = visit.traded(private_key=before.private_key)
    thief.send_text(before.boxes[0])
    thief.expect_closed("after the login of an earlier connection", 1008)
    comes_back(visit, name, "secret word")


@requires("PGN-TUN-006", "PGN-ERR-001")
def test_connection_replayed_while_it_lasts(visit: Visit) -> None:
    """So it is while the first connection is still there, which is not disturbed."""
    client = visit.user()
    thief = visit.traded(private_key=client.private_key)
    thief.send_text(client.boxes[0])
    thief.expect_closed("after the login of a connection that lasts", 1008)
    control(client)


@requires("PGN-TUN-006", "PGN-ERR-001")
def test_refused_login_replayed(visit: Visit) -> None:
    """The nonce of a login that was refused counts as well."""
    client = visit.traded()
    turned_away(client.log_in(visit.user().name), "for a name that is connected")
    thief = visit.traded(private_key=client.private_key)
    thief.send_text(client.boxes[0])
    thief.expect_closed("after a login that was refused before", 1008)


@requires("PGN-TUN-006", "PGN-ERR-001")
def test_nonce_of_a_login_used_for_another(visit: Visit) -> None:
    """What counts is the nonce, on any connection, with any keys and for any user."""
    nonce = tunnel.split(visit.user().boxes[0])[0]
    other = visit.traded()
    clear = request("handshake", {"username": visit.new_name()})
    other.send_text(other.seal(clear, nonce), clear=clear)
    other.expect_closed("after a login with the nonce of another", 1008)
    visit.user()


@requires("PGN-TUN-005", "PGN-TUN-006", "PGN-ERR-003")
def test_request_replayed_in_the_next_connection(visit: Visit) -> None:
    """A request of an earlier connection under the same keys does not make a login."""
    name, game = visit.new_name(), visit.new_game()
    before = visit.user(name)
    granted(before.ask(CREATE_GAME, {"name": game}), "for create_game")
    before.leave()
    thief = visit.traded(private_key=before.private_key)
    thief.send_text(before.boxes[-1])
    response = thief.next_response("the response to a request in place of a login")
    thief.expect_turned_away(response, "for a request in place of a login")
    comes_back(visit, name)
