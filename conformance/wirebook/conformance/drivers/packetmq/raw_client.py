"""A client that does nothing by itself: it sends what it is told to and keeps what it gets.

What may live here: one TCP connection, what arrived on it, how it ended, and the wait for more.
What a client does to become active is in `stages.py`.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Self

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import Packet
from wirebook.conformance.drivers.packetmq.link import End, open_connection
from wirebook.conformance.drivers.packetmq.waiting import PATIENCE, expect, pump
from wirebook.conformance.drivers.values import same
from wirebook.conformance.verdicts import Violation
from wirebook.spec.books import Malformed

__all__ = ["End", "Link", "RawClient"]

_CHUNK = 65536
_RECEIVE_SPACE = 1 << 20
_MOST_AT_ONCE = 262_144


class RawClient:
    """One connection to a server, from our connect on."""

    def __init__(self, link: Link, *, receive_space: int = 0) -> None:
        self.link = link
        self.packets: list[Packet] = []
        """Every well-formed packet of the server, in the order of arrival."""
        self.malformed: list[tuple[bytes, Malformed]] = []
        """Every frame of the server that its sender must not send, with what is wrong with it."""
        self.end = End.OPEN
        self.refused = False
        """Whether the server takes nothing any more: what we sent was answered with RST."""
        self.ended_at = 0.0
        self.octets = 0
        """Octets that came."""
        self.reading = True
        """Whether what has arrived is taken from the system."""
        self.recorded = True
        """Whether what comes goes into the record of the exchange."""
        self.began = self.heard_at = time.monotonic()
        """When the connection was asked for; when the last octets came."""
        self.sent_at = 0.0
        """When we last sent anything."""
        self.worst_lag = 0.0
        """The most, in seconds, that our own loop has been late."""
        self._seen = b""
        self._waiting = bytearray()
        self._finishing = self._finished = False
        self._socket = open_connection(link, receive_space)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local: tuple[Any, ...] = self._socket.getsockname()
        self._remote: tuple[Any, ...] = self._socket.getpeername()

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.link.exchange.note(text)

    def send(self, *pieces: bytes) -> None:
        """Send any octets, all together in one piece; whole frames are recorded as what they are.

        What the server does not take now goes out while we wait for something.
        """
        data = b"".join(pieces)
        whole, rest = frames.whole_frames(data)
        for one in whole:
            self._record(one, frames.message_of(one))
        if rest:
            self._record(rest, "")
        self._push(data)

    def send_chunk(self, data: bytes) -> None:
        """Send octets that do not begin with a frame, or are not to be looked at as frames."""
        self._record(data, "")
        self._push(data)

    def send_unrecorded(self, data: bytes) -> None:
        """Send one of very many, which a note in the record stands for."""
        self._push(data)

    @property
    def unsent(self) -> int:
        """Octets that the system has not taken from us yet."""
        return len(self._waiting)

    def read_on(self) -> None:
        """Begin to take what has arrived, with all the room that there is for more."""
        self.reading = True
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_SPACE)

    def finish_sending(self) -> None:
        """End our direction of the stream, after everything that was sent before."""
        if not self._finishing:
            self._finishing = True
            self._flush()

    def reset(self) -> None:
        """Abort the connection with RST."""
        if self._socket.fileno() < 0:
            return
        self._closed("suite", "rst")
        linger = struct.pack("ii", 1, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() < 0:
            return
        if not self._finished:
            self._closed("suite", "fin")
        self._socket.close()

    def drain(self) -> None:
        """Take everything that has arrived, and send what waits to be sent."""
        self._flush()
        while self.reading and self.end is End.OPEN:
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                self._ended(End.RST)
                return
            if not data:
                # An error that a send has met already leaves nothing but an end to read.
                self._ended(End.RST if self.refused else End.FIN)
                return
            self.heard_at = time.monotonic()
            self.octets += len(data)
            self._take(data)

    def poll_mask(self) -> int:
        """Return what to wait for, for `poll`."""
        wanted = select.POLLIN if self.reading and self.end is End.OPEN else 0
        return wanted | (select.POLLOUT if self._waiting else 0)

    def fileno(self) -> int:
        """Return the descriptor, for `poll`."""
        return self._socket.fileno()

    def pump(self, until: Callable[[], object], seconds: float) -> bool:
        """Go on until a condition holds; tell whether it did in time."""
        return pump([self], until, seconds)

    def expect(self, until: Callable[[], object], expected: str, within: float = PATIENCE) -> None:
        """Go on until a condition holds, and fail if it does not in time."""
        expect([self], until, expected, within)

    def received(self, packet_id: int, since: int = 0) -> list[Packet]:
        """Return the packets with an id that have come, all or those from a mark on."""
        return [one for one in self.packets[since:] if one.id == packet_id]

    def expect_packet(
        self, packet_id: int, *, since: int = 0, within: float = PATIENCE, what: str = ""
    ) -> Packet:
        """Wait for a packet with an id, and return the first one from a mark on."""
        name = what or frames.name_of(packet_id)
        return self._expect_one(lambda one: one.id == packet_id, since, name, within)

    def expect_value(self, packet_id: int, value: Any, *, since: int = 0) -> Packet:
        """Wait for a packet with an id and a payload, which may come behind others."""
        name = f"{frames.name_of(packet_id)} {value!r:.80}"
        return self._expect_one(
            lambda one: one.id == packet_id and same(one.value, value), since, name, PATIENCE
        )

    def _expect_one(
        self, fits: Callable[[Packet], bool], since: int, what: str, within: float
    ) -> Packet:
        found: list[Packet] = []
        looked = since

        def look() -> bool:
            # There may be tens of thousands: each is looked at once.
            nonlocal looked
            new, looked = self.packets[looked:], len(self.packets)
            found.extend(one for one in new if fits(one))
            return bool(found) or self.over or self.left

        self.expect(look, what, within)
        if not found:
            raise Violation(f"expected {what}, got {self.outcome()}")
        return found[0]

    @property
    def left(self) -> bool:
        """Whether the server has taken its leave, so that no other packet may come."""
        return bool(self.packets) and self.packets[-1].id == frames.SOFTQUIT

    @property
    def over(self) -> bool:
        """Whether nothing more can come."""
        return self.end is not End.OPEN

    def expect_end(self, *how: End, within: float = PATIENCE) -> None:
        """Wait until the server has ended the connection, by default in whatever way."""
        wanted = how or (End.FIN, End.RST)
        what = "a close" if End.FIN in wanted else "a reset"
        self.expect(lambda: self.over, what, within)
        if self.end not in wanted:
            raise Violation(f"expected {what}, got {self.outcome()}")

    def outcome(self) -> str:
        """Say what came last, and how it ended, for the reason of a verdict."""
        said = []
        if self.malformed:
            data, malformed = self.malformed[-1]
            said.append(f"a bad frame {data[:24].hex(' ')} ({malformed.reason})")
        if self.packets:
            said.append(str(self.packets[-1]))
        if self.end is End.OPEN:
            said.append("silence")
        else:
            said.append("a close (FIN)" if self.end is End.FIN else "a reset (RST)")
        return " and then ".join(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _record(self, data: bytes, message: str) -> None:
        self.link.exchange.sent(
            data, message=message, local=self.local, remote=self._remote, transport="tcp"
        )

    def _arrived(self, data: bytes, message: str) -> None:
        if not self.recorded:
            return
        self.link.exchange.received(
            data, message=message, local=self.local, remote=self._remote, transport="tcp"
        )

    def _closed(self, by: Any, how: str) -> None:
        self.link.exchange.closed(by=by, how=how, local=self.local, remote=self._remote)

    def _push(self, data: bytes) -> None:
        self.sent_at = time.monotonic()
        self._waiting += data
        self._flush()

    def _flush(self) -> None:
        while self._waiting and not self.refused:
            try:
                sent = self._socket.send(self._waiting[:_MOST_AT_ONCE])
            except BlockingIOError:
                return
            except OSError:
                self.refused = True
            else:
                del self._waiting[:sent]
        if self.refused:
            self._waiting.clear()
        if self._finishing and not self._finished:
            self._finished = True
            self._closed("suite", "fin")
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def _take(self, data: bytes) -> None:
        whole, self._seen = frames.whole_frames(self._seen + data)
        for one in whole:
            self._arrived(one, frames.message_of(one))
            try:
                self.packets.append(frames.read_packet(one, self.heard_at))
            except Malformed as malformed:
                self.malformed.append((one, malformed))

    def _ended(self, how: End) -> None:
        self.end, self.ended_at = how, time.monotonic()
        self.refused = self.refused or how is End.RST
        if self._seen:
            self._arrived(self._seen, "")
        self._closed("target", how.value)
