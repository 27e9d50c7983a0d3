"""Cases: a client lives through whatever a server does, and works with the next one.

What may live here: what no other rule speaks of than that the client must not end, hang or be lost.
"""

from __future__ import annotations

import os

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.marks import requires

FRAMES_THAT_BREAK: dict[str, bytes] = {
    "reserved-bits": bytes([0xF1, 0x00]),
    "reserved-opcode": bytes([0x83, 0x00]),
    "masked": bytes([0x81, 0x81, 1, 2, 3, 4, 0x30]),
    "continuation-without-a-start": bytes([0x80, 0x01, 0x30]),
    "start-within-a-message": bytes([0x01, 0x01, 0x30, 0x81, 0x01, 0x30]),
    "long-ping": bytes([0x89, 126]) + (126).to_bytes(2) + bytes(126),
    "close-with-one-octet": bytes([0x88, 0x01, 0x03]),
    "close-with-a-forbidden-code": bytes([0x88, 0x02]) + (1005).to_bytes(2),
    "huge-length": bytes([0x81, 127]) + (2**62).to_bytes(8),
    "length-with-the-top-bit": bytes([0x81, 127]) + (2**63).to_bytes(8),
    "rubbish": os.urandom(500),
    "http": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("octets", FRAMES_THAT_BREAK.values(), ids=list(FRAMES_THAT_BREAK))
@requires("PGN-ERR-002")
def test_broken_frames(client: ClientUnderTest, octets: bytes) -> None:
    """Octets that are no WebSocket frames end the connection, and not the client."""
    connection, _ = client.awaiting()
    connection.websocket.send_octets(octets)
    # Some of them might still become a frame; the end of the stream makes an end of that.
    connection.drop()
    client.wait_disconnected("octets that are no frames")
    client.starts_over()


@requires("PGN-ERR-002")
def test_pings(client: ClientUnderTest) -> None:
    """Pings of the server are answered and change nothing."""
    connection = client.open()
    for number in range(20):
        connection.websocket.ping(bytes([number]) * number)
    client.exchange(connection)


@requires("PGN-ERR-002")
def test_flood_of_messages(client: ClientUnderTest) -> None:
    """A server that sends many messages without being asked is left at the first one."""
    connection = client.open()
    client.exchange(connection)
    for _ in range(200):
        connection.respond("nobody asked", {"fill": "x" * 1000})
    client.wait_disconnected("a flood")
    client.starts_over()


@pytest.mark.parametrize("phase", ["accepted", "websocket", "key-trade"])
@requires("PGN-ERR-002", "PGN-CLI-004")
def test_ended_in_the_opening(client: ClientUnderTest, phase: str) -> None:
    """A connection that ends before the login leaves the client disconnected and able to try."""
    client.starts_over("bob")
    connection = client.connect()
    if phase != "accepted":
        connection.next("the key trade")
    if phase == "key-trade":
        connection.respond("key_trade", {"pubkey": client.server.public_key}, clear=True)
    connection.drop(reset=phase == "websocket")
    client.wait_disconnected(f"a connection that ended in the phase {phase}")
    client.starts_over()


@requires("PGN-RSP-006")
def test_status_of_responses(client: ClientUnderTest) -> None:
    """Responses of every status go to the application, and the connection lives on."""
    connection = client.open()
    for status in (2, 1, 0):
        tag = client.send()
        connection.next()
        connection.respond(f"status {status}", {"why": "x"}, status=status)
        response = client.wait_response(tag, f"a response with status {status}")
        if response["status"] != status:
            raise AssertionError(f"expected status {status}, got {response['status']}")
    client.exchange(connection)
