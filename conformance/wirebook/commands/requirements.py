"""`wirebook requirements`: every requirement, and what checks it.

What may live here: the options, what is wrong, and the table. What checks what is found out in
`evidence.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import console, evidence
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.commands.evidence import Entry
    from wirebook.conformance.catalog import Check
    from wirebook.spec.requirements import Requirement


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
    case_checks, vector_checks, model_checks = evidence.checks(books.names())
    entries = evidence.entries(
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


def _problems(
    entries: Sequence[Entry], known: Mapping[str, Requirement], checks: Sequence[Check]
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


def _show(entries: Sequence[Entry]) -> None:
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
