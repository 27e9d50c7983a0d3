"""Figures of state tables: complete, self-contained, well-formed, and nothing on top of another."""

import re
from enum import Enum
from importlib import import_module
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from wirebook.spec import books, requirements
from wirebook.spec.artefacts import figures
from wirebook.spec.states import StateTable, Transition

Table = StateTable[Any, Any, Any]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

LETTER = 7.4
"""Pixels: a width of letters that a wide font has."""
SVG = "{http://www.w3.org/2000/svg}"


class Gate(Enum):
    OPEN = "<open> & wide"
    SHUT = "shut"
    LOCKED = "locked, and the key is with the warden"


class Turn(Enum):
    PUSH = 'someone "pushes" & says <please>'
    LOCK = "a key is turned that fits the lock of this gate, twice"


class Deed(Enum):
    NOTHING = "nothing"


GATE: Table = StateTable(
    name="gate",
    title="Gate & <lock>",
    states=Gate,
    inputs=Turn,
    initial=Gate.SHUT,
    rows={
        (Gate.OPEN, Turn.PUSH): Transition(Deed.NOTHING, Gate.SHUT),
        (Gate.OPEN, Turn.LOCK): Transition(Deed.NOTHING, Gate.LOCKED),
        (Gate.SHUT, Turn.PUSH): Transition(Deed.NOTHING, Gate.OPEN),
        (Gate.SHUT, Turn.LOCK): Transition(Deed.NOTHING, Gate.LOCKED),
        (Gate.LOCKED, Turn.PUSH): Transition(Deed.NOTHING, Gate.LOCKED),
        (Gate.LOCKED, Turn.LOCK): Transition(Deed.NOTHING, Gate.OPEN),
    },
)
"""Begins in the middle, has long names, and characters that mean something in XML."""

TABLES = [
    pytest.param(table, id=f"{book}-{name}")
    for book in books.names()
    for name, table in import_module(f"wirebook.spec.{book}.states").TABLES.items()
] + [pytest.param(GATE, id="gate")]


def drawn(table: Table) -> ElementTree.Element:
    """Return the figure of a table, parsed."""
    return ElementTree.fromstring(figures.svg(table))  # noqa: S314 - ours


def words(text: ElementTree.Element) -> str:
    """Return what a text says, without its bullet."""
    lines = [str(line.text).strip("•\N{NO-BREAK SPACE} ") for line in text]
    return " ".join(lines)


def text_boxes(root: ElementTree.Element, kind: str) -> list[Box]:
    """Return the box of each line of text of one kind."""
    return [
        (x, y - 11, x + len(str(line.text)) * LETTER, y + 4)
        for line in root.iterfind(f".//{SVG}text[@class='{kind}']/{SVG}tspan")
        for x, y in [(float(line.attrib["x"]), float(line.attrib["y"]))]
    ]


def state_boxes(root: ElementTree.Element) -> list[Box]:
    """Return the boxes of the states."""
    return [
        (x, y, x + width, y + height)
        for box in root.iterfind(f".//{SVG}rect")
        for x, y, width, height in [[float(box.attrib[a]) for a in ("x", "y", "width", "height")]]
    ]


def line_boxes(root: ElementTree.Element) -> list[Box]:
    """Return the straight parts of the arrows, as boxes without room, turns included."""
    shape = re.compile(r"M(\S+) (\S+)H(\S+)q(\S+) 0 \S+ (\S+)V(\S+)q\S+ \S+ \S+ \S+H(\S+)")
    found = []
    for path in root.iterfind(f".//{SVG}g[@data-from]/{SVG}path"):
        matched = shape.fullmatch(path.attrib["d"])
        assert matched
        edge, low, turn, out, down, stop, end = map(float, matched.groups())
        lane, high = turn + out, stop + down
        for x1, y1, x2, y2 in (
            (edge, low, lane, low),
            (lane, low, lane, high),
            (lane, high, end, high),
        ):
            found.append((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    return found


def meet(one: Box, other: Box) -> bool:
    """Say whether two boxes have a point within both."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("table", TABLES)
def test_figure_has_every_state(table: Table) -> None:
    """There is one box for each state, with its name."""
    groups = drawn(table).iterfind(f".//{SVG}g[@data-state]")
    names = {group.attrib["data-state"]: words(group[1]) for group in groups}
    assert names == {state.name: state.value for state in table.states}


@pytest.mark.parametrize("table", TABLES)
def test_figure_has_every_row_that_changes_the_state(table: Table) -> None:
    """Each such row is an input beside an arrow from its state to its next, and no other."""
    found = {
        (group.attrib["data-from"], words(text), group.attrib["data-to"])
        for group in drawn(table).iterfind(f".//{SVG}g[@data-from]")
        for text in group.iterfind(f"{SVG}text")
    }
    assert found == {
        (state.name, given.value, row.next_state.name)
        for (state, given), row in table.rows.items()
        if isinstance(row, Transition) and row.next_state is not state
    }


@pytest.mark.parametrize("table", TABLES)
def test_nothing_stands_on_a_text(table: Table) -> None:
    """Labels keep clear of each other, of the boxes and of every line, and within the figure."""
    root = drawn(table)
    labels, states = text_boxes(root, "label"), state_boxes(root)
    assert not [pair for pair in combinations(labels + states, 2) if meet(*pair)]
    assert not [(text, line) for text in labels for line in line_boxes(root) if meet(text, line)]
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for left, top, right, bottom in labels + states + line_boxes(root):
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height


@pytest.mark.parametrize("table", TABLES)
def test_lines_of_different_changes_share_at_most_the_lane_to_one_state(table: Table) -> None:
    """Arrows that run along each other lead to the same state."""
    root = drawn(table)
    targets = [group.attrib["data-to"] for group in root.iterfind(f".//{SVG}g[@data-from]")]
    lanes = list(zip(targets, line_boxes(root)[1::3], strict=True))
    for (one, first), (other, second) in combinations(lanes, 2):
        apart = first[0] != second[0] or first[3] < second[1] or second[3] < first[1]
        assert apart or one == other


@pytest.mark.parametrize("table", TABLES)
def test_figure_tells_all_in_words(table: Table) -> None:
    """A screen reader gets a title, and a description with every input that changes the state."""
    root = drawn(table)
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == table.title
    told = str(root.findtext(f"{SVG}desc"))
    for (old, new), inputs in table.changes().items():
        assert f"From {old.value} to {new.value}: {'; '.join(i.value for i in inputs)}." in told


@pytest.mark.parametrize("table", TABLES)
def test_figure_needs_nothing_but_itself(table: Table) -> None:
    """No script, and no address but that which names the format."""
    text = figures.svg(table)
    assert "<script" not in text
    assert re.findall(r"https?://[^\s\"]+|url\([^#]", text) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("book", books.names())
def test_committed_figures_are_those_of_the_tables(book: str) -> None:
    """Each table has its figure, current, and no figure is left from a table that is gone.

    Renew them with `python -m wirebook.spec.artefacts --write`.
    """
    tables = import_module(f"wirebook.spec.{book}.states").TABLES
    folder = requirements.prose_folder() / "assets" / book
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("figure-*.svg")}
    assert found == {f"figure-{name}.svg": figures.svg(table) for name, table in tables.items()}
