"""From a schedule that breaks something to the few of its entries that do.

What may live here: delta debugging. What an entry is, and what it means to break, is the caller's
business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

MOST_RUNS = 200
MOST_SECONDS = 60.0

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Shrunk(Generic[Item]):
    """What is left of a schedule."""

    entries: tuple[Item, ...]
    """They break it: that was seen, unless `runs` is 0."""
    runs: int
    """How often it was tried."""
    minimal: bool
    """Whether none of the entries can be left out; if not, runs or seconds were over."""


def shrink(
    entries: Sequence[Item],
    breaks: Callable[[tuple[Item, ...]], bool],
    *,
    most_runs: int = MOST_RUNS,
    most_seconds: float = MOST_SECONDS,
) -> Shrunk[Item]:
    """Leave out entries as long as the others break it, larger parts first.

    All the entries are taken to break it, and are not tried again. Nothing is tried twice.
    """
    search = _Search(breaks, most_runs, time.monotonic() + most_seconds)
    left, parts = tuple(entries), 2
    if left and search.tries(()):
        return Shrunk((), search.runs, minimal=True)
    while len(left) > 1 and not search.over:
        pieces = _pieces(left, parts)
        smaller = _first_that(search, pieces) if parts <= len(left) else None
        if smaller is not None:
            left, parts = smaller, 2
            continue
        smaller = _first_that(search, _complements(pieces)) if parts > 2 else None
        if smaller is not None:
            left, parts = smaller, max(parts - 1, 2)
        elif parts >= len(left):
            break
        else:
            parts = min(2 * parts, len(left))
    return Shrunk(left, search.runs, minimal=not search.over)


@dataclass(slots=True)
class _Search(Generic[Item]):
    breaks: Callable[[tuple[Item, ...]], bool]
    most_runs: int
    end: float
    runs: int = 0

    @property
    def over(self) -> bool:
        return self.runs >= self.most_runs or time.monotonic() >= self.end

    def tries(self, entries: tuple[Item, ...]) -> bool:
        if self.over:
            return False
        self.runs += 1
        return self.breaks(entries)


def _first_that(
    search: _Search[Item], candidates: Sequence[tuple[Item, ...]]
) -> tuple[Item, ...] | None:
    return next((one for one in candidates if search.tries(one)), None)


def _pieces(entries: tuple[Item, ...], parts: int) -> list[tuple[Item, ...]]:
    borders = [len(entries) * part // parts for part in range(parts + 1)]
    return [entries[begin:end] for begin, end in pairwise(borders)]


def _complements(pieces: Sequence[tuple[Item, ...]]) -> list[tuple[Item, ...]]:
    return [
        tuple(entry for other in (*pieces[:index], *pieces[index + 1 :]) for entry in other)
        for index in range(len(pieces))
    ]
