"""The packets of a capture: IP headers with correct lengths and checksums around UDP and TCP.

What may live here: bytes of the layers below the protocols of the books. What is sent when, and in
which file it ends up, is decided elsewhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_IPV6 = struct.Struct(">IHBB16s16s")
_UDP = struct.Struct(">HHHH")
_TCP = struct.Struct(">HHIIBBHHH")

_PROTOCOL_TCP, _PROTOCOL_UDP = 6, 17
_HOPS = 64
_WINDOW = 0xFFFF

LONGEST_DATAGRAM = 0xFFFF - _IPV4.size - _UDP.size
LONGEST_SEGMENT = 0xFFFF - _IPV4.size - _TCP.size
"""The maximum segment size that the loopback interface of a system would have."""

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

Address = IPv4Address | IPv6Address
Endpoint = tuple[Address, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """What TCP says beside the data."""

    flags: int
    sequence: int
    acknowledged: int = 0


@lru_cache(maxsize=1024)
def endpoint(text: str) -> Endpoint:
    """Return the host and port of `host:port`; a name that is no address becomes a loopback one."""
    host, _, port = text.rpartition(":")
    try:
        address: Address = ip_address(host.strip("[]"))
    except ValueError:
        address = IPv4Address("127.0.0.1")
    return address, int(port) & 0xFFFF if port.isdecimal() else 0


def udp(number: int, source: Endpoint, target: Endpoint, payload: bytes) -> bytes:
    """Return the packet that carries a datagram of at most `LONGEST_DATAGRAM` octets."""
    ends = _ends(source, target)
    length = _UDP.size + len(payload)
    without = _UDP.pack(source[1], target[1], length, 0) + payload
    # A sum of 0 would mean "no checksum" and is sent as all ones (RFC 768).
    checksum = _checksum(_pseudo_header(ends, _PROTOCOL_UDP, length) + without) or 0xFFFF
    datagram = _UDP.pack(source[1], target[1], length, checksum) + payload
    return _ip_header(number, _PROTOCOL_UDP, len(datagram), ends) + datagram


def tcp(
    number: int, source: Endpoint, target: Endpoint, segment: Segment, payload: bytes = b""
) -> bytes:
    """Return the packet that carries a segment of at most `LONGEST_SEGMENT` octets."""
    ends = _ends(source, target)
    opening = segment.flags & SYN
    options = struct.pack(">BBH", 2, 4, LONGEST_SEGMENT) if opening else b""
    offset = (_TCP.size + len(options)) // 4 << 4
    sequence, acknowledged = segment.sequence & 0xFFFFFFFF, segment.acknowledged & 0xFFFFFFFF

    def header(checksum: int) -> bytes:
        ports = source[1], target[1]
        fixed = *ports, sequence, acknowledged, offset, segment.flags, _WINDOW, checksum, 0
        return _TCP.pack(*fixed) + options

    without = header(0) + payload
    checksum = _checksum(_pseudo_header(ends, _PROTOCOL_TCP, len(without)) + without)
    return _ip_header(number, _PROTOCOL_TCP, len(without), ends) + header(checksum) + payload


def _ends(source: Endpoint, target: Endpoint) -> bytes:
    hosts = source[0], target[0]
    if not all(isinstance(host, IPv4Address) for host in hosts):
        # Two families cannot stand in one header of version 4.
        hosts = _as_ipv6(source[0]), _as_ipv6(target[0])
    return hosts[0].packed + hosts[1].packed


def _pseudo_header(ends: bytes, protocol: int, length: int) -> bytes:
    return ends + struct.pack(">HH", protocol, length)


def _ip_header(number: int, protocol: int, length: int, ends: bytes) -> bytes:
    if len(ends) == 32:
        return _IPV6.pack(6 << 28, length, protocol, _HOPS, ends[:16], ends[16:])

    def pack(checksum: int) -> bytes:
        total, hosts = _IPV4.size + length, (ends[:4], ends[4:])
        return _IPV4.pack(0x45, 0, total, number & 0xFFFF, 0, _HOPS, protocol, checksum, *hosts)

    return pack(_checksum(pack(0)))


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _as_ipv6(address: Address) -> IPv6Address:
    if isinstance(address, IPv6Address):
        return address
    return IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
