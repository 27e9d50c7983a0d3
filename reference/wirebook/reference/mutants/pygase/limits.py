"""Mutants of the limits: connections, events that wait, and packages per second.

What may live here: what a peer may cost its host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core.happenings import BroadcastRefused
from wirebook.reference.pygase.core.limits import RateLimit
from wirebook.reference.pygase.core.outbox import Outbox
from wirebook.reference.pygase.core.peer import Address, Fields, Peer
from wirebook.reference.pygase.core.server import ServerCore


@mutant("PGS-M360", "PGS-LIM-001", "A server opens as many connections as it can.", role="server")
def any_number_of_connections() -> None:
    """Find room for each."""

    @override(ServerCore, "_make_room")
    def _make_room(_: Callable[..., bool], __: ServerCore, ___: float) -> bool:
        return True


@mutant(
    "PGS-M361",
    "PGS-LIM-002",
    "A server at its limit gives up its oldest connection, validated or not.",
    role="server",
)
def gives_up_players() -> None:
    """Forget whoever came first."""

    @override(ServerCore, "_make_room")
    def _make_room(_: Callable[..., bool], core: ServerCore, __: float) -> bool:
        while len(core.peers) >= core._limits.connections:
            oldest = next(iter(core.peers.values()))
            oldest._end()
            core._drop(oldest)
        return True


@mutant(
    "PGS-M362",
    "PGS-LIM-002",
    "A server at its limit gives up its newest unvalidated connection.",
    role="server",
)
def gives_up_the_newest() -> None:
    """Turn their order round for a moment."""

    @override(ServerCore, "_make_room")
    def _make_room(original: Callable[..., bool], core: ServerCore, now: float) -> bool:
        core._unvalidated = dict.fromkeys(reversed(core._unvalidated))
        room = original(core, now)
        core._unvalidated = dict.fromkeys(reversed(core._unvalidated))
        return room


@mutant(
    "PGS-M363",
    "PGS-LIM-002",
    "A server at its limit lets nobody in, though it has unvalidated connections.",
    role="server",
)
def gives_up_nobody() -> None:
    """Look only at their number."""

    @override(ServerCore, "_make_room")
    def _make_room(_: Callable[..., bool], core: ServerCore, __: float) -> bool:
        return len(core.peers) < core._limits.connections


@mutant("PGS-M364", "PGS-LIM-003", "A side queues as many events as it is given.")
def any_number_of_events() -> None:
    """Refuse none."""

    @override(Outbox, "check")
    def check(original: Callable[..., None], outbox: Outbox, octets: bytes) -> None:
        pass


@mutant("PGS-M365", "PGS-LIM-003", "A side counts the events that wait, and not their octets.")
def any_number_of_octets() -> None:
    """Take every event for an empty one."""

    @override(Outbox, "check")
    def check(original: Callable[..., None], outbox: Outbox, _: bytes) -> None:
        waiting, outbox._octets = outbox._octets, 0
        try:
            original(outbox, b"")
        finally:
            outbox._octets = waiting


@mutant(
    "PGS-M366",
    "PGS-LIM-003",
    "A server leaves a client out of an event for all, and tells nobody.",
    role="server",
)
def left_out_in_silence() -> None:
    """Keep it from the operator."""

    @override(ServerCore, "broadcast")
    def broadcast(original: Callable[..., None], core: ServerCore, *event: Any, **how: Any) -> None:
        original(core, *event, **how)
        told = [one for one in core._happenings if not isinstance(one, BroadcastRefused)]
        core._happenings.clear()
        core._happenings.extend(told)


@mutant("PGS-M367", "PGS-LIM-004", "A side lets any number of events wait to be handled.")
def any_number_to_handle() -> None:
    """Find room for all of them."""

    @override(Peer, "_has_room")
    def _has_room(_: Callable[..., bool], __: Peer, ___: Fields) -> bool:
        return True


@mutant(
    "PGS-M368",
    "PGS-LIM-004",
    "A side acks a package whose events it has no room for, and drops them.",
)
def dropped_but_acked() -> None:
    """Accept the package without its events."""

    @override(Peer, "_has_room")
    def _has_room(_: Callable[..., bool], __: Peer, ___: Fields) -> bool:
        return True

    @override(Peer, "_hand_over")
    def _hand_over(original: Callable[..., None], peer: Peer, fields: Fields) -> None:
        if peer.waiting + len(fields.events) <= peer.limits.events_to_handle:
            original(peer, fields)


@mutant(
    "PGS-M369",
    "PGS-LIM-005",
    "While one client sends more than it may, a server sends to nobody.",
    role="server",
)
def all_pay_for_one() -> None:
    """Put everybody's next package off with each package above the limit."""
    above: list[bool] = []

    @override(RateLimit, "take")
    def take(original: Callable[..., bool], limit: RateLimit, now: float) -> bool:
        within = original(limit, now)
        above.append(not within)
        return within

    @override(ServerCore, "receive_datagram")
    def receive_datagram(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        above.clear()
        original(core, data, address, now)
        if any(above):
            for peer in core.peers.values():
                peer.next_send = now + peer.congestion.interval
