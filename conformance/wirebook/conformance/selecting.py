"""Which of the collected cases run, and how often.

What may live here: choosing by ID, by shard and by feature, and running a case several times. Every
worker of a parallel run collects for itself, so that all of this depends on nothing but the plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pytest

from wirebook.conformance.plan import Plan, named_again

Case = TypeVar("Case")


def in_shard(case_id: str, shard: tuple[int, int] | None) -> bool:
    """Tell whether a case belongs to a part of all cases.

    By a digest of the ID, so that a case stays where it is when others come or go.
    """
    if shard is None:
        return True
    part, parts = shard
    digest = hashlib.sha256(case_id.encode()).digest()
    return int.from_bytes(digest[:8]) % parts == part - 1


def wanted(case_id: str, plan: Plan) -> bool:
    """Tell whether the plan wants a case, as far as its ID says."""
    named = not plan.only or bool({case_id, case_id.partition("[")[0]} & set(plan.only))
    return named and in_shard(case_id, plan.shard)


def sample(
    cases: Sequence[Case], features: Callable[[Case], Iterable[str]], number: int
) -> list[Case]:
    """Return so many cases of each feature, spread over all of them, in their order."""
    of_feature: dict[str, list[int]] = {}
    for place, case in enumerate(cases):
        for name in features(case):
            of_feature.setdefault(name, []).append(place)
    chosen = {
        places[step * len(places) // number]
        for places in of_feature.values()
        for step in range(number)
    }
    return [cases[place] for place in sorted(chosen)]


def repeated(items: Sequence[pytest.Item], times: int) -> list[pytest.Item]:
    """Return the items so many times, one round after the other."""
    rounds = list(items)
    for number in range(2, times + 1):
        rounds += [_again(item, number) for item in items]
    return rounds


def _again(item: pytest.Item, number: int) -> pytest.Item:
    # The same item twice in a row would not be torn down in between.
    if not isinstance(item, pytest.Function):
        raise TypeError(f"{item.nodeid} is not a function")
    again: pytest.Item = pytest.Function.from_parent(
        item.parent,
        name=named_again(item.name, number),
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        # There is no public way to the values of its parameters.
        fixtureinfo=item._fixtureinfo,  # noqa: SLF001
        originalname=item.originalname,
    )
    return again
