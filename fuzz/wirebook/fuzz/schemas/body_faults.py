"""What can be wrong with the values of a body, whatever they are written in.

A receiver that accepts more than a sender may send is asked for by its own shape, so that a fault
of a type is certain only where a receiver minds. What may live here: faults of values and members;
those of the notations are in `messagepack_faults` and `json_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wirebook.fuzz.schemas import json_faults, messagepack_faults
from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.faults import (
    Break,
    Fault,
    chosen,
    cut,
    exact,
    followed,
    made,
    preceded,
    raw,
)
from wirebook.fuzz.schemas.nodes import Body, Notation, Shape
from wirebook.fuzz.schemas.trees import Tree
from wirebook.spec.extension import Ext


def faults_of_body(body: Body) -> Iterator[Fault]:
    """Yield what can be wrong with a body as a whole."""
    notation = json_faults if body.notation.json else messagepack_faults
    other = messagepack_faults if body.notation.json else json_faults
    yield Fault("left-over", body, body, followed(notation.LEFT_OVER), exact(body))
    yield Fault("empty-body", body, body, raw([b""]), True)
    yield Fault("other-notation", body, body, raw(other.NOTATION), False)
    if notation.IN_FRONT:
        yield Fault("in-front", body, body, preceded(notation.IN_FRONT), True)


def faults_of_shape(shape: Shape, body: Body) -> Iterator[Fault]:
    """Yield what can be wrong with a value inside of a body."""
    ends = exact(body) or shape.depth > 0

    yield Fault("incomplete", shape, shape, cut(whole=False), ends)
    yield Fault("truncated", shape, shape, cut(whole=True), ends)
    if shape.kind != "any":
        yield Fault("type", shape, shape, _other_type(shape), None)
    if shape.kind == "int":
        yield from _of_integer(shape)
    if shape.members is not None:
        yield from _of_record(shape, shape.members)
    notation = json_faults if shape.notation.json else messagepack_faults
    yield from notation.faults_of(shape)


def _of_integer(shape: Shape) -> Iterator[Fault]:
    notation = shape.notation
    lowest, least, most, highest = notation.least, shape.least, shape.most, notation.most
    # JSON does not tell 1.0 from 1, and a reader need not
    certain = False if notation.json else None
    yield Fault("integral-float", shape, shape, made(_as_float), certain)
    below = [number for number in (least - 1, -1, lowest) if lowest <= number < least]
    above = [number for number in (most + 1, 2**63, highest) if most < number <= highest]
    if below:
        yield Fault("below-least", shape, shape, chosen(below), None)
    if above:
        yield Fault("above-most", shape, shape, chosen(above), None)


def _as_float(value: int) -> float:
    return float(value) if abs(value) < 2**24 else 1.0


def _of_record(shape: Shape, members: Mapping[str, Shape]) -> Iterator[Fault]:
    for name, member in members.items():
        if not member.optional:
            yield Fault("missing-member", member, shape, _without(name), None)
        yield Fault("renamed-member", member, shape, _renamed(name, members), None)

    def unknown(value: Any, dice: Dice) -> Tree:
        name = dice.text()
        while name in value or name in members:
            name += "_"
        return {**value, name: dice.choose((None, 0, "", [], {}))}

    if shape.items is None:
        yield Fault("unknown-member", shape, shape, unknown, None)


def _without(name: str) -> Break:
    return made(lambda value: {key: item for key, item in value.items() if key != name})


def _renamed(name: str, members: Mapping[str, Shape]) -> Break:
    """Return what makes a slip of the pen in the name of a member."""

    def make(value: Any, dice: Dice) -> Tree:
        slips = (name.upper(), name.title(), name + " ", name[:-1], name + "\0", name[::-1])
        slip = dice.choose([slip for slip in slips if slip not in members and slip not in value])
        return {slip if key == name else key: item for key, item in value.items()}

    return make


def _other_type(shape: Shape) -> Break:
    """Return what puts a value of another type in the place of one."""
    notation = shape.notation
    others = [value for value in _values(notation) if not _is_of(shape, value)]
    if shape.is_key:  # what is no scalar has faults of its own there
        others = [value for value in others if not isinstance(value, list | dict | Ext)]
        return chosen(others)

    def make(value: Any, dice: Dice) -> Tree:
        near = [[value], {"": value}]
        if isinstance(value, int):
            near += [str(value)]
        near = [other for other in near if not _is_of(shape, other)]
        return dice.choose(others + near)

    return make


def _values(notation: Notation) -> list[Any]:
    values: list[Any] = [None, False, True, 0, 1, -1, 0.5, "", "0", "null", [], {}, [None], {"": 0}]
    if not notation.json:
        values += [b"\xff", b"", float("nan"), float("inf")]
    if notation.extensions:
        values += [Ext(-1, bytes(4)), Ext(1, b"")]
    return values


def _is_of(shape: Shape, value: Any) -> bool:
    """Tell whether a value has the type of a shape, whatever is inside of it."""
    if value is None:
        return shape.nullable or shape.kind == "nil"
    kinds = {"bool": bool, "str": str, "array": list, "map": dict, "record": dict, "any": object}
    if shape.kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kinds.get(shape.kind, ()))
