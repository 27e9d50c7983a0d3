"""Values with faults: what a plain value cannot say, but a broken message has.

A tree is a value in which such parts stand in the place of values. What may live here: these parts,
and how a part of a value is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wirebook.fuzz.schemas.nodes import (
    Block,
    Body,
    Layout,
    Message,
    Node,
    Shape,
    UntilEnd,
    holds,
)

Tree = Any
"""A value, perhaps with faults."""
Change = Callable[[Any], Tree]
Pick = Callable[[int], int]
"""Chooses one of so many, counted from 0."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets as they are, where a value should stand."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A value between octets that do not belong there."""

    value: Tree
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True, slots=True)
class Cut:
    """A value inside of which everything ends: the message, or the innermost block around it."""

    value: Tree
    share: int
    """How much of it is left, in 256ths."""
    whole: bool
    """Whether the message ends; lengths are then those of what would have been there."""


@dataclass(frozen=True, slots=True)
class Sized:
    """The content of a block, so that its faults are not taken for those of the block."""

    content: Tree
    claim: Callable[[int], int] | None = None
    """Makes the length that is told out of the true one."""


def changed(node: Node, value: Any, target: Node, change: Change, pick: Pick) -> Tree:
    """Return the value of a node with one part, that of `target`, changed.

    Raises Absent if there is no such part; where there are many, `pick` chooses.
    """
    if node is target:
        return change(value)
    match node:
        case Message():
            return changed(node.content, value, target, change, pick)
        case Block():
            if target is node.length:
                return change(value)
            return Sized(changed(node.content, value, target, change, pick))
        case Body():
            return changed(node.shape, value, target, change, pick)
        case Layout():
            name = next(name for name, field in node.fields.items() if holds(field, target))
            part = changed(node.fields[name], value[name], target, change, pick)
            return {**value, name: part}
        case UntilEnd():
            return _item(node.items, value, target, change, pick)
        case Shape(items=Shape() as items) if isinstance(value, list):
            return _item(items, value, target, change, pick)
        case Shape():
            return _member(node, value, target, change, pick)
    raise Absent


class Absent(LookupError):
    """The part is not there."""


def _item(items: Node, value: list[Any], target: Node, change: Change, pick: Pick) -> Tree:
    first = pick(len(value)) if value else 0
    for index in (*range(first, len(value)), *range(first)):
        with suppress(Absent):
            item = changed(items, value[index], target, change, pick)
            return [*value[:index], item, *value[index + 1 :]]
    raise Absent


def _member(node: Shape, value: Any, target: Node, change: Change, pick: Pick) -> Tree:
    if not isinstance(value, dict):
        raise Absent
    members = node.members or {}
    others = others_of(node, value)
    first = pick(len(others)) if others else 0
    if target is node.keys and others:
        chosen = others[first]
        return {change(name) if name is chosen else name: item for name, item in value.items()}
    for name, member in members.items():
        if holds(member, target) and name in value:
            return {**value, name: changed(member, value[name], target, change, pick)}
    for name in (*others[first:], *others[:first]):
        if node.items is not None and holds(node.items, target):
            with suppress(Absent):
                return {**value, name: changed(node.items, value[name], target, change, pick)}
    raise Absent


def others_of(node: Shape, value: dict[Any, Any]) -> list[Any]:
    """Return the keys of a map, or those of a record that its table does not name."""
    return [name for name in value if name not in (node.members or {})]
