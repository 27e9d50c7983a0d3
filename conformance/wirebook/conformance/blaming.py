"""What of a bad network it was that a case failed of.

What may live here: running a failed case again under fewer and fewer entries of its schedule, for
the first few cases that fail, and saying in its result what was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from wirebook.conformance.network import Entry, Script, shrink
from wirebook.conformance.verdicts import CaseResult, Verdict

RESULT = "wirebook"
"""The user property of pytest's report that carries the result of a case."""

MOST_CASES = 2
MOST_RUNS = 30
MOST_SECONDS = 12.0
"""For each case: a run with many failures has better things to do."""
_SHOWN_CHARACTERS = 300
_FAILED = (Verdict.FAIL, Verdict.CRASH)
_CHANGING = re.compile(r"[\d\s.,\[\]:'-]+")

RunAgain = Callable[[Script], Sequence[pytest.TestReport]]
"""Runs the case under a script, and gives the reports of its phases."""


class Blame:
    """Finds the entries that matter, as long as it is worth the time."""

    def __init__(self) -> None:
        self._left = MOST_CASES

    def explain(
        self, reports: Sequence[pytest.TestReport], script: Script, run_again: RunAgain
    ) -> None:
        """Say in the result of a case which entries of its schedule made it fail, if it did."""
        data = result_of(reports)
        if data is None or Verdict(data["result"]["verdict"]) not in _FAILED:
            return
        found, how = script, "not made smaller"
        if self._left:
            self._left -= 1
            found, how = _smallest(script, data, run_again)
        _tell(reports, data, found, how)


def result_of(reports: Sequence[pytest.TestReport]) -> dict[str, Any] | None:
    """Return what the reports of a case carry, if it was carried out."""
    for report in reports:
        for name, value in report.user_properties:
            if name == RESULT:
                data: dict[str, Any] = json.loads(str(value))
                return data
    return None


def _smallest(script: Script, data: dict[str, Any], run_again: RunAgain) -> tuple[Script, str]:
    symptom, broken = _symptom(data), 0

    def breaks(entries: tuple[Entry, ...]) -> bool:
        nonlocal broken
        found = result_of(run_again(script.with_entries(entries)))
        failed = found is not None and _symptom(found) == symptom
        broken += failed
        return failed

    shrunk = shrink(script.entries, breaks, most_runs=MOST_RUNS, most_seconds=MOST_SECONDS)
    smaller = script.with_entries(shrunk.entries)
    if not shrunk.entries:
        return smaller, "it also fails on a perfect network"
    if not broken and not breaks(script.entries):
        return script, "under which it did not fail again"
    runs = f"found in {shrunk.runs} runs"
    if not shrunk.minimal:
        runs += ", with no time for more"
    return smaller, f"{len(shrunk.entries)} of {len(script.entries)} entries, {runs}"


def _symptom(data: dict[str, Any]) -> tuple[str, str]:
    """Return how a case has failed, without what is another number each time."""
    expected = str(data["result"]["reason"]).partition(", got")[0]
    return data["result"]["verdict"], _CHANGING.sub("", expected)


def _tell(
    reports: Sequence[pytest.TestReport], data: dict[str, Any], script: Script, how: str
) -> None:
    result = CaseResult.from_json(data["result"])
    text = str(script)
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} …"
    said = f"network: {shown}" if script.entries else how
    if how.startswith("under"):
        said = f"on a bad network, {how}"
    result = replace(
        result,
        reason=f"{result.reason} ({said})",
        detail=f"{result.detail}\n\nThe network ({how}):\n{text}\n".lstrip(),
    )
    # As long as all entries of a long schedule are needed, the seed says the same in fewer words.
    network = text if len(text) <= _SHOWN_CHARACTERS and script.entries else ""
    told = json.dumps({**data, "result": result.to_json(), "network": network})
    for report in reports:
        report.user_properties = [
            (name, told if name == RESULT else value) for name, value in report.user_properties
        ]
