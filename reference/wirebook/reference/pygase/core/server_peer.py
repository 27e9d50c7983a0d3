"""One connection of a server: what only servers do to a single client.

Theory of operation. The state is stepped through the book's table by `ServerCore`, which owns the
connections and knows what an address is to it. Until a client is validated its connection sends
empty updates, and no more of them than it is owed. What may live here: one connection.
"""

from __future__ import annotations

from collections import deque

from wirebook.reference.pygase.codec import (
    HEADER_SIZE,
    LENGTH_SIZE,
    ClientFields,
    build_server_package,
)
from wirebook.reference.pygase.core.happenings import Happening
from wirebook.reference.pygase.core.history import (
    FULL_ROOM,
    REMEMBERED,
    StateSource,
    Update,
    empty_update,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.outbox import Outgoing
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.sequence import MAX_SEQUENCE, add, difference, successor
from wirebook.reference.pygase.core.window import Arrival
from wirebook.spec.pygase.states import (
    CONNECTION_TIMEOUT,
    RESUMPTION_PERIOD,
    SERVER_CONNECTION,
    ServerAction,
    ServerInput,
    ServerState,
)

_LARGEST_EMPTY_UPDATE = len(empty_update(65535))
_AMPLIFICATION = 3
"""PGS-SEC-002: octets sent for each octet accepted, at most."""
_ALIVE = (ServerState.CONNECTING, ServerState.CONNECTED)


class ServerPeer(Peer):
    """A connection of a server."""

    largest_event = FULL_ROOM - _LARGEST_EMPTY_UPDATE - LENGTH_SIZE

    def __init__(
        self,
        address: Address,
        limits: Limits,
        states: StateSource,
        datagrams: deque[tuple[bytes, Address]],
        happenings: deque[Happening],
    ) -> None:
        super().__init__(address, limits, datagrams, happenings)
        self.state: ServerState = SERVER_CONNECTION.initial
        self.reported = 0
        """The time order that the client reported last."""
        self.too_large = False
        """Whether the last update would not have fitted into a package of its own."""
        self.timer_at: float | None = None
        """When the server's queue of timers has this connection; the queue's business."""
        self._states = states
        self._forget_at = 0.0
        self._packages_owed = 0
        self._octets_owed = 0
        self._update_first = False
        self._sent_since = 0
        """The oldest version that was sent and is remembered; 0 if there is none."""

    @property
    def alive(self) -> bool:
        """Whether the connection sends."""
        return self.state in _ALIVE

    def step(self, given: ServerInput, now: float) -> ServerAction:
        """Step the table, and do what of its action concerns this connection alone."""
        row = SERVER_CONNECTION.step(self.state, given)
        self.state = row.next_state
        match row.action:
            case ServerAction.OPEN:
                self._begin(now)
            case ServerAction.SUSPEND:
                self._forget_at = now + RESUMPTION_PERIOD
            case ServerAction.RESUME:
                self.next_send = now
                self.congestion.pause(now)
            case ServerAction.FORGET | ServerAction.REPLACE:
                self._end()
        return row.action

    def take_one(self, now: float) -> bool:
        """Count a datagram, and tell whether it is within the limit of its peer."""
        return self._rate.take(now)

    def has_room(self, fields: ClientFields) -> bool:
        """Tell whether the events of a package may be taken."""
        return self._has_room(fields)

    def receive(self, fields: ClientFields, octets: int, now: float) -> bool:
        """Accept a package, and tell whether it acked one of ours."""
        newest = self.window.judge(fields.sequence) is Arrival.NEWEST
        acked = self._accept(fields, now)
        if newest:  # PGS-SYN-001
            self.reported = fields.time_order
        if self.state is ServerState.CONNECTING:
            self._packages_owed += 1
            self._octets_owed += _AMPLIFICATION * octets
        self._hand_over(fields)
        return acked

    def next_timer(self) -> float:
        """Return when `handle_timer` is due."""
        if self.alive:
            return self._next_running_timer()
        loss = self.flight.next_loss()
        return self._forget_at if loss is None else min(loss, self._forget_at)

    def handle_timer(self, now: float) -> ServerAction:
        """Do what is due; return what the table says about it."""
        if not self.alive:
            self._lose(now)
            if self._forget_at <= now:
                return self.step(ServerInput.FORGET, now)
        elif self.heard_at + CONNECTION_TIMEOUT <= now:
            return self.step(ServerInput.TIMEOUT, now)
        else:
            self._run(now)
        return ServerAction.NOTHING

    def _send(self, now: float) -> None:
        if self.state is ServerState.CONNECTING:
            update, events = self._contents_for_stranger()
            size = HEADER_SIZE + LENGTH_SIZE + len(update)
            if not self._packages_owed or self._octets_owed < size:
                return  # PGS-SEC-001, PGS-SEC-002
            self._packages_owed -= 1
            self._octets_owed -= size
        else:
            update, events = self._contents()
        datagram = build_server_package(
            successor(self.sequence),
            self.window.ack,
            self.window.bits,
            update,
            [event.octets for event in events],
        )
        self._launch(datagram, events, now)

    @staticmethod
    def _contents_for_stranger() -> tuple[bytes, list[Outgoing]]:
        """Return the update and the events of a package for a client that is not validated."""
        return empty_update(0), []

    def _contents(self) -> tuple[bytes, list[Outgoing]]:
        """Return the update and the events of the next package.

        Events come first and the update takes the room they leave; if that room was less than the
        update could have used, the update comes first in the next package (PGS-SYN-012).
        """
        if self._update_first:
            self._update_first = False
            alone = update = self._update_in(FULL_ROOM)
            events = self.outbox.take(FULL_ROOM - len(update.octets))
        else:
            events = self.outbox.take(FULL_ROOM - _LARGEST_EMPTY_UPDATE)
            taken = sum(LENGTH_SIZE + len(event.octets) for event in events)
            alone = update = self._update_in(FULL_ROOM - taken)
            if taken and not update.complete:
                alone = self._update_in(FULL_ROOM)
                self._update_first = alone.time_order != update.time_order
        self.too_large = not alone.complete
        if update.time_order != self.reported:
            self._note_sent(update.time_order)
        return update.octets, events

    def _note_sent(self, version: int) -> None:
        """Keep the oldest version that the client may hold, whatever it reports (PGS-SYN-003)."""
        if not self._sent_since:
            self._sent_since = version
        elif difference(version, self._sent_since) > REMEMBERED:
            self._sent_since = add(version, MAX_SEQUENCE - REMEMBERED)

    def _update_in(self, room: int) -> Update:
        return self._states.update_for(self.reported, room, self._sent_since)
