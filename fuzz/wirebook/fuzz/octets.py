"""The way `octets`: mutated messages for the cores of the reference, as fast as they take them.

Theory of operation. Hypothesis draws the first inputs, guided by the branches that they take; what
is worth keeping joins the pool of the mutator, which then feeds a subject in a plain loop. What was
done to the subject is remembered; when it breaks, as little of that as does it again becomes the
finding, and a fresh subject goes on. What may live here: the loop, and what becomes of failures.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from random import Random
from typing import Final

from wirebook.conformance.corpus import Finding
from wirebook.fuzz import cores
from wirebook.fuzz.cores import Action, Subject, Timetable
from wirebook.fuzz.guiding import Guide
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.fuzz.machines.base import Broken, signature_of
from wirebook.fuzz.shrinking import Shrinker

LIFE: Final = 10_000
"""Actions that one subject has to bear."""
GUIDED_ONE: Final = 800
"""For so many inputs, Hypothesis draws one example, which takes as long as a hundred of them."""
_AT_ONCE: Final = 250
"""Actions between two looks at the clock."""
_FINDINGS_MOST: Final = 20
_SHRINKING: Final = 0.25
"""The part of a lot's seconds that shrinking one finding may take."""
_WHAT_MOST: Final = 300


def work(lot: Lot) -> Harvest:
    """Work a lot off; it is the same each time if its seconds last."""
    if lot.target is not None:
        raise ValueError("octets are for the cores of the reference, not for a target")
    began = time.monotonic()
    run = Run(lot, began + lot.seconds)
    run.guide.recall()
    run.guide.run(max(1, lot.inputs // GUIDED_ONE), run.deadline)
    run.loop(lot.inputs)
    return Harvest(
        lot,
        inputs=run.inputs + run.guide.inputs,
        seconds=time.monotonic() - began,
        seen=frozenset(run.seen | run.guide.seen),
        findings=tuple(run.findings.values()),
        examples=run.guide.examples,
        covered=len(run.guide.branches.taken),
    )


class Run:
    """The subjects of a lot, one after the other."""

    def __init__(self, lot: Lot, deadline: float) -> None:
        self.lot = lot
        self.deadline = deadline
        self.inputs = 0
        self.seen: set[str] = set()
        self.findings: dict[str, Finding] = {}
        self._making = cores.of(lot.book)
        self.mutator = cores.mutator(lot.book, lot.role, lot.seed)
        self.guide = Guide(lot, self.mutator, self._broke)
        self._chance = Random(lot.seed).random  # noqa: S311 - a fuzzer's
        self._timetable = Timetable()
        self._history: list[Action] = []
        self._subject = self._making.subject(lot.role)
        self._message = ""

    def loop(self, inputs: int) -> None:
        """Give inputs to subjects until there are so many, unless the time is over before."""
        while self.inputs < inputs and time.monotonic() < self.deadline:
            if len(self._history) >= LIFE:
                self._renew()
            try:
                self._feed(min(inputs - self.inputs, _AT_ONCE))
            except Exception as error:
                self._broke(error, self._history)
                self._renew()
                if len(self.findings) >= _FINDINGS_MOST:
                    break
        self.seen |= self._subject.seen

    def _feed(self, actions: int) -> None:
        """Do some actions; this is where the time is spent."""
        chance, wait, draw = self._chance, self._timetable.next, self.mutator.next
        remember, do, aim = self._history.append, self._subject.do, self._subject.aim
        for _ in range(actions):
            action = wait(chance)
            if action is None:
                self.inputs += 1
                self._message, octets, _ = draw()
                action = aim(self._message, octets, chance)
            remember(action)
            do(action)

    def _renew(self) -> None:
        self.seen |= self._subject.seen
        self._subject = self._making.subject(self.lot.role)
        self._history = []

    def _broke(self, error: Exception, history: Sequence[Action]) -> None:
        """Make a finding of what was raised, unless it is known."""
        signature = signature_of(error)
        if signature in self.findings or signature in self.lot.known:
            return
        now = time.monotonic()
        until = min(self.deadline, now + self.lot.seconds * _SHRINKING)

        def breaks(actions: Sequence[Action]) -> bool:
            found = replay(self._making.subject(self.lot.role), actions)
            return found is not None and signature_of(found) == signature

        shrunk = Shrinker(breaks, lambda: time.monotonic() < until).shrink(history)
        self.findings[signature] = self._finding(error, signature, shrunk or history)

    def _finding(self, error: Exception, signature: str, actions: Sequence[Action]) -> Finding:
        broken = isinstance(error, Broken)
        what = str(error) if broken else f"{type(error).__name__}: {error}"
        return Finding(
            book=self.lot.book,
            role=self.lot.role,
            way="octets",
            signature=signature,
            what=what[:_WHAT_MOST],
            requirements=(error.requirement if isinstance(error, Broken) else self._making.ROBUST,),
            steps=cores.steps_of(actions),
            message=self._message,
            seed=self.lot.seed,
            output="".join(traceback.format_exception(error)),
        )


def replay(subject: Subject, actions: Sequence[Action]) -> Exception | None:
    """Do actions, and return what one of them raises."""
    try:
        for action in actions:
            subject.do(action)
    except Exception as error:
        return error
    return None
