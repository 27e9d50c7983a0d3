"""A fault: one thing that can be wrong with one part of a message.

A fault has a name that says what is wrong, and is *certain* if every receiver has to refuse what
has it. What may live here: what all faults have in common; which there are is in `piece_faults`,
`body_faults`, `messagepack_faults` and `json_faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.nodes import Base64, Block, Body, Layout, Magic, Message, Node, Uint
from wirebook.fuzz.schemas.trees import Cut, Raw, Tree, Wrapped

Break = Callable[[Any, Dice], Tree]
"""Makes a tree with the fault out of a value."""

HUGE = 16_384
"""Octets from which on a message is huge."""


@dataclass(frozen=True, eq=False, slots=True)
class Fault:
    """One thing that can be wrong with one part of a message."""

    name: str
    part: Node
    """What is wrong, and has to be there."""
    target: Node
    """What is written in another way because of it: the part, or what it stands in."""
    make: Break
    certain: bool | None
    """Whether every receiver has to refuse it; None if that depends on the value."""
    size: int = 0
    """The octets of what it makes, if that is huge: then it is drawn rarely."""


def chosen(choices: Sequence[Tree]) -> Break:
    """Return what puts one of some trees in the place of a value."""
    return lambda _, dice: dice.choose(choices)


def raw(choices: Sequence[bytes]) -> Break:
    """Return what puts octets in the place of a value."""
    return lambda _, dice: Raw(dice.choose(choices))


def made(make: Callable[[Any], Tree]) -> Break:
    """Return what makes the same of a value each time."""
    return lambda value, _: make(value)


def followed(choices: Sequence[bytes]) -> Break:
    """Return what puts octets behind a value."""
    return lambda value, dice: Wrapped(value, after=dice.choose(choices))


def preceded(choices: Sequence[bytes]) -> Break:
    """Return what puts octets in front of a value."""
    return lambda value, dice: Wrapped(value, before=dice.choose(choices))


def cut(*, whole: bool) -> Break:
    """Return what ends the message, or the innermost block, somewhere in a value."""
    return lambda value, dice: Cut(value, dice.pick(256), whole)


def exact(node: Node) -> bool:
    """Tell whether what is a node's value is none with octets more or less at its end."""
    match node:
        case Message():
            return exact(node.content)
        case Layout():
            return all(exact(field) for field in node.fields.values())
        case Body():
            closed = node.shape.kind in ("record", "map", "array") and not node.shape.nullable
            return not node.notation.json or (closed and node.taken["type"] != "any")
        case Base64():
            return node.octets is not None
    return isinstance(node, Uint | Magic | Block)
