"""What the cases around datagrams that a client has to discard have in common.

Each is sent between two good packages, whose events have to be handled; of the bad one nothing may
count: no event, no update, not even its sequence, which the second good one uses again. What may
live here: this frame, and putting bad octets into packages that are good otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.controls import POISON, POISON_ENTRY
from wirebook.conformance.drivers.pygase.packages import Event, entry, packed, raw_header
from wirebook.conformance.drivers.pygase.raw_server import RawServer

BAD = 3
"""The sequence of the bad package."""
HEADER = raw_header(BAD, 1)
FORGED: Mapping[str, Any] = {"time_order": 7, "forged": True}
"""An update which would show in the state."""
UPDATE = entry(packed(FORGED))
WHOLE = HEADER + UPDATE + POISON_ENTRY
"""A package that there is nothing wrong with."""

BEFORE, AFTER = Event("N", ["before"]), Event("N", ["after"])


def check_discarded(client: ClientUnderTest, server: RawServer, datagram: bytes) -> None:
    """Send the datagram between two good packages; check that only these count."""
    client.handle(BEFORE.type, POISON.type)
    client.open()
    server.send(BEFORE, sequence=BAD - 1)
    client.wait_received(BEFORE)
    server.note("The next datagram is to be discarded.")
    server.send_octets(datagram)
    # A client that has taken any notice of the bad sequence takes this for a duplicate.
    server.send(AFTER, sequence=BAD)
    client.wait_received(BEFORE, AFTER, what="around a datagram that must be discarded")
    server.expect_acks(BAD, 3 << 30, "after a good package 3 in place of a bad one")
    client.wait_state({}, 0, "after an update that must be discarded")


def bad(*kinds: Mapping[str, bytes]) -> pytest.MarkDecorator:
    """Make a case of each of the datagrams."""
    datagrams = {name: datagram for kind in kinds for name, datagram in kind.items()}
    return pytest.mark.parametrize("datagram", list(datagrams.values()), ids=list(datagrams))


def with_block(blocks: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return packages with these event blocks and a good update."""
    return {name: HEADER + UPDATE + block for name, block in blocks.items()}


def with_update(updates: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return packages with these updates and a good event."""
    return {
        f"update-{name}": HEADER + entry(update) + POISON_ENTRY for name, update in updates.items()
    }


def with_update_of(values: Mapping[str, Any]) -> dict[str, bytes]:
    """Return packages with these values as updates."""
    return with_update({name: packed(value) for name, value in values.items()})


def with_attribute(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return packages with these octets as the value of an attribute in the update."""
    good = b"\x83" + packed("time_order") + b"\x07" + packed("forged") + b"\xc3" + packed("bad")
    return with_update({name: good + value for name, value in values.items()})
