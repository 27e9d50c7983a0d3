"""Values in MessagePack, octet by octet, that the cases of several books send.

What may live here: single values, each with a name, by what is special about them. Which of them
break a rule is for the book to say, and where they stand in a message for its cases.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

EXTENSIONS: Mapping[str, bytes] = {
    "fixext-1": bytes.fromhex("d4 05 00"),
    "fixext-2": bytes.fromhex("d5 05 00 00"),
    "fixext-4": bytes.fromhex("d6 05 00 00 00 00"),
    "fixext-8": bytes.fromhex("d7 05") + bytes(8),
    "fixext-16": bytes.fromhex("d8 05") + bytes(16),
    "ext-8": bytes.fromhex("c7 03 05 00 00 00"),
    "ext-8-empty": bytes.fromhex("c7 00 05"),
    "ext-16": bytes.fromhex("c8 00 03 05 00 00 00"),
    "ext-32": bytes.fromhex("c9 00 00 00 03 05 00 00 00"),
    "timestamp-32": bytes.fromhex("d6 ff 00 00 00 01"),
    "timestamp-64": bytes.fromhex("d7 ff") + bytes(7) + b"\x01",
    "timestamp-96": bytes.fromhex("c7 0c ff") + bytes(11) + b"\x01",
}
"""Extension types of every format, the application's and MessagePack's own."""

BAD_UTF8: Mapping[str, bytes] = {
    "lone-continuation": b"\xa1\x80",
    "overlong": b"\xa2\xc0\x80",
    "surrogate": b"\xa3\xed\xa0\x80",
    "cut-off": b"\xa2\xe2\x82",
    "beyond-unicode": b"\xa4\xf4\x90\x80\x80",
    "octet-ff": b"\xa1\xff",
    "str-8": b"\xd9\x01\xff",
    "str-16": b"\xda\x00\x01\xff",
}
"""Values that claim to be str and are not UTF-8."""

_ONE = bytes.fromhex("ca 3f80 0000")
_HALF, _HALF_IN_64_BITS = bytes.fromhex("ca 3f00 0000"), bytes.fromhex("cb 3fe0" + "00" * 6)
SAME_KEY: Mapping[str, bytes] = {
    "str": b"\x82\xa1a\x01\xa1a\x02",
    "str-in-other-format": b"\x82\xa1a\x01\xd9\x01a\x02",
    "bin": b"\x82\xc4\x01a\x01\xc4\x01a\x02",
    "int": b"\x82\x01\x01\x01\x02",
    "int-in-other-format": b"\x82\x01\x01\xd1\x00\x01\x02",
    "int-and-float": b"\x82\x01\x01" + _ONE + b"\x02",
    "both-float-formats": b"\x82" + _HALF + b"\x01" + _HALF_IN_64_BITS + b"\x02",
    "nil": b"\x82\xc0\x01\xc0\x02",
    "first-and-third": b"\x83\xa1a\x01\xa1b\x02\xa1a\x03",
}
"""Maps that have a key twice, whatever a book makes of numbers and booleans."""

BOOLEAN_IS_NUMBER: Mapping[str, bytes] = {
    "int-and-true": b"\x82\x01\x01\xc3\x02",
    "float-and-true": b"\x82" + _ONE + b"\x01\xc3\x02",
    "zero-and-false": b"\x82\x00\x01\xc2\x02",
}
"""Maps that have a key twice if booleans count as numbers."""

NOT_AS_KEYS: Mapping[str, bytes] = {
    "empty-array": b"\x90",
    "array": b"\x91\x01",
    "empty-map": b"\x80",
    "map": b"\x81\xa1k\x01",
}
"""Keys that are no scalars."""

FLOATS = [
    1.5,
    -2.25,
    0.1,
    1 + 2.0**-24,  # a tie, rounded down to even
    1 + 3 * 2.0**-24,  # a tie, rounded up to even
    3.4028234663852886e38,
    2.0**-149,
    2.0**-151,  # too small for 32 bits: becomes 0.0
    math.inf,
    -math.inf,
    math.nan,
]
INTEGERS: Mapping[str, int] = {
    "05": 5,
    "cc 05": 5,
    "cd 00 05": 5,
    "ce 00 00 00 05": 5,
    "cf 00 00 00 00 00 00 00 05": 5,
    "d0 05": 5,
    "d1 00 05": 5,
    "d2 00 00 00 05": 5,
    "d3 00 00 00 00 00 00 00 05": 5,
    "fb": -5,
    "d0 fb": -5,
    "d1 ff fb": -5,
    "d2 ff ff ff fb": -5,
    "d3 ff ff ff ff ff ff ff fb": -5,
    "cf ff ff ff ff ff ff ff ff": 2**64 - 1,
    "d3 80 00 00 00 00 00 00 00": -(2**63),
}
"""Integers in formats of every length, with their values."""
KEYS: Mapping[str, Any] = {
    "nil": None,
    "false": False,
    "true": True,
    "integer": 7,
    "negative-integer": -7,
    "float": 0.5,
    "str": "k",
    "empty-str": "",
    "bin": b"k",
}
"""Scalars of every type, as keys may be."""


def nested_arrays(depth: int) -> bytes:
    """Return an array of that depth."""
    return b"\x91" * (depth - 1) + b"\x90"


def nested_maps(depth: int) -> bytes:
    """Return a map of that depth."""
    return b"\x81\xa1k" * (depth - 1) + b"\x80"


def double(value: float) -> bytes:
    """Return a float in the format of 64 bits."""
    return b"\xcb" + struct.pack(">d", value)


def single(value: float) -> bytes:
    """Return a float in the format of 32 bits."""
    return b"\xca" + struct.pack(">f", value)
