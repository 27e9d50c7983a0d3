"""The shape of an event, as a server reads it.

What may live here: cases about the keys of an event and the types of their values.
"""

from __future__ import annotations

import itertools

import pytest

from wirebook.conformance.cases.pygase.inputs import each, spoilt
from wirebook.conformance.drivers.pygase.controls import control, unharmed
from wirebook.conformance.drivers.pygase.packages import entry, packed, raw_event
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

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
ORDERS = list(itertools.permutations(("type", "handler_args", "handler_kwargs")))


@requires("PGS-EVT-001")
@each({name: spoilt(octets) for name, octets in NOT_THESE_KEYS.items()})
def test_discards_other_keys(player: Player, block: bytes) -> None:
    """A package with an event that is not a map of exactly the three keys is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-EVT-002")
@each({name: spoilt(octets) for name, octets in NOT_THESE_TYPES.items()})
def test_discards_other_types(player: Player, block: bytes) -> None:
    """A package with an event whose values are of other types is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-EVT-003")
@pytest.mark.parametrize("order", ORDERS, ids=["-".join(o).replace("handler_", "") for o in ORDERS])
def test_accepts_keys_in_any_order(player: Player, order: tuple[str, ...]) -> None:
    """The three keys of an event may stand in any order."""
    token = player.token()
    values = {"type": "ECHO", "handler_args": [token], "handler_kwargs": {}}
    control(player)
    player.send_block(entry(b"\x83" + b"".join(packed(key) + packed(values[key]) for key in order)))
    player.expect_event("ECHO", [token])
