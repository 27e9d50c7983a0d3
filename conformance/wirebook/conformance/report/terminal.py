"""The report for the person at the terminal.

What may live here: what is printed while cases run and at the end. On a terminal a line of progress
stays at the bottom; elsewhere there are a few plain lines. What a target wrote passes through
`visible` first, so that it cannot steer the terminal.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from wirebook.conformance.report.run import NOTABLE, Run, function
from wirebook.conformance.report.sources import Requirements, chapters_in_order, readable
from wirebook.conformance.report.text import (
    clip,
    counted,
    duration,
    first_sentence,
    number_of,
    one_line,
    visible,
)
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    Event,
    RunFinished,
    RunStarted,
    Verdict,
)

STYLES: dict[str, str] = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.NONSTRICT: "yellow",
    Verdict.CRASH: "bold magenta",
    Verdict.UNSUPPORTED: "dim",
    Verdict.INCONCLUSIVE: "cyan",
    Verdict.ERROR: "bold yellow",
    Verdict.XFAIL: "dim",
    Verdict.XPASS: "bold blue",
}
_STEPS = 10
"""How many lines of progress a run without a terminal prints at most."""
_INDENT = "  "
_DETAIL_LINES = 12
_OUTPUT_LINES = 8
_NARROWEST_CHAPTER = 26


class Terminal:
    """Prints a run as it happens."""

    def __init__(
        self, stream: TextIO, requirements: Callable[[], Requirements], *, page: Path | None
    ) -> None:
        # Asked of the stream itself: FORCE_COLOR must not put colours into a file.
        interactive = stream.isatty()
        self._console = Console(
            file=stream,
            force_terminal=interactive,
            no_color=bool(os.environ.get("NO_COLOR")) or not interactive,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._load = requirements
        self._texts: Requirements | None = None
        self._page = page
        self._progress: Progress | None = None
        self._step = 0
        self._told: set[tuple[Verdict, str]] = set()

    def handle(self, event: Event, run: Run) -> None:
        """Print what the event calls for."""
        match event:
            case RunStarted():
                self._print_start(event)
            case CasesCollected(count=count):
                self._start_progress(count)
            case CaseFinished(result=result):
                if result.verdict in NOTABLE:
                    self._print_case(result)
                self._show_progress(run)
            case RunFinished():
                self.close()
                self._print_end(run, event)

    def close(self) -> None:
        """Take the line of progress away."""
        if self._progress:
            self._progress.stop()
            self._progress = None

    # While the run goes on

    def _print_start(self, event: RunStarted) -> None:
        books, roles = ", ".join(event.books), " and ".join(event.roles)
        line = self._text(f"Checking {event.target}", "bold")
        line.append_text(self._text(f" by {books}, as {roles}, seed {event.seed}"))
        self._print(line)

    def _start_progress(self, count: int) -> None:
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            self._print(self._text(f"{number_of(count, 'case')} to run"))
            return
        self._progress = Progress(
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            BarColumn(bar_width=None, table_column=Column(width=20)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True, ratio=1)),
            expand=True,
            console=self._console,
            transient=True,
            # The cases' own output is captured by the engine; nothing else may touch the streams.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._progress.add_task("cases", total=count, counts="")
        self._progress.start()

    def _show_progress(self, run: Run) -> None:
        done = len(run.results)
        if self._progress:
            counts = counted(run.counts)
            self._progress.update(self._progress.task_ids[0], completed=done, counts=counts)
            return
        step = done * _STEPS // run.expected if run.expected else 0
        if step > self._step and done != run.expected:
            self._step = step
            self._print(self._text(f"{run.progress()} done: {counted(run.counts)}"))

    def _print_case(self, result: CaseResult) -> None:
        head = self._text(result.verdict.value.upper(), STYLES[result.verdict])
        head.append_text(self._text(f" {one_line(result.label)}", "bold"))
        self._print()
        self._print_whole(head)
        family = result.verdict, function(result)
        if family not in self._told:
            for identifier in result.requirements:
                self._print_indented(self._requirement(identifier))
        if result.reason:
            self._print_indented(self._text(one_line(result.reason)))
        if result.expectation:
            self._print_indented(self._text(f"expected: {one_line(result.expectation)}", "dim"))
        # What is the same for every parameter is told once.
        if family not in self._told:
            self._print_last_words(result)
        self._told.add(family)
        if result.replay:
            again = self._text(f"{_INDENT}again: ", "dim")
            again.append_text(self._text(one_line(result.replay, longest=4000)))
            self._print_whole(again)

    def _print_last_words(self, result: CaseResult) -> None:
        if result.verdict == Verdict.ERROR and result.detail:
            self._print_tail(result.detail, _DETAIL_LINES)
        if result.verdict == Verdict.CRASH and result.output.strip():
            self._print_tail(result.output, _OUTPUT_LINES)

    def _requirement(self, identifier: str) -> Text:
        line = self._text(identifier, "cyan")
        if known := self._requirements().get(identifier):
            line.append_text(self._text(f" {first_sentence(known.text)}"))
        return line

    def _requirements(self) -> Requirements:
        if self._texts is None:
            self._texts = readable(self._load)
        return self._texts

    # At the end

    def _print_end(self, run: Run, event: RunFinished) -> None:
        if run.results:
            self._print()
            self._console.print(self._overview(run))
        self._print_list("Measured", self._measured(run))
        self._print_list("Not checked", self._not_checked(run))
        self._print_list("Undeclared features", (self._text(x) for x in run.undeclared()))
        self._print_list("To look at", self._notable(run))
        self._print_list("Diagnosis", (self._text(one_line(str(x))) for x in event.likenesses))
        self._print_list("Changing verdicts", (self._text(one_line(x)) for x in run.unstable()))
        self._print_list("Stale expectations", (self._text(one_line(x)) for x in event.stale))
        self._print_list("Problems", (self._text(one_line(x)) for x in event.problems))
        conclusion = run.conclusion()
        style = {True: "bold green", False: "bold red", None: "bold yellow"}[conclusion.conforms]
        self._print()
        self._print(self._text(f"{conclusion.sentence}.", style))
        figures = f"{run.progress()} in {duration(event.seconds)}"
        if not event.interrupted:  # a signal then decides on the exit status
            status = conclusion.status
            figures += f", exit status {int(status)} ({status.name.lower()})"
        self._print(self._text(figures))
        if self._page:
            self._print_whole(self._text(f"Report: {self._page}"))

    def _overview(self, run: Run) -> Table:
        verdicts = list(run.counts)
        names = [verdict.value for verdict in Verdict if verdict in verdicts]
        room = self._console.width - _NARROWEST_CHAPTER
        if sum(len(name) + 1 for name in names) > room:
            heads = {name: name if len(name) <= 5 else f"{name[:5]}." for name in names}
        else:
            heads = {name: name for name in names}
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        table.add_column("chapter", header_style="dim", no_wrap=True, overflow="ellipsis")
        for name in names:
            table.add_column(
                heads[name], justify="right", header_style=STYLES[name], style=STYLES[name]
            )
        groups = run.groups(chapters_in_order(self._requirements()))
        for part, chapters in groupby(groups, key=lambda group: (group.book, group.role)):
            table.add_row(self._text(" ".join(part), "bold"))
            for group in chapters:
                title = self._text(f"  {one_line(group.chapter)}")
                table.add_row(title, *_figures(group.counts, names))
        by_book = run.counts_by_book()
        for book, counts in by_book.items() if len(by_book) > 1 else ():
            table.add_row(self._text(f"all of {book}", "bold"), *_figures(counts, names))
        table.add_row(self._text("all", "bold"), *_figures(run.counts, names))
        return table

    def _notable(self, run: Run) -> Iterator[Text]:
        families = run.notable()
        width = max((len(family[0].verdict) for family in families), default=0)
        for family in families:
            verdict = family[0].verdict
            line = self._text(verdict.value.ljust(width + 2), STYLES[verdict])
            several = f" ({len(family)} cases)" if len(family) > 1 else ""
            name = function(family[0]) if several else family[0].label
            line.append_text(self._text(one_line(name)))
            line.append_text(self._text(several, "dim"))
            yield line

    def _measured(self, run: Run) -> Iterator[Text]:
        for result in run.cases():
            for line in result.measured:
                yield self._text(one_line(line, longest=400))

    def _not_checked(self, run: Run) -> Iterator[Text]:
        reasons = Counter(
            one_line(result.reason) or "no reason given"
            for result in run.cases()
            if result.verdict == Verdict.UNSUPPORTED
        )
        for reason, count in reasons.items():
            yield self._text(f"{number_of(count, 'case')}: {reason}")

    # Pieces

    def _text(self, text: str, style: str = "") -> Text:
        """Return the text so that this stream can take it, whatever its encoding."""
        encoding = self._console.encoding
        safe = visible(text).encode(encoding, "backslashreplace").decode(encoding)
        return Text(safe, style=style)

    def _print_list(self, title: str, lines: Iterable[Text]) -> None:
        entries = list(lines)
        if entries:
            self._print()
            self._print(self._text(title, "bold"))
        for entry in entries:
            self._print_whole(Text.assemble(_INDENT, entry))

    def _print_tail(self, text: str, lines: int) -> None:
        for line in visible(text).rstrip("\n").split("\n")[-lines:]:
            self._print_indented(self._text(f"│ {clip(line, 500)}", "dim"))

    def _print_indented(self, text: Text) -> None:
        for line in text.wrap(self._console, self._console.width - len(_INDENT)):
            line.rstrip()
            self._print(Text.assemble(_INDENT, line))

    def _print_whole(self, text: Text) -> None:
        """Print a line without breaking it, so that it can be found and copied whole."""
        self._console.print(text, soft_wrap=True)

    def _print(self, text: Text | None = None) -> None:
        self._console.print(text or Text())


def _figures(counts: Mapping[str, int], names: Iterable[str]) -> list[str]:
    return [str(counts[name]) if name in counts else "" for name in names]
