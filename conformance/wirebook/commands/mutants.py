"""`wirebook mutants`: the suite on the reference with one rule broken at a time.

What may live here: the options, which mutants they choose, and the matrix. How a mutant is tried
and what kills it is in `wirebook.conformance.mutation`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.catalog import Check
    from wirebook.conformance.library import Library
    from wirebook.conformance.mutation.sweep import Bench, Outcome
    from wirebook.conformance.mutation.trial import Broken

_APPLY = "wirebook.reference.mutants:apply"
_MANDATORY = ("MUST", "MUST NOT")
_SEEN_BY = {"wire", "model"}
_FIRST_LINES = 3


def mutants(
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BOOK|ID", help="Books, or IDs of mutants; all.", show_default=False
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            max=64,
            metavar="N",
            help="Processor cores to use; two mutants share each, since cases mostly wait.",
        ),
    ] = 2,
    sample: Annotated[
        int, typer.Option("--sample", min=0, metavar="N", help="Try only N, drawn by the seed.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="For --sample.")] = 0,
    exit_first: Annotated[
        bool,
        typer.Option("--exit-first", "-x", help="Leave a mutant at its first kill."),
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Keep which cases fail, for the diagnosis of targets."),
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="Only list them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Run the suite on mutants of the reference, to see what it detects.

    A mutant breaks one requirement. It is killed if a case that cites this requirement fails; a
    crash, a hang or an error is no kill. Mutants that only unrelated cases notice are listed.

    \b
    Examples:
      wirebook mutants --list
      wirebook mutants PGS-M001
      wirebook mutants pygase --jobs 2 --json
      wirebook mutants --sample 20 --seed 7 --exit-first

    \b
    Exit status:
      0  all were killed
      1  one survived, or a requirement that should have a mutant has none
      2  the command makes no sense
    """
    from wirebook.conformance.library import open_library
    from wirebook.conformance.mutation.sweep import sweep

    library = open_library()
    bank = {one.id: one for book in library.books for one in _bank(book)}
    chosen, books = _chosen(which or library.books, library, bank)
    without = _without(books, bank.values())
    if listed:
        _list(chosen, without, as_json=as_json)
        return
    if record and (exit_first or sample or not books):
        raise CommandError(
            "--record wants whole books and all of their cases",
            hint="name books, and leave out --sample and --exit-first",
        )
    if sample and sample < len(chosen):
        drawn = random.Random(seed).sample(chosen, sample)  # noqa: S311 - has to be the same again
        chosen = sorted(drawn, key=lambda one: one.id)
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with _progress(len(chosen)) as advance:
        for outcome in sweep(chosen, _bench(library, exit_first=exit_first), jobs=jobs):
            outcomes.append(outcome)
            advance(outcome)
    outcomes.sort(key=lambda one: one.mutant.id)
    if record:
        _record(books, outcomes)
    if as_json:
        console.print_json(_to_json(outcomes, without, time.monotonic() - began))
    else:
        _show(outcomes, without)
    survived = any(not outcome.killed for outcome in outcomes)
    raise typer.Exit(int(ExitStatus.VIOLATIONS if survived or without else ExitStatus.CONFORMS))


def _bank(book: str) -> tuple[Broken, ...]:
    from wirebook.conformance.mutation.trial import Broken
    from wirebook.reference import mutants

    return tuple(
        Broken(one.id, book, one.requirement, one.sentence, one.role)
        for one in mutants.mutants(book)
    )


def _chosen(
    which: Sequence[str], library: Library, bank: Mapping[str, Broken]
) -> tuple[list[Broken], tuple[str, ...]]:
    """Return the mutants that are named, and the books that were named as a whole."""
    known = [*library.books, *bank]
    for name in which:
        if name not in known:
            raise CommandError(f'"{name}" is no book and no mutant', hint=did_you_mean(name, known))
    books = tuple(book for book in library.books if book in which)
    return [one for one in bank.values() if one.id in which or one.book in books], books


def _without(books: Sequence[str], bank: Iterable[Broken]) -> tuple[str, ...]:
    """Return the requirements of the books that should have a mutant and have none."""
    from wirebook.spec import requirements

    broken = {one.requirement for one in bank}
    return tuple(
        one.id
        for one in requirements.load().values()
        if one.book in books and one.level in _MANDATORY and _SEEN_BY & set(one.verify)
        if one.id not in broken
    )


