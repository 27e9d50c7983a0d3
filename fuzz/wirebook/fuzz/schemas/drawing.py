"""Valid values: drawn at random, or so that one part is there, or is as small or large as it gets.

What the extremes of a part are depends on its kind:

- an integer or bits: its `least` and its `most`; the length of a block: the `least` and the `most`
  that a message of this kind can have there
- a magic and words: each constant; a boolean: `false` and `true`; `nil`: `nil`
- a str, an array, a map, keys, entries and base64: the `smallest` and the `largest` that is made:
  as large as fits, up to some figure (`MANY`, `LONG`)
- a record: only its `required` members, and `all` of them
- any value: `nil`, and the `deepest`, nested up to the limit
- what may be null: `null` besides; what may be left out: `absent` besides
- the message: the `shortest` and the `longest`

What may live here: values of nodes. Filling up is in `filling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.nodes import (
    Base64,
    Block,
    Body,
    Layout,
    Length,
    Magic,
    Message,
    Node,
    Notation,
    Shape,
    Uint,
    UntilEnd,
    Word,
    holds,
)
from wirebook.spec.extension import CODE_LEAST, CODE_MOST, Ext

GROWING = frozenset({"most", "largest", "longest"})
"""Extremes of size that are reached by filling up."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A part that has to be there, and the extreme that it has to be."""

    part: Node
    extreme: str = ""
    size: int = 0
    """How much of it there has to be, for an extreme of size."""


def extremes_of(part: Node) -> tuple[str, ...]:
    """Return the names of the extremes of a part; none for one that has no value of its own."""
    match part:
        case Message():
            return ("shortest", "longest")
        case Uint() | Length():
            return ("least", "most")
        case Magic():
            return ("constant",)
        case Word():
            return part.words
        case Base64(octets=None) | UntilEnd():
            return ("smallest", "largest")
        case Base64():
            return ("octets",)
        case Shape():
            own = _EXTREMES[part.kind]
            return own + ("null",) * part.nullable + ("absent",) * part.optional
    return ()


_EXTREMES = {
    "any": ("nil", "deepest"),
    "nil": ("nil",),
    "bool": ("false", "true"),
    "int": ("least", "most"),
    "str": ("smallest", "largest"),
    "array": ("smallest", "largest"),
    "map": ("smallest", "largest"),
    "record": ("required", "all"),
}


def grows(part: Node, extreme: str) -> bool:
    """Tell whether an extreme is one that is reached by filling up."""
    fixed = isinstance(part, Uint) or (isinstance(part, Shape) and part.kind == "int")
    return extreme in GROWING and not fixed


def drawn(node: Node, dice: Dice, aim: Aim | None = None) -> Any:
    """Return a value of a node; with zeros on the dice, its smallest."""
    aim = aim if aim and holds(node, aim.part) else None
    own = aim if aim and aim.part is node else None
    match node:
        case Message():
            shortest = own and own.extreme == "shortest"
            return drawn(node.content, zeros() if shortest else dice, None if own else aim)
        case Block():
            length = aim if aim and aim.part is node.length else None
            least = length and length.extreme == "least"
            return drawn(node.content, zeros() if least else dice, None if length else aim)
        case Body():
            return drawn(node.shape, dice, aim)
        case Layout():
            return {name: drawn(field, dice, aim) for name, field in node.fields.items()}
        case Uint():
            return _integer(node.least, node.most, dice, own)
        case Magic():
            return node.octets
        case Word():
            return own.extreme if own and own.extreme else dice.choose(node.words)
        case Base64():
            return dice.octets(_octets(node, dice, own))
        case UntilEnd():
            return _list(node.items, dice, aim, own)
        case Shape():
            return _value(node, dice, aim, own)
    raise TypeError(f"a {type(node).__name__} has no values")


def zeros() -> Dice:
    """Return dice that decide for what is simplest."""
    return Dice(bytes)


def deep(levels: int, innermost: Any = None) -> Any:
    """Return so many containers, one inside of the other, arrays and maps by turns."""
    value: Any = [] if innermost is None else [innermost]
    for level in range(1, levels):
        value = [value] if level % 2 else {"": value}
    return value


def _integer(least: int, most: int, dice: Dice, own: Aim | None) -> int:
    if own and own.extreme:
        return least if own.extreme == "least" else most
    return dice.integer(least, most)


def _octets(node: Base64, dice: Dice, own: Aim | None) -> int:
    if node.octets is not None:
        return node.octets
    if own and own.extreme:
        return max(node.least, own.size) if own.extreme == "largest" else node.least
    return node.least + dice.pick(40)


