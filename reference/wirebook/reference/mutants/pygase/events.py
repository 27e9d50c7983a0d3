"""Mutants of sending events: their order, their size, and whom they are for.

What may live here: what becomes of an event from its dispatch until it is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.codec import LENGTH_SIZE
from wirebook.reference.pygase.core.outbox import EVENTS_PER_PACKAGE, Outbox, Outgoing
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.errors import PackageTooLarge

_Take = Callable[[Outbox, int], list[Outgoing]]


def _newest_first(original: _Take, outbox: Outbox, room: int) -> list[Outgoing]:
    outbox._queue.reverse()
    taken = original(outbox, room)
    outbox._queue.reverse()
    return taken


@mutant(
    "PGS-M220", "PGS-EVT-010", "A server sends the event that came last before all.", role="server"
)
def newest_first_from_a_server() -> None:
    """Make the queue a stack."""
    override(Outbox, "take")(_newest_first)


@mutant(
    "PGS-M221", "PGS-EVT-010", "A client sends the event that came last before all.", role="client"
)
def newest_first_from_a_client() -> None:
    """Make the queue a stack."""
    override(Outbox, "take")(_newest_first)


@mutant(
    "PGS-M222",
    "PGS-EVT-010",
    "Small events overtake a large one that finds no room in the package.",
    role="server",
)
def small_events_overtake() -> None:
    """Fill what room is left with whatever fits."""

    @override(Outbox, "take")
    def take(original: _Take, outbox: Outbox, room: int) -> list[Outgoing]:
        taken = original(outbox, room)
        room -= sum(LENGTH_SIZE + len(event.octets) for event in taken)
        waiting: deque[Outgoing] = deque()
        for event in outbox.clear():
            size = LENGTH_SIZE + len(event.octets)
            if len(taken) < EVENTS_PER_PACKAGE and size <= room:
                room -= size
                taken.append(event)
            else:
                waiting.append(event)
        for event in waiting:
            outbox.append(event)
        return taken


@mutant("PGS-M223", "PGS-EVT-010", "A client forgets the events after the fifth.", role="client")
def forgets_after_the_fifth() -> None:
    """Empty the queue with each full package."""

    @override(Outbox, "take")
    def take(original: _Take, outbox: Outbox, room: int) -> list[Outgoing]:
        taken = original(outbox, room)
        if len(taken) == EVENTS_PER_PACKAGE:
            outbox.clear()
        return taken


@mutant(
    "PGS-M224",
    "PGS-EVT-011",
    "A server queues an event that is too large for any package, and all others behind it.",
    role="server",
)
def too_large_waits_for_ever() -> None:
    """Check nothing at the call."""

    @override(Peer, "check_size")
    def check_size(original: Callable[..., None], cls: type[Peer], event: bytes) -> None:
        pass


@mutant(
    "PGS-M225",
    "PGS-EVT-011",
    "A client drops an event that is too large for any package without a word.",
    role="client",
)
def too_large_is_dropped() -> None:
    """Keep the error from the caller."""

    @override(Peer, "dispatch")
    def dispatch(original: Callable[..., None], peer: Peer, event: bytes, **options: Any) -> None:
        try:
            original(peer, event, **options)
        except PackageTooLarge:
            return


@mutant(
    "PGS-M226",
    "PGS-EVT-011",
    "A server refuses an event that would just fill a package.",
    role="server",
)
def refuses_what_fits() -> None:
    """Reserve one octet too many."""
    set_value(ServerPeer, "largest_event", ServerPeer.largest_event - 1)


@mutant("PGS-M234", "PGS-EVT-014", "A server sends an event for one client to all.", role="server")
def for_all_instead_of_one() -> None:
    """Forget whom it is for."""

    @override(ServerCore, "dispatch")
    def dispatch(
        _: Callable[..., None],
        core: ServerCore,
        __: Address,
        event: bytes,
        **options: Any,
    ) -> None:
        core.broadcast(event, **options)


@mutant(
    "PGS-M235",
    "PGS-EVT-014",
    "A server sends an event for all clients to the first of them only.",
    role="server",
)
def for_one_instead_of_all() -> None:
    """Stop after the first."""

    @override(ServerCore, "broadcast")
    def broadcast(_: Callable[..., None], core: ServerCore, event: bytes, **options: Any) -> None:
        for peer in core.peers.values():
            if peer.alive:
                peer.dispatch(event, **options)
                return


@mutant(
    "PGS-M236", "PGS-EVT-014", "A server sends events without keyword arguments.", role="server"
)
def without_keywords() -> None:
    """Send an empty map in their place."""

    @override(codec, "build_event")
    def build_event(original: Callable[..., bytes], event_type: str, args: Any, _: Any) -> bytes:
        return original(event_type, args, {})


@mutant("PGS-M238", "PGS-EVT-014", "A server sends an event for all clients twice.", role="server")
def for_all_twice() -> None:
    """Go round once more."""

    @override(ServerCore, "broadcast")
    def broadcast(
        original: Callable[..., None], core: ServerCore, event: bytes, **options: Any
    ) -> None:
        original(core, event, **options)
        original(core, event, **options)
