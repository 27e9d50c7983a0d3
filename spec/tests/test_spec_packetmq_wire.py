"""The schemas of PacketMQ and its stream: round trips, and the requirement behind every refusal."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import books, requirements
from wirebook.spec.extension import Ext
from wirebook.spec.packetmq import states
from wirebook.spec.packetmq.stream import LENGTH_MOST, split
from wirebook.spec.vectors import same

BOOK = books.get("packetmq")
REQUIREMENTS = requirements.load("packetmq")
INIT = b"\x81\xa7version\x01"
PUBIDS = b"\x82\xa5adapt\xc2\xa5idmap\x81\xa3a:b\x11"

steady = settings(deadline=None, derandomize=True)

numbers = st.integers(16, 65535)
texts = st.text(max_size=8)
keys = (
    st.none()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=8)
)
extensions = st.builds(Ext, st.integers(-128, 127), st.binary(max_size=20))
values = st.recursive(
    keys | st.booleans() | st.floats() | extensions,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
versions = st.fixed_dictionaries({"version": st.integers(-(2**63), 2**64 - 1)})
reasons = st.fixed_dictionaries({"reason": texts})
offers = st.fixed_dictionaries(
    {
        "adapt": st.booleans(),
        "idmap": st.dictionaries(texts, st.integers(0, 65535), max_size=5),
    }
)


def frames_of(
    name: str, ids: st.SearchStrategy[int], payloads: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Return messages of this name with their values."""
    contents = st.fixed_dictionaries({"id": ids, "payload": payloads})
    return st.tuples(st.just(name), st.fixed_dictionaries({"content": contents}))


messages = (
    frames_of("application-packet", numbers, values)
    | frames_of("frame", st.integers(0, 65535), values)
    | frames_of("handshake-init", st.just(0), versions)
    | frames_of("softquit", st.just(1), reasons)
    | frames_of("handshake-pubids", st.just(2), offers)
    | frames_of("handshake-finish", st.just(3), st.none())
)


def frame(number: int, payload: bytes) -> bytes:
    """Return a frame whose payload is given in MessagePack."""
    return struct.pack(">IH", len(payload) + 2, number) + payload


def refusal(message: str, data: bytes) -> str:
    """Return the requirement that `data` is refused for."""
    with pytest.raises(books.Malformed) as caught:
        BOOK.parse(message, data)
    return caught.value.requirement


def unsendable(message: str, number: int, payload: object) -> str:
    """Return the requirement that a packet is not built for."""
    with pytest.raises(books.Unencodable) as caught:
        BOOK.build(message, {"content": {"id": number, "payload": payload}})
    return caught.value.requirement


@steady
@given(messages)
def test_what_is_built_parses_to_the_same_value(message: tuple[str, dict[str, Any]]) -> None:
    """Every value of the schema survives the way through octets."""
    name, value = message
    assert same(BOOK.parse(name, BOOK.build(name, value)), value)


@steady
@given(messages)
def test_dissection_agrees_with_parsing(message: tuple[str, dict[str, Any]]) -> None:
    """The fields of a dissection cover the frame and carry the values that parsing yields."""
    name, value = message
    data = BOOK.build(name, value)
    dissection = BOOK.dissect(name, data)
    assert dissection.error is None
    assert sum(field.length for field in dissection.fields) == len(data)
    found = {field.path: field.value for field in dissection.fields}
    assert found["content:length"] == len(data) - 4
    assert found["content.id"] == value["content"]["id"]


@steady
@given(messages)
def test_a_frame_is_guessed_by_its_id(message: tuple[str, dict[str, Any]]) -> None:
    """The first guess is the message that the id belongs to."""
    name, value = message
    if name != "frame":
        assert BOOK.guess(BOOK.build(name, value))[0] == name


@settings(steady, max_examples=40)
@given(messages)
def test_every_truncation_is_refused(message: tuple[str, dict[str, Any]]) -> None:
    """A frame that is cut off is no frame, and no packet to the stream either."""
    name, value = message
    data = BOOK.build(name, value)
    for size in range(len(data)):
        assert refusal(name, data[:size]) == "PMQ-FRM-001"
        assert split(data[:size]) == ([], data[:size])


@steady
@given(st.sampled_from(list(BOOK.messages)), st.integers(0, 65535), st.binary(max_size=80))
def test_arbitrary_octets_are_read_or_refused_for_a_requirement(
    name: str, number: int, data: bytes
) -> None:
    """No input draws any other exception, and no refusal lacks its requirement."""
    for octets in (data, frame(number, data)):
        error = BOOK.dissect(name, octets).error
        assert error is None or error.requirement in REQUIREMENTS


