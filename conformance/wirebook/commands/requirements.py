"""`wirebook requirements`: every requirement, and what checks it.

What may live here: putting requirements, cases, vectors and tests side by side, and printing that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.catalog import Check
    from wirebook.spec.requirements import Requirement


@dataclass(frozen=True, slots=True)
class _Entry:
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


def requirements(
    book: Annotated[
        str, typer.Argument(metavar="BOOK", help="One book only.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Complain, with status 1, of requirements without a check and back."
        ),
    ] = False,
) -> None:
    """List the requirements, each with what checks it.

    \b
    Examples:
      wirebook requirements
      wirebook requirements pygase --json
      wirebook requirements --check
    """
    from wirebook.spec import books, requirements

    wanted = (console.known_book(book),) if book else books.names()
    known = requirements.load()
    case_checks, vector_checks, model_checks = _checks(books.names())
    entries = _entries(
        [one for one in known.values() if not book or one.book in (*wanted, "common")],
        case_checks,
        vector_checks,
        model_checks,
    )
    problems = _problems(entries, known, [*case_checks, *vector_checks, *(model_checks or ())])
    if as_json:
        console.print_json([entry.to_json() for entry in entries])
    elif not check:
        _show(entries)
    if check:
        for problem in problems:
            console.complain(problem)
        hidden = "" if model_checks is not None else "; tests are not visible outside of a checkout"
        console.say(f"{len(entries)} requirements, {len(problems)} problems{hidden}")
        raise typer.Exit(int(ExitStatus.VIOLATIONS if problems else ExitStatus.CONFORMS))


def _checks(
    books: Sequence[str],
) -> tuple[list[Check], list[Check], list[Check] | None]:
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


def _entries(
    wanted: Sequence[Requirement],
    cases: Sequence[Check],
    vectors: Sequence[Check],
    models: Sequence[Check] | None,
) -> list[_Entry]:
    from wirebook.conformance.catalog import by_requirement

    of_cases, of_vectors = by_requirement(cases), by_requirement(vectors)
    of_models = None if models is None else by_requirement(models)
    return [
        _Entry(
            requirement=one,
            cases=of_cases.get(one.id, ()),
            vectors=of_vectors.get(one.id, ()),
            models=None if of_models is None else of_models.get(one.id, ()),
        )
        for one in wanted
    ]


def _problems(
    entries: Sequence[_Entry], known: Mapping[str, Requirement], checks: Sequence[Check]
) -> list[str]:
    problems = [
        f"{entry.requirement.id} says verify={way}, but no {_CHECK_NAMES[way]} cites it"
        for entry in entries
        for way in entry.unchecked()
    ]
    problems += [
        f"{check.place}: {check.name} cites {one}, which no book has"
        for check in checks
        for one in check.requirements
        if one not in known
    ]
    return problems


_CHECK_NAMES = {"wire": "case", "vector": "vector", "model": "test"}


def _show(entries: Sequence[_Entry]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wirebook.conformance.report.text import number_of

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("id", "level", "role", "checked by", "text"):
        table.add_column(title, header_style="dim", overflow="fold", no_wrap=title == "id")
    for entry in entries:
        requirement = entry.requirement
        counts = {"case": entry.cases, "vector": entry.vectors, "test": entry.models or ()}
        checks = [number_of(len(found), name) for name, found in counts.items() if found]
        if "inspection" in requirement.verify:
            checks.append("inspection")
        table.add_row(
            Text(requirement.id, style="cyan"),
            requirement.level,
            " ".join(requirement.roles),
            ", ".join(checks) or "nothing",
            Text(requirement.text.replace("\n", " ")),
        )
    Console(highlight=False).print(table)
