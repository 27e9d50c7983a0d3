"""Reading captures: the UDP datagrams in a pcap or pcapng file.

What may live here: as much of the two file formats and of the layers below UDP as it takes to get
at datagrams. Writing captures is the reports' business, and what datagrams mean the books'.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

_PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
}
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_LARGEST_PACKET = 1 << 24

_NULL, _ETHERNET, _LOOP, _SLL, _SLL2 = 0, 1, 108, 113, 276
_RAW_LINKS = (12, 14, 101, 228, 229)
_ETHER_IP = (0x0800, 0x86DD)
_ETHER_VLAN = (0x8100, 0x88A8)
_UDP = 17
_IPV6_EXTENSIONS = (0, 43, 60)


class CaptureError(ValueError):
    """The file is not a capture, or ends in the middle of one."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram of a capture."""

    time: float
    """Seconds since the epoch; 0 where the capture does not say."""
    source: str
    destination: str
    data: bytes
    cut: int = 0
    """How many octets the capture left out at the end."""


def is_capture(data: bytes) -> bool:
    """Tell whether a file that begins so is a capture."""
    return data[:4] in _PCAP_MAGICS or data[:4] == _PCAPNG_MAGIC


def datagrams(data: bytes) -> Iterator[Datagram]:
    """Yield the UDP datagrams of a capture, in its order; other packets are passed over.

    A file that is broken somewhere raises CaptureError after everything before was yielded.
    """
    if data[:4] == _PCAPNG_MAGIC:
        packets = _pcapng(data)
    elif data[:4] in _PCAP_MAGICS:
        packets = _pcap(data)
    else:
        raise CaptureError("neither pcap nor pcapng")
    for time, link, packet in packets:
        found = _datagram(time, link, packet)
        if found is not None:
            yield found


def _pcap(data: bytes) -> Iterator[tuple[float, int, bytes]]:
    order, ticks = _PCAP_MAGICS[data[:4]]
    (link,) = _unpack(f"{order}I", data, 20)
    offset = 24
    while offset < len(data):
        seconds, fraction, captured, _ = _unpack(f"{order}IIII", data, offset)
        yield seconds + fraction / ticks, link & 0xFFFF, _cut_out(data, offset + 16, captured)
        offset += 16 + captured


def _pcapng(data: bytes) -> Iterator[tuple[float, int, bytes]]:
    offset, order = 0, "<"
    interfaces: list[tuple[int, float]] = []
    while offset < len(data):
        if data[offset : offset + 4] == _PCAPNG_MAGIC:
            order = _BYTE_ORDERS.get(data[offset + 8 : offset + 12], "")
            if not order:
                raise CaptureError(f"a section without a byte order at octet {offset}")
            interfaces = []
        kind, length = _unpack(f"{order}II", data, offset)
        if length < 12 or length % 4:
            raise CaptureError(f"a block of {length} octets at octet {offset}")
        body = _cut_out(data, offset + 8, length - 12)
        if kind == 1:
            interfaces.append(_interface(order, body))
        elif kind == 6:
            number, high, low, captured, _ = _unpack(f"{order}IIIII", body, 0)
            if number >= len(interfaces):
                raise CaptureError(f"a packet of an interface without description at {offset}")
            link, tick = interfaces[number]
            yield (high << 32 | low) * tick, link, _cut_out(body, 20, captured)
        elif kind == 3 and interfaces:
            (original,) = _unpack(f"{order}I", body, 0)
            yield 0.0, interfaces[0][0], body[4 : 4 + original]
        offset += length


def _interface(order: str, body: bytes) -> tuple[int, float]:
    (link,) = _unpack(f"{order}H", body, 0)
    tick, offset = 1e-6, 8
    while offset + 4 <= len(body):
        code, length = _unpack(f"{order}HH", body, offset)
        if code == 9 and length >= 1 and offset + 4 < len(body):
            exponent = body[offset + 4]
            tick = 2.0 ** -(exponent & 0x7F) if exponent & 0x80 else 10.0**-exponent
        offset += 4 + (length + 3) // 4 * 4
    return link, tick


def _datagram(time: float, link: int, packet: bytes) -> Datagram | None:
    try:
        return _udp(time, _above_link(link, packet))
    except struct.error:
        return None  # cut off before the datagram begins


def _above_link(link: int, packet: bytes) -> bytes:
    if link in (_NULL, _LOOP):
        return packet[4:]
    if link == _SLL:
        return packet[16:]
    if link == _SLL2:
        return packet[20:]
    if link in _RAW_LINKS:
        return packet
    if link == _ETHERNET:
        offset = 12
        (ether,) = struct.unpack_from(">H", packet, offset)
        while ether in _ETHER_VLAN:
            offset += 4
            (ether,) = struct.unpack_from(">H", packet, offset)
        return packet[offset + 2 :] if ether in _ETHER_IP else b""
    raise CaptureError(f"packets of link type {link}, which cannot be read here")


def _udp(time: float, packet: bytes) -> Datagram | None:
    found = _above_ip(packet)
    if found is None:
        return None
    source, destination, body = found
    from_port, to_port, length, _ = struct.unpack_from(">HHHH", body)
    data = body[8:length]
    return Datagram(
        time=time,
        source=f"{source}:{from_port}",
        destination=f"{destination}:{to_port}",
        data=data,
        cut=max(0, length - 8 - len(data)),
    )


def _above_ip(packet: bytes) -> tuple[str, str, bytes] | None:
    version = packet[0] >> 4 if packet else 0
    if version == 4:
        fragment, protocol = struct.unpack_from(">H", packet, 6)[0], packet[9]
        # Neither the first fragment nor a later one is a whole datagram.
        if protocol != _UDP or fragment & 0x3FFF:
            return None
        (total,) = struct.unpack_from(">H", packet, 2)
        body = packet[(packet[0] & 0x0F) * 4 : total or None]
        return str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20])), body
    if version == 6:
        (payload,) = struct.unpack_from(">H", packet, 4)
        following, body = packet[6], packet[40 : 40 + payload]
        while following in _IPV6_EXTENSIONS and len(body) >= 8:
            following, body = body[0], body[(body[1] + 1) * 8 :]
        if following != _UDP:
            return None
        source, destination = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
        return f"[{source}]", f"[{destination}]", body
    return None


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, offset)
    except struct.error:
        raise CaptureError(f"the file ends early, after octet {len(data)}") from None


def _cut_out(data: bytes, offset: int, length: int) -> bytes:
    if length > _LARGEST_PACKET or offset + length > len(data):
        raise CaptureError(f"the file ends early, after octet {len(data)}")
    return data[offset : offset + length]
