"""The machines for PyGaSe on a mutant, without shrinking what they find."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any, cast

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from wirebook.conformance.corpus import Script
from wirebook.fuzz.lots import become
from wirebook.fuzz.machines import Broken, Machine, replay
from wirebook.fuzz.machines.pygase import machines

STEPS = 40


def first_found(role: str, mutant: str, seed: int, count: int) -> tuple[str, Script]:
    """Return the requirement that the first finding is about, and the script that led to it.

    In a process of its own; the script is played once more there, with the same outcome.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(_first_found, role, mutant, seed, count).result()


def _first_found(role: str, mutant: str, seed: int, count: int) -> tuple[str, Script]:
    become("pygase", mutant)
    with machines(role, None) as make:
        made: list[Machine] = []

        def machine() -> Machine:
            made.append(make())
            return made[-1]

        hypothesis.seed(seed)(machine)
        chosen = settings(
            max_examples=count,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        try:
            run_state_machine_as_test(cast(Any, machine), settings=chosen)
        except Broken:
            script = tuple(next(one for one in made if one.error is not None).script)
        else:
            return "", ()
        try:
            replay(make, script)
        except Broken as again:
            return again.requirement, script
        return "", script
