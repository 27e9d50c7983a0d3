"""The sweep: every mutant of a bank is tried, several at a time.

What may live here: which checks a mutant meets in which order, how long it has, and what its
findings say. A mutant is killed only by a `fail` of a check that cites its requirement: a crash, a
hang or an error of the suite finds something, but not what was looked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Protocol

from wirebook.conformance.library import Library
from wirebook.conformance.mutation.checks import Cases, Models
from wirebook.conformance.mutation.kills import FAILED, Kill
from wirebook.conformance.mutation.trial import Broken, Checks, Finding, Trial
from wirebook.conformance.verdicts import Verdict

AT_A_TIME = 2
"""How many mutants share a processor core: the cases mostly wait."""
SECONDS = 60.0
"""How long the checks that cite the requirement have."""
SECONDS_ALL = 240.0
"""How long the whole book has with a mutant that those have let live."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the suite made of a mutant."""

    mutant: Broken
    findings: tuple[Finding, ...]
    """Of the checks that cite the requirement."""
    unrelated: tuple[str, ...] = ()
    """Cases that fail without citing it; looked for only if no other does."""
    output: str = ""
    seconds: float = 0.0

    @property
    def killers(self) -> tuple[str, ...]:
        """The checks that fail and cite the requirement."""
        return tuple(
            one.case
            for one in self.findings
            if one.verdict == Verdict.FAIL and self.mutant.requirement in one.requirements
        )

    @property
    def killed(self) -> bool:
        """Whether the suite detects the mutant, and for the right reason."""
        return bool(self.killers)

    def kill(self) -> Kill:
        """Return what the cases said, for the diagnosis of targets."""
        verdicts = {one.case: one.verdict for one in self.findings}
        return Kill(
            self.mutant.id,
            self.mutant.requirement,
            self.mutant.sentence,
            frozenset(case for case, verdict in verdicts.items() if verdict in FAILED),
            frozenset(case for case, verdict in verdicts.items() if verdict == Verdict.PASS),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the row of the matrix as plain JSON values."""
        return {
            **self.mutant.to_json(),
            "killed": self.killed,
            "cases": {one.case: one.verdict for one in self.findings},
            "unrelated": list(self.unrelated),
            "seconds": round(self.seconds, 1),
        }


class Checking(Protocol):
    """What the mutants are tried with: which checks they meet, in three stages."""

    @property
    def apply(self) -> str:
        """`package.module:function` that breaks a rule, given the book and the mutant's ID."""

    def first(self, mutant: Broken) -> Checks | None:
        """Return the checks that cite the requirement, if there are any."""

    def second(self, mutant: Broken) -> Checks | None:
        """Return further ones, for a mutant that those let live."""

    def all(self) -> Checks:
        """Return everything, which tells survivors from what is noticed for another reason."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The suite, and the tests of the reference, as what mutants are tried with."""

    library: Library
    apply: str
    """`package.module:function` that breaks a rule, given the book and the mutant's ID."""
    cases: Mapping[str, Sequence[str]]
    """Cases by requirement."""
    models: Mapping[str, Sequence[str]]
    """Tests of the reference by requirement, as pytest takes them."""
    checkout: Path | None = None
    exit_first: bool = False

    def first(self, mutant: Broken) -> Checks | None:
        """Return the checks that cite the requirement, those of the wire if there are any."""
        if cases := self._of_role(mutant):
            return Cases(self.library, cases, self.exit_first)
        tests = self.models.get(mutant.requirement, ())
        if tests and self.checkout:
            return Models(tests, self.checkout, self.exit_first)
        return None

    def second(self, mutant: Broken) -> Checks | None:
        """Return the tests of the reference, for a mutant that no case can see."""
        tests = self.models.get(mutant.requirement, ())
        if tests and self.checkout and self._of_role(mutant):
            return Models(tests, self.checkout, self.exit_first)
        return None

    def all(self) -> Checks:
        """Return the whole book, up to the first case that fails."""
        return Cases(self.library, exit_first=True)

    def _of_role(self, mutant: Broken) -> tuple[str, ...]:
        cited = self.cases.get(mutant.requirement, ())
        if mutant.role == "both":
            return tuple(cited)
        return tuple(case for case in cited if case.startswith(f"{mutant.book}/{mutant.role}_"))


def sweep(mutants: Sequence[Broken], bench: Checking, *, jobs: int = 1) -> Iterator[Outcome]:
    """Try the mutants, `AT_A_TIME` for each of `jobs` cores; yield each outcome as it is known.

    One that lives is tried once more in the end, when no other is: on a busy machine a case may
    have been too late to see it.
    """
    alive: list[Broken] = []
    for outcome in _sweep(mutants, bench, AT_A_TIME * jobs):
        if outcome.killed:
            yield outcome
        else:
            alive.append(outcome.mutant)
    yield from _sweep(alive, bench, 1)


def _sweep(mutants: Sequence[Broken], bench: Checking, at_a_time: int) -> Iterator[Outcome]:
    waiting = list(reversed(mutants))
    running: list[_Stages] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_a_time:
                running.append(_Stages(waiting.pop(), bench))
            patience = min((stages.left() for stages in running), default=0.0)
            wait([s.trial.sentinel for s in running if s.trial], max(0.0, patience))
            for stages in list(running):
                outcome = stages.step()
                if outcome is not None:
                    running.remove(stages)
                    yield outcome
    finally:
        for stages in running:
            stages.close()


class _Stages:
    """A mutant on its way through the checks."""

    def __init__(self, mutant: Broken, bench: Checking) -> None:
        self._mutant = mutant
        self._bench = bench
        self._began = time.monotonic()
        self._findings: tuple[Finding, ...] = ()
        self._output = ""
        self._next = [bench.first(mutant), bench.second(mutant), bench.all()]
        self.trial: Trial | None = None
        self._advance()

    def left(self) -> float:
        """Return how many seconds the present trial has left."""
        if self.trial is None:
            return 0.0
        limit = SECONDS if self._next else SECONDS_ALL
        return self.trial.began + limit - time.monotonic()

    def step(self) -> Outcome | None:
        """Go on if the present trial is over; return the outcome if it was the last one."""
        if self.trial is None:
            return self._outcome(())
        if not self.trial.ended and self.left() > 0:
            return None
        found = self.trial.findings()
        late = "" if self.trial.ended else "it took too long"
        self._output = late or self.trial.output()
        self.close()
        if not self._next:
            failed = [one for one in found if one.verdict == Verdict.FAIL]
            # On a busy machine the time may have been over before the case that sees it.
            citing = [one for one in failed if self._mutant.requirement in one.requirements]
            self._findings += tuple(citing)
            return self._outcome(tuple(one.case for one in failed if one not in citing))
        self._findings += found
        if self._outcome(()).killed:
            return self._outcome(())
        self._advance()
        return None

    def close(self) -> None:
        """End what runs."""
        if self.trial is not None:
            self.trial.close()
            self.trial = None

    def _advance(self) -> None:
        while self._next:
            checks = self._next.pop(0)
            if checks is not None:
                self.trial = Trial(self._mutant, self._bench.apply, checks)
                return

    def _outcome(self, unrelated: tuple[str, ...]) -> Outcome:
        seconds = time.monotonic() - self._began
        return Outcome(self._mutant, self._findings, unrelated, self._output, seconds)
