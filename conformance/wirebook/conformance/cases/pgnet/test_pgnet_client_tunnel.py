"""Cases: the boxes of a client, and what it makes of those that are not as they should be.

What may live here: the tunnel. What is in the boxes is in `test_pgnet_client_messages`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

import pytest

from wirebook.conformance.cases.pgnet.json_inputs import RESPONSE
from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pgnet.raw_server import RawConnection
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

GOOD = RESPONSE.good.encode()
NONCE_OCTETS, MAC_OCTETS = 24, 16


def flipped(text: bytes, index: int) -> bytes:
    """Return a box with one bit of one octet changed."""
    octets = bytearray(base64.b64decode(text))
    octets[index] ^= 1
    return base64.b64encode(octets)


UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "not-base64": lambda _: b"this is no box!",
    "other-alphabet": lambda _: base64.urlsafe_b64encode(b"\xfb\xff" * 60),
    "without-padding": lambda box: _padded(box).rstrip(b"="),
    "too-much-padding": lambda box: box + b"====",
    "padding-inside": lambda box: box[:8] + b"=" + box[8:],
    "one-character-more": lambda box: box + b"A",
    "newline-inside": lambda box: box[:40] + b"\n" + box[40:],
    "space-before": lambda box: b" " + box,
    "39-octets": lambda box: base64.b64encode(base64.b64decode(box)[:39]),
    "nonce-only": lambda box: base64.b64encode(base64.b64decode(box)[:24]),
}
DOES_NOT_OPEN: dict[str, Callable[[bytes], bytes]] = {
    "nonce-first": lambda box: flipped(box, 0),
    "nonce-last": lambda box: flipped(box, NONCE_OCTETS - 1),
    "mac-first": lambda box: flipped(box, NONCE_OCTETS),
    "mac-last": lambda box: flipped(box, NONCE_OCTETS + MAC_OCTETS - 1),
    "text-first": lambda box: flipped(box, NONCE_OCTETS + MAC_OCTETS),
    "text-last": lambda box: flipped(box, -1),
    "cut-short": lambda box: base64.b64encode(base64.b64decode(box)[:-1]),
    "longer": lambda box: base64.b64encode(base64.b64decode(box) + b"\0"),
    "rubbish": lambda box: base64.b64encode(os.urandom(len(base64.b64decode(box)))),
    "mac-of-nothing": lambda box: base64.b64encode(base64.b64decode(box)[:40]),
}


def _padded(box: bytes) -> bytes:
    octets = base64.b64decode(box)
    return base64.b64encode(octets[: len(octets) - len(octets) % 3 - 1])


@requires("PGN-TUN-001")
def test_boxes(client: ClientUnderTest) -> None:
    """Everything after the key trade is in boxes that open, standard base64 with padding."""
    connection = client.connect()
    trade = connection.trade_keys()
    login = connection.next("the login")
    connection.respond("Authenticated.")
    client.wait_connected("after the response to the login")
    client.send("hello", {"secret": "tunnel"})
    request = connection.next()
    connection.respond()
    if trade.text != trade.clear:
        raise Violation("expected the key trade in clear")
    for arrival in (login, request):
        if base64.b64encode(base64.b64decode(arrival.text, validate=True)) != arrival.text:
            raise Violation(f"expected standard base64 with padding, got {arrival.text!r}")


@requires("PGN-TUN-002")
def test_nonces_are_not_used_twice(client: ClientUnderTest) -> None:
    """Each box has a nonce of its own, in either direction, also for the same request."""
    connection = client.open()
    for _ in range(20):
        client.exchange(connection)
    if len(set(connection.nonces)) != len(connection.nonces):
        raise Violation(f"expected {len(connection.nonces)} different nonces")
    if connection.local_nonces & set(connection.nonces):
        raise Violation("expected nonces of its own, got one that the server had used")


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=list(UNREADABLE))
@requires("PGN-TUN-003", "PGN-ERR-001", "PGN-ERR-003")
def test_not_base64(client: ClientUnderTest, change: Callable[[bytes], bytes]) -> None:
    """What is not base64 of at least 40 octets is a violation."""
    connection, tag = client.awaiting()
    connection.send_text(change(connection.sealed(GOOD)))
    client.ends(connection, tag, "text that is no box", 1007)


@pytest.mark.parametrize("change", DOES_NOT_OPEN.values(), ids=list(DOES_NOT_OPEN))
@requires("PGN-TUN-004", "PGN-ERR-001", "PGN-ERR-003")
def test_does_not_open(client: ClientUnderTest, change: Callable[[bytes], bytes]) -> None:
    """A box that was changed on its way is a violation."""
    connection, tag = client.awaiting()
    connection.send_text(change(connection.sealed(GOOD)))
    client.ends(connection, tag, "a box that does not open", 1008)


@requires("PGN-TUN-004", "PGN-ERR-003")
def test_other_key(client: ClientUnderTest) -> None:
    """A box of somebody with another key is a violation."""
    connection, tag = client.awaiting()
    connection.send_text(connection.sealed(GOOD, key=os.urandom(32)))
    client.ends(connection, tag, "a box of somebody else", 1008)


@requires("PGN-TUN-003", "PGN-TUN-004", "PGN-ERR-003")
def test_clear_text_after_the_trade(client: ClientUnderTest) -> None:
    """A response in clear after the key trade is a violation, however good it looks."""
    connection, tag = client.awaiting()
    connection.send_text(GOOD)
    client.ends(connection, tag, "a response in clear", 1007, 1008)


@pytest.mark.parametrize("between", [0, 1, 30])
@requires("PGN-TUN-005", "PGN-ERR-001", "PGN-ERR-003")
def test_replayed_response(client: ClientUnderTest, between: int) -> None:
    """A box that came before is a violation, also after others."""
    connection = client.open()
    tag = client.send()
    connection.next()
    box = connection.sealed(GOOD)
    connection.send_text(box, opened=GOOD)
    client.wait_response(tag, "the first time")
    for _ in range(between):
        client.exchange(connection)
    tag = client.send()
    connection.next()
    connection.send_text(box, opened=GOOD)
    client.ends(connection, tag, "a replayed box", 1008)


@requires("PGN-TUN-005")
def test_same_nonce_other_text(client: ClientUnderTest) -> None:
    """It is the nonce that tells: another text in a box with the same nonce is a violation too."""
    connection = client.open()
    nonce = os.urandom(NONCE_OCTETS)
    tag = client.send()
    connection.next()
    connection.send_text(connection.sealed(GOOD, nonce), opened=GOOD)
    client.wait_response(tag, "the first time")
    tag = client.send()
    connection.next()
    other = GOOD.replace(b"hello", b"other")
    connection.send_text(connection.sealed(other, nonce), opened=other)
    client.ends(connection, tag, "a nonce that was used before", 1008)


@requires("PGN-TUN-005")
def test_reflected_request(client: ClientUnderTest) -> None:
    """A box of the client's own, sent back to it, is a violation, although it opens."""
    connection = client.open()
    client.exchange(connection)
    tag = client.send("reflected", {"k": "v"})
    arrival = connection.next()
    connection.send_text(arrival.text, opened=arrival.clear)
    client.ends(connection, tag, "a box that the client had sent itself", 1008)


@requires("PGN-TUN-007")
def test_new_keys_for_each_connection(client: ClientUnderTest) -> None:
    """A client that connects again has another key pair, as another user or the same."""

    def key_of(connection: RawConnection) -> bytes | None:
        client.exchange(connection)
        client.ask({"do": "disconnect"})
        connection.expect_ending("asked to disconnect")
        return connection.peer_key

    keys = [key_of(client.open(name)) for name in ("alice", "alice", "bob")]
    if len(set(keys)) != len(keys):
        raise Violation("expected a new public key for each connection, got one twice")
