"""A TCP connection of the suite that never blocks, and the loop that several of them share.

What may live here: octets in and out, how a connection ended, and waiting. What the octets mean is
for others.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from wirebook.conformance.drivers.link import Link, missed
from wirebook.conformance.verdicts import TargetDied, Unsupported, Violation

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a server that works."""

Address = tuple[str, int]

_ALIVE_CHECK = 0.3
_CHUNK = 65536
_CHUNKS_AT_ONCE = 64


class Stream:
    """One TCP connection to the target: what is written goes out as soon as the target takes it."""

    def __init__(self, link: Link, *, source: str = "") -> None:
        self.link = link
        self.heard_at = time.monotonic()
        """When the target last sent anything."""
        self.ended: str = ""
        """How the target ended the TCP connection, `fin` or `rst`, once it has."""
        self.reading = True
        """Whether arriving octets are taken; a slow reader does not take any."""
        self._out = bytearray()
        self._socket = _connected(link, source)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self.local: tuple[Any, ...] = self._socket.getsockname()
        self.remote: tuple[Any, ...] = self._socket.getpeername()

    @property
    def quiet_for(self) -> float:
        """How many seconds ago the target last sent anything."""
        return time.monotonic() - self.heard_at

    @property
    def unsent(self) -> int:
        """How many octets the target has not taken yet."""
        return len(self._out)

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.link.exchange.note(text)

    def write(self, octets: bytes) -> None:
        """Send octets, now or as soon as there is room."""
        self._out += octets
        self.flush()

    def flush(self) -> None:
        """Send of the waiting octets what the target takes."""
        while self._out:
            try:
                sent = self._socket.send(memoryview(self._out)[:_CHUNK])
            except BlockingIOError:
                return
            except OSError:  # its end shows where we read
                self._out.clear()
                return
            del self._out[:sent]

    def drain(self) -> None:
        """Take what has arrived."""
        if not self.reading:
            return
        for _ in range(_CHUNKS_AT_ONCE):
            if self.ended:
                return
            try:
                octets = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                self._end("rst")
                return
            if not octets:
                self._end("fin")
                return
            self.heard_at = time.monotonic()
            self.arrived(octets)

    def arrived(self, octets: bytes) -> None:
        """Do what has to be done about octets that have just arrived."""

    def over(self, how: str) -> None:
        """Do what has to be done when the target has ended the connection."""

    def pump(self, until: Callable[[], object], seconds: float) -> bool:
        """Go on until a condition holds; tell whether it did in time."""
        return pump([self], until, seconds)

    def summary(self) -> str:
        """Say what came last, for the reason of a verdict."""
        return {"": "nothing", "fin": "the end of the stream", "rst": "a reset"}[self.ended]

    def abort(self) -> None:
        """End the TCP connection with RST."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close("rst")

    def drop(self) -> None:
        """End the TCP connection with FIN, without another word."""
        self._close("fin")

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._socket.fileno()

    @property
    def usable(self) -> bool:
        """Whether there is still anything to wait for."""
        return not self.ended and self._socket.fileno() >= 0

    def close(self) -> None:
        """Close the socket, as politely as is possible without waiting."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self, how: str) -> None:
        self.heard_at = time.monotonic()
        self.ended = how
        # A server waits for the other half of the connection, some for as long as ten seconds.
        self._socket.close()
        self.over(how)

    def _close(self, how: str) -> None:
        if self._socket.fileno() >= 0:
            self.link.exchange.closed(
                by="suite", how=how, local=self.local, remote=self.remote, transport="websocket"
            )
        self._socket.close()


def pump(streams: Sequence[Stream], until: Callable[[], object], seconds: float) -> bool:
    """Read and write on all streams, all in this thread, until a condition holds or time is over.

    Raises TargetDied as soon as a silent target turns out to be dead.
    """
    end = time.monotonic() + seconds
    check = time.monotonic() + _ALIVE_CHECK
    while True:
        for stream in streams:
            if stream.usable:
                stream.flush()
                stream.drain()
        if until():
            return True
        now = time.monotonic()
        if now >= end:
            return False
        if now >= check:
            check = now + _ALIVE_CHECK
            heard = max((stream.heard_at for stream in streams), default=now)
            if streams and now - heard > _ALIVE_CHECK and not streams[0].link.alive():
                raise TargetDied("the server is gone")
        usable = [stream for stream in streams if stream.usable]
        readers = [stream for stream in usable if stream.reading]
        writers = [stream for stream in usable if stream.unsent]
        select.select(readers, writers, [], max(0.0, min(end, check) - time.monotonic()))


def expect(
    streams: Sequence[Stream],
    until: Callable[[], object],
    expected: str,
    within: float = PATIENCE,
) -> None:
    """Read and write on all streams until a condition holds; fail if it does not in time.

    `within` is for a target that answers at once, and grows with its latency.
    """
    first = streams[0]
    seconds = first.link.deadline(within)
    if not pump(streams, until, seconds):
        missed(first.link, expected, seconds, first.summary())


def _connected(link: Link, source: str) -> socket.socket:
    try:
        return socket.create_connection(
            link.reach(link.address), link.deadline(PATIENCE), (source, 0) if source else None
        )
    except TimeoutError:
        raise Violation("expected the server to accept a TCP connection, and it did not") from None
    except ConnectionError as error:
        if not link.alive():
            raise TargetDied("the server is gone") from None
        raise Violation(f"expected the server to accept a TCP connection, got: {error}") from None
    except OSError as error:
        if source:
            raise Unsupported(f"this machine cannot speak from {source}: {error}") from None
        raise
