"""Frames as values in the shape that the book's schemas and vectors have.

What may live here: this view of the codec, for those who compare it with another reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wirebook.reference.packetmq.codec import (
    FrameReader,
    frame,
    pack,
    unpack,
    unpack_internal,
)
from wirebook.reference.packetmq.core.internal import (
    FINISH,
    INIT,
    build_pubids,
    build_softquit,
    pubids_of,
    version_of,
)
from wirebook.reference.packetmq.errors import Malformed, Unencodable
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    ID_MOST,
    SOFTQUIT,
    VERSION,
)

_INTERNAL: Final = {
    "handshake-init": HANDSHAKE_INIT,
    "softquit": SOFTQUIT,
    "handshake-pubids": HANDSHAKE_PUBIDS,
    "handshake-finish": HANDSHAKE_FINISH,
}
_OTHERS: Final = {"application-packet": (APPLICATION_LEAST, ID_MOST), "frame": (0, ID_MOST)}
_TAKEN: Final[Mapping[str, Callable[[Any], object]]] = {
    "handshake-init": version_of,
    "handshake-pubids": pubids_of,
}
"""What the values of internal packets are checked with when they are received."""


def parse(message: str, data: bytes) -> dict[str, Any]:
    """Return the value of a whole frame, or raise Malformed."""
    packet_id, payload = _cut(data)
    _check_id(message, packet_id)
    value = unpack_internal(payload) if message in _INTERNAL else unpack(payload)
    if message in _TAKEN:
        _TAKEN[message](value)
    return {"content": {"id": packet_id, "payload": value}}


def build(message: str, value: Mapping[str, Any]) -> bytes:
    """Return the frame of a value as this package sends it, or raise Unencodable."""
    packet_id, payload = value["content"]["id"], value["content"]["payload"]
    match message:
        case "handshake-init" if payload == {"version": VERSION}:
            return INIT
        case "handshake-finish" if payload is None:
            return FINISH
        case "handshake-pubids":
            return build_pubids(payload["adapt"], payload["idmap"])
        case "softquit":
            return build_softquit(payload["reason"])
        case "application-packet" | "frame":
            return frame(packet_id, pack(payload))
    raise Unencodable(f"this package sends no such {message}")


def _cut(data: bytes) -> tuple[int, bytes]:
    reader = FrameReader()
    packets, violation = reader.feed(data)
    if violation is not None and not packets:
        raise violation
    if len(packets) != 1 or violation is not None or reader.kept:
        raise Malformed("PMQ-FRM-001", "not exactly one frame")
    return packets[0]


def _check_id(message: str, packet_id: int) -> None:
    if message in _INTERNAL:
        least = most = _INTERNAL[message]
    else:
        least, most = _OTHERS[message]
    if not least <= packet_id <= most:
        rule = "PMQ-PID-003" if least == APPLICATION_LEAST else "PMQ-PID-002"
        raise Malformed(rule, f"{packet_id} is no id of {message}")
