"""Cases: datagrams that a client has to discard for their shape.

What may live here: malformed datagrams of a server, by the requirement that they break. MessagePack
outside of the profile is in `test_client_profile.py`.
"""

from __future__ import annotations

from typing import Any

from wirebook.conformance.cases.pygase import inputs
from wirebook.conformance.cases.pygase.client_discards import (
    BAD,
    FORGED,
    HEADER,
    UPDATE,
    WHOLE,
    bad,
    check_discarded,
    with_attribute,
    with_block,
    with_update,
    with_update_of,
)
from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.controls import POISON, POISON_ENTRY
from wirebook.conformance.drivers.pygase.model import TO_DELETE
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    client_package,
    entry,
    packed,
    raw_event,
    raw_header,
)
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires

EVENT = packed(POISON.value())


def sized(octets: int) -> bytes:
    """Return a package that is well-formed but for its size."""
    padding = octets - len(WHOLE + entry(raw_event(args=b"\x91\xc5xx")))
    return WHOLE + entry(raw_event(args=b"\x91\xc5" + padding.to_bytes(2) + bytes(padding)))


OVERSIZED = {
    "2049": sized(LARGEST + 1),
    "3000": sized(3000),
    "whole-in-2048-then-zeros": sized(LARGEST) + bytes(952),
    "whole-in-2048-then-events": sized(LARGEST) + 20 * POISON_ENTRY,
    "20000": sized(20000),
}


