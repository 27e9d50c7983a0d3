"""What books choose in MessagePack, and shapes that differ for sender and receiver."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import neutral
from wirebook.spec.artefacts.tables import message_table
from wirebook.spec.checks import Breach, Check
from wirebook.spec.dialect import Block, Field, Layout, Message, MessagePack, Uint
from wirebook.spec.dissection import show
from wirebook.spec.extension import Ext
from wirebook.spec.messagepack import STRICT, Profile, Reader, encode
from wirebook.spec.shapes import Any, Bool, Int, Key, Map, Nil, Record, Str
from wirebook.spec.vectors import from_typed, same, to_typed

LOOSE = Profile(extensions=True, single_floats=False)
TEXTS = Profile(bin_as_text=True)
DEEP = Profile(scalars_deep=True)

extensions = st.builds(Ext, st.integers(-128, 127), st.binary(max_size=300))


def failed(data: bytes, profile: Profile) -> Check:
    """Return the check that reading `data` fails."""
    with pytest.raises(Breach) as caught:
        Reader(data, profile).read()
    return caught.value.check


def refused(value: object, profile: Profile) -> Check:
    """Return the check that encoding `value` fails."""
    with pytest.raises(Breach) as caught:
        encode(value, profile)
    return caught.value.check


@settings(deadline=None, derandomize=True)
@given(extensions)
def test_extension_values_come_back(value: Ext) -> None:
    """Number and octets are kept, through MessagePack as through typed JSON."""
    reader = Reader(encode([value], LOOSE), LOOSE)
    assert reader.read() == [value]
    assert sum(run.length for run in reader.runs) == len(reader.data)
    assert from_typed(to_typed(value)) == value
    assert same(value, Ext(value.code, value.data))
    assert not same(value, Ext(value.code, value.data + b"\0"))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("d40500", Ext(5, b"\0")),
        ("c7000a", Ext(10, b"")),
        ("c8000180ff", Ext(-128, b"\xff")),
        ("c9000000017fff", Ext(127, b"\xff")),
        ("d6ff00000001", Ext(-1, b"\0\0\0\1")),
        ("c705ff0000000000", Ext(-1, bytes(5))),
    ],
)
def test_extension_values_are_read_in_every_format(data: str, value: Ext) -> None:
    """Not even those of number -1 become anything else."""
    assert Reader(bytes.fromhex(data), LOOSE).read() == value


@pytest.mark.parametrize("data", ["d4", "d405", "d80500", "c7", "c702", "c70205", "c9ffffffff0500"])
def test_extension_value_cut_off_is_incomplete(data: str) -> None:
    """The head may lack octets, and the octets may be fewer than announced."""
    assert failed(bytes.fromhex(data), LOOSE) is Check.VALUE


def test_extension_value_is_no_key_and_no_value_elsewhere() -> None:
    """A map refuses it as a key; a profile without extensions refuses it at all."""
    assert failed(bytes.fromhex("81d4050001"), LOOSE) is Check.CONTAINER_KEY
    assert failed(bytes.fromhex("d40500"), STRICT) is Check.EXTENSION
    assert refused({Ext(5, b""): 1}, LOOSE) is Check.CONTAINER_KEY
    assert refused(Ext(5, b""), STRICT) is Check.TYPE


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (Ext(128, b""), Check.RANGE),
        (Ext(-129, b""), Check.RANGE),
        (Ext(True, b""), Check.TYPE),
        (Ext(1, "x"), Check.TYPE),  # type: ignore[arg-type]
    ],
)
def test_impossible_extension_values_are_refused(value: Ext, check: Check) -> None:
    """The number has an octet, and the octets are bytes."""
    assert refused([value], LOOSE) is check


def test_extension_value_is_shown_in_short() -> None:
    """A reader of reports sees the number and the octets."""
    assert show(Ext(5, b"\x01\x02")) == "extension 5: 01 02"


def test_floats_keep_64_bits() -> None:
    """What 32 bits cannot hold is sent as it is."""
    assert encode(0.1, LOOSE).hex() == "cb3fb999999999999a"
    assert encode(1e300, LOOSE).hex().startswith("cb")


def test_bin_is_read_as_text_where_it_is_text() -> None:
    """Keys and values alike, on every level; other octets stay a bin, and a str stays checked."""
    data = bytes.fromhex("82 c40161 92 c402c3a9 c401ff c401fe 80")
    assert Reader(data, TEXTS).read() == {"a": ["é", b"\xff"], b"\xfe": {}}
    assert failed(bytes.fromhex("82 a161 01 c40161 02"), TEXTS) is Check.DUPLICATE
    assert failed(bytes.fromhex("a1ff"), TEXTS) is Check.UTF8


@pytest.mark.parametrize(
    ("profile", "inner"), [(DEEP, b"\x90"), (DEEP, b"\x01"), (STRICT, b"\x90")]
)
def test_innermost_value_counts_where_scalars_are_deep(profile: Profile, inner: bytes) -> None:
    """31 arrays are left around it; without that, a scalar adds nothing."""
    assert Reader(b"\x91" * 31 + inner, profile).read()
    assert failed(b"\x91" * 32 + inner, profile) is Check.DEPTH
    assert Reader(b"\x91" * 32 + b"\x01", STRICT).read()


TOLERANT = MessagePack(
    Record((Key("n", Int(), ""),), others=Any(), any_keys=True),
    rules={Check.TYPE: "X-RED-001", Check.MISSING: "X-RED-001"},
    sent=Record((Key("n", Int(), ""),)),
    sent_rules={Check.UNKNOWN: "X-SNT-001"},
)


def test_reader_takes_more_than_a_sender_may_send() -> None:
    """Unknown members, whatever their keys, are read and kept, but not built."""
    value = {"n": 1, 2: 3, None: []}
    assert TOLERANT.parse(encode(value)) == value
    with pytest.raises(Breach) as caught:
        TOLERANT.build({"n": 1, "x": 3})
    assert (caught.value.check, caught.value.requirement) == (Check.UNKNOWN, "X-SNT-001")
    with pytest.raises(Breach) as caught:
        TOLERANT.parse(encode({"n": "1"}))
    assert caught.value.requirement == "X-RED-001"


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (Nil(), [None], [False, 0, ""]),
        (Bool(), [True, False], [0, 1, None, "true"]),
        (Int(), [-(2**63), 0, 2**64 - 1], [True, 1.0, None]),
        (Int(least=0), [0, 2**64 - 1], [-1]),
        (Int(most=0), [0, -5], [1]),
        (Map(Int(0, 9)), [{}, {"a": 9}], [{"a": 10}, {1: 1}, []]),
    ],
)
def test_shapes_take_their_values_only(
    shape: Nil | Bool | Int | Map, good: list[object], bad: list[object]
) -> None:
    """A boolean is not an integer, and nothing is not false."""
    piece = MessagePack(shape, rules={})
    for value in good:
        assert piece.parse(piece.build(value)) == value
    for value in bad:
        with pytest.raises(Breach):
            piece.parse(encode(value))


BLOCK = Block(1, MessagePack(Any(), rules={}), "The length.", least=2, most=4)


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (b"\x01\xc0", Check.UNDERRUN),
        (b"\x00", Check.UNDERRUN),
        (b"\x05", Check.LONG),
        (b"\x05" + bytes(5), Check.LONG),
        (b"\x04\xa3", Check.OVERRUN),
    ],
)
def test_length_outside_of_its_limits_is_told_before_the_octets(data: bytes, check: Check) -> None:
    """Whether the octets are there does not matter then."""
    with pytest.raises(Breach) as caught:
        BLOCK.parse(data)
    assert (caught.value.check, caught.value.offset) == (check, 0)


def test_block_above_its_limit_is_not_built() -> None:
    """Four octets may be sent, five not."""
    assert BLOCK.build("abc") == b"\x04\xa3abc"
    with pytest.raises(Breach) as caught:
        BLOCK.build("abcd")
    assert caught.value.check is Check.TOO_LARGE


def test_message_without_a_limit_leaves_it_to_the_length() -> None:
    """Such a message is as long as its length says; what stands behind it is left over."""
    message = Message("", BLOCK, least=1, most=None, rules={})
    assert message.parse(b"\x02\xa1a") == "a"
    with pytest.raises(Breach) as caught:
        message.parse(b"\x02\xa1a" + bytes(99))
    assert (caught.value.check, caught.value.offset) == (Check.LEFT_OVER, 3)


def test_table_looks_into_blocks_and_maps() -> None:
    """A layout within a block continues the offsets; the members of its map follow it."""
    body = MessagePack(
        Record((Key("s", Str(), "A text.", required=False), Key("m", Map(Int(0, 9)), "A map."))),
        rules={},
    )
    inner = Layout(Field("kind", Uint(1, least=7, most=7), "Seven."), Field("body", body, "All."))
    block = Block(2, inner, "Octets.", least=1, most=9)
    message = Message("", Layout(Field("in", block, "")), least=0, most=None, rules={})
    form = neutral._message(message, neutral._Names({}, ""))
    lines = message_table({**form, "sizes": {}}, str).splitlines()
    assert lines[2:] == [
        "| 0 | 2 | length of `in` | integer, 1 to 9 | Octets. |",
        "| 2 | 1 | `in.kind` | 7 | Seven. |",
        "| 3 | to the end | `in.body` | MessagePack: map | All. |",
        "|  |  | `s` | str, optional | A text. |",
        "|  |  | `m` | map of str to integer, 0 to 9 | A map. |",
    ]
