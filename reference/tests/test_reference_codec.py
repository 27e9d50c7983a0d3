"""The codec by hand against the schemas: two readings of a page that must agree on every input."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_reference import covers, event
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.errors import (
    LocalProtocolError,
    Malformed,
    PackageTooLarge,
    Unencodable,
)
from wirebook.spec import books
from wirebook.spec.vectors import to_typed

BOOK = books.get("pygase")
MESSAGES = ("client-package", "server-package", "package")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(width=32)
    | st.text(max_size=8)
    | st.binary(max_size=8)
)
keys = (
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=4) | st.binary(max_size=4)
)


def containers(children: Any) -> Any:
    """Arrays and maps of values."""
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=4)


values = st.recursive(scalars, containers, max_leaves=12)
names = st.text(max_size=6)
events = st.fixed_dictionaries(
    {
        "type": names,
        "handler_args": st.lists(values, max_size=3),
        "handler_kwargs": st.dictionaries(names, values, max_size=3),
    }
)
headers = st.fixed_dictionaries(
    {
        "protocol_id": st.just(codec.PROTOCOL_ID),
        "sequence": st.integers(1, 65535),
        "ack": st.integers(0, 65535),
        "ack_bitfield": st.integers(0, 2**32 - 1),
    }
)
updates = st.builds(
    lambda members, time_order, status: {**members, **status, "time_order": time_order},
    st.dictionaries(names, values, max_size=4),
    st.integers(0, 65535),
    st.just({}) | st.integers(0, 1).map(lambda status: {"game_status": status}),
)


@st.composite
def packages(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind of package, and a value of it."""
    message = draw(st.sampled_from(MESSAGES))
    value: dict[str, Any] = {"header": draw(headers), "events": draw(st.lists(events, max_size=3))}
    if message == "client-package":
        value["time_order"] = draw(st.integers(0, 65535))
    elif message == "server-package":
        value["update"] = draw(updates)
    return message, value


MEANINGFUL = bytes([0x80, 0x81, 0x90, 0x91, 0xA0, 0xA1, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC7, 0xCA])
octets = st.sampled_from(MEANINGFUL) | st.integers(0xCA, 0xE0) | st.integers(0, 255)


@st.composite
def broken_packages(draw: st.DrawFn) -> tuple[str, bytes]:
    """A kind of package, and a datagram that was one before it was damaged."""
    message, value = draw(packages())
    datagram = bytearray(codec.build(message, value))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(datagram)))
        match draw(st.sampled_from(["set", "insert", "delete", "cut"])):
            case "set" if at < len(datagram):
                datagram[at] = draw(octets)
            case "insert":
                datagram.insert(at, draw(octets))
            case "delete":
                del datagram[at : at + draw(st.integers(1, 3))]
            case "cut":
                del datagram[at:]
    return message, bytes(datagram)


@st.composite
def broken_entries(draw: st.DrawFn) -> tuple[str, bytes]:
    """A kind of package, and a datagram whose framing is right around octets that may not be."""
    message = draw(st.sampled_from(MESSAGES))
    content = bytes(draw(st.lists(octets, max_size=40)))
    fixed = codec.build_plain_package(1, 0, 0)
    entry = struct.pack(">H", len(content)) + content
    if message == "client-package":
        return message, fixed + b"\0\0" + entry
    return message, fixed + entry


def reading(parse: Any, message: str, data: bytes) -> Any:
    """Return what a parser makes of a datagram: a typed value, or that it refuses it."""
    try:
        return to_typed(parse(message, data))
    except (Malformed, books.Malformed):
        return "refused"


@given(packages())
def test_codec_builds_what_the_schema_reads(package: tuple[str, dict[str, Any]]) -> None:
    """What the codec builds, the schema reads as the same value."""
    message, value = package
    assert to_typed(BOOK.parse(message, codec.build(message, value))) == to_typed(value)


@given(packages())
def test_codec_reads_what_the_schema_builds(package: tuple[str, dict[str, Any]]) -> None:
    """What the schema builds, the codec reads as the same value."""
    message, value = package
    assert to_typed(codec.parse(message, BOOK.build(message, value))) == to_typed(value)


