"""Event blocks for which a package has to be discarded, by the requirement that they break.

What may live here: octets that a well-formed package cannot contain, each with a name, and the
decorator that makes a case of each. What a server does about them is in the cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wirebook.conformance.cases.messagepack_octets import (
    BAD_UTF8,
    BOOLEAN_IS_NUMBER,
    EXTENSIONS,
    NOT_AS_KEYS,
    SAME_KEY,
    nested_arrays,
    nested_maps,
)
from wirebook.conformance.drivers.pygase.controls import POISON, POISON_ENTRY
from wirebook.conformance.drivers.pygase.packages import LARGEST, SMALLEST, entry, packed, raw_event

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

_GOOD = packed(POISON.value())
PAST_THE_END = {
    "one-octet-past": POISON_ENTRY + entry(_GOOD, claim=len(_GOOD) + 1),
    "many-octets-past": POISON_ENTRY + entry(_GOOD, claim=1000),
    "as-far-as-can-be": POISON_ENTRY + entry(_GOOD, claim=65535),
    "nothing-after-the-length": POISON_ENTRY + entry(b"", claim=1),
    "first-entry": entry(_GOOD, claim=len(_GOOD) + 1),
    "half-a-length": POISON_ENTRY + b"\x00",
    "half-a-length-that-is-not-0": POISON_ENTRY + b"\x01",
    "half-a-length-alone": b"\x00",
}
NOT_ONE_VALUE = {
    "no-octets": b"",
    "without-the-last-octet": _GOOD[:-1],
    "first-octet-only": _GOOD[:1],
    "cut-off-in-a-key": _GOOD[:4],
    "one-octet-left-over": _GOOD + b"\xc0",
    "same-value-again": _GOOD + _GOOD,
    "two-values": b"\xc0\xc0",
    "str-without-end": raw_event(args=b"\x91\xd9\xff" + b"x"),
    "bin-of-4-gib": raw_event(args=b"\x91\xc6\xff\xff\xff\xff"),
    "str-of-4-gib": raw_event(args=b"\x91\xdb\xff\xff\xff\xff"),
    "array-of-4-gib": raw_event(args=b"\xdd\xff\xff\xff\xff"),
    "map-of-4-gib": raw_event(kwargs=b"\xdf\xff\xff\xff\xff"),
    "array-of-arrays-of-4-gib": raw_event(args=b"\xdd\xff\xff\xff\xff" * 8),
    "float-without-end": raw_event(kwargs=b"\x81\xa1k\xcb\x00\x00"),
}

_TYPE = packed("type") + packed("ECHO")
_ARGS = packed("handler_args") + b"\x90"
_KWARGS = packed("handler_kwargs") + b"\x80"
NOT_THESE_KEYS = {
    "nil": b"\xc0",
    "true": b"\xc3",
    "integer": b"\x05",
    "float": packed(1.5),
    "str": packed("ECHO"),
    "bin": packed(b"ECHO"),
    "array": packed(["ECHO", [], {}]),
    "empty-array": b"\x90",
    "empty-map": b"\x80",
    "no-type": b"\x82" + _ARGS + _KWARGS,
    "no-args": b"\x82" + _TYPE + _KWARGS,
    "no-kwargs": b"\x82" + _TYPE + _ARGS,
    "one-more-key": b"\x84" + _TYPE + _ARGS + _KWARGS + packed("more") + b"\x01",
    "another-key": b"\x83" + _TYPE + _ARGS + packed("kwargs") + b"\x80",
    "key-in-capitals": b"\x83" + packed("TYPE") + packed("ECHO") + _ARGS + _KWARGS,
    "bin-key": b"\x83" + packed(b"type") + packed("ECHO") + _ARGS + _KWARGS,
    "key-of-a-number": b"\x83\x00" + packed("ECHO") + _ARGS + _KWARGS,
}
NOT_THESE_TYPES = {
    "type-nil": raw_event(event_type=b"\xc0"),
    "type-integer": raw_event(event_type=b"\x01"),
    "type-bin": raw_event(event_type=packed(b"ECHO")),
    "type-array": raw_event(event_type=packed(["ECHO"])),
    "type-map": raw_event(event_type=b"\x80"),
    "args-nil": raw_event(args=b"\xc0"),
    "args-integer": raw_event(args=b"\x01"),
    "args-str": raw_event(args=packed("abc")),
    "args-bin": raw_event(args=packed(b"abc")),
    "args-map": raw_event(args=b"\x80"),
    "kwargs-nil": raw_event(kwargs=b"\xc0"),
    "kwargs-integer": raw_event(kwargs=b"\x00"),
    "kwargs-str": raw_event(kwargs=packed("")),
    "kwargs-array": raw_event(kwargs=b"\x90"),
    "kwargs-array-of-pairs": raw_event(kwargs=packed([["k", 1]])),
    "kwargs-integer-key": raw_event(kwargs=packed({1: 2})),
    "kwargs-nil-key": raw_event(kwargs=packed({None: 2})),
    "kwargs-bin-key": raw_event(kwargs=packed({b"k": 2})),
    "kwargs-second-key-is-true": raw_event(kwargs=packed({"k": 1, True: 2})),
}


def spoilt(event: bytes) -> bytes:
    """Return an event block with a bad event among good ones, which must not count either."""
    return POISON_ENTRY + entry(event) + POISON_ENTRY


def everywhere(value: bytes, *, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return event blocks that have the value in every place."""
    return {name: spoilt(put(value)) for name, put in PLACES.items() if name not in but}