def _bench(library: Library, *, exit_first: bool) -> Bench:
    from wirebook.conformance import catalog
    from wirebook.conformance.mutation.sweep import Bench

    cases = [check for book in library.books for check in catalog.cases(book)]
    checkout = console.checkout()
    models = catalog.model_checks(checkout) if checkout else ()
    return Bench(
        library,
        _APPLY,
        cases=catalog.by_requirement(cases),
        models=catalog.by_requirement(
            replace(one, name=_as_pytest_has_it(one))
            for one in models
            if one.place.startswith("reference")
        ),
        checkout=checkout,
        exit_first=exit_first,
    )


def _as_pytest_has_it(check: Check) -> str:
    _, colons, name = check.name.partition("::")
    return f"{check.place.rpartition(':')[0]}{colons}{name.replace('.', '::')}"


@contextmanager
def _progress(count: int) -> Iterator[Callable[[Outcome], None]]:
    """Show a bar on a terminal; say what survives as soon as it is known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True, highlight=False)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=count, last="")

        def advance(outcome: Outcome) -> None:
            bar.update(task, advance=1, last=outcome.mutant.id)
            if not outcome.killed:
                bar.console.print(f"{outcome.mutant.id} lives: {outcome.mutant.sentence}")

        yield advance


def _record(books: Sequence[str], outcomes: Sequence[Outcome]) -> None:
    from wirebook.commands import sensitivity
    from wirebook.conformance.mutation import kills

    for book in books:
        path = kills.save(book, [one.kill() for one in outcomes if one.mutant.book == book])
        console.say(f"wrote {path}")
    if checkout := console.checkout():
        for path in sensitivity.write(checkout):
            console.say(f"wrote {path}")


def _list(chosen: Sequence[Broken], without: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        console.print_json([{"id": one.id, **one.to_json()} for one in chosen])
        return
    for one in chosen:
        print(f"{one.id}  {one.requirement}  {one.sentence}")
    for requirement in without:
        console.say(f"{requirement} has no mutant")


def _to_json(outcomes: Sequence[Outcome], without: Sequence[str], seconds: float) -> dict[str, Any]:
    return {
        "mutants": [one.mutant.id for one in outcomes],
        "killed": [one.mutant.id for one in outcomes if one.killed],
        "survivors": [one.mutant.id for one in outcomes if not one.killed],
        "unrelated": [one.mutant.id for one in outcomes if not one.killed and one.unrelated],
        "without": list(without),
        "seconds": round(seconds, 1),
        "matrix": {one.mutant.id: one.to_json() for one in outcomes},
    }


def _show(outcomes: Sequence[Outcome], without: Sequence[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    from wirebook.conformance.report.text import one_line

    screen = Console(highlight=False)
    for one in outcomes:
        mutant = one.mutant
        word, style = ("killed", "green") if one.killed else ("LIVES", "bold red")
        by = f"by {len(one.killers)} of {len(one.findings)}"
        screen.print(
            Text.assemble(
                (f"{word:6}", style),
                f" {mutant.id}  {mutant.requirement}  {by:>12}  {one_line(mutant.sentence)}",
            ),
            soft_wrap=True,
        )
        if not one.killed:
            for line in _why(one):
                screen.print(Text(f"       {line}"), soft_wrap=True)
    for requirement in without:
        screen.print(Text.assemble(("NONE  ", "bold red"), f" {requirement} has no mutant"))
    killed = sum(one.killed for one in outcomes)
    screen.print(f"\n{killed} of {len(outcomes)} mutants killed")


def _why(outcome: Outcome) -> Iterator[str]:
    from wirebook.conformance.report.text import one_line

    if not outcome.findings:
        yield "no case or test that cites the requirement was run"
    others = [one for one in outcome.findings if one.verdict != "pass"]
    for one in others[:_FIRST_LINES]:
        yield one_line(f"{one.verdict} {one.case}: {one.reason}")
    for case in outcome.unrelated[:_FIRST_LINES]:
        yield f"fails without citing it: {case}"
    for line in outcome.output.splitlines()[-_FIRST_LINES:]:
        yield one_line(line)
