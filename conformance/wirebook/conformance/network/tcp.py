"""A relay for streams: stands between peers, and lets octets go on as a script has it.

Theory of operation. A lost or overtaken segment is no gap to an application: the octets behind it
come late, all together, after a retransmission time-out; a duplicate is nothing at all. What an
application does see is where reads end, pauses, a slow line, and resets, and that is what the relay
makes. Ends are passed on as they come: FIN after the octets before it, RST at once after those that
can still go. Little is kept in the relay, so that a reader that does not read is felt by its peer.

What may live here: the relay, its connections and their sockets. No protocol is known here.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from wirebook.conformance.network.course import StreamCourse
from wirebook.conformance.network.relay import Address, Relay
from wirebook.conformance.network.script import Carrier, Direction, Script

MOST_CONNECTIONS = 256
_BACKLOG = 64
_KEPT_OCTETS = 32768
_SYSTEM_OCTETS = 32768
_RST = struct.pack("ii", 1, 0)
_CONNECT_SECONDS = 5.0


class TcpRelay(Relay):
    """Stands between clients and a listener; every connection has the script for itself.

    The target of the script is the listener, or if so told the one that connects. `counts` has
    accepted, refused, `to pieces`, `from pieces`, reset.
    """

    def __init__(
        self,
        listener: Address,
        script: Script | None = None,
        *,
        target_connects: bool = False,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        super().__init__(listener)
        self._listener = listener
        self._ways = (Direction.FROM, Direction.TO) if target_connects else tuple(Direction)
        self._script = script or Script(Carrier.TCP)
        self._most = most_connections
        self._connections: list[_Connection] = []
        self.courses: list[tuple[Direction, StreamCourse]] = []
        """Of both directions of every connection that has been accepted."""

    def _listen(self, host: str) -> socket.socket:
        front = socket.create_server((host, 0), family=self._family, backlog=_BACKLOG)
        _narrow(front)
        return front

    def _held(self) -> Iterable[Any]:
        return self._connections

    def _run(self) -> None:
        patience: float | None = None
        while not self._stopping:
            ready = {key.fileobj for key, _ in self._selector.select(patience)}
            if self._front in ready:
                self._take()
            now = time.monotonic()
            due = [wake for each in self._connections if (wake := each.turn(now)) is not None]
            for over in [each for each in self._connections if each.over]:
                self._connections.remove(over)
                self.counts["reset"] += over.was_reset
            patience = max(0.0, min(due) - time.monotonic()) if due else None

    def _take(self) -> None:
        for _ in range(_BACKLOG):
            try:
                accepted, source = self._front.accept()
            except OSError:
                return
            upstream = self._connect(source) if len(self._connections) < self._most else None
            if upstream is None:
                self.counts["refused"] += 1
                _abort(accepted)
                continue
            self.counts["accepted"] += 1
            courses = [(way, self._script.half(way).stream()) for way in self._ways]
            self.courses += courses
            self._connections.append(
                _Connection(accepted, upstream, courses, self._selector, self.counts)
            )

    def _connect(self, source: Any) -> socket.socket | None:
        created = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            _narrow(created)
            created.settimeout(_CONNECT_SECONDS)
            # A server that counts by addresses has to see the client's.
            if self._family is socket.AF_INET and ipaddress.ip_address(source[0]).is_loopback:
                created.bind((source[0], 0))
            created.connect(self._listener)
        except OSError:
            created.close()
            return None
        return created


class _Connection:
    """Two sockets, and the octets on their way between them."""

    def __init__(
        self,
        front: socket.socket,
        back: socket.socket,
        courses: Sequence[tuple[Direction, StreamCourse]],
        selector: selectors.BaseSelector,
        counts: Counter[str],
    ) -> None:
        for each in (front, back):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector = selector
        self._masks: dict[socket.socket, int] = {}
        self._pipes = tuple(
            _Pipe(source, sink, course, counts, f"{way} pieces")
            for source, sink, (way, course) in zip(
                (front, back), (back, front), courses, strict=True
            )
        )
        self.over = self.was_reset = False

    def turn(self, now: float) -> float | None:
        """Let go on what may; return when to do so again, if that is known."""
        for pipe in self._pipes:
            pipe.read()
        wakes = [pipe.write(now) for pipe in self._pipes]
        if any(pipe.broken for pipe in self._pipes):
            self._end(reset=True)
            return None
        if all(pipe.finished for pipe in self._pipes):
            self._end(reset=False)
            return None
        self._watch()
        return min((wake for wake in wakes if wake is not None), default=None)

    def close(self) -> None:
        """Free the sockets."""
        for pipe in self._pipes:
            pipe.source.close()

    def _end(self, *, reset: bool) -> None:
        self.over, self.was_reset = True, reset
        for pipe in self._pipes:
            if pipe.source in self._masks:
                self._selector.unregister(pipe.source)
            if reset:
                _abort(pipe.source)
            else:
                pipe.source.close()

    def _watch(self) -> None:
        forth, back = self._pipes
        for one, other in ((forth, back), (back, forth)):
            mask = selectors.EVENT_READ if one.reads else 0
            mask |= selectors.EVENT_WRITE if other.blocked else 0
            before = self._masks.get(one.source, 0)
            if mask == before:
                continue
            if not mask:
                self._selector.unregister(one.source)
                del self._masks[one.source]
                continue
            if before:
                self._selector.modify(one.source, mask)
            else:
                self._selector.register(one.source, mask)
            self._masks[one.source] = mask


class _Pipe:
    """One direction of a connection."""

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        course: StreamCourse,
        counts: Counter[str],
        name: str,
    ) -> None:
        self.source = source
        self._sink = sink
        self._course = course
        self._counts = counts
        self._name = name
        self._kept = bytearray()
        self._ended = self._torn = False
        self.blocked = False
        """Whether the receiver takes no more at present."""
        self.finished = False
        """Whether the end of the stream has been passed on."""
        self.broken = False
        """Whether nothing goes on any more: the connection is reset."""

    @property
    def reads(self) -> bool:
        """Whether there is room for more, and more may come."""
        return not (self._ended or self._torn) and len(self._kept) < _KEPT_OCTETS

    def read(self) -> None:
        """Take what has come."""
        while self.reads:
            try:
                data = self.source.recv(_KEPT_OCTETS - len(self._kept))
            except BlockingIOError:
                return
            except OSError:
                self._torn = True
                return
            self._kept += data
            self._ended = not data

    def write(self, now: float) -> float | None:
        """Pass on what may go; return when more may."""
        self.blocked = False
        while not self.finished:
            step = self._course.step(len(self._kept), self._ended or self._torn, now)
            if step.wait_until is not None:
                return step.wait_until
            if step.reset:
                self.broken = True
                return None
            if not step.octets:
                break
            # Before it goes: whoever reads it may look at once.
            self._counts[self._name] += 1
            try:
                sent = self._sink.send(memoryview(self._kept)[: step.octets])
            except BlockingIOError:
                self._counts[self._name] -= 1
                # RST does not wait for a reader, and takes along what is still on its way.
                self.blocked, self.broken = True, self._torn
                return None
            except OSError:
                self.broken = True
                return None
            del self._kept[:sent]
            self._course.went(sent, now)
            self.read()
        if self._torn:
            self.broken = True
        elif self._ended and not self.finished:
            self.finished = True
            with contextlib.suppress(OSError):
                self._sink.shutdown(socket.SHUT_WR)
        return None


def _narrow(one: socket.socket) -> None:
    # Has to be said before a connection is made: the peer is told of it in the handshake.
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        one.setsockopt(socket.SOL_SOCKET, option, _SYSTEM_OCTETS)


def _abort(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    one.close()
