"""Captures: read back by hand, header by header."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

import pytest

from wirebook.conformance.report.pcap import capture
from wirebook.conformance.verdicts import Transfer


@dataclass(frozen=True)
class Packet:
    """What a reader of the capture sees of one datagram."""

    at: float
    source: str
    target: str
    payload: bytes
    cut: int


def transfer(
    data: bytes,
    direction: str = "to-target",
    *,
    at: float = 0.25,
    local: str = "127.0.0.1:50000",
    remote: str = "127.0.0.2:40231",
) -> Transfer:
    return Transfer(at, direction, data.hex(), "client-package", local, remote)


def read(data: bytes) -> list[Packet]:
    """Take a capture apart, checking every length and checksum on the way."""
    magic, major, minor, zone, accuracy, longest, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, major, minor, zone, accuracy) == (0xA1B2C3D4, 2, 4, 0, 0)
    assert link == 101
    packets, position = [], 24
    while position < len(data):
        seconds, micros, kept, whole = struct.unpack_from("<IIII", data, position)
        assert kept <= longest
        packet = data[position + 16 : position + 16 + kept]
        assert len(packet) == kept
        source, target, payload = read_packet(packet)
        packets.append(Packet(seconds + micros / 1e6, source, target, payload, whole - kept))
        position += 16 + kept
    return packets


def read_packet(packet: bytes) -> tuple[str, str, bytes]:
    if packet[0] >> 4 == 4:
        assert packet[0] & 15 == 5
        assert struct.unpack_from(">H", packet, 2)[0] == len(packet)
        assert packet[9] == 17
        assert folded(packet[:20]) == 0xFFFF
        ends, datagram = packet[12:20], packet[20:]
    else:
        assert packet[0] >> 4 == 6
        assert struct.unpack_from(">H", packet, 4)[0] == len(packet) - 40
        assert packet[6] == 17
        ends, datagram = packet[8:40], packet[40:]
    source_port, target_port, length, checksum = struct.unpack_from(">HHHH", datagram)
    assert length == len(datagram)
    assert checksum != 0
    assert folded(ends + struct.pack(">HH", 17, length) + datagram) == 0xFFFF
    half = len(ends) // 2
    source, target = ip_address(ends[:half]), ip_address(ends[half:])
    return f"{source} {source_port}", f"{target} {target_port}", datagram[8:]


def folded(data: bytes) -> int:
    """Add up as receivers do: all ones means that the checksum is right."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2]) for i in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def packets_of(*transfers: Transfer, began: float = 1_700_000_000.5) -> list[Packet]:
    data = capture(transfers, began=began)
    assert data is not None
    return read(data)


def test_datagram_to_the_target_leaves_from_the_suite() -> None:
    """Addresses, ports, payload and absolute time are those of the transfer."""
    (packet,) = packets_of(transfer(b"\xff\xd0\xfa\xb9abc"))
    assert packet == Packet(
        1_700_000_000.75, "127.0.0.1 50000", "127.0.0.2 40231", b"\xff\xd0\xfa\xb9abc", 0
    )


def test_datagram_from_the_target_has_its_ends_turned_round() -> None:
    """The target's end is the source of what it sent."""
    (packet,) = packets_of(transfer(b"x", "from-target"))
    assert (packet.source, packet.target) == ("127.0.0.2 40231", "127.0.0.1 50000")


@pytest.mark.parametrize("length", [0, 1, 2, 13, 2048, 65_507])
def test_datagrams_of_every_size_are_kept_whole(length: int) -> None:
    """Odd, even, empty and longest payloads have right lengths and checksums."""
    payload = bytes(index % 251 for index in range(length))
    (packet,) = packets_of(transfer(payload))
    assert packet.payload == payload


def test_checksum_of_zero_is_written_as_all_ones() -> None:
    """Zero would mean that there is no checksum (RFC 768)."""
    (before,) = packets_of(transfer(b"\0\0"))
    assert before.payload == b"\0\0"
    plain = capture([transfer(b"\0\0")], began=0.0)
    assert plain is not None
    (checksum,) = struct.unpack_from(">H", plain, 24 + 16 + 20 + 6)
    # Adding the checksum to the payload makes the sum come out as zero.
    (packet,) = packets_of(transfer(checksum.to_bytes(2)))
    assert packet.payload == checksum.to_bytes(2)


def test_chunk_longer_than_a_datagram_is_marked_as_cut() -> None:
    """The record says how many octets are missing."""
    (packet,) = packets_of(transfer(b"y" * 70_000))
    assert len(packet.payload) == 65_507
    assert packet.cut == 70_000 - 65_507


def test_ipv6_ends_make_ipv6_packets() -> None:
    """Bracketed hosts are IPv6 addresses."""
    (packet,) = packets_of(transfer(b"six", local="[::1]:50000", remote="[::1]:40231"))
    assert (packet.source, packet.target) == ("::1 50000", "::1 40231")


def test_mixed_ends_make_ipv6_packets_with_a_mapped_address() -> None:
    """Two families cannot stand in one header of version 4."""
    (packet,) = packets_of(transfer(b"mix", remote="[::1]:40231"))
    assert packet.source == "::ffff:7f00:1 50000"


def test_host_names_become_a_loopback_address() -> None:
    """A name in the evidence does not stop the capture from being written."""
    (packet,) = packets_of(transfer(b"name", local="", remote="localhost:40231"))
    assert (packet.source, packet.target) == ("127.0.0.1 0", "127.0.0.1 40231")


def test_notes_are_left_out() -> None:
    """Only datagrams stand in a capture, in the order of the exchange."""
    note = Transfer(0.1, "note", "", "once more", "", "")
    packets = packets_of(transfer(b"1"), note, transfer(b"2", at=0.5))
    assert [packet.payload for packet in packets] == [b"1", b"2"]


def test_exchange_without_datagrams_has_no_capture() -> None:
    """A case that sent nothing leaves no empty file."""
    assert capture([Transfer(0.1, "note", "", "nothing", "", "")], began=0.0) is None