@steady
@given(st.sampled_from([(0, INIT), (2, PUBIDS), (1, b"\x81\xa6reason\xa1b")]), st.data())
def test_one_changed_octet_is_read_or_refused_for_a_requirement(
    packet: tuple[int, bytes], data: st.DataObject
) -> None:
    """A valid frame with any octet changed is either valid or refused for a requirement."""
    octets = bytearray(frame(*packet))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    for name in BOOK.messages:
        error = BOOK.dissect(name, bytes(octets)).error
        assert error is None or error.requirement in REQUIREMENTS


@steady
@given(messages)
def test_payload_stands_alone_as_it_stands_in_a_frame(message: tuple[str, dict[str, Any]]) -> None:
    """Content and payload are read on their own as they are within a frame."""
    name, value = message
    data = BOOK.build(name, value)
    assert same(BOOK.parse("packet", data[4:]), value["content"])
    assert same(BOOK.parse("payload", data[6:]), value["content"]["payload"])


@steady
@given(st.lists(messages, max_size=5), st.data())
def test_stream_is_cut_into_its_frames_wherever_it_is_read(
    sent: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    """The frames are those that were put into the stream, and nothing is left."""
    frames = [BOOK.build(*message) for message in sent]
    whole = b"".join(frames)
    assert split(whole) == (frames, b"")
    cut = data.draw(st.integers(0, len(whole)))
    first, rest = split(whole[:cut])
    second, left = split(rest + whole[cut:])
    assert (first + second, left) == (frames, b"")


@pytest.mark.parametrize(
    ("length", "requirement"),
    [(0, "PMQ-FRM-006"), (1, "PMQ-FRM-006"), (100_000, "PMQ-FRM-005"), (2**32 - 1, "PMQ-FRM-005")],
)
def test_stream_ends_at_a_bad_length(length: int, requirement: str) -> None:
    """The violation is seen with the fourth octet, and says how far the stream was good."""
    good = frame(17, b"\xc0") + frame(18, b"\x07")
    bad = struct.pack(">I", length)
    assert split(good + bad[:3]) == ([good[:7], good[7:]], bad[:3])
    for more in (b"", good):
        with pytest.raises(books.Malformed) as caught:
            split(good + bad + more)
        assert (caught.value.requirement, caught.value.offset) == (requirement, len(good))


@pytest.mark.parametrize("length", [2, 3, LENGTH_MOST])
def test_stream_knows_only_lengths(length: int) -> None:
    """What is in a frame is not the stream's business."""
    data = struct.pack(">I", length) + bytes(length)
    assert split(data) == ([data], b"")
    assert split(data[:-1]) == ([], data[:-1])


@pytest.mark.parametrize(
    ("message", "data", "requirement"),
    [
        ("frame", b"", "PMQ-FRM-001"),
        ("frame", b"\x00\x00\x00", "PMQ-FRM-001"),
        ("frame", frame(17, b"\xc0") + b"\x00", "PMQ-FRM-001"),
        ("frame", b"\x00\x01\x86\xa0", "PMQ-FRM-005"),
        ("frame", b"\x00\x01\x86\xa0" + bytes(100_000), "PMQ-FRM-005"),
        ("frame", b"\x00\x00\x00\x01", "PMQ-FRM-006"),
        ("frame", b"\x00\x00\x00\x00" + frame(17, b"\xc0"), "PMQ-FRM-006"),
        ("packet", b"\x00", "PMQ-FRM-006"),
        ("packet", bytes(100_000), "PMQ-FRM-005"),
        ("frame", frame(17, b""), "PMQ-MSG-002"),
        ("frame", frame(17, b"\xc0\xc0"), "PMQ-MSG-002"),
        ("frame", frame(17, b"\xc7\x02\x01\x00"), "PMQ-MSG-002"),
        ("frame", frame(17, b"\xc1"), "PMQ-MSG-004"),
        ("frame", frame(17, b"\xa1\xff"), "PMQ-MSG-005"),
        ("frame", frame(17, b"\x82\x01\x01\xc3\x01"), "PMQ-MSG-006"),
        ("frame", frame(17, b"\x81\xd4\x01\x00\x01"), "PMQ-MSG-007"),
        ("frame", frame(17, b"\x91" * 32 + b"\x01"), "PMQ-MSG-009"),
        ("frame", frame(17, b"\x91" * 33), "PMQ-MSG-009"),
        ("handshake-init", frame(4, INIT), "PMQ-PID-002"),
        ("handshake-init", frame(17, INIT), "PMQ-PID-002"),
        ("application-packet", frame(15, b"\xc0"), "PMQ-PID-003"),
        ("handshake-init", frame(0, b"\x80"), "PMQ-INT-003"),
        ("handshake-init", frame(0, INIT[:-1] + b"\xc3"), "PMQ-INT-003"),
        ("handshake-pubids", frame(2, PUBIDS[:-1] + b"\xff"), "PMQ-INT-008"),
        ("handshake-pubids", frame(2, b"\xc0"), "PMQ-INT-008"),
        ("softquit", frame(1, b"\xc1"), "PMQ-MSG-004"),
    ],
)
def test_frame_is_refused_for_the_right_requirement(
    message: str, data: bytes, requirement: str
) -> None:
    """Every rejection that the book names comes with the number that it has there."""
    assert refusal(message, data) == requirement


@pytest.mark.parametrize(
    ("message", "number", "payload", "requirement"),
    [
        ("application-packet", 17, "x" * 99_993, "PMQ-FRM-003"),
        ("application-packet", 15, None, "PMQ-PID-003"),
        ("application-packet", 65536, None, "PMQ-PID-003"),
        ("handshake-init", 1, {"version": 1}, "PMQ-PID-002"),
        ("application-packet", 17, 2**64, "PMQ-MSG-001"),
        ("application-packet", 17, {1, 2}, "PMQ-MSG-001"),
        ("application-packet", 17, Ext(128, b""), "PMQ-MSG-001"),
        ("application-packet", 17, {(1, 2): 3}, "PMQ-MSG-001"),
        ("application-packet", 17, "\ud800", "PMQ-MSG-010"),
        ("application-packet", 17, {Ext(1, b""): 1}, "PMQ-MSG-010"),
        ("handshake-init", 0, {"version": True}, "PMQ-INT-003"),
        ("handshake-init", 0, {b"version": 1}, "PMQ-INT-003"),
        ("handshake-init", 0, {"version": 1, "more": 2}, "PMQ-INT-002"),
        ("softquit", 1, {"reason": b"reason.bye"}, "PMQ-INT-004"),
        ("softquit", 1, None, "PMQ-INT-004"),
        ("handshake-pubids", 2, {"adapt": 1, "idmap": {}}, "PMQ-INT-008"),
        ("handshake-pubids", 2, {"adapt": True, "idmap": {"a": 65536}}, "PMQ-INT-008"),
        ("handshake-finish", 3, {}, "PMQ-INT-009"),
    ],
)
def test_packet_is_not_built_for_the_right_requirement(
    message: str, number: int, payload: object, requirement: str
) -> None:
    """What a sender may not send is refused with the number that the book has for it."""
    assert unsendable(message, number, payload) == requirement


@pytest.mark.parametrize("depth", [32, 33])
def test_depth_counts_the_innermost_value(depth: int) -> None:
    """32 is the limit, of a scalar within 31 arrays as of an empty array within them."""
    for octets, inner in ((b"\x01", 1), (b"\x90", [])):
        data = frame(17, b"\x91" * (depth - 1) + octets)
        value: Any = inner
        for _ in range(depth - 1):
            value = [value]
        if depth == 33:
            assert refusal("application-packet", data) == "PMQ-MSG-009"
            assert unsendable("application-packet", 17, value) == "PMQ-MSG-010"
        else:
            content = {"id": 17, "payload": value}
            assert BOOK.parse("application-packet", data) == {"content": content}
            assert BOOK.build("application-packet", {"content": content}) == data


@pytest.mark.parametrize("room", [99_998, 99_999])
def test_frames_up_to_the_limit_are_read_and_written(room: int) -> None:
    """99 999 octets of content are one frame, neither less nor more."""
    data = frame(17, b"\xdb" + struct.pack(">I", room - 7) + b"x" * (room - 7))
    assert len(data) == room + 4
    assert BOOK.build("application-packet", BOOK.parse("application-packet", data)) == data


def test_times_are_octets_like_any_extension() -> None:
    """Nothing is made of an extension value, whatever others take its number for."""
    payload = b"\x92\xd6\xff\x00\x00\x00\x01\xd4\xff\x00"
    value = BOOK.parse("payload", payload)
    assert value == [Ext(-1, b"\0\0\0\1"), Ext(-1, b"\0")]  # type: ignore[comparison-overlap]


def test_bin_is_text_only_in_internal_packets() -> None:
    """The same octets are a str in `handshake_finish`, and bytes in a packet of the application."""
    payload = b"\x81\xc4\x01a\xc4\x01b"
    read = BOOK.parse("handshake-finish", frame(3, payload))
    kept = BOOK.parse("application-packet", frame(17, payload))
    assert read["content"]["payload"] == {"a": "b"}
    assert kept["content"]["payload"] == {b"a": b"b"}


def test_two_nan_are_two_keys() -> None:
    """NaN equals nothing, itself included."""
    nan = b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"
    assert len(BOOK.parse("payload", b"\x82" + nan + b"\x01" + nan + b"\x02")) == 2


def test_internal_packets_have_the_ids_of_the_tables() -> None:
    """Schemas and tables agree on ids and names."""
    for name, number in states.INTERNAL.items():
        message = name.removeprefix("packetmq:").replace("_", "-")
        (content,) = BOOK.messages[message].subcon.subcons
        assert content.subcon.subcon.id.least == content.subcon.subcon.id.most == number
