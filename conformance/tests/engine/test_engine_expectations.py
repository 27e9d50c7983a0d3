"""Runs against an expectations file: what is known is no news, what is mended has to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance import expectations
from wirebook.conformance.errors import CommandError

CASES = """
@requires("TOY-A-001")
def test_good():
    pass

@requires("TOY-A-001", "TOY-A-003")
@pytest.mark.parametrize("n", [1, 2])
def test_bad(n):
    raise Violation("expected silence")
"""


@pytest.fixture
def expect(workspace: Any) -> Path:
    workspace.write_cases(CASES)
    path: Path = workspace.folder / "expect.toml"
    return path


def entry(**values: object) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["[[expect]]", *lines, ""])


def test_known_failure_conforms(workspace: Any, expect: Path) -> None:
    """A failure that the file foresees is an xfail with its reason, and the run conforms."""
    expect.write_text(
        entry(case="toy/server_basic/bad", verdict="fail", reason="it is loud", defect=7)
    )
    run = workspace.run(expect=str(expect))
    assert run.status == 0
    assert run.cases["toy/server_basic/bad[1]"]["verdict"] == "xfail"
    assert run.cases["toy/server_basic/bad[1]"]["expectation"] == "defect 7: it is loud"


def test_known_failure_is_not_waited_for_in_the_dark(workspace: Any, expect: Path) -> None:
    """What fails otherwise than foreseen is news."""
    expect.write_text(entry(case="*bad*", verdict="crash", reason="it is loud"))
    run = workspace.run(expect=str(expect))
    assert (run.status, run.cases["toy/server_basic/bad[1]"]["verdict"]) == (1, "fail")


def test_mended_defect_fails_the_run(workspace: Any, expect: Path) -> None:
    """A case that passes although the file says otherwise is an xpass, and its entry stale."""
    expect.write_text(
        entry(case="*bad*", verdict=["fail", "crash"], reason="it is loud")
        + entry(case="toy/server_basic/good", verdict="fail", reason="it was bad once")
    )
    run = workspace.run(expect=str(expect))
    assert (run.status, run.cases["toy/server_basic/good"]["verdict"]) == (1, "xpass")
    assert run.finished["stale"] == ["toy/server_basic/good (fail): it was bad once"]


def test_requirement_entry_covers_the_cases_that_fail(workspace: Any, expect: Path) -> None:
    """An entry for a requirement lets the cases pass that see nothing of the defect."""
    expect.write_text(entry(requirement="TOY-A-001", verdict="fail|crash", reason="it is loud"))
    run = workspace.run(expect=str(expect))
    assert run.status == 0
    assert run.cases["toy/server_basic/good"]["verdict"] == "pass"


def test_entry_that_matches_nothing_fails_the_run(workspace: Any, expect: Path) -> None:
    """An entry without a case in a whole run is stale."""
    expect.write_text(
        entry(case="*bad*", verdict="fail", reason="it is loud")
        + entry(case="toy/server_basic/gone", verdict="fail", reason="it was here once")
    )
    run = workspace.run(expect=str(expect))
    assert (run.status, run.finished["stale"]) == (
        1,
        ["toy/server_basic/gone (fail): it was here once"],
    )


@pytest.mark.parametrize("named", [{"case": "*good"}, {"requirement": "TOY-A-001"}])
def test_optional_defect_may_be_there_or_not(workspace: Any, expect: Path, named: Any) -> None:
    """Nothing is said about a case that passes although an optional entry fits it."""
    workspace.write_cases(CASES.partition('@requires("TOY-A-001", "TOY-A-003")')[0])
    expect.write_text(entry(**named, verdict="fail", reason="it is loud", optional=True))
    run = workspace.run(expect=str(expect))
    assert (run.status, run.finished["stale"]) == (0, [])
    assert run.cases["toy/server_basic/good"]["verdict"] == "pass"


def test_optional_defect_is_expected(workspace: Any, expect: Path) -> None:
    """Where an optional entry's defect shows, it is an xfail, in the cases that fail."""
    expect.write_text(entry(case="*", verdict="fail", reason="it is loud", optional=True))
    run = workspace.run(expect=str(expect))
    assert run.status == 0
    assert run.cases["toy/server_basic/bad[1]"]["verdict"] == "xfail"
    assert run.cases["toy/server_basic/good"]["verdict"] == "pass"


def test_optional_entry_that_matches_nothing_fails_the_run(workspace: Any, expect: Path) -> None:
    """An optional entry has to speak of some case, too."""
    expect.write_text(
        entry(case="*bad*", verdict="fail", reason="it is loud")
        + entry(requirement="TOY-A-009", verdict="fail", reason="a slip", optional=True)
    )
    run = workspace.run(expect=str(expect))
    assert (run.status, run.finished["stale"]) == (1, ["TOY-A-009 (fail): a slip"])


def test_part_of_the_cases_leaves_other_entries_alone(workspace: Any, expect: Path) -> None:
    """A run of some cases cannot say that entries for others are stale."""
    expect.write_text(entry(case="*bad*", verdict="fail", reason="it is loud"))
    assert workspace.run(expect=str(expect), keyword="good").status == 0


def test_builtin_expectations_are_used_when_asked_for(workspace: Any, expect: Path) -> None:
    """The target's own file counts only when it is named."""
    expectation = entry(case="*bad*", verdict="fail", reason="it is loud")
    (workspace.target.parent / "expected.toml").write_text(expectation)
    workspace.write_target(
        workspace.target.read_text().replace("[server]", 'expect = "expected.toml"\n[server]')
    )
    assert workspace.run().status == 1
    assert workspace.run(expect="builtin").status == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[expect", "is not TOML"),
        ("[[expekt]]\n", 'unknown key "expekt" (did you mean "expect"?)'),
        ("expect = 1\n", "expect is not a list of tables (write [[expect]])"),
        (entry(cas="x"), 'entry 1: unknown key "cas" (did you mean "case"?)'),
        (entry(verdict="fail", reason="x"), "entry 1 names neither a case nor a requirement"),
        (entry(case="x", verdict="fail"), "entry 1 gives no reason"),
        (entry(case="x", reason="x"), "entry 1 names no verdict"),
        (entry(case="x", reason="x", verdict="pass"), '"pass" is no verdict to expect'),
        (entry(case="x", reason="x", verdict="fail", defect="y"), "defect is not a number"),
        (entry(case=1, reason="x", verdict="fail"), "case is not a string"),
        (
            entry(case="x", reason="x", verdict="fail", optional=1),
            "optional is neither true nor false",
        ),
    ],
)
def test_faulty_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    """A mistake in the file is named in one line, with its place."""
    path = tmp_path / "expect.toml"
    path.write_text(text)
    with pytest.raises(CommandError) as raised:
        expectations.load(path)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_missing_file_is_refused(workspace: Any, expect: Path) -> None:
    """A file that is not there is misuse."""
    run = workspace.run(expect=str(expect))
    assert (run.status, run.stderr.startswith("usage: no expectations file")) == (2, True)


def test_target_without_expectations_is_refused(workspace: Any, expect: Path) -> None:
    """Asking for the expectations of a target that has none is misuse."""
    run = workspace.run(expect="builtin")
    assert (run.status, "toy comes without expectations" in run.stderr) == (2, True)
