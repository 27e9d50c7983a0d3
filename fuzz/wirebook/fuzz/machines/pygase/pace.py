"""How fast a side may send: the interval by congestion avoidance, and whether it is kept.

Written from the tables and the prose of the book, for machines alone. What may live here: latency,
the checks on it, and measuring what was sent against what they say.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection

from wirebook.fuzz.machines.base import Broken
from wirebook.spec.pygase.states import (
    CHECK_INTERVAL,
    CONGESTION,
    INTERVAL_BAD,
    INTERVAL_GOOD,
    LATENCY_WEIGHT,
    THROTTLE_LEAST,
    THROTTLE_MOST,
    CongestionAction,
    congestion_input,
)

LEAST, MOST = 0.85, 1.05
"""The shares of the nominal rate that the book allows, measured over at least a second."""
BUNCHED = 0.2
"""The share of intervals that may be a quarter of what they should be."""
_KEPT = 200
LONGEST_SILENCE = 0.25
"""Seconds; a side that is silent for longer cannot have kept its rate over a second."""


class Congestion:
    """What a side that measures latency by our acks makes of it.

    Two packages that one ack names are measured in an order that the book leaves open, so latency
    lies between two figures; once they fall on two sides of the threshold, nothing is `sure`.
    """

    def __init__(self, now: float) -> None:
        self.least = self.most = 0.0
        self.quality = CONGESTION.initial
        self.interval = INTERVAL_GOOD
        self.throttle = THROTTLE_LEAST
        self.sure = True
        self.changed_at = self.milestone_at = self.since = now
        self._next_check = now + CHECK_INTERVAL

    def measure(self, round_trips: Collection[float]) -> None:
        """Take the round-trip times of packages that one package has acked."""
        for one in sorted(round_trips, reverse=True):
            self.least += LATENCY_WEIGHT * (one - self.least)
        for one in sorted(round_trips):
            self.most += LATENCY_WEIGHT * (one - self.most)

    def run(self, now: float) -> None:
        """Make the checks that were due until now."""
        while self._next_check <= now:
            self._check(self._next_check)
            self._next_check += CHECK_INTERVAL

    def _check(self, at: float) -> None:
        found = {
            congestion_input(
                latency=latency,
                since_change=at - self.changed_at + slip,
                since_milestone=at - self.milestone_at + slip,
                throttle_time=self.throttle,
            )
            for latency in (self.least - 1e-9, self.most + 1e-9)
            for slip in (-1e-9, 1e-9)
        }
        rows = {CONGESTION.step(self.quality, one) for one in found}
        if len(rows) > 1:
            self.sure = False
        row = rows.pop()
        before = self.interval
        if row.next_state is not self.quality:
            self.quality, self.changed_at = row.next_state, at
        match row.action:
            case CongestionAction.SLOW_DOWN:
                self.interval = INTERVAL_BAD
            case CongestionAction.SLOW_DOWN_AND_DOUBLE:
                self.interval = INTERVAL_BAD
                self.throttle = min(2 * self.throttle, THROTTLE_MOST)
            case CongestionAction.RECOVER:
                self.milestone_at = at
            case CongestionAction.SPEED_UP:
                self.interval = INTERVAL_GOOD
                self.throttle = max(self.throttle / 2, THROTTLE_LEAST)
                self.milestone_at = at
        if self.interval != before:
            self.since = at


class Pace:
    """When the packages of a side came, and whether that is a pace."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_KEPT)

    def begin(self) -> None:
        """Measure from now on only."""
        self._times.clear()

    def add(self, at: float, congestion: Congestion, *, exact: bool) -> None:
        """Take a package, and look at the last second if there is one."""
        self._times.append(at)
        times = self._last_second()
        if not times:
            return
        sure = exact and congestion.sure
        settled = times[0] > congestion.since + INTERVAL_BAD
        slowest, fastest = (INTERVAL_BAD, INTERVAL_GOOD)
        if sure and settled:
            slowest = fastest = congestion.interval
        if not exact:
            slowest, fastest = slowest * 1.5, fastest / 1.3
        rate = (len(times) - 1) / (times[-1] - times[0])
        if rate > MOST / fastest:
            raise Broken(_cause(congestion), "sends too fast", f"{rate:.1f} a second")
        if rate < LEAST / slowest:
            raise Broken(_cause(congestion), "sends too slowly", f"{rate:.1f} a second")
        if exact:
            gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
            bunched = sum(gap < fastest / 4 for gap in gaps) / len(gaps)
            if bunched > BUNCHED:
                raise Broken("PGS-TIM-001", "sends in bursts", f"{bunched:.0%}")

    def _last_second(self) -> list[float]:
        """Return the times of the last second and whatever completes it; nothing before that."""
        for number in range(len(self._times) - 1, -1, -1):
            if self._times[-1] - self._times[number] >= 1.0:
                return list(self._times)[number:]
        return []


def _cause(congestion: Congestion) -> str:
    """Return the requirement that the interval of the moment comes from."""
    if congestion.interval == INTERVAL_BAD:
        return "PGS-CGA-002"
    return "PGS-CGA-005" if congestion.since == congestion.milestone_at else "PGS-TIM-001"
