"""A schema that no book has, in the dialect: its strategies come by themselves."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.fuzz import strategies
from wirebook.fuzz.schemas import Dice
from wirebook.fuzz.schemas.observing import Observer
from wirebook.spec import neutral
from wirebook.spec.checks import Breach
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
from wirebook.spec.dialect_text import Base64, JsonText
from wirebook.spec.messagepack import Profile
from wirebook.spec.shapes import Any as Anything
from wirebook.spec.shapes import Array, Bool, Int, Key, Map, Nil, Nullable, Record, Str

POINT = Record(
    (
        Key("x", Int(-5, 5), "Where."),
        Key("y", Nullable(Int(0, None)), "How high."),
        Key("seen", Bool(), "Whether anybody was there.", required=False),
        Key("path", Array(Array(Int(1, 3))), "The way.", required=False),
        Key("none", Nil(), "Nothing.", required=False),
        Key("tags", Nullable(Map(Nullable(Bool()))), "Names.", required=False),
    ),
)
OPEN = Record(POINT.keys, others=Anything(), others_doc="Whatever.", any_keys=True)

SCHEMAS: dict[str, Message] = {
    "octets": Message(
        "Fields of all sizes.",
        Layout(
            Field("magic", Magic(b"TOY"), "The name."),
            Field("one", Uint(1, least=3, most=200), "An octet."),
            Field("flags", Bits(3), "Bits."),
            Field("key", Base64(10), "Ten octets."),
            Field(
                "name",
                Block(1, MessagePack(Str(), rules={}), "Its length.", least=1, most=40),
                "A name.",
            ),
            Field(
                "rows",
                UntilEof(
                    Block(
                        2,
                        Layout(
                            Field("kind", Uint(2, most=7), "The kind."),
                            Field(
                                "point",
                                MessagePack(
                                    OPEN,
                                    sent=POINT,
                                    rules={},
                                    profile=Profile(extensions=True, bin_as_text=True),
                                ),
                                "The point.",
                            ),
                        ),
                        "Its length.",
                    )
                ),
                "The rows.",
            ),
        ),
        least=20,
        most=700,
        rules={},
    ),
    "text": Message(
        "A text.", JsonText(POINT, rules={}, sent_rules={}), least=2, most=500, rules={}
    ),
    "list": Message(
        "Numbers.", JsonText(Array(Int()), rules={}, sent_rules={}), least=0, most=900, rules={}
    ),
    "numbers": Message(
        "Octets of their own.",
        Layout(Field("all", UntilEof(Uint(1, least=9)), "All.")),
        least=0,
        most=64,
        rules={},
    ),
    "words": Message(
        "A word.",
        Layout(Field("word", Word("go", "stop"), "The word.")),
        least=2,
        most=4,
        rules={},
    ),
}
TOY: dict[str, Any] = {
    "version": neutral.VERSION,
    "book": "toy",
    "title": "Toy",
    "messages": {
        name: neutral._message(message, neutral._Names({}, name))
        for name, message in SCHEMAS.items()
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_new_book_gets_values_and_octets(name: str) -> None:
    """Valid values are built, valid octets read, in 200 draws each."""
    schema = SCHEMAS[name]
    plan = strategies.plan(TOY, name)
    dice = Dice(random.Random(name).randbytes)
    for _ in range(200):
        value = plan.varied(dice)
        assert schema.build(value) == strategies.octets_of(plan.message, value)
    taken = strategies.plan(TOY, name, taken=True)
    for _ in range(200):
        schema.parse(taken.octets(dice, varied=True))


@pytest.mark.parametrize("name", SCHEMAS)
def test_new_book_gets_faults(name: str) -> None:
    """Each fault of each part is made, and those that are certain are refused."""
    plan = strategies.plan(TOY, name)
    dice = Dice(random.Random(name).randbytes)
    for fault in (fault for faults in plan.faults.values() for fault in faults):
        for _ in range(8):
            faulty = plan.faulty(fault, dice)
            try:
                SCHEMAS[name].parse(faulty.octets)
            except Breach:
                continue
            assert not faulty.certain, faulty


def test_faults_of_values_spoil_them() -> None:
    """Where a receiver takes just what a sender sends, each fault that depends is one somewhere."""
    plan = strategies.plan(TOY, "text")
    dice = Dice(random.Random(1).randbytes)
    judged = [fault for faults in plan.faults.values() for fault in faults if fault.certain is None]
    certain = {fault.name for fault in judged for _ in range(4) if plan.faulty(fault, dice).certain}
    assert certain == {fault.name for fault in judged}
    assert {"type", "missing-member", "unknown-member", "below-least"} <= certain


@pytest.mark.parametrize("name", SCHEMAS)
def test_new_book_reaches_its_extremes(name: str) -> None:
    """Each part takes each of its extremes in 1000 values."""
    plan = strategies.plan(TOY, name)
    observer = Observer(plan)
    dice = Dice(random.Random(name).randbytes)
    found = {extreme for _ in range(1000) for extreme in observer.extremes(plan.varied(dice))}
    assert plan.extremes() - found == set()


@settings(max_examples=30, database=None, deadline=None)
@given(st.data())
def test_new_book_has_strategies(data: st.DataObject) -> None:
    """The strategies take the neutral form where they take the name of a book."""
    name, octets = data.draw(strategies.messages(TOY))
    SCHEMAS[name].parse(octets)
    assert isinstance(data.draw(strategies.near_valid_octets(TOY, name)), bytes)


def test_form_of_another_version_is_refused() -> None:
    """A form that is not understood is not guessed at."""
    with pytest.raises(ValueError, match="version"):
        strategies.values({**TOY, "version": 0}, "text")


def test_shape_without_strategies_is_refused() -> None:
    """A new piece or shape of the dialect cannot be forgotten here in silence."""
    form = {**TOY["messages"]["list"], "value": {"type": "date"}}
    with pytest.raises(ValueError, match="date"):
        strategies.values({**TOY, "messages": {"list": form}}, "list")
    form = {**TOY["messages"]["list"], "type": "padding"}
    with pytest.raises(ValueError, match="padding"):
        strategies.values({**TOY, "messages": {"list": form}}, "list")
