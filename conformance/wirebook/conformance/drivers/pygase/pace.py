"""How fast a server sends, as a client can tell.

Sequences are counted, so that a lost or late datagram does not matter, and where the suite's own
loop was too slow for a client that keeps its rate, the measure does not count.
What may live here: the rates of the book, and their measurement.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from wirebook.conformance.drivers.pygase.model import difference
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.verdicts import Inconclusive, Violation

GOOD, BAD = 40, 20
"""Packages per second."""
LEAST, MOST = 0.85, 1.05
"""How much of the nominal rate the book lets pass."""
MEASURED = 1.2
"""Seconds over which a rate is measured that decides about a verdict."""
ATTEMPTS = 3


def rate_over(player: Player, seconds: float) -> float:
    """Play for some time, and return how many packages per second the server has sent."""
    player.expect_packages(1)
    first = player.accepted[-1]
    player.pace.begin()
    player.pump_for(seconds)
    last = player.accepted[-1]
    # A server that stops half-way must not look as fast as it was before.
    passed = max(last.at - first.at, seconds - 2 / BAD)
    return difference(last.sequence, first.sequence) / passed


def fits(rate: float, nominal: float) -> bool:
    """Tell whether a rate is a nominal one, as exactly as the book wants it."""
    return LEAST * nominal <= rate <= MOST * nominal


def expect_rate(player: Player, nominal: float, when: str) -> None:
    """Check that the server sends at a rate, measuring again where the suite was too slow."""
    for _ in range(ATTEMPTS):
        rate = rate_over(player, MEASURED)
        if fits(rate, nominal):
            return
        if not player.pace.starved:
            raise Violation(f"expected {nominal} packages per second {when}, got {rate:.1f}")
    raise Inconclusive(f"got {rate:.1f} packages per second, but our own loop was {player.pace}")


def until_rate(player: Player, condition: Callable[[float], bool], within: float) -> float:
    """Play until the rate of the last half second meets a condition; return when it did, or 0."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition(rate_over(player, 0.5)):
            return time.monotonic()
    return 0.0
