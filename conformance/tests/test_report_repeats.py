"""What reports tell of cases that ran several times, and of features that nobody declared."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from wirebook.conformance.report import Reporters
from wirebook.conformance.verdicts import (
    Audited,
    CaseFinished,
    CaseResult,
    CasesCollected,
    ExitStatus,
    RunFinished,
    RunStarted,
    Transfer,
    Verdict,
)

EXCHANGE = (Transfer(0.1, "to-target", "ffd0", "", "127.0.0.1:5", "127.0.0.1:6"),)
STARTED = RunStarted(("pygase",), "my server", ("server",), 0, "2026-11-21", "0.1.0", "check")


@dataclass(frozen=True)
class Told:
    """What the reports of a run say."""

    terminal: str
    summary: dict[str, Any]
    directory: Path

    @property
    def page(self) -> str:
        return (self.directory / "index.html").read_text(encoding="utf-8")


def result(run: int, verdict: Verdict, name: str = "gap") -> CaseResult:
    return CaseResult(
        id=f"pygase/server_window/{name}",
        title=f"A {name}",
        book="pygase",
        role="server",
        chapter="Window",
        requirements=("PGS-WIN-001",),
        verdict=verdict,
        seconds=0.5,
        reason=f"{verdict} {run}",
        exchange=EXCHANGE,
        run=run,
    )


def told(
    folder: Path,
    results: Sequence[CaseResult],
    *,
    stability: int = 0,
    status: ExitStatus = ExitStatus.CONFORMS,
    audit: tuple[Audited, ...] = (),
) -> Told:
    outputs = io.StringIO(), io.StringIO()
    reports = Reporters.create(
        terminal=True,
        directory=folder,
        json=True,
        stdout=outputs[0],
        stderr=outputs[1],
        requirements=dict,
    )
    reports.handle(replace(STARTED, stability=stability))
    reports.handle(CasesCollected(len(results)))
    for one in results:
        reports.handle(CaseFinished(one))
    reports.handle(RunFinished(1.0, status, audit=audit))
    reports.close()
    return Told(outputs[1].getvalue(), json.loads(outputs[0].getvalue()), folder)


CHANGING = [
    result(1, Verdict.PASS),
    result(1, Verdict.FAIL, "wrap"),
    result(2, Verdict.FAIL),
    result(2, Verdict.FAIL, "wrap"),
    result(3, Verdict.PASS),
    result(3, Verdict.FAIL, "wrap"),
]


def test_summary_says_what_changed(tmp_path: Path) -> None:
    """A script gets the number of runs, and each case that changed with its verdicts in order."""
    found = told(tmp_path, CHANGING, stability=3, status=ExitStatus.VIOLATIONS).summary
    changed = {
        "id": "pygase/server_window/gap",
        "requirements": ["PGS-WIN-001"],
        "verdicts": ["pass", "fail", "pass"],
    }
    assert found["stability"] == {"runs": 3, "changed": [changed]}
    assert [one["run"] for one in found["cases"]] == [1, 2, 3, 1, 2, 3]


def test_summary_of_other_runs_has_no_stability(tmp_path: Path) -> None:
    """Where nobody asked, repeated cases are just that."""
    assert told(tmp_path, CHANGING).summary["stability"] is None


def test_terminal_and_page_list_what_changed(tmp_path: Path) -> None:
    """People read which case changed, and how often each verdict came."""
    found = told(tmp_path, CHANGING, stability=3, status=ExitStatus.VIOLATIONS)
    line = "pygase/server_window/gap: 2 pass, 1 fail"
    assert f"Changing verdicts\n  {line}\n" in found.terminal
    assert line in found.page
    assert "1 case with a verdict that changes" in found.summary["conclusion"]


def test_change_alone_is_why_a_target_does_not_conform(tmp_path: Path) -> None:
    """Passing and being inconclusive in turn is given as the ground, even without --strict."""
    results = [result(1, Verdict.PASS), result(2, Verdict.INCONCLUSIVE)]
    found = told(tmp_path, results, stability=2, status=ExitStatus.VIOLATIONS)
    assert found.summary["conclusion"] == (
        "my server does not conform: 1 case with a verdict that changes"
    )


def test_each_run_has_evidence_of_its_own(tmp_path: Path) -> None:
    """Captures, entries of the page and of JUnit do not overwrite each other."""
    found = told(tmp_path, CHANGING)
    assert len(list((tmp_path / "pcap").glob("*.pcap"))) == 6
    page = found.page
    anchors = [part.partition('"')[0] for part in page.split('id="case-')[1:]]
    assert len(anchors) == len(set(anchors)) == 6
    junit = ElementTree.fromstring((tmp_path / "junit.xml").read_text())  # noqa: S314 - our own
    names = [one.get("name") for one in junit.iter("testcase")]
    assert len(names) == len(set(names)) == 6


def test_undeclared_features_are_told(tmp_path: Path) -> None:
    """What is there is worth declaring; what is not there is not worth a line."""
    audit = (
        Audited("pgnet", "admin", 12, 12, 12),
        Audited("pgnet", "persistence", 3, 9, 9),
        Audited("pgnet", "scripted-game", 3, 3, 40),
        Audited("pgnet", "gone", 0, 3, 3),
    )
    found = told(tmp_path, [result(0, Verdict.PASS)], audit=audit)
    lines = [
        "admin: 12 of 12 cases pass → declare it",
        "persistence: 3 of 9 cases pass: half there",
        "scripted-game: 3 of 3 cases tried pass → declare it (--audit tries all 40)",
    ]
    assert "Undeclared features\n  " + "\n  ".join(lines) + "\n" in found.terminal
    for line in lines:
        assert line in found.page
    assert "gone" not in found.terminal
    assert found.summary["undeclared_features"][3] == {
        "book": "pgnet",
        "feature": "gone",
        "passed": 0,
        "tried": 3,
        "cases": 3,
    }
    assert found.summary["status"] == 0


def test_events_tell_of_the_audit(tmp_path: Path) -> None:
    """The log of events has it, too."""
    told(tmp_path, [], audit=(Audited("pgnet", "admin", 1, 2, 3),))
    last = json.loads((tmp_path / "events.ndjson").read_text().splitlines()[-1])
    assert last["audit"][0]["feature"] == "admin"
