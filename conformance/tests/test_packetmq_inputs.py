"""What the drivers for PacketMQ put together, and what cases send, against the book's schemas."""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.packetmq import inputs
from wirebook.conformance.cases.packetmq.inputs import FORMATS
from wirebook.conformance.cases.packetmq.state_inputs import INPUTS
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import BOOK, packed
from wirebook.conformance.drivers.values import same
from wirebook.spec import vectors
from wirebook.spec.books import Malformed
from wirebook.spec.extension import Ext
from wirebook.spec.packetmq import states, stream
from wirebook.spec.packetmq.states import Input

BREACHES = {
    f"{requirement}-{name}": (requirement, octets)
    for requirement, payloads in inputs.BREACHES.items()
    for name, octets in payloads.items()
}
INTERNAL = {
    "handshake-init": (frames.INIT, "PMQ-INT-003", inputs.BAD_INITS),
    "handshake-pubids": (frames.PUBIDS, "PMQ-INT-008", inputs.BAD_PUBIDS),
}


@pytest.mark.parametrize(("requirement", "octets"), BREACHES.values(), ids=list(BREACHES))
def test_breaches_break_what_they_are_listed_for(requirement: str, octets: bytes) -> None:
    """What cases want refused is malformed by the book's schema, for the reason they give."""
    with pytest.raises(Malformed) as caught:
        BOOK.parse("application-packet", frames.packet(frames.ECHO, octets))
    assert caught.value.requirement == requirement


@pytest.mark.parametrize("message", INTERNAL)
def test_bad_internal_packets_break_what_they_are_listed_for(message: str) -> None:
    """Each shape that cases want refused is one for the reason they give, and well-formed else."""
    packet_id, requirement, payloads = INTERNAL[message]
    for name, octets in payloads.items():
        BOOK.parse("frame", frames.packet(packet_id, octets))
        with pytest.raises(Malformed) as caught:
            BOOK.parse(message, frames.packet(packet_id, octets))
        assert caught.value.requirement == requirement, name


def test_texts_twice_are_a_key_twice() -> None:
    """A str and a bin of the same octets are malformed in internal packets only."""
    for octets in inputs.SAME_TEXT_TWICE.values():
        BOOK.parse("application-packet", frames.packet(frames.ECHO, octets))
        with pytest.raises(Malformed) as caught:
            BOOK.parse("handshake-init", frames.packet(frames.INIT, octets))
        assert caught.value.requirement == "PMQ-MSG-006"


def test_softquits_without_a_reason_are_well_formed() -> None:
    """What is taken for `reason.unknown` breaks no rule on payloads."""
    for octets in inputs.NO_REASONS.values():
        value = BOOK.parse("softquit", frames.packet(frames.SOFTQUIT, octets))
        payload = value["content"]["payload"]
        assert not (isinstance(payload, dict) and isinstance(payload.get("reason"), str))


@pytest.mark.parametrize("first", [True, False])
def test_further_members_are_well_formed(*, first: bool) -> None:
    """A packet with a member that nobody knows has the members that everybody knows."""
    for member in inputs.MORE_MEMBERS.values():
        octets = inputs.with_member({"version": 1}, member, first=first)
        value = BOOK.parse("handshake-init", frames.packet(frames.INIT, octets))
        assert value["content"]["payload"]["version"] == 1


def test_deep_values_are_just_not_too_deep() -> None:
    """What cases want accepted is well-formed."""
    for octets in inputs.DEEP_ENOUGH.values():
        BOOK.parse("application-packet", frames.packet(frames.ECHO, octets))


@pytest.mark.parametrize("name", FORMATS)
def test_formats_have_the_values_that_they_are_listed_with(name: str) -> None:
    """A value of the cases is what the book's schema reads."""
    octets, value = FORMATS[name]
    data = frames.packet(frames.ECHO, octets)
    read = BOOK.parse("application-packet", data)["content"]["payload"]
    assert same(read, value) or (isinstance(read, Ext) and value is None)
    assert same(frames.read_packet(data, 0.0).value, read)


