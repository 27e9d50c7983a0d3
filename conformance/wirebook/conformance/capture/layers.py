"""What a packet carries: a UDP datagram, a TCP segment, or nothing of interest.

What may live here: as much of the layers below UDP and TCP as it takes to get there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from wirebook.conformance.capture.files import CaptureError, Packet

_NULL, _ETHERNET, _LOOP, _SLL, _SLL2 = 0, 1, 108, 113, 276
_RAW_LINKS = (12, 14, 101, 228, 229)
_ETHER_IP = (0x0800, 0x86DD)
_ETHER_VLAN = (0x8100, 0x88A8)
_TCP, _UDP = 6, 17
_IPV6_EXTENSIONS = (0, 43, 60)
_SYN = 0x02


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram of a capture."""

    number: int
    """Of the packet that carried it."""
    time: float
    source: str
    destination: str
    data: bytes
    cut: int = 0
    """How many octets the capture left out at the end."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment of a capture."""

    number: int
    time: float
    source: str
    destination: str
    sequence: int
    data: bytes
    opens: bool = False
    """Whether it is the first of its direction."""


@dataclass(frozen=True, slots=True)
class _Inner:
    """What IP carries."""

    protocol: int
    source: str
    destination: str
    body: bytes


def unwrap(packet: Packet) -> Datagram | Segment | None:
    """Return what the packet carries, if it is whole enough to tell."""
    try:
        inner = _above_ip(_above_link(packet.link, packet.data))
        if inner is None:
            return None
        return _datagram(packet, inner) if inner.protocol == _UDP else _segment(packet, inner)
    except struct.error:
        return None  # cut off before the payload begins


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


def _above_ip(packet: bytes) -> _Inner | None:
    version = packet[0] >> 4 if packet else 0
    if version == 4:
        fragment, protocol = struct.unpack_from(">H", packet, 6)[0], packet[9]
        # Neither the first fragment nor a later one is whole.
        if protocol not in (_TCP, _UDP) or fragment & 0x3FFF:
            return None
        (total,) = struct.unpack_from(">H", packet, 2)
        body = packet[(packet[0] & 0x0F) * 4 : total or None]
        hosts = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
        return _Inner(protocol, *hosts, body)
    if version == 6:
        (payload,) = struct.unpack_from(">H", packet, 4)
        following, body = packet[6], packet[40 : 40 + payload]
        while following in _IPV6_EXTENSIONS and len(body) >= 8:
            following, body = body[0], body[(body[1] + 1) * 8 :]
        if following not in (_TCP, _UDP):
            return None
        source, destination = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
        return _Inner(following, f"[{source}]", f"[{destination}]", body)
    return None


def _datagram(packet: Packet, inner: _Inner) -> Datagram:
    from_port, to_port, length, _ = struct.unpack_from(">HHHH", inner.body)
    data = inner.body[8:length]
    return Datagram(
        number=packet.number,
        time=packet.time,
        source=f"{inner.source}:{from_port}",
        destination=f"{inner.destination}:{to_port}",
        data=data,
        cut=max(0, length - 8 - len(data)),
    )


def _segment(packet: Packet, inner: _Inner) -> Segment:
    from_port, to_port, sequence, _, offset, flags = struct.unpack_from(">HHIIBB", inner.body)
    return Segment(
        number=packet.number,
        time=packet.time,
        source=f"{inner.source}:{from_port}",
        destination=f"{inner.destination}:{to_port}",
        sequence=sequence,
        data=inner.body[(offset >> 4) * 4 :],
        opens=bool(flags & _SYN),
    )
