"""One connection of the raw server, as it is seen from the server's end.

What may live here: sending octets in any shape, keeping what the client has sent and how it ended.
Waiting is in `raw_server.py`; whether any of it is right is for the cases to say.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterable
from select import select
from typing import Any

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import Packet
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.books import Malformed

BETWEEN_CUTS_SECONDS = 0.002
"""A pause that lets the client read what was sent before the next piece arrives."""
CUT_SECONDS = 1.5
SENDING_SECONDS = 4.0
_READ_OCTETS = 65536
_READS = 64
"""Reads before anybody else gets a turn: a client may be a flood."""
_SHOWN = 2
_RST = struct.pack("ii", 1, 0)


class Line:
    """A connection that the client has made, and everything that has come over it."""

    def __init__(self, number: int, own: socket.socket, exchange: Recorder) -> None:
        self.number = number
        """What the client calls it, where that is not how many were accepted before."""
        self.ids: dict[str, int] = dict(frames.SERVER_IDS)
        """The ids of the packets by their names, as the handshake has settled them."""
        self.at = time.monotonic()
        """When it was accepted."""
        self.local, self.remote = own.getsockname(), own.getpeername()
        self.packets: list[Packet] = []
        """Every packet of the client, oldest first."""
        self.flaw = ""
        """What is wrong with the first octets that are no frame; nothing after them is read."""
        self.ended = ""
        """How the client has ended its direction: `fin`, `rst`, or not yet."""
        self.ended_at = 0.0
        self.reading = True
        """Whether to read what comes."""
        self.octets = 0
        """How many octets have come."""
        self.sent_at = self.at
        """When we last sent anything."""
        self._socket = own
        self._exchange = exchange
        self._rest = b""
        self._open = True
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        """Return what `select` waits for."""
        return self._socket.fileno()

    @property
    def readable(self) -> bool:
        """Whether more may come, and is wanted."""
        return self.reading and self._open and not self.ended

    @property
    def kinds(self) -> list[int]:
        """The packet ids of everything that the client has sent."""
        return [packet.id for packet in self.packets]

    def of_kind(self, packet_id: int) -> list[Packet]:
        """Return the packets with this id."""
        return [packet for packet in self.packets if packet.id == packet_id]

    @property
    def reason(self) -> str | None:
        """The reason of the softquit that has come, if one has."""
        for found in self.of_kind(frames.SOFTQUIT):
            return found.value.get("reason") if isinstance(found.value, dict) else None
        return None

    # What is sent

    def send(self, data: bytes, *, message: str | None = None) -> None:
        """Send any octets; the record shows them as the frame that they are, if they are one.

        What goes to a client that has gone is lost, as it would be for any server.
        """
        shown = _message_of(data) if message is None else message
        self._exchange.sent(
            data, message=shown, local=self.local, remote=self.remote, transport="tcp"
        )
        self.sent_at = time.monotonic()
        end, rest = self.sent_at + SENDING_SECONDS, memoryview(data)
        while rest and self._open and self.ended != "rst":
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                self._await_room(end)
            except OSError:
                self._note_reset()

    def say(self, packet_id: int, value: Any = None) -> None:
        """Send a packet with this value for its payload."""
        self.send(frames.say(packet_id, value))

    def send_all(self, data: Iterable[bytes]) -> None:
        """Send several frames in one go."""
        self.send(b"".join(data))

    def send_cut(self, data: bytes, size: int = 1) -> None:
        """Send octets in pieces of a size, so that each piece arrives by itself.

        On a busy machine the pauses take longer: then the last pieces may arrive together, so that
        no timer of the client ends.
        """
        end = time.monotonic() + CUT_SECONDS
        for start in range(0, len(data), size):
            self.send(data[start : start + size], message="")
            if time.monotonic() < end:
                self.pause(BETWEEN_CUTS_SECONDS)

    def pause(self, seconds: float) -> None:
        """Send nothing for a moment, but read on."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select([self] if self.readable else [], [], [], left)
            if ready:
                self.receive()

    def half_close(self) -> None:
        """End our direction of the stream, with FIN."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._record_end("suite", "fin")

    def reset(self) -> None:
        """End the connection with RST."""
        if self._open:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
            self._record_end("suite", "rst")
        self.close()

    def close(self) -> None:
        """Free the socket."""
        self._open = False
        self._socket.close()

    # What has come

    def receive(self) -> None:
        """Take what has come, without waiting."""
        for _ in range(_READS):
            if not self.readable or not self._receive(_READ_OCTETS):
                return

    def sip(self, octets: int) -> int:
        """Take so many octets of what has come and no more, reading or not; return how many.

        Nothing is waited for. For a moment there is room for as much again, so that the client
        gets some of it away.
        """
        left = octets
        while left > 0 and self._open and not self.ended and (taken := self._receive(left)):
            left -= taken
        return octets - left

    def _receive(self, most: int) -> int:
        """Take octets that are there; return how many, 0 if there are none or none will come."""
        try:
            data = self._socket.recv(most)
        except BlockingIOError:
            return 0
        except OSError:
            self._note_reset()
            return 0
        if data:
            self._take(data)
        else:
            self._note_end("fin")
        return len(data)

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self.octets += len(data)
        whole, self._rest = frames.whole_frames(self._rest + data)
        for one in whole:
            self._received(one, frames.message_of(one) or "frame")
            if not self.flaw:
                try:
                    self.packets.append(frames.read_packet(one, now))
                except Malformed as malformed:
                    self.flaw = f"{malformed} in {one[:40].hex(' ')}"

    def _received(self, data: bytes, message: str) -> None:
        self._exchange.received(
            data, message=message, local=self.local, remote=self.remote, transport="tcp"
        )

    def _await_room(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise Inconclusive("the client does not read what is sent to it")
        readers = [self] if self.readable else []
        ready, _, _ = select(readers, [self], [], left)
        if ready:
            self.receive()

    def _note_reset(self) -> None:
        self._note_end("rst")

    def _note_end(self, how: str) -> None:
        if self.ended == how:
            return
        if self._rest:
            self._received(self._rest, "")
        self.ended, self.ended_at = how, time.monotonic()
        self._record_end("target", how)

    def _record_end(self, by: Any, how: str) -> None:
        self._exchange.closed(by=by, how=how, local=self.local, remote=self.remote)

    def check(self) -> None:
        """Check that all that has come is made of whole, well-formed frames."""
        if self.flaw:
            raise Violation(f"expected well-formed frames only, got {self.flaw}")
        if self.ended == "fin" and self._rest:
            raise Violation(f"expected whole frames, got {self._rest[:40].hex(' ')} at the end")

    def __str__(self) -> str:
        said = [str(packet) for packet in self.packets[-_SHOWN:]] or ["nothing"]
        return ", ".join(said + [self.flaw] * bool(self.flaw) + [self.ended] * bool(self.ended))


def _message_of(data: bytes) -> str:
    whole = int.from_bytes(data[: frames.LENGTH_OCTETS]) == len(data) - frames.LENGTH_OCTETS
    return frames.message_of(data) if whole else ""
