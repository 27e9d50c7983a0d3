"""Malformed MessagePack and where to put it, for the cases that send it to a server.

What may live here: octets that a well-formed package cannot contain, each with a name, and the
decorator that makes a case for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wirebook.conformance.drivers.pygase.controls import POISON_ENTRY
from wirebook.conformance.drivers.pygase.packages import entry, packed, raw_event

PLACES: Mapping[str, Callable[[bytes], bytes]] = {
    "argument": lambda value: raw_event(args=b"\x91" + value),
    "last-argument": lambda value: raw_event(args=b"\x93\x01\xa1x" + value),
    "inside-array": lambda value: raw_event(args=b"\x91\x92\x01" + value),
    "inside-map": lambda value: raw_event(args=b"\x91\x81\xa1k" + value),
    "map-key": lambda value: raw_event(args=b"\x91\x81" + value + b"\x01"),
    "keyword-argument": lambda value: raw_event(kwargs=b"\x81\xa1k" + value),
    "whole-event": lambda value: value,
}
"""How to put a value into an event, by the name of the place."""

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

SAME_KEY: Mapping[str, bytes] = {
    "str": b"\x82\xa1a\x01\xa1a\x02",
    "str-in-other-format": b"\x82\xa1a\x01\xd9\x01a\x02",
    "bin": b"\x82\xc4\x01a\x01\xc4\x01a\x02",
    "int": b"\x82\x01\x01\x01\x02",
    "int-in-other-format": b"\x82\x01\x01\xd1\x00\x01\x02",
    "int-and-float": b"\x82\x01\x01" + packed(1.0) + b"\x02",
    "int-and-true": b"\x82\x01\x01\xc3\x02",
    "float-and-true": b"\x82" + packed(1.0) + b"\x01\xc3\x02",
    "zero-and-false": b"\x82\x00\x01\xc2\x02",
    "both-float-formats": b"\x82"
    + packed(0.5)
    + b"\x01\xcb"
    + bytes.fromhex("3fe0" + "00" * 6)
    + b"\x02",
    "nil": b"\x82\xc0\x01\xc0\x02",
    "first-and-third": b"\x83\xa1a\x01\xa1b\x02\xa1a\x03",
}
"""Maps that have a key twice."""


def nested_arrays(depth: int) -> bytes:
    """Return an array of that depth."""
    return b"\x91" * (depth - 1) + b"\x90"


def nested_maps(depth: int) -> bytes:
    """Return a map of that depth."""
    return b"\x81\xa1k" * (depth - 1) + b"\x80"


def spoilt(event: bytes) -> bytes:
    """Return an event block with a bad event among good ones, which must not count either."""
    return POISON_ENTRY + entry(event) + POISON_ENTRY


def each(blocks: Mapping[str, bytes]) -> pytest.MarkDecorator:
    """Make a case of every event block; the case's argument is called `block`."""
    return pytest.mark.parametrize("block", list(blocks.values()), ids=list(blocks))


def everywhere(value: bytes, *, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return event blocks that have the value in every place."""
    return {name: spoilt(put(value)) for name, put in PLACES.items() if name not in but}


def as_argument(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return event blocks that have each of the values as an argument."""
    return {name: spoilt(PLACES["argument"](value)) for name, value in values.items()}
