"""Cases: MessagePack as a client writes and reads it.

What may live here: valid values, one by one. What has to be discarded is in
`test_client_discards.py`.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from wirebook.conformance.cases.messagepack_octets import nested_arrays, nested_maps
from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import same, single
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    Event,
    entry,
    packed,
    raw_event,
    raw_header,
)
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

NOTHING_NEW = entry(packed({"time_order": 0}))
N = packed("N")


def receive(
    client: ClientUnderTest, server: RawServer, octets: dict[str, bytes], values: list[Any]
) -> None:
    """Send an event with these arguments, given in octets, and wait until it is handled."""
    client.handle("N")
    client.open()
    joined = b"".join(octets.values())
    args = b"\xdc" + len(octets).to_bytes(2) + joined
    server.send_octets(raw_header(2) + NOTHING_NEW + entry(raw_event(event_type=N, args=args)))
    client.wait_received(Event("N", values))


def sent_entry(client: ClientUnderTest, server: RawServer, event: Event) -> bytes:
    """Have the client send an event; return its octets."""
    since = len(server.arrivals)
    client.dispatch(event)
    arrival = server.expect_event(event.type, since=since)
    if not same(arrival.events[0], rounded(event.value())):
        raise Violation(f"expected the event {event}, got {arrival.events[0]}")
    return arrival.entries[0]


def rounded(value: Any) -> Any:
    """Return the value as it arrives: floats in 32 bits."""
    if isinstance(value, dict):
        return {rounded(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return single(value) if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        pytest.param(0.5, "ca3f000000", id="exact"),
        pytest.param(0.1, "ca3dcccccd", id="rounded"),
        pytest.param(16777217.0, "ca4b800000", id="halfway-down-to-even"),
        pytest.param(16777219.0, "ca4b800002", id="halfway-up-to-even"),
        pytest.param(-0.0, "ca80000000", id="negative-zero"),
        pytest.param(3.4028234663852886e38, "ca7f7fffff", id="largest"),
        pytest.param(math.inf, "ca7f800000", id="infinity"),
        pytest.param(-math.inf, "caff800000", id="negative-infinity"),
    ],
)
@requires("PGS-MSG-001")
def test_floats_are_sent_in_32_bits(
    client: ClientUnderTest, raw_server: RawServer, value: float, octets: str
) -> None:
    """A float is sent in the 32-bit format, rounded to the nearest, ties to even."""
    client.open()
    entry_ = sent_entry(client, raw_server, Event("FLOAT", [value]))
    if bytes.fromhex(octets) not in entry_:
        raise Violation(f"expected {value} to be sent as {octets}, got the event {entry_.hex(' ')}")


@requires("PGS-MSG-004")
def test_str_and_bin_are_sent_apart(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A str is sent as a str and a bin as a bin, with the same octets in them."""
    client.open()
    values = ["", b"", "abc", b"abc", {"k": b"\x00\xff", "l": "ü"}, ["\x00", b"\x00"]]
    sent_entry(client, raw_server, Event("BOTH", values, {"s": "x", "b": b"x"}))


