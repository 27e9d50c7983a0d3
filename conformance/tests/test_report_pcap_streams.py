"""Streams in captures: segments as a well-behaved stack sends them, and what they carry."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any

import pytest

from wirebook.conformance.report.packets import ACK, FIN, LONGEST_SEGMENT, PSH, RST, SYN
from wirebook.conformance.report.pcap import capture
from wirebook.conformance.verdicts import Transfer

SUITE, TARGET = "127.0.0.1:50000", "127.0.0.1:40000"
SENT = Transfer(0.1, "to-target", "", "", SUITE, TARGET, "tcp")


@dataclass(frozen=True)
class Segment:
    """What a reader of the capture sees of one segment."""

    by_suite: bool
    flags: int
    sequence: int
    acknowledged: int
    data: bytes


def sent(data: bytes, **changes: Any) -> Transfer:
    return replace(SENT, data=data.hex(), **changes)


def received(data: bytes, **changes: Any) -> Transfer:
    return sent(data, direction="from-target", **changes)


def closed(how: str, by: str = "target", **changes: Any) -> Transfer:
    return replace(SENT, direction="close", message=how, by=by, **changes)


def folded(data: bytes) -> int:
    """Add up as receivers do: all ones means that the checksum is right."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def segments(*transfers: Transfer, role: str = "server") -> list[Segment]:
    data = capture(transfers, began=1000.0, role=role)
    assert data is not None
    found, position = [], 24
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position + 8)
        found.append(segment(data[position + 16 : position + 16 + length]))
        position += 16 + length
    return found


def segment(packet: bytes) -> Segment:
    if packet[0] >> 4 == 4:
        assert struct.unpack_from(">H", packet, 2)[0] == len(packet)
        assert folded(packet[:20]) == 0xFFFF
        ends, body, protocol = packet[12:20], packet[20:], packet[9]
    else:
        assert struct.unpack_from(">H", packet, 4)[0] == len(packet) - 40
        ends, body, protocol = packet[8:40], packet[40:], packet[6]
    assert protocol == 6
    assert folded(ends + struct.pack(">HH", 6, len(body)) + body) == 0xFFFF
    source, _, sequence, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", body)
    return Segment(source == 50000, flags, sequence, acknowledged, body[(offset >> 4) * 4 :])


def streams(found: list[Segment]) -> dict[bool, bytes]:
    """Put the data of both sides together, checking that every number fits the ones before."""
    following: dict[bool, int] = {}
    data = {True: b"", False: b""}
    for one in found:
        if one.flags & SYN:
            following[one.by_suite] = one.sequence
        assert one.sequence == following[one.by_suite]
        if one.flags & ACK:
            assert one.acknowledged == following[not one.by_suite]
        assert len(one.data) <= LONGEST_SEGMENT
        following[one.by_suite] += len(one.data) + bool(one.flags & (SYN | FIN))
        data[one.by_suite] += one.data
    return data


def flags_of(found: list[Segment]) -> list[tuple[bool, int]]:
    return [(one.by_suite, one.flags) for one in found]


def test_connection_begins_with_a_handshake() -> None:
    """The suite connects to a server under test."""
    found = segments(sent(b"hello"), received(b"hi"))
    assert flags_of(found[:3]) == [(True, SYN), (False, SYN | ACK), (True, ACK)]
    assert streams(found) == {True: b"hello", False: b"hi"}


def test_client_under_test_connects() -> None:
    """A client under test connects to the suite."""
    found = segments(sent(b"hello"), role="client")
    assert flags_of(found[:3]) == [(False, SYN), (True, SYN | ACK), (False, ACK)]
    assert streams(found)[True] == b"hello"


def test_every_segment_is_acknowledged() -> None:
    """No reader wonders whether it has missed something."""
    found = segments(sent(b"one"), sent(b"two"))
    assert flags_of(found[3:]) == [(True, PSH | ACK), (False, ACK)] * 2


def test_long_data_is_cut_into_segments() -> None:
    """What no packet can hold travels in several."""
    data = bytes(index % 251 for index in range(200_000))
    found = segments(sent(data))
    assert streams(found)[True] == data
    assert len([one for one in found if one.data]) == 4


def test_closed_stream_has_a_fin_of_both_sides() -> None:
    """The side that did not close first follows, at the latest in the end."""
    found = segments(sent(b"x"), closed("fin"))
    streams(found)
    assert flags_of(found[5:]) == [
        (False, FIN | ACK),
        (True, ACK),
        (True, FIN | ACK),
        (False, ACK),
    ]


