"""A campaign: lot after lot is given to workers, and what they bring is taken in at once.

What may live here: the course of a campaign, from the first lot to the last. What the lots are is
in `plan.py`, who works them off in `workers.py` and `cluster.py`, and what a person sees of it in
`status.py`.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.journal import Journal
from wirebook.fuzz.lots import Example, Lot
from wirebook.fuzz.plan import Kind, Plan
from wirebook.fuzz.tally import Tally
from wirebook.fuzz.workers import Done, Workers, WorkersLost, memory_of

GIVE_UP = 3
"""So many lots of a kind fail in a row before no more of them are given."""
KNOWN = 200
"""How many signatures are sent along with a lot, at most."""
EXAMPLES = 400
EXAMPLE_OCTETS = 1 << 18
"""How much of the example database is sent along with a lot, at most."""
GRACE_SECONDS = 30.0
"""A lot that takes twice its time and so much more is stuck."""

_TICK_SECONDS = 0.25

Save = Callable[[Finding], Path]
"""Writes a finding into the corpus, and returns where."""


class Watcher(Protocol):
    """Who watches a campaign."""

    def found(self, finding: Finding, path: Path) -> None:
        """Something new was found, and is saved."""

    def trouble(self, problem: str, detail: str) -> None:
        """Something went wrong with the campaign itself."""

    def tick(self, tally: Tally) -> None:
        """Some time has passed."""


@dataclass(slots=True)
class _Begun:
    """A lot that was given away."""

    lot: Lot
    overdue: float
    """When it is given up."""


class Campaign:
    """One campaign, from its plan to its tally."""

    def __init__(
        self,
        plan: Plan,
        workers: Workers,
        save: Save,
        watcher: Watcher,
        *,
        journal: Journal | None = None,
        exit_first: bool = False,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.tally = Tally()
        self._plan = plan
        self._workers = workers
        self._save = save
        self._watcher = watcher
        self._journal = journal
        self._exit_first = exit_first
        self._grace = grace
        self._numbers = itertools.count()
        self._planned = 0
        self._begun: dict[int, _Begun] = {}
        self._finished: set[int] = set(journal.finished if journal else ())
        # Ordered, so that the oldest is forgotten first.
        self._known: dict[Kind, dict[str, None]] = {}
        self._examples: dict[Kind, dict[Example, None]] = {}
        self._failures: Counter[Kind] = Counter()
        self._unreached = 0
        self._given_up: set[Kind] = set()
        self._over = False
        for way, role, signature in sorted(journal.known) if journal else ():
            for kind in plan.kinds:
                if (kind.way, kind.role) == (way, role):
                    self._known.setdefault(kind, {})[signature] = None

    def run(self) -> Tally:
        """Work until time or inputs are used up; what was found is saved whatever happens."""
        self.tally.began = time.monotonic()
        try:
            while self._give() or self._begun:
                for done in self._workers.take(_TICK_SECONDS):
                    self._take(done)
                self._drop_overdue()
                self._watcher.tick(self.tally)
        except KeyboardInterrupt:
            self.tally.interrupted = True
            for done in self._workers.take(0.0):
                self._take(done)
        except WorkersLost as error:
            self._trouble(str(error))
        self.tally.ended = time.monotonic()
        return self.tally

    # Giving

    def _give(self) -> bool:
        """Give lots to all workers that have none; tell whether there was one to give."""
        given = False
        while not self._over and len(self._begun) < self._workers.slots:
            number = self._next()
            if number is None:
                self._over = True
                break
            self._begin(number)
            given = True
        return given

    def _next(self) -> int | None:
        """Return the number of the next lot, if there is one."""
        left = self._left()
        if left is not None and left < _TICK_SECONDS:
            return None
        for number in self._numbers:
            if self._plan.inputs is not None and self._planned >= self._plan.inputs:
                return None
            self._planned += self._plan.size(number)
            kind = self._plan.kind(number)
            if number not in self._finished and kind not in self._given_up:
                return number
            if len(self._given_up) == len(self._plan.kinds):
                return None
        return None

    def _begin(self, number: int) -> None:
        plan, kind = self._plan, self._plan.kind(number)
        lot = plan.lot(number)
        too_many = self._planned - plan.inputs if plan.inputs is not None else 0
        lot = replace(
            lot,
            inputs=max(1, lot.inputs - max(0, too_many)),
            seconds=plan.patience(self._left(), self._workers.slots),
            known=frozenset(list(self._known.get(kind, ()))[-KNOWN:]),
            examples=tuple(self._examples.get(kind, ())),
        )
        if self._journal:
            self._journal.begun(number, lot)
        overdue = time.monotonic() + 2 * lot.seconds + self._grace
        self._begun[number] = _Begun(lot, overdue)
        self._workers.give(number, lot)

    def _left(self) -> float | None:
        return None if self._plan.seconds is None else self._plan.seconds - self.tally.seconds

    # Taking

    def _take(self, done: Done) -> None:
        begun = self._begun.pop(done.number, None)
        if begun is None or done.number in self._finished:
            return  # a lot counts once, whatever workers that come back have to say
        if done.harvest is None:
            self._failed(done, begun.lot)
            return
        kind = self._plan.kind(done.number)
        self._failures[kind] = self._unreached = 0
        self.tally.add(done.harvest)
        for finding in done.harvest.findings:
            self._found(kind, finding)
        self._keep(kind, done.harvest.examples)
        self._finished.add(done.number)
        if self._journal:  # after the findings are saved: until then, the lot may have to run again
            self._journal.done(done.number, done.harvest)
        warm = self.tally.lots > 2 * len(self._plan.kinds) * self._workers.slots
        self.tally.memory.sample(
            self.tally.seconds, done.worker, done.memory, memory_of(os.getpid()), warm=warm
        )

    def _found(self, kind: Kind, finding: Finding) -> None:
        known = self._known.setdefault(kind, {})
        if finding.signature in known:
            return
        known[finding.signature] = None
        path = self._save(finding)
        self.tally.found_in(kind.way, kind.role, finding, path)
        self._watcher.found(finding, path)
        self._over |= self._exit_first

    def _keep(self, kind: Kind, gained: tuple[Example, ...]) -> None:
        examples = self._examples.setdefault(kind, {})
        for example in gained:
            examples.pop(example, None)
            examples[example] = None
        size = sum(len(key) + len(value) for key, value in examples)
        while examples and (len(examples) > EXAMPLES or size > EXAMPLE_OCTETS):
            key, value = next(iter(examples))
            size -= len(key) + len(value)
            del examples[key, value]

    # What goes wrong

    def _failed(self, done: Done, lot: Lot) -> None:
        kind = self._plan.kind(done.number)
        if self._journal:
            self._journal.failed(done.number, done.error)
        if done.unreachable and all(kind.target for kind in self._plan.kinds):
            self._unreached += 1
            self._trouble(done.error, done.detail)
            # Nobody waits long for a target that never starts, or that somebody else has to start.
            if self._unreached >= (GIVE_UP if self.tally.lots else 1):
                self.tally.unreachable = self._over = True
            return
        self._trouble(f"{_told(done.number, lot)}: {done.error}", done.detail)
        self._failures[kind] += 1
        if self._failures[kind] == GIVE_UP:
            self._given_up.add(kind)
            self._trouble(
                f"{kind.way} {kind.role}: given up, since {GIVE_UP} lots have failed in a row"
            )

    def _drop_overdue(self) -> None:
        now = time.monotonic()
        for number in [one for one, begun in self._begun.items() if begun.overdue < now]:
            begun = self._begun[number]
            self._workers.drop(number)
            seconds = now - begun.overdue + 2 * begun.lot.seconds + self._grace
            self._take(Done(number, error=f"it did not end within {seconds:.0f} s"))

    def _trouble(self, problem: str, detail: str = "") -> None:
        self.tally.problems.append(problem)
        self._watcher.trouble(problem, detail)


def _told(number: int, lot: Lot) -> str:
    return f"lot {number} ({lot.way} {lot.role}, {lot.inputs} inputs, seed {lot.seed})"
