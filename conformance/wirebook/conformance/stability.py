"""Whether the verdicts of cases stay the same from run to run.

What may live here: comparing the several results of each case. That a case is run several times is
the business of the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wirebook.conformance.verdicts import CaseResult, Verdict


@dataclass(frozen=True, slots=True)
class Changing:
    """A case that does not always come to the same verdict."""

    id: str
    verdicts: tuple[Verdict, ...]
    """In the order of the runs."""
    requirements: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict came, the most frequent first."""
        return {verdict.value: number for verdict, number in Counter(self.verdicts).most_common()}


def changing(results: Iterable[CaseResult]) -> tuple[Changing, ...]:
    """Return the cases whose verdict changes among the results, in the order of their IDs."""
    runs: dict[str, list[CaseResult]] = {}
    for result in sorted(results, key=lambda result: (result.id, result.run)):
        runs.setdefault(result.id, []).append(result)
    return tuple(
        Changing(name, tuple(r.verdict for r in found), found[0].requirements)
        for name, found in runs.items()
        if len({result.verdict for result in found}) > 1
    )
