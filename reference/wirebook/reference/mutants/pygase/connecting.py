"""Mutants of the connection of a client: how it begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.client import Client
from wirebook.reference.pygase.connection import ClientConnection
from wirebook.reference.pygase.core import client as client_core
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import StatusChanged
from wirebook.reference.pygase.core.peer import Address
from wirebook.spec.pygase.states import ClientInput, ClientState

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
