"""Values as large as they can be: filled up to what the message, the blocks and good sense allow.

What may live here: how the extremes of size are reached, and how large they are.
"""

from __future__ import annotations

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
    Shape,
    Uint,
    UntilEnd,
    Word,
    inside,
)
from wirebook.fuzz.schemas.trees import changed
from wirebook.fuzz.schemas.writing import TooLarge, octets_of, value_octets

LONG = 1024
"""Octets of the largest str, key and base64 that are made for their own sake."""
MANY = 300
"""Items of the largest array, map and list of entries that are made."""
UNLIMITED = 131_072
"""Octets of the largest message that has no limit."""


class Grown:
    """The values of a message in which one part is as large as it gets."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._values: dict[Node, tuple[Any, Any]] = {}
        self._sizes: dict[Node, int] = {}

    def value(self, part: Node) -> Any:
        """Return the value in which a part is as large as it gets; not to be changed."""
        return self._pair(part)[0]

    def beyond(self, part: Node) -> Any:
        """Return a value in which it is larger than its message or blocks allow, or None."""
        return self._pair(part)[1]

    def size(self, part: Node) -> int:
        """Return the octets of the message in which a part is as large as it gets."""
        if part not in self._sizes:
            self._sizes[part] = len(octets_of(self._message, self.value(part)))
        return self._sizes[part]

    def _pair(self, part: Node) -> tuple[Any, Any]:
        if part not in self._values:
            self._values[part] = self._grow(part)
        return self._values[part]

    def _grow(self, part: Node) -> tuple[Any, Any]:
        message = self._message
        if isinstance(part, Message | Length):
            around = part if isinstance(part, Message) else block_of(message, part)
            leaf = elastic(around)
            if leaf is None:
                value = drawn(message, zeros(), Aim(part))
                return changed(message, value, around, lambda _: widest(around), _first), None
            limit = message.most or UNLIMITED
            return self._filled(leaf, limit)
        many = isinstance(part, UntilEnd) or (isinstance(part, Shape) and part.items)
        return self._filled(part, MANY if many else LONG)

    def _filled(self, leaf: Node, most: int) -> tuple[Any, Any]:
        """Return the value with a leaf as large as fits and all else at its smallest."""
        least, limit = 0, most + 1
        while limit - least > 1:
            middle = (least + limit) // 2
            if self._fits(leaf, middle):
                least = middle
            else:
                limit = middle
        return self._at(leaf, least), self._at(leaf, limit) if limit <= most else None

    def _at(self, leaf: Node, size: int) -> Any:
        return drawn(self._message, zeros(), Aim(leaf, "largest", size))

    def _fits(self, leaf: Node, size: int) -> bool:
        try:
            octets = octets_of(self._message, self._at(leaf, size), strict=True)
        except TooLarge:
            return False
        return self._message.most is not None or len(octets) <= UNLIMITED


def elastic(around: Node) -> Node | None:
    """Return the part of a node that can have the most sizes, or None if none can grow."""
    best: tuple[int, Node] | None = None
    for part in inside(around):
        if (rank := _elasticity(part)) and (best is None or rank > best[0]):
            best = rank, part
    return best and best[1]


def _elasticity(part: Node) -> int:
    match part:
        case Shape(kind="str" | "any"):
            return 3
        case Base64(octets=None):
            return 2
        case UntilEnd() | Shape(kind="array" | "map"):
            return 1
    return 0


def widest(node: Node) -> Any:
    """Return the value of a node that cannot grow in its most octets."""
    match node:
        case Message() | Block():
            return widest(node.content)
        case Layout():
            return {name: widest(field) for name, field in node.fields.items()}
        case Uint():
            return node.most
        case Magic():
            return node.octets
        case Word():
            return node.words[-1]
        case Base64(octets=int(size)):
            return bytes(size)
        case Body():
            return widest(node.shape)
        case Shape():
            found: list[Any] = [None] if node.nullable or node.kind == "nil" else []
            if node.kind == "bool":
                found += [False]
            elif node.kind == "int":
                found += [node.least, node.most]
            elif node.members is not None:
                found += [{name: widest(member) for name, member in node.members.items()}]
            return max(found, key=lambda value: len(value_octets(node.notation, value)))
    raise TypeError(f"a {type(node).__name__} can grow")


def block_of(message: Message, length: Length) -> Block:
    """Return the block that a length belongs to."""
    blocks = (part for part in inside(message) if isinstance(part, Block))
    return next(block for block in blocks if block.length is length)


def _first(_: int) -> int:
    return 0
