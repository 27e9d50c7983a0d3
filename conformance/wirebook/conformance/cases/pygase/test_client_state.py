"""Cases: which updates a client applies, and what it reports of its state.

What may live here: time orders. What applying means is in `test_client_merging.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import after, is_newer
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation


def check_applied(client: ClientUnderTest, server: RawServer, time_orders: Sequence[int]) -> None:
    """Send updates with these time orders; after each, compare what the client holds and reports.

    Each update says its own number in `last`, and adds an attribute of its own.
    """
    client.connect()
    held = 0
    attributes: dict[str, Any] = {}
    for number, order in enumerate(time_orders):
        update = {"last": number, f"a{number}": True}
        sequence = server.send(update={"time_order": order, "game_status": 1, **update})
        if is_newer(order, held):
            held, attributes = order, {**attributes, **update}
        what = f"after updates to {', '.join(map(str, time_orders[: number + 1]))}"
        arrival = server.expect_ack(sequence)
        if arrival.time_order != held:
            # It may have been on its way to the socket while the update was applied.
            arrival = server.expect_next()[0]
        if arrival.time_order != held:
            raise Violation(f"{what}: expected a report of {held}, got {arrival.time_order}")
    client.wait_state(attributes, held, what)


@pytest.mark.parametrize("first", [1, 32767, 32768, 40000, 65535])
@requires("PGS-SYN-022", "PGS-SYN-023", "PGS-SYN-020")
def test_any_first_time_order(client: ClientUnderTest, raw_server: RawServer, first: int) -> None:
    """A client without state applies an update of any time order, and reports it."""
    check_applied(client, raw_server, [first])


@pytest.mark.parametrize(
    "time_orders",
    [
        pytest.param([5, 6, 7], id="consecutive"),
        pytest.param([5, 105, 5000], id="with-gaps"),
        pytest.param([1, 32768], id="as-far-as-can-be"),
        pytest.param([65534, 65535, 1, 2], id="wrapping"),
        pytest.param([65000, 30], id="wrapping-with-a-gap"),
        pytest.param([32769, 1], id="wrapping-as-far-as-can-be"),
    ],
)
@requires("PGS-SYN-021", "PGS-SYN-023", "PGS-SYN-020")
def test_newer_update(
    client: ClientUnderTest, raw_server: RawServer, time_orders: list[int]
) -> None:
    """An update that is newer than the state is applied, and its time order taken over."""
    check_applied(client, raw_server, time_orders)


@pytest.mark.parametrize(
    "time_orders",
    [
        pytest.param([5, 5], id="equal"),
        pytest.param([5, 4], id="older-by-one"),
        pytest.param([5000, 100], id="older-by-thousands"),
        pytest.param([1, 65535], id="older-wrapped"),
        pytest.param([1, 32769], id="older-as-far-as-can-be"),
        pytest.param([5, 7, 6, 8], id="between-newer-ones"),
    ],
)
@requires("PGS-SYN-021", "PGS-SYN-020")
def test_older_update(
    client: ClientUnderTest, raw_server: RawServer, time_orders: list[int]
) -> None:
    """An update that is not newer than the state is not applied."""
    check_applied(client, raw_server, time_orders)


@pytest.mark.parametrize(
    "time_orders",
    [
        pytest.param([0], id="at-first"),
        pytest.param([0, 0, 3], id="twice-at-first"),
        pytest.param([3, 0], id="later"),
        pytest.param([60000, 0], id="after-a-large-one"),
    ],
)
@requires("PGS-SYN-021", "PGS-SYN-022")
def test_time_order_0(
    client: ClientUnderTest, raw_server: RawServer, time_orders: list[int]
) -> None:
    """An update with time order 0 is never applied."""
    check_applied(client, raw_server, time_orders)


@requires("PGS-SYN-021", "PGS-EVT-020")
def test_package_with_older_update_counts(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A package whose update is not newer is accepted: its events are handled and it is acked."""
    client.handle("N")
    client.connect()
    raw_server.send(update={"time_order": 9, "a": 1})
    sequence = raw_server.send(Event("N"), update={"time_order": 8, "a": 2})
    client.wait_received(Event("N"))
    raw_server.expect_acks(sequence, 1 << 31, "after a package with an older update")
    client.wait_state({"a": 1}, 9, "after a package with an older update")


@requires("PGS-SYN-021", "PGS-WIN-005")
def test_update_of_a_late_package(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The update of a late package is applied if its time order is newer, and only then."""
    client.open()
    newest = raw_server.send(sequence=5, update={"time_order": 9, "a": 1})
    raw_server.expect_ack(newest)
    raw_server.send(sequence=4, update={"time_order": 8, "a": 2})
    raw_server.send(sequence=3, update={"time_order": 10, "b": 3})
    raw_server.expect_report(10)
    client.wait_state({"a": 1, "b": 3}, 10, "after two late updates, one of them newer")


@requires("PGS-SYN-020", "PGS-SYN-023")
def test_reports_what_it_holds(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Every package after an update reports the time order of the state, until the next one."""
    client.open()
    for order in (100, 101, 150):
        raw_server.send(update={"time_order": order})
        raw_server.expect_report(order)
        got = [arrival.time_order for arrival in raw_server.expect_next(3)]
        if got != [order] * 3:
            raise Violation(f"expected reports of {order}, got {got}")
    raw_server.send(update={"time_order": after(150)})
    raw_server.expect_report(151)


@pytest.mark.parametrize("status", [0, 1])
@requires("PGS-SYN-021", "PGS-UPD-003")
def test_game_status(client: ClientUnderTest, raw_server: RawServer, status: int) -> None:
    """The game status of an update becomes that of the state."""
    client.open()
    raw_server.send(update={"time_order": 1, "game_status": 1 - status, "a": 1})
    client.wait_state({"a": 1}, 1, "after the first update")
    raw_server.send(update={"time_order": 2, "game_status": status})
    client.wait_state({"a": 1}, 2, "after the second update")
    got = client.state().get("game_status")
    if got != status:
        raise Violation(f"expected the game status {status}, got {got}")
