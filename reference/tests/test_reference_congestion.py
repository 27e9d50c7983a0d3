"""Latency and congestion avoidance of the core, in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_reference import DELAY, SERVER, Network, covers
from wirebook.reference.pygase.core.congestion import Congestion
from wirebook.spec.pygase.states import INTERVAL_BAD, INTERVAL_GOOD, Quality


def checked(congestion: Congestion, latency: float, *times: float) -> Congestion:
    """Return the machine after checks that find a latency."""
    congestion.latency = latency
    for now in times:
        congestion.check(now)
    return congestion


@covers("PGS-CGA-001")
def test_latency_is_a_moving_average() -> None:
    """Round trips of 100, 300 and 100 ms take the latency to 10, 39 and 45.1 ms."""
    congestion = Congestion(0.0)
    seen = []
    for round_trip in (0.1, 0.3, 0.1):
        congestion.measure(round_trip)
        seen.append(congestion.latency)
    assert seen == pytest.approx([0.010, 0.039, 0.0451])


@covers("PGS-CGA-002", "PGS-CGA-003", "PGS-CGA-004", "PGS-CGA-005")
def test_worked_example() -> None:
    """The example of the book: bad at 0.5 s, good at 1.5 s, fast again at 4.0 s."""
    congestion = checked(Congestion(0.0), 0.3, 0.5)
    assert (congestion.quality, congestion.interval) == (Quality.BAD, INTERVAL_BAD)
    assert congestion.throttle_time == 2.0
    checked(congestion, 0.2, 1.5)
    assert (congestion.quality, congestion.interval) == (Quality.GOOD, INTERVAL_BAD)
    checked(congestion, 0.2, 2.0, 2.5, 3.0, 3.5)
    assert congestion.interval == INTERVAL_BAD
    checked(congestion, 0.2, 4.0)
    assert (congestion.interval, congestion.throttle_time) == (INTERVAL_GOOD, 1.0)


@covers("PGS-CGA-003")
def test_throttle_time_doubles_up_to_a_minute() -> None:
    """Quality that turns bad again and again doubles the throttle time, up to 60 s."""
    congestion = Congestion(0.0)
    seen = []
    for turn in range(8):
        checked(congestion, 0.3, turn + 0.5)
        seen.append(congestion.throttle_time)
        checked(congestion, 0.2, turn + 1.0)
    assert seen == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


@covers("PGS-CGA-003")
def test_a_late_change_leaves_the_throttle_time() -> None:
    """Quality that was good for longer than the throttle time does not double it."""
    congestion = checked(Congestion(0.0), 0.2, 0.5, 1.0, 1.5)
    assert checked(congestion, 0.3, 2.0).throttle_time == 1.0


@covers("PGS-CGA-004")
def test_recovery_alone_does_not_speed_up() -> None:
    """Good quality comes back at once, the short interval only at the next milestone."""
    congestion = checked(Congestion(0.0), 0.3, 0.5)
    checked(congestion, 0.2, 1.0)
    assert (congestion.quality, congestion.interval) == (Quality.GOOD, INTERVAL_BAD)


@given(st.sampled_from((Quality.GOOD, Quality.BAD)), st.floats(0.0, 100.0))
def test_the_threshold_itself_changes_no_quality(quality: Quality, now: float) -> None:
    """A latency of exactly 0.25 s leaves quality as it is."""
    congestion = Congestion(0.0)
    congestion.quality = quality
    assert checked(congestion, 0.25, now).quality is quality


def test_slow_network_halves_the_rate() -> None:
    """With a round trip above the threshold both sides send 20 packages per second."""
    network = Network()
    client = network.connected()
    network.fate = lambda *_: [0.2]
    network.run(10.0)
    begin = network.now
    network.run(5.0)
    address = network.address_of(client)
    assert len(network.sent_by(address, begin)) == pytest.approx(100, abs=2)
    assert len(network.sent_by(SERVER, begin)) == pytest.approx(100, abs=2)


@covers("PGS-CGA-001")
def test_lost_packages_have_no_round_trip() -> None:
    """An ack that comes after the package time-out does not change the latency."""
    network = Network()
    client = network.connected()
    network.fate = lambda *_: [1.2]
    network.run(1.0)
    before = client.congestion.latency
    network.run(2.0)
    assert client.congestion.latency == before
    assert before < 10 * DELAY


def test_late_ticks_keep_the_cadence_and_long_stalls_are_not_made_up_for() -> None:
    """A tick that is 5 ms late does not move the next one; a stall of a second costs its sends."""
    client = Network().client()
    begin = client.next_send
    client.handle_timer(begin + 0.005)
    assert client.next_send == begin + INTERVAL_GOOD
    client.handle_timer(begin + 1.0)
    assert client.next_send == begin + 1.0 + INTERVAL_GOOD
    assert len(client.datagrams_to_send()) == 2
