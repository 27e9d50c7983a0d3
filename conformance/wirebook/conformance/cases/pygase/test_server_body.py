"""The event block of a client package, and of the packages that a server sends.

What may live here: cases about entries, their lengths, and whether their octets are one value.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.inputs import each
from wirebook.conformance.drivers.pygase.controls import unharmed
from wirebook.conformance.drivers.pygase.packages import (
    MOST_EVENTS,
    Event,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")


@requires("PGS-BOD-002", "PGS-ERR-002", "PGS-WIN-006")
@each("PGS-BOD-002")
def test_discards_entries_past_the_end(player: Player, block: bytes) -> None:
    """A package is discarded if an entry or its length ends after the datagram."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-BOD-003", "PGS-ERR-002", "PGS-WIN-006")
@each("PGS-BOD-003")
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
