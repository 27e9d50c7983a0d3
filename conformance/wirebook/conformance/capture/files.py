"""Capture files: the packets in a pcap or pcapng file.

What may live here: the two file formats. What is in a packet is for `layers.py` to say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
}
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_LARGEST_PACKET = 1 << 24


class CaptureError(ValueError):
    """The file is not a capture, or ends in the middle of one."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of a capture."""

    number: int
    """Its place in the file, from 1, as other tools count."""
    time: float
    """Seconds since the epoch; 0 where the capture does not say."""
    link: int
    """What it begins with, as a link type of the capture formats."""
    data: bytes


def is_capture(data: bytes) -> bool:
    """Tell whether a file that begins so is a capture."""
    return data[:4] in _PCAP_MAGICS or data[:4] == _PCAPNG_MAGIC


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets of a capture, in its order.

    A file that is broken somewhere raises CaptureError after everything before was yielded.
    """
    if data[:4] == _PCAPNG_MAGIC:
        found = _pcapng(data)
    elif data[:4] in _PCAP_MAGICS:
        found = _pcap(data)
    else:
        raise CaptureError("neither pcap nor pcapng")
    for number, (time, link, packet) in enumerate(found, 1):
        yield Packet(number, time, link, packet)


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


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, offset)
    except struct.error:
        raise CaptureError(f"the file ends early, after octet {len(data)}") from None


def _cut_out(data: bytes, offset: int, length: int) -> bytes:
    if length > _LARGEST_PACKET or offset + length > len(data):
        raise CaptureError(f"the file ends early, after octet {len(data)}")
    return data[offset : offset + length]
