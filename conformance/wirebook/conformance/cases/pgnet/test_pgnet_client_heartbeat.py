"""Cases: when a client asks for news, and how often.

What may live here: heartbeats. Rates are measured over a second or more, with the tolerance that
the book gives the suite.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pgnet.raw_server import RawConnection
from wirebook.conformance.marks import exact_network, requires
from wirebook.conformance.verdicts import Inconclusive, Violation

SLOWEST, FASTEST = 0.80, 1.05
MEASURED_SECONDS = 1.2
SILENCE_SECONDS = 0.5
DEFAULT_RATE = 10
MEASUREMENTS = 3
OWN_LAG_SECONDS = 0.05
"""If our own answers take this long, the client is not to blame for its rate."""

waits_for_each_response = exact_network(
    "a client waits for each response, so that one held up takes several heartbeats with it"
)


def check_rate(connection: RawConnection, rate: float) -> None:
    """Check that heartbeats come at this rate, in one of a few measurements.

    A machine that is busy for a moment slows a client down, but no machine makes it right.
    """
    for _ in range(MEASUREMENTS):
        measured, lag = measure(connection, rate)
        if SLOWEST * rate <= measured <= FASTEST * rate:
            return
    if lag > OWN_LAG_SECONDS:
        raise Inconclusive(f"{measured:.1f} heartbeats per second, but we lagged {lag:.2f} s")
    raise Violation(f"expected {rate:g} heartbeats per second, got {measured:.1f}")


def measure(connection: RawConnection, rate: float) -> tuple[float, float]:
    """Return the heartbeats per second over a second or more, and how late we were to answer."""
    patience = 2 + 2 / rate
    first = connection.next_heartbeat(seconds=patience)
    connection.respond("heartbeat")
    last, count, lag = first.at, 0, 0.0
    while last - first.at < max(MEASURED_SECONDS, 3 / rate):
        arrival = connection.next_heartbeat(seconds=patience)
        lag = max(lag, time.monotonic() - arrival.at)
        connection.respond("heartbeat")
        last, count = arrival.at, count + 1
    return count / (last - first.at), lag


@pytest.mark.parametrize("rate", [2, 10, 12.5, pytest.param(30, marks=waits_for_each_response)])
@requires("PGN-HBT-001")
def test_rate(client: ClientUnderTest, rate: float) -> None:
    """A client in a game sends heartbeats at the rate that the server has told it."""
    check_rate(client.open_game(rate=rate), rate)


@pytest.mark.parametrize(
    "rate",
    [None, 0, -1, 100.5, 1e300, "10", True, [10], {}],
    ids=["missing", "zero", "negative", "too-fast", "huge", "str", "true", "array", "object"],
)
@requires("PGN-HBT-002", "PGN-ERR-002")
def test_default_rate(client: ClientUnderTest, rate: Any) -> None:
    """Without a rate that makes sense, the client takes 10."""
    check_rate(client.open_game(rate=rate), DEFAULT_RATE)


@requires("PGN-HBT-001", "PGN-CLI-006")
@waits_for_each_response
def test_rate_of_the_next_game(client: ClientUnderTest) -> None:
    """Each game has its own rate."""
    connection = client.open_game(rate=5)
    check_rate(connection, 5)
    client.ask({"do": "leave_game"}, tag="left")
    connection.next("the request to leave")
    connection.game = None
    connection.respond()
    client.wait_game(None, "after leaving")
    client.ask({"do": "join_game", "name": "Game 2"})
    connection.next("the request to join")
    connection.game = "Game 2"
    connection.respond("In.", {"heartbeat_rate": 25})
    check_rate(connection, 25)


@requires("PGN-HBT-003")
def test_no_heartbeats_without_a_game(client: ClientUnderTest) -> None:
    """A client in no game sends none: not before, and not after."""
    connection = client.open()
    connection.expect_nothing(SILENCE_SECONDS, "in no game")
    connection.game = "Game 1"
    client.exchange(connection)
    connection.next_heartbeat()
    connection.game = None
    connection.respond("You were thrown out.")
    client.wait_game(None, "after a response without a game")
    connection.expect_nothing(SILENCE_SECONDS, "in no game any more")
    client.exchange(connection)


@requires("PGN-HBT-001", "PGN-CLI-001")
def test_heartbeats_do_not_pile_up(client: ClientUnderTest) -> None:
    """Heartbeats that were due while one was not answered are left out."""
    connection = client.open_game(rate=20)
    connection.next_heartbeat()
    connection.expect_nothing(1.0, "before the response to a heartbeat")
    connection.respond("heartbeat")
    began, count = time.monotonic(), 0
    while time.monotonic() - began < 0.5:
        connection.next_heartbeat()
        connection.respond("heartbeat")
        count += 1
    most = 0.5 * 20 * FASTEST + 2
    if count > most:
        raise Violation(f"expected at most {most:.0f} heartbeats in 0.5 s after a pause, {count}")


@requires("PGN-HBT-001", "PGN-CLI-001")
def test_heartbeat_waits_for_a_response(client: ClientUnderTest) -> None:
    """No heartbeat is sent while a request of the application is under way, and one afterwards."""
    connection = client.open_game(rate=20)
    client.exchange(connection)
    tag = client.send()
    connection.next("the request that the client was told to send")
    connection.expect_nothing(SILENCE_SECONDS, "before the response")
    connection.respond()
    client.wait_response(tag, "after the response")
    connection.next_heartbeat()


@requires("PGN-HBT-001")
def test_heartbeats_between_requests(client: ClientUnderTest) -> None:
    """A heartbeat waits its turn: requests of the application are sent and answered as well."""
    connection = client.open_game(rate=40)
    for _ in range(10):
        client.exchange(connection)
    connection.next_heartbeat()
    connection.respond("heartbeat")
    client.exchange(connection)


@requires("PGN-HBT-001")
def test_payload_and_response(client: ClientUnderTest) -> None:
    """A heartbeat has what the application puts into it, and the response goes back there."""
    connection = client.open()
    client.ask({"do": "heartbeat", "payload": {"seen": 3, "k": [None]}})
    connection.game = "Game 1"
    client.exchange(connection)
    arrival = connection.next_heartbeat()
    if arrival.payload != {"seen": 3, "k": [None]}:
        raise Violation(f"expected the application's payload, got {arrival.payload}")
    connection.respond("news", {"log": ["a"]})
    told = client.until(
        lambda: client.notified("heartbeat"),
        lambda: "expected the application to be given the response to the heartbeat",
    )
    if told[0]["response"].get("payload") != {"log": ["a"]}:
        raise Violation(f"expected the response as it came, got {told[0]}")
