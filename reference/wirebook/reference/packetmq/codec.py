"""Frames and payloads to values and back, written by hand from the book, with struct and msgpack.

Every check of the wire format is made here, and every refusal names its requirement. It shares
nothing with the schemas of the book: the two readings of the page check each other. What may live
here: octets and plain values; no states, no connections, no API classes.

Three properties of a value, its depth, its timestamps and extension values as keys, cost a walk in
Python; it is only taken when the octets show that there could be one at all.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Any, Final

from msgpack import ExtType, packb, unpackb
from msgpack.exceptions import FormatError, StackError

from wirebook.reference.packetmq import extensions
from wirebook.reference.packetmq.errors import Malformed, PacketTooLarge, Unencodable
from wirebook.spec.extension import Ext

MAX_LENGTH: Final = 99_999
"""Octets of the largest content of a frame."""
MAX_DEPTH: Final = 32
LENGTH_SIZE: Final = 4
ID_SIZE: Final = 2

_LENGTH = struct.Struct(">I")
_ID = struct.Struct(">H")
_HEAD = struct.Struct(">IH")


class FrameReader:
    """Cuts a stream into packets, however it arrives (PMQ-FRM-002).

    Whole frames are cut from the octets that come in; only one that is not complete is kept, so
    that octets are copied once, even if they come one at a time.
    """

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, data: bytes) -> tuple[list[tuple[int, bytes]], Malformed | None]:
        """Take octets; return the packets that they complete, and the violation behind them.

        A packet is its id and its payload, which has not been read. After a violation, nothing
        more makes sense of the stream.
        """
        begun = self._begun
        if begun:
            begun += data
            if len(begun) < LENGTH_SIZE + self._length_of(begun):
                return [], None
            data = bytes(begun)
            begun.clear()
        packets: list[tuple[int, bytes]] = []
        at, size = 0, len(data)
        while size - at >= LENGTH_SIZE:
            (length,) = _LENGTH.unpack_from(data, at)
            if length > MAX_LENGTH:
                return packets, Malformed("PMQ-FRM-005", f"a length of {length}")
            if length < ID_SIZE:
                return packets, Malformed("PMQ-FRM-006", f"a length of {length}")
            begin = at + LENGTH_SIZE
            end = begin + length
            if end > size:
                break
            packets.append((_ID.unpack_from(data, begin)[0], data[begin + ID_SIZE : end]))
            at = end
        begun += data[at:]
        return packets, None

    @property
    def kept(self) -> int:
        """How many octets of a frame that is not complete are kept (PMQ-LIM-002)."""
        return len(self._begun)

    def _length_of(self, begun: bytearray) -> int:
        """Return the length that a frame announces, or 0 if that calls for a closer look."""
        if len(begun) < LENGTH_SIZE:
            return 1  # more octets than there are
        (length,) = _LENGTH.unpack_from(begun)
        return length if ID_SIZE <= length <= MAX_LENGTH else 0  # PMQ-FRM-005: without waiting


def frame(packet_id: int, payload: bytes) -> bytes:
    """Return the frame of a packet, or raise PacketTooLarge."""
    length = ID_SIZE + len(payload)
    if length > MAX_LENGTH:
        raise PacketTooLarge(f"{length} octets; a frame has at most {MAX_LENGTH}", "PMQ-FRM-003")
    return _HEAD.pack(length, packet_id) + payload


def unpack(octets: bytes) -> Any:
    """Return the one MessagePack value that the octets are, or raise Malformed."""
    try:
        if b"\xff" in octets and _TIMESTAMP.search(octets):
            value = extensions.read(octets, _map)
        else:
            value = unpackb(octets, strict_map_key=False, object_pairs_hook=_map, ext_hook=Ext)
    except Malformed:
        raise
    except FormatError:
        raise Malformed("PMQ-MSG-004", "the octet c1 begins no value") from None
    except StackError:
        raise Malformed("PMQ-MSG-009", f"deeper than {MAX_DEPTH}") from None
    except UnicodeDecodeError:
        raise Malformed("PMQ-MSG-005", "a str is not valid UTF-8") from None
    except ValueError as error:
        raise Malformed("PMQ-MSG-002", f"not exactly one value: {error}") from None
    if octets.translate(None, _ALL_BUT_EXTENSIONS) or (
        len(octets) > MAX_DEPTH and len(octets.translate(None, _ALL_BUT_CONTAINERS)) >= MAX_DEPTH
    ):
        _inspect(value, 1)
    return value


def unpack_internal(octets: bytes) -> Any:
    """Return the value of an internal packet's payload, in which bin is text if it can be."""
    value = unpack(octets)
    return _as_text(value) if octets.translate(None, _ALL_BUT_BINS) else value  # PMQ-MSG-012


