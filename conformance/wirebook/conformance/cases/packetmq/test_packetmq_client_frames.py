"""Cases: how a client cuts the stream into frames, in both directions.

What may live here: lengths, borders and the order of packets. What is in a payload is in
`test_packetmq_client_messagepack.py`.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, made, received
from wirebook.conformance.drivers.packetmq.player import bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    ITEM,
    check_sends,
    check_violation,
    control,
    control_elsewhere,
    expect_leave,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State

MANY = 500
SIZES = {"1-octet": 1, "2-octets": 2, "3-octets": 3, "5-octets": 5, "11-octets": 11}


@requires("PMQ-FRM-001", "PMQ-PID-001", "PMQ-MSG-001")
def test_sends_frames(client: SteeredClient) -> None:
    """Payloads of many sizes go out as frames whose length is that of their content."""
    line = join(client)
    for size in (0, 1, 30, 255, 256, 4000, 65_536, 99_000):
        check_sends(client, line, bytes(size))
    for payload in (None, [1, 2.5, b"x"], {"a": [None]}):
        check_sends(client, line, payload)


@pytest.mark.parametrize("size", list(SIZES.values()), ids=list(SIZES))
@requires("PMQ-FRM-002")
def test_cut_everywhere(client: SteeredClient, raw_server: RawServer, size: int) -> None:
    """A stream in pieces of a few octets, from the first one on, gives the same packets."""
    line = client.connect()
    pubids = frames.pubids(adapt=False, ids=frames.SERVER_IDS)
    items = [frames.say(frames.ITEM, [number, "item"]) for number in range(3)]
    line.send_cut(b"".join([frames.init(), pubids, frames.finish(), *items]), size)
    expected = [received(ITEM, [number, "item"]) for number in range(3)]
    client.wait_notified(line, made(), *expected)
    raw_server.expect(line, frames.FINISH)
    control(client, line)


@requires("PMQ-FRM-002")
def test_cut_anywhere(client: SteeredClient) -> None:
    """A frame that arrives in two pieces is one packet, wherever the cut is."""
    line = join(client)
    whole = frames.say(frames.ITEM, [300, "item", 2.5])
    for cut in range(1, len(whole)):
        line.send_cut(whole[:cut], cut)
        line.send_cut(whole[cut:] + whole[:cut], len(whole))
        line.send_cut(whole[cut:], len(whole))
    expected = [received(ITEM, [300, "item", 2.5])] * (2 * (len(whole) - 1))
    client.wait_notified(line, made(), *expected)


@requires("PMQ-EXC-001", "PMQ-FRM-002")
def test_many_at_a_time(client: SteeredClient) -> None:
    """Many frames in one piece are as many packets, in their order."""
    line = join(client)
    line.send_all(frames.say(frames.ITEM, number) for number in range(MANY))
    client.wait_notified(line, made(), *(received(ITEM, number) for number in range(MANY)))


@pytest.mark.parametrize("length", [3, 4, 255, 256, 65_535, 65_536, 99_998, 99_999])
@requires("PMQ-FRM-004")
def test_good_length(client: SteeredClient, length: int) -> None:
    """A frame of every length from 3 to 99 999 is accepted."""
    line = join(client)
    data = frames.frame_of_length(length, frames.ITEM)
    line.send(data)
    payload = frames.read_packet(data, 0.0).value
    client.wait_notified(line, made(), received(ITEM, payload))
    control(client, line)


TOO_LONG = {"100000": 100_000, "a-mebibyte": 1 << 20, "2-31": 1 << 31, "2-32": (1 << 32) - 1}


@pytest.mark.parametrize("length", list(TOO_LONG.values()), ids=list(TOO_LONG))
@requires("PMQ-FRM-005", "PMQ-ERR-002")
def test_length_too_great(client: SteeredClient, length: int) -> None:
    """A length above 99 999 is a violation before anything of the content has arrived."""
    line = join(client)
    control(client, line)
    line.send_cut(length.to_bytes(4), 4)
    expect_leave(client, line, Reason.FRAMING)
    control_elsewhere(client)


@requires("PMQ-FRM-005", "PMQ-ERR-002", "PMQ-ERR-004")
def test_content_too_long(client: SteeredClient) -> None:
    """A frame with a length above 99 999 is a violation though all of it arrives."""
    line = join(client)
    data = frames.frame_of_length(100_000, frames.ITEM)
    check_violation(client, line, Reason.FRAMING, data)


@pytest.mark.parametrize("length", [0, 1])
@requires("PMQ-FRM-006", "PMQ-ERR-002", "PMQ-ERR-004")
def test_length_too_small(client: SteeredClient, length: int) -> None:
    """A length that leaves no room for a packet id is a violation."""
    line = join(client)
    control(client, line)
    check_violation(client, line, Reason.FRAMING, frames.frame(bytes(length)))


@pytest.mark.parametrize("state", [State.CONN_MADE, State.CONFIRMED], ids=["connmade", "confirmed"])
@requires("PMQ-FRM-006", "PMQ-FRM-005", "PMQ-ERR-002")
def test_not_frames_at_all(client: SteeredClient, state: State) -> None:
    """A server that speaks another protocol is left at once."""
    line = bring_to(client, state)
    line.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", message="")
    expect_leave(client, line, Reason.FRAMING)
    control_elsewhere(client)


@requires("PMQ-PID-002", "PMQ-PID-001")
def test_ids_of_internal_packets(client: SteeredClient, raw_server: RawServer) -> None:
    """The client's internal packets have the ids of the book from first to last."""
    line = join(client)
    client.softquit(line, "reason.bye")
    raw_server.expect(line, frames.SOFTQUIT, seconds=client.patience())
    if line.kinds != [frames.INIT, frames.PUBIDS, frames.FINISH, frames.SOFTQUIT]:
        raise Violation(f"expected the packets 0, 2, 3 and 1, got {line.kinds}")
