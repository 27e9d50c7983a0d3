"""Mutants of congestion avoidance: latency, quality, throttle time, and the package interval.

What may live here: what a side makes of the round-trip times that it measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.core import congestion
from wirebook.reference.pygase.core.congestion import Congestion
from wirebook.reference.pygase.core.outbox import Sent
from wirebook.reference.pygase.core.peer import Fields, Peer
from wirebook.reference.pygase.core.window import acknowledges
from wirebook.spec.pygase.states import (
    CHECK_INTERVAL,
    INTERVAL_GOOD,
    PACKAGE_TIMEOUT,
    Quality,
)

_Check = Callable[[Congestion, float], None]


@mutant(
    "PGS-M340",
    "PGS-CGA-001",
    "A side takes a round-trip time into its latency with the weight 0.2.",
)
def weight() -> None:
    """Double the weight."""
    set_value(congestion, "LATENCY_WEIGHT", 0.2)


@mutant(
    "PGS-M341",
    "PGS-CGA-001",
    "A side takes the round-trip time of a lost package into its latency.",
)
def lost_packages_count() -> None:
    """Remember the lost ones for their acks."""
    lost: WeakKeyDictionary[Peer, dict[int, Sent]] = WeakKeyDictionary()

    @override(Peer, "_lose")
    def _lose(original: Callable[..., None], peer: Peer, now: float) -> None:
        due = {
            sequence: sent
            for sequence, sent in peer.flight._packages.items()
            if sent.at + PACKAGE_TIMEOUT <= now
        }
        lost.setdefault(peer, {}).update(due)
        original(peer, now)

    @override(Peer, "_accept")
    def _accept(original: Callable[..., bool], peer: Peer, fields: Fields, now: float) -> bool:
        acked = original(peer, fields, now)
        missing = lost.get(peer, {})
        for sequence in [s for s in missing if acknowledges(fields.ack, fields.ack_bits, s)]:
            peer.congestion.measure(now - missing.pop(sequence).at)
        return acked


@mutant("PGS-M342", "PGS-CGA-002", "A side sends 40 packages per second whatever the latency.")
def never_slower() -> None:
    """Make the longer interval as short as the other."""
    set_value(congestion, "INTERVAL_BAD", INTERVAL_GOOD)


@mutant("PGS-M353", "PGS-CGA-002", "A side with bad quality sends 30 packages per second.")
def not_slow_enough() -> None:
    """Make the longer interval shorter."""
    set_value(congestion, "INTERVAL_BAD", 1 / 30)


@mutant("PGS-M343", "PGS-CGA-002", "A side slows down above a latency of 0.1 s.")
def lower_threshold() -> None:
    """Look at two and a half times the latency."""

    @override(congestion, "congestion_input")
    def congestion_input(original: Callable[..., Any], *, latency: float, **others: float) -> Any:
        return original(latency=2.5 * latency, **others)


@mutant("PGS-M344", "PGS-CGA-003", "The throttle time never grows.")
def throttle_time_stays() -> None:
    """Put it back."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        before = measured.throttle_time
        original(measured, now)
        measured.throttle_time = min(before, measured.throttle_time)


@mutant("PGS-M345", "PGS-CGA-003", "The throttle time doubles beyond 60 s.")
def no_most_throttle_time() -> None:
    """Take the limit away."""
    set_value(congestion, "THROTTLE_MOST", float("inf"))


@mutant(
    "PGS-M346",
    "PGS-CGA-003",
    "The throttle time doubles each time that quality becomes bad, however long it was good.",
)
def doubles_always() -> None:
    """Take every change for one that follows soon."""

    @override(congestion, "congestion_input")
    def congestion_input(original: Callable[..., Any], **found: float) -> Any:
        return original(**{**found, "since_change": 0.0})


@mutant("PGS-M347", "PGS-CGA-004", "Quality that is bad stays bad.")
def never_good_again() -> None:
    """Check nothing any more."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        if measured.quality is Quality.BAD:
            measured.next_check = now + CHECK_INTERVAL
        else:
            original(measured, now)


@mutant("PGS-M348", "PGS-CGA-004", "Quality that becomes good again is no milestone.")
def no_milestone() -> None:
    """Keep the milestone before."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        quality, milestone = measured.quality, measured.milestone_at
        original(measured, now)
        if quality is Quality.BAD:
            measured.milestone_at = milestone


@mutant("PGS-M349", "PGS-CGA-005", "A side that has slowed down never speeds up again.")
def never_faster() -> None:
    """Let the interval grow only."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        interval = measured.interval
        original(measured, now)
        measured.interval = max(interval, measured.interval)


@mutant("PGS-M350", "PGS-CGA-005", "A side speeds up with the first check that finds low latency.")
def faster_at_once() -> None:
    """Shorten the interval as soon as quality is good."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        original(measured, now)
        if measured.quality is Quality.GOOD:
            measured.interval = INTERVAL_GOOD


@mutant("PGS-M351", "PGS-CGA-005", "The throttle time never becomes shorter.")
def throttle_time_grows_only() -> None:
    """Put it back."""

    @override(Congestion, "check")
    def check(original: _Check, measured: Congestion, now: float) -> None:
        before = measured.throttle_time
        original(measured, now)
        measured.throttle_time = max(before, measured.throttle_time)


@mutant("PGS-M352", "PGS-CGA-005", "The throttle time is halved below 1.0 s.")
def no_least_throttle_time() -> None:
    """Take the limit away."""
    set_value(congestion, "THROTTLE_LEAST", 0.0)
