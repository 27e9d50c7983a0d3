"""Mutants of the connections of a server: how they begin, end, and go on."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.pygase.discarded import malformed_body
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core import server_peer
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival, Window
from wirebook.reference.pygase.endpoint import Endpoint
from wirebook.spec.pygase.states import ServerAction, ServerInput, ServerState

_SHUNNED_FOR = 10.0
"""Seconds for which an address gets no connection."""


@mutant(
    "PGS-M121",
    "PGS-CON-006",
    "Clients with the same port on two hosts share a connection.",
    role="server",
)
def ports_alone_count() -> None:
    """Tell clients apart by their ports."""

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        same_port = (known for known in core.peers if known[1] == address[1])
        original(core, data, next(same_port, address), now)


@mutant("PGS-M122", "PGS-CON-007", "Every eighth package comes from another port.", role="server")
def answers_from_elsewhere() -> None:
    """Send some packages through a socket of their own."""

    @override(Endpoint, "_send")
    def send(original: Callable[..., None], endpoint: Endpoint, datagrams: list[Any]) -> None:
        stray = [(data, address) for data, address in datagrams if data[5] % 8 == 5]
        original(endpoint, [one for one in datagrams if one not in stray])
        with socket.socket(endpoint._socket.family, socket.SOCK_DGRAM) as other:
            for data, address in stray:
                other.sendto(data, address)


@mutant(
    "PGS-M123",
    "PGS-CON-008",
    "A malformed package with a good header opens a connection.",
    role="server",
)
def headers_open_connections() -> None:
    """Take the first package of a stranger for an empty one if it is malformed."""

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        if address not in core.peers and malformed_body(codec.parse_client_package, data):
            data = data[: codec.HEADER_SIZE] + bytes(codec.LENGTH_SIZE)
        original(core, data, address, now)


@mutant(
    "PGS-M124", "PGS-CON-008", "A stranger's datagram that is discarded is answered.", role="server"
)
def answers_what_it_discards() -> None:
    """Send an empty package back."""

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if address not in core.peers:
            core._datagrams.append((codec.build_plain_package(1, 0, 0), address))


@mutant(
    "PGS-M125",
    "PGS-CON-009",
    "A server connection becomes disconnected only after 8 s.",
    role="server",
)
def server_gives_up_late() -> None:
    """Wait for longer."""
    set_value(server_peer, "CONNECTION_TIMEOUT", 8.0)


@mutant(
    "PGS-M126", "PGS-CON-009", "A server connection becomes disconnected after 4 s.", role="server"
)
def server_gives_up_soon() -> None:
    """Do not wait for as long."""
    set_value(server_peer, "CONNECTION_TIMEOUT", 4.0)


@mutant(
    "PGS-M127",
    "PGS-CON-010",
    "A connection that resumes begins with sequence 1 again.",
    role="server",
)
def resumes_with_sequence_1() -> None:
    """Forget the sequence."""

    @_on_resumption
    def forget(_core: ServerCore, peer: ServerPeer) -> None:
        peer.sequence = 0
        peer.flight.clear()


@mutant(
    "PGS-M128",
    "PGS-CON-010",
    "A connection that resumes has forgotten what it received.",
    role="server",
)
def resumes_without_window() -> None:
    """Forget the window."""

    @_on_resumption
    def forget(_core: ServerCore, peer: ServerPeer) -> None:
        peer.window = Window()


@mutant(
    "PGS-M129", "PGS-CON-010", "A connection that resumes has to be validated again.", role="server"
)
def resumes_without_validation() -> None:
    """Forget the validation."""

    @_on_resumption
    def forget(core: ServerCore, peer: ServerPeer) -> None:
        peer.state = ServerState.CONNECTING
        core._unvalidated[peer.address] = None


@mutant(
    "PGS-M130",
    "PGS-CON-010",
    "A disconnected client that goes on gets a new connection.",
    role="server",
)
def never_resumes() -> None:
    """Take every package for one of a client that has begun anew."""

    @override(ServerPeer, "step")
    def step(original: Callable[..., Any], peer: ServerPeer, given: ServerInput, now: float) -> Any:
        known = peer.state is not ServerState.UNKNOWN
        newest = known and not peer.alive and given is ServerInput.NEWEST
        return original(peer, ServerInput.STALE if newest else given, now)


@mutant(
    "PGS-M131",
    "PGS-CON-011",
    "A disconnected client that begins anew goes on with the old connection.",
    role="server",
)
def never_begins_anew() -> None:
    """Resume, and discard what is not newest."""

    @override(ServerCore, "_take")
    def take(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, fields: Any, *rest: Any
    ) -> None:
        if peer.alive or peer.window.judge(fields.sequence) is Arrival.NEWEST:
            original(core, peer, fields, *rest)
            return
        *_, now = rest
        core._follow_up(peer, peer.step(ServerInput.NEWEST, now))
        peer.heard_at = now
        core._schedule(peer)


@mutant(
    "PGS-M132", "PGS-CON-011", "A disconnected client that begins anew is ignored.", role="server"
)
def ignores_who_begins_anew() -> None:
    """Discard what is not newest."""

    @override(ServerCore, "_take")
    def take(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, fields: Any, *rest: Any
    ) -> None:
        if peer.alive or peer.window.judge(fields.sequence) is Arrival.NEWEST:
            original(core, peer, fields, *rest)


@mutant(
    "PGS-M133",
    "PGS-CON-012",
    "A disconnected connection is forgotten only after 60 s.",
    role="server",
)
def forgets_late() -> None:
    """Remember for longer."""
    set_value(server_peer, "RESUMPTION_PERIOD", 60.0)


@mutant("PGS-M134", "PGS-CON-012", "A disconnected connection is forgotten at once.", role="server")
def forgets_at_once() -> None:
    """Remember for a moment."""
    set_value(server_peer, "RESUMPTION_PERIOD", 0.1)


@mutant(
    "PGS-M135",
    "PGS-CON-006",
    "An address whose datagram was discarded gets no connection for a while.",
    role="server",
)
def shuns_addresses() -> None:
    """Remember who has sent rubbish."""
    shunned: dict[Address, float] = {}

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        if now < shunned.get(address, 0.0):
            return
        original(core, data, address, now)
        if address not in core.peers:
            shunned[address] = now + _SHUNNED_FOR


def _on_resumption(forget: Callable[[ServerCore, ServerPeer], None]) -> None:
    """Let a server forget something when a connection resumes."""

    @override(ServerCore, "_follow_up")
    def follow_up(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, action: ServerAction
    ) -> None:
        original(core, peer, action)
        if action is ServerAction.RESUME:
            forget(core, peer)
