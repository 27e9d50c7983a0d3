"""MessagePack with extension values of negative numbers, which msgpack keeps for itself.

The library makes times of the number -1, and writes no negative one; to the book all of them are a
number and octets (PMQ-MSG-003). What may live here: a reader and a writer for the rare value that
has one. Both leave to the library what it can do.
"""

from __future__ import annotations

import struct
from typing import Any, Final

from msgpack import Packer, unpackb
from msgpack.exceptions import FormatError, StackError

from wirebook.spec.extension import CODE_LEAST, CODE_MOST, Ext

DEEPEST: Final = 64
"""Deeper than any value that a book allows; what is deeper is not read to its end."""

_FIXED_EXT: Final = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_EXT: Final = {0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}
_ARRAY: Final = {0xDC: ">H", 0xDD: ">I"}
_MAP: Final = {0xDE: ">H", 0xDF: ">I"}
_TEXT: Final = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_PLAIN: Final = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 0),
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}
"""Octets behind the head of each value that has a fixed size."""


def read(octets: bytes, make_map: Any) -> Any:
    """Return the one value that the octets are; raise what `msgpack.unpackb` would raise.

    `make_map` makes a map of its pairs.
    """
    reader = _Reader(octets, make_map)
    value = reader.value(0)
    if reader.at < len(octets):
        raise ValueError("octets are left over")
    return value


def write(value: object) -> bytes:
    """Return the octets of a value; raise what `msgpack.packb` would raise."""
    packer = Packer(autoreset=False)
    _write(packer, value, 0)
    octets: bytes = packer.bytes()
    return octets


class _Reader:
    def __init__(self, octets: bytes, make_map: Any) -> None:
        self._octets = octets
        self._make_map = make_map
        self.at = 0

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise StackError
        head = self._take(1)[0]
        if head in _FIXED_EXT or head in _EXT:
            size = _FIXED_EXT.get(head)
            return self._extension(self._number(_EXT[head]) if size is None else size)
        if 0x90 <= head < 0xA0 or head in _ARRAY:
            count = head & 0x0F if head < 0xA0 else self._number(_ARRAY[head])
            return [self.value(depth + 1) for _ in range(count)]
        if 0x80 <= head < 0x90 or head in _MAP:
            count = head & 0x0F if head < 0x90 else self._number(_MAP[head])
            return self._make_map(
                [(self.value(depth + 1), self.value(depth + 1)) for _ in range(count)]
            )
        return self._scalar(head)

    def _scalar(self, head: int) -> Any:
        begin = self.at - 1
        if head == 0xC1:
            raise FormatError
        if 0xA0 <= head < 0xC0:
            self._take(head & 0x1F)
        elif head in _TEXT:
            self._take(self._number(_TEXT[head]))
        elif head in _PLAIN:
            self._take(_PLAIN[head])
        return unpackb(self._octets[begin : self.at])

    def _extension(self, size: int) -> Ext:
        (code,) = struct.unpack(">b", self._take(1))
        return Ext(code, self._take(size))

    def _number(self, form: str) -> int:
        (number,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return int(number)

    def _take(self, size: int) -> bytes:
        begin, self.at = self.at, self.at + size
        if self.at > len(self._octets):
            raise ValueError("the value is incomplete")
        return self._octets[begin : self.at]


def _write(packer: Packer, value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, Ext):
        if not CODE_LEAST <= value.code <= CODE_MOST:
            raise ValueError(f"an extension has a number from {CODE_LEAST} to {CODE_MOST}")
        packer.pack_ext_type(value.code, value.data)
    elif isinstance(value, list | tuple):
        packer.pack_array_header(len(value))
        for part in value:
            _write(packer, part, depth + 1)
    elif isinstance(value, dict):
        packer.pack_map_header(len(value))
        for key, part in value.items():
            _write(packer, key, depth + 1)
            _write(packer, part, depth + 1)
    else:
        packer.pack(value)
