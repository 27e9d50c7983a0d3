"""Cases: MessagePack in payloads, as a client sends it and as it has to read it.

What may live here: values and their octets. Frames are in `test_packetmq_client_frames.py`, the
shapes of internal packets in `test_packetmq_client_internal.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from wirebook.conformance.cases import messagepack_octets as octets
from wirebook.conformance.cases.packetmq import inputs
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, made, received
from wirebook.conformance.drivers.packetmq.player import bring_to, join
from wirebook.conformance.drivers.packetmq.verify_client import (
    ITEM,
    about,
    check_sends,
    check_violation,
    control,
)
from wirebook.conformance.marks import requires
from wirebook.spec.extension import Ext
from wirebook.spec.packetmq.states import Reason, State

SENT: Mapping[str, list[Any]] = {
    "nil": [None],
    "booleans": [True, False],
    "integers": [0, 127, 128, -1, -33, 65_536, 2**53 + 1, 2**64 - 1, -(2**63)],
    "floats": [1.5, -0.25, 0.1, 1e300, math.inf, -math.inf, math.nan],
    "bin": [b"", b"\x00\xff", bytes(300)],
    "arrays": [[], [1, [2, [3]]], list(range(20))],
    "maps": [{}, {"a": {"b": None}}, {1: 2, b"k": 3, None: 4}, {"$k": 1}],
    "extensions": [Ext(5, b"\x00\xff"), Ext(-128, b""), [Ext(127, bytes(16))]],
    "nested-texts": [["text", "ä€😀"], {"ключ": "value"}],
    "mixed": [{"x": [1, 2.5, None, True, b"raw", {"y": "z"}]}],
}


@pytest.mark.parametrize("values", list(SENT.values()), ids=list(SENT))
@requires("PMQ-MSG-001")
def test_sends_values(client: SteeredClient, values: list[Any]) -> None:
    """A payload goes out as the one MessagePack value that it is."""
    line = join(client)
    for value in values:
        check_sends(client, line, value)


@requires("PMQ-MSG-001")
def test_sends_texts(client: SteeredClient) -> None:
    """A text that is a payload by itself goes out as a MessagePack value, too."""
    line = join(client)
    for text in ("", "text", "ä€😀", "x" * 300):
        check_sends(client, line, text)


def numbers() -> list[tuple[bytes, Any]]:
    """Return integers in all formats."""
    return [(bytes.fromhex(format_), value) for format_, value in octets.INTEGERS.items()]


def floats() -> list[tuple[bytes, Any]]:
    """Return floats in both formats."""
    singles = [(octets.single(value), value) for value in (1.5, -0.25, math.inf, math.nan)]
    return [*((octets.double(value), value) for value in octets.FLOATS), *singles]


def with_heads(heads: list[str], body: bytes, value: Any) -> list[tuple[bytes, Any]]:
    """Return a value behind each of several heads that all say the same."""
    return [(bytes.fromhex(head) + body, value) for head in heads]


def as_read(data: bytes) -> Any:
    """Return the value of a payload, as the book's schema has it."""
    return frames.read_packet(frames.packet(frames.ITEM, data), 0.0).value


ACCEPTED: Mapping[str, list[tuple[bytes, Any]]] = {
    "nil-and-booleans": [(b"\xc0", None), (b"\xc2", False), (b"\xc3", True)],
    "integers": numbers(),
    "floats": floats(),
    "str": with_heads(["a3", "d9 03", "da 0003", "db 00000003"], b"a\xc3\xa4", "aä"),
    "bin": with_heads(["c4 02", "c5 0002", "c6 00000002"], b"\xff\x00", b"\xff\x00"),
    "arrays": with_heads(["92", "dc 0002", "dd 00000002"], b"\x01\x02", [1, 2]),
    "maps": with_heads(["81", "de 0001", "df 00000001"], b"\xa1k\x01", {"k": 1}),
    "extensions": [
        (data, as_read(data)) for name, data in octets.EXTENSIONS.items() if "stamp" not in name
    ],
    "timestamps": [
        (data, as_read(data)) for name, data in octets.EXTENSIONS.items() if "stamp" in name
    ],
    "keys": [(b"\x81" + frames.packed(key) + b"\x01", {key: 1}) for key in octets.KEYS.values()],
}


