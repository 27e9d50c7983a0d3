"""The documented connection: a core and a TCP connection, put together in an event loop.

What may live here: `PacketProtocol`, which is input and output. What a packet means is the core's
business, and what is to be done about it the peer's.
"""
# The documented names are in camel case.
# ruff: noqa: N802

from __future__ import annotations

import asyncio
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import (
    Carrier,
    Happening,
    Lost,
    Made,
    PacketReceived,
)
from wirebook.reference.packetmq.errors import LocalProtocolError
from wirebook.spec.packetmq.states import State

if TYPE_CHECKING:
    from wirebook.reference.packetmq.peer import Peer

__all__ = ["PacketProtocol"]

_AT_ONCE: Final = 1 << 16
"""Octets that are not kept for the end of the turn, when they are sent from a callback."""
_STATES: Final = {State.ACTIVE: "active", State.CONFIRMED: "active"}
"""What the original calls the states that have another name in the book."""


class PacketProtocol(asyncio.Protocol):
    """One connection of a peer; `parent` is the peer, and `addr` host and port of the other side.

    It is a number as well: whatever takes a connection takes its number, and the other way round.
    """

    def __init__(self, parent: Peer, addr: Any) -> None:
        self.parent = parent
        self.addr = addr
        self.number = -1
        self.core = Connection(
            parent.registry.application_ids(),
            adaptive=parent.registry.adaptivePacketIds,
            limits=parent.limits,
        )
        self.too_many = False
        """Whether the connection is beyond the peer's limit."""
        self.was_made = False
        """Whether the program has been told that the connection is made."""
        self.handed_over: tuple[bytes, PacketReceived] | None = None
        """The packet that is being handed over to the program, as octets and decoded."""
        self.failure: BaseException | None = None
        """What broke the TCP connection, if something did."""
        self._reactor = parent.reactor
        self._transport: asyncio.Transport | None = None
        self._lock = Lock()
        self._pumping = False
        self._pump_due = False
        self._clogged = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: float | None = None
        self._carrier = Carrier.OPEN

    def __repr__(self) -> str:
        return f"<connection {self.number}, {self.getState()}, {self.addr}>"

    def getState(self) -> str:
        """Return the state: connMade, idcheck, active, softquitted or closed."""
        return _STATES.get(self.core.state, self.core.state.value)

    def setState(self, state: str) -> None:
        """Refuse any other state: this is the protocol's own (only peers in memory take it)."""
        if state != self.getState():
            raise LocalProtocolError("the packets on the wire decide the state of a connection")

    @property
    def waiting(self) -> int:
        """How many octets wait to be sent."""
        backlog = 0 if self._transport is None else self._transport.get_write_buffer_size()
        return self.core.waiting + backlog

    @property
    def ended(self) -> bool:
        """Whether the TCP connection is gone."""
        return self._carrier is Carrier.ABORT and self._transport is None

    def connectionMade(self) -> None:
        """Begin, now that there is a TCP connection."""
        self.parent.initConnection(self)

    def begin(self) -> None:
        """Say what the protocol begins with."""
        with self._lock:
            self.core.made(self._reactor.loop.time(), too_many=self.too_many)
        self._pump()

    def send(self, packet_id: int, payload: bytes) -> None:
        """Send a packet of the application; can be called from any thread."""
        with self._lock:
            self.core.send(packet_id, payload)
            urgent = self.core.waiting >= _AT_ONCE or self.core.carrier is Carrier.ABORT
        here = self._reactor.here()
        if here and urgent:
            self._flush()
        if not (here and self._pumping):
            self._pump_soon()

    def leave(self, reason: str) -> None:
        """Take leave of the peer; can be called from any thread."""
        with self._lock:
            self.core.leave(reason)
        if self._reactor.here() and not self._pumping:
            self._pump()
        else:
            self._pump_soon()

    def abort(self) -> None:
        """Close the TCP connection at once, and tell nobody."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the TCP connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self.addr = (transport.get_extra_info("peername") or ())[:2]  # none if it has gone
        if self.core.is_ending or self.parent.factory.is_crowded:
            transport.abort()
            return
        try:
            self.connectionMade()
        except Exception:
            self.parent.complaints.failed("initConnection")
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take octets."""
        with self._lock:
            self.core.receive_data(data)
        self._pump()

    def eof_received(self) -> bool:
        """Take the end of the peer's stream, and go on sending."""
        self.core.receive_end()
        self._pump()
        return True

    def connection_lost(self, error: BaseException | None) -> None:
        """Take it that the TCP connection is gone."""
        self.failure = error
        self._transport = None
        self._carrier = Carrier.ABORT
        with self._lock:
            self.core.reset()
        self._pump()
        self.parent.factory.forget(self)

    def pause_writing(self) -> None:
        """Take it that the peer does not read what is sent to it."""
        self._clogged = not self.parent.reads_on

    def resume_writing(self) -> None:
        """Take it that the peer reads again."""
        self._clogged = False
        self._pump_soon()

    def _pump_soon(self) -> None:
        if not self._pump_due:
            self._pump_due = True
            self._reactor.call(self._pump_again)

    def _pump_again(self) -> None:
        self._pump_due = False
        self._pump()

    def _pump(self) -> None:
        """Handle what waits, for one turn (PMQ-LIM-004)."""
        if self._pumping:
            return
        self._pumping = True
        try:
            for _ in range(self.parent.limits.packets_per_turn):
                with self._lock:
                    if not self._may_go_on():
                        break
                    happening = self.core.advance(self._reactor.loop.time())
                if happening is not None:
                    self._tell(happening)
        finally:
            self._pumping = False
            self._flush()
            self._set_reading()
            self._set_timer()

    def _may_go_on(self) -> bool:
        return self.core.has_work and (not self._clogged or self.core.is_ending)

    def _tell(self, happening: Happening) -> None:
        if isinstance(happening, Made):
            self.parent.tell_made(self)
        elif isinstance(happening, Lost):
            reason = happening.reason
            self.parent.tell_lost(self, self.failure if reason is None else reason)
        else:
            self.parent.tell_received(self, happening)

    def _flush(self) -> None:
        """Send what waits, and end the TCP connection if its time has come."""
        transport = self._transport
        if transport is None:
            return
        with self._lock:
            data = self.core.data_to_send()
        if data and not transport.is_closing():
            transport.write(data)
        with self._lock:
            backlog = transport.get_write_buffer_size()
            self.core.note_backlog(backlog)
            carrier = self.core.carrier
        if carrier is not self._carrier:
            self._carrier = carrier
            self._end(transport, carrier)

    @staticmethod
    def _end(transport: asyncio.Transport, carrier: Carrier) -> None:
        if carrier is Carrier.FAREWELL:
            transport.write_eof()  # PMQ-SFQ-004
        elif carrier is Carrier.CLOSE:
            transport.close()
        else:
            transport.abort()

    def _set_reading(self) -> None:
        """Read on unless there is enough to do already (PMQ-LIM-002)."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._may_go_on():
            self._pump_soon()
            self._transport.pause_reading()
        elif self._clogged and not self.core.is_ending:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _set_timer(self) -> None:
        due = self.core.next_timer()
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = None if due is None else self._reactor.loop.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer_due = self._timer = None
        with self._lock:
            self.core.handle_timer(self._reactor.loop.time())
        self._pump()
