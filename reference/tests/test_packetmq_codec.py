"""The codec by hand against the schemas: two readings of a page that must agree on every input."""

import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_reference import covers
from wirebook.reference.packetmq import codec, messages
from wirebook.reference.packetmq.errors import (
    LocalProtocolError,
    Malformed,
    PacketMQError,
    PacketTooLarge,
    RemoteProtocolError,
    Unencodable,
)
from wirebook.spec import books
from wirebook.spec.extension import Ext
from wirebook.spec.packetmq import stream
from wirebook.spec.vectors import to_typed

BOOK = books.get("packetmq")
IDS = {"handshake-init": 0, "softquit": 1, "handshake-pubids": 2, "handshake-finish": 3}
MESSAGES = (*IDS, "application-packet", "frame")

extensions = st.builds(Ext, st.integers(-128, 127) | st.just(-1), st.binary(max_size=17))
keys = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-3, 300)
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.binary(max_size=4)
)
scalars = keys | st.floats() | extensions | st.text(max_size=40)


def containers(children: Any) -> Any:
    """Arrays and maps of values."""
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=4)


values = st.recursive(scalars, containers, max_leaves=12)
names = st.text(max_size=6)
id_maps = st.dictionaries(names, st.integers(0, 65535), max_size=4)
sent_payloads = {
    "handshake-init": st.just({"version": 1}),
    "softquit": st.fixed_dictionaries({"reason": names}),
    "handshake-pubids": st.builds(
        lambda adapt, idmap: {"adapt": adapt, "idmap": idmap}, st.booleans(), id_maps
    ),
    "handshake-finish": st.none(),
    "application-packet": values,
    "frame": values,
}
ids = st.integers(16, 65535) | st.integers(16, 18)


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind of frame, and a value that is sent in it."""
    message = draw(st.sampled_from(MESSAGES))
    packet_id = IDS[message] if message in IDS else draw(ids)
    return message, {"content": {"id": packet_id, "payload": draw(sent_payloads[message])}}


HEADS = bytes([*range(0x80, 0x84), *range(0x90, 0x93), 0xA0, 0xA1, *range(0xC0, 0xE0), 0xFF])
octets = st.sampled_from(HEADS) | st.integers(0, 255)


@st.composite
def broken_frames(draw: st.DrawFn) -> tuple[str, bytes]:
    """A kind of frame, and octets whose length is right around a payload that was damaged."""
    message, value = draw(frames())
    frame = codec.frame(value["content"]["id"], codec.pack(value["content"]["payload"]))
    content = bytearray(frame[codec.LENGTH_SIZE :])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(["set", "insert", "delete", "cut"])):
            case "set" if at < len(content):
                content[at] = draw(octets)
            case "insert":
                content.insert(at, draw(octets))
            case "delete":
                del content[at : at + draw(st.integers(1, 3))]
            case "cut":
                del content[at:]
    return message, struct.pack(">I", len(content)) + bytes(content)


@st.composite
def other_shapes(draw: st.DrawFn) -> tuple[str, bytes]:
    """A kind of internal packet, and a frame with its id and a payload of perhaps another shape."""
    message = draw(st.sampled_from(sorted(IDS)))
    members = st.sampled_from(["version", "reason", "adapt", "idmap", b"version", b"adapt", "x", 1])
    payload = draw(st.dictionaries(members, id_maps | scalars, max_size=4) | values)
    return message, codec.frame(IDS[message], codec.pack(payload))


def reading(parse: Any, message: str, data: bytes) -> Any:
    """Return what a parser makes of a frame: a typed value, or that it refuses it."""
    try:
        return to_typed(parse(message, data))
    except (Malformed, books.Malformed):
        return "refused"


@given(frames())
def test_codec_builds_what_the_schema_reads(frame: tuple[str, dict[str, Any]]) -> None:
    """What this package sends, the schema reads as the same value."""
    message, value = frame
    assert to_typed(BOOK.parse(message, messages.build(message, value))) == to_typed(value)


@given(frames())
def test_codec_reads_what_the_schema_builds(frame: tuple[str, dict[str, Any]]) -> None:
    """What the schema builds, the codec reads as the same value, and would have built alike."""
    message, value = frame
    built = BOOK.build(message, value)
    assert to_typed(messages.parse(message, built)) == to_typed(value)
    assert messages.build(message, value) == built


@settings(max_examples=300)
@given(broken_frames())
def test_both_agree_on_broken_payloads(frame: tuple[str, bytes]) -> None:
    """Codec and schema read a damaged packet alike, or both refuse it."""
    assert reading(messages.parse, *frame) == reading(BOOK.parse, *frame)


@given(other_shapes())
def test_both_agree_on_other_shapes(frame: tuple[str, bytes]) -> None:
    """Codec and schema agree on which values an internal packet can have."""
    assert reading(messages.parse, *frame) == reading(BOOK.parse, *frame)


@given(st.binary(max_size=40), st.sampled_from(MESSAGES))
def test_both_agree_on_noise(data: bytes, message: str) -> None:
    """Codec and schema read noise alike, or both refuse it."""
    assert reading(messages.parse, message, data) == reading(BOOK.parse, message, data)


@settings(max_examples=300)
@given(st.lists(octets, max_size=40).map(bytes))
def test_both_agree_on_payloads(payload: bytes) -> None:
    """Whatever octets stand in a payload, codec and schema read them alike, or both refuse them."""
    frame = codec.frame(17, payload)
    assert reading(messages.parse, "frame", frame) == reading(BOOK.parse, "frame", frame)


@given(values)
def test_what_is_sent_can_be_read(value: Any) -> None:
    """A value of the profile comes back as it was, and no other value is sent."""
    assert to_typed(codec.unpack(codec.pack(value))) == to_typed(value)


pieces = (
    st.builds(codec.frame, st.integers(0, 65535), st.binary(max_size=20))
    | st.just(b"\0\0\0\1x")
    | st.just(b"\0\1\x86\xa0")
    | st.binary(max_size=6)
)


@covers("PMQ-FRM-002")
@given(st.lists(pieces, max_size=8).map(b"".join), st.lists(st.integers(0, 200), max_size=8))
def test_streams_are_cut_alike_however_they_arrive(data: bytes, cuts: list[int]) -> None:
    """Whole, in pieces and octet by octet, a stream is the frames that the book's reading finds."""
    try:
        whole, rest = stream.split(data)
        violated = False
    except books.Malformed as malformed:
        whole, rest = stream.split(data[: malformed.offset])
        violated = True
    expected = [(frame[4:6], frame[6:]) for frame in whole]
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    in_pieces = [data[begin:end] for begin, end in pairwise(edges)]
    for chunks in ([data], in_pieces, [data[at : at + 1] for at in range(len(data))]):
        reader = codec.FrameReader()
        found: list[tuple[bytes, bytes]] = []
        violation = None
        for chunk in chunks:
            packets, violation = reader.feed(chunk)
            found += [(number.to_bytes(2), payload) for number, payload in packets]
            if violation is not None:
                break
        assert found == expected
        assert (violation is not None) == violated
        assert violated or reader.kept == len(rest)


