"""Cases: how often a client sends, and when it gives up.

What may live here: whatever has to be measured or waited for. Rates are measured over 1.5 s,
and again where this machine was too busy to tell.
"""

from __future__ import annotations

from collections.abc import Callable

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import after
from wirebook.conformance.drivers.pygase.packages import Event, raw_header
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Inconclusive, Violation

GOOD, BAD = 40, 20
MEASURE_SECONDS = 1.5
MEASUREMENTS = 3
MOST_BUNCHED = 0.2
CONNECTION_TIMEOUT = 5.0
EARLIEST, LATEST = 4.8, 5.6
"""A client may notice so early or so late that its time is up."""
SLOW_ACKS = 0.4


def check_rate(server: RawServer, nominal: int, what: str) -> None:
    """Measure the rate, again if need be: this machine may be busy, the client must not be."""
    for _ in range(MEASUREMENTS):
        rate = server.rate(MEASURE_SECONDS)
        if rate.keeps(nominal) and rate.bunched <= MOST_BUNCHED:
            return
    if rate.keeps(nominal):
        share = f"{rate.bunched:.0%} of them in bursts"
        raise Violation(f"{what}: expected a package in every interval, got {share}")
    raise Violation(f"{what}: expected {nominal} packages per second, got {rate.per_second:.1f}")


@requires("PGS-TIM-001")
def test_rate_while_connected(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A connected client sends 40 packages per second, also when it has much to say."""
    client.open()
    raw_server.serving = True
    for number in range(100):
        client.dispatch(Event("MUCH", [number]))
    check_rate(raw_server, GOOD, "connected")


@requires("PGS-CON-002", "PGS-TIM-001", "PGS-CON-001")
def test_server_that_never_answers(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that nobody answers sends 40 packages per second, and gives up after 5.0 s."""
    first = client.connect()
    check_rate(raw_server, GOOD, "connecting")
    raw_server.pump(first.at + EARLIEST - raw_server.now())
    client.check_status("Connecting", f"{EARLIEST} s after the call to connect")
    check_gives_up(client, raw_server, first.at)


def check_gives_up(client: ClientUnderTest, server: RawServer, since: float) -> None:
    """Check that the client still sends, but gives up 5.0 s after `since`."""
    last = server.arrivals[-1].at - since
    if not last >= EARLIEST - 0.2:
        raise Violation(
            f"expected packages for {CONNECTION_TIMEOUT} s, got none after {last:.2f} s"
        )
    server.pump(since + LATEST - server.now())
    client.wait_status("Disconnected", f"{LATEST} s without an accepted package")
    so_far = len(server.arrivals)
    server.pump(0.3)
    if server.arrivals[so_far:]:
        raise Violation(f"expected silence after the time-out, got {server.arrivals[so_far]}")


@requires("PGS-TIM-002", "PGS-CON-002", "PGS-WIN-005")
def test_connection_timeout(client: ClientUnderTest, raw_server: RawServer) -> None:
    """An accepted package restarts the connection time-out, also a late one without contents."""
    client.open()
    sequence = raw_server.send(sequence=after(raw_server.sequence, 2))
    raw_server.expect_ack(sequence)
    raw_server.pump(1.0)
    raw_server.send(sequence=after(sequence, -1))
    since = raw_server.now()
    raw_server.pump(EARLIEST)
    client.check_status("Connected", f"{EARLIEST} s after the last accepted package")
    check_gives_up(client, raw_server, since)


@requires("PGS-TIM-002", "PGS-CON-002", "PGS-CON-004")
def test_discarded_datagrams_keep_nothing_alive(
    client: ClientUnderTest, raw_server: RawServer
) -> None:
    """Malformed, doubled, late and foreign datagrams do not restart the connection time-out."""
    client.connect()
    raw_server.send(sequence=100)
    since = raw_server.now()
    stranger = raw_server.stranger()
    next_one = raw_server.package(sequence=101)
    senders: tuple[Callable[[], object], ...] = (
        lambda: raw_server.send(sequence=100),
        lambda: raw_server.send(sequence=60),
        lambda: raw_server.send_octets(next_one + b"\x00"),
        lambda: raw_server.send_octets(next_one[:12]),
        lambda: raw_server.send_octets(raw_header(0) + next_one[12:]),
        lambda: raw_server.send_octets(next_one, by=stranger),
    )
    while raw_server.now() < since + LATEST:
        for send in senders:
            send()
        raw_server.pump(0.1)
        if raw_server.now() < since + EARLIEST - 0.2 < raw_server.now() + 0.1:
            client.check_status("Connected", "before 5.0 s have passed")
    check_gives_up(client, raw_server, since)


@requires("PGS-CGA-002")
def test_slow_acks_halve_the_rate(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client whose packages are acked after 0.4 s sends 20 packages per second."""
    with_slow_acks(client, raw_server)
    check_rate(raw_server, BAD, "with acks after 0.4 s")


@requires("PGS-CGA-004", "PGS-CGA-005", "PGS-CGA-002")
def test_quick_acks_restore_the_rate(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The rate stays at 20 for the throttle time after acks are quick again, then it is 40."""
    with_slow_acks(client, raw_server)
    raw_server.ack_delay = 0.0
    quick = raw_server.now()
    slow = raw_server.rate(0.9)
    if not slow.keeps(BAD):
        if raw_server.now() - quick > 1.2:
            raise Inconclusive("the suite itself was held up")
        raise Violation(
            f"expected 20 packages per second before the throttle time is over, "
            f"got {slow.per_second:.1f}"
        )
    # Good within 0.9 s, a milestone at most 2.0 s later, each at a check that is up to 0.5 s late.
    raw_server.pump(quick + 3.5 - raw_server.now())
    check_rate(raw_server, GOOD, "3.5 s after acks are quick again")


def with_slow_acks(client: ClientUnderTest, server: RawServer) -> None:
    """Connect and ack everything late, for long enough that the client has noticed."""
    client.connect()
    server.ack_delay = SLOW_ACKS
    server.serving = True
    # Ten acks take the latency above 0.25 s, at 0.65 s; then there is a check within 0.5 s.
    server.pump(1.4)
