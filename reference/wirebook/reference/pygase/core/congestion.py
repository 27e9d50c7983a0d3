"""Congestion avoidance: how fast a side sends, by the latency it measures.

It runs on the book's own table. What may live here: latency, quality, the package interval, and
the check that changes them.
"""

from __future__ import annotations

from wirebook.spec.pygase.states import (
    CHECK_INTERVAL,
    CONGESTION,
    INTERVAL_BAD,
    INTERVAL_GOOD,
    LATENCY_WEIGHT,
    THROTTLE_LEAST,
    THROTTLE_MOST,
    CongestionAction,
    Quality,
    congestion_input,
)


class Congestion:
    """The quality of one connection, as one side sees it."""

    __slots__ = (
        "changed_at",
        "interval",
        "latency",
        "milestone_at",
        "next_check",
        "quality",
        "throttle_time",
    )

    def __init__(self, now: float) -> None:
        self.latency = 0.0
        self.quality: Quality = CONGESTION.initial
        self.interval = INTERVAL_GOOD
        self.throttle_time = THROTTLE_LEAST
        self.changed_at = self.milestone_at = now
        self.next_check = now + CHECK_INTERVAL

    def measure(self, round_trip: float) -> None:
        """Take the round-trip time of an acked package into account (PGS-CGA-001)."""
        self.latency += LATENCY_WEIGHT * (round_trip - self.latency)

    def pause(self, now: float) -> None:
        """Begin the check interval anew, after a time in which nothing could be measured."""
        self.next_check = now + CHECK_INTERVAL

    def check(self, now: float) -> None:
        """Look at the latency, once the check is due."""
        self.next_check += CHECK_INTERVAL
        if self.next_check <= now:
            self.next_check = now + CHECK_INTERVAL
        found = congestion_input(
            latency=self.latency,
            since_change=now - self.changed_at,
            since_milestone=now - self.milestone_at,
            throttle_time=self.throttle_time,
        )
        row = CONGESTION.step(self.quality, found)
        if row.next_state is not self.quality:
            self.quality = row.next_state
            self.changed_at = now
        match row.action:
            case CongestionAction.SLOW_DOWN:
                self.interval = INTERVAL_BAD
            case CongestionAction.SLOW_DOWN_AND_DOUBLE:
                self.interval = INTERVAL_BAD
                self.throttle_time = min(2 * self.throttle_time, THROTTLE_MOST)
            case CongestionAction.RECOVER:
                self.milestone_at = now
            case CongestionAction.SPEED_UP:
                self.interval = INTERVAL_GOOD
                self.throttle_time = max(self.throttle_time / 2, THROTTLE_LEAST)
                self.milestone_at = now
            case CongestionAction.NOTHING:
                pass
