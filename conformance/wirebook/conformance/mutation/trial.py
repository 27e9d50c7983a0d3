"""The trial of one mutant: a process of its own in which the rule is broken and cases are run.

What may live here: starting and ending that process, and what comes back from it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from wirebook.conformance.choices import Options
from wirebook.conformance.library import Library
from wirebook.conformance.session import Session
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.verdicts import CaseFinished, Event

# A process that has been forked has everything imported already, which takes longer than most
# trials.
_HOW = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
_CONTEXT: Any = multiprocessing.get_context(_HOW)


@dataclass(frozen=True, slots=True)
class Broken:
    """A mutant, as far as the suite knows it."""

    id: str
    book: str
    requirement: str
    sentence: str
    role: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: some cases on a mutant."""

    mutant: Broken
    apply: str
    """`package.module:function` that breaks the rule, given the book and the mutant's ID."""
    cases: tuple[str, ...]
    """IDs without parameters; none for all of the book's."""
    exit_first: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one case on a mutant."""

    case: str
    verdict: str
    requirements: tuple[str, ...]
    reason: str = ""


@dataclass(slots=True)
class Running:
    """A trial that is under way."""

    trial: Trial
    process: BaseProcess
    folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    def findings(self) -> tuple[Finding, ...]:
        """Return what has been found so far; a case that has no verdict yet is not there."""
        path = Path(self.folder.name, "findings.ndjson")
        if not path.exists():
            return ()
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        read = [json.loads(line) for line in lines]
        return tuple(
            Finding(one["case"], one["verdict"], tuple(one["requirements"]), one["reason"])
            for one in read
        )

    def output(self) -> str:
        """Return what the process has written, which should be nothing."""
        path = Path(self.folder.name, "output")
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End the process, if need be, and forget what it wrote."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.folder.cleanup()


def start(trial: Trial, library: Library, run: Callable[..., None] | None = None) -> Running:
    """Begin a trial in a process of its own; `run` does it, where it is not cases that are run."""
    folder = tempfile.TemporaryDirectory(prefix="wirebook-mutant-")
    process = _CONTEXT.Process(
        target=_in_child, args=(run or run_cases, trial, library, folder.name), daemon=False
    )
    process.start()
    return Running(trial, process, folder)


def run_cases(trial: Trial, library: Library, report: Callable[[Finding], None]) -> None:
    """Run the cases of a trial in this process, in which the rule is broken already."""
    role = trial.mutant.role if trial.mutant.role != "both" else ""
    options = Options(
        books=(trial.mutant.book,), role=role, only=trial.cases, exit_first=trial.exit_first
    )
    reports = _Reports(report)
    Session(options, library, lambda _: None).run(lambda _: reports)


class _Reports:
    """Passes verdicts on."""

    def __init__(self, report: Callable[[Finding], None]) -> None:
        self._report = report

    def handle(self, event: Event) -> None:
        if isinstance(event, CaseFinished):
            result = event.result
            self._report(
                Finding(result.id, result.verdict.value, result.requirements, result.reason)
            )

    def close(self) -> None:
        """Nothing is open."""


def _in_child(run: Callable[..., None], trial: Trial, library: Library, folder: str) -> None:
    with (
        Path(folder, "output").open("w", encoding="utf-8") as output,
        Path(folder, "findings.ndjson").open("w", encoding="utf-8", buffering=1) as findings,
    ):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)

        def report(finding: Finding) -> None:
            line: dict[str, Any] = {
                "case": finding.case,
                "verdict": finding.verdict,
                "requirements": finding.requirements,
                "reason": finding.reason,
            }
            findings.write(json.dumps(line) + "\n")

        try:
            find(trial.apply)(trial.mutant.book, trial.mutant.id)
            run(trial, library, report)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    # Threads of a broken target may be there for ever.
    os._exit(0)


def citing(requirement: str, checks: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return the IDs of the cases that cite a requirement."""
    return tuple(dict.fromkeys(case for case, cited in checks if requirement in cited))
