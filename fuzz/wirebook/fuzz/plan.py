"""The plan of a campaign: an endless sequence of lots, each known by its number alone.

Which kind of lot comes when, and with which seed, depends on nothing that happens: so a campaign
can be done again, and goes on where it was left. What may live here: the kinds of lots that there
are for a target, their sizes, and the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.targets.description import ROLES, Target
from wirebook.fuzz import lots
from wirebook.fuzz.lots import Lot

SIZES: Mapping[str, int] = {
    "octets": 20_000,
    "differential": 5_000,
    "machine": 2_000,
    "live": 3_000,
}
"""Inputs in a lot, by way: all lots take about as long, so the ways share the time evenly."""
SIZES_ON_TARGET: Mapping[str, int] = {"machine": 400, "differential": 500, "live": 3_000}
"""The same on a live target, which has to be waited for."""
LOT_SECONDS = 20.0
"""How long a lot may take; only one that is stuck, or shrinks what it has found, takes so long."""
COUNTED_SECONDS = 60.0
"""How long a lot may take where inputs count, not time: nothing should depend on the clock then."""
SHORTEST_SECONDS = 4.0

_CORES = ("octets", "machine", "differential")


@dataclass(frozen=True, slots=True)
class Kind:
    """What lots have in common that are worked off in the same way."""

    way: str
    role: str
    target: Mapping[str, Any] | None = field(default=None, hash=False)
    """The target as `Target.to_json` gives it; None for the cores of the reference."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign does, and for how long."""

    book: str
    kinds: tuple[Kind, ...]
    """They take turns."""
    seed: int
    seconds: float | None = None
    """When the campaign ends; None if only the inputs count."""
    inputs: int | None = None
    """After how many inputs the campaign ends; None if only the time counts."""
    mutant: str = ""

    def kind(self, number: int) -> Kind:
        """Return the kind of a lot."""
        return self.kinds[number % len(self.kinds)]

    def size(self, number: int) -> int:
        """Return the inputs of a lot; a short campaign has small ones, so that each kind comes."""
        size = _size(self.kind(number))
        if self.inputs is None:
            return size
        turn = sum(_size(kind) for kind in self.kinds)
        return math.ceil(size * min(1.0, self.inputs / turn))

    def patience(self, left: float | None, at_a_time: int) -> float:
        """Return the seconds that a lot gets, if the campaign has so many left."""
        if left is None or self.seconds is None:
            return COUNTED_SECONDS
        fair = self.seconds * at_a_time / len(self.kinds)
        return min(left, max(SHORTEST_SECONDS, min(LOT_SECONDS, fair)))

    def lot(self, number: int) -> Lot:
        """Return a lot, without what comes from earlier ones."""
        kind = self.kind(number)
        return Lot(
            self.book,
            kind.role,
            kind.way,
            lots.seed_of(self.seed, number, self.book, kind.role, kind.way),
            self.size(number),
            target=kind.target,
            mutant=self.mutant,
        )


def kinds(
    book: str, roles: Sequence[str], chosen: Collection[str] = (), *, target: Target | None = None
) -> tuple[Kind, ...]:
    """Return the kinds of lots for the chosen ways; CommandError if a way makes no sense.

    Without a target it is the cores of the reference, and its server as a process.
    """
    there = _on_target(target) if target else _on_reference()
    for way in chosen:
        if way not in lots.WAYS:
            raise CommandError(f'"{way}" is no way', hint=did_you_mean(way, lots.WAYS))
        if way not in {kind.way for kind in there}:
            name = target.name if target else "the reference"
            others = sorted({kind.way for kind in there})
            raise CommandError(f"{way} cannot attack {name}", hint=f"--way {' or '.join(others)}")
    found = tuple(
        kind for kind in there if kind.role in roles and (not chosen or kind.way in chosen)
    )
    if not found:
        raise CommandError(
            f"{' and '.join(chosen)} cannot attack the {' and '.join(roles)} of {book}",
            hint="without --way, all that make sense take turns",
        )
    return found


def _on_reference() -> tuple[Kind, ...]:
    cores = [Kind(way, role) for way in _CORES for role in ROLES]
    return (*cores, Kind("live", "server"))


def _on_target(target: Target) -> tuple[Kind, ...]:
    data = target.to_json()
    machines = tuple(Kind("machine", role, data) for role in target.roles)
    if target.server is None or target.server.address:
        return machines  # what ends a live target has to be able to start it again
    live = Kind("live", "server", data)
    # What ends a server is found by live lots above all: they come twice.
    return (live, *machines, live, Kind("differential", "server", data))


def _size(kind: Kind) -> int:
    return (SIZES_ON_TARGET if kind.target else SIZES)[kind.way]
