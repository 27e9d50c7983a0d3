"""The client's side of a connection.

Theory of operation. The status is stepped through the book's table. A datagram of the server is
either accepted, and then its update and its events count, or discarded, and then nothing has
happened. What may live here: what only clients do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from wirebook.reference.pygase.codec import (
    HEADER_SIZE,
    LENGTH_SIZE,
    MAX_DATAGRAM,
    ServerFields,
    build_client_package,
    parse_server_package,
)
from wirebook.reference.pygase.core.happenings import Happening, StateUpdated, StatusChanged
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.merging import merged
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.sequence import newer, successor
from wirebook.reference.pygase.core.window import Arrival
from wirebook.reference.pygase.errors import Malformed
from wirebook.spec.pygase.states import (
    CLIENT_CONNECTION,
    CONNECTION_TIMEOUT,
    ClientAction,
    ClientInput,
    ClientState,
)

SHUTDOWN = b"shutdown"
_FIXED = HEADER_SIZE + LENGTH_SIZE


class ClientCore(Peer):
    """A client: one connection to one server."""

    largest_event = MAX_DATAGRAM - _FIXED - LENGTH_SIZE

    def __init__(self, server: Address, limits: Limits | None = None) -> None:
        super().__init__(server, limits or Limits(), deque(), deque())
        self.status: ClientState = CLIENT_CONNECTION.initial
        self.time_order = 0
        """The time order of the state, or 0 while there is none."""
        self.state: Mapping[str, Any] = {}
        """The attributes of the state, `game_status` among them; replaced, never changed."""

    def connect(self, now: float) -> None:
        """Begin to connect, anew."""
        self._step(ClientInput.CONNECT, now)

    def disconnect(self, now: float, *, shutdown_server: bool = False) -> None:
        """Stop at once."""
        if shutdown_server and self.status is not ClientState.DISCONNECTED:
            self._datagrams.append((SHUTDOWN, self.address))  # PGS-SHD-006
        self._step(ClientInput.DISCONNECT, now)

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram."""
        if self.status is ClientState.DISCONNECTED:
            return
        fields = self._read(data, address, now)
        if fields is None:
            self._step(ClientInput.DISCARDED, now)
            return
        if self._step(ClientInput.ACCEPTED, now) is ClientAction.HANDLE:
            self._accept(fields, now)
            self._update(fields.update)
            self._hand_over(fields)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        return None if self.status is ClientState.DISCONNECTED else self._next_running_timer()

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        if self.status is ClientState.DISCONNECTED:
            return
        if self.heard_at + CONNECTION_TIMEOUT <= now:
            self._step(ClientInput.TIMEOUT, now)
        else:
            self._run(now)

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """Hand over the datagrams that wait to be sent, with their address."""
        datagrams = list(self._datagrams)
        self._datagrams.clear()
        return datagrams

    def happenings(self) -> list[Happening]:
        """Hand over what happened since the last call."""
        happenings = list(self._happenings)
        self._happenings.clear()
        return happenings

    def _read(self, data: bytes, address: Address, now: float) -> ServerFields | None:
        """Return the fields of a package to be accepted; of any other datagram, None."""
        if address != self.address or not self._rate.take(now):  # PGS-CON-004
            return None
        try:
            fields = parse_server_package(data)
        except Malformed:
            return None
        acceptable = self.window.judge(fields.sequence) in (Arrival.NEWEST, Arrival.LATE)
        return fields if acceptable and self._has_room(fields) else None

    def _step(self, given: ClientInput, now: float) -> ClientAction:
        row = CLIENT_CONNECTION.step(self.status, given)
        changed = row.next_state is not self.status
        self.status = row.next_state
        match row.action:
            case ClientAction.START:
                self._begin(now)
                self.time_order = 0  # PGS-CON-003
                self.state = {}
            case ClientAction.STOP:
                self._end()
        if changed:
            self._happenings.append(StatusChanged(self.status))
        return row.action

    def _update(self, update: dict[str, Any]) -> None:
        time_order = update.pop("time_order")
        if newer(time_order, self.time_order):  # PGS-SYN-021, PGS-SYN-022
            self.state = merged(self.state, update)
            self.time_order = time_order  # PGS-SYN-023
            self._happenings.append(StateUpdated(update, time_order))

    def _send(self, now: float) -> None:
        events = self.outbox.take(MAX_DATAGRAM - _FIXED)
        datagram = build_client_package(
            successor(self.sequence),
            self.window.ack,
            self.window.bits,
            self.time_order,
            [event.octets for event in events],
        )
        self._launch(datagram, events, now)
