"""`wirebook bench`: how fast it is, beside the original and what the machine can do.

What may live here: which benches there are, and how their rows are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError, did_you_mean

if TYPE_CHECKING:
    from wirebook.commands.benches import Figure, Row

_BENCHES: Final = {"fuzz": "wirebook.commands.benches.fuzz"}
"""The module of each bench."""
_COLUMNS: Final = ("reference", "spread", "original", "×", "ceiling", "×", "target", "")


def bench(
    what: Annotated[str, typer.Argument(metavar="WHAT", help=f"What: {', '.join(_BENCHES)}.")],
    rounds: Annotated[
        int,
        typer.Option("--rounds", min=1, max=100, metavar="N", help="Rounds to take the median of."),
    ] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the speed of a part, and compare it with its target.

    \b
    Examples:
      wirebook bench fuzz               inputs a second, and memory
      wirebook bench fuzz --json        the same for a script
    """
    if what not in _BENCHES:
        raise CommandError(
            f'nothing to bench is called "{what}"', hint=did_you_mean(what, _BENCHES)
        )
    rows: Iterator[Row] = import_module(_BENCHES[what]).rows(rounds)
    if as_json:
        console.print_json({"rows": [row.to_json() for row in rows]})
        return
    print(_line("", *_COLUMNS))
    for row in rows:
        print(_line(row.what, *_cells(row)), flush=True)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {None: "", True: "reached", False: "MISSED"}[row.reached]
    return (
        _number(row.reference.median),
        _spread(row.reference),
        _number(row.original.median if row.original else None),
        _number(row.ratio_original),
        _number(row.ceiling.median if row.ceiling else None),
        _number(row.ratio_ceiling),
        _number(row.target),
        verdict,
    )


def _line(what: str, *cells: str) -> str:
    return f"{what:46}" + "".join(f"{cell:>11}" for cell in cells)


def _number(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:.2f}" if abs(number) < 100 else f"{number:,.0f}".replace(",", " ")


def _spread(figure: Figure) -> str:
    """Return how far the rounds are apart, in percent of their median."""
    apart = figure.most - figure.least
    return f"{100 * apart / figure.median:.0f} %" if apart and figure.median else "-"
