"""Octets written by hand: a MessagePack encoder, and the shape of values in JSON.

Here lives what the scripts of all books are made of, read off their pages. Nothing of the schemas,
the references or a MessagePack library may be imported here: vectors that share code with what they
check share its mistakes.
"""

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple


class Ext(NamedTuple):
    """An extension value."""

    code: int
    data: bytes


def pack(value: Any, floats: Callable[[float], bytes] | None = None) -> bytes:
    """Encode a value in the shortest formats, and floats as `floats` says, else in 32 bits.

    Of two shortest formats for a positive integer, the unsigned one is taken.
    """
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _pack_int(value)
    if isinstance(value, float):
        return (floats or single)(value)
    if isinstance(value, str):
        text = value.encode()
        return _pack_length(len(text), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + text
    if isinstance(value, bytes):
        return _pack_length(len(value), None, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, Ext):
        return _pack_extension(value)
    if isinstance(value, list | tuple):
        items = b"".join(pack(item, floats) for item in value)
        return _pack_length(len(value), (0x90, 15), (None, 0xDC, 0xDD)) + items
    if isinstance(value, dict):
        members = b"".join(pack(key, floats) + pack(item, floats) for key, item in value.items())
        return _pack_length(len(value), (0x80, 15), (None, 0xDE, 0xDF)) + members
    raise TypeError(f"no MessagePack for {value!r}")


def single(value: float) -> bytes:
    """Encode a float in 32 bits."""
    return b"\xca" + float32(value)


def double(value: float) -> bytes:
    """Encode a float in 64 bits."""
    return b"\xcb" + struct.pack(">d", value)


def float32(value: float) -> bytes:
    """Round to the 32-bit format by exact fractions, ties to even."""
    sign = 0x80000000 if math.copysign(1.0, value) < 0 else 0
    if math.isinf(value):
        return struct.pack(">I", sign | 0x7F800000)
    magnitude = abs(value)
    if magnitude == 0:
        return struct.pack(">I", sign)
    exponent = max(math.frexp(magnitude)[1] - 1, -126)
    significand = round(Fraction(magnitude) / Fraction(2) ** (exponent - 23))
    bits = ((exponent + 126) << 23) + significand  # the leading one carries into the exponent
    if bits >= 0x7F800000:
        raise OverflowError(f"{value!r} exceeds the 32-bit format")
    return struct.pack(">I", sign | bits)


def typed(value: Any) -> Any:
    """Write a value in JSON, as the book's conformance application does."""
    if isinstance(value, float):
        if math.isnan(value):
            return {"$float": "nan"}
        if math.isinf(value):
            return {"$float": "inf" if value > 0 else "-inf"}
        return {"$float": value}
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"$int": str(value)}
    if isinstance(value, Ext):
        return {"$ext": [value.code, value.data.hex()]}
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: typed(item) for key, item in value.items()}
        return {"$map": [[typed(key), typed(item)] for key, item in value.items()]}
    return value


def untyped(value: Any) -> Any:
    """Read a value from JSON, where `typed` wrote it."""
    if isinstance(value, list):
        return [untyped(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$float": number}:
            return float(number)
        case {"$bin": digits}:
            return bytes.fromhex(digits)
        case {"$int": digits}:
            return int(digits)
        case {"$ext": [code, digits]}:
            return Ext(code, bytes.fromhex(digits))
        case {"$map": members}:
            return {untyped(key): untyped(item) for key, item in members}
    return {key: untyped(item) for key, item in value.items()}


def _pack_int(value: int) -> bytes:
    if -32 <= value <= 127:
        return struct.pack(">b", value)
    formats = (
        ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"))
        if value >= 0
        else ((0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q"))
    )
    for lead, layout in formats:
        try:
            return bytes([lead]) + struct.pack(layout, value)
        except struct.error:
            continue
    raise OverflowError(f"{value} is no integer of MessagePack")


def _pack_extension(value: Ext) -> bytes:
    size, tail = len(value.data), struct.pack(">b", value.code) + value.data
    if size in (1, 2, 4, 8, 16):
        return bytes([0xD4 + size.bit_length() - 1]) + tail
    return _pack_length(size, None, (0xC7, 0xC8, 0xC9)) + tail


def _pack_length(
    length: int, fixed: tuple[int, int] | None, leads: tuple[int | None, int, int]
) -> bytes:
    if fixed is not None and length <= fixed[1]:
        return bytes([fixed[0] | length])
    if leads[0] is not None and length < 1 << 8:
        return bytes([leads[0], length])
    if length < 1 << 16:
        return bytes([leads[1]]) + struct.pack(">H", length)
    return bytes([leads[2]]) + struct.pack(">I", length)
