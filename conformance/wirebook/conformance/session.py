"""One run of the suite, from what the user asked for to the exit status.

What may live here: seeing whether the targets can be reached, and the events around the engine's
own. What the options mean is in `choices.py`, what pytest does in `engine.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Protocol

from wirebook.conformance import audit, choices, engine, last_run
from wirebook.conformance.choices import Options
from wirebook.conformance.controller import Controller
from wirebook.conformance.errors import CommandError
from wirebook.conformance.expectations import Expectations
from wirebook.conformance.library import Library
from wirebook.conformance.mutation.diagnosis import diagnose
from wirebook.conformance.plan import BookPlan, Plan
from wirebook.conformance.stability import changing
from wirebook.conformance.targets import install
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import ROLES, Target
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import (
    Audited,
    CasesCollected,
    Event,
    ExitStatus,
    RunFinished,
    RunStarted,
    TargetUnreachable,
    exit_status,
)

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it; the reports are written all the same."""


class Reports(Protocol):
    """What takes the events of a run."""

    def handle(self, event: Event) -> None:
        """Take the next event."""

    def close(self) -> None:
        """Finish what is open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    status: ExitStatus
    problems: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def code(self) -> int:
        """The exit status of the process."""
        return INTERRUPTED if self.interrupted else int(self.status)


OpenReports = Callable[[bool], Reports]
"""Makes the reports; the argument tells whether any case will run."""


class Session:
    """A run that has been checked for mistakes of the user and is ready to begin."""

    def __init__(self, options: Options, library: Library, say: Callable[[str], None]) -> None:
        self._library = library
        self._say = say
        self._expectations = Expectations()
        self._problems: list[str] = []
        self._audited: tuple[Audited, ...] = ()
        targets = choices.targets(options, library)
        options = choices.of_last_run(options, targets)
        targets = tuple(t for t in targets if not options.books or t.protocol in options.books)
        self._options = options
        self._roles = choices.roles(options, targets)
        self._targets = tuple(choices.with_python(target, options) for target in targets)
        self._expectations = Expectations(choices.expected(options, targets))
        choices.check_keyword(options.keyword)
        self._corpus = choices.corpus(options, library)
        self._jobs = options.jobs
        if options.jobs > 1 and any(t.server and t.server.address for t in targets):
            say("one job at a time: several could not tell whose case ended the server")
            self._jobs = 1

    def run(self, open_reports: OpenReports) -> Outcome:
        """Run the cases and give every event to the reports."""
        began = time.monotonic()
        events = _Events(open_reports)
        controller: Controller | None = None
        interrupted = False
        with events.closing():
            events.handle(self._started())
            try:
                plan = self._plan()
                if plan.books:
                    controller = self._controller(plan, events)
                    engine.run(plan, controller, jobs=self._jobs)
                    self._audited = self._audit(plan, controller)
            except KeyboardInterrupt:
                interrupted = True
            if controller and self._options.keep:
                last_run.keep(self._targets, self._options.seed, controller.results)
            finished = self._finished(controller, interrupted, time.monotonic() - began)
            events.handle(finished)
        return Outcome(finished.status, finished.problems, finished.interrupted)

    def _started(self) -> RunStarted:
        return RunStarted(
            books=tuple(target.protocol for target in self._targets),
            target=", ".join(dict.fromkeys(target.name for target in self._targets)),
            roles=tuple(r for r in ROLES if any(r in roles for roles in self._roles.values())),
            seed=self._options.seed,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            version=metadata.version("wirebook"),
            command=self._options.command,
            stability=self._options.stability,
        )

    def _audit(self, plan: Plan, controller: Controller) -> tuple[Audited, ...]:
        if controller.interrupted or controller.unreachable or controller.problems:
            return ()
        if self._options.exit_first and len(controller.results) < (controller.collected or 0):
            return ()
        thorough = self._options.audit
        if thorough and (cases := audit.left_out(controller.results)):
            names = ", ".join(sorted({name for one in cases for name in one.undeclared}))
            self._say(f"trying what the target does not declare: {names}")
        return audit.run(
            plan,
            controller.results,
            self._library.requirements,
            thorough=thorough,
            jobs=self._jobs,
        )

    def _plan(self) -> Plan:
        books = []
        for target in self._targets:
            roles = self._roles[target.protocol]
            probe = self._library.probe(target.protocol)
            try:
                ready = self._with_environment(target)
                _try_out(ready, roles, probe)
            except TargetUnreachable as error:
                self._problems.append(f"{target.name} ({target.protocol}): {error}")
            except CommandError as error:
                self._problems.append(str(error))
            else:
                books.append(BookPlan(target.protocol, roles, ready, probe))
        return Plan(
            books=tuple(books),
            cases=self._library.cases,
            seed=self._options.seed,
            keyword=self._options.keyword,
            only=self._options.only,
            case_seconds=self._options.case_seconds,
            exit_first=self._options.exit_first,
            repeat=self._options.runs,
            network=self._options.network,
            shard=self._options.shard,
            corpus=self._corpus,
        )

    def _with_environment(self, target: Target) -> Target:
        if target.python or target.install is None:
            return target
        return replace(target, python=str(install.ensure(target, self._say)))

    def _controller(self, plan: Plan, events: _Events) -> Controller:
        return Controller(
            events.handle,
            requirements=self._library.requirements,
            expectations=self._expectations,
            modules=plan.modules(),
            seed=plan.seed,
            target_options=choices.target_options(self._options),
            repeated=plan.repeat > 1,
            network=plan.network,
        )

    def _finished(
        self, controller: Controller | None, interrupted: bool, seconds: float
    ) -> RunFinished:
        problems = list(self._problems)
        stale: tuple[str, ...] = ()
        status = ExitStatus.UNREACHABLE
        if interrupted or (controller and controller.interrupted):
            interrupted, status = True, ExitStatus.HARNESS
        elif controller:
            problems += controller.problems
            if controller.unreachable:
                left = (controller.collected or 0) - len(controller.results)
                problems.append(f"{left} cases did not run: {controller.unreachable}")
            elif not problems and not controller.collected:
                problems.append(self._nothing_matched())
            stale = self._expectations.stale(complete=self._complete() and not problems)
            status = self._status(controller, stale)
        likenesses = diagnose(controller.results) if controller else ()
        return RunFinished(
            seconds, status, interrupted, stale, tuple(problems), likenesses, self._audited
        )

    def _status(self, controller: Controller, stale: tuple[str, ...]) -> ExitStatus:
        if self._problems:
            return ExitStatus.UNREACHABLE
        if controller.unreachable:
            # A server that a case has ended is a finding, even if nobody starts it again.
            found = exit_status(controller.results, strict=self._options.strict)
            return found if found is ExitStatus.VIOLATIONS else ExitStatus.UNREACHABLE
        if controller.problems:
            return ExitStatus.HARNESS
        if not controller.collected:
            return ExitStatus.USAGE
        if self._options.stability and changing(controller.results):
            return ExitStatus.VIOLATIONS
        return exit_status(controller.results, strict=self._options.strict, stale=stale)

    def _complete(self) -> bool:
        options = self._options
        chosen = options.keyword or options.only or options.shard
        return not (chosen or options.role or options.server)

    def _nothing_matched(self) -> str:
        if self._options.shard:
            part, parts = self._options.shard
            return f"no case falls into shard {part}/{parts}"
        if self._options.last_failed:
            return "none of the cases that failed last time is among those that are chosen"
        if self._options.only:
            return f"no case is named {', '.join(self._options.only)}"
        if self._options.keyword:
            return f'no case matches -k "{self._options.keyword}"'
        return "no case to run"


class _Events:
    """Opens the reports as late as possible: only then it is known whether any case runs."""

    def __init__(self, open_reports: OpenReports) -> None:
        self._open = open_reports
        self._reports: Reports | None = None
        self._waiting: list[Event] = []

    def handle(self, event: Event) -> None:
        """Pass an event on, now or as soon as the reports are open."""
        self._waiting.append(event)
        if self._reports is None and isinstance(event, CasesCollected | RunFinished):
            self._reports = self._open(isinstance(event, CasesCollected) and event.count > 0)
        if self._reports is not None:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                self._reports.handle(one)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Close the reports in the end, whatever happens."""
        try:
            yield
        finally:
            if self._reports is not None:
                self._reports.close()


def _try_out(target: Target, roles: Sequence[str], probe: str) -> None:
    if "server" in roles:
        server = ServerHandle(target, find(probe))
        try:
            server.ensure()
        finally:
            server.stop()
    if "client" in roles:
        ClientHandle(target).close()
