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
from wirebook.conformance.marks import requires, slow
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


@requires("PGS-EVT-011", "PGS-EVT-010")
def test_largest_event_is_sent(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An event of 2032 octets is sent, in a package of 2048."""
    client.open()
    client.dispatch(event_of(FULL_EVENT))
    arrival = raw_server.expect_event("FULL")
    if len(arrival.data) != LARGEST:
        raise Violation(f"expected a datagram of 2048 octets, got one of {len(arrival.data)}")


@requires("PGS-EVT-013", "PGS-EVT-012", "PGS-ACK-005")
@slow
def test_retries(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A lost event with n retries is sent again until it is acked or was sent n + 1 times."""
    client.open()
    never = Event("NEVER", ["acked"], {"n": 2})
    tries: list[int] = []

    def is_lost(arrival: Arrival) -> bool:
        if arrival.carries("SECOND"):
            tries.append(arrival.sequence)
        return (
            arrival.carries("NEVER") or arrival.carries("ONCE") or tries[:1] == [arrival.sequence]
        )

    raw_server.withholds = is_lost
    raw_server.serving = True
    client.dispatch(Event("SECOND"), retries=5, tag="second")
    raw_server.pump(0.3)  # so that the two are not sent in the same packages
    client.dispatch(never, retries=2, tag="never")
    client.dispatch(Event("ONCE"), tag="once")
    first = raw_server.expect_event("NEVER")
    raw_server.pump(first.at + 3.6 * PACKAGE_TIMEOUT - raw_server.now())
    for event_type, times in (("NEVER", 3), ("ONCE", 1), ("SECOND", 2)):
        check_carriers(raw_server.arrivals, event_type, times)
    again = [one for arrival in raw_server.arrivals for one in arrival.events]
    again = [one for one in again if one["type"] == "NEVER"]
    if again != [never.value()] * 3:
        raise Violation(f"expected the event to be sent again as it was, got {again}")
    client.check_acked("second", 1, "after an ack of the second package with the event")
    client.check_acked("never", 0, "after three packages that were never acked")
    client.check_acked("once", 0, "after a package that was never acked")


def check_carriers(arrivals: list[Arrival], event_type: str, times: int) -> None:
    """Check that an event was sent so many times, each time when its package was lost."""
    carriers = [arrival for arrival in arrivals if arrival.carries(event_type)]
    if len(carriers) != times:
        raise Violation(f"expected {event_type} to be sent {times} times, got {len(carriers)}")
    for before, again in itertools.pairwise(carriers):
        waited = again.at - before.at
        if not 0.95 * PACKAGE_TIMEOUT <= waited <= 1.5 * PACKAGE_TIMEOUT:
            raise Violation(f"expected {event_type} again after about 1.0 s, got {waited:.2f} s")


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
