"""All the reports of a run behind one object that takes the events.

What may live here: which reports there are and who gets which event when. Nothing is imported for a
report that nobody asked for.
"""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from wirebook.conformance.report.directory import Clock, ReportDirectory, utc_now
from wirebook.conformance.report.run import Run
from wirebook.conformance.report.sources import (
    Dissect,
    Requirements,
    dissect_by_book,
    requirements_of_the_books,
)
from wirebook.conformance.verdicts import Event, ExitStatus, RunFinished

if TYPE_CHECKING:
    from wirebook.conformance.report.terminal import Terminal


class Reporters:
    """The reports of one run.

    Give every event to `handle`, in order, and call `close` in the end, whatever happened: a run
    that was never finished is then reported as interrupted.
    """

    def __init__(
        self,
        *,
        terminal: Terminal | None,
        directory: ReportDirectory | None,
        json_stream: TextIO | None,
    ) -> None:
        self._run = Run()
        self._terminal = terminal
        self._directory = directory
        self._json_stream = json_stream

    @classmethod
    def create(
        cls,
        *,
        terminal: bool,
        directory: Path | None,
        json: bool,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        dissect: Dissect = dissect_by_book,
        requirements: Callable[[], Requirements] = requirements_of_the_books,
        clock: Clock = utc_now,
        book_url: str = "",
    ) -> Reporters:
        """Return the reports that are wanted.

        With `json`, standard output belongs to the summary and the terminal report goes to standard
        error. The streams can be given, for a caller that redirects its own while cases run.
        `book_url` is where the books are published; with it, requirements become links. Raises
        `ReportError` when the directory cannot be written to.
        """
        stdout = stdout or sys.stdout
        stderr = stderr or sys.stderr
        folder = None
        if directory is not None:
            folder = ReportDirectory(directory, dissect, requirements, clock, book_url)
        screen = None
        if terminal:
            from wirebook.conformance.report.terminal import Terminal

            screen = Terminal(
                stderr if json else stdout,
                requirements,
                page=None if directory is None else directory / "index.html",
            )
        return cls(terminal=screen, directory=folder, json_stream=stdout if json else None)

    def handle(self, event: Event) -> None:
        """Take the next event of the run.

        Raises `ReportError` at the run's last event when a file could not be written; the other
        reports are complete then.
        """
        self._run.add(event)
        if self._directory:
            self._directory.handle(event, self._run)
        if self._terminal:
            self._terminal.handle(event, self._run)
        if isinstance(event, RunFinished):
            if self._json_stream:
                self._print_summary(self._json_stream)
            if self._directory:
                self._directory.complain()

    def close(self) -> None:
        """Release the terminal and the files; end a run that nobody ended."""
        try:
            if self._run.started and not self._run.finished:
                seconds = sum(result.seconds for result in self._run.results)
                self.handle(RunFinished(seconds, ExitStatus.HARNESS, interrupted=True))
        finally:
            if self._terminal:
                self._terminal.close()
            if self._directory:
                self._directory.close()

    def _print_summary(self, stream: TextIO) -> None:
        from wirebook.conformance.report import summary

        stream.write(json_format.dumps(summary.of(self._run), indent=2) + "\n")
        stream.flush()
