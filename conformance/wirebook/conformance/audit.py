"""Whether a target does what it does not declare.

What may live here: running cases of features that the target leaves out, once the run itself is
over, and counting what came of it. None of this is part of a verdict or of an exit status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wirebook.conformance import engine
from wirebook.conformance.controller import Cited, Controller
from wirebook.conformance.expectations import Expectations
from wirebook.conformance.plan import Audit, BookPlan, Plan
from wirebook.conformance.verdicts import Audited, CaseResult, Event, Verdict

GLANCE = Audit(cases=3, seconds=8.0)
"""What every run does by itself: a few cases of each feature, and none that is slow."""
THOROUGH = Audit()
_GLANCE_CASE_SECONDS = 5.0


def left_out(results: Iterable[CaseResult]) -> tuple[CaseResult, ...]:
    """Return the cases that did not run since the target does not declare their features."""
    return tuple(one for one in results if one.verdict is Verdict.UNSUPPORTED and one.undeclared)


def run(
    plan: Plan,
    results: Iterable[CaseResult],
    requirements: Mapping[str, Cited],
    *,
    thorough: bool,
    jobs: int,
) -> tuple[Audited, ...]:
    """Run cases that a run left out, and return what they found for each feature."""
    cases = left_out(results)
    features = tuple(sorted({name for one in cases for name in one.undeclared}))
    books = tuple(
        _declaring(book, features) for book in plan.books if thorough or not _is_address(book)
    )
    wanted = tuple(dict.fromkeys(one.id for one in cases if one.book in {b.book for b in books}))
    if not wanted:
        return ()
    own = replace(
        plan,
        books=books,
        only=wanted,
        keyword="",
        shard=None,
        repeat=1,
        exit_first=False,
        audit=replace(THOROUGH if thorough else GLANCE, features=features),
        case_seconds=plan.case_seconds
        if thorough
        else min(plan.case_seconds, _GLANCE_CASE_SECONDS),
    )
    controller = Controller(
        _ignore,
        requirements=requirements,
        expectations=Expectations(),
        modules=own.modules(),
        seed=own.seed,
    )
    engine.run(own, controller, jobs=jobs if thorough else 1)
    return _counted(cases, controller.results)


def _declaring(book: BookPlan, features: tuple[str, ...]) -> BookPlan:
    # Fixtures ask the target, too, what it declares.
    declared = (*(book.target.features or ()), *features)
    return replace(book, target=replace(book.target, features=declared))


def _is_address(book: BookPlan) -> bool:
    # Nobody starts such a server again if a case ends it.
    return bool(book.target.server and book.target.server.address)


def _counted(cases: Iterable[CaseResult], results: Iterable[CaseResult]) -> tuple[Audited, ...]:
    all_of: dict[tuple[str, str], set[str]] = {}
    for case in cases:
        for name in case.undeclared:
            all_of.setdefault((case.book, name), set()).add(case.id)
    found = {one.id: one.verdict for one in results if one.verdict is not Verdict.UNSUPPORTED}
    return tuple(
        Audited(
            book=book,
            feature=feature,
            passed=sum(found.get(name) is Verdict.PASS for name in names),
            tried=sum(name in found for name in names),
            cases=len(names),
        )
        for (book, feature), names in sorted(all_of.items())
        if any(name in found for name in names)
    )


def _ignore(_event: Event) -> None:
    """Show nothing: the cases of an audit are no results of the run."""
