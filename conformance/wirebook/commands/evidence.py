"""Requirements beside what checks them.

What may live here: putting requirements, cases, vectors and tests side by side. Printing them is
for the commands, and for the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wirebook.commands import console

if TYPE_CHECKING:
    from wirebook.conformance.catalog import Check
    from wirebook.spec.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement beside its checks."""

    requirement: Requirement
    cases: tuple[str, ...]
    vectors: tuple[str, ...]
    models: tuple[str, ...] | None
    """None where the tests are not there to be looked at."""

    def unchecked(self) -> list[str]:
        """Return the ways of checking that the requirement names but nothing follows."""
        there = {"wire": self.cases, "vector": self.vectors, "model": self.models}
        return [way for way in self.requirement.verify if there.get(way, ("",)) == ()]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as plain JSON values."""
        requirement = self.requirement
        return {
            "id": requirement.id,
            "book": requirement.book,
            "level": requirement.level,
            "role": list(requirement.roles),
            "verify": list(requirement.verify),
            "reason": requirement.reason,
            "chapter": requirement.chapter,
            "page": requirement.page,
            "text": requirement.text,
            "cases": list(self.cases),
            "vectors": list(self.vectors),
            "tests": None if self.models is None else list(self.models),
        }


def checks(
    books: Sequence[str],
) -> tuple[list[Check], list[Check], list[Check] | None]:
    """Return the cases, the vectors and, in a checkout, the tests that cite requirements."""
    from wirebook.conformance import catalog
    from wirebook.conformance.catalog import Check
    from wirebook.spec import vectors

    cases = [check for book in books for check in catalog.cases(book)]
    tests = [
        Check(test.id, tuple(test.requirements), f"{book} vectors")
        for book in books
        for group in vectors.load(book)
        for test in group.tests
    ]
    checkout = console.checkout()
    return cases, tests, None if checkout is None else list(catalog.model_checks(checkout))


def entries(
    wanted: Sequence[Requirement],
    cases: Sequence[Check],
    vectors: Sequence[Check],
    models: Sequence[Check] | None,
) -> list[Entry]:
    """Return the wanted requirements, each beside its checks."""
    from wirebook.conformance.catalog import by_requirement

    of_cases, of_vectors = by_requirement(cases), by_requirement(vectors)
    of_models = None if models is None else by_requirement(models)
    return [
        Entry(
            requirement=one,
            cases=of_cases.get(one.id, ()),
            vectors=of_vectors.get(one.id, ()),
            models=None if of_models is None else of_models.get(one.id, ()),
        )
        for one in wanted
    ]
