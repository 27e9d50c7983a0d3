"""The shape of an event, as a server reads it.

What may live here: cases about the keys of an event and the types of their values.
"""

from __future__ import annotations

import itertools

import pytest

from wirebook.conformance.cases.pygase.inputs import each
from wirebook.conformance.drivers.pygase.controls import control, unharmed
from wirebook.conformance.drivers.pygase.packages import entry, packed
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

ORDERS = list(itertools.permutations(("type", "handler_args", "handler_kwargs")))


@requires("PGS-EVT-001")
@each("PGS-EVT-001")
def test_discards_other_keys(player: Player, block: bytes) -> None:
    """A package with an event that is not a map of exactly the three keys is discarded."""
    with unharmed(player):
        player.send_bad_block(block)


@requires("PGS-EVT-002")
@each("PGS-EVT-002")
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
