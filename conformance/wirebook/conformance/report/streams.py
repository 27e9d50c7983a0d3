"""Streams for captures: the segments that must have gone over the wire for what the suite saw.

The suite sees what a stream carries and how it ends. Handshake, sequence numbers, acknowledgements
and the upgrade to WebSocket are made up, the way a well-behaved stack would have done it. What may
live here: one TCP connection from its first segment to its last, with WebSocket on top.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from wirebook.conformance.capture.websocket import masked
from wirebook.conformance.report.packets import (
    ACK,
    FIN,
    LONGEST_SEGMENT,
    PSH,
    RST,
    SYN,
    Endpoint,
    Segment,
)

Sent = tuple[bool, Segment, bytes]
"""Whether the suite sent it, the header, and the data."""

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_KEY = base64.b64encode(b"wirebook capture").decode()
_MASK = bytes((0x37, 0xFA, 0x21, 0x3D))
_APART = 1_000_000
_TEXT, _BINARY, _CLOSE = 1, 2, 8


class Stream:
    """One connection between the suite and the target; `after` is the one before on its ports."""

    def __init__(
        self,
        suite: Endpoint,
        target: Endpoint,
        *,
        target_connects: bool,
        after: Stream | None = None,
    ) -> None:
        self._ends = {True: suite, False: target}
        self._suite_connects = not target_connects
        # Numbers of an earlier connection would make this one look like a late part of it.
        last = after.numbers if after else {True: 0, False: 0}
        self.numbers: dict[bool, int] = {side: number + _APART for side, number in last.items()}
        """The next sequence number of the suite (True) and of the target."""
        self._ended: set[bool] = set()
        self._begun = False
        self._upgraded = False

    def open_for(self, *, suite: bool) -> bool:
        """Tell whether that side can still send: if not, this is another connection."""
        return suite not in self._ended

    def carry(self, data: bytes, *, suite: bool) -> Iterator[Sent]:
        """Yield the segments that carry octets of one side's stream."""
        yield from self._begin()
        for start in range(0, len(data), LONGEST_SEGMENT):
            part = data[start : start + LONGEST_SEGMENT]
            yield self._sent(suite, PSH | ACK, part, len(part))
            yield self._sent(not suite, ACK)

    def carry_message(self, data: bytes, *, suite: bool) -> Iterator[Sent]:
        """Yield the segments that carry a WebSocket message."""
        yield from self._upgrade()
        opcode = _TEXT if _is_text(data) else _BINARY
        yield from self.carry(self._frame(opcode, data, suite), suite=suite)

    def close(self, how: str, *, suite: bool) -> Iterator[Sent]:
        """Yield the segments by which one side ends the connection."""
        protocol, _, words = how.partition(" ")
        if protocol == "websocket":
            yield from self._upgrade()
            code, _, reason = words.partition(" ")
            number = (int(code) & 0xFFFF).to_bytes(2) if code.isdecimal() else b""
            payload = number + reason.encode() if number else b""
            yield from self.carry(self._frame(_CLOSE, payload, suite), suite=suite)
        yield from self._begin()
        if "rst" in how.lower().split():
            yield self._sent(suite, RST | ACK)
            self._ended = {True, False}
        else:
            yield from self._finish(suite)

    def end(self) -> Iterator[Sent]:
        """Yield what is missing of an end that one side began."""
        if len(self._ended) == 1:
            yield from self._finish(True not in self._ended)

    def _begin(self) -> Iterator[Sent]:
        if not self._begun:
            self._begun = True
            opener = self._suite_connects
            yield opener, Segment(SYN, self._advance(opener, 1)), b""
            yield self._sent(not opener, SYN | ACK, takes=1)
            yield self._sent(opener, ACK)

    def _upgrade(self) -> Iterator[Sent]:
        if not self._upgraded:
            self._upgraded = True
            opener = self._suite_connects
            host, port = self._ends[not opener]
            name = f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"
            yield from self.carry(_upgrade_request(name), suite=opener)
            yield from self.carry(_upgrade_response(), suite=not opener)

    def _frame(self, opcode: int, data: bytes, suite: bool) -> bytes:
        # The side that connected is the client, and clients mask.
        by_client = suite == self._suite_connects
        marker = 0x80 if by_client else 0
        head = bytes((0x80 | opcode,))
        if len(data) < 126:
            head += bytes((marker | len(data),))
        elif len(data) <= 0xFFFF:
            head += bytes((marker | 126,)) + len(data).to_bytes(2)
        else:
            head += bytes((marker | 127,)) + len(data).to_bytes(8)
        return head + _MASK + masked(data, _MASK) if by_client else head + data

    def _finish(self, suite: bool) -> Iterator[Sent]:
        if suite not in self._ended:
            self._ended.add(suite)
            yield self._sent(suite, FIN | ACK, takes=1)
            yield self._sent(not suite, ACK)

    def _sent(self, suite: bool, flags: int, data: bytes = b"", takes: int = 0) -> Sent:
        return suite, Segment(flags, self._advance(suite, takes), self.numbers[not suite]), data

    def _advance(self, suite: bool, by: int) -> int:
        before = self.numbers[suite]
        self.numbers[suite] += by
        return before


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _upgrade_request(host: str) -> bytes:
    return _head(
        "GET / HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {_KEY}",
        "Sec-WebSocket-Version: 13",
    )


def _upgrade_response() -> bytes:
    digest = hashlib.sha1(f"{_KEY}{_GUID}".encode(), usedforsecurity=False).digest()
    return _head(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
    )


def _head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()
