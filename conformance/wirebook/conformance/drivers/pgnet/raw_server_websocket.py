"""One WebSocket of the raw server: what came, and whatever octets a case wants to send.

A thread reads; the case waits with deadlines. Nothing here judges, and nothing knows what is in a
message. What may live here: the WebSocket side of the raw server.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

READ_OCTETS = 65536
LARGEST_MESSAGE = 64 * 1024 * 1024
"""Octets; far above what the protocol allows, so that what is too large is seen and not refused."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One WebSocket message of the client."""

    at: float
    """When it came, on the monotonic clock, in seconds."""
    data: bytes
    text: bool
    """Whether its type is text; binary otherwise."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the client ended the connection."""

    at: float
    code: int | None
    """The close code, or None if there was no close frame or none in it."""
    reason: str
    how: str
    """`websocket 1000`, `fin` or `rst`."""


class ServerWebSocket:
    """The server's side of one WebSocket, from the accepted TCP connection on."""

    def __init__(
        self, connection: socket.socket, told: Callable[[Incoming | Ending], None]
    ) -> None:
        self.local = connection.getsockname()
        self.remote = connection.getpeername()
        self.request: Request | None = None
        """The HTTP request of the handshake, once it is there."""
        self.opened = threading.Event()
        self._socket = connection
        self._protocol = ServerProtocol(max_size=LARGEST_MESSAGE)
        self._told = told
        self._lock = threading.Lock()
        self._parts: list[bytes] = []
        self._text = True
        self._ended = False
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._read, name="raw WebSocket", daemon=True)

    def start(self) -> None:
        """Begin to read; what comes is told from then on."""
        self._thread.start()

    def send(self, data: bytes, *, text: bool = True, cuts: tuple[int, ...] = ()) -> None:
        """Send one message, in several frames if it is cut; it need not be valid UTF-8."""
        borders = [0, *cuts, len(data)]
        with self._lock:
            for index in range(len(borders) - 1):
                part = data[borders[index] : borders[index + 1]]
                final = index == len(borders) - 2
                first = Opcode.TEXT if text else Opcode.BINARY
                frame = Frame(first if index == 0 else Opcode.CONT, part, fin=final)
                self._put(frame.serialize(mask=False, extensions=[]))

    def send_octets(self, octets: bytes) -> None:
        """Send octets as they are, whether or not they are WebSocket frames."""
        with self._lock:
            self._put(octets)

    def ping(self, data: bytes) -> None:
        """Send a ping."""
        with self._lock:
            self._put(Frame(Opcode.PING, data).serialize(mask=False, extensions=[]))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the closing handshake; the client's answer ends the connection."""
        with self._lock:
            if not self._ended:
                self._protocol.send_close(code, reason)
                self._flush()

    def drop(self, *, reset: bool = False) -> None:
        """End the TCP connection at once, with FIN or with RST, without a close frame."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Whoever still reads from a socket keeps it open: this wakes the reading thread. Ending the
        # direction of reading sends nothing.
        how = socket.SHUT_RD if reset else socket.SHUT_RDWR
        _quietly(lambda: self._socket.shutdown(how))
        with self._lock:
            self._ended = True
        self._socket.close()

    def join(self, timeout: float) -> None:
        """Wait for the reading thread to end."""
        self._thread.join(timeout)

    def _read(self) -> None:
        how = "fin"
        while True:
            try:
                octets = self._socket.recv(READ_OCTETS)
            except ConnectionResetError:
                how = "rst"
                break
            except OSError:
                break
            if not octets:
                break
            with self._lock:
                self._take(octets)
        received = self._protocol.close_rcvd
        if received is not None:
            how = f"websocket {received.code}"
        code = None if received is None else int(received.code)
        reason = "" if received is None else received.reason
        with self._lock:
            self._ended = True
        self._told(Ending(time.monotonic(), code, reason, how))
        self._socket.close()

    def _take(self, octets: bytes) -> None:
        self._protocol.receive_data(octets)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self.request = event
                self._protocol.send_response(self._protocol.accept(event))
                self.opened.set()
            elif isinstance(event, Frame):
                self._take_frame(event)
        self._flush()

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._text = [], frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self._told(Incoming(time.monotonic(), b"".join(self._parts), self._text))

    def _flush(self) -> None:
        for octets in self._protocol.data_to_send():
            if octets:
                self._put(octets)
            else:  # the end of our own direction
                _quietly(lambda: self._socket.shutdown(socket.SHUT_WR))

    def _put(self, octets: bytes) -> None:
        # A client may have gone meanwhile; that shows as the ending, and is no mistake of the case.
        _quietly(lambda: self._socket.sendall(octets))


def _quietly(action: Callable[[], Any]) -> None:
    with contextlib.suppress(OSError):
        action()
