"""Cases: what a client's messages travel in.

What may live here: the WebSocket binding. What is in the messages is the matter of other modules.
"""

from __future__ import annotations

import json

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pgnet.raw_server import CREATED_ON
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

LARGEST_OCTETS = 1_048_576
SEALED_SHARE = 3 / 4
NONCE_AND_MAC = 40


def response_of(octets: int) -> bytes:
    """Return the JSON text of a response that has exactly so many octets."""
    value = {
        "message": "large",
        "payload": {"fill": ""},
        "status": 0,
        "created_on": CREATED_ON,
        "disconnecting": False,
        "game": None,
    }
    value["payload"] = {"fill": "x" * (octets - len(json.dumps(value)))}
    return json.dumps(value).encode()


@requires("PGN-WSB-002", "PGN-JSN-001")
def test_text_messages(client: ClientUnderTest) -> None:
    """Every message of a client, in clear and in a box, is one text message with one request."""
    connection = client.open_game()
    client.exchange(connection)
    payload = {"x": [1, -2.5, None, True, {"a": '"\\/'}]}
    for message in ("hello", "café", "名前"):
        tag = client.send(message, payload)
        arrival = connection.next()
        if arrival.message != message or arrival.payload != payload:
            raise Violation(f"expected the request as it was given, got {arrival.value}")
        connection.respond()
        client.wait_response(tag, "after the response")


@pytest.mark.parametrize("parts", [2, 3, 7, 50])
@requires("PGN-WSB-003")
def test_fragments(client: ClientUnderTest, parts: int) -> None:
    """A response that is cut into several frames is one response."""
    connection, tag = client.awaiting()
    box = connection.sealed(response_of(400))
    cuts = tuple(len(box) * part // parts for part in range(1, parts))
    connection.send_text(box, cuts=cuts)
    client.wait_response(tag, "a response in several frames")
    client.exchange(connection)


@requires("PGN-WSB-003")
def test_fragments_with_a_ping_between(client: ClientUnderTest) -> None:
    """Control frames may stand between the frames of a message, also empty ones."""
    connection, tag = client.awaiting()
    box = connection.sealed(response_of(400))
    connection.websocket.send_octets(bytes([0x01, 10]) + box[:10])
    connection.websocket.ping(b"between")
    connection.websocket.send_octets(bytes([0x00, 0]))
    connection.websocket.send_octets(bytes([0x80, 126]) + (len(box) - 10).to_bytes(2) + box[10:])
    client.wait_response(tag, "a response with a ping between its frames")
    client.exchange(connection)


@pytest.mark.parametrize("phase", ["key-trade", "connected"])
@requires("PGN-WSB-004", "PGN-ERR-001", "PGN-ERR-003")
def test_binary(client: ClientUnderTest, phase: str) -> None:
    """A binary message is a violation, even if its octets would make a response."""
    if phase == "key-trade":
        client.starts_over("bob")
        connection = client.connect()
        connection.next("the key trade")
        key = json.dumps({"message": "key_trade", "payload": {"pubkey": client.server.public_key}})
        connection.send_text(key.encode(), text=False)
        connection.expect_ending("a binary message", 1003)
        client.starts_over()
    else:
        connection, tag = client.awaiting()
        connection.send_text(connection.sealed(response_of(300)), text=False)
        client.ends(connection, tag, "a binary message", 1003)


@requires("PGN-WSB-005", "PGN-ERR-001")
def test_text_that_is_no_utf8(client: ClientUnderTest) -> None:
    """Text that is not valid UTF-8 is a violation."""
    connection, tag = client.awaiting()
    connection.send_text(b"\xff\xfe" + connection.sealed(response_of(300)))
    client.ends(connection, tag, "text that is not UTF-8", 1007)


@pytest.mark.parametrize("octets", [LARGEST_OCTETS, LARGEST_OCTETS - 4])
@requires("PGN-WSB-006")
def test_large_messages(client: ClientUnderTest, octets: int) -> None:
    """A response of up to 1 048 576 octets is accepted."""
    connection, tag = client.awaiting()
    box = connection.sealed(response_of(int(octets * SEALED_SHARE) - NONCE_AND_MAC))
    if len(box) != octets:
        raise AssertionError(f"the case made {len(box)} octets instead of {octets}")
    connection.send_text(box)
    client.wait_response(tag, f"a response of {octets} octets")
    client.exchange(connection)


@pytest.mark.parametrize("beyond", [4, LARGEST_OCTETS], ids=["just", "twice"])
@requires("PGN-WSB-007", "PGN-ERR-001")
def test_too_large_messages(client: ClientUnderTest, beyond: int) -> None:
    """A response of more than 1 048 576 octets is a violation."""
    connection, tag = client.awaiting()
    octets = LARGEST_OCTETS + beyond
    connection.send_text(connection.sealed(response_of(octets * 3 // 4 - NONCE_AND_MAC)))
    client.ends(connection, tag, f"a response of {octets} octets", 1009)


@requires("PGN-WSB-008")
def test_no_compression_is_offered(client: ClientUnderTest) -> None:
    """A client does not offer permessage-deflate."""
    connection = client.open()
    request = connection.websocket.request
    offered = [] if request is None else request.headers.get_all("Sec-WebSocket-Extensions")
    if any("permessage-deflate" in one for one in offered):
        raise Violation(f"expected no offer of permessage-deflate, got {offered}")
