"""A message of a neutral form as a tree of nodes, each with the path that names it.

A path is what a dissection calls it, with `[]` for every item of an array and for every entry,
`{}` for every value of a map, `*` for the members that no table names; `:length` stands for the
length of a block and `:key` for the keys of a map. What may live here: the nodes, and how they are
made from a neutral form; nothing that knows a book.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
Path = tuple[str, ...]

ITEM, VALUE, OTHER, KEY, LENGTH = "[]", "{}", "*", ":key", ":length"

VERSION = 1
"""The version of the neutral form that is understood."""


@dataclass(frozen=True, eq=False)
class Node:
    """A part of a message that has a path."""

    path: Path


@dataclass(frozen=True, eq=False)
class Uint(Node):
    """An unsigned integer of `size` octets, bits included."""

    size: int
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Magic(Node):
    """Octets that never change."""

    octets: bytes


@dataclass(frozen=True, eq=False)
class Word(Node):
    """One of a few words, up to the end."""

    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Base64(Node):
    """Octets as base64: a fixed number, or at least so many."""

    octets: int | None
    least: int


@dataclass(frozen=True, eq=False)
class Length(Node):
    """The length of a block."""

    size: int
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Block(Node):
    """A piece behind its length."""

    length: Length
    content: Node


@dataclass(frozen=True, eq=False)
class UntilEnd(Node):
    """A piece again and again, up to the end."""

    items: Node


@dataclass(frozen=True, eq=False)
class Layout(Node):
    """Fields one after the other."""

    fields: Mapping[str, Node]


@dataclass(frozen=True)
class Notation:
    """What the values of a body are written in, and what has been decided about it."""

    name: str
    depth: int
    extensions: bool = False
    single_floats: bool = False
    bin_as_text: bool = False
    scalars_deep: bool = False

    @property
    def json(self) -> bool:
        """Whether it is JSON; else it is MessagePack."""
        return self.name == "json"

    @property
    def least(self) -> int:
        """The least integer that there is."""
        return -int(sys.float_info.max) if self.json else -(2**63)

    @property
    def most(self) -> int:
        """The greatest integer that there is."""
        return int(sys.float_info.max) if self.json else 2**64 - 1


@dataclass(frozen=True, eq=False)
class Body(Node):
    """One value of a notation."""

    notation: Notation
    shape: Shape
    taken: Json
    """What a receiver accepts for the shape, in neutral form."""


@dataclass(frozen=True, eq=False)
class Shape(Node):
    """A value inside of a body."""

    kind: str
    """`any`, `nil`, `bool`, `str`, `int`, `array`, `map` or `record`."""
    notation: Notation
    depth: int
    """How many containers it stands in."""
    nullable: bool = False
    optional: bool = False
    """Whether it is a member that may be left out."""
    least: int = 0
    most: int = 0
    """The range of an `int`."""
    items: Shape | None = None
    """The items of an `array`, the values of a `map`, the other members of a `record`."""
    keys: Shape | None = None
    """The keys of a `map`, or of the other members."""
    members: Mapping[str, Shape] | None = None

    @property
    def is_key(self) -> bool:
        """Whether it stands for the keys of a map."""
        return self.path[-1:] == (KEY,)


@dataclass(frozen=True, eq=False)
class Message(Node):
    """A whole message."""

    name: str
    least: int
    most: int | None
    content: Node


def message_of(document: Json, name: str, *, taken: bool = False) -> Message:
    """Return a message of a neutral form, as senders send it or as receivers take it."""
    if document["version"] != VERSION:
        raise ValueError(f"the neutral form has version {document['version']}, not {VERSION}")
    messages = document["messages"]
    if name not in messages:
        raise LookupError(f"{document['title']} has no message {name!r}; it has {sorted(messages)}")
    form = messages[name]
    content = _Reader(messages, taken).piece(form, ())
    return Message((), name, form["least"], form["most"], content)


def text_of(path: Path) -> str:
    """Return a path as one word: `events[].type`, `content:length`."""
    text = ""
    for step in path:
        plain = step not in (ITEM, VALUE, KEY, LENGTH)
        text += f".{step}" if plain and text else step
    return text


def inside(node: Node) -> Iterator[Node]:
    """Yield the parts of a node, outermost first, and the node itself before them."""
    yield node
    for part in parts(node):
        yield from inside(part)


def parts(node: Node) -> tuple[Node, ...]:
    """Return what a node is directly made of."""
    match node:
        case Message() as message:
            return (message.content,)
        case Layout():
            return tuple(node.fields.values())
        case Block():
            return (node.length, node.content)
        case UntilEnd():
            return (node.items,)
        case Body():
            return (node.shape,)
        case Shape():
            more = (part for part in (node.keys, node.items) if part)
            return (*(node.members or {}).values(), *more)
    return ()


def holds(outer: Node, inner: Node) -> bool:
    """Tell whether `inner` is or may be a part of `outer`, by their paths."""
    return inner.path[: len(outer.path)] == outer.path


class _Reader:
    def __init__(self, messages: Json, taken: bool) -> None:
        self._messages = messages
        self._taken = taken

    def piece(self, form: Json, path: Path) -> Node:
        match form["type"]:
            case "message":
                return self.piece(self._messages[form["message"]], path)
            case "layout":
                fields = {
                    field["name"]: self.piece(field, (*path, field["name"]))
                    for field in form["fields"]
                }
                return Layout(path, fields)
            case "uint" | "bits":
                return Uint(path, form["size"], form["least"], form["most"])
            case "magic":
                return Magic(path, bytes.fromhex(form["hex"]))
            case "word":
                return Word(path, tuple(sorted(form["words"], key=len)))
            case "base64":
                return Base64(path, form["octets"], form["least"])
            case "block":
                told = form["length"]
                length = Length((*path, LENGTH), told["size"], told["least"], told["most"])
                return Block(path, length, self.piece(form["content"], path))
            case "until-end":
                return UntilEnd(path, self.piece(form["items"], (*path, ITEM)))
            case "messagepack" | "json":
                notation = Notation(form["type"], form["depth"], **form.get("profile", {}))
                taken = form.get("taken") or form["value"]
                shape = self.shape(taken if self._taken else form["value"], path, notation)
                return Body(path, notation, shape, taken)
        raise ValueError(f"{form['type']!r} is no piece that strategies are known for")

    def shape(
        self, form: Json, path: Path, notation: Notation, depth: int = 0, optional: bool = False
    ) -> Shape:
        kind: str = form["type"]
        least = most = 0
        items = keys = None
        members: dict[str, Shape] | None = None
        if kind == "int":
            least, most = notation.least, notation.most
            least = least if form["least"] is None else form["least"]
            most = most if form["most"] is None else form["most"]
        elif kind == "array":
            items = self.shape(form["items"], (*path, ITEM), notation, depth + 1)
        elif kind == "map":
            items = self.shape(form["values"], (*path, VALUE), notation, depth + 1)
            keys = Shape((*path, KEY), "str", notation, depth + 1)
        elif kind == "record":
            members = {
                key["name"]: self.shape(
                    key, (*path, key["name"]), notation, depth + 1, not key["required"]
                )
                for key in form["keys"]
            }
            others = form["others"]
            if others and (self._taken or not others["ignored"]):
                items = self.shape(others, (*path, OTHER), notation, depth + 1)
                keys = Shape((*path, OTHER, KEY), "str", notation, depth + 1)
        elif kind not in ("any", "nil", "bool", "str"):
            raise ValueError(f"{kind!r} is no shape that strategies are known for")
        return Shape(
            path,
            kind,
            notation,
            depth,
            form.get("nullable", False),
            optional,
            least,
            most,
            items,
            keys,
            members,
        )