@requires("PGS-MSG-004")
def test_str_and_bin_are_received_apart(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A str arrives as a str and a bin as a bin, in arguments and in the state."""
    client.handle("BOTH")
    client.open()
    event = Event("BOTH", ["", b"", "abc", b"abc", [b"\x00\xff", "ü"]], {"s": "x", "b": b"x"})
    raw_server.send(event, update={"time_order": 1, "s": "x", "b": b"x"})
    client.wait_received(event)
    client.wait_state({"s": "x", "b": b"x"}, 1, "after an update with a str and a bin")


SHORTEST: dict[str, list[Any]] = {
    "small-integers": [0, 1, 127, -1, -32],
    "8-bit-integers": [128, 255, -33, -128],
    "16-bit-integers": [256, 65535, -129, -32768],
    "32-bit-integers": [65536, 2**32 - 1, -32769, -(2**31)],
    "64-bit-integers": [2**32, 2**64 - 1, -(2**31) - 1, -(2**63)],
    "str": ["", "x" * 31, "x" * 32, "x" * 255, "x" * 256],
    "bin": [b"", b"x" * 255, b"x" * 256],
    "arrays": [[], [0] * 15, [0] * 16, [0] * 255, [0] * 256],
    "maps": [{}, {str(i): i for i in range(15)}, {str(i): i for i in range(16)}],
}


@pytest.mark.parametrize("values", list(SHORTEST.values()), ids=list(SHORTEST))
@requires("PGS-MSG-006")
def test_shortest_formats_are_sent(
    client: ClientUnderTest, raw_server: RawServer, values: list[Any]
) -> None:
    """Integers, lengths and counts are sent in the shortest format."""
    client.open()
    event = Event("SHORT", values)
    # The order of the keys is free, but does not change the length.
    got, shortest = len(sent_entry(client, raw_server, event)), len(packed(event.value()))
    if got != shortest:
        raise Violation(f"expected an event of {shortest} octets, the shortest, got {got}")


FLOATS = {
    "float-32": bytes.fromhex("ca3dcccccd"),
    "float-64": bytes.fromhex("cb3fb999999999999a"),
    "float-64-large": bytes.fromhex("cb7fefffffffffffff"),
    "infinity-32": bytes.fromhex("ca7f800000"),
    "infinity-64": bytes.fromhex("cbfff0000000000000"),
    "nan-32": bytes.fromhex("ca7fc00000"),
    "nan-64": bytes.fromhex("cb7ff8000000000000"),
    "whole-32": bytes.fromhex("ca3f800000"),
}


@requires("PGS-MSG-003")
def test_floats_are_received(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Floats are read in both formats, infinities and NaN among them, and stay floats."""
    expected = [single(0.1), 0.1, 1.7976931348623157e308, math.inf, -math.inf]
    receive(client, raw_server, FLOATS, [*expected, math.nan, math.nan, 1.0])


INTEGERS = {
    "fixint": b"\x05",
    "uint-8": b"\xcc\x05",
    "uint-16": b"\xcd\x00\x05",
    "uint-32": b"\xce\x00\x00\x00\x05",
    "uint-64": b"\xcf" + bytes(7) + b"\x05",
    "int-8": b"\xd0\x05",
    "int-16": b"\xd1\x00\x05",
    "int-32": b"\xd2\x00\x00\x00\x05",
    "int-64": b"\xd3" + bytes(7) + b"\x05",
    "negative-fixint": b"\xfb",
    "negative-8": b"\xd0\xfb",
    "negative-16": b"\xd1\xff\xfb",
    "negative-32": b"\xd2\xff\xff\xff\xfb",
    "negative-64": b"\xd3" + b"\xff" * 7 + b"\xfb",
    "most": b"\xcf" + b"\xff" * 8,
    "least": b"\xd3\x80" + bytes(7),
}


@requires("PGS-MSG-005")
def test_integers_are_received(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Integers are read in every format, the longest included."""
    receive(client, raw_server, INTEGERS, [5] * 9 + [-5] * 5 + [2**64 - 1, -(2**63)])


@requires("PGS-MSG-005", "PGS-SYN-020")
def test_long_time_order_is_received(client: ClientUnderTest, raw_server: RawServer) -> None:
    """The time order and the game status of an update are read in every integer format."""
    client.open()
    update = b"\x82" + packed("time_order") + INTEGERS["uint-64"]
    update += packed("game_status") + b"\xd2\x00\x00\x00\x01"
    raw_server.send_octets(raw_header(2) + entry(update))
    raw_server.expect_report(5)


@requires("PGS-MSG-012")
def test_keys_are_received(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Maps inside of arguments and attributes may have nil, boolean, number, str and bin keys."""
    client.handle("N")
    client.open()
    keys: dict[Any, Any] = {None: 1, True: 2, 7: 3, -7: 4, 0.5: 5, "s": 6, b"s": 7, "$bin": 8}
    event = Event("N", [keys, {False: [{2: {}}]}], {"inside": {b"": 0}})
    raw_server.send(event, update={"time_order": 1, "inside": keys})
    client.wait_received(event)
    client.wait_state({"inside": keys}, 1, "after an update with such keys")


@pytest.mark.parametrize("nest", [nested_arrays, nested_maps], ids=["arrays", "maps"])
@requires("PGS-MSG-014")
def test_depth_of_32_is_received(client: ClientUnderTest, raw_server: RawServer, nest: Any) -> None:
    """An event and an update of depth 32 are accepted."""
    client.handle("N")
    client.open()
    update = b"\x82" + packed("time_order") + b"\x01" + packed("deep") + nest(31)
    event = raw_event(event_type=N, args=b"\x91" + nest(30))
    raw_server.send_octets(raw_header(2) + entry(update) + entry(event))
    value: Any = [] if nest is nested_arrays else {}
    for _ in range(29):
        value = [value] if nest is nested_arrays else {"k": value}
    client.wait_received(Event("N", [value]))
    deeper = [value] if nest is nested_arrays else {"k": value}
    client.wait_state({"deep": deeper}, 1, "after an update of depth 32")


@pytest.mark.parametrize("size", [200, 576, 1472, 2047, LARGEST])
@requires("PGS-DGM-004")
def test_size_is_received(client: ClientUnderTest, raw_server: RawServer, size: int) -> None:
    """A package of any size up to 2048 octets is accepted."""
    client.handle("N")
    client.open()
    lengths = range(size - 100, size)
    packages = ((length, raw_server.package(Event("N", ["x" * length]))) for length in lengths)
    length, data = next(each for each in packages if len(each[1]) == size)
    raw_server.send_octets(data)
    client.wait_received(Event("N", ["x" * length]))
