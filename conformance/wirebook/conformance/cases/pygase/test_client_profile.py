"""Cases: MessagePack outside of the profile, which a client has to discard.

What may live here: packages of a server that are good but for one value in them.
"""

from __future__ import annotations

from wirebook.conformance.cases import messagepack_octets as octets
from wirebook.conformance.cases.pygase import inputs
from wirebook.conformance.cases.pygase.client_discards import (
    bad,
    check_discarded,
    with_attribute,
    with_block,
    with_update,
)
from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.packages import packed, raw_event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires


@bad(
    with_block(inputs.as_argument(octets.EXTENSIONS)),
    with_attribute({name: octets.EXTENSIONS[name] for name in ("fixext-4", "timestamp-32")}),
)
@requires("PGS-MSG-008", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_extension_type(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package that contains an extension type is discarded."""
    check_discarded(client, raw_server, datagram)


@bad(with_block(inputs.everywhere(b"\xc1")), with_attribute({"value": b"\xc1"}))
@requires("PGS-MSG-009", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_reserved_octet(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with the reserved octet c1 where a value begins is discarded."""
    check_discarded(client, raw_server, datagram)


BAD_UTF8 = b"\xa1\xff"


@bad(
    with_block(inputs.as_argument(octets.BAD_UTF8)),
    with_block({"event-type": inputs.spoilt(raw_event(event_type=BAD_UTF8))}),
    with_attribute({"value": BAD_UTF8}),
    with_update({"key": b"\x82" + packed("time_order") + b"\x07" + BAD_UTF8 + b"\x01"}),
)
@requires("PGS-MSG-010", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_invalid_utf_8(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with a str that is not valid UTF-8 is discarded."""
    check_discarded(client, raw_server, datagram)


@bad(
    with_block(inputs.as_argument({**octets.SAME_KEY, **octets.BOOLEAN_IS_NUMBER})),
    with_attribute({"inside": octets.SAME_KEY["str"]}),
    with_update({"time-order": b"\x82" + 2 * (packed("time_order") + b"\x07")}),
)
@requires("PGS-MSG-011", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_same_key_twice(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with a map that has a key twice is discarded."""
    check_discarded(client, raw_server, datagram)


CONTAINER_KEYS = {
    "array": b"\x81\x90\x01",
    "filled-array": b"\x81\x91\x01\x01",
    "map": b"\x81\x80\x01",
}


@bad(
    with_block(inputs.as_argument(CONTAINER_KEYS)),
    with_attribute({"array": CONTAINER_KEYS["array"]}),
)
@requires("PGS-MSG-013", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_array_or_map_as_key(
    client: ClientUnderTest, raw_server: RawServer, datagram: bytes
) -> None:
    """A package with a map that has an array or a map as a key is discarded."""
    check_discarded(client, raw_server, datagram)


TOO_DEEP_EVENTS = {
    "arrays-33": inputs.PLACES["argument"](octets.nested_arrays(31)),
    "maps-33": inputs.PLACES["keyword-argument"](octets.nested_maps(31)),
    "arrays-1500": raw_event(args=octets.nested_arrays(1500)),
}
TOO_DEEP_ATTRIBUTES = {
    "arrays-33": octets.nested_arrays(32),
    "maps-33": octets.nested_maps(32),
    "arrays-1500": octets.nested_arrays(1500),
}


@bad(
    with_block({name: inputs.spoilt(event) for name, event in TOO_DEEP_EVENTS.items()}),
    with_attribute(TOO_DEEP_ATTRIBUTES),
)
@requires("PGS-MSG-015", "PGS-ERR-001", "PGS-ERR-002", "PGS-WIN-006")
def test_too_deep(client: ClientUnderTest, raw_server: RawServer, datagram: bytes) -> None:
    """A package with an event or an update of a depth above 32 is discarded."""
    check_discarded(client, raw_server, datagram)
