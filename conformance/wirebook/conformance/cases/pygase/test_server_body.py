"""The event block of a client package, and of the packages that a server sends.

What may live here: cases about entries, their lengths, and whether their octets are one value.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.inputs import each, spoilt
from wirebook.conformance.drivers.pygase.controls import POISON, POISON_ENTRY, unharmed
from wirebook.conformance.drivers.pygase.packages import (
    MOST_EVENTS,
    Event,
    entry,
    packed,
    raw_event,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

GOOD = packed(POISON.value())
PAST_THE_END = {
    "one-octet-past": POISON_ENTRY + entry(GOOD, claim=len(GOOD) + 1),
    "many-octets-past": POISON_ENTRY + entry(GOOD, claim=1000),
    "as-far-as-can-be": POISON_ENTRY + entry(GOOD, claim=65535),
    "nothing-after-the-length": POISON_ENTRY + entry(b"", claim=1),
    "first-entry": entry(GOOD, claim=len(GOOD) + 1),
    "half-a-length": POISON_ENTRY + b"\x00",
    "half-a-length-that-is-not-0": POISON_ENTRY + b"\x01",
    "half-a-length-alone": b"\x00",
    "shorter-than-the-value": POISON_ENTRY + entry(GOOD, claim=len(GOOD) - 1),
}
NOT_ONE_VALUE = {
    "no-octets": b"",
    "without-the-last-octet": GOOD[:-1],
    "first-octet-only": GOOD[:1],
    "cut-off-in-a-key": GOOD[:4],
    "one-octet-left-over": GOOD + b"\xc0",
    "same-value-again": GOOD + GOOD,
    "two-values": b"\xc0\xc0",
    "str-without-end": raw_event(args=b"\x91\xd9\xff" + b"x"),
    "bin-of-4-gib": raw_event(args=b"\x91\xc6\xff\xff\xff\xff"),
    "str-of-4-gib": raw_event(args=b"\x91\xdb\xff\xff\xff\xff"),
    "array-of-4-gib": raw_event(args=b"\xdd\xff\xff\xff\xff"),
    "map-of-4-gib": raw_event(kwargs=b"\xdf\xff\xff\xff\xff"),
    "array-of-arrays-of-4-gib": raw_event(args=b"\xdd\xff\xff\xff\xff" * 8),
    "float-without-end": raw_event(kwargs=b"\x81\xa1k\xcb\x00\x00"),
}


@requires("PGS-BOD-002")
@each(PAST_THE_END)
def test_discards_entries_past_the_end(player: Player, block: bytes) -> None:
    """A package is discarded if an entry or its length ends after the datagram."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-BOD-003")
@each({name: spoilt(octets) for name, octets in NOT_ONE_VALUE.items()})
def test_discards_entries_that_are_not_one_value(player: Player, block: bytes) -> None:
    """A package is discarded if the octets of an entry are not exactly one MessagePack value."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-BOD-004")
def test_sends_at_most_five_events_in_a_package(player: Player) -> None:
    """Twelve events that are dispatched at once travel in packages of five at most."""
    player.dispatch("BURST", 12)
    player.expect_event("BURST", [11])
    most = max(len(package.events) for package in player.packages)
    assert most <= MOST_EVENTS, f"expected at most 5 events in a package, got {most}"


@requires("PGS-BOD-005")
@pytest.mark.parametrize("count", [1, 5, 6, 30])
def test_accepts_any_number_of_events(player: Player, count: int) -> None:
    """A package may bring more events than a sender of the book puts into one."""
    sequence = player.send(*[Event("ECHO", [number]) for number in range(count)])
    player.expect_acked(sequence)
    for number in range(count):
        player.expect_event("ECHO", [number])
