"""What a campaign has brought so far, in figures.

What may live here: adding harvests up, and the result as JSON. How it is shown is in `status.py`.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.lots import Harvest

NOW_SECONDS = 15.0
"""How far back `inputs per second now` looks."""
_SAMPLES = 128
_GONE_SECONDS = 300.0
"""A worker that has brought nothing for so long is not there any more."""


@dataclass(slots=True)
class Figures:
    """The figures of one kind of lots, or of all."""

    lots: int = 0
    inputs: int = 0
    seconds: float = 0.0
    """The time of the workers, which is longer than that of the clock where there are several."""
    seen: set[str] = field(default_factory=set)
    covered: int = 0
    """The most branches that a lot has covered, where that is measured."""
    findings: int = 0

    @property
    def states(self) -> int:
        """How many states were seen."""
        return sum(":" not in label for label in self.seen)

    @property
    def responses(self) -> int:
        """How many states with a class of response were seen."""
        return sum(":" in label for label in self.seen)

    @property
    def rate(self) -> float:
        """Inputs per second of a worker's time."""
        return self.inputs / self.seconds if self.seconds else 0.0

    def add(self, harvest: Harvest) -> None:
        """Add what a lot has brought."""
        self.lots += 1
        self.inputs += harvest.inputs
        self.seconds += harvest.seconds
        self.seen |= harvest.seen
        self.covered = max(self.covered, harvest.covered)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "lots": self.lots,
            "inputs": self.inputs,
            "inputs_per_second": round(self.rate, 1),
            "seconds": round(self.seconds, 3),
            "seen": sorted(self.seen),
            "covered": self.covered,
            "findings": self.findings,
        }


@dataclass(slots=True)
class Course:
    """How a quantity has gone: where it began, where it is, and its maximum."""

    first: int = 0
    last: int = 0
    max: int = 0

    def add(self, value: int, *, warm: bool) -> None:
        """Add a sample; 0 stands for one that could not be taken.

        The last sample before everything is warm, that is imported and grown up, is the first one.
        """
        if value:
            self.first = self.first if warm and self.first else value
            self.last = value
            self.max = max(self.max, value)

    def to_json(self) -> dict[str, int]:
        """Return it as plain JSON values."""
        return {"first": self.first, "last": self.last, "max": self.max}


@dataclass(slots=True)
class Memory:
    """The memory of the campaign and of its largest worker, in octets, over time."""

    workers: Course = field(default_factory=Course)
    campaign: Course = field(default_factory=Course)
    samples: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds, largest worker, campaign; every so often, so that there are never too many."""
    _latest: dict[str, tuple[float, int]] = field(default_factory=dict)
    _every: int = 1
    _count: int = 0

    def sample(self, at: float, worker: str, size: int, campaign: int, *, warm: bool) -> None:
        """Take in what a worker takes after a lot."""
        self._latest[worker] = at, size
        self._latest = {
            name: (when, size)
            for name, (when, size) in self._latest.items()
            if when > at - _GONE_SECONDS
        }
        largest = max(size for _, size in self._latest.values())
        self.workers.add(largest, warm=warm)
        self.campaign.add(campaign, warm=warm)
        self._count += 1
        if self._count % self._every == 0:
            self.samples.append((round(at, 1), largest, campaign))
        if len(self.samples) > _SAMPLES:
            del self.samples[::2]
            self._every *= 2

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; the figures of the workers come first."""
        return {
            **self.workers.to_json(),
            "campaign": self.campaign.to_json(),
            "samples": [list(sample) for sample in self.samples],
        }


@dataclass(slots=True)
class Tally:
    """Everything that is known of a campaign."""

    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    kinds: dict[tuple[str, str], Figures] = field(default_factory=dict)
    """By way and role."""
    found: list[tuple[Finding, Path]] = field(default_factory=list)
    """What was found, each once, and its files."""
    problems: list[str] = field(default_factory=list)
    """What went wrong with the campaign itself, one line each."""
    unreachable: bool = False
    interrupted: bool = False
    memory: Memory = field(default_factory=Memory)
    lots: int = 0
    inputs: int = 0
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def rate(self) -> float:
        """Inputs per second, from the beginning."""
        return self.inputs / self.seconds if self.seconds else 0.0

    @property
    def rate_now(self) -> float:
        """Inputs per second, in the last seconds."""
        at = self.seconds
        while self._recent and self._recent[0][0] < at - NOW_SECONDS:
            self._recent.popleft()
        return sum(inputs for _, inputs in self._recent) / max(0.1, min(at, NOW_SECONDS))

    @property
    def states(self) -> int:
        """How many states of a role were seen, whatever saw them."""
        return sum(figures.states for figures in self._by_role().values())

    @property
    def responses(self) -> int:
        """How many of them with a class of response."""
        return sum(figures.responses for figures in self._by_role().values())

    @property
    def covered(self) -> int:
        """The most branches that were covered, over the roles."""
        return sum(figures.covered for figures in self._by_role().values())

    def figures(self, way: str, role: str) -> Figures:
        """Return the figures of a kind of lots."""
        return self.kinds.setdefault((way, role), Figures())

    def add(self, harvest: Harvest) -> None:
        """Add what a lot has brought, but for its findings."""
        self.figures(harvest.lot.way, harvest.lot.role).add(harvest)
        self.lots += 1
        self.inputs += harvest.inputs
        self._recent.append((self.seconds, harvest.inputs))

    def found_in(self, way: str, role: str, finding: Finding, path: Path) -> None:
        """Add a finding that is new."""
        self.figures(way, role).findings += 1
        self.found.append((finding, path))

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        by_way: dict[str, dict[str, Any]] = {}
        for (way, role), figures in self.kinds.items():
            by_way.setdefault(way, {})[role] = figures.to_json()
        return {
            "seconds": round(self.seconds, 3),
            "lots": self.lots,
            "inputs": self.inputs,
            "inputs_per_second": round(self.rate, 1),
            "seen": {role: sorted(one.seen) for role, one in self._by_role().items()},
            "covered": self.covered,
            "findings": [{**one.to_json(), "name": one.name} for one, _ in self.found],
            "ways": by_way,
            "memory": self.memory.to_json(),
            "problems": self.problems,
            "interrupted": self.interrupted,
        }

    def _by_role(self) -> dict[str, Figures]:
        roles: dict[str, Figures] = {}
        for (_, role), figures in self.kinds.items():
            together = roles.setdefault(role, Figures())
            together.seen |= figures.seen
            together.covered = max(together.covered, figures.covered)
        return roles
