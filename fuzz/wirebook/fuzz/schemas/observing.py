"""Which extremes a value has: read off the value itself, whoever made it.

What may live here: walking through values by their nodes, and measuring their parts. See `drawing`
for what the extremes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebook.fuzz.schemas.drawing import Aim, drawn, zeros
from wirebook.fuzz.schemas.nodes import (
    Base64,
    Block,
    Body,
    Layout,
    Length,
    Magic,
    Message,
    Node,
    Path,
    Shape,
    Uint,
    UntilEnd,
    Word,
)
from wirebook.fuzz.schemas.plans import Plan
from wirebook.fuzz.schemas.trees import others_of
from wirebook.fuzz.schemas.writing import octets_of

_ABSENT = object()
_LEAST: dict[type[Node], str] = {Message: "shortest", Length: "least"}


class Observer:
    """Tells the extremes of the values of a message."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._bounds: dict[Node, tuple[int, int]] = {}

    def extremes(self, value: Any) -> set[tuple[Path, str]]:
        """Return the paths and the names of the extremes that a value has."""
        return {
            (part.path, extreme)
            for part, inner in visited(self._plan.message, value)
            for extreme in self._of(part, inner)
        }

    def _of(self, part: Node, value: Any) -> tuple[str, ...]:
        if value is _ABSENT:
            return ("absent",)
        match part:
            case Shape(kind="nil" | "bool" | "int" | "any" | "record") as shape:
                return _of_shape(shape, value)
            case Shape(nullable=True) if value is None:
                return ("null",)
            case Magic():
                return ("constant",)
            case Word():
                return (value,)
            case Uint():
                return _named(value, part.least, part.most, "least", "most")
            case Base64(octets=int()):
                return ("octets",)
            case Length():
                return _named(value, *self._bound(part), "least", "most")
            case Message():
                return _named(value, *self._bound(part), "shortest", "longest")
        return _named(_size(part, value), *self._bound(part), "smallest", "largest")

    def _bound(self, part: Node) -> tuple[int, int]:
        """Return the least and the most of a part that can have many sizes."""
        if part not in self._bounds:
            plan = self._plan
            most = _sizes(plan.message, part, plan.grown.value(part))
            least = part.least if isinstance(part, Base64) else 0
            if isinstance(part, Message | Length):
                smallest = drawn(plan.message, zeros(), Aim(part, _LEAST[type(part)]))
                least = min(_sizes(plan.message, part, smallest))
            self._bounds[part] = least, max(most)
        return self._bounds[part]


def visited(node: Node, value: Any) -> Iterator[tuple[Node, Any]]:
    """Yield the parts of a node that have extremes, with what they have inside of a value.

    That is the value of the part; for lengths and for the message, the octets.
    """
    match node:
        case Message():
            yield node, len(octets_of(node, value))
            yield from visited(node.content, value)
        case Block():
            yield node.length, len(octets_of(node.content, value))
            yield from visited(node.content, value)
        case Body():
            yield from visited(node.shape, value)
        case Layout():
            for name, field in node.fields.items():
                yield from visited(field, value[name])
        case UntilEnd():
            yield node, value
            for item in value:
                yield from visited(node.items, item)
        case Shape():
            yield node, value
            yield from _inside(node, value)
        case _:
            yield node, value


def _inside(shape: Shape, value: Any) -> Iterator[tuple[Node, Any]]:
    if isinstance(value, dict):
        for name, member in (shape.members or {}).items():
            if name in value:
                yield from visited(member, value[name])
            else:
                yield member, _ABSENT
        for name in others_of(shape, value):
            if shape.keys and shape.items:
                yield shape.keys, name
                yield from visited(shape.items, value[name])
    elif isinstance(value, list) and shape.items:
        for item in value:
            yield from visited(shape.items, item)


def _of_shape(shape: Shape, value: Any) -> tuple[str, ...]:
    if value is None:
        return ("nil",) if shape.kind in ("nil", "any") else ("null",)
    match shape.kind:
        case "bool":
            return (str(value).lower(),)
        case "int":
            return _named(value, shape.least, shape.most, "least", "most")
        case "any":
            limit = shape.notation.depth - shape.depth
            return ("deepest",) if nesting(value) == limit else ()
    members = shape.members or {}
    required = all(not members[name].optional for name in value if name in members)
    alone = not others_of(shape, value)
    complete = members.keys() <= value.keys()
    return ("required",) * bool(required and alone) + ("all",) * bool(complete)


def _named(value: int, least: int, most: int, first: str, last: str) -> tuple[str, ...]:
    return (first,) * (value <= least) + (last,) * (value >= most)


def _size(part: Node, value: Any) -> int:
    if isinstance(value, dict) and isinstance(part, Shape):
        return len(others_of(part, value))
    return len(value.encode() if isinstance(value, str) else value)


def _sizes(message: Message, part: Node, value: Any) -> list[int]:
    """Return the sizes that a part has inside of a value."""
    found = [inner for at, inner in visited(message, value) if at is part]
    return [inner if isinstance(inner, int) else _size(part, inner) for inner in found]


def nesting(value: Any) -> int:
    """Return how deep arrays and maps are nested in a value."""
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(nesting, value), default=0)
    return 0
