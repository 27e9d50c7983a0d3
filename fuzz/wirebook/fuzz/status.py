"""What a person sees of a campaign: a line that goes on, what is found, and a table in the end.

What may live here: showing a tally. What counts is in `tally.py`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from wirebook.conformance.corpus import Finding
from wirebook.conformance.report.text import one_line, visible
from wirebook.fuzz.plan import Plan
from wirebook.fuzz.tally import Figures, Tally

LINE_SECONDS = 10.0
"""How often there is a line where there is no terminal."""

Again = Callable[[Path], str]
"""Returns the command that plays a finding again."""


class Status:
    """Watches a campaign for somebody at a terminal, or who reads a log."""

    def __init__(
        self, stream: TextIO, plan: Plan, again: Again, *, details: bool = False, mute: bool = False
    ) -> None:
        """`details` shows tracebacks; a mute one says only what goes wrong."""
        self._console = console(stream)
        self._plan = plan
        self._again = again
        self._details = details
        self._mute = mute
        self._next = LINE_SECONDS
        self._live: Live | None = None

    @contextlib.contextmanager
    def showing(self) -> Iterator[Status]:
        """Show the line as long as the campaign goes on."""
        if self._mute or not self._console.is_terminal or self._console.is_dumb_terminal:
            yield self
            return
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        with self._live:
            yield self
        self._live = None

    def found(self, finding: Finding, path: Path) -> None:
        """Tell what was found, and how to see it again."""
        if self._mute:
            return
        line = Text.assemble(
            ("found: ", "bold red"),
            (_safe(finding.what), "bold"),
            (f" ({finding.name}, {finding.way} {finding.role})", "dim"),
        )
        self._print(line)
        self._print(Text.assemble(("  again: ", "dim"), _safe(self._again(path), 4000)))

    def trouble(self, problem: str, detail: str) -> None:
        """Tell what went wrong with the campaign itself."""
        hint = " (WIREBOOK_DEBUG=1 shows where)" if detail and not self._details else ""
        self._print(Text.assemble(("wirebook: ", "bold yellow"), _safe(problem) + hint))
        if self._details and detail:
            self._print(Text(visible(detail).rstrip("\n"), "dim"))

    def tick(self, tally: Tally) -> None:
        """Show how far it is."""
        if self._live is not None:
            self._live.update(line(tally, self._plan), refresh=True)
        elif not self._mute and tally.seconds >= self._next:
            self._next = tally.seconds + LINE_SECONDS
            self._print(Text(line(tally, self._plan).plain))

    def _print(self, text: Text) -> None:
        # Whole lines, so that they can be found and copied.
        self._console.print(text, soft_wrap=True)


def console(stream: TextIO) -> Console:
    """Return what prints on a stream: with colours on a terminal only, and nothing made up."""
    interactive = stream.isatty()
    return Console(
        file=stream,
        force_terminal=interactive,
        no_color=bool(os.environ.get("NO_COLOR")) or not interactive,
        highlight=False,
        markup=False,
        emoji=False,
    )


def line(tally: Tally, plan: Plan) -> Text:
    """Return the line of the status, which takes two where the terminal is narrow."""
    found = len(tally.found)
    parts = [
        (plan.book, "bold"),
        (_progress(tally, plan), ""),
        (f"{found} found", "bold red" if found else "dim"),
        (f"{tally.inputs:,} inputs".replace(",", " "), ""),
        (f"{_rate(tally.rate_now)} now, {_rate(tally.rate)} mean", ""),
        (f"seen {tally.states} states, {tally.responses} responses", "cyan"),
    ]
    if tally.covered:
        parts.append((f"{tally.covered} branches", "cyan"))
    parts.append((f"{tally.lots} lots", "dim"))
    if tally.problems:
        parts.append((f"{len(tally.problems)} problems", "bold yellow"))
    text = Text()
    for number, (words, style) in enumerate(parts):
        text.append(" · " if number else "", "dim")
        text.append(words, style)
    return text


def summary(tally: Tally) -> Table:
    """Return what was tried and seen, by way and role."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("way", header_style="dim", no_wrap=True)
    table.add_column("role", header_style="dim", no_wrap=True)
    for name in ("lots", "inputs", "inputs/s", "states", "responses", "branches", "found"):
        table.add_column(name, justify="right", header_style="dim", no_wrap=True)
    for (way, role), figures in tally.kinds.items():
        table.add_row(way, role, *_cells(figures, figures.rate))
    together = Figures(tally.lots, tally.inputs, tally.seconds, findings=len(tally.found))
    cells = _cells(together, tally.rate)
    cells[3:6] = [_count(tally.states), _count(tally.responses), _count(tally.covered)]
    table.add_row(Text("all", "bold"), "", *(Text(cell, "bold") for cell in cells))
    return table


def clock(seconds: float) -> str:
    """Return a length of time as a clock shows it: `1:05`, `8:00:00`."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _progress(tally: Tally, plan: Plan) -> str:
    parts = [clock(tally.seconds)]
    if plan.seconds is not None:
        parts.append(f"of {clock(plan.seconds)}")
    if plan.inputs is not None:
        parts.append(f"{min(100, 100 * tally.inputs // max(1, plan.inputs))} %")
    return " ".join(parts)


def _rate(rate: float) -> str:
    return f"{rate / 1000:.1f}k/s" if rate >= 10_000 else f"{rate:.0f}/s"


def _cells(figures: Figures, rate: float) -> list[str]:
    return [
        str(figures.lots),
        f"{figures.inputs:,}".replace(",", " "),
        f"{rate:,.0f}".replace(",", " "),
        *map(_count, _seen(figures)),
        _count(figures.findings),
    ]


def _seen(figures: Figures) -> Sequence[int]:
    return figures.states, figures.responses, figures.covered


def _count(number: int) -> str:
    return str(number) if number else "–"


def _safe(text: str, longest: int = 400) -> str:
    return one_line(text, longest)
