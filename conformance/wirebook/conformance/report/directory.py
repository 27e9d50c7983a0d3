"""The directory of reports: its files, when each is written, and what happens if one cannot be.

What may live here: the life of the directory. What stands in a file is its own module's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from wirebook.conformance.errors import CommandError
from wirebook.conformance.report.files import write_atomically
from wirebook.conformance.report.run import Run
from wirebook.conformance.report.sources import Dissect, Requirements, readable
from wirebook.conformance.report.text import one_line, safe_name
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    Event,
    ExitStatus,
    RunFinished,
)

Clock = Callable[[], float]
"""Gives the time in seconds since 1970, UTC."""


def utc_now() -> float:
    """Return the time in seconds since 1970, UTC."""
    return datetime.now(UTC).timestamp()


class ReportError(CommandError):
    """A report cannot be written; the message says which and why, in one line."""


class ReportDirectory:
    """The reports that are files.

    Events and captures are written while the run goes on, so that they are there after a kill; the
    others at its end. A report that cannot be written costs none of the others.
    """

    def __init__(
        self,
        path: Path,
        dissect: Dissect,
        requirements: Callable[[], Requirements],
        clock: Clock,
        book_url: str,
    ) -> None:
        from wirebook.conformance.report.ndjson import EventLog

        self._path = path
        self._dissect = dissect
        self._requirements = requirements
        self._clock = clock
        self._book_url = book_url
        self._problems: list[str] = []
        try:
            (path / "pcap").mkdir(parents=True, exist_ok=True)
            self._remove_earlier_reports()
            self._events = EventLog(path / "events.ndjson")
        except OSError as error:
            message = f"cannot write reports to {path}: {error.strerror or error}"
            hint = "name a directory that can be written to"
            raise ReportError(message, hint=hint) from None

    def handle(self, event: Event, run: Run) -> None:
        """Write what the event calls for."""
        with self._going_on("events.ndjson"):
            self._events.write(event)
        if isinstance(event, CaseFinished):
            with self._going_on("pcap"):
                self._write_capture(event.result)
        if isinstance(event, RunFinished):
            self._write_reports(run)

    def complain(self) -> None:
        """Raise `ReportError` if anything could not be written."""
        if self._problems:
            message = "; ".join(dict.fromkeys(self._problems))
            raise ReportError(message, status=ExitStatus.HARNESS)

    def close(self) -> None:
        """Close the log of events."""
        with self._going_on("events.ndjson"):
            self._events.close()

    def _write_capture(self, result: CaseResult) -> None:
        from wirebook.conformance.report import pcap

        data = pcap.capture(result.exchange, began=self._clock() - result.seconds, role=result.role)
        if data is not None:
            write_atomically(self._path / "pcap" / f"{safe_name(result.label)}.pcap", data)

    def _write_reports(self, run: Run) -> None:
        texts = readable(self._requirements)
        with self._going_on("summary.json"):
            from wirebook.conformance.report import summary

            data = json.dumps(summary.of(run), indent=2) + "\n"
            write_atomically(self._path / "summary.json", data.encode())
        with self._going_on("junit.xml"):
            from wirebook.conformance.report import junit

            write_atomically(self._path / "junit.xml", junit.document(run, texts))
        with self._going_on("index.html"):
            from wirebook.conformance.report import html

            page = html.page(run, self._dissect, texts, book_url=self._book_url)
            write_atomically(self._path / "index.html", page.encode("utf-8", "backslashreplace"))

    def _remove_earlier_reports(self) -> None:
        # An earlier run's reports beside this run's events would tell two stories after a kill.
        for name in ("index.html", "junit.xml", "summary.json"):
            (self._path / name).unlink(missing_ok=True)
        for capture in (self._path / "pcap").glob("*.pcap"):
            capture.unlink()

    @contextmanager
    def _going_on(self, report: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._problems.append(f"cannot write {report}: {error.strerror or error}")
        except Exception as error:  # a mistake in one report must not cost the verdicts in the rest
            reason = one_line(f"{type(error).__name__}: {error}")
            self._problems.append(f"cannot write {report}: {reason}")
