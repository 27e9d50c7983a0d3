"""Cases: what a client makes of the acks that a server sends.

What may live here: claims about `ack` and the ack bits of server packages, seen through the ack
callbacks of events that the client dispatched. The raw server sends only what the cases say.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import after
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Inconclusive

PACKAGE_TIMEOUT = 1.0
TRIES = 3
ALL_BITS = 0xFFFFFFFF


def bit(back: int) -> int:
    """Return the bitfield that names the sequence so many before `ack`, and no other."""
    return 1 << (32 - back)


def dispatched(client: ClientUnderTest, server: RawServer, tag: str) -> Arrival:
    """Have the client dispatch an event with an ack callback; return its package."""
    since = len(server.arrivals)
    client.dispatch(Event("TAGGED", [tag]), tag=tag)
    return server.expect_event("TAGGED", since=since)


def is_tagged(arrival: Arrival) -> bool:
    """Tell the packages whose acks the cases give themselves."""
    return arrival.carries("TAGGED")


def control(client: ClientUnderTest, server: RawServer, what: str) -> None:
    """Check that an event that is properly acked has its callback run."""
    carrier = dispatched(client, server, f"control {what}")
    server.send(ack=carrier.sequence, bits=0)
    client.wait_acked(f"control {what}", f"an ack of its package {what}")


def settle(server: RawServer) -> None:
    """Wait until the client has read everything that was sent to it so far."""
    sequence = server.send(ack=0)
    server.expect_ack(sequence)


@requires("PGS-ACK-003", "PGS-EVT-012")
def test_acked_by_ack(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package is acked when `ack` names it, and not before."""
    client.open()
    carrier = dispatched(client, raw_server, "t")
    settle(raw_server)
    client.check_acked("t", 0, "before any ack of its package")
    raw_server.send(ack=carrier.sequence)
    client.wait_acked("t", "an ack of its package")


@pytest.mark.parametrize("back", [1, 2, 8, 31, 32])
@requires("PGS-ACK-003")
def test_acked_by_bit(client: ClientUnderTest, raw_server: RawServer, back: int) -> None:
    """A package is acked when any of the 32 bits names it."""
    client.open()
    for attempt in range(TRIES):
        tag = f"t{attempt}"
        carrier = dispatched(client, raw_server, tag)
        newest = after(carrier.sequence, back)
        raw_server.expect_sequence(newest)
        raw_server.send(ack=newest, bits=bit(back))
        # A slow machine may need a second for 32 packages; then the package is lost by now.
        if raw_server.arrivals[-1].at - carrier.at < 0.95 * PACKAGE_TIMEOUT:
            client.wait_acked(tag, f"bit {back} naming its package")
            return
    raise Inconclusive(f"the client needs a second for {back} packages")


