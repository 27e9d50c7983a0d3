"""`wirebook diff`: two runs beside each other.

What may live here: the options and the listing. What the differences are is found out in
`comparing.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from rich.text import Text

    from wirebook.conformance.comparing import Comparison, Difference
    from wirebook.conformance.earlier import Case, EarlierRun

_SHOWN = 60
"""How many lines each part of the listing has at most; --json has all."""


def diff(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_A",
            help="The earlier run: a directory of --report, its summary.json, or what --json "
            "printed.",
            show_default=False,
        ),
    ],
    after: Annotated[
        Path, typer.Argument(metavar="RUN_B", help="The later run, likewise.", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what differs between two runs: regressions, fixes, new and gone cases, other changes.

    \b
    Examples:
      wirebook diff report-yesterday report-today
      wirebook diff main.json branch.json --json

    A reason counts as another one if more than its numbers differ.
    The exit status is 1 if there are regressions.
    """
    from wirebook.conformance.comparing import compare
    from wirebook.conformance.earlier import read

    runs = read(before), read(after)
    comparison = compare(*runs)
    if as_json:
        console.print_json(_to_json(runs, comparison))
    else:
        _show(runs, comparison)
    worse = comparison.regressions
    raise typer.Exit(int(ExitStatus.VIOLATIONS if worse else ExitStatus.CONFORMS))


def _to_json(runs: tuple[EarlierRun, EarlierRun], comparison: Comparison) -> dict[str, Any]:
    keys = ("a", "b")
    return {
        **{
            key: {"path": run.origin, "target": run.target, "started": run.started}
            for key, run in zip(keys, runs, strict=True)
        },
        "regressions": [_difference_json(one) for one in comparison.regressions],
        "fixes": [_difference_json(one) for one in comparison.fixes],
        "changed": [_difference_json(one) for one in comparison.changed],
        "new": [_case_json(one) for one in comparison.new],
        "gone": [_case_json(one) for one in comparison.gone],
        "same": comparison.same,
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    return {
        "id": one.after.id,
        "what": list(one.what),
        "before": _case_json(one.before),
        "after": _case_json(one.after),
    }


def _case_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "verdict": case.verdict.value,
        "requirements": list(case.requirements),
        "reason": case.reason,
    }


def _show(runs: tuple[EarlierRun, EarlierRun], comparison: Comparison) -> None:
    from rich.console import Console
    from rich.text import Text

    from wirebook.conformance.report.text import number_of, one_line

    interactive = sys.stdout.isatty()
    screen = Console(
        force_terminal=interactive,
        no_color=bool(os.environ.get("NO_COLOR")) or not interactive,
        highlight=False,
        markup=False,
        emoji=False,
    )

    def line(text: Text | str = "") -> None:
        screen.print(text, soft_wrap=True)

    for key, run in zip("AB", runs, strict=True):
        line(Text(one_line(f"{key}: {run.target}, {run.started} ({run.origin})"), style="dim"))
    if runs[0].target != runs[1].target:
        line(Text("The two are runs of different targets.", style="yellow"))
    parts: tuple[tuple[str, str, list[Text]], ...] = (
        ("Regressions", "bold red", _differences(comparison.regressions)),
        ("Fixes", "bold green", _differences(comparison.fixes)),
        ("Changed", "bold yellow", _differences(comparison.changed)),
        ("New", "bold", _cases(comparison.new)),
        ("Gone", "bold", _cases(comparison.gone)),
    )
    for title, style, lines in parts:
        if lines:
            line()
            line(Text(title, style=style))
        for one in lines[:_SHOWN]:
            line(one)
        if len(lines) > _SHOWN:
            line(Text(f"  … and {len(lines) - _SHOWN} more", style="dim"))
    counts = ", ".join(
        number_of(number, noun)
        for number, noun in (
            (len(comparison.regressions), "regression"),
            (len(comparison.fixes), "fix"),
            (len(comparison.changed), "other change"),
        )
    ).replace("fixs", "fixes")
    line()
    line(
        f"{counts}, {len(comparison.new)} new, {len(comparison.gone)} gone, {comparison.same} same"
    )


def _differences(differences: Iterable[Difference]) -> list[Text]:
    from rich.text import Text

    from wirebook.conformance.report.text import one_line

    lines = []
    for one in differences:
        before, after = one.before, one.after
        verdicts = dict.fromkeys((before.verdict.value, after.verdict.value))
        lines.append(Text(f"  {' → '.join(verdicts)}  {one_line(after.id, 4000)}"))
        if "requirements" in one.what:
            gone = [f"-{name}" for name in before.requirements if name not in after.requirements]
            new = [f"+{name}" for name in after.requirements if name not in before.requirements]
            lines.append(Text(f"    requirements: {one_line(' '.join(gone + new))}"))
        if after.reason:
            lines.append(Text(f"    {one_line(after.reason)}", style="dim"))
        if "reason" in one.what and before.reason:
            lines.append(Text(f"    before: {one_line(before.reason)}", style="dim"))
    return lines


def _cases(cases: Iterable[Case]) -> list[Text]:
    from rich.text import Text

    from wirebook.conformance.report.text import one_line

    return [Text(f"  {one.verdict.value}  {one_line(one.id, 4000)}") for one in cases]
