"""WebSocket frames (RFC 6455), as far as the messages of a book travel in them.

What may live here: the frame, its mask, and how a frame is told from anything else in a stream.
"""

# What scapy calls in a subclass always gets the packet:
# ruff: noqa: ARG002

from __future__ import annotations

import struct
from codecs import getincrementaldecoder
from typing import Any, ClassVar

from scapy.fields import BitEnumField, BitField, ConditionalField, Field, IntField
from scapy.packet import Packet, Raw

TEXT = 1
OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
_CONTROL = 8
_LONGEST_CONTROL = 125
_SHORT, _LONG = 126, 127
_HEAD = 2


class PayloadLength(Field[Any, int]):
    """The length, in one, three or nine octets less a bit; counted, unless it is given."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None, "!B")

    def getfield(self, pkt: Packet, s: Any) -> tuple[Any, int]:
        """Take the seven bits, and the octets behind them that they ask for."""
        octets = s[0] if isinstance(s, tuple) else s  # with the number of bits taken so far
        first, rest = octets[0] & 0x7F, octets[1:]
        size = {_SHORT: 2, _LONG: 8}.get(first, 0)
        return rest[size:], int.from_bytes(rest[:size]) if size else first

    def addfield(self, pkt: Packet | None, s: Any, val: Any) -> bytes:
        """Put the shortest length there is behind the bit of the mask."""
        octets, _, bit = s
        length = len(pkt.payload) if val is None and pkt is not None else int(val or 0)
        if length < _SHORT:
            return bytes(octets) + bytes([bit << 7 | length])
        if length < 1 << 16:
            return bytes(octets) + struct.pack("!BH", bit << 7 | _SHORT, length)
        return bytes(octets) + struct.pack("!BQ", bit << 7 | _LONG, length)


class Frame(Packet):
    """A WebSocket frame; its payload is shown without the mask."""

    name = "WebSocket frame"
    fields_desc: ClassVar[list[Any]] = [
        BitField("final", 1, 1),
        BitField("reserved", 0, 3),
        BitEnumField("opcode", TEXT, 4, OPCODES),
        BitField("masked", 0, 1),
        PayloadLength("length"),
        ConditionalField(IntField("mask", 0), lambda frame: bool(frame.masked)),
    ]

    def pre_dissect(self, s: bytes) -> bytes:
        """Take the mask off, so that what is inside can be read."""
        head, length, mask = _measured(s)
        end = head + length
        return s[:head] + _applied(mask, s[head:end]) + s[end:] if mask else s

    def post_dissection(self, pkt: Packet) -> None:
        """Forget the octets, which are without the mask, so that it is laid over them again."""
        self.raw_packet_cache = None

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        """Leave what is behind the frame to the next one."""
        return s[: self.length], s[self.length :]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Lay the mask over what is inside."""
        if not self.masked:
            return pkt + pay
        end = len(pay) if self.length is None else self.length
        return pkt + _applied(self.mask.to_bytes(4), pay[:end]) + pay[end:]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """Return what a whole text message is; nothing is told of the others."""
        if self.opcode != TEXT or not self.final:
            return Raw
        return super().guess_payload_class(payload)


def whole(octets: bytes) -> Frame | None:
    """Return the frame that a stream begins with, or None while it is not all there."""
    head, length, _ = _measured(octets)
    return Frame(octets) if head and len(octets) >= head + length else None


def is_frame(octets: bytes) -> bool:
    """Tell whether octets begin like a frame that anybody may send."""
    if len(octets) < _HEAD or octets[0] & 0x70 or octets[0] & 0x0F not in OPCODES:
        return False
    opcode, final = octets[0] & 0x0F, bool(octets[0] & 0x80)
    if opcode >= _CONTROL:
        return final and octets[1] & 0x7F <= _LONGEST_CONTROL
    head, length, mask = _measured(octets)
    if not head or (opcode != TEXT and not final):
        return False
    # What is none, of another protocol, is no text under what would be its mask.
    inside = octets[head : head + length]
    return opcode != TEXT or _is_text(_applied(mask, inside) if mask else inside)


def _is_text(octets: bytes) -> bool:
    """Tell whether octets are readable text, perhaps cut off at its end."""
    try:
        text = getincrementaldecoder("utf-8")().decode(octets)
    except UnicodeDecodeError:
        return False
    return all(one.isprintable() or one.isspace() for one in text)


def _measured(octets: bytes) -> tuple[int, int, bytes]:
    """Return the size of a frame's head, of its payload, and the mask; 0 if the head is cut off."""
    if len(octets) < _HEAD:
        return 0, 0, b""
    first, masked = octets[1] & 0x7F, bool(octets[1] & 0x80)
    size = {_SHORT: 2, _LONG: 8}.get(first, 0)
    head = _HEAD + size + 4 * masked
    if len(octets) < head:
        return 0, 0, b""
    length = int.from_bytes(octets[_HEAD : _HEAD + size]) if size else first
    return head, length, octets[head - 4 : head] if masked else b""


def _applied(mask: bytes, payload: bytes) -> bytes:
    length = len(payload)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(length)
