"""Payloads that break a rule, or look as if they did, by the requirement that is behind it.

What may live here: octets that the cases of both roles send, each with a name, and the decorator
that makes a case of each. What a receiver does about them is in the cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
from wirebook.conformance.drivers.packetmq.frames import SERVER_IDS, packed
from wirebook.spec.extension import Ext

LIMIT = 32
"""How deep a value may be nested; one that holds no other is 1 deep."""

PLACES: Mapping[str, Callable[[bytes], bytes]] = {
    "whole": lambda value: value,
    "inside-array": lambda value: b"\x92\x01" + value,
    "before-others": lambda value: b"\x93" + value + b"\x01\x02",
    "inside-map": lambda value: b"\x82\xa1k" + value + b"\xa1l\x01",
    "map-key": lambda value: b"\x81" + value + b"\x01",
    "deeper": lambda value: b"\x91\x81\xa1k\x91\x81\x05\x91" + value,
}
"""How to make a payload of a value, by the name of the place where it stands then."""

NOT_ONE_VALUE: Mapping[str, bytes] = {
    "no-octets": b"",
    "one-octet-left-over": packed([1]) + b"\xc0",
    "same-value-again": packed([1]) * 2,
    "two-nils": b"\xc0\xc0",
    "reserved-octet-left-over": packed({"k": 1}) + b"\xc1",
    "nul-left-over": packed("text") + b"\x00",
    "uint-8-without-octets": b"\xcc",
    "uint-16-cut-off": b"\xcd\x01",
    "uint-32-cut-off": b"\xce\x01\x02\x03",
    "uint-64-cut-off": b"\xcf" + bytes(7),
    "int-8-without-octets": b"\xd0",
    "int-64-cut-off": b"\xd3" + bytes(7),
    "float-32-cut-off": b"\xca\x00\x00\x00",
    "float-64-cut-off": b"\xcb" + bytes(7),
    "fixstr-cut-off": b"\xa3ab",
    "str-8-without-length": b"\xd9",
    "str-8-cut-off": b"\xd9\xffx",
    "str-16-cut-off": b"\xda\x01\x00" + b"x" * 255,
    "str-32-of-4-gib": b"\xdb\xff\xff\xff\xffx",
    "bin-8-cut-off": b"\xc4\x02x",
    "bin-16-half-a-length": b"\xc5\x00",
    "bin-32-of-4-gib": b"\xc6\xff\xff\xff\xff",
    "fixarray-cut-off": b"\x92\x01",
    "array-16-without-count": b"\xdc\x00",
    "array-16-cut-off": b"\xdc\x00\x02\x01",
    "array-32-of-4-gi": b"\xdd\xff\xff\xff\xff",
    "arrays-32-of-4-gi": b"\xdd\xff\xff\xff\xff" * 20,
    "fixmap-without-value": b"\x81\xa1k",
    "fixmap-one-member-short": b"\x82\xa1k\x01",
    "map-16-cut-off": b"\xde\x00\x01\xa1k",
    "map-32-of-4-gi": b"\xdf\xff\xff\xff\xff\xa1k\x01",
    "fixext-without-type": b"\xd4",
    "fixext-without-data": b"\xd4\x05",
    "fixext-16-cut-off": b"\xd8\x05" + bytes(15),
    "ext-8-cut-off": b"\xc7\x03\x05\x00",
    "ext-32-of-4-gib": b"\xc9\xff\xff\xff\xff\x05",
    "timestamp-cut-off": b"\xd7\xff" + bytes(7),
    "cut-off-in-the-last-of-many": packed({"a": [1, 2, {"b": "text"}]})[:-1],
}
"""Payloads that are less or more than one value."""


def everywhere(value: bytes) -> dict[str, bytes]:
    """Return payloads that have a value in every place."""
    return {name: put(value) for name, put in PLACES.items()}


def somewhere(values: Mapping[str, bytes], *places: str) -> dict[str, bytes]:
    """Return payloads that have each of the values in each of the places."""
    return {
        f"{name}-{place}" if place != "whole" else name: PLACES[place](value)
        for name, value in values.items()
        for place in places
    }


BAD_KEYS: Mapping[str, bytes] = {
    **NOT_AS_KEYS,
    "fixext": EXTENSIONS["fixext-1"],
    "ext-8": EXTENSIONS["ext-8"],
    "timestamp": EXTENSIONS["timestamp-32"],
}
TOO_DEEP: Mapping[str, bytes] = {
    "arrays-33": nested_arrays(LIMIT + 1),
    "arrays-34": nested_arrays(LIMIT + 2),
    "maps-33": nested_maps(LIMIT + 1),
    "scalar-in-32-arrays": b"\x91" * LIMIT + b"\x01",
    "scalar-in-32-maps": b"\x81\xa1k" * LIMIT + b"\xc0",
    "extension-in-32-arrays": b"\x91" * LIMIT + EXTENSIONS["fixext-1"],
    "empty-array-beside-others": b"\x92\x01" * (LIMIT) + b"\x90",
    "arrays-100": nested_arrays(100),
    "arrays-1000": nested_arrays(1000),
    "arrays-5000": nested_arrays(5000),
    "maps-5000": nested_maps(5000),
    "arrays-90000": nested_arrays(90_000),
    "maps-30000": nested_maps(30_000),
    "arrays-without-end": b"\x91" * 90_000,
}
DEEP_ENOUGH: Mapping[str, bytes] = {
    "arrays-31": nested_arrays(LIMIT - 1),
    "arrays-32": nested_arrays(LIMIT),
    "maps-32": nested_maps(LIMIT),
    "scalar-in-31-arrays": b"\x91" * (LIMIT - 1) + b"\x01",
    "str-in-31-maps": b"\x81\xa1k" * (LIMIT - 1) + b"\xa1x",
    "empty-array-beside-others": b"\x92\x01" * (LIMIT - 1) + b"\x90",
}
"""Payloads that are just not too deep."""

BREACHES: Mapping[str, Mapping[str, bytes]] = {
    "PMQ-MSG-002": NOT_ONE_VALUE,
    "PMQ-MSG-004": {**everywhere(b"\xc1"), "many": b"\x93\xc1\xc1\xc1"},
    "PMQ-MSG-005": {
        **BAD_UTF8,
        **{f"octet-ff-{name}": put(b"\xa1\xff") for name, put in PLACES.items() if name != "whole"},
        "at-the-end-of-a-long-str": b"\xda\x01\x00" + b"x" * 255 + b"\xc3",
    },
    "PMQ-MSG-006": {
        **SAME_KEY,
        **BOOLEAN_IS_NUMBER,
        **somewhere({"str": SAME_KEY["str"]}, "inside-array", "inside-map", "deeper"),
        "negative-zero": b"\x82\x00\x01" + packed(-0.0) + b"\x02",
        "large-int-and-float": b"\x82" + packed(2**53) + b"\x01" + packed(2.0**53) + b"\x02",
        "last-of-a-hundred": b"\xde\x00\x65"
        + b"".join(packed(number) + b"\x01" for number in range(100))
        + b"\x00\x02",
    },
    "PMQ-MSG-007": somewhere(BAD_KEYS, "map-key")
    | {
        f"{name}-second-key": b"\x82\xa1k\x01" + BAD_KEYS[name] + b"\x01"
        for name in ("array", "map", "fixext")
    }
    | {"array-deeper": PLACES["deeper"](PLACES["map-key"](BAD_KEYS["array"]))},
    "PMQ-MSG-009": TOO_DEEP,
}
"""For each requirement, payloads that break it and nothing before it."""

_BEST = {
    "PMQ-MSG-002": ("no-octets", "one-octet-left-over", "fixmap-without-value"),
    "PMQ-MSG-004": ("whole", "inside-map"),
    "PMQ-MSG-005": ("octet-ff",),
    "PMQ-MSG-006": ("str", "int-and-float"),
    "PMQ-MSG-007": ("array-map-key",),
    "PMQ-MSG-009": ("arrays-33", "arrays-5000"),
}
CHOSEN: Mapping[str, tuple[str, bytes]] = {
    f"{requirement}-{name}": (requirement, BREACHES[requirement][name])
    for requirement, names in _BEST.items()
    for name in names
}
"""A few of each, for places where all of them would be too many."""

FORMATS: dict[str, tuple[bytes, Any]] = {
    "nil": (b"\xc0", None),
    "false": (b"\xc2", False),
    "true": (b"\xc3", True),
    "fixstr": (b"\xa1k", "k"),
    "str-8": (b"\xd9\x01k", "k"),
    "str-16": (b"\xda\x00\x01k", "k"),
    "str-32": (b"\xdb\x00\x00\x00\x01k", "k"),
    "empty-fixstr": (b"\xa0", ""),
    "empty-str-32": (b"\xdb\x00\x00\x00\x00", ""),
    "str-beyond-ascii": (packed("\N{SNOWMAN}\N{GRINNING FACE}\x00\x7f"), "☃😀\x00\x7f"),
    "long-str": (packed("x" * 70_000), "x" * 70_000),
    "bin-8": (b"\xc4\x01k", b"k"),
    "bin-16": (b"\xc5\x00\x01k", b"k"),
    "bin-32": (b"\xc6\x00\x00\x00\x01k", b"k"),
    "empty-bin": (b"\xc4\x00", b""),
    "long-bin": (packed(bytes(70_000)), bytes(70_000)),
    "fixarray": (b"\x92\x01\x02", [1, 2]),
    "array-16": (b"\xdc\x00\x02\x01\x02", [1, 2]),
    "array-32": (b"\xdd\x00\x00\x00\x02\x01\x02", [1, 2]),
    "empty-array-32": (b"\xdd\x00\x00\x00\x00", []),
    "long-array": (packed([0] * 70_000), [0] * 70_000),
    "fixmap": (b"\x81\xa1k\x01", {"k": 1}),
    "map-16": (b"\xde\x00\x01\xa1k\x01", {"k": 1}),
    "map-32": (b"\xdf\x00\x00\x00\x01\xa1k\x01", {"k": 1}),
    "empty-map": (b"\x80", {}),
    "empty-map-32": (b"\xdf\x00\x00\x00\x00", {}),
    **{name: (octets, None) for name, octets in EXTENSIONS.items()},
    "extension-0": (b"\xd4\x00\x01", Ext(0, b"\x01")),
    "extension-127": (b"\xd4\x7f\x01", Ext(127, b"\x01")),
    "extension-minus-128": (b"\xd4\x80\x01", Ext(-128, b"\x01")),
    "extension-minus-1-of-one-octet": (b"\xd4\xff\x01", Ext(-1, b"\x01")),
    "timestamp-beyond-a-second": (b"\xd7\xff" + b"\xff" * 8, Ext(-1, b"\xff" * 8)),
}
"""Payloads in octets with their values; None for an extension means that the octets say it."""

_ADAPT, _IDMAP = packed("adapt") + b"\xc3", packed("idmap") + packed(dict(SERVER_IDS))
_NO_MAPS: Mapping[str, Any] = {
    "nil": None,
    "true": True,
    "integer": 1,
    "float": 1.0,
    "str": "version",
    "bin": b"version",
    "array": [],
    "array-of-pairs": [["version", 1], ["adapt", True], ["idmap", {}]],
    "extension": Ext(1, b"version"),
    "empty-map": {},
}
_NO_VERSIONS: Mapping[str, Any] = {
    "nil": None,
    "true": True,
    "false": False,
    "float": 1.0,
    "other-float": 1.5,
    "str": "1",
    "empty-str": "",
    "bin": b"1",
    "array": [1],
    "map": {"version": 1},
    "extension": Ext(1, b"\x01"),
}
_NO_ADAPTS: Mapping[str, Any] = {
    "nil": None,
    "zero": 0,
    "one": 1,
    "float": 1.0,
    "str": "true",
    "bin": b"\xc3",
    "array": [True],
    "map": {},
    "extension": Ext(1, b"\x01"),
}
_NO_IDMAPS: Mapping[str, Any] = {
    "nil": None,
    "true": True,
    "integer": 0,
    "str": "conformance:echo",
    "bin": b"",
    "array": [],
    "array-of-pairs": [["conformance:echo", 17]],
    "extension": Ext(1, b""),
}
_NO_IDS: Mapping[str, Any] = {
    "nil": None,
    "true": True,
    "float": 17.0,
    "str": "17",
    "bin": b"\x11",
    "array": [17],
    "map": {"id": 17},
    "negative": -1,
    "very-negative": -(2**63),
    "65536": 65536,
    "four-octets": 2**32,
    "eight-octets": 2**64 - 1,
    "extension": Ext(17, b"\x11"),
}
_NO_NAMES: Mapping[str, bytes] = {
    "nil": b"\xc0",
    "true": b"\xc3",
    "integer": b"\x11",
    "float": packed(1.5),
    "bin-that-is-no-text": b"\xc4\x01\xff",
}

BAD_INITS: Mapping[str, bytes] = {
    **{name: packed(value) for name, value in _NO_MAPS.items()},
    **{f"version-{name}": packed({"version": value}) for name, value in _NO_VERSIONS.items()},
    "version-in-capitals": packed({"VERSION": 1}),
    "other-members-only": packed({"adapt": True, "idmap": {}}),
    "version-under-a-number": packed({0: 1}),
    "version-deeper": packed({"more": {"version": 1}}),
    "bin-version-that-is-a-float": packed({b"version": 1.0}),
}
"""Payloads of `handshake_init` of another shape (PMQ-INT-003)."""

BAD_PUBIDS: Mapping[str, bytes] = {
    **{name: packed(value) for name, value in _NO_MAPS.items()},
    "without-adapt": b"\x81" + _IDMAP,
    "without-idmap": b"\x81" + _ADAPT,
    "version-only": packed({"version": 1}),
    **{f"adapt-{name}": b"\x82" + packed("adapt") + packed(value) + _IDMAP
       for name, value in _NO_ADAPTS.items()},
    **{f"idmap-{name}": b"\x82" + _ADAPT + packed("idmap") + packed(value)
       for name, value in _NO_IDMAPS.items()},
    **{f"id-{name}": packed({"adapt": True, "idmap": {**SERVER_IDS, "a:b": value}})
       for name, value in _NO_IDS.items()},
    **{f"name-{name}": b"\x82" + _ADAPT + packed("idmap") + b"\x82\xa3c:d\x11" + key + b"\x12"
       for name, key in _NO_NAMES.items()},
    "enforcing-and-a-bad-id": packed({"adapt": False, "idmap": {"a:b": -1}}),
}  # fmt: skip
"""Payloads of `handshake_pubids` of another shape (PMQ-INT-008)."""

SAME_TEXT_TWICE: Mapping[str, bytes] = {
    "version": b"\x82" + packed("version") + b"\x01" + packed(b"version") + b"\x01",
    "version-bin-first": b"\x82" + packed(b"version") + b"\x01" + packed("version") + b"\x01",
    "unknown-member": b"\x83" + packed("version") + b"\x01" + b"\xa1k\x01\xc4\x01k\x02",
}
"""Payloads of `handshake_init` with a str and a bin that are one key (PMQ-MSG-012)."""

NO_REASONS: Mapping[str, bytes] = {
    "nil": b"\xc0",
    "integer": b"\x05",
    "str": packed("reason.bye"),
    "bin": packed(b"reason.bye"),
    "array": packed(["reason", "reason.bye"]),
    "extension": EXTENSIONS["fixext-1"],
    "empty-map": b"\x80",
    "other-members": packed({"because": "reason.bye", "version": 1}),
    "key-in-capitals": packed({"REASON": "reason.bye"}),
    "reason-nil": packed({"reason": None}),
    "reason-true": packed({"reason": True}),
    "reason-integer": packed({"reason": 5}),
    "reason-float": packed({"reason": 0.5}),
    "reason-array": packed({"reason": ["reason.bye"]}),
    "reason-map": packed({"reason": {"reason": "reason.bye"}}),
    "reason-extension": packed({"reason": Ext(1, b"reason.bye")}),
    "reason-bin-that-is-no-text": packed({"reason": b"reason.\xff"}),
}
"""Payloads of `softquit` without a text for its reason (PMQ-INT-005)."""

MORE_MEMBERS: Mapping[str, tuple[bytes, ...]] = {
    "str": (packed("more"), packed([1, {"x": None}])),
    "empty-str": (b"\xa0", b"\x01"),
    "known-elsewhere": (packed("reason"), packed("reason.bye")),
    "integer": (b"\x00", b"\x01"),
    "nil": (b"\xc0", b"\xc0"),
    "true": (b"\xc3", b"\xc2"),
    "float": (packed(0.5), b"\x01"),
    "bin-that-is-no-text": (b"\xc4\x01\xff", b"\x01"),
    "large": (packed("large"), packed(bytes(50_000))),
    "extension": (packed("more"), EXTENSIONS["timestamp-32"]),
    "deep": (packed("deep"), nested_arrays(LIMIT - 1)),
}
"""Members, key and value, that no internal packet has (PMQ-INT-001)."""


def with_member(value: Mapping[str, Any], member: tuple[bytes, ...], *, first: bool) -> bytes:
    """Return a map in MessagePack with one more member, before or behind its own."""
    own = b"".join(packed(key) + packed(each) for key, each in value.items())
    more = b"".join(member)
    return bytes([0x81 + len(value)]) + (more + own if first else own + more)


def each(octets: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Make a case of every payload of a table; its argument is `octets`."""
    return pytest.mark.parametrize("octets", list(octets.values()), ids=list(octets))
