"""Packages in octets: built, read, and spoilt.

The schemas of the book judge what a subject sends; what they have judged once is remembered, as
most packages say nothing new. What may live here: functions from values to octets and back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from wirebook.conformance.drivers.pygase.packages import (
    BOOK,
    HEADER,
    LARGEST,
    MOST_EVENTS,
    PROTOCOL_ID,
    entry,
    packed,
    raw_header,
)
from wirebook.fuzz.machines.base import Broken
from wirebook.spec.books import Malformed

FIXED = HEADER + 2
_HEAD = struct.Struct(">4sHHIH")
_NAME = b"\xaatime_order"
_EMPTY = b"\x81" + _NAME
_WHOLE = PROTOCOL_ID + bytes((0, 1, 0, 0, 0, 0, 0, 0))
_COUNTS = {0xCC: 1, 0xCD: 2}

Frozen = Any
"""A value as something that can be compared and hashed, and keeps 1, 1.0 and true apart."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event in a package of the subject."""

    type: str
    args: Frozen
    kwargs: Frozen
    values: tuple[Any, ...]
    """The positional arguments."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the subject."""

    at: float
    sequence: int
    ack: int
    bits: int
    time_order: int
    """What it reports, or what its update leads to."""
    update: dict[str, Any]
    """The update of a server without its time order."""
    events: tuple[Said, ...]
    octets: int


def freeze(value: Any) -> Frozen:
    """Return a value as it can be compared."""
    if isinstance(value, dict):
        return ("map", frozenset((freeze(key), freeze(one)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(map(freeze, value)))
    return (type(value).__name__, repr(value))


def read_server_package(data: bytes, at: float) -> Package:
    """Read a datagram of a server."""
    _check_size(data)
    head, sequence, ack, bits, length = _header(data)
    rest = data[HEADER:]
    number = _only_time_order(rest[2:]) if length + 2 == len(rest) else None
    if head == PROTOCOL_ID and sequence and number is not None:
        return Package(at, sequence, ack, bits, number, {}, (), len(data))
    body, order = _with_time_order_1(_checked(data, sequence, rest))
    update, events = _server_body(body)
    return Package(
        at, sequence, ack, bits, order or update["time_order"], _others(body), events, len(data)
    )


def read_client_package(data: bytes, at: float) -> Package:
    """Read a datagram of a client."""
    _check_size(data)
    head, sequence, ack, bits, order = _header(data)
    if head == PROTOCOL_ID and sequence and len(data) == FIXED:
        return Package(at, sequence, ack, bits, order, {}, (), len(data))
    events = _client_body(_checked(data, sequence, data[HEADER:]))
    return Package(at, sequence, ack, bits, order, {}, events, len(data))


def client_package(
    sequence: int, ack: int, bits: int, time_order: int, events: Iterable[bytes] = ()
) -> bytes:
    """Return a client package with events given in octets."""
    block = b"".join(map(entry, events))
    return raw_header(sequence, ack, bits) + time_order.to_bytes(2) + block


def server_package(
    sequence: int, ack: int, bits: int, update: bytes, events: Iterable[bytes] = ()
) -> bytes:
    """Return a server package with update and events given in octets."""
    return raw_header(sequence, ack, bits) + entry(update) + b"".join(map(entry, events))


def event(event_type: str, args: Any, kwargs: Any = None) -> bytes:
    """Return the octets of an event."""
    value = {"type": event_type, "handler_args": args, "handler_kwargs": kwargs or {}}
    return packed(value)


def _header(data: bytes) -> tuple[bytes, int, int, int, int]:
    if len(data) < FIXED:
        raise Broken("PGS-HDR-003", "sends a package that is too short", f"{len(data)} octets")
    head, sequence, ack, bits, number = _HEAD.unpack_from(data)
    return head, sequence, ack, bits, number


def _only_time_order(update: bytes) -> int | None:
    """Return the time order of an update that says nothing else, if it is one."""
    if not update.startswith(_EMPTY):
        return None
    rest = update[len(_EMPTY) :]
    if len(rest) == 1 and rest[0] < 0x80:
        return rest[0]
    if rest and len(rest) == 1 + _COUNTS.get(rest[0], 0) and rest[0] in _COUNTS:
        return int.from_bytes(rest[1:])
    return None


def _with_time_order_1(body: bytes) -> tuple[bytes, int]:
    """Return a body with another time order, so that what is the same otherwise is read once."""
    length = int.from_bytes(body[:2])
    update, rest = body[2 : 2 + length], body[2 + length :]
    if update.count(_NAME) != 1 or len(update) != length:
        return body, 0
    before, _, after = update.partition(_NAME)
    size = 1 + _COUNTS.get(after[0], 0) if after else 0
    if not 0 < size <= len(after) or (size == 1 and not 0 < after[0] < 0x80):
        return body, 0
    order = int.from_bytes(after[1:size]) if size > 1 else after[0]
    same = before + _NAME + b"\x01" + after[size:]
    return len(same).to_bytes(2) + same + rest, order


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST:
        raise Broken("PGS-DGM-002", "sends a datagram that is too large", f"{len(data)} octets")


def _checked(data: bytes, sequence: int, body: bytes) -> bytes:
    """Return the body of a datagram whose header is one."""
    if not data.startswith(PROTOCOL_ID):
        raise Broken("PGS-HDR-001", "sends another protocol id", data[:4].hex())
    if sequence == 0:
        raise Broken("PGS-SEQ-002", "sends a package with sequence 0")
    return body


@lru_cache(maxsize=4096)
def _server_body(body: bytes) -> tuple[dict[str, Any], tuple[Said, ...]]:
    value = _parsed("server-package", body)
    return value["update"], _said(value["events"])


@lru_cache(maxsize=4096)
def _others(body: bytes) -> dict[str, Any]:
    update, _ = _server_body(body)
    return {key: value for key, value in update.items() if key != "time_order"}


@lru_cache(maxsize=4096)
def _client_body(body: bytes) -> tuple[Said, ...]:
    return _said(_parsed("client-package", body)["events"])


def _parsed(message: str, body: bytes) -> dict[str, Any]:
    try:
        return BOOK.parse(message, _WHOLE + body)
    except Malformed as malformed:
        both = PROTOCOL_ID in body
        raise Broken(
            "PGS-DGM-001" if both else malformed.requirement or "PGS-DGM-005",
            f"sends what is no {message.replace('-', ' ')}",
            malformed.reason,
        ) from None


def _said(events: list[dict[str, Any]]) -> tuple[Said, ...]:
    if len(events) > MOST_EVENTS:
        raise Broken("PGS-BOD-004", "sends too many events in a package", str(len(events)))
    return tuple(
        Said(
            one["type"],
            freeze(one["handler_args"]),
            freeze(one["handler_kwargs"]),
            tuple(one["handler_args"]),
        )
        for one in events
    )