def _list(items: Node, dice: Dice, aim: Aim | None, own: Aim | None) -> list[Any]:
    if own and own.extreme:
        return [drawn(items, zeros())] * own.size
    below = aim is not None and own is None
    count = max(dice.choose(_COUNTS), 1 if aim else 0)
    index = dice.pick(count)
    return [drawn(items, dice, aim if below and at == index else None) for at in range(count)]


def _value(shape: Shape, dice: Dice, aim: Aim | None, own: Aim | None) -> Any:
    extreme = own.extreme if own else ""
    if extreme == "null" or (shape.nullable and not aim and dice.one_in(4)):
        return None
    match shape.kind:
        case "nil":
            return None
        case "bool":
            # JSON's `true` is the shorter one
            return extreme == "true" if extreme else bool(dice.pick(2)) != shape.notation.json
        case "int":
            return _integer(shape.least, shape.most, dice, own)
        case "str":
            return "x" * own.size if own and extreme else dice.text()
        case "array" if shape.items:
            return _list(shape.items, dice, aim, own)
        case "map":
            return _map(shape, dice, aim, own)
        case "record":
            return _record(shape, dice, aim, extreme)
    if extreme == "nil":
        return None
    if extreme == "deepest":
        return deep(shape.notation.depth - shape.depth)
    if own and extreme:
        return "x" * own.size
    return anything(shape.notation, shape.depth, dice)


def _map(shape: Shape, dice: Dice, aim: Aim | None, own: Aim | None) -> dict[Any, Any]:
    if own and own.extreme:
        return {str(at): drawn(shape.items, zeros()) for at in range(own.size) if shape.items}
    return _others(shape, dice, aim, max(dice.choose(_COUNTS), 1 if aim else 0), {})


def _record(shape: Shape, dice: Dice, aim: Aim | None, extreme: str) -> dict[Any, Any]:
    members: dict[Any, Any] = {}
    for name, member in (shape.members or {}).items():
        wanted = aim is not None and holds(member, aim.part)
        if member.optional:
            absent = extreme == "required" or (wanted and aim and aim.extreme == "absent")
            if absent or not (wanted or extreme == "all" or dice.pick(2)):
                continue
        members[name] = drawn(member, dice, aim if wanted else None)
    if shape.items:
        at_others = aim is not None and (holds(shape.items, aim.part) or aim.part is shape.keys)
        count = 0 if extreme == "required" else dice.choose(_COUNTS)
        members = _others(shape, dice, aim, max(count, 1 if at_others else 0), members)
    return members


def _others(
    shape: Shape, dice: Dice, aim: Aim | None, count: int, members: dict[Any, Any]
) -> dict[Any, Any]:
    """Add members under keys that are not known; the first one is what is aimed at."""
    for at in range(count):
        key: Any = dice.text()
        if at == 0 and aim and aim.part is shape.keys and aim.extreme:
            key = "x" * aim.size
        while key in members:
            key += "_"
        if shape.items:
            members[key] = drawn(shape.items, dice, aim if at == 0 else None)
    return members


def anything(notation: Notation, depth: int, dice: Dice, levels: int = 3) -> Any:
    """Return a value that stands in `depth` containers, and has no more than `levels` itself."""
    room = levels and notation.depth - depth >= 2
    match dice.pick(16 if room else 12):
        case 0 | 1 | 2:
            return dice.integer(notation.least, notation.most)
        case 3:
            return None
        case 4 | 5:
            return bool(dice.pick(2))
        case 6 | 7:
            return dice.text()
        case 8 | 9:
            return dice.number(single=notation.single_floats, finite=notation.json)
        case 10 if not notation.json:
            return _binary(notation, dice)
        case 11 if notation.extensions:
            return Ext(dice.integer(CODE_LEAST, CODE_MOST), dice.octets(dice.choose(_EXT_SIZES)))
        case 10 | 11:
            return dice.text()
        case 12 | 13:
            count = dice.pick(4)
            return [anything(notation, depth + 1, dice, levels - 1) for _ in range(count)]
    members: dict[Any, Any] = {}
    for _ in range(dice.pick(4)):
        members[_key(notation, dice)] = anything(notation, depth + 1, dice, levels - 1)
    return members


def _key(notation: Notation, dice: Dice) -> Any:
    if notation.json or dice.pick(4):
        return dice.text()
    match dice.pick(6):
        case 0:
            return dice.integer(notation.least, notation.most)
        case 1:
            return bool(dice.pick(2))
        case 2:
            return None
        case 3:
            return dice.number(single=notation.single_floats, finite=True)
    return _binary(notation, dice)


def _binary(notation: Notation, dice: Dice) -> bytes:
    octets = dice.octets(dice.choose(_EXT_SIZES))
    return b"\xff" + octets if notation.bin_as_text else octets  # which UTF-8 never has


_COUNTS = (0, 1, 1, 2, 2, 3)
_EXT_SIZES = (0, 1, 2, 4, 8, 16, 3, 12, 17)
