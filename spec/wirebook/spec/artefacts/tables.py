"""Tables in Markdown: the fields of a message, the requirements and the vectors of a book.

What may live here: functions from neutral form, requirements or vectors to a Markdown table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from wirebook.spec.requirements import Requirement
from wirebook.spec.vectors import RESULTS, Group

Json = dict[str, Any]
Link = Callable[[str], str]
Row = Sequence[str]

TEXT_MOST = 160
"""The most characters of a requirement's text in the table of all requirements."""

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def message_table(message: Json, link: Link) -> str:
    """Return the fields of a message; `link` turns the name of another message into a link."""
    if message["type"] == "messagepack":
        return _table(("key", "", "type", "meaning"), _record_rows(message["value"]))
    return _table(("offset", "size", "name", "type", "meaning"), _layout_rows(message, link))


def requirements_table(requirements: Iterable[Requirement], link: Link) -> str:
    """Return all requirements in short; `link` turns an ID into a link."""
    rows = (
        (
            link(found.id),
            found.level,
            ", ".join(found.roles),
            ", ".join(found.verify),
            _short(found),
        )
        for found in requirements
    )
    return _table(("requirement", "level", "binds", "checked by", "begins"), rows)


def vectors_table(groups: Iterable[Group]) -> str:
    """Return how many tests there are in each file, by type and result."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for group in groups:
        key = (f"`{group.file}`", group.origin, group.type, group.message)
        counts.setdefault(key, Counter()).update(test.result for test in group.tests)
    total = sum(counts.values(), Counter())
    rows = [(*key, *_figures(count)) for key, count in counts.items()]
    rows.append(("all", "", "", "", *_figures(total)))
    return _table(("file", "origin", "type", "message", "tests", *RESULTS), rows)


def _figures(count: Counter[str]) -> tuple[str, ...]:
    return str(count.total()), *(str(count[result]) for result in RESULTS)


def _table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [_line(heads), "|---" * len(heads) + "|", *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"


def _layout_rows(message: Json, link: Link) -> Iterator[Row]:
    offset: int | None = 0
    for field in message["fields"]:
        name, doc, kind = f"`{field['name']}`", field["doc"], field["type"]
        size = _size(field, message)
        if kind == "block":
            yield from _block_rows(_place(offset), field, name, doc, link)
        elif kind == "until-end":
            yield _place(offset), "to the end", name, "entries of the following form", doc
            yield from _block_rows("+", field["items"], "entry", "", link)
        else:
            yield _place(offset), str(size or "to the end"), name, _type(field, link), doc
        offset = None if offset is None or size is None else offset + size


def _block_rows(offset: str, block: Json, name: str, doc: str, link: Link) -> Iterator[Row]:
    length = block["length"]
    most = 256 ** length["size"] - 1
    yield offset, str(length["size"]), f"length of {name}", f"integer, 0 to {most}", length["doc"]
    inside = f"{int(offset) + length['size']}" if offset.isdigit() else "+"
    yield inside, "that length", name, _type(block["content"], link), doc


def _record_rows(record: Json) -> Iterator[Row]:
    for key in record["keys"]:
        needed = "required" if key["required"] else "optional"
        yield f"`{key['name']}`", needed, _value_type(key), key["doc"]
    if record["others"]:
        others = record["others"]
        yield "any other str", "optional", _value_type(others), others["doc"]


def _type(field: Json, link: Link) -> str:
    match field["type"]:
        case "message":
            return link(field["message"])
        case "uint":
            return f"integer, {field['least']} to {field['most']}"
        case "bits":
            return f"{8 * field['size']} bits"
        case "magic":
            return f"`{bytes.fromhex(field['hex']).hex(' ')}`"
        case "word":
            return " or ".join(f"`{word}`" for word in field["words"]) + ", in ASCII"
        case other:
            return str(other)


def _value_type(value: Json) -> str:
    match value["type"]:
        case "any":
            return "any value"
        case "int":
            return f"integer, {value['least']} to {value['most']}"
        case "array":
            return (
                "array" if value["items"]["type"] == "any" else f"array: {value['items']['type']}"
            )
        case "map":
            return "map with str keys"
        case other:
            return str(other)


def _size(field: Json, message: Json) -> int | None:
    """Return the octets that a field always takes, or None if that depends."""
    if field["type"] == "message":
        size: int | None = message["sizes"].get(field["message"])
        return size
    found: int | None = field.get("size")
    return found


def _place(offset: int | None) -> str:
    return "+" if offset is None else str(offset)


def _short(requirement: Requirement) -> str:
    text = _LINK.sub(r"\1", requirement.text).replace("|", "\\|")
    if len(text) <= TEXT_MOST:
        return text
    text = text[:TEXT_MOST].rsplit(" ", 1)[0]
    if text.count("`") % 2:  # half of a piece of code would swallow the rest of the row
        text = text.rpartition("`")[0].rstrip()
    return f"{text} …"
