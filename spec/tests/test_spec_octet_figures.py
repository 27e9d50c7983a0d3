"""Figures of messages: every field in its place, and in the words that stand for the figure."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from wirebook.spec import books, neutral
from wirebook.spec.artefacts import octet_figures

SVG = "{http://www.w3.org/2000/svg}"
MESSAGES = [
    (book, name)
    for book in books.names()
    for name, message in neutral.load(book)["messages"].items()
    if message["type"] == "layout"
]


def test_cells_of_a_server_package() -> None:
    """Parts are taken apart, a length is a cell of its own, and what repeats says so."""
    cells = octet_figures.cells(neutral.load("pygase"), "server-package")
    assert [(cell.name, cell.size) for cell in cells] == [
        ("protocol_id", 4),
        ("sequence", 2),
        ("ack", 2),
        ("ack_bitfield", 4),
        ("length of update", 2),
        ("update", None),
        ("length of entry", 2),
        ("entry", None),
    ]
    assert cells[-1].said.endswith("and so on to the end")


@pytest.mark.parametrize(("book", "message"), MESSAGES)
def test_cells_do_not_overlap_and_are_named(book: str, message: str) -> None:
    """No two cells share a place, all are inside of the figure, and each stands in its words."""
    form = neutral.load(book)
    root = ElementTree.fromstring(octet_figures.svg(form, message))  # noqa: S314 - our own
    boxes = [
        tuple(int(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
    ]
    assert boxes
    for number, (x, y, width, height) in enumerate(boxes):
        assert x + width <= int(root.attrib["width"])
        assert y + height <= int(root.attrib["height"])
        for other_x, other_y, other_width, _ in boxes[number + 1 :]:
            assert other_y != y or other_x >= x + width or other_x + other_width <= x
    told = root.findtext(f"{SVG}desc") or ""
    for cell in octet_figures.cells(form, message):
        assert f"{cell.name}, {cell.said}" in told


def test_fixed_offsets_are_those_of_the_table() -> None:
    """The number in front of a row is the offset of its first octet."""
    root = ElementTree.fromstring(  # noqa: S314 - our own
        octet_figures.svg(neutral.load("pygase"), "header")
    )
    ruler = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "ruler"]
    assert ruler == ["0", "1", "2", "3", "0", "4", "8"]
