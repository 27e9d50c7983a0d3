"""Running machines: drawn by Hypothesis, or played again from a script.

What may live here: what is the same for all machines; which machine and which subject belong to a
book and a role is in the module of the book's name.
"""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from wirebook.conformance.corpus import Finding, Script
from wirebook.fuzz.examples import Examples
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.fuzz.machines.base import Broken, Machine, signature_of

STEPS = 40
"""Steps that a machine takes, at most."""
AFTERWARDS = 1.0
"""Seconds that a live target has to show what the last step of a script leads to."""
_PHASES = (Phase.reuse, Phase.generate, Phase.target)


class _OutOfTime(BaseException):
    """The seconds of the lot are over."""


@dataclass(slots=True)
class _Runs:
    """The machines of a lot, one after the other."""

    lot: Lot
    make: Callable[[], Machine]
    deadline: float
    machine: Machine | None = None
    inputs: int = 0
    failed: Machine | None = None
    """The one with the shortest script of those that have found something."""
    late: bool = False
    """Whether the time is over."""
    seen: set[str] = field(default_factory=set)

    def next(self) -> Machine:
        """Make the next machine."""
        self.count()
        self.late = self.late or time.monotonic() > self.deadline
        if self.late:
            raise _OutOfTime
        self.machine = self.make()
        self.machine.known = self.lot.known
        return self.machine

    def count(self) -> None:
        """Take in what the last machine has done."""
        if self.machine is not None:
            self.inputs += len(self.machine.script)
            self.seen |= self.machine.seen
            if self.machine.error is not None and (
                self.failed is None or len(self.machine.script) <= len(self.failed.script)
            ):
                self.failed = self.machine
            self.machine = None


def work(lot: Lot) -> Harvest:
    """Run the machine of the lot's book and role; at most one finding comes of it."""
    began = time.monotonic()
    database = Examples(lot.examples)
    with factory(lot) as make:
        runs = _Runs(lot, make, began + lot.seconds)

        def machine() -> Machine:
            return runs.next()

        machine.__qualname__ = f"{lot.book}_{lot.role}"
        hypothesis.seed(lot.seed)(machine)
        chosen = settings(
            max_examples=max(1, lot.inputs // STEPS),
            stateful_step_count=STEPS,
            database=database,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            print_blob=False,
            phases=_PHASES + ((Phase.shrink,) if lot.shrink else ()),
            suppress_health_check=list(HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        found: tuple[Finding, ...] = ()
        try:
            run_state_machine_as_test(cast(Any, machine), settings=chosen)
        except (_OutOfTime, Flaky):
            # To Hypothesis, a machine that is not made is one that is not the same any more. A core
            # in virtual time does the same each time, unless something of it outlives it.
            in_process = lot.target is None
            found = _shortest(runs) if runs.late or in_process else _confirmed(runs)
            if in_process and not runs.late and not found:
                raise
        except Exception as error:
            found = (_finding(runs, error),)
        runs.count()
    return Harvest(
        lot,
        inputs=runs.inputs,
        seconds=time.monotonic() - began,
        seen=frozenset(runs.seen),
        findings=found,
        examples=database.gained(),
    )


def factory(lot: Lot) -> Any:
    """Return a context manager that gives a function that makes machines with fresh subjects.

    The book's module `wirebook.fuzz.machines.BOOK` has it, as `machines(role, target)`.
    """
    module = importlib.import_module(f"{__package__}.{lot.book}")
    return module.machines(lot.role, lot.target)


def replay(make: Callable[[], Machine], script: Script) -> Machine:
    """Play a script on a fresh machine, which is returned; what the machine raises is raised."""
    machine = make()
    try:
        machine.settle()
        for name, arguments in script:
            machine.play(name, arguments)
    finally:
        machine.teardown()
    return machine


def _finding(runs: _Runs, error: Exception) -> Finding:
    machine = runs.machine
    if machine is None:
        raise error
    lot = runs.lot
    requirements = (error.requirement,) if isinstance(error, Broken) else ()
    return Finding(
        book=lot.book,
        role=lot.role,
        way="machine",
        signature=signature_of(error),
        what=str(error) if requirements else f"{type(error).__name__}: {error}",
        requirements=requirements,
        steps=tuple(machine.subject.steps),
        script=tuple(machine.script),
        target=lot.target["name"] if lot.target else "reference",
        seed=lot.seed,
        output=machine.subject.output() or "".join(traceback.format_exception(error)),
    )


def _shortest(runs: _Runs) -> tuple[Finding, ...]:
    """Return what was found before the time was over, shrunk as far as it came."""
    runs.count()
    runs.machine = machine = runs.failed
    if machine is None or machine.error is None:
        return ()
    if runs.lot.target is not None:
        return _confirmed(runs)
    found = _finding(runs, machine.error)
    runs.machine = None
    return (found,)


def _confirmed(runs: _Runs) -> tuple[Finding, ...]:
    """Return what failed once and not the next time, if it fails once more."""
    runs.count()
    if runs.failed is None:
        return ()
    script = tuple(runs.failed.script)
    machine = runs.machine = runs.make()
    try:
        for name, arguments in script:
            machine.play(name, arguments)
        machine.subject.advance(AFTERWARDS)  # what comes of the last step may take its time
        machine.settle()
    except Exception as again:
        return (_finding(runs, again),)
    finally:
        machine.teardown()
    return ()