@requires("PGS-ACK-003")
def test_not_acked_by_other_bits(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package is not acked when all bits but its own are set."""
    client.open()
    carrier = dispatched(client, raw_server, "t")
    newest = after(carrier.sequence, 4)
    raw_server.expect_sequence(newest)
    raw_server.send(ack=newest, bits=ALL_BITS & ~bit(4))
    settle(raw_server)
    client.check_acked("t", 0, "all bits but that of its package")
    raw_server.send(ack=newest, bits=bit(4))
    client.wait_acked("t", "the bit of its package")


@requires("PGS-ACK-004", "PGS-EVT-012", "PGS-ACK-006")
def test_acked_once(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package that is acked again and again, by ack and by bits, is taken as acked once."""
    client.open()
    carrier = dispatched(client, raw_server, "t")
    for _ in range(3):
        raw_server.send(ack=carrier.sequence, bits=ALL_BITS)
    raw_server.expect_next(3)
    for back in (1, 2, 3):
        raw_server.send(ack=after(carrier.sequence, back), bits=ALL_BITS)
    control(client, raw_server, "afterwards")
    client.check_acked("t", 1, "six packages that ack its package")


@requires("PGS-ACK-005", "PGS-ACK-006")
def test_ack_of_lost_package(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package that is not acked within 1.0 s is lost, and a later ack of it is ignored."""
    client.open()
    raw_server.withholds = is_tagged
    raw_server.serving = True
    carrier = dispatched(client, raw_server, "late")
    raw_server.pump(carrier.at + PACKAGE_TIMEOUT + 0.3 - raw_server.now())
    raw_server.send(ack=carrier.sequence, bits=0)
    control(client, raw_server, "after that")
    client.check_acked("late", 0, "an ack 1.3 s after the sending")


@requires("PGS-ACK-005", "PGS-ACK-003")
def test_ack_in_good_time(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package that is acked 0.7 s after its sending is acked."""
    client.open()
    raw_server.withholds = is_tagged
    raw_server.serving = True
    carrier = dispatched(client, raw_server, "t")
    raw_server.pump(carrier.at + 0.7 - raw_server.now())
    if raw_server.now() > carrier.at + 0.9:
        raise Inconclusive("the suite itself was held up")
    raw_server.send(ack=carrier.sequence, bits=0)
    client.wait_acked("t", "an ack 0.7 s after the sending")


@requires("PGS-ACK-006")
def test_ack_of_unsent_package(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An ack of a package that was never sent is ignored, and the rest of its package counts."""
    client.handle("N")
    client.open()
    carrier = dispatched(client, raw_server, "t")
    far = after(carrier.sequence, 20000)
    raw_server.send(Event("N", ["ack"]), ack=far, bits=ALL_BITS)
    client.wait_received(Event("N", ["ack"]))
    client.check_acked("t", 0, f"ack {far} with all bits")
    # Not sent yet either, but one of its bits names the carrier.
    raw_server.send(Event("N", ["bit"]), ack=after(carrier.sequence, 30), bits=bit(30))
    client.wait_received(Event("N", ["ack"]), Event("N", ["bit"]))
    client.wait_acked("t", "a bit of a package whose ack was never sent")


@requires("PGS-WIN-005", "PGS-ACK-003")
def test_acks_of_a_late_package_count(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A late package acks as a newest one does."""
    client.open()
    carrier = dispatched(client, raw_server, "t")
    newest = raw_server.send(ack=0, sequence=after(raw_server.sequence, 2))
    raw_server.expect_ack(newest)
    raw_server.send(sequence=after(newest, -1), ack=carrier.sequence)
    client.wait_acked("t", "an ack of its package in a late package")


@requires("PGS-ERR-002", "PGS-WIN-003", "PGS-ACK-003")
def test_acks_of_a_duplicate_do_not_count(client: ClientUnderTest, raw_server: RawServer) -> None:
    """What a duplicate says is ignored: its acks, its event and its update."""
    client.handle("N")
    client.open()
    carrier = dispatched(client, raw_server, "t")
    again = raw_server.send(Event("N", ["once"]), ack=0)
    update = {"time_order": 9, "forged": True}
    raw_server.send(Event("N", ["twice"]), sequence=again, ack=carrier.sequence, update=update)
    settle(raw_server)
    client.check_acked("t", 0, "an ack of its package in a duplicate")
    client.wait_received(Event("N", ["once"]))
    client.wait_state({}, 0, "after an update in a duplicate")
    raw_server.send(ack=carrier.sequence)
    client.wait_acked("t", "an ack of its package in a good package")


@requires("PGS-ERR-002", "PGS-BOD-002", "PGS-ACK-003")
def test_acks_of_a_malformed_package_do_not_count(
    client: ClientUnderTest, raw_server: RawServer
) -> None:
    """A package that is discarded for its last octet acks nothing."""
    client.open()
    carrier = dispatched(client, raw_server, "t")
    raw_server.send_octets(raw_server.package(ack=carrier.sequence) + b"\x00")
    settle(raw_server)
    client.check_acked("t", 0, "an ack of its package in a malformed package")
    raw_server.send(ack=carrier.sequence)
    client.wait_acked("t", "an ack of its package in a good package")
