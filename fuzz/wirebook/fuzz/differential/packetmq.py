"""PacketMQ's messages as the reference reads them.

What may live here: which message a role reads, how the codec reads it, and how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.packetmq import frames
from wirebook.fuzz.differential import soups
from wirebook.reference.packetmq import codec, messages
from wirebook.reference.packetmq.errors import Malformed

REFUSED: tuple[type[Exception], ...] = (Malformed,)
"""What the codec raises for octets that it refuses."""

_BOTH = ("server", "client")
MESSAGES: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    (
        "handshake-init",
        "softquit",
        "handshake-pubids",
        "handshake-finish",
        "application-packet",
        "frame",
        "packet",
        "payload",
    ),
    _BOTH,
)
"""The roles that read each message."""

_BEFORE: Mapping[str, bytes] = {
    "handshake-init": b"",
    "handshake-pubids": frames.init(),
    "handshake-finish": frames.init() + frames.pubids(),
}
"""What is sent before a message, so that its receiver is in the state to read it."""
SURVIVAL = "PMQ-ERR-001"
"""The requirement that whoever dies of octets breaks."""
LIMITED = tuple(message for message in MESSAGES if message not in ("packet", "payload"))
"""The messages whose limit the codec knows."""

_KEYS: Mapping[str, tuple[bytes, ...]] = {
    "handshake-init": (b"\xa7version", b"\xc4\x07version", b"\xa1x"),
    "softquit": (b"\xa6reason", b"\xc4\x06reason"),
    "handshake-pubids": (b"\xa5adapt", b"\xa5idmap", b"\xc4\x05idmap", b"\xa1x"),
}
_IDS = (
    b"\x01",
    b"\xcd\xff\xff",
    b"\xce\x00\x01\x00\x00",
    b"\xff",
    b"\xc3",
    b"\xca" + bytes(4),
    b"\xc0",
)
_INTERNAL_IDS: Mapping[str, int] = {
    "handshake-init": 0,
    "softquit": 1,
    "handshake-pubids": 2,
    "handshake-finish": 3,
}
_HANDSHAKE = frames.init() + frames.pubids() + frames.finish()


def read(message: str, data: bytes) -> dict[str, Any]:
    """Return what the codec makes of octets."""
    if message == "packet":
        framed = len(data).to_bytes(codec.LENGTH_SIZE) + data
        content: dict[str, Any] = messages.parse("frame", framed)["content"]
        return content
    if message == "payload":
        payload: dict[str, Any] = codec.unpack(data)
        return payload
    return messages.parse(message, data)


def meant(_: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared of a value: all of it."""
    return value


def steps(message: str, data: bytes) -> tuple[Step, ...]:
    """Return how octets are sent; they are those of the last step."""
    before = _BEFORE.get(message, _HANDSHAKE)
    found: list[Step] = [{"do": "send", "peer": 0, "hex": before.hex()}] if before else []
    return (*found, {"do": "send", "peer": 0, "hex": (_head(message, data) + data).hex()})


def soup(random: Random, message: str) -> bytes:
    """Return octets of a message, whose framing is right around values that may not be."""
    chosen = random.random()
    if chosen < 0.1:
        payload = soups.nested(random, 29, 34)
    elif chosen < 0.6:
        payload = soups.messagepack(random, keys=_KEYS.get(message, ()))
    elif message == "handshake-pubids":
        adapt = random.choice((b"\xc2", b"\xc3", b"\x00", soups.messagepack(random)))
        idmap = b"\x82\xa1a\x10\xa1b" + random.choice(_IDS)
        payload = b"\x82\xa5adapt" + adapt + b"\xa5idmap" + idmap
        if random.random() < 0.3:
            payload = b"\x83" + payload[1:] + soups.messagepack(random) + soups.messagepack(random)
    elif message == "handshake-init":
        payload = b"\x81\xa7version" + random.choice((*_IDS, soups.messagepack(random)))
    else:
        payload = soups.messagepack(random)
    if message == "payload":
        return payload
    own = _INTERNAL_IDS.get(message, frames.ECHO)
    packet_id = own if random.random() < 0.95 else random.choice((0, 1, 2, 3, 4, 15, 16, 65535))
    content = packet_id.to_bytes(codec.ID_SIZE) + payload
    if message == "packet":
        return content
    return len(content).to_bytes(codec.LENGTH_SIZE) + content


def octets(message: str, sent: bytes) -> bytes:
    """Return the octets of a message from what `steps` has sent last."""
    return sent[len(_head(message, b"")) :]


def _head(message: str, data: bytes) -> bytes:
    """Return what stands in a frame before the part of it that a message is."""
    packet_id = frames.ECHO.to_bytes(codec.ID_SIZE) if message == "payload" else b""
    if message not in ("packet", "payload"):
        return b""
    return (len(packet_id) + len(data)).to_bytes(codec.LENGTH_SIZE) + packet_id
