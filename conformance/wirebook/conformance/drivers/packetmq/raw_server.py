"""A raw server: a listening socket that does with its connections what a case wants.

Theory of operation. Everything happens in the thread of the case, and only while the case waits in
`until`, `pump` or an `expect` method, or sends: what a case sees does not depend on how threads are
scheduled. The server sends nothing of its own accord. What may live here: accepting, the loop, and
waiting for what the client does. One connection is in `raw_server_line.py`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from select import select
from types import TracebackType
from typing import Self, TypeVar

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import Packet
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Violation

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a client that works."""
POLL_SECONDS = 0.005
"""How often a condition is looked at that no octet announces."""
_BACKLOG = 64
_NARROW_OCTETS, _NARROW_SEGMENT = 8192, 1400

Address = tuple[str, int]
T = TypeVar("T")


def _directly(address: Address) -> Address:
    return address


class RawServer:
    """Listens on the loopback address, and keeps every connection apart."""

    def __init__(
        self, exchange: Recorder | None = None, reach: Callable[[Address], Address] = _directly
    ) -> None:
        self.exchange = exchange or Recorder()
        self._reach = reach
        self.lines: list[Line] = []
        """Every connection, in the order in which they were accepted."""
        self.lag = 0.0
        """How late our own loop was at most: no measure of time is better than that."""
        self._listening: list[socket.socket] = []
        self.address = self.listen()

    def listen(self, *, narrow: bool = False) -> Address:
        """Listen on one more port, as another server would; return the address.

        Connections to a `narrow` one take few octets unread, and in small segments, which keeps the
        client's own system from taking much more: then what is not read waits in the client.
        """
        listening = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        listening.setblocking(False)
        if narrow:
            # Both have to be said before a connection is made: the peer is told of them then.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_OCTETS)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _NARROW_SEGMENT)
        self._listening.append(listening)
        return self._reach(listening.getsockname())

    def close(self) -> None:
        """Free the sockets."""
        for listening in self._listening:
            listening.close()
        for line in self.lines:
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.exchange.note(text)

    def pump(self, seconds: float) -> None:
        """Accept and receive for this long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._turn(left)

    def until(
        self, condition: Callable[[], T | None], seconds: float, missed: Callable[[], str]
    ) -> T:
        """Pump until the condition gives something, and return that.

        If it does not in time, that is a Violation, and `missed` says what was expected and got.
        """
        end = time.monotonic() + seconds
        self._turn(0.0)
        while not (found := condition()):
            left = end - time.monotonic()
            if left <= 0:
                raise Violation(missed())
            self._turn(min(left, POLL_SECONDS))
        return found

    @staticmethod
    def now() -> float:
        """Return the time by the clock of everything that has come."""
        return time.monotonic()

    # What is waited for

    def accept(self, seconds: float = PATIENCE) -> Line:
        """Return the next connection, which nobody has asked for yet."""
        wanted = len(self.lines) + 1
        what = "expected the client to connect, it did not"
        self.until(lambda: len(self.lines) >= wanted, seconds, lambda: what)
        return self.lines[wanted - 1]

    def expect(
        self, line: Line, packet_id: int, *, count: int = 1, seconds: float = PATIENCE
    ) -> Packet:
        """Return the packet with this id that is the `count`th one of its kind."""

        wanted = f"expected {frames.name_of(packet_id)}, got"

        def find() -> Packet | None:
            line.check()
            found = line.of_kind(packet_id)
            if len(found) < count and line.ended:
                raise Violation(f"{wanted} {line}")
            return found[count - 1] if len(found) >= count else None

        return self.until(find, seconds, lambda: f"{wanted} {line}")

    def expect_end(self, line: Line, seconds: float = PATIENCE) -> None:
        """Wait until the client has ended its direction of the stream, in whatever way."""
        self.until(
            lambda: line.ended, seconds, lambda: f"expected the end of the stream, got {line}"
        )

    def _turn(self, wait: float) -> None:
        """Wait for octets or a connection for so long at most, and take them."""
        due = time.monotonic() + wait
        waited = [line for line in self.lines if line.readable]
        everybody: list[socket.socket | Line] = [*self._listening, *waited]
        ready, _, _ = select(everybody, [], [], wait)
        self.lag = max(self.lag, time.monotonic() - due)
        for one in ready:
            if isinstance(one, Line):
                one.receive()
            else:
                self._accept(one)

    def _accept(self, listening: socket.socket) -> None:
        try:
            accepted, _ = listening.accept()
            self.lines.append(Line(len(self.lines), accepted, self.exchange))
        except OSError:  # gone before we came to it
            return