@pytest.mark.parametrize("payloads", list(ACCEPTED.values()), ids=list(ACCEPTED))
@requires("PMQ-MSG-003")
def test_every_format(client: SteeredClient, payloads: list[tuple[bytes, Any]]) -> None:
    """Every format of MessagePack is read as the value that it stands for."""
    line = join(client)
    for data, _ in payloads:
        line.send(frames.packet(frames.ITEM, data))
    client.wait_notified(line, made(), *(received(ITEM, value) for _, value in payloads))


@requires("PMQ-MSG-013")
def test_bin_stays_bin(client: SteeredClient) -> None:
    """A bin in an application packet is handed over as it is, key or value, text or not."""
    line = join(client)
    payloads = [b"text", [b"text"], {b"key": b"value"}, {b"k": 1, "k": 2}]
    for payload in payloads:
        line.say(frames.ITEM, payload)
    client.wait_notified(line, made(), *(received(ITEM, payload) for payload in payloads))


@requires("PMQ-MSG-008")
def test_deep(client: SteeredClient) -> None:
    """A value that is up to 32 deep is accepted, arrays or maps, with a scalar at the bottom."""
    line = join(client)
    for payload in inputs.DEEP_ENOUGH.values():
        line.send(frames.packet(frames.ITEM, payload))
    expected = [received(ITEM, as_read(payload)) for payload in inputs.DEEP_ENOUGH.values()]
    client.wait_notified(line, made(), *expected)


def check_malformed(client: SteeredClient, requirement: str) -> None:
    """Check that a client takes its leave from a server for each payload that breaks a rule."""
    for name, payload in inputs.BREACHES[requirement].items():
        with about(client, name):
            line = join(client)
            control(client, line)
            check_violation(client, line, Reason.MALFORMED, frames.packet(frames.ITEM, payload))


@requires("PMQ-MSG-002", "PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004")
def test_not_one_value(client: SteeredClient) -> None:
    """A payload that is not exactly one complete value is malformed."""
    check_malformed(client, "PMQ-MSG-002")


@requires("PMQ-MSG-004", "PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004")
def test_reserved_octet(client: SteeredClient) -> None:
    """The octet that MessagePack has reserved is malformed wherever a value begins."""
    check_malformed(client, "PMQ-MSG-004")


@requires("PMQ-MSG-005", "PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004")
def test_bad_utf8(client: SteeredClient) -> None:
    """A str that is not UTF-8 is malformed."""
    check_malformed(client, "PMQ-MSG-005")


@requires("PMQ-MSG-006", "PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004")
def test_same_key_twice(client: SteeredClient) -> None:
    """A map with the same key twice is malformed."""
    check_malformed(client, "PMQ-MSG-006")


@requires("PMQ-MSG-007", "PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004")
def test_bad_keys(client: SteeredClient) -> None:
    """A map with an array, a map or an extension value for a key is malformed."""
    check_malformed(client, "PMQ-MSG-007")


@requires("PMQ-MSG-009", "PMQ-ERR-003", "PMQ-ERR-001", "PMQ-ERR-002")
def test_too_deep(client: SteeredClient) -> None:
    """A value that is more than 32 deep is malformed, and harms nobody."""
    check_malformed(client, "PMQ-MSG-009")


IN_TURN: Mapping[str, tuple[State, int]] = {
    "init": (State.CONN_MADE, frames.INIT),
    "pubids": (State.IDCHECK, frames.PUBIDS),
    "finish": (State.ACTIVE, frames.FINISH),
}


@pytest.mark.parametrize("turn", list(IN_TURN.values()), ids=list(IN_TURN))
@requires("PMQ-ERR-003", "PMQ-ERR-002", "PMQ-MSG-002")
def test_malformed_internal_packet(client: SteeredClient, turn: tuple[State, int]) -> None:
    """The same is malformed in each packet of the handshake when its turn has come."""
    state, packet_id = turn
    for name, (_, payload) in inputs.CHOSEN.items():
        with about(client, name):
            line = bring_to(client, state)
            check_violation(client, line, Reason.MALFORMED, frames.packet(packet_id, payload))
