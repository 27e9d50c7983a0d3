"""The trial of one mutant: a process of its own in which the rule is broken and checks are run.

What may live here: starting and ending that process, and what comes back from it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wirebook.conformance.targets.embedded import find

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
    """`server`, `client` or `both`: in which role it can be seen."""

    def to_json(self) -> dict[str, str]:
        """Return the mutant as plain JSON values, without its ID."""
        return {
            "book": self.book,
            "requirement": self.requirement,
            "sentence": self.sentence,
            "role": self.role,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one case, or of one test of the reference, on a mutant."""

    case: str
    verdict: str
    requirements: tuple[str, ...]
    reason: str = ""


Report = Callable[[Finding], None]
Checks = Callable[[Broken, Report], None]
"""Runs checks in this process, in which the rule is broken already."""


class Trial:
    """A process in which checks are run on a mutant."""

    def __init__(self, mutant: Broken, apply: str, checks: Checks) -> None:
        """Begin; `apply`, `package.module:function`, breaks the rule, given book and ID."""
        self.mutant = mutant
        self.began = time.monotonic()
        self._folder = tempfile.TemporaryDirectory(prefix="wirebook-mutant-")
        self._process = _CONTEXT.Process(
            target=_in_child, args=(mutant, apply, checks, Path(self._folder.name))
        )
        self._process.start()

    @property
    def sentinel(self) -> int:
        """What `multiprocessing.connection.wait` takes to wait for the end."""
        found: int = self._process.sentinel
        return found

    @property
    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return not self._process.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait until the process ends, or for so many seconds."""
        self._process.join(seconds)

    def findings(self) -> tuple[Finding, ...]:
        """Return what has been found so far; a check that has no verdict yet is not there."""
        # What a killed process had begun to write has no end of line.
        lines = _read(self._findings).split("\n")[:-1]
        read = [json.loads(line) for line in lines]
        return tuple(Finding(**{**one, "requirements": tuple(one["requirements"])}) for one in read)

    def output(self) -> str:
        """Return what the process has written, which should be nothing."""
        return _read(Path(self._folder.name, "output"))

    def close(self) -> None:
        """End the process, if need be, and forget what it wrote."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._folder.cleanup()

    @property
    def _findings(self) -> Path:
        return Path(self._folder.name, "findings.ndjson")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _in_child(mutant: Broken, apply: str, checks: Checks, folder: Path) -> None:
    with (
        Path(folder, "output").open("w", encoding="utf-8") as output,
        Path(folder, "findings.ndjson").open("w", encoding="utf-8", buffering=1) as findings,
    ):
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        # Forked with what was not written yet, which is for the parent to write.
        sys.stdout = sys.stderr = output

        def report(finding: Finding) -> None:
            findings.write(json.dumps(asdict(finding)) + "\n")

        status = 1
        try:
            find(apply)(mutant.book, mutant.id)
            checks(mutant, report)
            status = 0
        except BaseException:
            traceback.print_exc()
    # Threads of a broken target may be there for ever.
    os._exit(status)
