"""WebSocket in reassembled streams: the upgrade, and the messages of both sides.

What may live here: as much of HTTP and RFC 6455 as it takes to read messages that somebody else
has exchanged, with permessage-deflate (RFC 7692), which libraries switch on by themselves.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from wirebook.conformance.capture.streams import Stream

_HEAD_END = b"\r\n\r\n"
_CONTINUATION, _TEXT, _CLOSE = 0, 1, 8
_LONGEST_MESSAGE = 1 << 26
_DEFLATE = "permessage-deflate"


@dataclass(frozen=True, slots=True)
class WebSocketMessage:
    """A message that has been put together and inflated."""

    data: bytes
    end: int
    """Where its last frame ends in the stream."""
    problem: str = ""
    """Why nothing after it can be read, if so."""
    text: bool = True
    """Whether it is of type text, not binary."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The close frame that ends a side's messages."""

    code: int | None
    """None where the frame says nothing."""
    end: int
    """Where it ends in the stream."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame, unmasked."""

    opcode: int
    final: bool
    compressed: bool
    payload: bytes
    end: int


def is_upgrade(data: bytes) -> bool:
    """Tell whether a stream begins with a request for WebSocket, or with the answer to one."""
    begins = data.startswith((b"GET ", b"HTTP/1.1 101"))
    return begins and "websocket" in _fields(data).get("upgrade", "").lower()


def messages(stream: Stream, answer: bytes) -> Iterator[WebSocketMessage]:
    """Yield the messages of a stream that begins with the upgrade.

    `answer` is the server's stream, whose head tells what the two have agreed on.
    """
    data = bytes(stream.data)
    agreed = _fields(answer).get("sec-websocket-extensions", "").lower()
    server = stream.data.startswith(b"HTTP/")
    side = "server" if server else "client"
    inflater = _Inflater(fresh=f"{side}_no_context_takeover" in agreed)
    parts, compressed, kind = b"", False, _TEXT
    try:
        for frame in _frames(data, data.find(_HEAD_END) + len(_HEAD_END)):
            if frame.opcode == _CLOSE:
                return
            if frame.opcode > _CLOSE:
                continue
            if frame.opcode != _CONTINUATION:
                parts, compressed, kind = b"", frame.compressed, frame.opcode
            parts += frame.payload
            if frame.final:
                whole = inflater.inflate(parts) if compressed and _DEFLATE in agreed else parts
                yield WebSocketMessage(whole, frame.end, text=kind == _TEXT)
    except (zlib.error, ValueError) as error:
        yield WebSocketMessage(b"", len(data), f"not readable as WebSocket: {error}")


def closing(stream: Stream) -> Closing | None:
    """Return the close frame in a stream that begins with the upgrade, if there is one."""
    data = bytes(stream.data)
    try:
        for frame in _frames(data, data.find(_HEAD_END) + len(_HEAD_END)):
            if frame.opcode == _CLOSE:
                code = int.from_bytes(frame.payload[:2]) if len(frame.payload) >= 2 else None
                return Closing(code, frame.end)
    except ValueError:
        return None  # said where the messages are read
    return None


def deflates(head: bytes) -> bool:
    """Tell whether the request or the answer that a stream begins with names the extension."""
    return _DEFLATE in _fields(head).get("sec-websocket-extensions", "").lower()


class _Inflater:
    """Inflates the messages of one side."""

    def __init__(self, *, fresh: bool) -> None:
        self._fresh = fresh
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def inflate(self, data: bytes) -> bytes:
        """Return a message as it was before it was deflated."""
        # Four octets that the sender has left out (RFC 7692, section 7.2.2).
        inflated = self._inflate.decompress(data + b"\0\0\xff\xff", _LONGEST_MESSAGE)
        if self._fresh:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return inflated


def _frames(data: bytes, offset: int) -> Iterator[_Frame]:
    while len(data) - offset >= 2:
        first, second = data[offset], data[offset + 1]
        position, length = offset + 2, second & 0x7F
        extended = {126: 2, 127: 8}.get(length, 0)
        if extended:
            length = int.from_bytes(data[position : position + extended])
            position += extended
        if first & 0x30:
            raise ValueError("reserved bits are set")
        if length > _LONGEST_MESSAGE:
            raise ValueError(f"a frame of {length} octets")
        key = data[position : position + 4] if second & 0x80 else b""
        position += len(key)
        end = position + length
        if end > len(data):
            return  # not all of it is there
        payload = data[position:end]
        yield _Frame(
            opcode=first & 0x0F,
            final=bool(first & 0x80),
            compressed=bool(first & 0x40),
            payload=masked(payload, key) if key else payload,
            end=end,
        )
        offset = end


def masked(data: bytes, key: bytes) -> bytes:
    """Return the data of a frame masked with a key of four octets, or masked data in clear."""
    stream = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))


def _fields(data: bytes) -> dict[str, str]:
    """Return the header fields of the HTTP message that a stream begins with."""
    head = data[: max(0, data.find(_HEAD_END, 0, 1 << 16))].decode("latin-1")
    return {
        match["name"].lower(): match["value"].strip()
        for match in re.finditer(r"^(?P<name>[\w-]+):(?P<value>.*)$", head, re.MULTILINE)
    }