def as_argument(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return event blocks that have each of the values as an argument."""
    return {name: spoilt(PLACES["argument"](value)) for name, value in values.items()}


def _too_deep() -> dict[str, bytes]:
    """Return event blocks with events of a depth above 32."""
    # The event itself and its array of arguments are two levels.
    events = {
        f"{name}-{depth}": event
        for depth in (33, 34, 100, 600)
        for name, event in {
            "arrays": raw_event(args=b"\x91" + nested_arrays(depth - 2)),
            "maps": raw_event(args=b"\x91" + nested_maps(depth - 2)),
            "keyword-argument": raw_event(kwargs=b"\x81\xa1k" + nested_arrays(depth - 2)),
        }.items()
    }
    blocks = {name: spoilt(event) for name, event in events.items()}
    return {name: block for name, block in blocks.items() if len(block) <= LARGEST - SMALLEST}


BLOCKS: Mapping[str, Mapping[str, bytes]] = {
    "PGS-BOD-002": PAST_THE_END,
    "PGS-BOD-003": {
        **{name: spoilt(octets) for name, octets in NOT_ONE_VALUE.items()},
        "claimed-too-short": POISON_ENTRY + entry(_GOOD, claim=len(_GOOD) - 1),
    },
    "PGS-EVT-001": {name: spoilt(octets) for name, octets in NOT_THESE_KEYS.items()},
    "PGS-EVT-002": {name: spoilt(octets) for name, octets in NOT_THESE_TYPES.items()},
    "PGS-MSG-008": {**as_argument(EXTENSIONS), **everywhere(EXTENSIONS["fixext-1"])},
    "PGS-MSG-009": everywhere(b"\xc1"),
    "PGS-MSG-010": {
        **as_argument(BAD_UTF8),
        **everywhere(b"\xa1\xff", but=("argument",)),
        "event-type": spoilt(raw_event(event_type=b"\xa5ECHO\xff")),
        "keyword": spoilt(raw_event(kwargs=b"\x81\xa1\xff\x01")),
    },
    "PGS-MSG-011": {
        **as_argument({**SAME_KEY, **BOOLEAN_IS_NUMBER}),
        **everywhere(SAME_KEY["str"], but=("argument", "map-key", "whole-event")),
        "keywords": spoilt(raw_event(kwargs=SAME_KEY["str"])),
        "keys-of-the-event": spoilt(
            b"\x84" + raw_event()[1:] + packed("handler_args") + packed(["once more"])
        ),
    },
    "PGS-MSG-013": {
        **{name: spoilt(PLACES["map-key"](key)) for name, key in NOT_AS_KEYS.items()},
        "array-among-keywords": spoilt(raw_event(kwargs=b"\x81\x90\x01")),
        "deeper": spoilt(raw_event(args=b"\x91\x91\x81\xa1k\x81\x91\x01\x02")),
    },
    "PGS-MSG-015": _too_deep(),
}
"""For each requirement, event blocks that break it and nothing before it."""


def each(requirement: str) -> pytest.MarkDecorator:
    """Make a case of every event block that breaks a requirement; its argument is `block`."""
    blocks = BLOCKS[requirement]
    return pytest.mark.parametrize("block", list(blocks.values()), ids=list(blocks))
