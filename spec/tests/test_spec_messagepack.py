"""MessagePack as the books restrict it, beside the msgpack library without restrictions."""

import math
import struct

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec.checks import Breach, Check
from wirebook.spec.messagepack import DEPTH_LIMIT, Part, Reader, encode
from wirebook.spec.vectors import same

steady = settings(deadline=None, derandomize=True)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(width=32)
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(-9, 300), inner, max_size=4)
    ),
    max_leaves=12,
)


def check_of(data: bytes) -> Check:
    """Return the check that reading `data` fails."""
    with pytest.raises(Breach) as caught:
        Reader(data).read()
    return caught.value.check


@steady
@given(values)
def test_reader_agrees_with_the_library(value: object) -> None:
    """What the library writes and the profile allows is read as what it was."""
    assert same(Reader(msgpack.packb(value)).read(), value)


@steady
@given(values)
def test_encoding_comes_back(value: object) -> None:
    """A value of 32-bit floats survives encoding unchanged, and the library reads the same."""
    data = encode(value)
    assert same(Reader(data).read(), value)
    assert same(msgpack.unpackb(data, strict_map_key=False), value)


@steady
@given(values)
def test_runs_cover_a_value_without_gaps(value: object) -> None:
    """Every octet of a value belongs to exactly one run."""
    data = encode(value)
    reader = Reader(data)
    reader.read()
    end = 0
    for run in reader.runs:
        assert run.offset == end
        end += run.length
    assert end == len(data)


@steady
@given(values)
def test_every_truncation_is_incomplete(value: object) -> None:
    """A value that lacks octets at its end is refused at every length."""
    data = encode(value)
    for size in range(len(data)):
        assert check_of(data[:size]) is Check.VALUE


@steady
@given(st.binary(max_size=60))
def test_arbitrary_octets_are_read_or_refused(data: bytes) -> None:
    """No input draws any other exception, and what is read says the same to the library."""
    try:
        value = Reader(data).read()
    except Breach:
        return
    assert same(msgpack.unpackb(data, strict_map_key=False), value)


def test_octets_left_over_are_refused() -> None:
    """One value is one value."""
    assert check_of(b"\x01\x02") is Check.VALUE


@pytest.mark.parametrize(
    "data",
    [
        b"\xd4\x01\x00",
        b"\xd5\x01" + bytes(2),
        b"\xd6\xff" + bytes(4),
        b"\xd7\xff" + bytes(8),
        b"\xd8\x01" + bytes(16),
        b"\xc7\x01\x01\x00",
        b"\xc7\x0c\xff" + bytes(12),
        b"\xc8\x00\x01\x01\x00",
        b"\xc9\x00\x00\x00\x01\x01\x00",
    ],
    ids=lambda data: data[:2].hex(),
)
def test_extension_types_are_refused(data: bytes) -> None:
    """Every format of extension is refused, timestamps among them, alone or as a key."""
    assert check_of(data) is Check.EXTENSION
    assert check_of(b"\x81" + data + b"\x00") is Check.EXTENSION


def test_reserved_octet_is_refused() -> None:
    """The octet c1 begins no value."""
    assert check_of(b"\xc1") is Check.RESERVED
    assert check_of(b"\x91\xc1") is Check.RESERVED


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_invalid_utf8_is_refused(text: bytes) -> None:
    """Stray octets, cut-off characters, surrogates and overlong forms are no str."""
    data = bytes([0xA0 + len(text)]) + text
    assert check_of(data) is Check.UTF8
    assert check_of(b"\x81" + data + b"\x00") is Check.UTF8


@pytest.mark.parametrize(
    "keys",
    [
        (b"\xa1a", b"\xa1a"),
        (b"\xa1a", b"\xd9\x01a"),
        (b"\x01", b"\xcc\x01"),
        (b"\x01", b"\xc3"),
        (b"\x01", b"\xca\x3f\x80\x00\x00"),
        (b"\x00", b"\xc2"),
        (b"\xc0", b"\xc0"),
        (b"\xc4\x01a", b"\xc4\x01a"),
    ],
    ids=lambda keys: b"|".join(keys).hex(),
)
def test_same_key_twice_is_refused(keys: tuple[bytes, bytes]) -> None:
    """Keys are the same if they are equal as values, whatever their formats."""
    assert check_of(b"\x82" + keys[0] + b"\x00" + keys[1] + b"\x00") is Check.DUPLICATE


def test_str_and_bin_are_different_keys() -> None:
    """The str `a` and the bin `61` are two keys."""
    assert Reader(b"\x82\xa1a\x01\xc4\x01a\x02").read() == {"a": 1, b"a": 2}


