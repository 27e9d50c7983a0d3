"""PyGaSe's messages as the reference reads them.

What may live here: which message a role reads, how the codec reads it, and how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.fuzz.differential import soups
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.errors import Malformed
from wirebook.spec.pygase.wire import DATAGRAM_MOST

REFUSED: tuple[type[Exception], ...] = (Malformed,)
"""What the codec raises for octets that it refuses."""

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "client-package": ("server",),
    "server-package": ("client",),
    "package": ("server", "client"),
    "shutdown": ("server",),
    "header": ("server", "client"),
    "event": ("server", "client"),
    "update": ("client",),
}
"""The roles that read each message."""

SURVIVAL = "PGS-ERR-001"
"""The requirement that whoever dies of octets breaks."""
LIMITED = ("client-package", "server-package", "package", "shutdown")
"""The messages whose limit the codec knows."""

_EMPTY = bytes.fromhex("ff d0 fa b9 00 01 00 00 00 00 00 00")
"""A package with nothing behind its header."""
_EVENT_KEYS: Mapping[bytes, tuple[bytes, ...]] = {
    b"\xa4type": (b"\xa4ECHO", b"\xa6WHOAMI", b"\xd9\x04ECHO", b"\xa0"),
    b"\xachandler_args": (b"\x90", b"\x91\x01", b"\xdc\x00\x00", b"\x92\xa1a\xcb" + bytes(8)),
    b"\xaehandler_kwargs": (b"\x80", b"\x81\xa1a\x01", b"\xde\x00\x00", b"\x81\xd9\x01a\xc0"),
}
_UPDATE_KEYS: Mapping[bytes, tuple[bytes, ...]] = {
    b"\xaatime_order": (b"\x01", b"\xcd\xff\xff", b"\xce\x00\x00\x00\x01", b"\x00", b"\xd0\x01"),
    b"\xabgame_status": (b"\x00", b"\x01", b"\xcc\x01", b"\xc3", b"\x02", b"\xca?\x80\x00\x00"),
}
_TIME_ORDER = 2
"""Octets of a time order."""


def read(message: str, data: bytes) -> dict[str, Any]:
    """Return what the codec makes of octets."""
    if message == "header":
        sequence, ack, ack_bits = codec.parse_header(data)
        return {
            "protocol_id": codec.PROTOCOL_ID,
            "sequence": sequence,
            "ack": ack,
            "ack_bitfield": ack_bits,
        }
    if message == "event":
        event = codec.parse_event(data)
        return {"type": event.type, "handler_args": event.args, "handler_kwargs": event.kwargs}
    return codec.parse_update(data) if message == "update" else codec.parse(message, data)


def meant(_: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared of a value: all of it."""
    return value


def steps(message: str, data: bytes) -> tuple[Step, ...]:
    """Return how octets are sent; they are those of the last step."""
    return ({"do": "send", "peer": 0, "hex": _around(message, data).hex()},)


def soup(random: Random, message: str) -> bytes:
    """Return octets of a message, whose framing is right around values that may not be."""
    if message == "shutdown":
        return random.choice((b"shutdown", b"shut_me_down", b"shutdown\0", b"Shutdown", b"shut_me"))
    if message == "event":
        return _value(random, _EVENT_KEYS)
    if message == "update":
        return _value(random, _UPDATE_KEYS)
    fixed = codec.PROTOCOL_ID + random.choice((b"\0\1", b"\xff\xff", random.randbytes(2), b"\0\0"))
    fixed += random.choice((bytes(6), random.randbytes(6)))
    if message == "header":
        return fixed + random.choice((b"", b"", b"\0"))
    fixed += {"client-package": random.randbytes(2), "package": b""}.get(
        message, _block(_value(random, _UPDATE_KEYS))
    )
    number = random.choice((0, 1, 1, 2))
    data = fixed + b"".join(_block(_value(random, _EVENT_KEYS)) for _ in range(number))
    return data if random.random() < 0.95 else data + _filling(random, DATAGRAM_MOST - len(data))


def _filling(random: Random, left: int) -> bytes:
    """Return the block of an event that makes a package as large as can be, or about that."""
    size = left + random.choice((-1, 0, 0, 1, 2, 600)) - len(_block(_event(bytes(256))))
    behind = random.choice((b"", b"", b"\0", b"\0\0"))
    return _block(_event(bytes(256 + size))) + behind if size >= 0 else b""


def _event(data: bytes) -> bytes:
    args = b"\xachandler_args\x91\xc5" + len(data).to_bytes(2) + data
    return b"\x83\xa4type\xa0" + args + b"\xaehandler_kwargs\x80"


def _value(random: Random, keys: Mapping[bytes, tuple[bytes, ...]]) -> bytes:
    """Return a map whose members are as they should be more often than not."""
    if random.random() < 0.3:
        return soups.messagepack(random, keys=tuple(keys))
    if random.random() < 0.1:
        return soups.nested(random, 30, 34)
    members = []
    for key, values in keys.items():
        if random.random() < 0.97:
            wrong = soups.messagepack(random) if random.random() < 0.5 else b"\x91" + bytes(1)
            members.append(key + (soups.mostly(random, values) if random.random() < 0.9 else wrong))
    if members and random.random() < 0.4:
        key = random.choice((b"\xa1x", random.choice(tuple(keys)), b"\xa6client"))
        members.append(key + soups.messagepack(random))
    return bytes([0x80 + len(members)]) + b"".join(members)


def _block(data: bytes) -> bytes:
    return (len(data) & 0xFFFF).to_bytes(codec.LENGTH_SIZE) + data


def octets(message: str, sent: bytes) -> bytes:
    """Return the octets of a message from what `steps` has sent last."""
    begin = len(_around(message, b"")) if message in ("event", "update") else 0
    return sent[:-_TIME_ORDER] if message == "header" else sent[begin:]


def _around(message: str, data: bytes) -> bytes:
    """Return the package that a part of one travels in."""
    length = len(data).to_bytes(codec.LENGTH_SIZE)
    match message:
        case "header":
            return data + bytes(_TIME_ORDER)
        case "event":
            return _EMPTY + bytes(_TIME_ORDER) + length + data
        case "update":
            return _EMPTY + length + data
        case _:
            return data
