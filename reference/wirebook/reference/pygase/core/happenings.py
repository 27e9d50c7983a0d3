"""What the cores have to say: one frozen type for each thing that can happen.

What may live here: these types. They are called happenings because *event* is a word of the
protocol, for what the application sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from wirebook.reference.pygase.codec import WireEvent
    from wirebook.reference.pygase.core.peer import Address, Peer
    from wirebook.reference.pygase.core.server_peer import ServerPeer
    from wirebook.spec.pygase.states import ClientState


@dataclass(frozen=True, slots=True)
class EventReceived:
    """The peer sent an event; tell the peer object with `handled()` once it has been handled."""

    peer: Peer
    event: WireEvent


@dataclass(frozen=True, slots=True)
class EventAcked:
    """A package that carried an event of ours was acked."""

    peer: Peer
    context: object
    """What was given to `dispatch`."""


@dataclass(frozen=True, slots=True)
class EventLost:
    """An event of ours was lost, and no retries are left."""

    peer: Peer
    context: object
    """What was given to `dispatch`."""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The status of a client changed."""

    status: ClientState


@dataclass(frozen=True, slots=True)
class StateUpdated:
    """A client applied an update."""

    update: Mapping[str, Any]
    """The members of the update, without its time order."""
    time_order: int


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """A server has a new connection."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class ConnectionValidated:
    """The client of a connection has acked one of its packages."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class ConnectionSuspended:
    """A connection is disconnected; it may resume."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class ConnectionResumed:
    """A disconnected connection goes on."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class ConnectionForgotten:
    """A connection is gone for good."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class ShutdownRequested:
    """The host client wants the server to stop."""

    address: Address


@dataclass(frozen=True, slots=True)
class UpdateTooLarge:
    """The operator should know: an update does not fit into any package (PGS-SYN-011)."""

    peer: ServerPeer


@dataclass(frozen=True, slots=True)
class BroadcastRefused:
    """The operator should know: an event for all clients left one out (PGS-LIM-003)."""

    peer: ServerPeer
    reason: str


Happening: TypeAlias = (
    EventReceived
    | EventAcked
    | EventLost
    | StatusChanged
    | StateUpdated
    | ConnectionOpened
    | ConnectionValidated
    | ConnectionSuspended
    | ConnectionResumed
    | ConnectionForgotten
    | ShutdownRequested
    | UpdateTooLarge
    | BroadcastRefused
)
