"""The other end of a run: results come in from wherever the cases ran, events go out.

What may live here: what requirements, expectations and interruptions make of results, and the order
of events. The plugin in here takes part in pytest's main process only, never in a worker's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from wirebook.conformance.blaming import RESULT
from wirebook.conformance.expectations import Expectations
from wirebook.conformance.judge import level_verdict
from wirebook.conformance.plan import CaseModule, number_of_run
from wirebook.conformance.plugin import WORKER_SUFFIX
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    Event,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Cited:
    """What the reports need to know of a requirement."""

    level: str
    chapter: str


class Controller:
    """Turns what pytest reports into events."""

    def __init__(
        self,
        handle: Callable[[Event], None],
        *,
        requirements: Mapping[str, Cited],
        expectations: Expectations,
        modules: Sequence[CaseModule],
        seed: int,
        target_options: Sequence[str] = (),
        repeated: bool = False,
        network: str = "",
    ) -> None:
        self.results: list[CaseResult] = []
        self.problems: list[str] = []
        self.collected: int | None = None
        self.interrupted = False
        self.unreachable = ""
        self.folder: Path | None = None
        """Where the workers of a parallel run leave their process IDs."""
        self._handle = handle
        self._requirements = requirements
        self._levels = {name: cited.level for name, cited in requirements.items()}
        self._expectations = expectations
        # Node IDs begin with the path below the folder of all cases.
        self._modules = {f"{module.book}/{module.path.name}": module for module in modules}
        self._seed = seed
        self._failed = False
        self._target_options = tuple(target_options)
        self._repeated = repeated
        self._network = network
        self._networks: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the cases of a run in this process."""
        self._count(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Count the cases of a parallel run; every worker collects the same."""
        self._count(len(ids))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a case module that cannot be read."""
        if report.passed:
            return
        lines = str(report.longrepr).strip().splitlines()
        what = "failed" if report.failed else "was skipped"
        problem = f"{report.nodeid} {what}: {lines[-1].removeprefix('E').strip() if lines else ''}"
        if problem not in self.problems:
            self.problems.append(problem)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result of a case."""
        for name, value in report.user_properties:
            if name == RESULT:
                data = json.loads(str(value))
                result = CaseResult.from_json(data["result"])
                self._networks[result.id] = data.get("network", "")
                if data["unreachable"]:
                    # Not a finding about the case: it did not run, and the others will not.
                    self.unreachable = result.reason
                else:
                    self._finish(result)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Make a result for a case that took its whole worker process along."""
        path, _, name = crashitem.partition("::")
        module = self._modules.get(path)
        if module is None:
            self.problems.append(f"a worker died while it ran {crashitem}")
            return
        self._finish(
            CaseResult(
                id=module.case_id(name),
                title=module.case_id(name).rpartition("/")[2],
                book=module.book,
                role=module.role,
                chapter="",
                requirements=(),
                verdict=Verdict.ERROR,
                seconds=report.duration,
                reason="the process that ran the case died",
                run=number_of_run(name) if self._repeated else 0,
            )
        )

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Note a failure of the engine, in one line; what follows from it says nothing new."""
        if not self._failed:
            self._failed = True
            self.problems.append(f"the engine failed: {_last_line(excinfo)}")
        return not os.environ.get("WIREBOOK_DEBUG")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an interruption; have the workers end what they do instead of finishing it."""
        # What stops a run by itself comes this way, too.
        # pytest and xdist end a run that has seen enough by exceptions derived from the user's.
        own = type(excinfo.value) is not KeyboardInterrupt or self.unreachable
        self.interrupted = not own
        for path in self.folder.glob(f"*{WORKER_SUFFIX}") if self.folder else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.stem), signal.SIGINT)

    def _count(self, number: int) -> None:
        if self.collected is None:
            self.collected = number
            self._handle(CasesCollected(number))

    def _finish(self, raw: CaseResult) -> None:
        result = self._complete(raw)
        self.results.append(result)
        self._handle(CaseFinished(result))

    def _complete(self, raw: CaseResult) -> CaseResult:
        unknown = [one for one in raw.requirements if one not in self._requirements]
        if unknown:
            raw = replace(
                raw,
                verdict=Verdict.ERROR,
                reason=f"the case cites {', '.join(unknown)}, which no book has",
            )
        first = self._requirements.get(raw.requirements[0]) if raw.requirements else None
        words = ["wirebook", "replay", f"{raw.id}@{self._seed}", *self._target_options]
        network = self._networks.get(raw.id) or self._network
        words += ["--network", network] if network else []
        return self._expectations.apply(
            replace(
                raw,
                verdict=level_verdict(raw.verdict, raw.requirements, self._levels),
                chapter=first.chapter if first else "",
                replay=shlex.join(words),
            )
        )


def _last_line(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    # A worker's failure comes as its whole traceback, in an assertion of xdist's.
    lines = [line.strip() for line in str(excinfo.value).splitlines()]
    telling = [line for line in lines if line and line != "assert False"]
    if len(telling) > 1:
        return telling[-1]
    return f"{excinfo.typename}: {telling[0]}" if telling else excinfo.typename
