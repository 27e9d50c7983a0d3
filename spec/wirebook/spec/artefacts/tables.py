"""Tables in Markdown: the fields of a message, the requirements and the vectors of a book.

What may live here: functions from neutral form, requirements or vectors to a Markdown table.
"""

from __future__ import annotations

import json
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
    if message["type"] == "json":
        return _table(("member", "if missing", "type", "meaning"), _json_rows(message["value"]))
    return _table(("offset", "size", "name", "type", "meaning"), _layout_rows(message, link))


def requirements_table(requirements: Iterable[Requirement], link: Link) -> str:
    """Return all requirements in short; `link` turns an ID into a link."""
    rows = (
        (
            link(found.id),
            found.level,
            ", ".join(found.roles),
            ", ".join(found.verify),
            short(found),
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
    yield from _field_rows(message["fields"], 0, "", message["sizes"], link)


def _field_rows(
    fields: list[Json], offset: int | None, path: str, sizes: Json, link: Link
) -> Iterator[Row]:
    for field in fields:
        name, doc, kind = f"{path}{field['name']}", field["doc"], field["type"]
        size = _size(field, sizes)
        if kind == "block" and field["content"]["type"] == "layout":
            inside = None if offset is None else offset + field["length"]["size"]
            yield _length_row(_place(offset), field["length"], f"`{name}`")
            yield from _field_rows(field["content"]["fields"], inside, f"{name}.", sizes, link)
        elif kind == "block":
            yield from _block_rows(_place(offset), field, f"`{name}`", doc, link)
        elif kind == "until-end":
            yield _place(offset), "to the end", f"`{name}`", "entries of the following form", doc
            yield from _block_rows("+", field["items"], "entry", "", link)
        else:
            yield _place(offset), str(size or "to the end"), f"`{name}`", _type(field, link), doc
            yield from _member_rows(field)
        offset = None if offset is None or size is None else offset + size


def _block_rows(offset: str, block: Json, name: str, doc: str, link: Link) -> Iterator[Row]:
    length = block["length"]
    yield _length_row(offset, length, name)
    inside = f"{int(offset) + length['size']}" if offset.isdigit() else "+"
    yield inside, "that length", name, _type(block["content"], link), doc


def _length_row(offset: str, length: Json, name: str) -> Row:
    kind = f"integer, {length['least']} to {length['most']}"
    return offset, str(length["size"]), f"length of {name}", kind, length["doc"]


def _member_rows(field: Json) -> Iterator[Row]:
    """Yield the members of a map in MessagePack, which have no place of their own."""
    if field["type"] == "messagepack" and field["value"]["type"] == "record":
        for key in field["value"]["keys"]:
            needed = "" if key["required"] else ", optional"
            yield "", "", f"`{key['name']}`", f"{_value_type(key)}{needed}", key["doc"]


def _record_rows(record: Json) -> Iterator[Row]:
    for key in record["keys"]:
        needed = "required" if key["required"] else "optional"
        yield f"`{key['name']}`", needed, _value_type(key), key["doc"]
    if record["others"]:
        others = record["others"]
        yield "any other str", "optional", _value_type(others), others["doc"]


def _json_rows(record: Json) -> Iterator[Row]:
    for key in record["keys"]:
        default = f"`{json.dumps(key['default'])}`" if "default" in key else "optional"
        missing = "malformed" if key["required"] else default
        yield f"`{key['name']}`", missing, _json_type(key), key["doc"]


def _json_type(value: Json) -> str:
    match value["type"]:
        case "map" | "record":
            name = "object"
        case "any" | "int":
            name = _value_type(value)
        case other:
            name = str(other)
    return f"{name} or null" if value.get("nullable") else name


def _type(field: Json, link: Link) -> str:
    match field["type"]:
        case "message":
            return link(field["message"])
        case "uint" if field["least"] == field["most"]:
            return str(field["least"])
        case "uint":
            return f"integer, {field['least']} to {field['most']}"
        case "bits":
            return f"{8 * field['size']} bits"
        case "magic":
            return f"`{bytes.fromhex(field['hex']).hex(' ')}`"
        case "word":
            return " or ".join(f"`{word}`" for word in field["words"]) + ", in ASCII"
        case "base64":
            exact, least = field["octets"], field["least"]
            return f"base64 of {exact} octets" if exact else f"base64 of {least} octets or more"
        case "messagepack":
            return f"MessagePack: {_value_type(field['value'])}"
        case other:
            return str(other)


def _value_type(value: Json) -> str:
    match value["type"]:
        case "any":
            return "any value"
        case "int" if value["least"] is None:
            return "integer"
        case "int":
            return f"integer, {value['least']} to {value['most']}"
        case "bool":
            return "boolean"
        case "record":
            return "map"
        case "array":
            return (
                "array" if value["items"]["type"] == "any" else f"array: {value['items']['type']}"
            )
        case "map" if value["values"]["type"] == "any":
            return "map with str keys"
        case "map":
            return f"map of str to {_value_type(value['values'])}"
        case other:
            return str(other)


def _size(field: Json, sizes: Json) -> int | None:
    """Return the octets that a field always takes, or None if that depends."""
    if field["type"] == "message":
        size: int | None = sizes.get(field["message"])
        return size
    found: int | None = field.get("size")
    return found


def _place(offset: int | None) -> str:
    return "+" if offset is None else str(offset)


def short(requirement: Requirement) -> str:
    """Return the beginning of a requirement's text, for the cell of a table."""
    text = _LINK.sub(r"\1", requirement.text).replace("|", "\\|")
    if len(text) <= TEXT_MOST:
        return text
    text = text[:TEXT_MOST].rsplit(" ", 1)[0]
    if text.count("`") % 2:  # half of a piece of code would swallow the rest of the row
        text = text.rpartition("`")[0].rstrip()
    return f"{text} …"
