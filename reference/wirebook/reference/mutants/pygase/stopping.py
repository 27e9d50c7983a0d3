"""Mutants of the shutdown: who may stop a server, and how.

What may live here: the two datagrams, the host client, and the operator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.core import client
from wirebook.reference.pygase.core.client import SHUTDOWN, ClientCore
from wirebook.reference.pygase.core.happenings import ShutdownRequested
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.dual import Dual
from wirebook.reference.pygase.server import Server
from wirebook.spec.pygase.states import ServerAction, ServerState

_Receive = Callable[[ServerCore, bytes, Address, float], None]
_Consider = Callable[[ServerCore, ServerPeer | None], None]


@mutant("PGS-M380", "PGS-SHD-001", "A server discards every `shutdown`.", role="server")
def heeds_no_shutdown() -> None:
    """Consider none."""

    @override(ServerCore, "_consider_shutdown")
    def _consider_shutdown(original: _Consider, core: ServerCore, peer: ServerPeer | None) -> None:
        pass


@mutant(
    "PGS-M381",
    "PGS-SHD-001",
    "A server stops for its host client although that one is disconnected.",
    role="server",
)
def heeds_a_disconnected_host() -> None:
    """Look at the address alone."""

    @override(ServerCore, "_consider_shutdown")
    def _consider_shutdown(_: _Consider, core: ServerCore, peer: ServerPeer | None) -> None:
        if peer is None or peer.address != core.host or not core.shutdown_by_client:
            return
        core._happenings.append(ShutdownRequested(peer.address))


@mutant(
    "PGS-M382",
    "PGS-SHD-002",
    "A server stops for any client that is connected.",
    role="server",
)
def heeds_every_client() -> None:
    """Ask for a validated connection, and for no more."""

    @override(ServerCore, "_consider_shutdown")
    def _consider_shutdown(_: _Consider, core: ServerCore, peer: ServerPeer | None) -> None:
        if peer is not None and peer.state is ServerState.CONNECTED:
            core._happenings.append(ShutdownRequested(peer.address))


@mutant(
    "PGS-M383",
    "PGS-SHD-002",
    "A server stops for an address that it does not know.",
    role="server",
)
def heeds_strangers() -> None:
    """Ask only those who are known who they are."""

    @override(ServerCore, "receive_datagram")
    def receive_datagram(
        original: _Receive, core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if data == SHUTDOWN and address not in core.peers:
            core._happenings.append(ShutdownRequested(address))


@mutant("PGS-M384", "PGS-SHD-003", "A server stops for `shut_me_down`.", role="server")
def heeds_shut_me_down() -> None:
    """Ask nobody who they are."""

    @override(ServerCore, "receive_datagram")
    def receive_datagram(
        original: _Receive, core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        if data == b"shut_me_down":
            core._happenings.append(ShutdownRequested(address))
        original(core, data, address, now)


@mutant(
    "PGS-M385",
    "PGS-SHD-003",
    "A server takes the `shut_me_down` of its host client for `shutdown`.",
    role="server",
)
def heeds_its_host_in_other_words() -> None:
    """Know two words for it."""

    @override(ServerCore, "receive_datagram")
    def receive_datagram(
        original: _Receive, core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, SHUTDOWN if data == b"shut_me_down" else data, address, now)


@mutant(
    "PGS-M386",
    "PGS-SHD-004",
    "A server that its operator wants to stop goes on until the next `shutdown`.",
    role="server",
)
def operator_has_to_wait() -> None:
    """Do nothing about it."""

    @override(Server, "shutdown")
    def shutdown(_: Callable[..., Dual], __: Server) -> Dual:
        return None


@mutant(
    "PGS-M387",
    "PGS-SHD-005",
    "A server takes the first client that sends a package as its host client.",
    role="server",
)
def first_that_comes() -> None:
    """Ask for no validation."""

    @override(ServerCore, "_open")
    def _open(
        original: Callable[..., None], core: ServerCore, address: Address, *others: Any
    ) -> None:
        original(core, address, *others)
        if core.host is None and address in core.peers:
            core.host = address


@mutant(
    "PGS-M388",
    "PGS-SHD-005",
    "A server takes the client that was validated last as its host client.",
    role="server",
)
def last_that_is_validated() -> None:
    """Forget the one before."""

    @override(ServerCore, "_follow_up")
    def _follow_up(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, action: ServerAction
    ) -> None:
        if action is ServerAction.VALIDATE:
            core.host = None
        original(core, peer, action)


@mutant(
    "PGS-M391",
    "PGS-SHD-005",
    "A server whose host client is gone takes the next client for it.",
    role="server",
)
def the_next_is_host() -> None:
    """Forget the host with its connection."""

    @override(ServerCore, "_drop")
    def _drop(original: Callable[..., None], core: ServerCore, peer: ServerPeer) -> None:
        original(core, peer)
        if peer.address == core.host:
            core.host = None


@mutant("PGS-M389", "PGS-SHD-006", "A client ends `shutdown` with a zero octet.", role="client")
def shutdown_with_an_end() -> None:
    """Send nine octets."""
    set_value(client, "SHUTDOWN", SHUTDOWN + b"\0")


@mutant("PGS-M390", "PGS-SHD-006", "A client never asks a server to shut down.", role="client")
def no_shutdown() -> None:
    """Forget that it was asked to."""

    @override(ClientCore, "disconnect")
    def disconnect(
        original: Callable[..., None], client: ClientCore, now: float, **_: bool
    ) -> None:
        original(client, now)
