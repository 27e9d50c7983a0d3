"""Mutants of connections: how they begin, end, and go on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.pygase.discarded import malformed_body
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.client import Client
from wirebook.reference.pygase.connection import ClientConnection
from wirebook.reference.pygase.core import client as client_core
from wirebook.reference.pygase.core import server_peer
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import StatusChanged
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival, Window
from wirebook.reference.pygase.endpoint import Endpoint
from wirebook.spec.pygase.states import (
    ClientInput,
    ClientState,
    ServerAction,
    ServerInput,
    ServerState,
)

_GOES_ON_FOR = 0.4
"""Seconds for which a client goes on that was told to disconnect."""


@mutant(
    "PGS-M110",
    "PGS-CON-001",
    "A client is Connected as soon as it is told to connect.",
    role="client",
)
def connected_at_once() -> None:
    """Take the answer of the server for granted."""
    _connected_by(ClientInput.CONNECT)


@mutant(
    "PGS-M111",
    "PGS-CON-001",
    "A datagram that is discarded makes a client Connected.",
    role="client",
)
def connected_by_anything() -> None:
    """Take any datagram for an answer."""
    _connected_by(ClientInput.DISCARDED)


@mutant("PGS-M112", "PGS-CON-001", "A client stays Connecting for ever.", role="client")
def never_connected() -> None:
    """Accept packages, but say nothing of it."""

    @override(ClientCore, "_step")
    def step(original: Callable[..., Any], core: ClientCore, given: Any, now: float) -> Any:
        action = original(core, given, now)
        if given is ClientInput.ACCEPTED:
            core.status = ClientState.CONNECTING
        return action


@mutant("PGS-M113", "PGS-CON-002", "A client gives up only after 8 s.", role="client")
def client_gives_up_late() -> None:
    """Wait for longer."""
    set_value(client_core, "CONNECTION_TIMEOUT", 8.0)


@mutant("PGS-M114", "PGS-CON-002", "A client gives up after 4 s.", role="client")
def client_gives_up_soon() -> None:
    """Do not wait for as long."""
    set_value(client_core, "CONNECTION_TIMEOUT", 4.0)


@mutant(
    "PGS-M115",
    "PGS-CON-003",
    "A client that connects again goes on with its old sequence.",
    role="client",
)
def sequence_goes_on() -> None:
    """Keep the sequence."""

    @_on_connecting_again
    def keep(before: ClientCore, core: ClientCore) -> None:
        core.sequence = before.sequence


@mutant(
    "PGS-M116",
    "PGS-CON-003",
    "A client that connects again keeps its receive window.",
    role="client",
)
def window_goes_on() -> None:
    """Keep what was received."""

    @_on_connecting_again
    def keep(before: ClientCore, core: ClientCore) -> None:
        core.window = before.window


@mutant(
    "PGS-M117",
    "PGS-CON-003",
    "A client that connects again reports its old time order.",
    role="client",
)
def state_goes_on() -> None:
    """Keep the state."""

    @_on_connecting_again
    def keep(before: ClientCore, core: ClientCore) -> None:
        core.state, core.time_order = before.state, before.time_order


@mutant("PGS-M118", "PGS-CON-004", "A client takes packages from every address.", role="client")
def takes_packages_of_anybody() -> None:
    """Do not look at the address."""
    _take_from(lambda _core, _address: True)


@mutant(
    "PGS-M119",
    "PGS-CON-004",
    "A client takes packages from every port of the server.",
    role="client",
)
def takes_packages_of_every_port() -> None:
    """Look at the host alone."""
    _take_from(lambda core, address: address[0] == core.address[0])


@mutant(
    "PGS-M120",
    "PGS-CON-005",
    "A client that is asked to disconnect sends on for a moment.",
    role="client",
)
def disconnects_late() -> None:
    """Let the disconnection wait."""

    @override(ClientConnection, "shutdown")
    def shutdown(
        original: Callable[..., Any], connection: ClientConnection, shutdown_server: bool = False
    ) -> None:
        threading.Timer(_GOES_ON_FOR, original, (connection, shutdown_server)).start()


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


def _connected_by(input_: ClientInput) -> None:
    """Let an input make a connecting client Connected."""

    @override(ClientCore, "_step")
    def step(original: Callable[..., Any], core: ClientCore, given: Any, now: float) -> Any:
        action = original(core, given, now)
        if given is input_ and core.status is ClientState.CONNECTING:
            core.status = ClientState.CONNECTED
            core._happenings.append(StatusChanged(core.status))
        return action


def _on_connecting_again(keep: Callable[[ClientCore, ClientCore], None]) -> None:
    """Let a client that connects again keep something of its connection before."""

    @override(Client, "_new_connection")
    def new(original: Callable[..., Any], client: Client, *where: Any) -> Any:
        before = client.connection
        connection = original(client, *where)
        if before is not None:
            vars(connection.peer)["before"] = before.peer
        return connection

    @override(ClientCore, "connect")
    def connect(original: Callable[..., None], core: ClientCore, now: float) -> None:
        original(core, now)
        if "before" in vars(core):
            keep(vars(core)["before"], core)


def _take_from(anybody: Callable[[ClientCore, Address], bool]) -> None:
    """Let a client take packages from other addresses."""

    @override(ClientCore, "_read")
    def read(
        original: Callable[..., Any], core: ClientCore, data: bytes, address: Address, now: float
    ) -> Any:
        return original(core, data, core.address if anybody(core, address) else address, now)


def _on_resumption(forget: Callable[[ServerCore, ServerPeer], None]) -> None:
    """Let a server forget something when a connection resumes."""

    @override(ServerCore, "_follow_up")
    def follow_up(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, action: ServerAction
    ) -> None:
        original(core, peer, action)
        if action is ServerAction.RESUME:
            forget(core, peer)
