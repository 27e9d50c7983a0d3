"""The order in which cases begin: the slow ones first, and not all with the same worker."""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.order import dealt

CASES = """
@requires("TOY-A-001")
def test_quick():
    pass

@requires("TOY-A-001")
@slow
def test_long():
    pass
"""


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 30])
def test_every_worker_begins_with_slow_cases(workers: int) -> None:
    """The shares are those that xdist cuts: equal ones, the greater ones first."""
    cases = [*range(100, 120), *range(8)]
    ordered = dealt(cases, lambda case: case < 100, workers)
    assert sorted(ordered) == sorted(cases)
    left = list(ordered)
    for worker in range(workers):
        size = -(-len(left) // (workers - worker))
        share, left = left[:size], left[size:]
        slow = [case for case in share if case < 100]
        assert share[: len(slow)] == slow
        assert abs(len(slow) - 8 / workers) < 1


def test_slow_cases_begin_first(workspace: Any) -> None:
    """The mark has no other effect than the order."""
    workspace.write_cases(CASES)
    run = workspace.run()
    assert list(run.verdicts) == ["toy/server_basic/long", "toy/server_basic/quick"]
    assert set(run.verdicts.values()) == {"pass"}


def test_parallel_run_runs_each_case_once(workspace: Any) -> None:
    """Dealing the slow ones out loses none and repeats none."""
    many = '\n@requires("TOY-A-001")\n@pytest.mark.parametrize("n", range(9))\n'
    workspace.write_cases(CASES + many + "@slow\ndef test_many(n):\n    pass\n")
    run = workspace.run(jobs=2)
    assert (len(run.verdicts), run.status) == (11, 0)
