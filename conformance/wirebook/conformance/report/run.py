"""What is known of a run: the events so far, put in the order that reports show them in.

What may live here: plain data gathered from events, and the sentence that a run ends with. No
formatting for one kind of report, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from wirebook.conformance.report.text import counted, number_of
from wirebook.conformance.stability import Changing, changing
from wirebook.conformance.verdicts import (
    Audited,
    CaseFinished,
    CaseResult,
    CasesCollected,
    Event,
    ExitStatus,
    RunFinished,
    RunStarted,
    Verdict,
    count,
)

VIOLATIONS = (Verdict.FAIL, Verdict.CRASH, Verdict.XPASS)
"""Verdicts that make a target not conform, in every run."""
LENIENT = (Verdict.NONSTRICT, Verdict.INCONCLUSIVE)
"""Verdicts that make a target not conform in a strict run only."""
NOTABLE = (Verdict.CRASH, Verdict.FAIL, Verdict.ERROR, Verdict.XPASS, *LENIENT)
"""Verdicts that a reader should look at, the worst first."""


@dataclass(frozen=True, slots=True)
class Group:
    """The cases of one book, role and chapter."""

    book: str
    role: str
    chapter: str
    cases: tuple[CaseResult, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict occurs in the group."""
        return count(self.cases)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a run ended."""

    conforms: bool | None
    """None where the run cannot say."""
    word: str
    """`conforms`, `does not conform` or `no verdict`."""
    grounds: str
    """Why, in a few words."""
    sentence: str
    """All of it, with the target's name."""
    status: ExitStatus


