"""Diagnosis: which mutants a target's failures look like.

What may live here: the distance between what a target and a mutant fail, and the choice of the few
mutants that a report names. A diagnosis is a hint for whoever mends the target, never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wirebook.conformance.mutation import kills
from wirebook.conformance.mutation.kills import Kill
from wirebook.conformance.verdicts import CaseResult, Likeness, Verdict

FARTHEST = 0.25
"""The distance from which on a mutant is no longer like the target."""
MOST = 5
"""How many mutants are named at most."""

_FAILED = (*kills.FAILED, Verdict.XFAIL)
_RAN = (*_FAILED, Verdict.PASS, Verdict.XPASS)


def diagnose(
    results: Iterable[CaseResult], vectors: Mapping[str, tuple[Kill, ...]] | None = None
) -> tuple[Likeness, ...]:
    """Return the mutants that the failures of a run look like, those that explain most first."""
    of_book: dict[str, dict[str, bool]] = {}
    for result in results:
        if result.verdict in _RAN:
            of_book.setdefault(result.book, {})[result.id] = result.verdict in _FAILED
    found: list[Likeness] = []
    for book, failed in of_book.items():
        if any(failed.values()):
            known = kills.load(book) if vectors is None else vectors.get(book, ())
            found += _nearest(failed, known)
    return tuple(sorted(found, key=lambda one: -one.cases)[:MOST])


def _nearest(failed: Mapping[str, bool], known: Iterable[Kill]) -> list[Likeness]:
    left = {case for case, bad in failed.items() if bad}
    candidates = [
        (kill, shared, distance)
        for kill in known
        for shared, distance in [_compare(kill, failed)]
        if shared and distance <= FARTHEST
    ]
    chosen: list[Likeness] = []
    while candidates and len(chosen) < MOST:
        # What one mutant explains already says nothing for another one.
        best = max(candidates, key=lambda one: (len(one[1] & left) * (1 - one[2]), -one[2]))
        kill, shared, distance = best
        if not shared & left:
            break
        chosen.append(
            Likeness(kill.id, kill.requirement, kill.sentence, round(distance, 3), len(shared))
        )
        left -= shared
        candidates.remove(best)
    return chosen


def _compare(kill: Kill, failed: Mapping[str, bool]) -> tuple[frozenset[str], float]:
    """Return the failures that both have, and the distance over the cases that both ran."""
    both = (kill.failed | kill.passed) & failed.keys()
    theirs = kill.failed & both
    ours = frozenset(case for case in both if failed[case])
    # A mutant of which only an odd case was run, of many, says nothing; but a target may well have
    # one role only.
    roles = {_role(case) for case in failed}
    if len(theirs) * 2 < sum(_role(case) in roles for case in kill.failed):
        return frozenset(), 1.0
    every = theirs | ours
    return theirs & ours, len(theirs ^ ours) / len(every) if every else 1.0


def _role(case: str) -> str:
    """Return book and role of a case, from its ID."""
    return case.partition("_")[0]
