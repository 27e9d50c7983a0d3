"""From what happened in a case to its verdict.

What may live here: the mapping of exceptions to verdicts, in the process that ran the case, and of
verdicts to what requirements and expectations make of them, in the one that reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.verdicts import (
    Inconclusive,
    TargetDied,
    TargetUnreachable,
    Unsupported,
    Verdict,
)

_FOREIGN = frozenset({"_pytest", "pluggy", "xdist"})

MANDATORY = frozenset({"MUST", "MUST NOT"})


class CaseTimeout(Exception):
    """A case took longer than any case may."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason."""

    verdict: Verdict
    reason: str = ""
    detail: str = ""
    unreachable: bool = False
    """The target could not be started: no further case makes sense."""


# The first that fits decides, also among several exceptions of one case.
_VERDICTS: tuple[tuple[tuple[type[BaseException], ...], Verdict], ...] = (
    ((TargetDied,), Verdict.CRASH),
    ((TargetUnreachable,), Verdict.ERROR),
    ((AssertionError, pytest.fail.Exception), Verdict.FAIL),
    ((Unsupported, pytest.skip.Exception), Verdict.UNSUPPORTED),
    ((Inconclusive,), Verdict.INCONCLUSIVE),
)


def judge(raised: Iterable[pytest.ExceptionInfo[BaseException]], death: str) -> Judgement:
    """Return the verdict of a case that raised these exceptions, in the order of its phases.

    `death` says how the target ended, if it did: that outweighs whatever the case itself found.
    """
    found = [(info, error) for info in raised for error in _leaves(info.value)]
    own = Judgement(Verdict.PASS)
    ranked = sorted(found, key=lambda pair: _rank(pair[1]))
    if ranked:
        own = _judge_one(*ranked[0])
    if not death:
        return own
    reason = f"the target {death}"
    if own.verdict not in (Verdict.PASS, Verdict.CRASH):
        reason += f" (and before: {own.reason})"
    return Judgement(Verdict.CRASH, reason, own.detail)


def level_verdict(verdict: Verdict, cited: Iterable[str], levels: Mapping[str, str]) -> Verdict:
    """Return `nonstrict` for a failure that broke no MUST."""
    if verdict is Verdict.FAIL and not {levels.get(one, "MUST") for one in cited} & MANDATORY:
        return Verdict.NONSTRICT
    return verdict


def _judge_one(info: pytest.ExceptionInfo[BaseException], error: BaseException) -> Judgement:
    rank = _rank(error)
    verdict = _VERDICTS[rank][1] if rank < len(_VERDICTS) else Verdict.ERROR
    reason = _first_line(error)
    if verdict is Verdict.ERROR and not isinstance(error, TargetUnreachable | CaseTimeout):
        reason = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    quiet = verdict in (Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE)
    detail = "" if quiet else _where(info)
    return Judgement(verdict, reason, detail, isinstance(error, TargetUnreachable))


def _rank(error: BaseException) -> int:
    for rank, (types, _) in enumerate(_VERDICTS):
        if isinstance(error, types):
            return rank
    return len(_VERDICTS)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, pytest.skip.Exception) else str(error)
    lines = (text or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def _where(info: pytest.ExceptionInfo[BaseException]) -> str:
    # What pytest and its plugins did on the way to the case tells a reader nothing.
    filtered = info.getrepr(
        style="short", tbfilter=lambda one: one.traceback.filter(_is_own) or one.traceback
    )
    return str(filtered)


def _is_own(entry: Any) -> bool:
    return not _FOREIGN & set(Path(entry.path).parts)
