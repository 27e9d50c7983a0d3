"""The documented connections: what games see of a connection, around the cores.

A connection object belongs to one peer of a core. It runs the handlers for what the core reports,
and lets any thread dispatch events. What may live here: connections; their packages are in
`packages`, their rules in `core`, and their sockets in `endpoint`.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from threading import Event as Flag
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any

from wirebook.reference.pygase.codec import WireEvent
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import (
    EventAcked,
    EventLost,
    EventReceived,
    Happening,
    StateUpdated,
    StatusChanged,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.dual import Afterwards, Dual, in_event_loop, run
from wirebook.reference.pygase.endpoint import Endpoint, open_socket, pick, resolve
from wirebook.reference.pygase.errors import (
    DuplicateSequenceError,
    ProtocolIDMismatchError,
)
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.mirror import GameStateContext
from wirebook.reference.pygase.operator_log import Complaints, logger
from wirebook.reference.pygase.packages import (
    PROTOCOL_ID,
    ClientPackage,
    Header,
    Package,
    ServerPackage,
    bitfield_text,
)
from wirebook.reference.pygase.serial import Serial
from wirebook.reference.pygase.store import states_of
from wirebook.reference.pygase.utils import NamedEnum, Sqn
from wirebook.spec.pygase.states import ClientState

if TYPE_CHECKING:
    from wirebook.reference.pygase.server import Server

__all__ = [
    "PROTOCOL_ID",
    "ClientConnection",
    "ClientPackage",
    "Connection",
    "ConnectionStatus",
    "DuplicateSequenceError",
    "Header",
    "Package",
    "ProtocolIDMismatchError",
    "ServerConnection",
    "ServerPackage",
]

_PATIENCE = 5.0
"""Seconds that a blocking call waits for a loop in another thread to end."""
_TRY_AGAIN = 0.005
"""Seconds until the next attempt to update a game state that the game has locked."""


class ConnectionStatus(NamedEnum):
    """`'Disconnected'`, `'Connecting'` or `'Connected'`."""


ConnectionStatus.register("Disconnected")
ConnectionStatus.register("Connecting")
ConnectionStatus.register("Connected")


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What to call when an event was acked or lost."""

    acked: Callable[..., Any] | None = None
    lost: Callable[..., Any] | None = None
    with_connection: bool = False
    """Whether they get the connection as their argument."""

    @classmethod
    def of(
        cls,
        acked: Callable[..., Any] | None,
        lost: Callable[..., Any] | None = None,
        *,
        with_connection: bool = False,
    ) -> Callbacks | None:
        """Return the callbacks, or None if there are none; raise TypeError if they are none."""
        for callback in (acked, lost):
            if callback is not None and not callable(callback):
                raise TypeError(f"a callback is a function or coroutine, not {callback!r}")
        return cls(acked, lost, with_connection) if acked or lost else None


