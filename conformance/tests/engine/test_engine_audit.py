"""What a target does without declaring it: tried after the run, told, and never counted."""

from __future__ import annotations

from typing import Any

import pytest

UNDECLARED = """
@requires("TOY-A-001")
def test_plain(target_server):
    assert talk(target_server, b"hello") == b"hello"

@pytest.mark.parametrize("number", range(6))
@requires("TOY-A-001")
@feature("there")
def test_there(target_server, number):
    assert talk(target_server, b"hello") == b"hello"

@pytest.mark.parametrize("number", range(4))
@requires("TOY-A-001")
@feature("half")
def test_half(target_server, number):
    if number % 2:
        raise Violation("not so")

@requires("TOY-A-001")
@feature("gone")
def test_gone(target_server):
    raise Violation("not at all")

@slow
@requires("TOY-A-001")
@feature("long")
def test_slow(target_server):
    pass

@requires("TOY-A-001")
@feature("asked")
def test_asked(target_server):
    if "asked" not in target_server.target.features:
        raise Unsupported("the target does not declare it")

@requires("TOY-A-001")
@feature("echo")
def test_declared(target_server):
    pass
"""


def audited(run: Any) -> dict[str, tuple[int, int, int]]:
    return {
        one["feature"]: (one["passed"], one["tried"], one["cases"]) for one in run.finished["audit"]
    }


@pytest.fixture
def workspace(workspace: Any) -> Any:
    workspace.write_cases(UNDECLARED)
    return workspace


def test_a_few_cases_of_each_feature_are_tried(workspace: Any) -> None:
    """By default a glance: three of each, and none that is slow."""
    assert audited(workspace.run()) == {
        "there": (3, 3, 6),
        "half": (2, 3, 4),
        "gone": (0, 1, 1),
        "asked": (1, 1, 1),
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_cases_are_tried_if_wanted(workspace: Any, jobs: int) -> None:
    """With --audit, every case of every feature is."""
    done = workspace.run(audit=True, jobs=jobs)
    assert audited(done) == {
        "there": (6, 6, 6),
        "half": (2, 4, 4),
        "gone": (0, 1, 1),
        "long": (1, 1, 1),
        "asked": (1, 1, 1),
    }
    assert "trying what the target does not declare: asked, gone, half, long, there" in done.stderr


def test_audit_is_no_part_of_the_run(workspace: Any) -> None:
    """Cases keep their verdict, the count and the status are those without it."""
    done = workspace.run(audit=True)
    assert done.status == 0
    assert done.verdicts["toy/server_basic/gone"] == "unsupported"
    assert list(done.verdicts.values()).count("unsupported") == 13
    assert len([one for one in done.events if one["event"] == "CaseFinished"]) == 15
    assert done.cases["toy/server_basic/gone"]["undeclared"] == ["gone"]


def test_only_chosen_cases_are_tried(workspace: Any) -> None:
    """What was not chosen for the run is not audited either."""
    assert audited(workspace.run(keyword="half")) == {"half": (2, 3, 4)}


def test_target_that_declares_all_is_not_audited(workspace: Any) -> None:
    """Where nothing was left out, there is nothing to try."""
    assert audited(workspace.run(keyword="plain or declared")) == {}


def test_crash_in_the_audit_counts_as_no_pass(workspace: Any) -> None:
    """A feature that ends the target is not there, and the run does not mind."""
    workspace.write_cases(
        UNDECLARED.replace(
            'raise Violation("not at all")',
            'tell(target_server, b"die"); raise TargetDied("it ended")',
        )
    )
    done = workspace.run()
    assert (done.status, audited(done)["gone"]) == (0, (0, 1, 1))


def test_run_that_ended_early_is_not_audited(workspace: Any) -> None:
    """After --exit-first nothing more is tried."""
    workspace.write_cases(
        """
        @requires("TOY-A-001")
        def test_bad(target_server):
            raise Violation("no")
        """,
        topic="a",
    )
    assert audited(workspace.run(exit_first=True)) == {}
