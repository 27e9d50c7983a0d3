"""The server: all connections by address, their timers, and the limits that they share.

Theory of operation. A datagram is looked up by its source address, becomes an input of the book's
table, and what the table says is done. Each connection has one entry in a queue of timers; entries
that have been overtaken are skipped when they come up. What may live here: what concerns more than
one connection, such as the host client and broadcasts.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import count
from typing import Final

from wirebook.reference.pygase.codec import ClientFields, parse_client_package
from wirebook.reference.pygase.core.client import SHUTDOWN
from wirebook.reference.pygase.core.happenings import (
    BroadcastRefused,
    ConnectionForgotten,
    ConnectionOpened,
    ConnectionResumed,
    ConnectionSuspended,
    ConnectionValidated,
    Happening,
    ShutdownRequested,
    UpdateTooLarge,
)
from wirebook.reference.pygase.core.history import StateSource
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival
from wirebook.reference.pygase.errors import Malformed, QueueFull, UnknownClient
from wirebook.spec.pygase.states import ServerAction, ServerInput, ServerState

_INPUTS: Final = {
    Arrival.NEWEST: ServerInput.NEWEST,
    Arrival.LATE: ServerInput.LATE,
    Arrival.DUPLICATE: ServerInput.STALE,
    Arrival.TOO_LATE: ServerInput.STALE,
}
_TOLD_EVERY: Final = 10.0
"""Seconds between two words to the operator about updates that do not fit."""


class ServerCore:
    """A server: connections by address."""

    def __init__(
        self,
        states: StateSource,
        limits: Limits | None = None,
        *,
        shutdown_by_client: bool = True,
    ) -> None:
        self.peers: dict[Address, ServerPeer] = {}
        self.host: Address | None = None
        """The host client: the first that was ever validated (PGS-SHD-005)."""
        self.shutdown_by_client = shutdown_by_client
        """Whether the host client may stop the server (PGS-SEC-004)."""
        self._states = states
        self._limits = limits or Limits()
        self._unvalidated: dict[Address, None] = {}
        """The oldest first."""
        self._timers: list[tuple[float, int, ServerPeer]] = []
        self._serial = count()
        self._datagrams: deque[tuple[bytes, Address]] = deque()
        self._happenings: deque[Happening] = deque()
        self._tell_at = float("-inf")

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram."""
        peer = self.peers.get(address)
        if data == SHUTDOWN:
            self._consider_shutdown(peer)
            return
        if peer is not None and not peer.take_one(now):
            return
        try:
            # `shut_me_down` is no package either, and discarded as such (PGS-SHD-003).
            fields = parse_client_package(data)
        except Malformed:
            if peer is not None:
                peer.step(ServerInput.MALFORMED, now)
            return
        if peer is None:
            self._open(address, fields, len(data), now)
        elif peer.has_room(fields):
            self._take(peer, fields, len(data), now)

    def dispatch(
        self, address: Address, event: bytes, *, retries: int = 0, context: object = None
    ) -> None:
        """Queue an encoded event for one client."""
        peer = self.peers.get(address)
        if peer is None:
            raise UnknownClient(f"no client at {address}")
        peer.dispatch(event, retries=retries, context=context)

    def broadcast(self, event: bytes, *, retries: int = 0, context: object = None) -> None:
        """Queue an encoded event for all clients that are connected or connecting."""
        ServerPeer.check_size(event)
        for peer in self.peers.values():
            if peer.alive:
                try:
                    peer.dispatch(event, retries=retries, context=context)
                except QueueFull as full:  # PGS-LIM-003
                    self._happenings.append(BroadcastRefused(peer, str(full)))

    def suspend(self, now: float) -> None:
        """Suspend all connections, as if nothing had been heard of any for too long.

        For a server that stops and may run again: clients that are still there then resume.
        """
        for peer in self.peers.values():
            if peer.alive:
                self._follow_up(peer, peer.step(ServerInput.TIMEOUT, now))
                self._schedule(peer)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        while self._timers and self._timers[0][0] != self._timers[0][2].timer_at:
            heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        while (due := self.next_timer()) is not None and due <= now:
            peer = heappop(self._timers)[2]
            peer.timer_at = None
            self._follow_up(peer, peer.handle_timer(now))
            if peer.too_large:
                self._tell_too_large(peer, now)
            self._schedule(peer)

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """Hand over the datagrams that wait to be sent, with their addresses."""
        datagrams = list(self._datagrams)
        self._datagrams.clear()
        return datagrams

    def happenings(self) -> list[Happening]:
        """Hand over what happened since the last call."""
        happenings = list(self._happenings)
        self._happenings.clear()
        return happenings

    def _consider_shutdown(self, peer: ServerPeer | None) -> None:
        if (
            peer is not None
            and peer.address == self.host
            and peer.state is ServerState.CONNECTED
            and self.shutdown_by_client
        ):
            self._happenings.append(ShutdownRequested(peer.address))  # PGS-SHD-001

    def _take(self, peer: ServerPeer, fields: ClientFields, octets: int, now: float) -> None:
        given = _INPUTS[peer.window.judge(fields.sequence)]
        action = peer.step(given, now)
        self._follow_up(peer, action)
        if action is ServerAction.REPLACE:
            self._open(peer.address, fields, octets, now)
        elif action is not ServerAction.NOTHING:
            self._accept(peer, fields, octets, now)

    def _open(self, address: Address, fields: ClientFields, octets: int, now: float) -> None:
        peer = ServerPeer(address, self._limits, self._states, self._datagrams, self._happenings)
        if not peer.has_room(fields) or not self._make_room(now):
            return
        peer.take_one(now)
        peer.step(ServerInput.NEWEST, now)
        self.peers[address] = peer
        self._unvalidated[address] = None
        self._happenings.append(ConnectionOpened(peer))
        self._accept(peer, fields, octets, now)

    def _make_room(self, now: float) -> bool:
        """Tell whether there is room for another connection; make some if need be."""
        if len(self.peers) < self._limits.connections:
            return True
        for address in self._unvalidated:  # PGS-LIM-002: the oldest one
            self._evict(self.peers[address], now)
            return True
        return False  # PGS-LIM-001

    def _accept(self, peer: ServerPeer, fields: ClientFields, octets: int, now: float) -> None:
        if peer.receive(fields, octets, now):
            self._follow_up(peer, peer.step(ServerInput.ACK, now))
        self._schedule(peer)

    def _follow_up(self, peer: ServerPeer, action: ServerAction) -> None:
        """Do what of an action concerns more than the connection itself."""
        match action:
            case ServerAction.VALIDATE:
                del self._unvalidated[peer.address]
                if self.host is None:
                    self.host = peer.address
                self._happenings.append(ConnectionValidated(peer))
            case ServerAction.SUSPEND:
                self._happenings.append(ConnectionSuspended(peer))
            case ServerAction.RESUME:
                self._happenings.append(ConnectionResumed(peer))
            case ServerAction.FORGET | ServerAction.REPLACE:
                self._drop(peer)

    def _evict(self, peer: ServerPeer, now: float) -> None:
        """Give a connection up for a new one."""
        self._follow_up(peer, peer.step(ServerInput.EVICT, now))

    def _drop(self, peer: ServerPeer) -> None:
        del self.peers[peer.address]
        self._unvalidated.pop(peer.address, None)
        peer.timer_at = None
        self._happenings.append(ConnectionForgotten(peer))

    def _schedule(self, peer: ServerPeer) -> None:
        if self.peers.get(peer.address) is not peer:
            return
        due = peer.next_timer()
        if peer.timer_at is None or due < peer.timer_at:
            peer.timer_at = due
            heappush(self._timers, (due, next(self._serial), peer))

    def _tell_too_large(self, peer: ServerPeer, now: float) -> None:
        peer.too_large = False
        if now >= self._tell_at:
            self._tell_at = now + _TOLD_EVERY
            self._happenings.append(UpdateTooLarge(peer))
