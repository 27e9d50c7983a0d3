"""Frames as the drivers handle them: put together octet by octet, and read by the book's schemas.

What may live here: values and their octets, the names and ids of the conformance application. What
is put together here is neither checked nor completed, so that it may be wrong as a case wants it.
"""

from __future__ import annotations

import contextlib
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgpack

from wirebook.spec import books
from wirebook.spec.extension import Ext

BOOK = books.get("packetmq")
LENGTH_MOST = 99_999
"""The greatest length that a frame may have."""
LENGTH_OCTETS = 4
VERSION = 1

INIT, SOFTQUIT, PUBIDS, FINISH = range(4)
FIRST_APPLICATION_ID = 16
INTERNAL: Mapping[str, int] = {
    "packetmq:handshake_init": INIT,
    "packetmq:softquit": SOFTQUIT,
    "packetmq:handshake_pubids": PUBIDS,
    "packetmq:handshake_finish": FINISH,
}
"""The packets of the protocol itself."""

ECHO, ECHOED, WHOAMI, YOU_ARE, BURST, ITEM = range(17, 23)
BROADCAST, HISTORY, HAPPENED, LEAVE, FAIL = range(23, 28)
APPLICATION: Mapping[str, int] = {
    "conformance:echo": ECHO,
    "conformance:echoed": ECHOED,
    "conformance:whoami": WHOAMI,
    "conformance:you_are": YOU_ARE,
    "conformance:burst": BURST,
    "conformance:item": ITEM,
    "conformance:broadcast": BROADCAST,
    "conformance:history": HISTORY,
    "conformance:happened": HAPPENED,
    "conformance:leave": LEAVE,
    "conformance:fail": FAIL,
}
"""The packets of the conformance application, in their order, with the ids of a server."""
SERVER_IDS: Mapping[str, int] = {**INTERNAL, **APPLICATION}
CLIENT_IDS: Mapping[str, int] = {
    **INTERNAL,
    **{name: number + 100 for name, number in APPLICATION.items()},
}

_NAMES = {number: name for name, number in SERVER_IDS.items()}
_MESSAGES = {
    INIT: "handshake-init",
    SOFTQUIT: "softquit",
    PUBIDS: "handshake-pubids",
    FINISH: "handshake-finish",
}
_TIME_STAMPS = (b"\xd6\xff", b"\xd7\xff", b"\xc7\x0c\xff")
_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it arrived."""

    at: float
    data: bytes
    """The whole frame."""
    id: int
    value: Any

    @property
    def octets(self) -> bytes:
        """The octets of the payload."""
        return self.data[LENGTH_OCTETS + 2 :]

    def __str__(self) -> str:
        return f"{_NAMES.get(self.id, f'packet {self.id}')} {_short.repr(self.value)}"


def name_of(packet_id: int) -> str:
    """Return what a packet with a server's id is called."""
    return _NAMES.get(packet_id, f"packet {packet_id}")


def message_of(data: bytes) -> str:
    """Return the schema to show a whole frame with."""
    packet_id = int.from_bytes(data[LENGTH_OCTETS : LENGTH_OCTETS + 2])
    if len(data) < LENGTH_OCTETS + 2:
        return "frame"
    if packet_id >= FIRST_APPLICATION_ID:
        return "application-packet"
    return _MESSAGES.get(packet_id, "frame")


def read_packet(data: bytes, at: float) -> Packet:
    """Read a whole frame, its length included; raise `Malformed` if it is none."""
    packet_id = int.from_bytes(data[LENGTH_OCTETS : LENGTH_OCTETS + 2])
    if packet_id >= FIRST_APPLICATION_ID and len(data) > LENGTH_OCTETS + 2:
        with contextlib.suppress(_Odd, ValueError, TypeError, msgpack.UnpackException):
            return Packet(at, data, packet_id, _plain(data[LENGTH_OCTETS + 2 :]))
    return Packet(at, data, packet_id, _read(data))


@lru_cache(maxsize=64)
def _read(data: bytes) -> Any:
    # A server sends the same few frames of the handshake on every connection.
    return BOOK.parse(message_of(data), data)["content"]["payload"]


class _Odd(Exception):
    """The payload is one that only the schema reads right, or says what is wrong with."""


def _plain(octets: bytes) -> Any:
    """Return a payload fast that has nothing special in it: there are tens of thousands of them."""
    # The library would make objects of time stamps.
    if len(octets) > LENGTH_MOST - 2 or any(head in octets for head in _TIME_STAMPS):
        raise _Odd
    return msgpack.unpackb(
        octets, strict_map_key=False, object_pairs_hook=_distinct, ext_hook=_never
    )


def _distinct(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Odd
    return found


def _never(*_: object) -> Any:
    raise _Odd


def whole_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the frames that octets begin with, and the rest, whatever the lengths are."""
    found, at = [], 0
    while len(data) - at >= LENGTH_OCTETS:
        end = at + LENGTH_OCTETS + int.from_bytes(data[at : at + LENGTH_OCTETS])
        if end > len(data):
            break
        found.append(data[at:end])
        at = end
    return found, data[at:]


def packed(value: Any) -> bytes:
    """Return a value in MessagePack, every format the shortest, floats in 64 bits."""
    return bytes(msgpack.packb(value, use_bin_type=True, default=_extension))


def _extension(value: Any) -> msgpack.ExtType:
    if isinstance(value, Ext):
        return msgpack.ExtType(value.code, value.data)
    raise TypeError(f"a {type(value).__name__} has no place in MessagePack")


def frame(content: bytes, *, claim: int | None = None) -> bytes:
    """Return a frame; `claim` is a length to write instead of the true one."""
    return (len(content) if claim is None else claim).to_bytes(LENGTH_OCTETS) + content


def packet(packet_id: int, octets: bytes) -> bytes:
    """Return the frame of a packet with a payload that is given in octets."""
    return frame(packet_id.to_bytes(2) + octets)


def say(packet_id: int, value: Any = None) -> bytes:
    """Return the frame of a packet with any value for its payload."""
    return packet(packet_id, packed(value))


def init(version: Any = VERSION) -> bytes:
    """Return a `handshake_init`."""
    return say(INIT, {"version": version})


def pubids(*, adapt: Any = True, ids: Mapping[Any, Any] = CLIENT_IDS) -> bytes:
    """Return a `handshake_pubids`."""
    return say(PUBIDS, {"adapt": adapt, "idmap": dict(ids)})


def finish() -> bytes:
    """Return a `handshake_finish`."""
    return say(FINISH, None)


def softquit(reason: Any = "reason.bye") -> bytes:
    """Return a `softquit`."""
    return say(SOFTQUIT, {"reason": reason})


def frame_of_length(length: int, packet_id: int = ECHO) -> bytes:
    """Return a well-formed frame of exactly that length, 3 or more, with a bin if one fits."""
    room = length - 2
    for size in range(max(room - 5, 0), room):
        if len(octets := packed(bytes(size))) == room:
            return packet(packet_id, octets)
    return packet(packet_id, b"\xc0" if room == 1 else packed([None] * (room - 3)))
