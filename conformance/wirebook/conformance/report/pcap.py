"""`pcap/<case>.pcap`: a case's exchange as a capture file that opens in Wireshark.

What may live here: the classic capture format and just enough IP and UDP to carry a datagram. The
suite sees datagrams, not packets: addresses, ports, times and payloads are real, the rest of the
headers is made up with correct lengths and checksums.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from wirebook.conformance.verdicts import Transfer

_Address = IPv4Address | IPv6Address

_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD_HEADER = struct.Struct("<IIII")
_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_IPV6 = struct.Struct(">IHBB16s16s")
_UDP = struct.Struct(">HHHH")

_MAGIC_MICROSECONDS = 0xA1B2C3D4
_LINKTYPE_RAW = 101  # packets begin with their IPv4 or IPv6 header
_SNAPLEN = 0xFFFF
_PROTOCOL_UDP = 17
_HOPS = 64
_LONGEST_PAYLOAD = 0xFFFF - _IPV4.size - _UDP.size


def capture(exchange: Iterable[Transfer], *, began: float) -> bytes | None:
    """Return the datagrams as a capture file; None when there are none.

    `began` is the time of the case's beginning, in seconds since 1970 (UTC).
    """
    header = _FILE_HEADER.pack(_MAGIC_MICROSECONDS, 2, 4, 0, 0, _SNAPLEN, _LINKTYPE_RAW)
    datagrams = [transfer for transfer in exchange if transfer.direction != "note"]
    records = [_record(number, item, began) for number, item in enumerate(datagrams, start=1)]
    return header + b"".join(records) if records else None


def _record(number: int, transfer: Transfer, began: float) -> bytes:
    source, target = _endpoint(transfer.local), _endpoint(transfer.remote)
    if transfer.direction == "from-target":
        source, target = target, source
    payload = bytes.fromhex(transfer.data)
    # A chunk of a stream can be longer than any datagram: the record then says that it was cut.
    kept = payload[:_LONGEST_PAYLOAD]
    packet = _packet(number, source, target, kept)
    seconds, microseconds = divmod(max(0, round((began + transfer.at) * 1_000_000)), 1_000_000)
    whole = len(packet) + len(payload) - len(kept)
    return _RECORD_HEADER.pack(seconds, microseconds, len(packet), whole) + packet


def _packet(
    number: int, source: tuple[_Address, int], target: tuple[_Address, int], payload: bytes
) -> bytes:
    (source_host, source_port), (target_host, target_port) = source, target
    if isinstance(source_host, IPv4Address) and isinstance(target_host, IPv4Address):
        ends = source_host.packed + target_host.packed
        datagram = _datagram(ends, source_port, target_port, payload)
        return _ipv4_header(number, len(datagram), ends) + datagram
    ends = _as_ipv6(source_host).packed + _as_ipv6(target_host).packed
    datagram = _datagram(ends, source_port, target_port, payload)
    return _ipv6_header(len(datagram), ends) + datagram


def _datagram(ends: bytes, source_port: int, target_port: int, payload: bytes) -> bytes:
    length = _UDP.size + len(payload)
    pseudo_header = ends + struct.pack(">HH", _PROTOCOL_UDP, length)
    without = _UDP.pack(source_port, target_port, length, 0) + payload
    # A sum of 0 would mean "no checksum" and is sent as all ones (RFC 768).
    checksum = _checksum(pseudo_header + without) or 0xFFFF
    return _UDP.pack(source_port, target_port, length, checksum) + payload


def _ipv4_header(number: int, length: int, ends: bytes) -> bytes:
    def pack(checksum: int) -> bytes:
        total = _IPV4.size + length
        identification = number & 0xFFFF
        hosts = ends[:4], ends[4:]
        return _IPV4.pack(0x45, 0, total, identification, 0, _HOPS, _PROTOCOL_UDP, checksum, *hosts)

    return pack(_checksum(pack(0)))


def _ipv6_header(length: int, ends: bytes) -> bytes:
    return _IPV6.pack(6 << 28, length, _PROTOCOL_UDP, _HOPS, ends[:16], ends[16:])


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _endpoint(text: str) -> tuple[_Address, int]:
    """Return the host and port of `host:port`; a name that is no address becomes a loopback one."""
    host, _, port = text.rpartition(":")
    try:
        address: _Address = ip_address(host.strip("[]"))
    except ValueError:
        address = IPv4Address("127.0.0.1")
    return address, int(port) & 0xFFFF if port.isdecimal() else 0


def _as_ipv6(address: _Address) -> IPv6Address:
    if isinstance(address, IPv6Address):
        return address
    return IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
