"""Two runs beside each other: what got worse, what got better, and what is otherwise another.

What may live here: telling the differences between the cases of two runs. What they look like is
the command's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wirebook.conformance.earlier import Case, EarlierRun
from wirebook.conformance.verdicts import Verdict

_BAD = (Verdict.FAIL, Verdict.CRASH, Verdict.ERROR)
_FINE = (Verdict.PASS, Verdict.XPASS)
# Ports, times and what is random differ from run to run and say nothing.
_NUMBER = re.compile(r"\b(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]+\b|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Difference:
    """A case that is not the same in both runs."""

    before: Case
    after: Case
    what: tuple[str, ...]
    """`verdict`, `reason`, `requirements`: what differs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All the differences between two runs, each in one place only."""

    regressions: tuple[Difference, ...]
    """Cases that fail, crash or err now and did not before, or follow a SHOULD no more."""
    fixes: tuple[Difference, ...]
    """Cases that pass now and failed before, expected or not."""
    changed: tuple[Difference, ...]
    """Cases with another verdict otherwise, another reason, or other requirements."""
    new: tuple[Case, ...]
    gone: tuple[Case, ...]
    same: int
    """How many cases do not differ."""


def compare(before: EarlierRun, after: EarlierRun) -> Comparison:
    """Return the differences between two runs."""
    common = sorted(before.cases.keys() & after.cases.keys())
    differences = [_difference(before.cases[name], after.cases[name]) for name in common]
    told = [one for one in differences if one.what]
    regressions = tuple(one for one in told if _got_worse(one))
    fixes = tuple(one for one in told if _got_better(one))
    apart = {one.after.id for one in (*regressions, *fixes)}
    return Comparison(
        regressions=regressions,
        fixes=fixes,
        changed=tuple(one for one in told if one.after.id not in apart),
        new=tuple(after.cases[name] for name in sorted(after.cases.keys() - before.cases.keys())),
        gone=tuple(before.cases[name] for name in sorted(before.cases.keys() - after.cases.keys())),
        same=len(differences) - len(told),
    )


def _difference(before: Case, after: Case) -> Difference:
    told = before.reason is not None and after.reason is not None
    what = {
        "verdict": before.verdict is not after.verdict,
        "reason": told and _gist(before.reason or "") != _gist(after.reason or ""),
        "requirements": set(before.requirements) != set(after.requirements),
    }
    return Difference(before, after, tuple(name for name, differs in what.items() if differs))


def _got_worse(one: Difference) -> bool:
    before, after = one.before.verdict, one.after.verdict
    if after is Verdict.NONSTRICT:
        return before in _FINE
    return after in _BAD and before not in _BAD


def _got_better(one: Difference) -> bool:
    before, after = one.before.verdict, one.after.verdict
    return after in _FINE and before in (*_BAD, Verdict.XFAIL, Verdict.NONSTRICT)


def _gist(reason: str) -> str:
    return _NUMBER.sub("#", reason)
