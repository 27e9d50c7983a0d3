"""The sweep over a bank of mutants: what kills one, what does not, and that nothing holds it up.

What may live here: trials with checks that are written for the test. The bank itself is tried by
`test_mutation_command.py`.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wirebook.conformance.mutation import kills, sweep
from wirebook.conformance.mutation.checks import Models
from wirebook.conformance.mutation.sweep import Outcome
from wirebook.conformance.mutation.trial import Broken, Checks, Finding, Report

APPLY = "os.path:join"
"""Takes a book and an ID, and breaks nothing."""


def broken(identifier: str = "TOY-M001") -> Broken:
    """Return a mutant that breaks the rule that is looked at."""
    return Broken(identifier, "toy", "TOY-A-001", "It does not greet.", "server")


def says(verdict: str, *cited: str, case: str = "toy/server_basic/greets") -> Checks:
    """Return checks that come to a verdict."""

    def run(_: Broken, report: Report) -> None:
        report(Finding(case, verdict, cited or ("TOY-A-001",), "as said"))

    return run


def hangs(_: Broken, __: Report) -> None:
    """Run for ever."""
    threading.Event().wait()


def raises(_: Broken, __: Report) -> None:
    """Fail in a way that is not a verdict."""
    raise ZeroDivisionError("out of order")


def dies(_: Broken, __: Report) -> None:
    """End the process."""
    os._exit(7)


@dataclass
class FakeBench:
    """The checks of each stage, one after the other."""

    one: Checks | None = None
    two: Checks | None = None
    every: Checks = field(default_factory=lambda: says("pass"))
    apply: str = APPLY

    def first(self, _: Broken) -> Checks | None:
        return self.one

    def second(self, _: Broken) -> Checks | None:
        return self.two

    def all(self) -> Checks:
        return self.every


def outcome_with(
    one: Checks | None = None,
    *,
    two: Checks | None = None,
    every: Checks | None = None,
    apply: str = APPLY,
) -> Outcome:
    """Return what becomes of a mutant that meets these checks."""
    bench = FakeBench(one, two, every or says("pass"), apply)
    (outcome,) = sweep.sweep([broken()], bench)
    return outcome


def test_fail_that_cites_the_rule_kills() -> None:
    """A case that fails and cites the requirement kills, and is named."""
    outcome = outcome_with(says("fail"))
    assert outcome.killed
    assert outcome.killers == ("toy/server_basic/greets",)


@pytest.mark.parametrize(
    "verdict", ["pass", "crash", "error", "inconclusive", "unsupported", "nonstrict"]
)
def test_nothing_else_kills(verdict: str) -> None:
    """Only a `fail` kills: whatever else happens is not what was looked for."""
    assert not outcome_with(says(verdict)).killed


def test_fail_of_another_rule_does_not_kill() -> None:
    """A case that fails without citing the requirement is listed, and the mutant lives."""
    outcome = outcome_with(says("pass"), every=says("fail", "TOY-A-002", case="toy/server_b/other"))
    assert not outcome.killed
    assert outcome.unrelated == ("toy/server_b/other",)


def test_tests_of_the_reference_come_second() -> None:
    """What the cases let live may be killed by a test of the reference."""
    assert outcome_with(says("pass"), two=says("fail", case="a test")).killers == ("a test",)


def test_survivor_gets_a_second_chance(tmp_path: Path) -> None:
    """What was missed once, on a machine with too much to do, is looked at again."""
    seen = tmp_path / "seen"

    def late(mutant: Broken, report: Report) -> None:
        says("fail" if seen.exists() else "pass")(mutant, report)
        seen.touch()

    assert outcome_with(late).killed


def test_no_check_at_all() -> None:
    """A mutant that no check cites meets the whole book, and lives."""
    outcome = outcome_with(None, every=says("fail", "TOY-A-002"))
    assert not outcome.killed
    assert outcome.findings == ()
    assert outcome.unrelated


def test_kill_in_the_whole_book_counts() -> None:
    """A case that cites the rule kills, even if it had no time to run among those that cite it."""
    outcome = outcome_with(says("pass"), every=says("fail", case="toy/server_basic/late"))
    assert outcome.killers == ("toy/server_basic/late",)
    assert outcome.unrelated == ()


@pytest.mark.parametrize("checks", [raises, dies])
def test_checks_that_break_do_not_kill(checks: Checks) -> None:
    """A trial that ends without a verdict is no kill; what it wrote is kept."""
    outcome = outcome_with(checks, every=raises)
    assert not outcome.killed
    assert "out of order" in outcome.output


def test_mutant_that_is_not_there() -> None:
    """A rule that cannot be broken is no kill either."""
    outcome = outcome_with(says("fail"), apply="wirebook.conformance.plan:Nothing")
    assert not outcome.killed
    assert "has no Nothing" in outcome.output


def test_hang_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that does not end is ended, and the sweep goes on."""
    monkeypatch.setattr(sweep, "SECONDS", 0.2)
    monkeypatch.setattr(sweep, "SECONDS_ALL", 0.2)
    outcome = outcome_with(hangs, every=hangs)
    assert not outcome.killed
    assert outcome.output == "it took too long"


