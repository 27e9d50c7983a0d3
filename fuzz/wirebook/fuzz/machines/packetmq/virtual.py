"""An event loop in virtual time, and TCP connections in it: what the reference runs on here.

Theory of operation. Nothing happens but in `run`, which does all that can be done at the present
time, and in `advance`, which moves the time from one timer to the next. A connection behaves as the
system's would: a peer that takes nothing makes octets wait, and a side that closes while octets
come that it will not read answers with a reset, which takes away what the peer has not read yet.
What may live here: the loop and the connections. What goes over them is not known here.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from asyncio import _set_running_loop
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, cast

__all__ = ["VirtualLoop", "Wire"]

_HIGH_WATER, _LOW_WATER = 1 << 16, 1 << 14
_ONE_READ = 1 << 16
Factory = Callable[[], asyncio.Protocol]


class _Handle:
    """Something to be called."""

    __slots__ = ("arguments", "call")

    def __init__(self, call: Callable[..., Any] | None, arguments: tuple[Any, ...]) -> None:
        self.call = call
        self.arguments = arguments

    def cancel(self) -> None:
        """Call it no more."""
        self.call = None

    def cancelled(self) -> bool:
        """Tell whether it will not be called."""
        return self.call is None


class VirtualLoop:
    """As much of an event loop as programs with streams and timers need."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._serial = itertools.count()
        self.listeners: list[Factory] = []
        """What makes the protocols for whoever connects to the servers of the loop."""
        self.servers: dict[int, Callable[[Wire], None]] = {}
        """Who takes the connections to a port."""

    def time(self) -> float:
        """Return the virtual time."""
        return self._now

    def run(self) -> None:
        """Do what can be done at this time."""
        _set_running_loop(cast(Any, self))
        try:
            while self._ready:
                handle = self._ready.popleft()
                if handle.call is not None:
                    handle.call(*handle.arguments)
        finally:
            _set_running_loop(None)

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due in it."""
        end = self._now + seconds
        self.run()
        while self._timers and self._timers[0][0] <= end:
            due, _, handle = heapq.heappop(self._timers)
            if handle.call is not None:
                self._now = max(self._now, due)
                self._ready.append(handle)
                self.run()
        self._now = end

    # What programs call:

    def call_soon(self, callback: Callable[..., Any], *args: Any, **_: Any) -> _Handle:
        """Call a function in this turn."""
        self._ready.append(handle := _Handle(callback, args))
        return handle

    call_soon_threadsafe = call_soon

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any, **_: Any) -> _Handle:
        """Call a function at a time."""
        handle = _Handle(callback, args)
        heapq.heappush(self._timers, (when, next(self._serial), handle))
        return handle

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> _Handle:
        """Call a function in so many seconds."""
        return self.call_at(self._now + delay, callback, *args)

    def create_task(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine."""
        return asyncio.Task(coro, loop=cast(Any, self))

    def get_debug(self) -> bool:
        """Return False."""
        return False

    async def create_server(self, factory: Factory, **_: Any) -> _Listening:
        """Remember who listens; the real listener is not used."""
        self.listeners.append(factory)
        return _Listening()

    async def create_connection(
        self, factory: Factory, host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Connect to a port of this loop, if somebody is there."""
        if port not in self.servers:
            raise ConnectionRefusedError(f"nobody listens to {host}:{port}")
        wire = Wire(self)
        wire.protocol = factory()
        self.servers[port](wire)
        wire.protocol.connection_made(wire)
        return wire, wire.protocol


class _Listening:
    def close(self) -> None:
        """Do nothing; nobody connects any more."""


class Wire(asyncio.Transport):
    """A TCP connection: the program's end is a transport, and the peer's has methods of its own."""

    protocol: asyncio.Protocol

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__({"peername": ("peer", 0)})
        self._loop = loop
        self.inbox: list[tuple[float, bytes]] = []
        """What has come to the peer and was not fetched yet."""
        self.ended = ""
        """How the program has ended its direction."""
        self.closed = False
        """Whether the program has given its end back."""
        self._held = False
        self._unsent = bytearray()
        self._unread: deque[bytes] = deque()
        self._at_end = self._end_told = False
        self._reading = True
        self._paused = False
        self._finishing = self._closing = False
        self._due = False

    # The peer's end

    def send(self, octets: bytes) -> None:
        """Send octets to the program."""
        if self.closed:
            self._reset_peer()
        elif octets and not self._at_end:
            self._unread += (octets[at : at + _ONE_READ] for at in range(0, len(octets), _ONE_READ))
            self._read_soon()

    def end(self) -> None:
        """End the peer's direction."""
        self._at_end = True
        self._read_soon()

    def reset(self) -> None:
        """Abort the connection."""
        if not self.closed:
            self._unread.clear()
            self._leave(ConnectionResetError("reset by the peer"))
        self.ended = self.ended or "rst"

    def hold(self, held: bool) -> None:
        """Take nothing any more, or take what waits."""
        self._held = held
        if not held:
            self._flush()

    # The program's end

    def write(self, data: Any) -> None:
        """Take octets to be sent."""
        if self.closed or self._closing or self._finishing:
            return
        self._unsent += data
        self._flush()
        if len(self._unsent) > _HIGH_WATER and not self._paused:
            self._paused = True
            self.protocol.pause_writing()

    def write_eof(self) -> None:
        """End the program's direction behind what waits."""
        self._finishing = True
        self._flush()

    def close(self) -> None:
        """Close the connection behind what waits."""
        self._closing = True
        self._flush()

    def abort(self) -> None:
        """Close the connection at once."""
        if not self.closed:
            self._leave(None)

    def is_closing(self) -> bool:
        """Tell whether it is closed, or will be."""
        return self._closing or self.closed

    def get_write_buffer_size(self) -> int:
        """Return how many octets wait."""
        return len(self._unsent)

    def pause_reading(self) -> None:
        """Read no more."""
        self._reading = False

    def resume_reading(self) -> None:
        """Read on."""
        if not self._reading:
            self._reading = True
            self._read_soon()

    def _read_soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        self._due = False
        if self.closed or self._closing or not self._reading:
            return
        if self._unread:
            self.protocol.data_received(self._unread.popleft())
            self._read_soon()
        elif self._at_end and not self._end_told:
            self._end_told = True
            if not self.protocol.eof_received():
                self.close()

    def _flush(self) -> None:
        if self.closed or self._held:
            return
        if self._unsent:
            self.inbox.append((self._loop.time(), bytes(self._unsent)))
            self._unsent.clear()
        if self._paused and len(self._unsent) <= _LOW_WATER:
            self._paused = False
            self._loop.call_soon(self.protocol.resume_writing)
        if self._closing:
            self._leave(None)
        elif self._finishing:
            self.ended = self.ended or "fin"

    def _leave(self, error: Exception | None) -> None:
        self.closed = True
        self._unsent.clear()
        if self._unread:
            self._reset_peer()
        self.ended = self.ended or "fin"
        self._loop.call_soon(self.protocol.connection_lost, error)

    def _reset_peer(self) -> None:
        """Let the peer have a reset, which takes from it what it has not fetched."""
        self.inbox.clear()
        self.ended = "rst"
