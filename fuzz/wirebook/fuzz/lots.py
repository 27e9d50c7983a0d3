"""The work of a campaign in lots: what a worker is told, and what it brings back.

A lot is small, counted and seeded: the same lot gives the same inputs wherever it runs. What may
live here: the plain data, and which ways there are to work a lot off.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wirebook.conformance.corpus import Finding
from wirebook.reference import mutants

WAYS: Mapping[str, str] = {
    "octets": "wirebook.fuzz.octets:work",
    "differential": "wirebook.fuzz.differential:work",
    "machine": "wirebook.fuzz.machines:work",
    "live": "wirebook.fuzz.live:work",
}
"""The function that works off a lot, by the name of the way."""

Example = tuple[bytes, bytes]
"""A key and a value of Hypothesis' example database."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A piece of work: everything that a worker needs to know, as plain data."""

    book: str
    role: str
    way: str
    seed: int
    inputs: int
    """How many inputs to try, more or less: octets, datagrams or steps of a machine."""
    seconds: float = 60.0
    """When to stop even so; shrinking what was found counts, too."""
    target: Mapping[str, Any] | None = None
    """The target as `Target.to_json` gives it; None for the cores of the reference."""
    mutant: str = ""
    """The mutant of the reference that the process is to be; "" for the reference itself."""
    known: frozenset[str] = frozenset()
    """Signatures that were found already: these are not shrunk again."""
    examples: tuple[Example, ...] = ()
    """What other lots have put into the example database."""
    shrink: bool = True
    """Whether to look for the shortest way to what was found; only of the way `machine`."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a lot has brought."""

    lot: Lot
    inputs: int
    """Inputs that were tried."""
    seconds: float
    seen: frozenset[str] = frozenset()
    """States, and states with the class of the response (`connected:accepted`), that were seen."""
    findings: tuple[Finding, ...] = ()
    examples: tuple[Example, ...] = ()
    """What is new for the example database."""
    covered: int = 0
    """Branches of the reference that were taken, where that is measured."""


def work(lot: Lot) -> Harvest:
    """Work a lot off, in this process.

    A lot with a mutant makes the process that mutant, for good; ValueError is raised if it is
    another one already, or has worked on the reference itself.
    """
    become(lot.book, lot.mutant)
    module, _, function = WAYS[lot.way].partition(":")
    worker: Callable[[Lot], Harvest] = getattr(importlib.import_module(module), function)
    return worker(lot)


def seed_of(campaign: int, number: int, *words: str) -> int:
    """Return the seed of a lot of a campaign: another one for each, the same in each process."""
    return zlib.crc32(":".join((str(campaign), str(number), *words)).encode())


_is: list[str] = []


def become(book: str, mutant: str) -> None:
    """Make this process a mutant of the reference, or see to it that it is none."""
    if _is and _is[0] != mutant:
        told = _is[0] or "the reference itself"
        raise ValueError(f"this process is {told}, and cannot be {mutant or 'the reference'} now")
    if not _is and mutant:
        mutants.apply(book, mutant)
    _is[:] = [mutant]
