"""A row of a benchmark: what was measured of the reference, the original and the machine.

What may live here: the plain data, and the ratios that follow from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """What several rounds have given."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured."""

    what: str
    """With its unit."""
    reference: Figure
    original: Figure | None = None
    ceiling: Figure | None = None
    """What this machine can do at most."""
    target: float | None = None
    at_most: bool = False
    """Whether the target is not to be exceeded, rather than to be reached."""

    @property
    def ratio_original(self) -> float | None:
        """How many times the original's figure it is."""
        return self._ratio(self.original)

    @property
    def ratio_ceiling(self) -> float | None:
        """Which part of the ceiling it is."""
        return self._ratio(self.ceiling)

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        found = self.reference.median
        return found <= self.target if self.at_most else found >= self.target

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values."""
        return {
            "what": self.what,
            "reference": self.reference.median,
            "original": self.original.median if self.original else None,
            "ceiling": self.ceiling.median if self.ceiling else None,
            "ratio_original": self.ratio_original,
            "ratio_ceiling": self.ratio_ceiling,
            "target": self.target,
            "reached": self.reached,
            "spread": [self.reference.least, self.reference.most],
        }

    def _ratio(self, other: Figure | None) -> float | None:
        return self.reference.median / other.median if other and other.median else None


def figure(rounds: Sequence[float]) -> Figure:
    """Return the figure of several rounds."""
    return Figure(median(rounds), min(rounds), max(rounds))
