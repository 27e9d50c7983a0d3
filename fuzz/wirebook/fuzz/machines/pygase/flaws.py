"""Datagrams that a receiver must discard, each for one reason, and odd ones that it must accept.

What may live here: octets, and the requirement that rules on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wirebook.conformance.drivers.pygase.packages import (
    HEADER,
    LARGEST,
    PROTOCOL_ID,
    entry,
    filler,
    packed,
    raw_event,
)

TO_DELETE = bytes.fromhex("d281e5ba")

Spoil = Callable[[bytes, bytes, bytes], bytes]
"""Gets the header, what comes before the events, and a good event; returns the datagram."""


class Flaw(NamedTuple):
    """One way to spoil a package."""

    requirement: str
    spoil: Spoil


def _with(**parts: bytes) -> Spoil:
    return lambda head, fixed, good: head + fixed + entry(good) + entry(raw_event(**parts))


def _argument(octets: bytes) -> Spoil:
    return _with(args=b"\x91" + octets)


def _event_of(value: Any) -> Spoil:
    return lambda head, fixed, good: head + fixed + entry(good) + entry(packed(value))


def _nested(depth: int) -> bytes:
    return b"\x91" * (depth - 1) + b"\x90"


def _too_large(head: bytes, fixed: bytes, good: bytes) -> bytes:
    begun = head + fixed + entry(good)
    return begun + filler(LARGEST + 1 - len(begun))


_TEXT = "PGS-HDR-002"
_GOOD = {"type": "ECHO", "handler_args": [], "handler_kwargs": {}}

FLAWS: Mapping[str, Flaw] = {
    "another last octet": Flaw(_TEXT, lambda h, f, g: h[:3] + b"\xba" + h[4:] + f + entry(g)),
    "id turned round": Flaw(_TEXT, lambda h, f, g: h[3::-1] + h[4:] + f + entry(g)),
    "no id": Flaw(_TEXT, lambda h, f, g: bytes(4) + h[4:] + f + entry(g)),
    "id alone": Flaw("PGS-HDR-003", lambda h, _f, _g: h[:4]),
    "header cut": Flaw("PGS-HDR-003", lambda h, _f, _g: h[: HEADER - 1]),
    "header alone": Flaw("PGS-HDR-003", lambda h, _f, _g: h),
    "one octet short": Flaw("PGS-HDR-003", lambda h, _f, _g: h + b"\0"),
    "nothing": Flaw("PGS-HDR-003", lambda _h, _f, _g: b""),
    "sequence 0": Flaw("PGS-HDR-004", lambda h, f, g: h[:4] + bytes(2) + h[6:] + f + entry(g)),
    "too large": Flaw("PGS-DGM-003", _too_large),
    "entry past the end": Flaw(
        "PGS-BOD-002", lambda h, f, g: h + f + entry(g) + entry(g, claim=len(g) + 9)
    ),
    "half a length": Flaw("PGS-BOD-002", lambda h, f, g: h + f + entry(g) + b"\0"),
    "empty entry": Flaw("PGS-BOD-003", lambda h, f, g: h + f + entry(g) + entry(b"")),
    "octet left over": Flaw("PGS-BOD-003", lambda h, f, g: h + f + entry(g + b"\xc0")),
    "octet missing": Flaw("PGS-BOD-003", lambda h, f, g: h + f + entry(g) + entry(g[:-1])),
    "further key": Flaw("PGS-EVT-001", _event_of({**_GOOD, "more": 1})),
    "missing key": Flaw("PGS-EVT-001", _event_of({"type": "ECHO", "handler_args": []})),
    "no map": Flaw("PGS-EVT-001", _event_of(["ECHO", [], {}])),
    "type is a number": Flaw("PGS-EVT-002", _with(event_type=b"\x05")),
    "type is a bin": Flaw("PGS-EVT-002", _with(event_type=b"\xc4\x04ECHO")),
    "args are a map": Flaw("PGS-EVT-002", _with(args=b"\x80")),
    "kwargs are an array": Flaw("PGS-EVT-002", _with(kwargs=b"\x90")),
    "kwargs with a number": Flaw("PGS-EVT-002", _with(kwargs=b"\x81\x01\x01")),
    "extension": Flaw("PGS-MSG-008", _argument(b"\xd4\x05\x00")),
    "timestamp": Flaw("PGS-MSG-008", _argument(b"\xd6\xff" + bytes(4))),
    "reserved octet": Flaw("PGS-MSG-009", _argument(b"\xc1")),
    "no UTF-8": Flaw("PGS-MSG-010", _argument(b"\xa2\xc3\x28")),
    "surrogate": Flaw("PGS-MSG-010", _argument(b"\xa3\xed\xa0\x80")),
    "key twice": Flaw("PGS-MSG-011", _argument(b"\x82\xa1k\x01\xa1k\x02")),
    "equal keys": Flaw("PGS-MSG-011", _argument(b"\x82\x01\x01\xc3\x02")),
    "array as a key": Flaw("PGS-MSG-013", _argument(b"\x81\x90\x01")),
    "map as a key": Flaw("PGS-MSG-013", _argument(b"\x81\x80\x01")),
    "depth 33": Flaw("PGS-MSG-015", _argument(_nested(31))),
    "very deep": Flaw("PGS-MSG-015", _argument(_nested(1500))),
}

_UPDATE = {"time_order": 1}


def _update(octets: bytes) -> Spoil:
    return lambda head, _fixed, good: head + entry(octets) + entry(good)


SERVER_FLAWS: Mapping[str, Flaw] = {
    **FLAWS,
    "a server package": Flaw("PGS-DGM-005", lambda h, _f, g: h + entry(packed(_UPDATE)) + entry(g)),
}
"""What a server must discard."""

CLIENT_FLAWS: Mapping[str, Flaw] = {
    **FLAWS,
    "a client package": Flaw("PGS-DGM-005", lambda h, _f, g: h + bytes(2) + entry(g)),
    "update past the end": Flaw(
        "PGS-BOD-001", lambda h, _f, _g: h + entry(packed(_UPDATE), claim=99)
    ),
    "octet behind the update": Flaw("PGS-BOD-003", _update(packed(_UPDATE) + b"\xc0")),
    "no update": Flaw("PGS-BOD-003", lambda h, _f, g: h + bytes(2) + entry(g)),
    "update of a number": Flaw("PGS-UPD-001", _update(b"\x05")),
    "update with a number": Flaw("PGS-UPD-001", _update(packed({"time_order": 9, 5: 1}))),
    "no time order": Flaw("PGS-UPD-002", _update(packed({"a": 666}))),
    "time order too large": Flaw("PGS-UPD-002", _update(packed({"time_order": 65537, "a": 666}))),
    "negative time order": Flaw("PGS-UPD-002", _update(packed({"time_order": -1, "a": 666}))),
    "time order true": Flaw("PGS-UPD-002", _update(packed({"time_order": True, "a": 666}))),
    "status 2": Flaw("PGS-UPD-003", _update(packed({"time_order": 9, "game_status": 2}))),
    "status true": Flaw("PGS-UPD-003", _update(packed({"time_order": 9, "game_status": True}))),
}
"""What a client must discard."""


class Odd(NamedTuple):
    """An event that a receiver must accept, although few would send it."""

    octets: bytes
    args: list[Any]


def _odd(octets: bytes, value: Any) -> Callable[[bytes], Odd]:
    return lambda token: Odd(
        raw_event(args=b"\x92" + token + octets), [int.from_bytes(token[1:]), value]
    )


def _other_order(token: bytes) -> Odd:
    args = packed("handler_args") + b"\x91" + token
    octets = b"\x83" + packed("handler_kwargs") + b"\x80" + args + packed("type") + b"\xa4ECHO"
    return Odd(octets, [int.from_bytes(token[1:])])


def _deep(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


ODDITIES: tuple[Callable[[bytes], Odd], ...] = (
    _odd(b"\xcf" + bytes(7) + b"\x01", 1),
    _odd(b"\xd3" + b"\xff" * 8, -1),
    _odd(b"\xcb\x3f\xf8" + bytes(6), 1.5),
    _odd(b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", 0.1),
    _odd(b"\xca\x7f\x80\x00\x00", float("inf")),
    _odd(b"\xcb\x7f\xf8" + bytes(6), float("nan")),
    _odd(b"\x83\xc0\x01\x05\x02\xc4\x01k\x03", {None: 1, 5: 2, b"k": 3}),
    _odd(b"\x81\xcb\x3f\xf8" + bytes(6) + b"\x01", {1.5: 1}),
    _odd(_nested(30), _deep(30)),
    _odd(b"\xdb\x00\x00\x00\x02\xc3\xbc", "ü"),
    _odd(b"\xc4\x00", b""),
    _odd(b"\xc4\x02ok", b"ok"),
    _odd(b"\xcf" + b"\xff" * 8, 2**64 - 1),
    _odd(b"\xd3\x80" + bytes(7), -(2**63)),
    _other_order,
)
"""Events of the type ECHO with a token, given as the three octets of an integer, and a value."""

TEXTS = (
    b"shut_me_down",
    b"shutdown\0",
    b"shut",
    b"SHUTDOWN",
    b"shut_me_down\n",
    PROTOCOL_ID + b"shutdown",
)
"""Datagrams that stop nobody, whoever sends them."""
