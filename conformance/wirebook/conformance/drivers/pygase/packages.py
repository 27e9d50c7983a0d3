"""Packages as the drivers handle them: built and read by the book's schemas, or put together raw.

What may live here: values and their octets. A raw body is for what no schema would build.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from wirebook.conformance.drivers.pygase.model import acked_by
from wirebook.spec import books

BOOK = books.get("pygase")
PROTOCOL_ID = bytes.fromhex("ffd0fab9")
LARGEST = 2048
SMALLEST = 14
"""Octets of a package without events, of a client."""
HEADER = 12
MOST_EVENTS = 5
FULL_EVENT = 2017
"""Octets of the largest event that every server has room for."""
FULL_STATE_KEY = "greeting"
"""An attribute of the application that never changes: only full states say it."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


@dataclass(frozen=True, slots=True)
class Event:
    """An event as the drivers send and receive it."""

    type: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)

    def value(self) -> dict[str, Any]:
        """Return the event in the shape of the book's schema."""
        return {"type": self.type, "handler_args": self.args, "handler_kwargs": self.kwargs}

    def __str__(self) -> str:
        words = [_short.repr(one) for one in self.args]
        words += [f"{name}={_short.repr(value)}" for name, value in self.kwargs.items()]
        return f"{self.type}({', '.join(words)})"


@dataclass(frozen=True, slots=True)
class ServerPackage:
    """A server package as it arrived."""

    at: float
    data: bytes
    sequence: int
    ack: int
    bits: int
    update: Mapping[str, Any]
    events: tuple[Event, ...]

    @property
    def time_order(self) -> int:
        """The time order that the update leads to."""
        order: int = self.update["time_order"]
        return order

    @property
    def attributes(self) -> dict[str, Any]:
        """The update without its time order."""
        return {key: value for key, value in self.update.items() if key != "time_order"}

    @property
    def full(self) -> bool:
        """Whether the update has what never changes, so that it can only be a full state."""
        return FULL_STATE_KEY in self.update

    def acks(self, sequence: int) -> bool:
        """Tell whether the package acks a sequence."""
        return sequence in acked_by(self.ack, self.bits)

    def entries(self) -> tuple[bytes, ...]:
        """Return the octets of each event."""
        found = []
        at = HEADER + 2 + int.from_bytes(self.data[HEADER : HEADER + 2])
        while at < len(self.data):
            end = at + 2 + int.from_bytes(self.data[at : at + 2])
            found.append(self.data[at + 2 : end])
            at = end
        return tuple(found)

    def __str__(self) -> str:
        said = [f"package {self.sequence}", f"ack {self.ack} bits {self.bits:032b}"]
        said += [f"update of {', '.join(map(str, self.update))}", *map(str, self.events)]
        return "; ".join(said)


def read_server_package(data: bytes, at: float) -> ServerPackage:
    """Read a datagram of a server; raise `Malformed` if it is none."""
    value = BOOK.parse("server-package", data)
    header = value["header"]
    return ServerPackage(
        at=at,
        data=data,
        sequence=header["sequence"],
        ack=header["ack"],
        bits=header["ack_bitfield"],
        update=value["update"],
        events=tuple(
            Event(one["type"], one["handler_args"], one["handler_kwargs"])
            for one in value["events"]
        ),
    )


def client_package(
    sequence: int,
    *,
    ack: int = 0,
    bits: int = 0,
    time_order: int = 0,
    events: Iterable[Event] = (),
) -> bytes:
    """Build a well-formed client package."""
    value = {
        "header": {
            "protocol_id": PROTOCOL_ID,
            "sequence": sequence,
            "ack": ack,
            "ack_bitfield": bits,
        },
        "time_order": time_order,
        "events": [event.value() for event in events],
    }
    return BOOK.build("client-package", value)


def server_package(
    sequence: int,
    *,
    ack: int = 0,
    bits: int = 0,
    update: Mapping[str, Any] | None = None,
    events: Iterable[Event] = (),
) -> bytes:
    """Build a well-formed server package."""
    value = {
        "header": {
            "protocol_id": PROTOCOL_ID,
            "sequence": sequence,
            "ack": ack,
            "ack_bitfield": bits,
        },
        "update": dict(update or {"time_order": 0}),
        "events": [event.value() for event in events],
    }
    return BOOK.build("server-package", value)


def raw_header(sequence: int, ack: int = 0, bits: int = 0) -> bytes:
    """Return the twelve octets of a header, whatever the values."""
    return PROTOCOL_ID + sequence.to_bytes(2) + ack.to_bytes(2) + bits.to_bytes(4)


def entry(octets: bytes, *, claim: int | None = None) -> bytes:
    """Return an entry of the event block; `claim` is a length to write instead of the true one."""
    return (len(octets) if claim is None else claim).to_bytes(2) + octets


def packed(value: Any) -> bytes:
    """Return a value in MessagePack, every format the shortest, floats in 32 bits."""
    return bytes(msgpack.packb(value, use_single_float=True))


def raw_event(
    *,
    event_type: bytes = b"\xa4ECHO",
    args: bytes = b"\x90",
    kwargs: bytes = b"\x80",
) -> bytes:
    """Return the octets of an event whose three values are given in octets."""
    return (
        b"\x83"
        + packed("type")
        + event_type
        + packed("handler_args")
        + args
        + packed("handler_kwargs")
        + kwargs
    )


def filler(octets: int) -> bytes:
    """Return an entry of that many octets with an event that draws no answer.

    Every server knows the type RAISE, and none has a place of that name to fail in.
    """
    empty = len(entry(raw_event(event_type=b"\xa5RAISE", args=b"\x91\xda" + bytes(2))))
    padding = octets - empty
    args = b"\x91\xda" + padding.to_bytes(2) + b"x" * padding
    return entry(raw_event(event_type=b"\xa5RAISE", args=args))