class Connection:
    """A connection without state: events, acks and congestion avoidance."""

    def __init__(self, remote_address: Address, event_handler: Any, event_wire: Any = None) -> None:
        self.attach(Peer(remote_address, Limits(), deque(), deque()), RLock(), Complaints())
        self.remote_address = remote_address
        self.event_handler = event_handler
        self.event_wire = event_wire

    def attach(self, peer: Peer, lock: RLock, complaints: Complaints) -> None:
        """Let this be the connection of a core's peer; the lock is held while it is used."""
        self.peer = peer
        self._lock = lock
        self._serial = Serial(complaints)

    @property
    def local_sequence(self) -> Sqn:
        """The sequence of the last package sent."""
        return Sqn(self.peer.sequence)

    @property
    def remote_sequence(self) -> Sqn:
        """The newest sequence received."""
        return Sqn(self.peer.window.ack)

    @property
    def ack_bitfield(self) -> str:
        """Which of the 32 sequences before it were received: `1` for yes, the newest first."""
        return bitfield_text(self.peer.window.bits)

    @property
    def latency(self) -> float:
        """The round-trip time in seconds, averaged."""
        return self.peer.congestion.latency

    @property
    def quality(self) -> str:
        """`'good'` or `'bad'`, depending on the latency."""
        return self.peer.congestion.quality.value

    @property
    def status(self) -> int:
        """A value of `ConnectionStatus`."""
        return int(ConnectionStatus.get("Disconnected"))

    def dispatch_event(
        self,
        event: Event,
        ack_callback: Callable[..., Any] | None = None,
        timeout_callback: Callable[..., Any] | None = None,
    ) -> None:
        """Send an event; call one function or the other when it was acked or lost.

        Raises an error for an event that cannot be sent, or if too many wait already.
        """
        self.send(event, Callbacks.of(ack_callback, timeout_callback))

    def send(self, event: Event, callbacks: Callbacks | None, retries: int = 0) -> None:
        """Send an event, several times if need be."""
        octets = event.to_bytes()
        with self._lock:
            self.peer.dispatch(octets, retries=retries, context=callbacks)

    def take(self, happening: Happening) -> None:
        """Do what a happening at this connection calls for; called in the event loop."""
        match happening:
            case EventReceived(_, fields):
                event = Event.from_wire(fields)
                what = f"the handler for {event.type!r} events"
                self._serial.submit(what, lambda: self._handle(event), self._handled)
            case EventAcked(_, Callbacks(acked=Callable() as callback) as callbacks):
                self._call_back("an ack callback", callback, callbacks)
            case EventLost(_, Callbacks(lost=Callable() as callback) as callbacks):
                self._call_back("a timeout callback", callback, callbacks)

    def close(self, *, cancel: bool = False) -> None:
        """Drop the calls of handlers that wait; cancel the one that runs if that is wanted."""
        self._serial.close(cancel=cancel)

    def _call_back(self, what: str, callback: Callable[..., Any], callbacks: Callbacks) -> None:
        arguments = (self,) if callbacks.with_connection else ()
        self._serial.submit(what, lambda: callback(*arguments))

    def _handle(self, event: Event) -> Any:
        handler = self.event_handler
        if self.event_wire is None:
            return _call(handler, event)
        # The two sides handle it in two threads: each gets its own arguments.
        copy = Event.from_wire(WireEvent(event.type, event.handler_args, event.handler_kwargs))
        pushed = self.event_wire._push_event(copy)  # noqa: SLF001 - the documented interface
        if isawaitable(pushed):
            return _after(pushed, handler, event)
        return _call(handler, event)

    def _handled(self) -> None:
        with self._lock:
            self.peer.handled()


