"""MessagePack as it may be written: in the shortest way, in any other, or broken.

A writer of its own: the library's cannot break anything, and knows one format for each value. What
may live here: values and trees to octets.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

from wirebook.fuzz.schemas.nodes import Notation
from wirebook.fuzz.schemas.trees import Pick
from wirebook.spec.extension import Ext

Into = Callable[[bytearray, Any, Callable[[Any], None]], bool]
"""Writes what is no plain value, and tells whether it was one of those."""

_UNSIGNED = ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8))
_SIGNED = ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8))
_STR = ((0xD9, 1), (0xDA, 2), (0xDB, 4))
_BIN = ((0xC4, 1), (0xC5, 2), (0xC6, 4))
_EXT = ((0xC7, 1), (0xC8, 2), (0xC9, 4))
_FIXEXT = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}
_ARRAY, _MAP = ((0xDC, 2), (0xDD, 4)), ((0xDE, 2), (0xDF, 4))


class Writer:
    """Writes values; with a `pick`, in any of the formats that a receiver has to accept."""

    def __init__(self, out: bytearray, notation: Notation, pick: Pick | None, into: Into) -> None:
        self._out = out
        self._notation = notation
        self._pick = pick
        self._into = into

    def write(self, value: Any) -> None:
        """Write a value or a tree."""
        out = self._out
        if value is None:
            out.append(0xC0)
        elif value is True or value is False:
            out.append(0xC3 if value else 0xC2)
        elif isinstance(value, str):
            self._text(value)
        elif isinstance(value, int):
            if self._pick:
                self._chosen(integers(value))
            else:
                out += integer(value)
        elif isinstance(value, dict):
            self._chosen(heads(len(value), 0x80, 16, _MAP))
            for key, item in value.items():
                self.write(key)
                self.write(item)
        elif isinstance(value, list):
            self._chosen(heads(len(value), 0x90, 16, _ARRAY))
            for item in value:
                self.write(item)
        elif isinstance(value, bytes):
            self._chosen(heads(len(value), 0, 0, _BIN))
            out += value
        elif isinstance(value, float):
            self._float(value)
        elif isinstance(value, Ext):
            self._extension(value)
        elif not self._into(out, value, self.write):
            raise TypeError(f"a {type(value).__name__} has no place in MessagePack")

    def _chosen(self, formats: list[bytes]) -> None:
        self._out += formats[self._pick(len(formats)) if self._pick else 0]

    def _text(self, value: str) -> None:
        octets = value.encode()
        formats = heads(len(octets), 0xA0, 32, _STR)
        if self._notation.bin_as_text and self._pick:
            formats += heads(len(octets), 0, 0, _BIN)
        self._chosen(formats)
        self._out += octets

    def _float(self, value: float) -> None:
        if self._notation.single_floats:
            single = b"\xca" + struct.pack(">f", value)
            self._chosen([single, b"\xcb" + struct.pack(">d", value)])
        else:
            formats = [b"\xcb" + struct.pack(">d", value)]
            if self._pick and _is_single(value):
                formats.append(b"\xca" + struct.pack(">f", value))
            self._chosen(formats)

    def _extension(self, value: Ext) -> None:
        size, code = len(value.data), struct.pack(">b", value.code)
        formats = [bytes([_FIXEXT[size]])] if size in _FIXEXT else []
        self._chosen([head + code for head in formats + heads(size, 0, 0, _EXT)])
        self._out += value.data


def integer(value: int) -> bytes:
    """Return the shortest format of an integer, of two the unsigned."""
    if -32 <= value < 128:
        return bytes([value & 0xFF])
    for head, size in _UNSIGNED if value >= 0 else _SIGNED:
        if -(256**size) // 2 <= value < 256**size:
            return bytes([head]) + value.to_bytes(size, signed=value < 0)
    raise OverflowError(f"{value} is beyond 64 bits")


def integers(value: int) -> list[bytes]:
    """Return every format of an integer."""
    formats = []
    if -32 <= value < 128:
        formats.append(struct.pack(">b", value))
    for size in (1, 2, 4, 8):
        for kinds, signed in ((_UNSIGNED, False), (_SIGNED, True)):
            least = -(256**size) // 2 if signed else 0
            if least <= value < 256**size + least:
                head = next(head for head, width in kinds if width == size)
                formats.append(bytes([head]) + value.to_bytes(size, signed=signed))
    return formats


def heads(count: int, fixed: int, below: int, wider: Iterable[tuple[int, int]]) -> list[bytes]:
    """Return every head for a count: the fixed format, if the count is below, and the wider."""
    formats = [bytes([fixed + count])] if count < below else []
    return formats + [
        bytes([head]) + count.to_bytes(size) for head, size in wider if count < 256**size
    ]


def array_head(count: int) -> bytes:
    """Return the shortest head of an array; its count need not be true."""
    return heads(count, 0x90, 16, _ARRAY)[0]


def map_head(count: int) -> bytes:
    """Return the shortest head of a map; its count need not be true."""
    return heads(count, 0x80, 16, _MAP)[0]


def str_head(size: int) -> bytes:
    """Return the shortest head of a str; its size need not be true."""
    return heads(size, 0xA0, 32, _STR)[0]


def _is_single(value: float) -> bool:
    try:
        (back,) = struct.unpack(">f", struct.pack(">f", value))
    except OverflowError:
        return False
    return bool(back == value) or value != value  # NaN has no other format to lose in
