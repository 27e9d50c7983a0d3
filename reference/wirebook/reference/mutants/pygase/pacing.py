"""Mutants of the time: package intervals and connection time-outs.

What may live here: when something happens, and nothing of what is sent. What latency changes about
it is in `congestion`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.codec import ClientFields
from wirebook.reference.pygase.core import congestion
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.peer import Address, Fields
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival
from wirebook.spec.pygase.states import (
    INTERVAL_GOOD,
    ClientState,
    ServerState,
)


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
