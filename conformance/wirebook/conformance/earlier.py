"""Results of runs that are over: read from a report, or from what a run printed.

What may live here: finding the cases and their verdicts in `summary.json`, in the output of
`--json`, and in `events.ndjson`, which is all there is of a run that was killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import Verdict

_FILES = ("summary.json", "events.ndjson")
_WORST_FIRST = (
    Verdict.CRASH,
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.XPASS,
    Verdict.XFAIL,
    Verdict.NONSTRICT,
    Verdict.INCONCLUSIVE,
    Verdict.UNSUPPORTED,
    Verdict.PASS,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is remembered of a case."""

    id: str
    verdict: Verdict
    requirements: tuple[str, ...]
    reason: str | None
    """None where the report is of a version that did not say."""


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run that is over."""

    origin: str
    target: str
    seed: int
    started: str
    cases: Mapping[str, Case]
    """By ID; of a case that ran several times, the worst."""


def read(path: Path) -> EarlierRun:
    """Read a report directory or a file; CommandError says in one line what is wrong with it."""
    source = _file_of(path)
    try:
        text = source.read_text(encoding="utf-8")
        summary = _from_events(text) if source.suffix == ".ndjson" else json.loads(text)
        return _run(str(path), summary)
    except OSError as error:
        raise CommandError(f"cannot read {source}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandError(
            f"{source} is not the summary of a run",
            hint="name a directory of --report, its summary.json, or what --json printed",
        ) from None


def is_report(path: Path) -> bool:
    """Tell whether a folder has the report of a run, whole or not."""
    return any((path / name).exists() for name in _FILES)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts."""
    return min(verdicts, key=_WORST_FIRST.index)


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in _FILES:
        if (path / name).exists():
            return path / name
    raise CommandError(f"no report in {path}", hint="a report is made by wirebook check --report")


def _from_events(text: str) -> dict[str, Any]:
    # The last line may be half of one, if the run was killed.
    lines = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    events = [json.loads(line) for line in lines]
    started = next(event for event in [*events, {}] if event.get("event", "") != "cases-collected")
    results = [event["result"] for event in events if event["event"] == "case-finished"]
    return {**started, "cases": results}


def _run(origin: str, summary: Mapping[str, Any]) -> EarlierRun:
    cases: dict[str, Case] = {}
    for entry in summary["cases"]:
        case = Case(
            id=entry["id"],
            verdict=Verdict(entry["verdict"]),
            requirements=tuple(entry["requirements"]),
            reason=entry.get("reason"),
        )
        known = cases.get(case.id)
        if known is None or worst((case.verdict, known.verdict)) is not known.verdict:
            cases[case.id] = case
    return EarlierRun(
        origin=origin,
        target=summary["target"],
        seed=summary["seed"],
        started=summary["started"],
        cases=cases,
    )