class ClientConnection(Connection):
    """A client's connection to a server, with a copy of the game state."""

    peer: ClientCore

    def __init__(self, remote_address: Address, event_handler: Any) -> None:
        super().__init__(remote_address, event_handler)
        self.attach(ClientCore(remote_address), self._lock, Complaints())
        self.game_state_context = GameStateContext()
        self._socket: socket.socket | None = None
        self._endpoint: Endpoint | None = None
        self._ended = Flag()

    @property
    def status(self) -> int:
        """A value of `ConnectionStatus`."""
        return int(ConnectionStatus.get(self.peer.status.name.capitalize()))

    def open(self) -> None:
        """Begin to connect, so that only the loop is missing; raise OSError if that fails."""
        self._open(*resolve(*self.remote_address))

    def loop(self) -> Dual:
        """Run the connection until it ends; can also be awaited."""
        return run(self.run())

    async def run(self) -> None:
        """Run the connection until it ends."""
        try:
            if self._socket is None:
                loop = asyncio.get_running_loop()
                host, port = self.remote_address
                self._open(*pick(await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)))
            await self._run()
        finally:
            self._ended.set()

    def shutdown(self, shutdown_server: bool = False) -> Dual:
        """End the connection, and the server with it if that is wanted; can also be awaited."""
        with self._lock:
            self.peer.disconnect(monotonic(), shutdown_server=shutdown_server)
            endpoint = self._endpoint
        if endpoint is None:
            self._ended.set()
        else:
            endpoint.stop()
        if in_event_loop():
            return Afterwards(self._until_ended)
        self._ended.wait(_PATIENCE)
        return None

    async def _until_ended(self) -> None:
        await asyncio.to_thread(self._ended.wait, _PATIENCE)

    def _open(self, family: socket.AddressFamily, address: Address) -> None:
        self._socket = open_socket(family)
        with self._lock:
            self.peer.address = address
            self.peer.connect(monotonic())

    async def _run(self) -> None:
        assert self._socket is not None  # noqa: S101 - opened by the only caller
        with self._lock:
            self._endpoint = Endpoint(self._socket, self.peer, self._lock, self.take)
            if self.peer.status is ClientState.DISCONNECTED:
                self._endpoint.stop()  # it was shut down before it ran
        try:
            await self._endpoint.run()
        finally:
            with self._lock:
                self.peer.disconnect(monotonic())
                left = self.peer.happenings()
            for happening in left:
                self.take(happening)
            self.game_state_context.catch_up()
            self.close(cancel=True)

    def take(self, happening: Happening) -> None:
        """Do what a happening at this connection calls for; called in the event loop."""
        match happening:
            case StateUpdated(update, time_order):
                self.game_state_context.offer(update, time_order)
                self._update_state()
            case StatusChanged(ClientState.DISCONNECTED):
                logger.info("the connection to %s has ended", self.remote_address)
                if self._endpoint is not None:
                    self._endpoint.stop()
            case StatusChanged(status):
                logger.info("%s: %s", self.remote_address, status.value)
            case _:
                super().take(happening)

    def _update_state(self) -> None:
        if not self.game_state_context.catch_up():
            asyncio.get_running_loop().call_later(_TRY_AGAIN, self._update_state)


class ServerConnection(Connection):
    """A server's connection to a client."""

    peer: ServerPeer

    def __init__(
        self,
        remote_address: Address,
        event_handler: Any,
        game_state_store: Any,
        last_client_time_order: int,
        event_wire: Any = None,
    ) -> None:
        super().__init__(remote_address, event_handler, event_wire)
        self.game_state_store = game_state_store
        states = states_of(game_state_store)
        peer = ServerPeer(remote_address, Limits(), states, deque(), deque())
        peer.reported = int(last_client_time_order)
        self.attach(peer, self._lock, Complaints())

    @classmethod
    def of(cls, peer: ServerPeer, server: Server, event_wire: Any) -> ServerConnection:
        """Return the connection object of a peer that a server's core has opened."""
        store = server.game_state_store
        connection = cls(peer.address, server.event_handler, store, peer.reported, event_wire)
        connection.attach(peer, server.lock, server.complaints)
        return connection

    @property
    def status(self) -> int:
        """A value of `ConnectionStatus`."""
        name = self.peer.state.name if self.peer.alive else "disconnected"
        return int(ConnectionStatus.get(name.capitalize()))

    @property
    def last_client_time_order(self) -> Sqn:
        """The time order that the client reported last."""
        return Sqn(self.peer.reported)

    @classmethod
    async def loop(cls, hostname: str, port: int, server: Server, event_wire: Any) -> None:
        """Run all connections of a server until it is shut down."""
        await server.serve(hostname, port, event_wire)

    def _handle(self, event: Event) -> Any:
        event.handler_kwargs["client_address"] = self.remote_address  # PGS-EVT-022
        return super()._handle(event)


def _call(handler: Any, event: Event) -> Any:
    """Call an event handler if it has a function for the event (PGS-EVT-021)."""
    knows = getattr(handler, "has_event_type", None)
    if knows is not None and not knows(event.type):
        return None
    if isinstance(handler, UniversalEventHandler) and (
        type(handler).handle is UniversalEventHandler.handle
    ):
        return handler.call(event)  # no coroutine where the function is none
    return handler.handle(event)


async def _after(pushed: Any, handler: Any, event: Event) -> None:
    await pushed
    result = _call(handler, event)
    if isawaitable(result):
        await result