def test_every_frame_of_a_handshake_is_what_the_schemas_build() -> None:
    """What the drivers put together themselves is what a sender may send."""
    ids = dict(frames.CLIENT_IDS)
    built = {
        "handshake-init": (0, {"version": 1}, frames.init()),
        "softquit": (1, {"reason": "reason.bye"}, frames.softquit()),
        "handshake-pubids": (2, {"adapt": True, "idmap": ids}, frames.pubids()),
        "handshake-finish": (3, None, frames.finish()),
    }
    for message, (packet_id, payload, data) in built.items():
        value: dict[str, Any] = {"content": {"id": packet_id, "payload": payload}}
        assert BOOK.build(message, value) == data
        assert frames.message_of(data) == message


@pytest.mark.parametrize("group", [g for g in vectors.load("packetmq") if g.type == "decode"])
def test_packets_are_read_as_the_vectors_say(group: Any) -> None:
    """However fast packets are read, they have the values of the vectors."""
    for test in group.tests:
        if group.message == "application-packet":
            packet = frames.read_packet(test.data, 0.0)
            expected = test.value["content"]
            assert packet.id == expected["id"], test.id
            assert same(packet.value, expected["payload"]), test.id


@pytest.mark.parametrize(
    "value",
    [
        {1: 2, "k": [b"\xd6\xff", None, 2**64 - 1, -(2**63), 1.5]},
        [Ext(5, b"x"), Ext(-1, bytes(4)), Ext(-1, bytes(3))],
        {b"k": 1, "k": 2},
        "text",
    ],
)
def test_packets_are_read_as_the_schema_reads_them(value: Any) -> None:
    """The fast way and the schema's give the same values."""
    data = BOOK.build("application-packet", {"content": {"id": frames.ECHO, "payload": value}})
    read = BOOK.parse("application-packet", data)["content"]["payload"]
    assert same(frames.read_packet(data, 0.0).value, read)
    assert same(read, value)


@pytest.mark.parametrize("octets", [b"\xc1", b"\xc0\xc0", b"", b"\x82\x01\x01\x01\x02"])
def test_the_fast_way_lets_nothing_bad_pass(octets: bytes) -> None:
    """What the schema refuses is refused."""
    with pytest.raises(Malformed):
        frames.read_packet(frames.packet(frames.ECHO, octets), 0.0)


@pytest.mark.parametrize("length", [3, 4, 5, 257, 258, 259, 260, 261, 262, 65_540, 99_999])
def test_frames_have_the_length_asked_for(length: int) -> None:
    """A frame of a length has that length, and is well-formed."""
    data = frames.frame_of_length(length)
    assert len(data) == 4 + length
    assert stream.split(data) == ([data], b"")
    BOOK.parse("application-packet", data)


def test_extensions_are_packed() -> None:
    """Values of every type can be put together."""
    assert packed([Ext(5, b"x"), b"y", "z"]) == b"\x93\xd4\x05x\xc4\x01y\xa1z"


def test_names_and_ids_are_the_books() -> None:
    """The drivers' own numbers are those of the book."""
    assert dict(frames.INTERNAL) == states.INTERNAL
    assert frames.LENGTH_MOST == stream.LENGTH_MOST
    assert frames.VERSION == states.VERSION


def test_every_input_of_a_peer_has_octets() -> None:
    """No pair of the state table that a peer can bring about is left out."""
    not_octets = {
        *(Input.MADE, Input.TOO_MANY, Input.END, Input.RESET, Input.SEND, Input.LEAVE),
        *(Input.OVERFLOW, Input.DEADLINE, Input.FAREWELL_OVER),
    }
    # To an enforcing side these are peers of its own policy.
    to_adaptive_sides = {Input.PUBIDS_UNUSABLE, Input.PUBIDS_OTHER_NAMES, Input.PUBIDS_EQUAL_NAMES}
    assert set(Input) - not_octets - to_adaptive_sides == set(INPUTS)
