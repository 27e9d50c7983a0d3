"""How fast a server sends: its package intervals, and congestion avoidance.

What may live here: cases that count the server's packages. How they are counted is in `pace.py`.
"""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import median

from wirebook.conformance.drivers.pygase.pace import (
    ATTEMPTS,
    BAD,
    GOOD,
    expect_rate,
    until_rate,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_server_arrivals import MOST_BUNCHED
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Inconclusive, Violation

HELD_BACK = 0.4
"""Seconds that acks are held back: more than the threshold, less than a window of packages."""


def congest(player: Player) -> None:
    """Hold back acks until the server has slowed down."""
    player.ack_delay = HELD_BACK
    # Ten acks bring latency from 0 to 0.26 s; a check follows within half a second.
    if not until_rate(player, lambda rate: rate < (GOOD + BAD) / 2, 4.0):
        raise Violation("expected 20 packages per second with acks that take 0.4 s, got 40")


@requires("PGS-TIM-001")
def test_sends_forty_packages_per_second(player: Player) -> None:
    """A server sends 40 packages per second while conditions are good."""
    expect_rate(player, GOOD, "while conditions are good")


@requires("PGS-TIM-001")
def test_sends_at_even_intervals(player: Player) -> None:
    """A server sends one package in each interval, not several at once."""
    for _ in range(ATTEMPTS):
        player.pace.begin()
        packages = player.expect_packages(21)
        gaps = [later.at - earlier.at for earlier, later in pairwise(packages)]
        bursts = sum(gap < 1 / 4 / GOOD for gap in gaps) / len(gaps)
        if 0.6 / GOOD <= median(gaps) <= 1.4 / GOOD and bursts <= MOST_BUNCHED:
            return
        if not player.pace.starved:
            raise Violation(
                f"expected a package every 25 ms, got {median(gaps) * 1000:.0f} ms between most, "
                f"and {bursts:.0%} of them in bursts"
            )
    raise Inconclusive("the suite's own loop was too slow to see the intervals")


@requires("PGS-TIM-001")
def test_sends_although_the_client_sends_less(player: Player) -> None:
    """A server keeps its rate to a validated client that sends ten packages per second."""
    player.interval = 1 / 10
    expect_rate(player, GOOD, "to a client that sends less")


@requires("PGS-CGA-002")
@slow
def test_sends_half_as_much_under_high_latency(player: Player) -> None:
    """When latency is above 0.25 s, a server sends 20 packages per second."""
    congest(player)
    expect_rate(player, BAD, "while acks take 0.4 s")


@requires("PGS-CGA-004", "PGS-CGA-005")
@slow
def test_recovers_when_latency_is_low_again(player: Player) -> None:
    """40 packages per second return when latency has been low for the throttle time."""
    congest(player)
    player.ack_delay = 0.0
    eased = time.monotonic()
    # Half a second until the next check, two of throttle time, half a second until the one after
    # that, and what it takes the acks to bring latency down.
    recovered = until_rate(player, lambda rate: rate > (GOOD + BAD) / 2, 6.0)
    if not recovered:
        raise Violation("expected 40 packages per second again within 6.0 s of low latency, got 20")
    assert recovered - eased > 1.0, (
        f"expected 20 packages per second for another second at least, got 40 after "
        f"{recovered - eased:.1f} s"
    )
    expect_rate(player, GOOD, "after latency has become low again")


@requires("PGS-CGA-002")
def test_heeds_no_latency_below_the_threshold(player: Player) -> None:
    """With acks that take 0.15 s, a server goes on with 40 packages per second."""
    player.ack_delay = 0.15
    player.pump_for(0.6)
    expect_rate(player, GOOD, "while acks take 0.15 s")
