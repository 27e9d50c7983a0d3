"""What is run on a mutant: cases of the suite, or tests of the reference's cores.

What may live here: running them in the present process, and passing on their verdicts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wirebook.conformance.choices import Options
from wirebook.conformance.library import Library
from wirebook.conformance.mutation.trial import Broken, Finding, Report
from wirebook.conformance.session import Session
from wirebook.conformance.verdicts import CaseFinished, Event, Verdict


@dataclass(frozen=True, slots=True)
class Cases:
    """Runs cases on the mutant, as `wirebook check` does."""

    library: Library
    only: tuple[str, ...] = ()
    """IDs, without parameters; none for all of the book's."""
    exit_first: bool = False

    def __call__(self, mutant: Broken, report: Report) -> None:
        """Run them."""
        options = Options(
            books=(mutant.book,),
            role="" if mutant.role == "both" else mutant.role,
            only=self.only,
            exit_first=self.exit_first,
        )
        Session(options, self.library, lambda _: None).run(lambda _: _Verdicts(report))


@dataclass(frozen=True, slots=True)
class Models:
    """Runs tests of the reference, which see what nobody sees from outside."""

    tests: Sequence[str]
    """`path::name`, as pytest takes them."""
    checkout: Path
    exit_first: bool = False

    def __call__(self, mutant: Broken, report: Report) -> None:
        """Run them; only an assertion that does not hold is a `fail`."""
        arguments = [f"--rootdir={self.checkout}", f"-c={self.checkout / 'pyproject.toml'}"]
        arguments += ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
        arguments += ["--exitfirst"] if self.exit_first else []
        arguments += [str(self.checkout / test) for test in self.tests]
        pytest.main(arguments, plugins=[_Outcomes(mutant.requirement, report)])


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """Passes the verdicts of a session on."""

    report: Report

    def handle(self, event: Event) -> None:
        """Take an event of the session."""
        if isinstance(event, CaseFinished):
            one = event.result
            self.report(Finding(one.id, one.verdict.value, one.requirements, one.reason))

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class _Outcomes:
    """Turns the outcomes of pytest into verdicts."""

    requirement: str
    report: Report
    seen: set[str] = field(default_factory=set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Report the call of a test, or the phase that kept it from being called."""
        made = yield
        if made.when == "call" or made.failed:
            verdict = Verdict.PASS if made.passed else Verdict.UNSUPPORTED
            reason = ""
            if made.failed and call.excinfo is not None:
                wrong = call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
                verdict = Verdict.FAIL if wrong else Verdict.CRASH
                reason = (str(call.excinfo.value).splitlines() or [""])[0]
            name = item.nodeid
            if name not in self.seen:
                self.seen.add(name)
                self.report(Finding(name, verdict.value, (self.requirement,), reason))
        return made
