"""What the fuzzer sends to a live target: sessions as peers play them, and what is wrong in them.

For each book there is a module of its name with a class `Source`. What may live here: what the
sources of all books have in common. What a target does with its inputs is not known here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Protocol, cast

from wirebook.conformance.corpus import Step

__all__ = ["Play", "Source", "source", "value"]

Arrived = Iterable[tuple[int, bytes]]
"""What has come from the target, by peer."""


@dataclass(frozen=True, slots=True)
class Play:
    """A few steps that belong together."""

    label: str
    """Of which kind it is; plays of a kind have the same things wrong with them."""
    steps: tuple[Step, ...]


class Source(Protocol):
    """Gives plays without end, the same ones for the same seed and the same answers."""

    seen: set[str]
    """States, and states with the class of the response, that were seen."""

    def begin(self) -> None:
        """Forget all sessions: the target knows nobody."""

    def next(self) -> Play:
        """Return what to do next."""

    def take(self, arrived: Arrived, closed: Callable[[int], bool]) -> None:
        """Take in what has come, and which peers the target has left."""


def source(book: str, seed: int) -> Source:
    """Return the source of a book."""
    module = importlib.import_module(f"{__name__}.{book}")
    return cast(Source, module.Source(seed))


_NUMBERS = (0, 1, -1, 2, 5, 127, 128, -33, 255, 65535, 65536, 2**31, 2**53, 2**64 - 1, -(2**63))
_TEXTS = ("", "x", "name", "ä€𝄞", "a" * 31, "a" * 300, "TO_DELETE", "__class__", "0")


def value(random: Random, depth: int = 2) -> object:
    """Return a plain value of any type that messages can have."""
    kind = random.randrange(8 if depth else 6)
    if kind == 0:
        return random.choice((None, True, False))
    if kind in (1, 2):
        return random.choice(_NUMBERS)
    if kind == 3:
        return random.choice((0.0, -1.5, 1e30))
    if kind in (4, 5):
        return random.choice(_TEXTS)
    inner = [value(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return inner
    return {random.choice(_TEXTS): one for one in inner}
