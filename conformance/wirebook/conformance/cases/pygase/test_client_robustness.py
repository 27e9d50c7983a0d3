"""Cases: a client lives through whatever a server sends.

What may live here: rubbish in bulk, the same again for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.controls import POISON, POISON_ENTRY
from wirebook.conformance.drivers.pygase.packages import (
    BOOK,
    PROTOCOL_ID,
    Event,
    entry,
    packed,
    raw_header,
)
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.spec.books import Malformed

BATCHES, BATCH = 12, 20
NEXT = 3
"""The sequence that the rubbish claims."""


@requires("PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_random_octets(client: ClientUnderTest, raw_server: RawServer, rng: random.Random) -> None:
    """Random datagrams, with or without a good header, end nothing and change nothing."""

    def draw() -> bytes:
        octets = rng.randbytes(rng.choice((1, 4, 13, 14, 15, 40, 200, 1500, 2048, 2500)))
        return rng.choice((b"", PROTOCOL_ID, raw_header(NEXT, 1))) + octets

    check_lives(client, raw_server, [malformed(draw) for _ in range(BATCHES * BATCH)])


@requires("PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_damaged_packages(
    client: ClientUnderTest, raw_server: RawServer, rng: random.Random
) -> None:
    """Packages with octets changed, left out or put in end nothing and change nothing."""
    update = packed({"time_order": 7, "forged": True, "m": {"k": [1, 2.5, b"x", None]}})
    whole = raw_header(NEXT, 1) + entry(update) + 2 * POISON_ENTRY

    def draw() -> bytes:
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(12, len(damaged))
            match rng.randrange(3):
                case 0:
                    damaged[at] = rng.randrange(256)
                case 1:
                    del damaged[at : at + rng.randrange(1, 4)]
                case _:
                    damaged[at:at] = rng.randbytes(rng.randrange(1, 4))
            if len(damaged) < 14:
                break
        return bytes(damaged)

    check_lives(client, raw_server, [malformed(draw) for _ in range(BATCHES * BATCH)])


def malformed(draw: Callable[[], bytes]) -> bytes:
    """Return the first datagram drawn that is no server package."""
    while True:
        drawn = draw()
        try:
            BOOK.parse("server-package", drawn)
        except Malformed:
            return drawn


def check_lives(client: ClientUnderTest, server: RawServer, rubbish: list[bytes]) -> None:
    """Send the rubbish between two good packages; check that only these count."""
    client.handle("N", POISON.type)
    client.open()
    server.send(Event("N", ["before"]), sequence=NEXT - 1)
    client.wait_received(Event("N", ["before"]))
    for start in range(0, len(rubbish), BATCH):
        for datagram in rubbish[start : start + BATCH]:
            server.send_octets(datagram)
        # One batch at a time, so that no receive buffer overflows.
        server.expect_next()
    server.send(Event("N", ["after"]), sequence=NEXT)
    good = (Event("N", ["before"]), Event("N", ["after"]))
    client.wait_received(*good, what="around datagrams that must be discarded")
    server.expect_acks(NEXT, 3 << 30, "after a good package 3 in place of bad ones")
    client.wait_state({}, 0, "after updates that must be discarded")
    client.check_status("Connected", "after packages that must be discarded")