@dataclass(slots=True)
class Run:
    """The events of one run so far."""

    started: RunStarted | None = None
    expected: int | None = None
    finished: RunFinished | None = None
    results: list[CaseResult] = field(default_factory=list)
    """In the order in which the cases finished."""

    def add(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case RunStarted():
                self.started = event
            case CasesCollected(count=expected):
                self.expected = expected
            case CaseFinished(result=result):
                self.results.append(result)
            case RunFinished():
                self.finished = event

    @property
    def target(self) -> str:
        """The name of the target, for sentences."""
        return self.started.target if self.started and self.started.target else "the target"

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict occurred."""
        return count(self.results)

    def counts_by_book(self) -> dict[str, dict[str, int]]:
        """Return how often each verdict occurred, for each book of the run."""
        books = self.started.books if self.started else ()
        return {
            book: count(result for result in self.results if result.book == book) for book in books
        }

    def cases(self) -> list[CaseResult]:
        """Return the results in the order of their IDs, whatever order they ran in."""
        return sorted(self.results, key=lambda result: (result.id, result.run))

    def changing(self) -> tuple[Changing, ...]:
        """Return the cases whose verdict changed from run to run, where that was asked."""
        asked = self.started is not None and self.started.stability
        return changing(self.results) if asked else ()

    def unstable(self) -> tuple[str, ...]:
        """Return a line for each of them."""
        return tuple(f"{one.id}: {counted(one.counts)}" for one in self.changing())

    def undeclared(self) -> tuple[str, ...]:
        """Return a line for each feature that is there, or half there, and not declared."""
        audit = self.finished.audit if self.finished else ()
        return tuple(_what_is_there(one) for one in audit if one.passed)

    def groups(self, chapters: Sequence[str] = ()) -> list[Group]:
        """Return the results by book, role and chapter.

        Books and roles come in the run's own order, chapters in the order given.
        """
        books = self.started.books if self.started else ()
        roles = self.started.roles if self.started else ()

        def place(result: CaseResult) -> tuple[str, str, str]:
            return result.book, result.role, result.chapter

        def order(result: CaseResult) -> tuple[tuple[int, str], ...]:
            book, role, chapter = place(result)
            return _rank(books, book), _rank(roles, role), _rank(chapters, chapter)

        ordered = sorted(self.cases(), key=order)
        return [Group(*key, tuple(cases)) for key, cases in groupby(ordered, key=place)]

    def notable(self) -> list[tuple[CaseResult, ...]]:
        """Return the results that a reader should look at, the worst first.

        Cases that differ only in their parameter and came to the same verdict stand together.
        """
        worst_first = sorted(
            (result for result in self.results if result.verdict in NOTABLE),
            key=lambda result: (NOTABLE.index(result.verdict), result.id, result.run),
        )
        families: dict[tuple[Verdict, str], list[CaseResult]] = {}
        for result in worst_first:
            families.setdefault((result.verdict, function(result)), []).append(result)
        return [tuple(family) for family in families.values()]

    def progress(self) -> str:
        """Return how far the run came: `34 of 90 cases`."""
        if self.expected is None or self.expected == len(self.results):
            return number_of(len(self.results), "case")
        return f"{len(self.results)} of {number_of(self.expected, 'case')}"

    def conclusion(self) -> Conclusion:
        """Return what the run says of its target."""
        if self.finished is None:
            raise ValueError("a run has no conclusion before it is finished")
        status = self.finished.status
        if status == ExitStatus.VIOLATIONS:
            return self._conclude(False, "does not conform", self._violations(), status)
        if status == ExitStatus.CONFORMS and not self.finished.interrupted:
            return self._conclude(True, "conforms", "no violation was found", status)
        return self._conclude(None, "no verdict", self._obstacle(status), status)

    def _conclude(
        self, conforms: bool | None, word: str, grounds: str, status: ExitStatus
    ) -> Conclusion:
        if self.finished and self.finished.interrupted:
            interruption = f"the run was interrupted after {self.progress()}"
            grounds = f"{grounds}; {interruption}" if grounds else interruption
        subject = f"no verdict on {self.target}" if conforms is None else f"{self.target} {word}"
        return Conclusion(conforms, word, grounds, f"{subject}: {grounds}", status)

    def _violations(self) -> str:
        counts = self.counts
        found = {verdict.value: counts[verdict] for verdict in VIOLATIONS if verdict in counts}
        stale = len(self.finished.stale) if self.finished else 0
        if not found and not stale and not self.changing():  # then the run was a strict one
            found = {verdict.value: counts[verdict] for verdict in LENIENT if verdict in counts}
        grounds = [counted(found)] if found else []
        if stale:
            grounds.append(number_of(stale, "stale expectation"))
        if unstable := len(self.changing()):
            grounds.append(f"{number_of(unstable, 'case')} with a verdict that changes")
        return ", ".join(grounds) or "see the problems"

    def _obstacle(self, status: ExitStatus) -> str:
        errors = self.counts.get(Verdict.ERROR, 0)
        match status:
            case ExitStatus.CONFORMS:
                return ""
            case ExitStatus.USAGE:
                return "nothing was checked"
            case ExitStatus.UNREACHABLE:
                return "it could not be reached"
            case _ if errors:
                return f"the harness failed in {number_of(errors, 'case')}"
            case _ if self.finished and self.finished.interrupted:
                return ""
            case _:
                return "the harness failed"


def function(result: CaseResult) -> str:
    """Return the case's ID without its parameter."""
    return result.id.partition("[")[0]


def parameter(result: CaseResult) -> str:
    """Return what tells the case from others of its function; empty where it has none."""
    own = result.id.partition("[")[2].removesuffix("]")
    return " ".join(part for part in (own, f"run {result.run}" if result.run else "") if part)


def _what_is_there(one: Audited) -> str:
    cases = f"{one.passed} of {one.tried} cases"
    if one.passed < one.tried:
        return f"{one.feature}: {cases} pass: half there"
    if one.tried == one.cases:
        return f"{one.feature}: {cases} pass → declare it"
    return f"{one.feature}: {cases} tried pass → declare it (--audit tries all {one.cases})"


def _rank(names: Sequence[str], name: str) -> tuple[int, str]:
    """Return what sorts the name into its place among the names; unknown ones come last."""
    return names.index(name) if name in names else len(names), name
