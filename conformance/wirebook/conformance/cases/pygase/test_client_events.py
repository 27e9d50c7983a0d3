"""Cases: the events that a client sends and handles.

What may live here: claims about whole events. What their values look like on the wire is in
`test_client_values.py`.
"""

from __future__ import annotations

import itertools

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    Event,
    entry,
    packed,
    raw_header,
)
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

FULL_EVENT = LARGEST - 12 - 2 - 2
"""Octets of the largest event that a client has room for."""
PACKAGE_TIMEOUT = 1.0
NOTHING_NEW = entry(packed({"time_order": 0}))


def event_of(octets: int) -> Event:
    """Return an event that takes so many octets."""
    empty = len(packed(Event("FULL", ["x" * 1000]).value()))
    return Event("FULL", ["x" * (octets - empty + 1000)])


@requires("PGS-EVT-010", "PGS-EVT-020")
def test_events_go_and_come(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Events arrive with their positional and keyword arguments, in both directions."""
    client.handle("THERE")
    client.open()
    back = Event("BACK", [1, "two", [3, None], {"four": True}], {"five": 5, "six": b"\x06"})
    client.dispatch(back)
    arrived = raw_server.expect_event("BACK").events
    if arrived != [back.value()]:
        raise Violation(f"expected the event {back}, got {arrived}")
    there = Event("THERE", [{"seven": [7]}, False, ""], {"eight": {}, "nine": -9})
    raw_server.send(there)
    client.wait_received(there)


@requires("PGS-EVT-011", "PGS-DGM-002")
def test_too_large_event_is_refused(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An event that fits into no package is refused at the call, and the client goes on."""
    client.open()
    for octets in (FULL_EVENT + 1, 2 * FULL_EVENT, 40000):
        if client.try_to_dispatch(event_of(octets)) is None:
            raise Violation(f"expected an event of {octets} octets to be refused, it was taken")
    client.dispatch(Event("SMALL"))
    arrival = raw_server.expect_event("SMALL")
    if len(arrival.events) != 1:
        raise Violation(f"expected the small event alone, got {arrival}")


@requires("PGS-EVT-010")
def test_largest_event_is_sent(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An event of 2032 octets is sent, in a package of 2048."""
    client.open()
    client.dispatch(event_of(FULL_EVENT))
    arrival = raw_server.expect_event("FULL")
    if len(arrival.data) != LARGEST:
        raise Violation(f"expected a datagram of 2048 octets, got one of {len(arrival.data)}")


@requires("PGS-EVT-013", "PGS-ACK-005")
def test_retries_until_given_up(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An event with two retries is sent three times, whenever its package is lost, and no more."""
    client.open()
    raw_server.withholds = lambda one: one.carries("TWO") or one.carries("NONE")
    raw_server.serving = True
    client.dispatch(Event("TWO", ["again"], {"and": "again"}), retries=2, tag="t")
    client.dispatch(Event("NONE"))
    first = raw_server.expect_event("TWO")
    raw_server.expect_event("NONE")
    raw_server.pump(first.at + 4.4 * PACKAGE_TIMEOUT - raw_server.now())
    carriers = [one for one in raw_server.arrivals if one.carries("TWO")]
    if len(carriers) != 3:
        raise Violation(f"expected the event to be sent 3 times, got {len(carriers)}")
    check_intervals(carriers)
    for carrier in carriers:
        sent = [one for one in carrier.events if one["type"] == "TWO"]
        if sent != [Event("TWO", ["again"], {"and": "again"}).value()]:
            raise Violation(f"expected the event to be sent again as it was, got {sent}")
    alone = sum(one.carries("NONE") for one in raw_server.arrivals)
    if alone != 1:
        raise Violation(f"expected an event without retries to be sent once, got {alone} times")
    client.check_acked("t", 0, "no ack of any package that carried the event")


@requires("PGS-EVT-013", "PGS-EVT-012", "PGS-ACK-005")
def test_retries_until_acked(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An event that is acked the second time is not sent again, and its callback runs once."""
    client.open()
    carriers: list[int] = []

    def first(arrival: Arrival) -> bool:
        if arrival.carries("TWICE"):
            carriers.append(arrival.sequence)
        return carriers[:1] == [arrival.sequence]

    raw_server.withholds = first
    raw_server.serving = True
    client.dispatch(Event("TWICE"), retries=5, tag="t")
    raw_server.until(
        lambda: len(carriers) >= 2,
        3 * PACKAGE_TIMEOUT,
        lambda: f"expected the event to be sent twice within 3 s, got {len(carriers)} times",
    )
    client.wait_acked("t", "an ack of the second package with the event")
    raw_server.pump(1.3 * PACKAGE_TIMEOUT)
    if len(carriers) != 2:
        raise Violation(f"expected the event to be sent twice, got {len(carriers)} times")
    client.check_acked("t", 1, "an ack of the second package with the event")


def check_intervals(carriers: list[Arrival]) -> None:
    """Check that an event was sent again when its package was lost, in a new package."""
    for before, again in itertools.pairwise(carriers):
        if again.sequence == before.sequence:
            raise Violation(f"expected a new package, got {again.sequence} again")
        waited = again.at - before.at
        if not 0.95 * PACKAGE_TIMEOUT <= waited <= 1.6 * PACKAGE_TIMEOUT:
            raise Violation(
                f"expected the event again after about 1.0 s, got it after {waited:.2f} s"
            )


@requires("PGS-EVT-020")
def test_handlers_run_in_order(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The events of a package are handled in its order, whatever their types."""
    client.handle("A", "B", "C")
    client.open()
    events = [Event(name, [number]) for number, name in enumerate("ABACCBABCA")]
    raw_server.send(*events)
    client.wait_received(*events)


@requires("PGS-EVT-021")
def test_unknown_event_is_dropped(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Events that no handler is registered for are dropped, and the others of the package count."""
    client.handle("KNOWN")
    client.open()
    strangers = [Event("UNKNOWN", [1]), Event(""), Event("known")]
    sequence = raw_server.send(strangers[0], Event("KNOWN", [1]), *strangers, Event("KNOWN", [2]))
    client.wait_received(Event("KNOWN", [1]), Event("KNOWN", [2]))
    raw_server.expect_acks(sequence, 1 << 31, "after a package with unknown events")


@requires("PGS-EVT-023", "PGS-ERR-001")
def test_failing_handler(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A handler that fails costs nothing but itself: other events and the connection go on."""
    client.handle("FAIL", fail=True)
    client.handle("GOOD")
    client.open()
    first = [Event("GOOD", [1]), Event("FAIL", [2]), Event("GOOD", [3]), Event("FAIL", [4])]
    sequence = raw_server.send(*first, update={"time_order": 1, "kept": True})
    client.wait_received(*first)
    raw_server.expect_acks(sequence, 1 << 31, "after a package whose handlers failed")
    client.wait_state({"kept": True}, 1, "after a package whose handlers failed")
    raw_server.send(Event("GOOD", [5]))
    client.wait_received(*first, Event("GOOD", [5]))
    client.check_status("Connected", "after handlers failed")


@pytest.mark.parametrize(
    "keys",
    list(itertools.permutations(["type", "handler_args", "handler_kwargs"])),
    ids="-".join,
)
@requires("PGS-EVT-003")
def test_keys_in_any_order(
    client: ClientUnderTest, raw_server: RawServer, keys: tuple[str, ...]
) -> None:
    """The keys of an event are accepted in any order."""
    client.handle("N")
    client.open()
    value = Event("N", [1], {"k": 2}).value()
    ordered = packed({key: value[key] for key in keys})
    raw_server.send_octets(raw_header(2) + NOTHING_NEW + entry(ordered))
    client.wait_received(Event("N", [1], {"k": 2}))