def pack(value: object) -> bytes:
    """Return the octets of a value, or raise Unencodable for what a receiver would refuse."""
    octets = pack_unchecked(value)
    check_payload(octets)
    return octets


def pack_unchecked(value: object) -> bytes:
    """Return the octets of a value that is checked later."""
    try:
        try:
            packed: bytes = packb(value, default=_extension)
        except _NegativeExtension:
            packed = extensions.write(value)
    except UnicodeEncodeError as error:
        raise Unencodable(str(error), "PMQ-MSG-010") from None
    except RecursionError:
        raise Unencodable(f"deeper than {MAX_DEPTH}", "PMQ-MSG-010") from None
    except (TypeError, ValueError, OverflowError) as error:
        # msgpack has a limit of its own on depth, far behind the book's
        requirement = "PMQ-MSG-010" if "recursion" in str(error) else "PMQ-MSG-001"
        raise Unencodable(str(error), requirement) from None
    return packed


def check_payload(octets: bytes) -> Any:
    """Return the value of octets that are to be sent; raise Unencodable if they cannot be."""
    try:
        return unpack(octets)
    except Malformed as malformed:
        raise Unencodable(malformed.reason, "PMQ-MSG-010") from None


def _map(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    try:
        value = dict(pairs)
    except TypeError:
        raise Malformed("PMQ-MSG-007", "a map has an array or a map as a key") from None
    if len(value) != len(pairs):
        raise Malformed("PMQ-MSG-006", "a map has the same key twice")
    return value


def _inspect(value: Any, depth: int) -> None:
    """Refuse depth, and extension values as keys."""
    if depth > MAX_DEPTH:
        raise Malformed("PMQ-MSG-009", f"deeper than {MAX_DEPTH}")
    kind = type(value)
    if kind is dict:
        for key, part in value.items():
            if type(key) is Ext:
                raise Malformed("PMQ-MSG-007", "a map has an extension value as a key")
            _inspect(part, depth + 1)
    elif kind is list:
        for part in value:
            _inspect(part, depth + 1)


def _as_text(value: Any) -> Any:
    kind = type(value)
    if kind is bytes:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if kind is list:
        return [_as_text(part) for part in value]
    if kind is dict:
        return _map([(_as_text(key), _as_text(part)) for key, part in value.items()])
    return value


class _NegativeExtension(Exception):
    """An extension value that the library does not write."""


def _extension(value: object) -> ExtType:
    if not isinstance(value, Ext):
        raise TypeError(f"a {type(value).__name__} has no place in MessagePack")
    if value.code < 0:
        raise _NegativeExtension
    return ExtType(value.code, value.data)


_TIMESTAMP: Final = re.compile(rb"[\xd4-\xd8]\xff|\xc7.\xff|\xc8..\xff|\xc9....\xff", re.DOTALL)
"""What every timestamp looks like; msgpack makes times of them, and the book octets."""
_EXTENSIONS: Final = bytes([0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8])
_CONTAINERS: Final = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
_BINS: Final = bytes([0xC4, 0xC5, 0xC6])
_ALL_BUT_EXTENSIONS: Final = bytes(set(range(256)) - set(_EXTENSIONS))
_ALL_BUT_CONTAINERS: Final = bytes(set(range(256)) - set(_CONTAINERS))
_ALL_BUT_BINS: Final = bytes(set(range(256)) - set(_BINS))
