"""The MessagePack profile: what a server discards, what it accepts, and what it writes.

What may live here: cases about single values inside of events.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest

from wirebook.conformance.cases.messagepack_octets import (
    FLOATS,
    INTEGERS,
    KEYS,
    nested_arrays,
    nested_maps,
)
from wirebook.conformance.cases.pygase.inputs import each
from wirebook.conformance.drivers.pygase.controls import unharmed
from wirebook.conformance.drivers.pygase.model import same, single
from wirebook.conformance.drivers.pygase.packages import entry, packed, raw_event
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

LIMIT = 32
SHORTEST: dict[str, Any] = {
    "unsigned-integers": [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1],
    "negative-integers": [-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1],
    "short-strs": ["", "x" * 31, "x" * 32, "x" * 255],
    "long-str": "x" * 256,
    "bins": [b"", b"x" * 255],
    "long-bin": b"x" * 256,
    "arrays": [[], [0] * 15, [0] * 16],
    "maps": [{}, dict.fromkeys("abcdefghijklmno", 0), dict.fromkeys("abcdefghijklmnop", 0)],
}


def _array(count: int) -> bytes:
    """Return the first octet of an array of that many elements."""
    return bytes([0x90 | count])


def _echoed(player: Player, octets: bytes) -> Any:
    """Have the server echo one argument that is given in octets; return what comes back."""
    player.send_block(entry(raw_event(args=_array(1) + octets)))
    return player.expect_event("ECHO").args[0]


def _echoed_octets(player: Player, octets: bytes) -> bytes:
    """Have the server echo one argument; return the octets of the event that brings it back."""
    _echoed(player, octets)
    (answer,) = (p for p in player.accepted if any(e.type == "ECHO" for e in p.events))
    return answer.entries()[0]


@requires("PGS-MSG-001")
def test_sends_floats_in_32_bits(player: Player) -> None:
    """A float leaves the server in the 32-bit format, rounded to nearest, ties to even."""
    octets = b"".join(b"\xcb" + struct.pack(">d", value) for value in FLOATS)
    came = _echoed_octets(player, _array(len(FLOATS)) + octets)
    # After the keys come the array of arguments and the array that is the first of them.
    came = came[came.index(b"handler_args") + 12 + 2 :]
    for value in FLOATS:
        found, came = came[:5], came[5:]
        assert found[0] == 0xCA, f"expected {value} in the format ca, got {found.hex()}"
        bits = struct.unpack(">f", found[1:])[0]
        assert same(bits, single(value)), f"expected {single(value)!r} for {value!r}, got {bits!r}"


@requires("PGS-MSG-003")
@pytest.mark.parametrize("code", ["ca", "cb"], ids=["32-bit", "64-bit"])
def test_accepts_floats_of_both_formats(player: Player, code: str) -> None:
    """Floats are read in both formats, infinities and NaN among them."""
    how = ">f" if code == "ca" else ">d"
    octets = b"".join(bytes.fromhex(code) + struct.pack(how, value) for value in FLOATS)
    came = _echoed(player, _array(len(FLOATS)) + octets)
    expected = [single(value) for value in FLOATS]
    assert same(came, expected), f"expected {expected}, got {came}"


@requires("PGS-MSG-004")
@pytest.mark.parametrize(
    "value", ["abc", b"abc", "", b"", "\N{SNOWMAN}", bytes(range(256)), "x" * 300]
)
def test_keeps_str_and_bin_apart(player: Player, value: str | bytes) -> None:
    """What was sent as a str comes back as a str, and a bin as a bin."""
    came = _echoed(player, packed(value))
    assert same(came, value), f"expected {value[:20]!r}, got {came!r}"


@requires("PGS-MSG-005")
def test_accepts_integers_of_every_format(player: Player) -> None:
    """An integer may come in a longer format than it needs."""
    came = _echoed(player, b"\xdc" + len(INTEGERS).to_bytes(2) + bytes.fromhex("".join(INTEGERS)))
    for (octets, value), found in zip(INTEGERS.items(), came, strict=True):
        assert same(found, value), f"expected {value} for {octets}, got {found!r}"


@requires("PGS-MSG-006")
@pytest.mark.parametrize("value", list(SHORTEST.values()), ids=list(SHORTEST))
def test_uses_the_shortest_formats(player: Player, value: Any) -> None:
    """Integers, lengths and counts are written in the shortest format."""
    octets = _echoed_octets(player, packed(value))
    event = player.received("ECHO")[0]
    shortest = len(packed(event.value()))
    assert len(octets) <= shortest, f"expected {shortest} octets for {event}, got {len(octets)}"


@requires("PGS-MSG-008")
@each("PGS-MSG-008")
def test_discards_extension_types(player: Player, block: bytes) -> None:
    """A package with an extension type, wherever it stands, is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-MSG-009")
@each("PGS-MSG-009")
def test_discards_the_reserved_octet(player: Player, block: bytes) -> None:
    """A package with the octet c1 in the place of a value is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-MSG-010")
@each("PGS-MSG-010")
def test_discards_str_that_is_not_utf8(player: Player, block: bytes) -> None:
    """A package with a str that is not valid UTF-8 is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-MSG-011")
@each("PGS-MSG-011")
def test_discards_maps_with_a_key_twice(player: Player, block: bytes) -> None:
    """A package with a map that has the same key twice is discarded, numbers compared by value."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-MSG-012")
@pytest.mark.parametrize("key", list(KEYS.values()), ids=list(KEYS))
def test_accepts_every_scalar_as_a_key(player: Player, key: Any) -> None:
    """Maps inside of arguments may have keys of every scalar type."""
    value = {key: [1], "other": {key: 2}}
    came = _echoed(player, packed(value))
    assert same(came, value), f"expected {value!r}, got {came!r}"


@requires("PGS-MSG-013")
@each("PGS-MSG-013")
def test_discards_arrays_and_maps_as_keys(player: Player, block: bytes) -> None:
    """A package with a map that has an array or a map as a key is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-MSG-014")
@pytest.mark.parametrize("nested", [nested_arrays, nested_maps], ids=["arrays", "maps"])
def test_accepts_depth_32(player: Player, nested: Any) -> None:
    """An event of depth 32 is handled, and its answer of the same depth sent."""
    octets = nested(LIMIT - 2)  # the event and its array of arguments are two levels
    came = _echoed(player, octets)
    assert packed(came) == octets, f"expected {octets.hex()}, got {packed(came).hex()}"


@requires("PGS-MSG-015")
@each("PGS-MSG-015")
def test_discards_depth_above_32(player: Player, block: bytes) -> None:
    """A package with an event of depth 33 or more is discarded."""
    with unharmed(player):
        player.send_bad_block(block)