def test_half_closed_stream_goes_on() -> None:
    """What comes after one side has closed belongs to the same connection."""
    found = segments(sent(b"x"), closed("fin", "suite"), received(b"late"), closed("fin"))
    assert streams(found) == {True: b"x", False: b"late"}
    assert [one.flags for one in found].count(SYN) == 1


def test_reset_is_a_reset() -> None:
    """After a reset nothing follows."""
    found = segments(sent(b"x"), closed("rst"))
    assert flags_of(found[5:]) == [(False, RST | ACK)]


def test_end_that_is_noted_twice_is_shown_once() -> None:
    """A driver may note the end both when it is announced and when it is seen."""
    once = segments(sent(b"x"), closed("fin"))
    assert segments(sent(b"x"), closed("fin"), closed("fin")) == once


def test_connection_that_is_refused_at_once_has_a_handshake() -> None:
    """A close without any data still belongs to a connection."""
    assert flags_of(segments(closed("rst")))[0] == (True, SYN)


def test_ports_can_be_used_again() -> None:
    """A second connection on the same ports begins anew, with other numbers."""
    found = segments(sent(b"one"), closed("rst"), sent(b"two"))
    second = [index for index, one in enumerate(found) if one.flags == SYN][1]
    assert streams(found[second:]) == {True: b"two", False: b""}
    assert found[second].sequence > found[0].sequence + 1000


def test_connections_are_told_apart_by_their_ends() -> None:
    """Each pair of addresses has a handshake of its own."""
    found = segments(sent(b"one"), sent(b"two", remote="[::1]:40001", local="[::1]:50000"))
    assert [one.flags for one in found].count(SYN) == 2


def frames(data: bytes) -> list[tuple[int, bytes, bool]]:
    """Take WebSocket frames apart: opcode, payload, whether it is masked."""
    found, position = [], 0
    while position < len(data):
        length, masked = data[position + 1] & 0x7F, bool(data[position + 1] & 0x80)
        opcode = data[position] & 0x0F
        assert data[position] & 0xF0 == 0x80
        position += 2
        for mark, size in ((126, 2), (127, 8)):
            if length == mark:
                length = int.from_bytes(data[position : position + size])
                position += size
                break
        key = data[position : position + 4] if masked else bytes(4)
        position += 4 * masked
        payload = data[position : position + length]
        found.append((opcode, bytes(o ^ key[i % 4] for i, o in enumerate(payload)), masked))
        position += length
    return found


@pytest.mark.parametrize("role", ["server", "client"])
def test_websocket_begins_with_an_upgrade(role: str) -> None:
    """Whoever connects asks for it, and masks."""
    text = '{"message": "é"}'.encode()
    both = (sent(text, transport="websocket"), received(text, transport="websocket"))
    found = streams(segments(*both, role=role))
    suite_connects = role == "server"
    request, _, asked = found[suite_connects].partition(b"\r\n\r\n")
    answer, _, answered = found[not suite_connects].partition(b"\r\n\r\n")
    assert request.startswith(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert frames(asked) == [(1, text, True)]
    assert frames(answered) == [(1, text, False)]


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 150_000])
def test_websocket_messages_of_every_size_are_whole(length: int) -> None:
    """The three forms of a frame's length are written."""
    found = streams(segments(sent(b"x" * length, transport="websocket")))
    assert frames(found[True].partition(b"\r\n\r\n")[2]) == [(1, b"x" * length, True)]


def test_message_that_is_no_text_is_binary() -> None:
    """A text frame holds UTF-8, or readers complain."""
    found = streams(segments(sent(b"\xff\xd0", transport="websocket")))
    assert frames(found[True].partition(b"\r\n\r\n")[2]) == [(2, b"\xff\xd0", True)]


def test_websocket_close_has_its_frame_and_a_fin() -> None:
    """Code and reason are in the frame of the side that closed."""
    over = {"transport": "websocket"}
    found = segments(sent(b"x", **over), closed("websocket 1008 too bad", **over))
    answered = streams(found)[False].partition(b"\r\n\r\n")[2]
    assert frames(answered) == [(8, (1008).to_bytes(2) + b"too bad", False)]
    assert (False, FIN | ACK) in flags_of(found)


def test_connection_without_websocket_close_just_ends() -> None:
    """What ended without a close frame is shown so."""
    over = {"transport": "websocket"}
    found = segments(sent(b"x", **over), closed("fin", **over))
    assert streams(found)[False].partition(b"\r\n\r\n")[2] == b""
