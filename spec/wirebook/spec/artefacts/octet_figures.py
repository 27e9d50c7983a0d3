"""Figures of messages, octet by octet, in rows of four as the RFCs draw them.

What may live here: the cells of a message, where each is drawn, and the words that stand for the
figure where it cannot be seen. What the cells are comes from the neutral form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

Json = Mapping[str, Any]

_ROW = 4
"""Octets in a row."""
_WIDE, _HIGH = 150, 44
"""Pixels that an octet and a row take."""
_LEFT, _TOP, _MARGIN = 44, 24, 4
"""Pixels for the offsets, for the numbers of the octets, and around all."""

# The colours keep their contrast on the background of either scheme; see `figures`.
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
  .ruler { fill: #5e6d78; font-size: 11px }
  .name { fill: #fff; font-weight: 600; text-anchor: middle }
  .size { fill: #fff; font-size: 11px; text-anchor: middle }
  .cell { fill: #55707c; stroke: #b0bec5; stroke-width: 1 }
  .open { stroke-dasharray: 5 4 }
  @media (prefers-color-scheme: dark) { .ruler { fill: #8997a1 } .cell { fill: #5c7886 } }
 """


@dataclass(frozen=True, slots=True)
class Cell:
    """A field as it stands on the wire."""

    name: str
    size: int | None
    """Octets; None if that depends."""
    said: str
    """Its size, in words."""


def cells(form: Json, message: str) -> list[Cell]:
    """Return the cells of a message of a book, given the book's neutral form."""
    return list(_cells(form["messages"], form["messages"][message], message))


def alternative(form: Json, message: str) -> str:
    """Return the sentence that stands for the figure where it cannot be seen."""
    told = "; ".join(f"{cell.name}, {cell.said}" for cell in cells(form, message))
    return f"Figure: the octets of {message}: {told}."


def svg(form: Json, message: str) -> str:
    """Return the figure of a message of a book."""
    found = cells(form, message)
    width = _LEFT + _ROW * _WIDE + _MARGIN
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    root.set("aria-labelledby", "title desc")
    SubElement(root, "title", id="title").text = f"The octets of {message}"
    SubElement(root, "desc", id="desc").text = alternative(form, message)
    SubElement(root, "style").text = _STYLE
    for octet in range(_ROW):
        _text(root, "ruler", str(octet), _LEFT + octet * _WIDE + 4, _TOP - 8)
    at = row = 0
    offset: int | None = 0
    for cell in found:
        whole = cell.size is None or cell.size > _ROW
        if whole and at:
            row, at = row + 1, 0
        left = _ROW if whole else cell.size or 0
        while left:
            if not at and offset is not None:
                _text(root, "ruler", str(offset), 4, _TOP + row * _HIGH + _HIGH // 2 + 4)
            part = min(left, _ROW - at)
            _draw(root, cell, at, row, part)
            left, at = left - part, at + part
            if at == _ROW:
                row, at = row + 1, 0
        offset = None if offset is None or cell.size is None else offset + cell.size
    height = _TOP + (row + bool(at)) * _HIGH + _MARGIN
    root.attrib |= {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _cells(messages: Json, piece: Json, name: str) -> Iterator[Cell]:
    match piece["type"]:
        case "message":
            yield from _cells(messages, messages[piece["message"]], name)
        case "layout":
            for field in piece["fields"]:
                yield from _cells(messages, field, field["name"])
        case "block":
            size = piece["length"]["size"]
            yield Cell(f"length of {name}", size, _octets(size))
            inside = piece["content"]
            if inside["type"] == "layout":
                yield from _cells(messages, inside, name)
            else:
                yield Cell(name, None, "as many octets as its length says")
        case "until-end":
            entry = list(_cells(messages, piece["items"], "entry"))
            yield from entry[:-1]
            yield Cell(entry[-1].name, None, f"{entry[-1].said}; and so on to the end")
        case _:
            size = piece.get("size")
            yield Cell(name, size, _octets(size) if size else "to the end")


def _octets(count: int) -> str:
    return "1 octet" if count == 1 else f"{count} octets"


def _draw(root: Element, cell: Cell, at: int, row: int, octets: int) -> None:
    x, y, width = _LEFT + at * _WIDE, _TOP + row * _HIGH, octets * _WIDE
    kind = "cell open" if cell.size is None else "cell"
    box = {"x": x, "y": y, "width": width, "height": _HIGH, "class": kind}
    SubElement(root, "rect", {key: str(value) for key, value in box.items()})
    _text(root, "name", cell.name, x + width // 2, y + 19)
    _text(root, "size", cell.said, x + width // 2, y + 35)


def _text(root: Element, kind: str, text: str, x: int, y: int) -> None:
    SubElement(root, "text", {"class": kind, "x": str(x), "y": str(y)}).text = text
