"""A capture of the original package at play names its defect; the same of the reference, nothing.

Both play behind a network that loses a part of what is sent, with a tap between it and the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers_capture import UdpTap
from tests.test_interop_pygase import connect, dispatch, original, reference
from wirebook.conformance import passive
from wirebook.conformance.drivers.pygase import probe
from wirebook.conformance.network import Schedule, UdpRelay
from wirebook.conformance.passive import Ledger
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle

SEED = 5
DATAGRAMS = 150
PATIENCE = 30.0
KNOWN = {"PGS-WIN-001", "PGS-ACK-002", "PGS-SEC-001", "PGS-SEC-002"}
"""What the book's annex names and a capture shows: gaps, and what a first package draws."""


@pytest.fixture
def captured(tmp_path: Path) -> Callable[[Target], Ledger]:
    """Give a function that plays a session of a target with itself, and judges its capture."""

    def play(target: Target) -> Ledger:
        server = ServerHandle(target, probe)
        server.ensure()
        try:
            with (
                UdpTap(server.address) as tap,
                UdpRelay(
                    tap.address,
                    to_target=Schedule.random(SEED, loss=0.15),
                    from_target=Schedule.random(SEED + 1, loss=0.15),
                ) as relay,
                ClientHandle(target) as client,
            ):
                connect(client, relay.address)
                dispatch(client, "WATCH", "a", 9)
                end = time.monotonic() + PATIENCE
                while min(tap.seen) < DATAGRAMS:
                    assert time.monotonic() < end, f"only {tap.seen} datagrams"
                    time.sleep(0.05)
            return passive.judge("pygase", tap.write(tmp_path / "session.pcap"))
        finally:
            server.stop()

    return play


@pytest.mark.original
def test_original_shows_its_bitfield_defect(captured: Callable[[Target], Ledger]) -> None:
    """After a gap, the original reports what it had received as not received."""
    ledger = captured(original())
    found = {one.requirement for one in ledger.breaches}
    assert "PGS-WIN-001" in found
    assert found <= KNOWN
    assert all(one.packet > 0 for one in ledger.breaches)


def test_reference_shows_nothing(captured: Callable[[Target], Ledger]) -> None:
    """The reference breaks nothing, behind the same gaps."""
    ledger = captured(reference())
    assert ledger.breaches == []
    assert ledger.held()["PGS-WIN-001"] > DATAGRAMS