@given(broken_packages())
def test_both_agree_on_damaged_packages(package: tuple[str, bytes]) -> None:
    """Codec and schema read a damaged package alike, or both refuse it."""
    assert reading(codec.parse, *package) == reading(BOOK.parse, *package)


@given(broken_entries())
def test_both_agree_on_broken_contents(package: tuple[str, bytes]) -> None:
    """Codec and schema read whatever octets stand in an entry alike, or both refuse them."""
    assert reading(codec.parse, *package) == reading(BOOK.parse, *package)


@given(st.binary(max_size=40), st.sampled_from(MESSAGES))
def test_both_agree_on_noise(data: bytes, message: str) -> None:
    """Codec and schema read noise alike, or both refuse it."""
    assert reading(codec.parse, message, data) == reading(BOOK.parse, message, data)


@covers("PGS-MSG-001")
@given(st.floats(allow_nan=False))
def test_floats_are_rounded_to_32_bits(number: float) -> None:
    """A float arrives as the nearest one of 32 bits, if there is one."""
    try:
        nearest = struct.unpack(">f", struct.pack(">f", number))[0]
    except OverflowError:
        with pytest.raises(Unencodable):
            codec.pack(number)
        return
    assert codec.unpack(codec.pack(number)) == nearest


@covers("PGS-MSG-002")
@pytest.mark.parametrize("number", [1e39, -1e39, 3.4028235677973366e38])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": {x: 1}}])
def test_finite_floats_beyond_32_bits_are_refused(number: float, wrap: Any) -> None:
    """A finite float that would become infinite on its way is refused, however deep it is."""
    with pytest.raises(Unencodable) as refused:
        codec.pack(wrap(number))
    assert refused.value.requirement == "PGS-MSG-002"


@covers("PGS-MSG-002")
@pytest.mark.parametrize("number", [math.inf, -math.inf, 3.4028234663852886e38])
def test_infinities_and_the_largest_float_are_sent(number: float) -> None:
    """Infinities are not finite, and the largest float of 32 bits does not exceed them."""
    assert codec.unpack(codec.pack(number)) == number


@covers("PGS-MSG-007")
def test_tuples_travel_as_arrays() -> None:
    """An ordered collection becomes an array at every depth."""
    sent = codec.parse_event(event("E", (1, (2,)), k=((), [3])))
    assert sent == ("E", [[1, [2]]], {"k": [[], [3]]})


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), 2**64, -(2**63) - 1, "\ud800", {(1, 2): 3}, [1j]]
)
def test_values_outside_the_profile_are_refused(value: Any) -> None:
    """What MessagePack or the book has no place for is refused, as the caller's mistake."""
    with pytest.raises(Unencodable) as refused:
        codec.pack(value)
    assert isinstance(refused.value, LocalProtocolError)


@covers("PGS-MSG-014", "PGS-MSG-015")
def test_depth_is_limited_both_ways() -> None:
    """Depth 32 is read and written, depth 33 is neither."""
    deep: Any = []
    for _ in range(31):
        deep = [deep]
    assert codec.unpack(codec.pack(deep)) == deep
    with pytest.raises(Unencodable):
        codec.pack([deep])
    with pytest.raises(Malformed):
        codec.unpack(b"\x91" * 32 + b"\x90")


@covers("PGS-DGM-002")
def test_larger_packages_are_not_built() -> None:
    """A package of 2048 octets is built, one of 2049 is not."""
    room = codec.MAX_DATAGRAM - codec.HEADER_SIZE - codec.LENGTH_SIZE
    assert len(codec.build_plain_package(1, 0, 0, [bytes(room)])) == codec.MAX_DATAGRAM
    with pytest.raises(PackageTooLarge):
        codec.build_plain_package(1, 0, 0, [bytes(room + 1)])
    with pytest.raises(PackageTooLarge):
        codec.build_server_package(1, 0, 0, bytes(70_000))


@pytest.mark.parametrize("message", MESSAGES)
def test_errors_name_their_requirement(message: str) -> None:
    """A refusal carries the ID of the requirement, and is an error that callers of old expect."""
    with pytest.raises(Malformed) as refused:
        codec.parse(message, bytes(20))
    assert refused.value.requirement == "PGS-HDR-002"
    assert isinstance(refused.value, ValueError)
    assert "PGS-HDR-002" in str(refused.value)
