"""Reading captures: every way in which a datagram can lie in a file, and broken files."""

from __future__ import annotations

import struct

import pytest

from wirebook.conformance.capture import CaptureError, Datagram, is_capture, read

PAYLOAD = b"\xff\xd0\xfa\xb9payload"
SOURCE, DESTINATION = "127.0.0.1:4000", "127.0.0.2:4711"


def udp(payload: bytes = PAYLOAD) -> bytes:
    return struct.pack(">HHHH", 4000, 4711, 8 + len(payload), 0) + payload


def ipv4(body: bytes, *, protocol: int = 17, fragment: int = 0, options: bytes = b"") -> bytes:
    length = 20 + len(options) + len(body)
    first = 0x40 | (20 + len(options)) // 4
    head = struct.pack(">BBHHHBBH", first, 0, length, 1, fragment, 64, protocol, 0)
    return head + bytes([127, 0, 0, 1, 127, 0, 0, 2]) + options + body


def ipv6(body: bytes, following: int = 17) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(body), following, 64)
    return head + bytes(15) + b"\x01" + bytes(15) + b"\x02" + body


def pcap(*packets: bytes, link: int = 101, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack(f"{order}IIII", 10, 500_000, len(packet), len(packet)) + packet
        for packet in packets
    )


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = 12 + len(body)
    return struct.pack(f"{order}II", kind, length) + body + struct.pack(f"{order}I", length)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 101, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, 0) + options, order)


def enhanced(packet: bytes, ticks: int = 10_500_000, order: str = "<", number: int = 0) -> bytes:
    fields = (number, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet))
    return block(6, struct.pack(f"{order}IIIII", *fields) + packet, order)


def the_datagram(time: float = 10.5, number: int = 1) -> Datagram:
    return Datagram(number, time, SOURCE, DESTINATION, PAYLOAD)


def datagrams(data: bytes) -> tuple[Datagram, ...]:
    contents = read(data)
    assert not contents.problem
    return contents.datagrams


