"""Mutants of the time: package intervals, connection time-outs, and congestion avoidance.

What may live here: when something happens, and nothing of what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.codec import ClientFields
from wirebook.reference.pygase.core import congestion
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.congestion import Congestion
from wirebook.reference.pygase.core.outbox import Sent
from wirebook.reference.pygase.core.peer import Address, Fields, Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival, acknowledges
from wirebook.spec.pygase.states import (
    CHECK_INTERVAL,
    INTERVAL_GOOD,
    PACKAGE_TIMEOUT,
    ClientState,
    Quality,
    ServerState,
)

_Check = Callable[[Congestion, float], None]


@mutant("PGS-M330", "PGS-TIM-001", "A side sends 30 packages per second.")
def thirty_packages() -> None:
    """Lengthen the interval."""
    set_value(congestion, "INTERVAL_GOOD", 1 / 30)


@mutant(
    "PGS-M331",
    "PGS-TIM-001",
    "A server sends two packages at once in every other interval.",
    role="server",
)
def two_at_once() -> None:
    """Leave one turn out, and take two the next time."""
    owed: WeakKeyDictionary[ServerPeer, bool] = WeakKeyDictionary()

    @override(ServerPeer, "_send")
    def _send(original: Callable[..., None], peer: ServerPeer, now: float) -> None:
        if peer.state is ServerState.CONNECTING:
            original(peer, now)
        elif owed.pop(peer, False):
            original(peer, now)
            original(peer, now)
        else:
            owed[peer] = True


@mutant(
    "PGS-M332",
    "PGS-TIM-001",
    "A server sends to a client only if it has heard from it since.",
    role="server",
)
def only_in_answer() -> None:
    """Leave out the turns before which nothing was accepted."""
    answered: WeakKeyDictionary[ServerPeer, float] = WeakKeyDictionary()

    @override(ServerPeer, "_send")
    def _send(original: Callable[..., None], peer: ServerPeer, now: float) -> None:
        if answered.get(peer) != peer.heard_at:
            answered[peer] = peer.heard_at
            original(peer, now)


@mutant(
    "PGS-M333",
    "PGS-TIM-001",
    "A client sends 20 packages per second as long as it is connecting.",
    role="client",
)
def connects_at_leisure() -> None:
    """Leave out every other turn."""

    @override(ClientCore, "_run")
    def _run(original: Callable[..., None], client: ClientCore, now: float) -> None:
        sent = client.sequence
        original(client, now)
        if client.status is ClientState.CONNECTING and client.sequence != sent:
            client.next_send += INTERVAL_GOOD


@mutant(
    "PGS-M334",
    "PGS-TIM-002",
    "A server restarts the connection time-out with whatever arrives from a client.",
    role="server",
)
def server_hears_everything() -> None:
    """Take discarded datagrams for a sign of life."""

    @override(ServerCore, "receive_datagram")
    def receive_datagram(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if (peer := core.peers.get(address)) is not None:
            peer.heard_at = now


@mutant(
    "PGS-M335",
    "PGS-TIM-002",
    "A client restarts the connection time-out with whatever arrives.",
    role="client",
)
def client_hears_everything() -> None:
    """Take discarded datagrams for a sign of life."""

    @override(ClientCore, "receive_datagram")
    def receive_datagram(
        original: Callable[..., None], client: ClientCore, data: bytes, address: Address, now: float
    ) -> None:
        original(client, data, address, now)
        client.heard_at = now


@mutant(
    "PGS-M336",
    "PGS-TIM-002",
    "A server does not restart the connection time-out with a late package.",
    role="server",
)
def server_ignores_late_ones() -> None:
    """Put the time back."""

    @override(ServerPeer, "receive")
    def receive(
        original: Callable[..., bool], peer: ServerPeer, fields: ClientFields, *others: Any
    ) -> bool:
        late = peer.window.judge(fields.sequence) is Arrival.LATE
        heard_at = peer.heard_at
        acked = original(peer, fields, *others)
        if late:
            peer.heard_at = heard_at
        return acked


@mutant(
    "PGS-M337",
    "PGS-TIM-002",
    "A client does not restart the connection time-out with a late package.",
    role="client",
)
def client_ignores_late_ones() -> None:
    """Put the time back."""

    @override(ClientCore, "_accept")
    def _accept(
        original: Callable[..., bool], client: ClientCore, fields: Fields, now: float
    ) -> bool:
        late = client.window.judge(fields.sequence) is Arrival.LATE
        heard_at = client.heard_at
        acked = original(client, fields, now)
        if late:
            client.heard_at = heard_at
        return acked


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
