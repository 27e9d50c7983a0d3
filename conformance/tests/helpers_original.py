"""Runs of the suite against an original package, for the tests that hold what it finds there.

What may live here: a known defect, a run that has ended, and starting one.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 300
FOUND = {"fail", "crash"}
"""The verdicts that say that a defect was found."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A known defect and a case that has to show it."""

    what: str
    requirement: str
    case: str
    """The end of the case's ID, with its parameter if one of several is meant."""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the suite that has ended."""

    status: int
    output: str
    cases: tuple[dict[str, Any], ...]

    @property
    def verdicts(self) -> list[str]:
        """The verdicts of the cases."""
        return [case["verdict"] for case in self.cases]

    def result(self, defect: Defect) -> dict[str, Any]:
        """Return the result of the case that has to show the defect."""
        (found,) = (case for case in self.cases if case["id"].endswith(f"/{defect.case}"))
        return found


def check(book: str, target: str, defects: Iterable[Defect], report: Path, *options: str) -> Run:
    """Run the cases of the defects against a target, and wait for the end."""
    chosen = " or ".join(sorted({defect.case for defect in defects}))
    command = [
        str(Path(sysconfig.get_path("scripts"), "wirebook")),
        *("check", book, "--target", target, "--jobs", "2", "-k", chosen),
        *("--report", str(report), *options),
    ]
    ended = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    return Run(ended.returncode, ended.stdout, tuple(summary["cases"]))


def check_found(run: Run, defect: Defect) -> None:
    """Check that a case which cites the requirement says that the original breaks it."""
    result = run.result(defect)
    assert result["verdict"] in FOUND
    assert defect.requirement in result["requirements"]


def check_expected(book: str, target: str, defects: Iterable[Defect], report: Path) -> None:
    """Check that the same run ends well with the expectations that come with the target."""
    run = check(book, target, defects, report, "--expect", "builtin")
    assert run.status == 0, run.output
    assert set(run.verdicts) == {"xfail"}
