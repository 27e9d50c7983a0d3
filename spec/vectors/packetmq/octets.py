"""The pieces of PacketMQ's frames that the scripts of this folder are made of.

Here live frames, the internal packets and their values; MessagePack is in `vectors.octets`.
"""

import struct
from collections.abc import Iterable
from typing import Any

from vectors.octets import Ext as Ext
from vectors.octets import double
from vectors.octets import pack as pack_with
from vectors.octets import typed as typed
from vectors.octets import untyped as untyped

LARGEST_LENGTH = 99_999

INIT, SOFTQUIT, PUBIDS, FINISH = 0, 1, 2, 3
MESSAGES = {
    INIT: "handshake-init",
    SOFTQUIT: "softquit",
    PUBIDS: "handshake-pubids",
    FINISH: "handshake-finish",
}
"""The messages of the internal packets by id; all others are `application-packet`."""

INTERNAL = {
    "packetmq:handshake_init": INIT,
    "packetmq:softquit": SOFTQUIT,
    "packetmq:handshake_pubids": PUBIDS,
    "packetmq:handshake_finish": FINISH,
}

# Keys of the internal packets, as str.
VERSION = bytes.fromhex("a7 76 65 72 73 69 6f 6e")
REASON = bytes.fromhex("a6 72 65 61 73 6f 6e")
ADAPT = bytes.fromhex("a5 61 64 61 70 74")
IDMAP = bytes.fromhex("a5 69 64 6d 61 70")


def pack(value: Any) -> bytes:
    """Encode a value as the originals do: the shortest formats, and 64 bits for floats."""
    return pack_with(value, double)


def frame(number: int, payload: bytes) -> bytes:
    """Return a frame with a packet id, and a payload given in MessagePack."""
    content = struct.pack(">H", number) + payload
    return struct.pack(">I", len(content)) + content


def packet(number: int, payload: Any) -> bytes:
    """Return a frame with a packet id and the value that is its payload."""
    return frame(number, pack(payload))


def value(number: int, payload: Any) -> dict[str, Any]:
    """Return the value of a frame."""
    return {"content": {"id": number, "payload": payload}}


def idmap(*packets: tuple[str, int]) -> dict[str, int]:
    """Return the id map of a registry with these packets of the application."""
    return INTERNAL | dict(packets)


def pubids(adapt: bool, ids: dict[str, int]) -> dict[str, Any]:
    """Return the payload of `handshake_pubids`."""
    return {"adapt": adapt, "idmap": ids}


def as_bin(payload: Any) -> Any:
    """Return a payload with the octets of each text in its place, as Python 2 sends it."""
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, dict):
        return {as_bin(key): as_bin(item) for key, item in payload.items()}
    if isinstance(payload, list):
        return [as_bin(item) for item in payload]
    return payload


def sent(*packets: tuple[int, Any]) -> list[dict[str, Any]]:
    """Return packets as the transcripts list them, in typed JSON."""
    return [{"id": number, "payload": typed(payload)} for number, payload in packets]


def stream(frames: Iterable[bytes]) -> list[str]:
    """Return pieces of a stream as the transcripts list them."""
    return [piece.hex() for piece in frames]