@pytest.mark.parametrize("key", [b"\x90", b"\x80", b"\x91\x01", b"\xdc\x00\x00", b"\xde\x00\x00"])
def test_containers_are_no_keys(key: bytes) -> None:
    """An array or a map as a key is refused, even an empty one."""
    assert check_of(b"\x81" + key + b"\x00") is Check.CONTAINER_KEY


@pytest.mark.parametrize("head", [b"\x91", b"\x81\x01"], ids=["arrays", "maps"])
def test_depth_ends_at_the_limit(head: bytes) -> None:
    """Containers may be nested to the limit and not beyond."""
    inside = Reader(head * DEPTH_LIMIT + b"\xc0")
    inside.read()
    assert check_of(head * (DEPTH_LIMIT + 1) + b"\xc0") is Check.DEPTH


def test_very_deep_nesting_is_refused_at_once() -> None:
    """A thousand containers take neither time nor stack."""
    assert check_of(b"\x91" * 2000) is Check.DEPTH


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
    ids=["array", "map", "str", "bin"],
)
def test_huge_announcements_are_incomplete(data: bytes) -> None:
    """A count or length of four billion without the octets is an incomplete value."""
    assert check_of(data) is Check.VALUE


@pytest.mark.parametrize(
    "data",
    [
        b"\x05",
        b"\xcc\x05",
        b"\xcd\x00\x05",
        b"\xce" + bytes(3) + b"\x05",
        b"\xcf" + bytes(7) + b"\x05",
        b"\xd0\x05",
        b"\xd1\x00\x05",
        b"\xd2" + bytes(3) + b"\x05",
        b"\xd3" + bytes(7) + b"\x05",
    ],
    ids=lambda data: data[:1].hex(),
)
def test_integers_are_read_in_every_format(data: bytes) -> None:
    """Five is five in all nine formats."""
    assert same(Reader(data).read(), 5)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 0.1, -0.0])
def test_floats_are_read_in_both_widths(number: float) -> None:
    """A receiver takes floats of 32 and of 64 bits, infinities and NaN among them."""
    assert same(Reader(b"\xcb" + struct.pack(">d", number)).read(), number)
    (narrow,) = struct.unpack(">f", struct.pack(">f", number))
    assert same(Reader(b"\xca" + struct.pack(">f", number)).read(), narrow)


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        (0.1, "ca3dcccccd"),
        (1 + 2**-24, "ca3f800000"),
        (1 + 3 * 2**-24, "ca3f800002"),
        (2.0**-149, "ca00000001"),
        (2.0**-150, "ca00000000"),
        (-0.0, "ca80000000"),
        (math.inf, "ca7f800000"),
    ],
)
def test_floats_are_sent_in_32_bits_rounded_to_even(number: float, octets: str) -> None:
    """A float is rounded to the nearest 32-bit value, and a tie to the even one."""
    assert encode(number).hex() == octets


def test_floats_beyond_32_bits_are_refused() -> None:
    """The largest 32-bit float can be sent, what would round to infinity cannot."""
    largest = (2 - 2**-23) * 2.0**127
    assert encode(largest).hex() == "ca7f7fffff"
    assert encode(largest + 2.0**102).hex() == "ca7f7fffff"
    for number in (largest + 2.0**103, -1e300):
        with pytest.raises(Breach) as caught:
            encode([number])
        assert caught.value.check is Check.FLOAT


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (2**64, Check.RANGE),
        (-(2**63) - 1, Check.RANGE),
        ("\ud800", Check.UTF8),
        ((1, 2), Check.TYPE),
        ({1, 2}, Check.TYPE),
        (bytearray(b"x"), Check.TYPE),
        (1j, Check.TYPE),
        ({(1,): 2}, Check.TYPE),
        ({0.1: 1, 0.1 + 2**-50: 2}, Check.DUPLICATE),
    ],
    ids=repr,
)
def test_values_without_encoding_are_refused(value: object, check: Check) -> None:
    """What MessagePack, or the profile, has no octets for is refused."""
    with pytest.raises(Breach) as caught:
        encode(value)
    assert caught.value.check is check


def test_too_deep_a_value_is_refused() -> None:
    """A sender does not build what a receiver has to discard."""
    value: object = None
    for _ in range(DEPTH_LIMIT):
        value = [value]
    encode(value)
    with pytest.raises(Breach) as caught:
        encode([value])
    assert caught.value.check is Check.DEPTH


def test_runs_tell_keys_heads_and_values() -> None:
    """Each run says what it is and where in the value it belongs."""
    reader = Reader(b"\x81\xa1a\x92\x01\xc0")
    reader.read()
    assert [(run.offset, run.part, run.keys) for run in reader.runs] == [
        (0, Part.HEAD, ()),
        (1, Part.KEY, ("a",)),
        (3, Part.HEAD, ("a",)),
        (4, Part.VALUE, ("a", 0)),
        (5, Part.VALUE, ("a", 1)),
    ]
