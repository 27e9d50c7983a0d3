"""A WebSocket client that sends whatever frames a case wants, and sees how the server ends it.

What may live here: the handshake, messages, pings and the close of one connection. What a message
says is for others.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.frames import Frame, FrameReader
from wirebook.conformance.drivers.pgnet.stream import PATIENCE, Stream, expect
from wirebook.conformance.verdicts import Violation

NO_CODE = 1005
"""The close code that stands for a close frame without one."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD_END = b"\r\n\r\n"
_LONGEST_HEAD = 65536


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a server said to an HTTP request."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""

    def __str__(self) -> str:
        return f"HTTP status {self.status}"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One WebSocket message of the server."""

    at: float
    """When it came, on the monotonic clock, in seconds."""
    data: bytes
    text: bool
    """Whether its type is text; binary otherwise."""


@dataclass(frozen=True, slots=True)
class Closed:
    """How the server ended a connection."""

    at: float
    code: int
    """The close code; 0 if there was no close frame."""
    reason: str
    how: str
    """`websocket`, `fin` or `rst`."""

    def __str__(self) -> str:
        if self.how == "websocket":
            return f"close code {self.code}" + (f' "{self.reason}"' if self.reason else "")
        what = "the end of the stream" if self.how == "fin" else "a reset"
        return f"{what} without a close code"


class WebSocket(Stream):
    """One WebSocket, which does nothing on its own but answer pings and a close."""

    def __init__(self, link: Link, *, source: str = "") -> None:
        super().__init__(link, source=source)
        self.http: HttpAnswer | None = None
        """What the server answered to the first HTTP request."""
        self.closed: Closed | None = None
        """How the server ended the connection, once it has."""
        self.closing = False
        """Whether we have sent a close frame."""
        self.faults: list[str] = []
        """What the server sent that no WebSocket peer may send."""
        self.pongs: list[bytes] = []
        self._head = bytearray()
        self._frames = FrameReader()
        self._parts: list[bytes] = []
        self._text = True
        self._key = b""

    @property
    def opened(self) -> bool:
        """Whether the server has accepted the handshake."""
        return self.http is not None and self.http.status == 101

    def request_text(
        self, path: str = "/", headers: Mapping[str, str] | None = None, *, method: str = "GET"
    ) -> bytes:
        """Return a valid handshake; `headers` replace or add, and an empty one is left out."""
        self._key = base64.b64encode(secrets.token_bytes(16))
        host, port = self.link.address
        every = {
            "Host": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": self._key.decode(),
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in every.items() if value]
        return "\r\n".join([*lines, "", ""]).encode()

    def open(self, path: str = "/", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Do the handshake, which the server has to accept."""
        answer = self.ask_http(self.request_text(path, headers))
        accepted = base64.b64encode(hashlib.sha1(self._key + _GUID).digest()).decode()  # noqa: S324
        if answer.status != 101 or answer.headers.get("sec-websocket-accept") != accepted:
            raise Violation(f"expected the WebSocket on path {path} to be accepted, got {answer}")
        return answer

    def ask_http(self, octets: bytes) -> HttpAnswer:
        """Send an HTTP request, whatever it is, and return the answer to it."""
        self.write(octets)
        self.expect(lambda: self.http or self.ended, "an answer to an HTTP request")
        if self.http is None:
            raise Violation(f"expected an answer to an HTTP request, got {self.summary()}")
        return self.http

    def send_message(
        self,
        data: bytes,
        *,
        opcode: int = frames.TEXT,
        cuts: tuple[int, ...] = (),
        masked: bool = True,
    ) -> None:
        """Send a message of any type and content, in one frame or cut."""
        self.write(frames.message(data, opcode=opcode, cuts=cuts, masked=masked))

    def send_frame(
        self, opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0
    ) -> None:
        """Send one frame."""
        self.write(frames.frame(opcode, payload, final=final, reserved=reserved))

    def send_close(self, code: int = 1000) -> None:
        """Begin to close the connection, politely."""
        if not self.closing and not self.closed and self.usable and self.opened:
            self.closing = True
            self._record_close("suite", f"websocket {code}")
            self.send_frame(frames.CLOSE, code.to_bytes(2))

    def leave(self, code: int = 1000) -> None:
        """Close the connection politely, and wait until the server has ended its side as well."""
        self.send_close(code)
        self.pump(lambda: self.ended, self.link.deadline(PATIENCE))
        self.close()

    def expect(self, until: Callable[[], object], expected: str, within: float = PATIENCE) -> None:
        """Go on until a condition holds, and fail if it does not in time."""
        expect([self], until, expected, within)

    def took(self, message: Incoming) -> None:
        """Do what has to be done about a message that has just arrived."""

    def arrived(self, octets: bytes) -> None:
        """Take octets of the handshake or of frames."""
        if self.http is None:
            self._head += octets
            at = self._head.find(_HEAD_END)
            if at < 0 or at > _LONGEST_HEAD:
                return
            self.http = _read_head(bytes(self._head[:at]))
            octets = bytes(self._head[at + len(_HEAD_END) :])
        if self.opened:
            for found in self._frames.take(octets):
                self._take(found)

    def over(self, how: str) -> None:
        """Note the end of the TCP connection, if no close frame came before."""
        if self.closed is None:
            self.closed = Closed(self.heard_at, 0, "", how)
            if not self.closing:
                self._record_close("target", how)

    def close(self) -> None:
        """Close the socket, with a close frame if the connection is open."""
        self.send_close()
        super().close()

    def summary(self) -> str:
        """Say what came last."""
        return str(self.closed) if self.closed else super().summary()

    def _take(self, found: Frame) -> None:
        if found.reserved or found.masked:
            self.faults.append("a frame that is masked or has reserved bits set")
        if self.closed is not None:
            self.faults.append("a frame after the close frame")
            return
        if found.opcode == frames.PING:
            self.send_frame(frames.PONG, found.payload)
        elif found.opcode == frames.PONG:
            self.pongs.append(found.payload)
        elif found.opcode == frames.CLOSE:
            self._take_close(found.payload)
        elif found.opcode in (frames.TEXT, frames.BINARY, frames.CONTINUATION):
            self._take_part(found)
        else:
            self.faults.append(f"a frame with opcode {found.opcode}")

    def _take_part(self, found: Frame) -> None:
        if found.opcode != frames.CONTINUATION:
            self._parts, self._text = [], found.opcode == frames.TEXT
        self._parts.append(found.payload)
        if found.final:
            self.took(Incoming(self.heard_at, b"".join(self._parts), self._text))

    def _take_close(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2]) if len(payload) >= 2 else NO_CODE
        reason = payload[2:].decode("utf-8", "replace")
        self.closed = Closed(self.heard_at, code, reason, "websocket")
        if not self.closing:
            self.closing = True
            self._record_close("target", f"websocket {code} {reason}".rstrip())
            self.send_frame(frames.CLOSE, payload[:2])

    def _record_close(self, by: str, how: str) -> None:
        self.link.exchange.closed(
            by="target" if by == "target" else "suite",
            how=how,
            local=self.local,
            remote=self.remote,
            transport="websocket",
        )


def _read_head(head: bytes) -> HttpAnswer:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    named = (line.partition(":") for line in lines)
    return HttpAnswer(status, {name.strip().lower(): value.strip() for name, _, value in named})