@pytest.mark.parametrize(
    ("link", "before"),
    [
        (101, b""),
        (228, b""),
        (12, b""),
        (0, struct.pack("<I", 2)),
        (108, struct.pack(">I", 2)),
        (1, bytes(12) + b"\x08\x00"),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
        (1, bytes(12) + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
    ],
    ids=["raw", "ipv4", "raw-bsd", "null", "loop", "ethernet", "vlan", "qinq", "sll", "sll2"],
)
def test_every_link_type_leads_to_the_datagram(link: int, before: bytes) -> None:
    """Datagrams are found above every link layer that captures of games come with."""
    found = list(datagrams(pcap(before + ipv4(udp()), link=link)))
    assert found == [the_datagram()]


@pytest.mark.parametrize(
    ("order", "magic", "time"),
    [
        ("<", 0xA1B2C3D4, 10.5),
        (">", 0xA1B2C3D4, 10.5),
        ("<", 0xA1B23C4D, 10.0005),
        (">", 0xA1B23C4D, 10.0005),
    ],
)
def test_every_kind_of_pcap_is_read(order: str, magic: int, time: float) -> None:
    """Both byte orders and both resolutions of the classic format are read."""
    found = list(datagrams(pcap(ipv4(udp()), order=order, magic=magic)))
    assert found == [the_datagram(time)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_is_read(order: str) -> None:
    """The newer format is read in both byte orders."""
    data = section(order) + interface(order=order) + enhanced(ipv4(udp()), order=order)
    assert list(datagrams(data)) == [the_datagram()]


@pytest.mark.parametrize(
    ("resolution", "ticks"), [(9, 10_500_000_000), (3, 10_500), (0x80 | 1, 21)]
)
def test_pcapng_times_have_their_resolution(resolution: int, ticks: int) -> None:
    """An interface says what its time stamps count."""
    option = struct.pack("<HHB3x", 9, 1, resolution) + struct.pack("<HH", 0, 0)
    data = section() + interface(options=option) + enhanced(ipv4(udp()), ticks)
    assert [found.time for found in datagrams(data)] == [pytest.approx(10.5)]


def test_pcapng_simple_packets_are_read() -> None:
    """Packets without a time stamp are read, too."""
    packet = ipv4(udp())
    simple = block(3, struct.pack("<I", len(packet)) + packet)
    assert list(datagrams(section() + interface() + simple)) == [the_datagram(0.0)]


def test_pcapng_blocks_of_other_kinds_are_passed_over() -> None:
    """Comments, statistics and names stand between the packets."""
    data = section() + interface() + block(5, bytes(12)) + enhanced(ipv4(udp()))
    assert list(datagrams(data)) == [the_datagram()]


def test_pcapng_sections_begin_anew() -> None:
    """A second section has its own byte order and its own interfaces."""
    first = section() + interface() + enhanced(ipv4(udp()))
    second = section(">") + interface(order=">") + enhanced(ipv4(udp()), order=">")
    assert list(datagrams(first + second)) == [the_datagram(), the_datagram(number=2)]


def test_ipv6_is_read() -> None:
    """Addresses of IPv6 are written so that the port can be told from them."""
    (found,) = datagrams(pcap(ipv6(udp())))
    assert (found.source, found.destination) == ("[::1]:4000", "[::2]:4711")


def test_ipv6_extensions_are_passed_over() -> None:
    """Extension headers may stand before the datagram."""
    extension = bytes([17, 0]) + bytes(6)
    assert [found.data for found in datagrams(pcap(ipv6(extension + udp(), 60)))] == [PAYLOAD]


def test_options_of_ipv4_are_passed_over() -> None:
    """A header of IPv4 may be longer than usual."""
    assert list(datagrams(pcap(ipv4(udp(), options=bytes(4))))) == [the_datagram()]


def test_padding_is_no_payload() -> None:
    """What the link layer added to a short packet is not read as part of it."""
    assert list(datagrams(pcap(ipv4(udp()) + bytes(20)))) == [the_datagram()]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45",
        ipv4(b"GET / HTTP/1.1", protocol=6),
        ipv4(udp(), fragment=0x2000),
        ipv4(udp(), fragment=0x0010),
        ipv6(b"", following=59),
        b"\x00" * 40,
    ],
    ids=["empty", "cut", "tcp", "first-fragment", "later-fragment", "ipv6-nothing", "no-ip"],
)
def test_what_is_no_whole_datagram_is_passed_over(packet: bytes) -> None:
    """Other packets and fragments do not disturb the reading."""
    assert list(datagrams(pcap(packet, ipv4(udp())))) == [the_datagram(number=2)]


def test_cut_datagram_says_what_is_missing() -> None:
    """A capture that kept only the beginning of packets says how much is missing."""
    (found,) = datagrams(pcap(ipv4(udp())[:-5]))
    assert (found.data, found.cut) == (PAYLOAD[:-5], 5)


def test_reports_write_what_is_read_here() -> None:
    """What the suite's reports write can be read back."""
    assert is_capture(pcap())
    assert is_capture(section())
    assert not is_capture(b"ffd0fab9")


@pytest.mark.parametrize(
    "data",
    [
        pcap(ipv4(udp()))[:-1],
        pcap(ipv4(udp())) + b"\x00",
        pcap()[:20],
        section() + interface() + enhanced(ipv4(udp()))[:-6],
        section() + enhanced(ipv4(udp())),
        section()[:8] + bytes(20),
        section() + struct.pack("<II", 6, 2),
        pcap(b"packet", link=147),
    ],
    ids=[
        "record-cut",
        "header-of-record-cut",
        "header-cut",
        "block-cut",
        "no-interface",
        "no-byte-order",
        "block-too-short",
        "unknown-link",
    ],
)
def test_broken_file_is_told(data: bytes) -> None:
    """A file that ends early, or makes no sense, yields no rubbish, and what is wrong is said."""
    contents = read(data)
    assert contents.problem
    assert contents.datagrams in ((), (the_datagram(),))


def test_what_is_no_capture_is_refused() -> None:
    """A file of another kind is not read at all."""
    with pytest.raises(CaptureError, match="neither pcap nor pcapng"):
        read(b"")


def test_broken_file_yields_what_was_whole() -> None:
    """What stands before the broken place is read."""
    contents = read(pcap(ipv4(udp())) + b"\x00")
    assert contents.datagrams == (the_datagram(),)
    assert contents.problem.startswith("the file ends early")
