"""Cases: what the packages of a client look like.

What may live here: claims about the datagrams that a client sends which need nothing but looking.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.packages import LARGEST, PROTOCOL_ID, Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import acks_text
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation


@requires("PGS-SEQ-001")
def test_sequences_are_consecutive(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The first package has the sequence 1, and each further one the successor."""
    client.connect()
    raw_server.expect_next(4)
    raw_server.send()
    raw_server.expect_next(8)
    sequences = [arrival.sequence for arrival in raw_server.arrivals]
    expected = list(range(1, len(sequences) + 1))
    if sequences != expected:
        raise Violation(f"expected the sequences {expected}, got {sequences}")


@requires("PGS-ACK-001", "PGS-ACK-002", "PGS-SYN-020")
def test_begins_with_nothing(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Before anything has come from the server, ack, ack bits and time order are 0."""
    client.connect()
    raw_server.expect_next(3)
    for arrival in raw_server.arrivals:
        if (arrival.ack, arrival.bits, arrival.time_order) != (0, 0, 0):
            raise Violation(f"expected {acks_text(0, 0)} and time order 0, got {arrival}")


@requires("PGS-HDR-001", "PGS-ACK-001", "PGS-ACK-002", "PGS-SYN-020")
def test_integers_are_in_network_order(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The integers of the header and the time order are in network byte order."""
    client.connect()
    for sequence in (0x1232, 0x1234):
        raw_server.send(sequence=sequence, update={"time_order": 20599})
    arrival = raw_server.expect(
        lambda one: one.data[6:8] in (b"\x12\x34", b"\x34\x12"), "an ack of 0x1234"
    )
    expected = bytes.fromhex("1234 40000000 5077")
    if arrival.data[6:14] != expected:
        got = arrival.data[6:14].hex(" ")
        raise Violation(f"expected ack, bits and time order {expected.hex(' ')}, got {got}")
    first = raw_server.arrivals[0].data[:6]
    if first != PROTOCOL_ID + b"\x00\x01":
        raise Violation(
            f"expected the first package to begin ff d0 fa b9 00 01, got {first.hex(' ')}"
        )


@requires("PGS-DGM-001", "PGS-BOD-004", "PGS-EVT-010")
def test_each_datagram_is_one_package(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Every datagram is one whole client package of at most five events, in their order."""
    client.open()
    events = [Event("MANY", [number]) for number in range(40)]
    for event in events:
        client.dispatch(event)
    seen = raw_server.expect(
        lambda one: any(event["handler_args"] == [39] for event in one.events),
        "the last of 40 events",
        seconds=3.0,
    )
    got = []
    for arrival in raw_server.arrivals[: raw_server.arrivals.index(seen) + 1]:
        if len(arrival.events) > 5:
            raise Violation(f"expected at most 5 events in a package, got {len(arrival.events)}")
        got += [event["handler_args"][0] for event in arrival.events]
    if got != list(range(40)):
        raise Violation(f"expected the 40 events in the order of their dispatch, got {got}")
    raw_server.expect_next(8)  # packages without events
    for arrival in raw_server.arrivals:
        if arrival.package is None:
            raise Violation(f"expected one client package, got {arrival} ({arrival.flaw})")


@requires("PGS-DGM-002", "PGS-EVT-010")
def test_no_datagram_is_too_large(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Events that do not fit together go in packages of at most 2048 octets, in their order."""
    client.open()
    sizes = [1500, 1200, 10, 900, 1900, 1, 2, 3]
    for size in sizes:
        client.dispatch(Event("SIZE", [size, "x" * size]))
    last = raw_server.expect(
        lambda one: any(event["handler_args"][0] == 3 for event in one.events),
        "the last of eight events",
    )
    packages = raw_server.arrivals[: raw_server.arrivals.index(last) + 1]
    largest = max(len(arrival.data) for arrival in packages)
    if largest > LARGEST:
        raise Violation(f"expected no datagram above 2048 octets, got one of {largest}")
    got = [event["handler_args"][0] for arrival in packages for event in arrival.events]
    if got != sizes:
        raise Violation(f"expected the events in the order {sizes}, got {got}")


@pytest.mark.parametrize("count", [6, 50])
@requires("PGS-BOD-005", "PGS-DGM-004")
def test_accepts_any_number_of_events(
    client: ClientUnderTest, raw_server: RawServer, count: int
) -> None:
    """A package with more than five events is accepted, as many as fit."""
    client.handle("N")
    client.open()
    sequence = raw_server.send(*[Event("N") for _ in range(count)])
    client.wait_received(*[Event("N") for _ in range(count)])
    raw_server.expect_acks(sequence, 1 << 31, f"after a package with {count} events")