@covers("PMQ-LIM-002")
def test_no_more_than_one_frame_is_kept() -> None:
    """Of the largest frame, one octet at a time, just what has come is kept; then nothing is."""
    frame = codec.frame(17, bytes(codec.MAX_LENGTH - codec.ID_SIZE))
    reader = codec.FrameReader()
    for at in range(len(frame) - 1):
        assert reader.feed(frame[at : at + 1]) == ([], None)
        assert reader.kept == at + 1
    packets, _ = reader.feed(frame[-1:] + frame * 3 + frame[:7])
    assert (len(packets), reader.kept) == (4, 7)


@covers("PMQ-FRM-003")
def test_longer_frames_are_not_built() -> None:
    """A content of 99 999 octets is built, one of 100 000 is the caller's mistake."""
    assert len(codec.frame(16, bytes(99_997))) == 4 + 99_999
    with pytest.raises(PacketTooLarge) as refused:
        codec.frame(16, bytes(99_998))
    assert refused.value.requirement == "PMQ-FRM-003"


def nested(depth: int, innermost: Any) -> Any:
    """Return a value with so many arrays around the innermost one."""
    for _ in range(depth):
        innermost = [innermost]
    return innermost


@covers("PMQ-MSG-010")
@pytest.mark.parametrize(
    "value",
    [
        nested(32, 1),
        nested(32, []),
        nested(600, 1),
        nested(5000, 1),
        nested(70, Ext(-1, b"")),
        {Ext(1, b""): 1},
        {Ext(-1, b""): 1},
        {(1,): 1},
        {"a": {"b": {(): 1}}},
        "\ud800",
        {"\ud800": 1},
        [Ext(-7, b""), "\ud800"],
    ],
)
def test_what_a_receiver_would_refuse_is_not_sent(value: Any) -> None:
    """Depth, keys and texts that are malformed are refused to the caller."""
    with pytest.raises(Unencodable) as refused:
        codec.pack(value)
    assert refused.value.requirement == "PMQ-MSG-010"


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, 1j, 2**64, -(2**63) - 1, Ext(128, b""), Ext(-129, b"")]
)
def test_what_messagepack_lacks_is_refused(value: Any) -> None:
    """There are no octets for such values, at any place."""
    for wrapped in (value, [value], {"k": value}, [Ext(-1, b""), value]):
        with pytest.raises(Unencodable) as refused:
            codec.pack(wrapped)
        assert refused.value.requirement == "PMQ-MSG-001"
        assert isinstance(refused.value, LocalProtocolError)


