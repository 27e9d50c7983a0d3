"""Mutants of what a server does for a client that is not validated yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.core import server_peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.spec.pygase.states import ServerInput, ServerState


@mutant(
    "PGS-M140",
    "PGS-SEC-001",
    "A client that is not validated gets two packages for each of its own.",
    role="server",
)
def two_for_one() -> None:
    """Owe one package more, and the octets for it."""

    @override(ServerPeer, "receive")
    def receive(
        original: Callable[..., bool], peer: ServerPeer, fields: Any, octets: int, now: float
    ) -> bool:
        acked = original(peer, fields, 2 * octets, now)
        peer._packages_owed += 1
        return acked


@mutant(
    "PGS-M141",
    "PGS-SEC-001",
    "A client counts as validated from its first package on.",
    role="server",
)
def everybody_is_validated() -> None:
    """Owe more than can be sent in the life of a connection."""

    @override(ServerPeer, "receive")
    def receive(original: Callable[..., bool], peer: ServerPeer, *package: Any) -> bool:
        acked = original(peer, *package)
        peer._packages_owed = peer._octets_owed = 1 << 30
        return acked


@mutant(
    "PGS-M145",
    "PGS-SEC-001",
    "Datagrams that are discarded earn packages, too, before the validation.",
    role="server",
)
def discarded_earns() -> None:
    """Owe a package for whatever comes from the address of a connection."""

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Any, now: float
    ) -> None:
        peer = core.peers.get(address)
        owed = peer._packages_owed if peer is not None else 0
        original(core, data, address, now)
        if peer is not None and peer._packages_owed == owed:
            peer._packages_owed += 1
            peer._octets_owed += 3 * len(data)


@mutant("PGS-M146", "PGS-SEC-001", "Any ack but 0 validates a connection.", role="server")
def any_ack_validates() -> None:
    """Take an ack of what was never sent for one of something."""

    @override(ServerPeer, "receive")
    def receive(original: Callable[..., bool], peer: ServerPeer, fields: Any, *rest: Any) -> bool:
        return original(peer, fields, *rest) or fields.ack > 0


@mutant(
    "PGS-M147",
    "PGS-SEC-001",
    "A client that begins anew counts as validated if it was before.",
    role="server",
)
def replacements_are_validated() -> None:
    """Hand the validation on to the new connection."""

    @override(ServerCore, "_take")
    def take(original: Callable[..., None], core: ServerCore, peer: ServerPeer, *rest: Any) -> None:
        validated = peer.state is ServerState.DISCONNECTED
        original(core, peer, *rest)
        new = core.peers[peer.address]
        if validated and new is not peer:
            core._follow_up(new, new.step(ServerInput.ACK, rest[-1]))


@mutant(
    "PGS-M142",
    "PGS-SEC-002",
    "A client that is not validated is sent the game state.",
    role="server",
)
def strangers_get_the_state() -> None:
    """Send as many packages as are owed, whatever their size."""
    set_value(server_peer, "_AMPLIFICATION", 1000)

    @override(ServerPeer, "_send")
    def send(original: Callable[..., None], peer: ServerPeer, now: float) -> None:
        vars(peer)["_contents_for_stranger"] = lambda: (peer._update_in(1000).octets, [])
        original(peer, now)


@mutant(
    "PGS-M143",
    "PGS-SEC-003",
    "The events of a client that is not validated are dropped.",
    role="server",
)
def events_of_strangers_are_dropped() -> None:
    """Hand over the events of validated clients only."""

    @override(ServerPeer, "_hand_over")
    def hand_over(original: Callable[..., None], peer: ServerPeer, fields: Any) -> None:
        stranger = peer.state is ServerState.CONNECTING
        original(peer, fields._replace(events=[]) if stranger else fields)


@mutant(
    "PGS-M144",
    "PGS-SEC-003",
    "A package of a client that is not validated is discarded if it has events.",
    role="server",
)
def packages_with_events_of_strangers_are_discarded() -> None:
    """Have no room for events before the validation."""

    @override(ServerPeer, "has_room")
    def has_room(original: Callable[..., bool], peer: ServerPeer, fields: Any) -> bool:
        stranger = peer.state in (ServerState.UNKNOWN, ServerState.CONNECTING)
        return not (stranger and fields.events) and original(peer, fields)
