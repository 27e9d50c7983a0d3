"""The documented server: all clients of a game, behind one socket.

What may live here: `Server`. Its rules are in `core`, its input and output in `endpoint`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event as Flag
from threading import RLock, Thread
from time import monotonic
from typing import Any

from wirebook.reference.pygase.connection import Callbacks, ServerConnection
from wirebook.reference.pygase.core.happenings import (
    BroadcastRefused,
    ConnectionForgotten,
    ConnectionOpened,
    ConnectionResumed,
    ConnectionSuspended,
    ConnectionValidated,
    EventAcked,
    EventLost,
    EventReceived,
    Happening,
    ShutdownRequested,
    UpdateTooLarge,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.dual import Afterwards, Dual, in_event_loop, listen_in_thread, run
from wirebook.reference.pygase.endpoint import Endpoint, open_socket, pick
from wirebook.reference.pygase.errors import LocalProtocolError
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.operator_log import Complaints, logger
from wirebook.reference.pygase.store import states_of
from wirebook.spec.pygase.states import ServerState

__all__ = ["Server"]

_PATIENCE = 5.0
"""Seconds that a blocking shutdown waits for the loop to end."""


class Server:
    """Listens to clients, and carries events and state updates."""

    def __init__(
        self,
        game_state_store: Any,
        *,
        limits: Limits | None = None,
        shutdown_by_client: bool = True,
    ) -> None:
        self.game_state_store = game_state_store
        self.connections: dict[Address, ServerConnection] = {}
        """The connections by the address of their client."""
        self.event_handler = UniversalEventHandler()
        self.lock = RLock()
        self.complaints = Complaints()
        self._core = ServerCore(
            states_of(game_state_store), limits, shutdown_by_client=shutdown_by_client
        )
        self._endpoint: Endpoint | None = None
        self._event_wire: Any = None
        self._bound: tuple[str, int] | None = None
        self._ended = Flag()
        self._ended.set()

    @property
    def hostname(self) -> str | None:
        """The hostname that the server listens on, or None if it does not run."""
        return self._bound[0] if self._bound else None

    @property
    def port(self) -> int | None:
        """The port that the server listens on, or None if it does not run."""
        return self._bound[1] if self._bound else None

    @property
    def host_client(self) -> Address | None:
        """The address of the client that may shut the server down, if there is one."""
        return self._core.host

    def run(self, port: int = 0, hostname: str = "localhost", event_wire: Any = None) -> Dual:
        """Run the server until it is shut down; can also be awaited."""
        return run(self.serve(hostname, port, event_wire))

    def run_in_thread(
        self,
        port: int = 0,
        hostname: str = "localhost",
        event_wire: Any = None,
        daemon: bool = True,
    ) -> Thread:
        """Run the server in a thread of its own; return once it listens, or fail if it cannot."""
        return listen_in_thread(
            lambda listening: self.serve(hostname, port, event_wire, listening), daemon=daemon
        )

    async def serve(
        self,
        hostname: str,
        port: int,
        event_wire: Any = None,
        listening: Future[None] | None = None,
    ) -> None:
        """Run the server until it is shut down; set `listening` once it listens."""
        if self._bound is not None:
            raise LocalProtocolError("the server runs already")
        found = await asyncio.get_running_loop().getaddrinfo(hostname, port, type=socket.SOCK_DGRAM)
        sock = open_socket(*pick(found))
        self._event_wire = event_wire
        for connection in self.connections.values():
            connection.event_wire = event_wire
        self._endpoint = Endpoint(sock, self._core, self.lock, self._take)
        self._bound = hostname, sock.getsockname()[1]
        self._ended.clear()
        logger.info("serving on %s, port %d", *self._bound)
        try:
            if listening is not None:
                listening.set_result(None)
            await self._endpoint.run()
        finally:
            self._wind_up()

    def shutdown(self) -> Dual:
        """Stop the server; can also be awaited.

        It can run again, and then remembers clients that are still there.
        """
        endpoint = self._endpoint
        if endpoint is not None:
            endpoint.stop()  # PGS-SHD-004
        if in_event_loop():
            return Afterwards(self._until_ended)
        self._ended.wait(_PATIENCE)
        return None

    def dispatch_event(
        self,
        event_type: str,
        *args: Any,
        target_client: Any = "all",
        retries: int = 0,
        ack_callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send an event to all clients, or to the one with the address `target_client`.

        Raises an error for an event that cannot be sent, and for a client that is unknown or that
        too many events wait for already. The callback gets the connection as its argument.
        """
        self.send(
            Event(event_type, *args, **kwargs),
            target_client=target_client,
            retries=retries,
            ack_callback=ack_callback,
        )

    def send(
        self,
        event: Event,
        *,
        target_client: Any = "all",
        retries: int = 0,
        ack_callback: Callable[..., Any] | None = None,
    ) -> None:
        """Send an event object as `dispatch_event` does; its arguments may have any name."""
        octets = event.to_bytes()
        context = Callbacks.of(ack_callback, with_connection=True)
        with self.lock:
            if isinstance(target_client, str):
                if target_client != "all":
                    raise LocalProtocolError(f"'all' or an address, not {target_client!r}")
                self._core.broadcast(octets, retries=retries, context=context)
            else:
                address = (target_client[0], target_client[1])
                self._core.dispatch(address, octets, retries=retries, context=context)

    def register_event_handler(
        self, event_type: str, event_handler_function: Callable[..., Any]
    ) -> None:
        """Let a function or coroutine handle the events of a type; it gets `client_address`."""
        self.event_handler.register_event_handler(event_type, event_handler_function)

    async def _until_ended(self) -> None:
        await asyncio.to_thread(self._ended.wait, _PATIENCE)

    def _wind_up(self) -> None:
        with self.lock:
            self._core.suspend(monotonic())
            left = self._core.happenings()
        for happening in left:
            self._take(happening)
        for connection in self.connections.values():
            connection.close(cancel=True)
        self._endpoint = None
        self._bound = None
        self._ended.set()
        logger.info("the server has stopped")

    def _take(self, happening: Happening) -> None:
        match happening:
            case EventReceived(peer) | EventAcked(peer) | EventLost(peer):
                self.connections[peer.address].take(happening)
            case ConnectionOpened(peer):
                connection = ServerConnection.of(peer, self, self._event_wire)
                self.connections[peer.address] = connection
            case ConnectionValidated(peer):
                logger.info("%s: connected", peer.address)
            case ConnectionSuspended(peer):
                # Anybody can make up addresses that are never validated: nothing for the log.
                level = logging.INFO if peer.state is ServerState.DISCONNECTED else logging.DEBUG
                logger.log(level, "%s: disconnected", peer.address)
            case ConnectionResumed(peer):
                logger.debug("%s: back", peer.address)
            case ConnectionForgotten(peer):
                self.connections.pop(peer.address).close()
            case ShutdownRequested(address):
                logger.info("%s, the host client, shuts the server down", address)
                if self._endpoint is not None:
                    self._endpoint.stop()
            case UpdateTooLarge(peer):
                logger.warning(
                    "an update of the game state does not fit into a package; "
                    "%s waits for a smaller one (PGS-SYN-011)",
                    peer.address,
                )
            case BroadcastRefused(peer, reason):
                logger.warning("%s is left out of an event for all: %s", peer.address, reason)
