"""Figures of state tables, as SVG that needs nothing but itself to be seen.

What may live here: the drawing of what `layout` has placed, its style, and the words that stand for
the figure where it cannot be seen. What the figure says comes from the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from textwrap import wrap
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wirebook.spec.artefacts.layout import LANE, LINE, Side
from wirebook.spec.states import StateTable

_Table = StateTable[Enum, Enum, Enum]

_LABEL_MOST, _NAME_MOST = 28, 16
"""Characters in a line of a label, and of the name of a state."""
_NAME_LETTER = 8.8
"""The width in pixels that a letter of a name takes at most, on average."""
_MARGIN, _GAP, _INSET, _START, _ROUND = 8, 24, 8, 36, 9
"""Pixels: around all, between boxes, within them, above the first state, radius of a turn."""

# An image may follow the scheme of the system where the page has been set to the other: so the
# colours of each scheme keep a contrast of 3:1 on the background of the other.
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
  .label { fill: #5e6d78 }
  .name { fill: #fff; font-size: 14px; font-weight: 600; text-anchor: middle }
  .state { fill: #55707c }
  .line { fill: none; stroke: #78909c; stroke-width: 2 }
  .head { fill: #78909c }
  @media (prefers-color-scheme: dark) { .label { fill: #8997a1 } .state { fill: #5c7886 } }
 """


def alternative(table: _Table) -> str:
    """Return the sentence that stands for the figure where it cannot be seen."""
    count = f"its {len(table.states)} states and the {len(table.changes())} changes between them"
    return f"Figure: {table.title}, with {count}; the table below has every row."


def svg(table: _Table) -> str:
    """Return the figure of a table."""
    states = list(table.states)
    labels = {
        (states.index(old), states.index(new)): [_lines(given, len(inputs)) for given in inputs]
        for (old, new), inputs in table.changes().items()
    }
    left = Side(-1, {change: label for change, label in labels.items() if change[1] < change[0]})
    right = Side(1, {change: label for change, label in labels.items() if change[1] > change[0]})
    names = [wrap(state.value, _NAME_MOST) for state in states]
    boxes: list[tuple[int, int]] = []
    bottom = _MARGIN - _GAP
    for number, state in enumerate(states):
        top = bottom + _GAP + (_START if state is table.initial else 0)
        room = max(left.height(number), right.height(number), (len(names[number]) + 1) * LINE)
        for side in (left, right):
            side.place(number, top + _INSET + (room - side.height(number)) // 2)
        bottom = top + room + 2 * _INSET
        boxes.append((top, bottom))

    broad = 2 * round(max(len(line) for lines in names for line in lines) * _NAME_LETTER / 2 + 16)
    edge = _MARGIN + left.width()
    root = _root(table, edge + broad + right.width() + _MARGIN, bottom + _MARGIN)
    _draw_changes(root, left, edge, states)
    _draw_changes(root, right, edge + broad, states)
    middle, start = edge + broad // 2, boxes[states.index(table.initial)][0]
    _add(root, "circle", cx=middle, cy=start - _START + 5, r=5, class_="head")
    _draw_line(root, f"M{middle} {start - _START + 5}V{start}")
    for (top, end), lines, state in zip(boxes, names, states, strict=True):
        group = _add(root, "g", data_state=state.name)
        size = {"width": broad, "height": end - top}
        _add(group, "rect", x=edge, y=top, **size, rx=8, class_="state")
        _draw_text(group, "name", lines, middle, (top + end - (len(lines) - 1) * LINE) // 2 + 5)
    indent(root, " ")
    for line in root.iter("tspan"):
        line.tail = None  # white space after a line would count as part of it
    return tostring(root, encoding="unicode") + "\n"


def _lines(given: Enum, count: int) -> list[str]:
    """Return the lines of an input that shares its label with `count` - 1 others."""
    first, other = ("• ", "\N{NO-BREAK SPACE}" * 3) if count > 1 else ("", "")
    return wrap(given.value, _LABEL_MOST, initial_indent=first, subsequent_indent=other)


def _root(table: _Table, width: int, height: int) -> Element:
    root = Element("svg", xmlns="http://www.w3.org/2000/svg")
    root.attrib |= {"width": f"{width}", "height": f"{height}"}
    root.attrib |= {"viewBox": f"0 0 {width} {height}"}
    root.attrib |= {"role": "img", "aria-labelledby": "title desc"}
    _add(root, "title", id="title").text = table.title
    told = [f"It begins in the state {table.initial.value}."]
    for (old, new), inputs in table.changes().items():
        told.append(f"From {old.value} to {new.value}: {'; '.join(i.value for i in inputs)}.")
    _add(root, "desc", id="desc").text = " ".join(told)
    _add(root, "style").text = _STYLE
    marker = _add(_add(root, "defs"), "marker", id="head", markerWidth=9, markerHeight=8)
    marker.attrib |= {"refX": "9", "refY": "4", "markerUnits": "userSpaceOnUse", "orient": "auto"}
    _add(marker, "path", d="M0 0 9 4 0 8z", class_="head")
    return root


def _draw_changes(root: Element, side: Side, edge: int, states: list[Enum]) -> None:
    """Draw the arrows of one side of the boxes, which end at `edge`, with their labels."""
    lanes = side.lanes()
    inner = side.width() - max(lanes.values(), default=0) * LANE - LANE // 2
    for (old, new), label in side.labels.items():
        group = _add(root, "g", data_from=states[old].name, data_to=states[new].name)
        low, high = side.exits[old, new], side.entries[new]
        lane = edge + side.outward * (inner + lanes[new] * LANE)
        out, down = side.outward * _ROUND, _ROUND if high > low else -_ROUND
        turns = f"q{out} 0 {out} {down}V{high - down}q0 {down} {-out} {down}"
        _draw_line(group, f"M{edge} {low}H{lane - out}{turns}H{edge}")
        left = edge + 12 if side.outward > 0 else edge - inner + 14
        top = low - 6 - (sum(map(len, label)) - 1) * LINE
        for lines in label:
            _draw_text(group, "label", lines, left, top)
            top += len(lines) * LINE


def _draw_line(parent: Element, path: str) -> None:
    _add(parent, "path", d=path, class_="line", marker_end="url(#head)")


def _draw_text(parent: Element, kind: str, lines: Iterable[str], x: int, y: int) -> None:
    text = _add(parent, "text", class_=kind)
    for number, line in enumerate(lines):
        _add(text, "tspan", x=x, y=y + number * LINE).text = line


def _add(parent: Element, tag: str, **attributes: str | int) -> Element:
    """Add an element; an underscore in an attribute's name stands for a hyphen, or for nothing."""
    named = {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()}
    return SubElement(parent, tag, named)
