"""Reading captures: what pcap and pcapng files hold of UDP, TCP and WebSocket.

What may live here: formats and layers below the books. Writing captures is the reports' business,
what messages mean the books'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wirebook.conformance.capture.files import CaptureError, is_capture, packets
from wirebook.conformance.capture.layers import Datagram, Segment, unwrap
from wirebook.conformance.capture.streams import Stream, reassemble
from wirebook.conformance.capture.websocket import (
    Closing,
    WebSocketMessage,
    closing,
    deflates,
    is_upgrade,
    messages,
)

__all__ = [
    "CaptureError",
    "Closing",
    "Contents",
    "Datagram",
    "Stream",
    "WebSocket",
    "deflates",
    "is_capture",
    "read",
]

_HEAD = 1 << 16
"""How much of a stream is looked at to tell whether it is HTTP."""


@dataclass(frozen=True, slots=True)
class WebSocket:
    """One direction of a WebSocket connection."""

    stream: Stream
    messages: tuple[WebSocketMessage, ...]
    closing: Closing | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a capture holds; packets of anything else are passed over."""

    datagrams: tuple[Datagram, ...]
    streams: tuple[Stream, ...]
    """TCP streams that are nothing known."""
    websockets: tuple[WebSocket, ...]
    problem: str = ""
    """Where the file is broken; what came before is there."""


def read(data: bytes) -> Contents:
    """Read a capture; CaptureError if it is none."""
    if not is_capture(data):
        raise CaptureError("neither pcap nor pcapng")
    found: list[Datagram | Segment] = []
    problem = ""
    try:
        for packet in packets(data):
            inner = unwrap(packet)
            if inner is not None:
                found.append(inner)
    except CaptureError as error:
        problem = str(error)
    streams = reassemble(one for one in found if isinstance(one, Segment))
    upgraded = {id(stream): stream for stream in streams if is_upgrade(bytes(stream.data[:_HEAD]))}
    return Contents(
        datagrams=tuple(one for one in found if isinstance(one, Datagram)),
        streams=tuple(one for one in streams if one.data and id(one) not in upgraded),
        websockets=tuple(_websockets(upgraded.values())),
        problem=problem,
    )


def _websockets(streams: Iterable[Stream]) -> Iterator[WebSocket]:
    of_connections: dict[int, list[Stream]] = {}
    for stream in streams:
        of_connections.setdefault(stream.connection, []).append(stream)
    for pair in of_connections.values():
        answers = [bytes(one.data) for one in pair if one.data.startswith(b"HTTP/")]
        for stream in pair:
            found = messages(stream, answers[0] if answers else b"")
            yield WebSocket(stream, tuple(found), closing(stream))