@covers("PMQ-SEC-002")
@pytest.mark.parametrize("head", ["d4ff00", "d6ff00000000", "c70cff000000000000000000000001"])
def test_extension_values_stay_numbers_and_octets(head: str) -> None:
    """Not even what MessagePack calls a timestamp becomes an object of its own."""
    octets = bytes.fromhex(head)
    for value in (codec.unpack(octets), codec.unpack(b"\x91" + octets)[0]):
        assert type(value) is Ext
        assert codec.pack(codec.unpack(codec.pack(value))) == codec.pack(value)


@covers("PMQ-SEC-002")
@given(st.lists(octets, max_size=60).map(bytes))
def test_payloads_become_plain_values_only(payload: bytes) -> None:
    """Whatever comes, there are seven types of value, and extension values."""
    plain = {type(None), bool, int, float, str, bytes, list, dict, Ext}
    try:
        waiting = [codec.unpack(payload)]
    except Malformed:
        return
    while waiting:
        value = waiting.pop()
        assert type(value) in plain
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value


def test_tuples_travel_as_arrays() -> None:
    """An ordered collection becomes an array at every depth, beside whatever extension."""
    for more in ((), (Ext(-1, b""),)):
        assert codec.unpack(codec.pack((1, (2, {"k": (3,)}), *more)))[:2] == [1, [2, {"k": [3]}]]


def test_errors_say_whose_fault_it_is() -> None:
    """A refusal carries the ID of the requirement, and is an error that callers expect."""
    with pytest.raises(Malformed) as theirs:
        codec.unpack(b"\xc1")
    with pytest.raises(Unencodable) as ours:
        codec.pack(object())
    assert [
        isinstance(theirs.value, kind) for kind in (PacketMQError, RemoteProtocolError, ValueError)
    ] == [True] * 3
    assert [
        isinstance(ours.value, kind) for kind in (PacketMQError, LocalProtocolError, TypeError)
    ] == [True] * 3
    assert "PMQ-MSG-004" in str(theirs.value)
