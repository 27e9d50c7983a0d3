"""Cases: how often a client sends, and when it gives up.

What may live here: whatever has to be measured or waited for. A measurement that goes wrong is
taken again if the suite itself was late meanwhile: then it may be the machine that is slow.
"""

from __future__ import annotations

from collections.abc import Callable

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.packages import Event, raw_header
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Rate
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Inconclusive, Violation

GOOD, BAD = 40, 20
MEASURE_SECONDS = 1.5
MEASUREMENTS = 3
CALM, HELD_UP = 0.02, 0.06
"""Seconds that the suite may be late: without any doubt, and at most."""
EARLIEST, LATEST = 4.8, 5.6
"""Seconds that a connection time-out of 5.0 may take, seen from outside."""
SLOW_ACKS = 0.4


def measured(measure: Callable[[], Rate], nominal: int) -> Rate:
    """Measure until the rate is the nominal one, or it is certain that it is not."""
    for _ in range(MEASUREMENTS):
        rate = measure()
        if rate.keeps(nominal) or rate.lag <= CALM:
            return rate
    if rate.lag > HELD_UP:
        raise Inconclusive(f"the suite itself was held up for {rate.lag * 1000:.0f} ms")
    return rate


def check_rate(
    server: RawServer, nominal: int, what: str, meanwhile: Callable[[], object] | None = None
) -> None:
    """Check that the client sends at the nominal rate."""

    def measure() -> Rate:
        return server.rate(MEASURE_SECONDS, meanwhile or (lambda: None))

    rate = measured(measure, nominal)
    if not rate.keeps(nominal):
        raise Violation(f"{what}: expected {nominal} packages per second, got {rate}")


def check_waits(client: ClientUnderTest, server: RawServer, status: str, since: float) -> None:
    """Check that the client has not given up just before its time-out."""
    server.pump(since + EARLIEST - server.now())
    got = client.status()
    if server.now() > since + EARLIEST + 0.15:
        return  # Held up: whatever the status is by now is right.
    if got != status:
        raise Violation(f"{EARLIEST} s without a package: expected the status {status}, got {got}")
    last = server.arrivals[-1].at - since
    if last < EARLIEST - 0.3:
        raise Violation(f"expected packages for 5.0 s, got the last one after {last:.2f} s")


def check_gives_up(client: ClientUnderTest, server: RawServer, since: float) -> None:
    """Check that the client has given up once its time-out is over."""
    server.pump(since + LATEST - server.now())
    so_far = len(server.arrivals)
    server.pump(0.3)
    if server.arrivals[so_far:]:
        last = server.arrivals[-1].at - since
        raise Violation(f"expected silence after 5.0 s, got a package after {last:.2f} s")
    client.wait_status("Disconnected", "after the connection time-out")


@requires("PGS-TIM-001")
def test_rate_while_connected(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A connected client sends 40 packages per second, also when it has much to say."""
    client.open()
    raw_server.serving = True
    numbers = iter(range(1000))

    def say() -> None:
        for _ in range(4):
            client.dispatch(Event("MUCH", [next(numbers)]))

    check_rate(raw_server, GOOD, "connected", say)


@requires("PGS-CON-002", "PGS-TIM-001", "PGS-CON-001")
@slow
def test_server_that_never_answers(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that nobody answers sends 40 packages per second, and gives up after 5.0 s."""
    since = raw_server.now()
    first = client.connect()
    check_rate(raw_server, GOOD, "connecting")
    check_waits(client, raw_server, "Connecting", since)
    check_gives_up(client, raw_server, first.at)


@requires("PGS-TIM-002", "PGS-CON-002", "PGS-CON-004", "PGS-WIN-005")
@slow
def test_connection_timeout(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An accepted package restarts the connection time-out, also a late one; nothing else does."""
    client.connect()
    raw_server.send(sequence=102)
    raw_server.expect_ack(102)
    raw_server.pump(0.6)
    since = raw_server.now()
    raw_server.note("The next package is late; everything after it is to be discarded.")
    raw_server.send(sequence=101)
    stranger = raw_server.stranger()
    next_one = raw_server.package(sequence=103)

    def discarded() -> None:
        for sequence in (102, 101, 60):
            raw_server.send(sequence=sequence)
        for malformed in (next_one + b"\x00", next_one[:12], raw_header(0) + next_one[12:]):
            raw_server.send_octets(malformed)
        raw_server.send_octets(next_one, by=stranger)

    raw_server.rate(EARLIEST - 0.1, discarded)
    check_waits(client, raw_server, "Connected", since)
    raw_server.rate(LATEST - EARLIEST - 0.1, discarded)
    check_gives_up(client, raw_server, since)


@requires("PGS-CGA-002")
@slow
def test_slow_acks_halve_the_rate(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client whose packages are acked after 0.4 s sends 20 packages per second."""
    with_slow_acks(client, raw_server)
    check_rate(raw_server, BAD, "with acks after 0.4 s")


@requires("PGS-CGA-004", "PGS-CGA-005", "PGS-CGA-002")
@slow
def test_quick_acks_restore_the_rate(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The rate stays at 20 for the throttle time after acks are quick again, then it is 40."""
    with_slow_acks(client, raw_server)
    raw_server.ack_delay = 0.0
    quick = raw_server.now()
    slow = raw_server.rate(0.9)
    if slow.lag > HELD_UP:
        raise Inconclusive(f"the suite itself was held up for {slow.lag * 1000:.0f} ms")
    if not slow.keeps(BAD):
        raise Violation(f"in the throttle time: expected 20 packages per second, got {slow}")
    # Good within 0.9 s, a milestone at most 2.0 s later, each at a check that is up to 0.5 s late.
    while raw_server.now() < quick + 3.5 and not raw_server.rate(0.4).keeps(GOOD):
        pass
    check_rate(raw_server, GOOD, "3.5 s after acks are quick again")


def with_slow_acks(client: ClientUnderTest, server: RawServer) -> None:
    """Connect and ack everything late, for long enough that the client has noticed."""
    client.connect()
    server.ack_delay = SLOW_ACKS
    server.serving = True
    # Ten acks take the latency above 0.25 s, at 0.65 s; then there is a check within 0.5 s.
    server.pump(1.4)
