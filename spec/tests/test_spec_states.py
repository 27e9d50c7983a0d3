"""State tables: the type's promises, and those of PyGaSe."""

from enum import Enum
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import books, requirements
from wirebook.spec.pygase.states import (
    CONGESTION,
    CongestionAction,
    CongestionInput,
    Quality,
    congestion_input,
)
from wirebook.spec.states import Illegal, IllegalInput, IncompleteTable, StateTable, Transition


class Lamp(Enum):
    OFF = "off"
    ON = "on"


class Press(Enum):
    UP = "switch: up"
    DOWN = "switch: down"


class Light(Enum):
    NOTHING = "nothing"
    SHINE = "shine"


ROWS: dict[tuple[Lamp, Press], Transition[Lamp, Light] | Illegal] = {
    (Lamp.OFF, Press.UP): Transition(Light.SHINE, Lamp.ON, ("X-LMP-001",)),
    (Lamp.OFF, Press.DOWN): Illegal("it is down"),
    (Lamp.ON, Press.UP): Transition(Light.NOTHING, Lamp.ON),
    (Lamp.ON, Press.DOWN): Transition(Light.NOTHING, Lamp.OFF),
}


def lamp(rows: dict[tuple[Lamp, Press], Transition[Lamp, Light] | Illegal]) -> Any:
    """Return a table with these rows."""
    return StateTable(
        name="lamp", title="Lamp", states=Lamp, inputs=Press, initial=Lamp.OFF, rows=rows
    )


TABLES = [
    pytest.param(book, table, id=f"{book}-{name}")
    for book in books.names()
    for name, table in import_module(f"wirebook.spec.{book}.states").TABLES.items()
]


@pytest.mark.parametrize("pair", ROWS)
def test_table_without_a_row_is_refused(pair: tuple[Lamp, Press]) -> None:
    """A table that says nothing about a pair cannot be made, and the pair is named."""
    rows = {key: row for key, row in ROWS.items() if key != pair}
    with pytest.raises(IncompleteTable, match=f"{pair[0].name} × {pair[1].name}"):
        lamp(rows)


def test_table_with_an_unreachable_state_is_refused() -> None:
    """A state that no input leads to is a mistake."""
    with pytest.raises(IncompleteTable, match="never gets to ON"):
        lamp(ROWS | {(Lamp.OFF, Press.UP): Transition(Light.NOTHING, Lamp.OFF)})


def test_step_returns_the_row() -> None:
    """A machine asks the table for the action and the next state."""
    row = lamp(ROWS).step(Lamp.OFF, Press.UP)
    assert (row.action, row.next_state) == (Light.SHINE, Lamp.ON)


def test_illegal_pair_raises_with_its_reason() -> None:
    """A pair that only a mistake brings about is an error, and listed."""
    table = lamp(ROWS)
    assert table.illegal == ((Lamp.OFF, Press.DOWN),)
    with pytest.raises(IllegalInput, match="it is down"):
        table.step(Lamp.OFF, Press.DOWN)


def test_markdown_has_every_row_with_its_links() -> None:
    """The table for readers is complete, and cites by link."""
    lines = lamp(ROWS).markdown("<{}>".format).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert "| off | switch: up | shine | on | <X-LMP-001> |" in lines
    assert "| off | switch: down | *illegal*: it is down | – |  |" in lines


def test_changes_are_the_rows_that_change_the_state() -> None:
    """Each change has the inputs that bring it about; rows that stay and illegal ones are out."""
    assert lamp(ROWS).changes() == {
        (Lamp.OFF, Lamp.ON): (Press.UP,),
        (Lamp.ON, Lamp.OFF): (Press.DOWN,),
    }


@pytest.mark.parametrize(("book", "table"), TABLES)
def test_tables_cite_requirements_of_their_book(
    book: str, table: StateTable[Any, Any, Any]
) -> None:
    """Every requirement that a table cites exists."""
    assert table.requirements <= requirements.load(book).keys()


@pytest.mark.parametrize(("book", "table"), TABLES)
@settings(deadline=None, derandomize=True)
@given(data=st.data())
def test_any_walk_stays_within_the_table(
    book: str, table: StateTable[Any, Any, Any], data: st.DataObject
) -> None:
    """Every input in every state that can be reached is a transition or the table's own error."""
    state = table.initial
    inputs = st.sampled_from([given_input for _, given_input in table.rows])
    for given_input in data.draw(st.lists(inputs, max_size=20)):
        if (state, given_input) in table.illegal:
            with pytest.raises(IllegalInput):
                table.step(state, given_input)
        else:
            state = table.step(state, given_input).next_state
    assert state in table.states


@pytest.mark.parametrize(
    ("latency", "since_change", "since_milestone", "found"),
    [
        (0.3, 0.5, 9.0, CongestionInput.ABOVE_SOON),
        (0.3, 2.0, 9.0, CongestionInput.ABOVE),
        (0.25, 0.5, 2.1, CongestionInput.AT_DUE),
        (0.25, 0.5, 2.0, CongestionInput.AT),
        (0.2, 0.5, 2.1, CongestionInput.BELOW_DUE),
        (0.2, 0.5, 2.0, CongestionInput.BELOW),
    ],
)
def test_check_of_congestion_finds_one_input(
    latency: float, since_change: float, since_milestone: float, found: CongestionInput
) -> None:
    """The ends of the conditions are those of the book: less than, more than, exactly."""
    assert found is congestion_input(
        latency=latency,
        since_change=since_change,
        since_milestone=since_milestone,
        throttle_time=2.0,
    )


def test_congestion_follows_the_worked_example() -> None:
    """The chapter's example is what the table does."""
    quality, throttle, change, milestone = Quality.GOOD, 1.0, 0.0, 0.0
    actions = []
    for now, latency in ((0.5, 0.3), (1.5, 0.2), (3.5, 0.2), (4.0, 0.2)):
        row = CONGESTION.step(
            quality,
            congestion_input(
                latency=latency,
                since_change=now - change,
                since_milestone=now - milestone,
                throttle_time=throttle,
            ),
        )
        actions.append(row.action)
        if row.action is CongestionAction.SLOW_DOWN_AND_DOUBLE:
            throttle *= 2
        if row.action is CongestionAction.RECOVER:
            milestone = now
        if row.next_state is not quality:
            quality, change = row.next_state, now
    assert actions == [
        CongestionAction.SLOW_DOWN_AND_DOUBLE,
        CongestionAction.RECOVER,
        CongestionAction.NOTHING,
        CongestionAction.SPEED_UP,
    ]