@bad(OVERSIZED)
@requires("PGS-DGM-003", "PGS-ERR-002", "PGS-WIN-006")
def test_oversized(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A datagram of more than 2048 octets is discarded."""
    check_discarded(client, raw_server, datagram)


OTHER_PROTOCOL = {
    "first-octet": b"\xfe" + WHOLE[1:],
    "last-octet": WHOLE[:3] + b"\xb8" + WHOLE[4:],
    "zeros": bytes(4) + WHOLE[4:],
    "reversed": WHOLE[3::-1] + WHOLE[4:],
    "shifted": b"\x00" + WHOLE,
    "shutdown": b"shutdown",
    "shut_me_down": b"shut_me_down",
    "text": b"hello, client",
}


@bad(OTHER_PROTOCOL)
@requires("PGS-HDR-002", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_other_protocol(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A datagram that does not begin with the protocol id is discarded."""
    check_discarded(client, raw_server, datagram)


@bad({f"{size}-octets": WHOLE[:size] for size in (0, 1, 3, 4, 5, 6, 8, 11, 12, 13)})
@requires("PGS-HDR-003", "PGS-ERR-001", "PGS-WIN-006")
def test_short(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A datagram that ends before the update is discarded."""
    check_discarded(client, raw_server, datagram)


SEQUENCE_0 = {
    "nothing-else": raw_header(0) + entry(packed({"time_order": 0})),
    "with-contents": raw_header(0, 1) + UPDATE + POISON_ENTRY,
}


@bad(SEQUENCE_0)
@requires("PGS-HDR-004", "PGS-ERR-001", "PGS-ERR-002")
def test_sequence_0(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with sequence 0 is discarded."""
    check_discarded(client, raw_server, datagram)


OTHER_KIND = {
    "client-package": client_package(BAD, ack=1, time_order=20599, events=[POISON]),
    "client-package-without-state": client_package(BAD, ack=1, events=[POISON]),
    "plain-package": HEADER + POISON_ENTRY,
    "empty-plain-package": HEADER,
}


@bad(OTHER_KIND)
@requires("PGS-DGM-005", "PGS-ERR-002", "PGS-WIN-006")
def test_other_kind_of_package(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """Every package is read as one of a server, also one that is well-formed as another kind."""
    check_discarded(client, raw_server, datagram)


UPDATE_PAST_THE_END = {
    "by-one": HEADER + entry(packed(FORGED), claim=len(packed(FORGED)) + 1),
    "by-thousands": HEADER + entry(packed(FORGED), claim=65535),
    "all-of-it": HEADER + b"\x00\x01",
    "by-one-with-event": HEADER + entry(packed(FORGED) + POISON_ENTRY, claim=len(WHOLE) - 13),
}


@bad(UPDATE_PAST_THE_END)
@requires("PGS-BOD-001", "PGS-ERR-002", "PGS-WIN-006")
def test_update_past_the_end(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package whose update runs past the end of the datagram is discarded."""
    check_discarded(client, raw_server, datagram)


ENTRY_PAST_THE_END = {
    "entry-by-one": POISON_ENTRY + entry(EVENT, claim=len(EVENT) + 1),
    "entry-by-thousands": POISON_ENTRY + entry(EVENT, claim=65535),
    "only-a-length": POISON_ENTRY + b"\x00\x01",
    "half-a-length": POISON_ENTRY + b"\x00",
    "cut-off": POISON_ENTRY + entry(EVENT)[:-1],
}


@bad(with_block(ENTRY_PAST_THE_END))
@requires("PGS-BOD-002", "PGS-ERR-002", "PGS-WIN-006")
def test_entry_past_the_end(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package with an entry that runs past the end, or ends inside its length, is discarded."""
    check_discarded(client, raw_server, datagram)


HUGE = {
    "huge-str": b"\xdb\xff\xff\xff\xff",
    "huge-bin": b"\xc6\xff\xff\xff\xff",
    "huge-array": b"\xdd\xff\xff\xff\xff",
    "huge-map": b"\xdf\xff\xff\xff\xff",
}
NOT_ONE_EVENT = {
    "none": inputs.spoilt(b""),
    "incomplete": inputs.spoilt(EVENT[:-1]),
    "left-over": inputs.spoilt(EVENT + b"\xc0"),
    "two": inputs.spoilt(EVENT * 2),
}
NOT_ONE_UPDATE = {
    "none": b"",
    "incomplete": packed(FORGED)[:-1],
    "left-over": packed(FORGED) + b"\xc0",
    "two": packed(FORGED) * 2,
}


@bad(
    with_block({**NOT_ONE_EVENT, **inputs.as_argument(HUGE)}),
    with_update(NOT_ONE_UPDATE),
    with_attribute(HUGE),
)
@requires("PGS-BOD-003", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_not_exactly_one_value(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package in which an event or the update is not exactly one value is discarded."""
    check_discarded(client, raw_server, datagram)


NO_EVENTS: dict[str, Any] = {
    "nil": None,
    "int": 1,
    "str": "ECHO",
    "array": ["ECHO", [], {}],
    "empty-map": {},
    "no-type": {"handler_args": [], "handler_kwargs": {}},
    "no-args": {"type": "ECHO", "handler_kwargs": {}},
    "no-kwargs": {"type": "ECHO", "handler_args": []},
    "other-key": {**POISON.value(), "more": 1},
    "key-not-a-str": {**POISON.value(), 1: 1},
}


@bad(with_block({name: inputs.spoilt(packed(value)) for name, value in NO_EVENTS.items()}))
@requires("PGS-EVT-001", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_not_an_event(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with an event that is not a map with exactly the three keys is discarded."""
    check_discarded(client, raw_server, datagram)


OTHER_TYPES: dict[str, dict[str, Any]] = {
    "type-nil": {"type": None},
    "type-int": {"type": 1},
    "type-bin": {"type": b"ECHO"},
    "args-nil": {"handler_args": None},
    "args-map": {"handler_args": {}},
    "args-str": {"handler_args": "abc"},
    "kwargs-nil": {"handler_kwargs": None},
    "kwargs-array": {"handler_kwargs": []},
    "kwargs-int-key": {"handler_kwargs": {1: 1}},
    "kwargs-bin-key": {"handler_kwargs": {b"k": 1}},
}


@bad(
    with_block(
        {
            name: inputs.spoilt(packed({**POISON.value(), **change}))
            for name, change in OTHER_TYPES.items()
        }
    )
)
@requires("PGS-EVT-002", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_member_of_event_of_other_type(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package with an event whose members have other types is discarded."""
    check_discarded(client, raw_server, datagram)


NO_UPDATES: dict[str, Any] = {
    "nil": None,
    "int": 7,
    "array": [["time_order", 7]],
    "str": "time_order",
    "int-key": {**FORGED, 1: 1},
    "bin-key": {**FORGED, b"k": 1},
    "nil-key": {**FORGED, None: 1},
}


@bad(with_update_of(NO_UPDATES))
@requires("PGS-UPD-001", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_update_is_not_a_map_with_str_keys(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package whose update is not a map with str keys is discarded."""
    check_discarded(client, raw_server, datagram)


TIME_ORDERS: dict[str, Any] = {
    "negative": -1,
    "65536": 65536,
    "far-too-large": 2**40,
    "str": "7",
    "float": 7.0,
    "true": True,
    "nil": None,
    "to-delete": TO_DELETE,
}


@bad(
    with_update_of({"empty": {}, "without": {"forged": True}}),
    with_update_of({name: {**FORGED, "time_order": value} for name, value in TIME_ORDERS.items()}),
)
@requires("PGS-UPD-002", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_bad_time_order(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package whose update has no time order, or an impossible one, is discarded."""
    check_discarded(client, raw_server, datagram)


GAME_STATUSES: dict[str, Any] = {
    "2": 2,
    "negative": -1,
    "true": True,
    "float": 1.0,
    "str": "Active",
    "nil": None,
    "map": {},
    "to-delete": TO_DELETE,
}


@bad(
    with_update_of(
        {name: {**FORGED, "game_status": value} for name, value in GAME_STATUSES.items()}
    )
)
@requires("PGS-UPD-003", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_bad_game_status(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package whose update has a game status other than 0 and 1 is discarded."""
    check_discarded(client, raw_server, datagram)
