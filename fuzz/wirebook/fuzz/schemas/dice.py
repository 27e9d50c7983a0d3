"""Decisions out of octets: many cheap ones from a single draw of Hypothesis.

A draw of Hypothesis costs as much as a whole small message; so octets are drawn in blocks, and each
decision takes the bits that it needs. Octets of 0 decide for what is simplest, so that Hypothesis
shrinks a value by shrinking octets. What may live here: the decisions that do not know messages.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TypeVar

BLOCK = 24
"""Octets of one draw."""

Thing = TypeVar("Thing")


class Dice:
    """Makes decisions; octets come from `source`, which is told how many are wanted."""

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._pool = 0
        self._left = 0

    def bits(self, count: int) -> int:
        """Return so many bits."""
        while self._left < count:
            self._pool = self._pool << 8 * BLOCK | int.from_bytes(self._source(BLOCK))
            self._left += 8 * BLOCK
        self._left -= count
        taken = self._pool >> self._left
        self._pool -= taken << self._left
        return taken

    def octets(self, size: int) -> bytes:
        """Return so many octets, up to the size of a block; beyond it, they repeat."""
        if size > BLOCK:
            return (self.octets(BLOCK) * (size // BLOCK + 1))[:size]
        return self.bits(8 * size).to_bytes(size)

    def pick(self, count: int) -> int:
        """Return one of so many, counted from 0."""
        if count <= 1:
            return 0
        bits = (count - 1).bit_length()
        if count == 1 << bits:
            return self.bits(bits)
        bits += 4  # so that each of them is about as likely as the others
        return self.bits(bits) * count >> bits

    def one_in(self, count: int) -> bool:
        """Tell whether what happens once in so many times, at most 256, happens now."""
        return self.pick(count) == count - 1

    def choose(self, things: Sequence[Thing]) -> Thing:
        """Return one of some things; the first one is the simplest."""
        return things[self.pick(len(things))]

    def integer(self, least: int, most: int) -> int:
        """Return an integer of a range: a small one, one near a border of a format, or any."""
        way = self.pick(4)
        if way == 0:
            near = min(max(0, least), most)
            return max(least, min(most, near + self.pick(8)))
        if way == 1:
            return max(least, min(most, self.choose(_BORDERS)))
        if way == 2:
            return self.choose((least, most, least + (least < most), most - (least < most)))
        size = max(1, (most - least).bit_length() + 7 >> 3)
        bits = 8 * self.pick(size) + 8
        return least + int.from_bytes(self.octets(bits >> 3)) % (most - least + 1)

    def text(self) -> str:
        """Return a text: a short word, or one that programs have stumbled over."""
        way = self.pick(4)
        if way < 2:
            return "".join(chr(97 + octet % 26) for octet in self.octets(self.pick(8)))
        if way == 2:
            return self.choose(_TEXTS)
        return "".join(self.choose(_CHARACTERS) for _ in range(self.pick(6)))

    def number(self, *, single: bool, finite: bool) -> float:
        """Return a float, of 32 bits if it has to be `single`."""
        if self.pick(2) == 0:
            return self.choose(_FINITE if finite else _FLOATS)
        layout, size = (">f", 4) if single or self.pick(2) else (">d", 8)
        found = float(struct.unpack(layout, self.octets(size))[0])
        if found != found or found in (_INFINITY, -_INFINITY):
            return 0.5
        return found


_INFINITY = float("inf")
_BORDERS = [
    1, 0, -1, -32, -33, 31, 32, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769,
    65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**53, -(2**53),
    2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 10**18, 10**300,
]  # fmt: skip
"""Where the formats of MessagePack, and integers and floats of languages end."""
_FINITE = [0.0, -0.0, 1.0, 0.5, -1.5, 2.0**-149, 2.0**24, (2 - 2.0**-23) * 2.0**127]
"""All of them have 32 bits."""
_FLOATS = [*_FINITE, _INFINITY, -_INFINITY, float("nan")]
_TEXTS = [
    "", "a", "0", " ", "\x00", "\n", "\x7f", "é", "€", "😀", "\ufeff", "\u2028", "\ufffd", "\u202e",
    "e\u0301", "é", "İ", "ß", "null", "true", "NaN", "__proto__", "__class__", "%s%n", "{0}", "../",
    "' OR 1=1 --", "<b>", '"', "\\", "/", "a:b", "a" * 31, "a" * 32, "é" * 16, "a" * 255, "a" * 256,
]  # fmt: skip
_CHARACTERS = ["a", "Z", "0", "_", " ", ":", ".", "\x00", "\x1f", "é", "߿", "ࠀ", "€", "\ud7ff",
               "\ue000", "\uffff", "𐀀", "😀", "\U0010ffff"]  # fmt: skip