def test_verdict_before_a_hang_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before the time was over is not lost."""
    monkeypatch.setattr(sweep, "SECONDS", 3.0)

    def fails_and_hangs(mutant: Broken, report: Report) -> None:
        says("fail")(mutant, report)
        hangs(mutant, report)

    assert outcome_with(fails_and_hangs).killed


def test_several_at_a_time() -> None:
    """Trials run beside each other: one that waits for another one's end does not wait in vain."""
    first, second = os.pipe()

    def waits(mutant: Broken, report: Report) -> None:
        if mutant.id == "TOY-M001":
            os.read(first, 1)
        else:
            os.write(second, b"x")
        says("fail")(mutant, report)

    bench = FakeBench(waits)
    outcomes = list(sweep.sweep([broken("TOY-M001"), broken("TOY-M002")], bench))
    assert [outcome.killed for outcome in outcomes] == [True, True]


def test_trials_leave_this_process_alone(capfd: pytest.CaptureFixture[str]) -> None:
    """What a trial writes does not reach the terminal."""

    def shouts(mutant: Broken, report: Report) -> None:
        print("noise")
        os.write(2, b"more noise\n")
        says("pass")(mutant, report)

    outcome = outcome_with(shouts, every=shouts)
    assert capfd.readouterr() == ("", "")
    assert outcome.output.splitlines() == ["more noise", "noise"]


TESTS = {
    "fails": ("assert 1 == 2", "fail"),
    "passes": ("assert True", "pass"),
    "raises_nothing": ("with pytest.raises(ValueError): pass", "fail"),
    "errs": ("raise OSError('odd')", "crash"),
    "is_skipped": ("pytest.skip('not here')", "unsupported"),
}


@pytest.mark.parametrize(("body", "verdict"), TESTS.values(), ids=list(TESTS))
def test_verdict_of_a_test(tmp_path: Path, body: str, verdict: str) -> None:
    """Only an assertion that does not hold is a `fail`; any other exception is a crash."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_it.py").write_text(f"import pytest\ndef test_it():\n    {body}\n")
    outcome = outcome_with(Models(["test_it.py::test_it"], tmp_path))
    assert [one.verdict for one in outcome.findings] == [verdict], outcome.output
    assert outcome.killed is (verdict == "fail")


def test_kill_vectors_are_kept(tmp_path: Path) -> None:
    """What was recorded is read again, and a book without a record has none."""
    kill = outcome_with(says("fail")).kill()
    kills.save("toy", [kill], tmp_path)
    assert kills.load("toy", tmp_path) == (kill,)
    assert kill.failed == {"toy/server_basic/greets"}
    assert kills.load("other", tmp_path) == ()
