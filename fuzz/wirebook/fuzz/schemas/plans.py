"""Everything that is made of one message: its valid values, and what is almost one.

What may live here: what is drawn next, a plain value, one with an extreme, or one with a fault.
Neither Hypothesis nor any book is known here, so that seeded generators can draw, too.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from wirebook.fuzz.schemas.body_faults import faults_of_body, faults_of_shape
from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.drawing import Aim, drawn, extremes_of, grows, zeros
from wirebook.fuzz.schemas.faults import HUGE, Fault
from wirebook.fuzz.schemas.filling import Grown
from wirebook.fuzz.schemas.judging import conforms
from wirebook.fuzz.schemas.nodes import Body, Message, Node, Path, Shape, inside, text_of
from wirebook.fuzz.schemas.piece_faults import faults_of
from wirebook.fuzz.schemas.trees import Tree, changed
from wirebook.fuzz.schemas.writing import TooLarge, octets_of


@dataclass(frozen=True, slots=True)
class Faulty:
    """Octets that are almost a message."""

    message: str
    octets: bytes
    fault: str
    """What is wrong with them: `missing-member`, `length+1`, `bad-utf8`, `depth` …"""
    path: str
    """The part that is wrong, as in `events[].type`; "" for the message."""
    certain: bool
    """Whether every receiver has to refuse them; others may be valid by chance or by generosity."""


_IMMENSE = 2**18
"""Octets from which on even those who draw huge messages draw few."""


class Plan:
    """What can be drawn of a message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.grown = Grown(message)

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """The parts that have extremes, outermost first."""
        return tuple(part for part in inside(self.message) if extremes_of(part))

    @cached_property
    def growing(self) -> tuple[Node, ...]:
        """The parts with an extreme that is reached by filling up."""
        return tuple(p for p in self.parts if any(grows(p, extreme) for extreme in extremes_of(p)))

    @cached_property
    def faults(self) -> dict[Path, tuple[Fault, ...]]:
        """The faults of each part, by its path."""
        found: dict[Path, list[Fault]] = {}
        body: Body | None = None
        for part in inside(self.message):
            if isinstance(part, Shape) and body:
                faults = list(faults_of_shape(part, body))
            elif isinstance(part, Body):
                body = part
                faults = list(faults_of_body(part))
            else:
                faults = list(faults_of(part, self.grown))
            for fault in faults:
                found.setdefault(fault.part.path, []).append(fault)
        return {path: tuple(faults) for path, faults in found.items()}

    def extremes(self) -> frozenset[tuple[Path, str]]:
        """Return the extremes that the values of the message can have, and their paths."""
        return frozenset(
            (part.path, extreme) for part in self.parts for extreme in extremes_of(part)
        )

    def value(self, dice: Dice, aim: Aim | None = None) -> Any:
        """Return a valid value: any, or one with the part and the extreme that is aimed at."""
        if aim and grows(aim.part, aim.extreme):
            return self.grown.value(aim.part)
        value = drawn(self.message, dice, aim)
        try:
            octets_of(self.message, value, strict=True)
        except TooLarge:
            return drawn(self.message, zeros(), aim)
        return value

    def varied(self, dice: Dice) -> Any:
        """Return a valid value: every other one has an extreme, few are huge."""
        way = dice.pick(256)
        if way < 128:
            return self.value(dice)
        common, huge = self._aims
        if way >= 252 and huge:
            aim = dice.choose(huge)
            if self.grown.size(aim.part) < _IMMENSE or dice.one_in(4):
                return self.value(dice, aim)
        return self.value(dice, dice.choose(common))

    def octets(self, dice: Dice, *, varied: bool = False) -> bytes:
        """Return a valid message: as a sender writes it, or `varied`, as receivers have to read."""
        value = self.varied(dice)
        if varied:
            with suppress(TooLarge):
                return octets_of(self.message, value, pick=dice.pick, strict=True)
        return octets_of(self.message, value)

    def near_valid(self, dice: Dice) -> Faulty:
        """Return what is almost valid: any part and a fault of it, or any fault and where."""
        by_part, by_name = self._faults
        faults = dice.choose(by_name if dice.pick(2) else by_part)
        fault = dice.choose(faults)
        if fault.size and not dice.one_in(2 if fault.size < _IMMENSE else 6):
            fault = dice.choose(by_part[0])
        return self.faulty(fault, dice)

    def faulty(self, fault: Fault, dice: Dice) -> Faulty:
        """Return octets with that fault."""
        value = self.value(dice, Aim(fault.part))
        certain = fault.certain
        if certain is None:
            body = self._body_of[fault.target]

            def change(given: Any) -> Tree:
                nonlocal certain
                tree = self._broken(body, given, fault, dice)
                certain = not conforms(body.taken, tree, body.notation)
                return tree

            tree = changed(self.message, value, body, change, dice.pick)
        else:
            tree = self._broken(self.message, value, fault, dice)
        octets = octets_of(self.message, tree)
        path = text_of(fault.part.path)
        return Faulty(self.message.name, octets, fault.name, path, bool(certain))

    @staticmethod
    def _broken(outer: Node, value: Any, fault: Fault, dice: Dice) -> Tree:
        return changed(outer, value, fault.target, lambda part: fault.make(part, dice), dice.pick)

    @cached_property
    def _aims(self) -> tuple[tuple[Aim, ...], tuple[Aim, ...]]:
        """The extremes: the common ones, and those of huge messages."""
        common: list[Aim] = []
        huge: list[Aim] = []
        for part in self.parts:
            for extreme in extremes_of(part):
                large = grows(part, extreme) and self.grown.size(part) >= HUGE
                (huge if large else common).append(Aim(part, extreme))
        return tuple(common), tuple(huge)

    @cached_property
    def _faults(self) -> tuple[tuple[tuple[Fault, ...], ...], tuple[tuple[Fault, ...], ...]]:
        """The faults by their parts, and by their names."""
        by_name: dict[str, list[Fault]] = {}
        for fault in chain.from_iterable(self.faults.values()):
            by_name.setdefault(fault.name, []).append(fault)
        return tuple(self.faults.values()), tuple(tuple(faults) for faults in by_name.values())

    @cached_property
    def _body_of(self) -> dict[Node, Body]:
        bodies = [part for part in inside(self.message) if isinstance(part, Body)]
        return {part: body for body in bodies for part in inside(body)}
