"""The pieces of the dialect, each on its own."""

from typing import Any

import pytest

from wirebook.spec.checks import Breach, Check
from wirebook.spec.dialect import (
    Bits,
    Block,
    Field,
    Layout,
    Magic,
    Message,
    MessagePack,
    Uint,
    UntilEof,
    Word,
)
from wirebook.spec.shapes import Any as AnyValue
from wirebook.spec.shapes import Array, Int, Key, Map, Record, Str

BYTES = MessagePack(AnyValue(), rules={})


def breach_of(piece: Any, data: bytes) -> Breach:
    """Return the breach that parsing `data` raises."""
    with pytest.raises(Breach) as caught:
        piece.parse(data)
    return caught.value


def breach_of_building(piece: Any, value: object) -> Breach:
    """Return the breach that building from `value` raises."""
    with pytest.raises(Breach) as caught:
        piece.build(value)
    return caught.value


def test_uint_is_big_endian() -> None:
    """The most significant octet comes first, in both directions."""
    assert Uint(2).parse(b"\x01\x02") == 258
    assert Uint(2).build(258) == b"\x01\x02"


@pytest.mark.parametrize("size", range(4))
def test_truncated_uint_is_short(size: int) -> None:
    """An integer cut off anywhere is a breach at the end of the input."""
    breach = breach_of(Uint(4), bytes(size))
    assert (breach.check, breach.offset) == (Check.SHORT, size)


@pytest.mark.parametrize("value", [4, 11])
def test_uint_outside_its_range_is_refused_both_ways(value: int) -> None:
    """A value just outside of the range is neither read nor written."""
    piece = Uint(1, least=5, most=10)
    assert breach_of(piece, bytes([value])).check is Check.RANGE
    assert breach_of_building(piece, value).check is Check.RANGE


@pytest.mark.parametrize("value", [5, 10])
def test_uint_at_the_ends_of_its_range_is_taken(value: int) -> None:
    """Both ends belong to the range."""
    piece = Uint(1, least=5, most=10)
    assert piece.parse(piece.build(value)) == value


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, 65536])
def test_uint_is_built_from_integers_only(value: object) -> None:
    """A boolean, a float, a text, nothing and a number too large are refused."""
    assert breach_of_building(Uint(2), value).check in {Check.TYPE, Check.RANGE}


def test_bits_are_shown_one_by_one() -> None:
    """The short form of a bit field has the most significant bit first."""
    assert Bits(1).show(0b00111000) == "00111000"


def test_magic_refuses_other_octets() -> None:
    """Fixed octets have to be there, neither others nor fewer."""
    assert breach_of(Magic(b"ab"), b"ac").check is Check.CONSTANT
    assert breach_of(Magic(b"ab"), b"a").check is Check.SHORT


def test_magic_may_be_left_out_of_a_value() -> None:
    """A value to build from need not repeat the fixed octets, but must not change them."""
    assert Magic(b"ab").build(None) == b"ab"
    assert breach_of_building(Magic(b"ab"), b"ac").check is Check.CONSTANT


@pytest.mark.parametrize("data", [b"", b"sto", b"stop\n", b"STOP", b"\xff"])
def test_word_takes_its_words_and_nothing_else(data: bytes) -> None:
    """A word is compared octet by octet, to the end of the input."""
    assert Word("stop", "go").parse(b"stop") == "stop"
    assert breach_of(Word("stop", "go"), data).check is Check.CONSTANT


def test_layout_value_is_a_plain_dict() -> None:
    """Nothing of construct shows in a parsed value."""
    layout = Layout(Field("a", Uint(1), ""), Field("b", Uint(1), ""))
    value = layout.parse(b"\x01\x02")
    assert type(value) is dict
    assert value == {"a": 1, "b": 2}


def test_layout_refuses_missing_and_unknown_keys() -> None:
    """A value to build from has exactly the fields of the layout."""
    layout = Layout(Field("a", Uint(1), ""))
    assert breach_of_building(layout, {}).check is Check.MISSING
    assert breach_of_building(layout, {"a": 1, "b": 2}).check is Check.UNKNOWN
    assert breach_of_building(layout, [1]).check is Check.TYPE


def test_innermost_rule_names_the_requirement() -> None:
    """A field's own rule wins over that of the layout around it."""
    inner = Layout(Field("a", Uint(1), "", {Check.SHORT: "X-INN-001"}), rules={})
    layout = Layout(Field("in", inner, ""), rules={Check.SHORT: "X-OUT-001"})
    assert breach_of(layout, b"").requirement == "X-INN-001"


def test_outer_rule_serves_fields_without_one() -> None:
    """What no field has a rule for gets the requirement of the layout."""
    layout = Layout(Field("a", Uint(1), ""), rules={Check.SHORT: "X-OUT-001"})
    assert breach_of(layout, b"").requirement == "X-OUT-001"


