"""Diagnosis: which mutants a target's failures look like, and when they look like none."""

from __future__ import annotations

from wirebook.conformance.mutation.diagnosis import MOST, diagnose
from wirebook.conformance.mutation.kills import Kill
from wirebook.conformance.verdicts import CaseResult, Likeness, Verdict


def case(number: int, verdict: Verdict) -> CaseResult:
    """Return the result of a case."""
    return CaseResult(
        id=f"toy/server_a/{number}",
        title="",
        book="toy",
        role="server",
        chapter="",
        requirements=("TOY-A-001",),
        verdict=verdict,
        seconds=0.1,
    )


def run(failed: set[int], *, count: int = 40, verdict: Verdict = Verdict.FAIL) -> list[CaseResult]:
    """Return the results of a run in which just these cases fail."""
    return [case(n, verdict if n in failed else Verdict.PASS) for n in range(count)]


def kill(identifier: str, failed: set[int], *, count: int = 20) -> Kill:
    """Return the vector of a mutant; its rule is checked by the first cases."""
    passed = set(range(count)) - failed
    return Kill(
        identifier,
        "TOY-A-001",
        "It is odd.",
        frozenset(f"toy/server_a/{n}" for n in failed),
        frozenset(f"toy/server_a/{n}" for n in passed),
    )


def names(results: list[CaseResult], *known: Kill) -> list[str]:
    """Return the mutants that are named."""
    return [one.mutant for one in diagnose(results, {"toy": known})]


def test_the_same_failures() -> None:
    """A target that fails just what a mutant fails is at no distance from it."""
    (found,) = diagnose(run({1, 2, 3}), {"toy": (kill("M1", {1, 2, 3}), kill("M2", {4, 5}))})
    assert found == Likeness("M1", "TOY-A-001", "It is odd.", 0.0, 3)
    assert str(found) == "behaves like M1: It is odd. (TOY-A-001, 3 failures, distance 0.00)"


def test_nearly_the_same_failures() -> None:
    """One case in ten does not make a stranger, and the distance says so."""
    (found,) = diagnose(run(set(range(10))), {"toy": (kill("M1", set(range(9))),)})
    assert found.distance == 0.1


def test_other_failures() -> None:
    """Failures that are mostly others are like nothing."""
    assert names(run({1, 2, 3}), kill("M1", {3, 4, 5})) == []


def test_nothing_fails() -> None:
    """A target without failures is like no mutant."""
    assert names(run(set()), kill("M1", {1})) == []


def test_failures_of_other_rules_are_left_out() -> None:
    """What fails outside of the mutant's rule is not held against the likeness."""
    assert names(run({1, 2, 30, 31}), kill("M1", {1, 2})) == ["M1"]


def test_the_nearest_of_several() -> None:
    """Of mutants that fail alike, the nearest is named, and no other for the same failures."""
    assert names(run({1, 2, 3, 4}), kill("M1", {1, 2, 3}), kill("M2", {1, 2, 3, 4})) == ["M2"]


def test_several_defects() -> None:
    """Each defect has its own mutant, the one that explains most first."""
    other = Kill("M2", "TOY-A-002", "", frozenset({"toy/server_a/30"}), frozenset())
    assert names(run({1, 2, 30}), other, kill("M1", {1, 2})) == ["M1", "M2"]


def test_how_they_fail_does_not_matter() -> None:
    """A crash, an unfollowed SHOULD or an expected failure counts as a failure."""
    for verdict in (Verdict.CRASH, Verdict.NONSTRICT, Verdict.XFAIL):
        assert names(run({1, 2}, verdict=verdict), kill("M1", {1, 2})) == ["M1"]


def test_cases_that_did_not_run() -> None:
    """A part of the cases is enough, but not an odd one of many."""
    assert names(run(set(range(6)), count=6), kill("M1", set(range(10)))) == ["M1"]
    assert names(run({1, 2}, count=3), kill("M1", set(range(10)))) == []


def test_target_of_one_role() -> None:
    """What a mutant fails in a role that the target does not have is not missed."""
    both = Kill(
        "M1",
        "TOY-A-001",
        "",
        frozenset({"toy/server_a/1", *(f"toy/client_a/{n}" for n in range(9))}),
        frozenset(),
    )
    assert names(run({1}), both) == ["M1"]


def test_not_too_many() -> None:
    """A target that fails everything is not given a list of everything."""
    known = [
        Kill(f"M{n}", "TOY-A-001", "", frozenset({f"toy/server_a/{n}"}), frozenset())
        for n in range(20)
    ]
    assert len(names(run(set(range(20))), *known)) == MOST