def test_block_overrun_is_told_from_a_short_length() -> None:
    """A length past the end is one breach, a length cut off another."""
    block = Block(2, BYTES, "")
    assert breach_of(block, b"\x00\x02\x01").check is Check.OVERRUN
    assert breach_of(block, b"\x00").check is Check.SHORT


def test_block_hands_exactly_its_octets_to_the_piece() -> None:
    """A piece that takes all there is takes the block and no more."""
    layout = Layout(Field("block", Block(1, BYTES, ""), ""), Field("after", Uint(1), ""))
    assert layout.parse(b"\x02\x91\x05\x07") == {"block": [5], "after": 7}


def test_block_too_long_for_its_length_is_refused() -> None:
    """What does not fit into the length field is not built."""
    assert breach_of_building(Block(1, BYTES, ""), bytes(300)).check is Check.RANGE


@pytest.mark.parametrize("size", [1, 3, 5])
def test_until_eof_does_not_drop_a_truncated_tail(size: int) -> None:
    """A repetition that ends inside an item is a breach, not a shorter list."""
    assert UntilEof(Uint(2)).parse(bytes(6)) == [0, 0, 0]
    assert breach_of(UntilEof(Uint(2)), bytes(size)).check is Check.SHORT


def test_until_eof_builds_lists_only() -> None:
    """A tuple is refused like any other type."""
    assert breach_of_building(UntilEof(Uint(1)), (1, 2)).check is Check.TYPE


def test_message_keeps_to_its_size() -> None:
    """One octet below or above the size of a message is a breach, whatever is in it."""
    message = Message("", UntilEof(Uint(1)), least=2, most=3, rules={})
    assert breach_of(message, bytes(1)).check is Check.SHORT
    assert breach_of(message, bytes(4)).check is Check.LONG
    assert breach_of_building(message, [0] * 4).check is Check.TOO_LARGE
    assert message.parse(bytes(3)) == [0, 0, 0]


def test_message_takes_the_whole_input() -> None:
    """Octets that no piece has read are a breach where they begin."""
    breach = breach_of(Message("", Uint(1), least=0, most=9, rules={}), b"\x00\x01")
    assert (breach.check, breach.offset) == (Check.LEFT_OVER, 1)


RECORD = MessagePack(
    Record(
        (
            Key("n", Int(0, 9), "", rules={Check.RANGE: "X-KEY-001"}),
            Key("s", Str(), "", required=False),
            Key("a", Array(Int(0, 1)), "", required=False),
            Key("m", Map(Str()), "", required=False),
        )
    ),
    rules={Check.RANGE: "X-REC-001", Check.TYPE: "X-REC-002"},
)


@pytest.mark.parametrize(
    ("value", "check"),
    [
        ([], Check.TYPE),
        ({}, Check.MISSING),
        ({"n": 1, "x": 2}, Check.UNKNOWN),
        ({"n": 1, 2: 2}, Check.TYPE),
        ({"n": 10}, Check.RANGE),
        ({"n": True}, Check.TYPE),
        ({"n": 1.0}, Check.TYPE),
        ({"n": 1, "s": b"x"}, Check.TYPE),
        ({"n": 1, "a": {}}, Check.TYPE),
        ({"n": 1, "a": [2]}, Check.RANGE),
        ({"n": 1, "m": []}, Check.TYPE),
        ({"n": 1, "m": {1: "x"}}, Check.TYPE),
        ({"n": 1, "m": {"x": None}}, Check.TYPE),
    ],
)
def test_record_refuses_other_shapes_both_ways(value: object, check: Check) -> None:
    """What a record does not describe is neither read nor written."""
    assert breach_of(RECORD, BYTES.build(value)).check is check
    assert breach_of_building(RECORD, value).check is check


def test_record_takes_optional_keys_or_not() -> None:
    """Optional keys may be there, in any order."""
    for value in ({"n": 1}, {"m": {"x": "y"}, "a": [0, 1], "s": "", "n": 9}):
        assert RECORD.parse(RECORD.build(value)) == value


def test_key_rule_wins_over_record_rule() -> None:
    """The requirement of a key is named before that of the value around it."""
    assert breach_of(RECORD, BYTES.build({"n": 10})).requirement == "X-KEY-001"
    assert breach_of(RECORD, BYTES.build({"n": 1, "a": [2]})).requirement == "X-REC-001"


def test_breach_in_a_value_has_its_offset() -> None:
    """The offset of a breach in a body is that of the offending value, or of its key."""
    assert breach_of(RECORD, b"\x82\xa1n\x01\xa1s\x05").offset == 6
    assert breach_of(RECORD, b"\x82\xa1n\x01\xa1x\x05").offset == 4


def test_breach_while_building_says_where() -> None:
    """A value that cannot be built is named by its path."""
    layout = Layout(Field("body", RECORD, ""))
    assert breach_of_building(layout, {"body": {"n": 1, "a": [0, 7]}}).where == "body.a[1]"
