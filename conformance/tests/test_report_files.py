"""The directory of reports and the JSON on standard output."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests import helpers_report
from wirebook.conformance.report import ReportError, Reporters
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    Event,
    ExitStatus,
    RunFinished,
    RunStarted,
    Transfer,
    Verdict,
)

HOSTILE = "</script><b>]]>\x00\x1b[31m\x1b]0;x\x07\u202e\ud800\uffff\"'&é"

STARTED = RunStarted(
    books=("pygase",),
    target="my server",
    roles=("server", "client"),
    seed=42,
    started="2026-11-21T10:14:03+00:00",
    version="0.1.0",
    command="wirebook check pygase --seed 42",
)
FINISHED = RunFinished(7.5, ExitStatus.VIOLATIONS)
EXCHANGE = (
    Transfer(0.0, "note", "", "control", "", ""),
    Transfer(0.1, "to-target", "ffd0fab9", "client-package", "127.0.0.1:5", "127.0.0.1:6"),
)


@dataclass(frozen=True)
class Text:
    """A requirement as the reports want it."""

    text: str
    level: str = "MUST"
    chapter: str = "Window"
    page: str = "pygase/window"
    anchor: str = "PGS-WIN-001"


@dataclass(frozen=True)
class Nothing:
    """A dissection of nothing."""

    fields: tuple[()] = ()
    error: None = None


def case(name: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> CaseResult:
    return helpers_report.case(name, verdict, **{"exchange": EXCHANGE, **changes})


EVERY_VERDICT = [case(verdict.value, verdict) for verdict in Verdict]


def run(
    directory: Path | None,
    cases: Iterable[CaseResult] = EVERY_VERDICT,
    *,
    end: RunFinished | None = FINISHED,
    stdout: io.StringIO | None = None,
    started: RunStarted = STARTED,
) -> None:
    """Give the events of a run to reports in the directory."""
    reporters = Reporters.create(
        terminal=False,
        directory=directory,
        json=stdout is not None,
        stdout=stdout,
        dissect=lambda _book, _message, _data: Nothing(),
        requirements=lambda: {"PGS-WIN-001": Text("A server MUST answer.")},
        clock=lambda: 1_700_000_000.0,
    )
    results = list(cases)
    events: list[Event] = [started, CasesCollected(len(results))]
    events += [CaseFinished(result) for result in results]
    try:
        for event in [*events, *([end] if end else [])]:
            reporters.handle(event)
    finally:
        reporters.close()


def suites(directory: Path) -> ElementTree.Element:
    return ElementTree.fromstring((directory / "junit.xml").read_bytes())  # noqa: S314 - ours


def test_summary_has_exactly_the_promised_cases(tmp_path: Path) -> None:
    """Scripts find the counts, and for each case six values, in the order of the IDs."""
    run(tmp_path, [case("b", Verdict.FAIL), case("a")])
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["counts"] == {"pass": 1, "fail": 1}
    assert summary["counts_by_book"] == {"pygase": {"pass": 1, "fail": 1}}
    assert summary["cases"] == [
        {
            "id": f"pygase/server_window/{name}",
            "requirements": ["PGS-WIN-001"],
            "verdict": verdict,
            "seconds": 0.5,
            "reason": reason,
            "run": 0,
        }
        for name, verdict, reason in (("a", "pass", ""), ("b", "fail", "because of fail"))
    ]


def test_summary_says_how_the_run_ended(tmp_path: Path) -> None:
    """Status, interruption, stale entries and the conclusion are there for scripts too."""
    end = RunFinished(7.5, ExitStatus.VIOLATIONS, stale=("old entry",), problems=("odd",))
    run(tmp_path, [case("a")], end=end)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["conclusion"] == "my server does not conform: 1 stale expectation"
    kept = {key: summary[key] for key in ("status", "interrupted", "stale", "problems", "seed")}
    assert kept == {
        "status": 1,
        "interrupted": False,
        "stale": ["old entry"],
        "problems": ["odd"],
        "seed": 42,
    }


def test_events_are_on_disk_as_soon_as_they_happened(tmp_path: Path) -> None:
    """A process that is killed leaves every event up to then behind, each on its line."""
    program = f"""
import os, signal
from pathlib import Path
from wirebook.conformance.report import Reporters
from wirebook.conformance.verdicts import CasesCollected
reporters = Reporters.create(terminal=False, directory=Path({str(tmp_path)!r}), json=False)
reporters.handle(CasesCollected(1))
reporters.handle(CasesCollected(2))
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert ended.returncode == -9
    lines = (tmp_path / "events.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "cases-collected", "count": 1},
        {"event": "cases-collected", "count": 2},
    ]


def test_events_give_the_results_back(tmp_path: Path) -> None:
    """A result read from the log is the result that was written, whatever a target put into it."""
    hostile = case("a", Verdict.CRASH, output=HOSTILE, reason=HOSTILE)
    run(tmp_path, [hostile])
    lines = (tmp_path / "events.ndjson").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "run-started",
        "cases-collected",
        "case-finished",
        "run-finished",
    ]
    assert CaseResult.from_json(json.loads(lines[2])["result"]) == hostile


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.PASS, None),
        (Verdict.FAIL, "failure"),
        (Verdict.CRASH, "failure"),
        (Verdict.XPASS, "failure"),
        (Verdict.ERROR, "error"),
        (Verdict.NONSTRICT, "skipped"),
        (Verdict.UNSUPPORTED, "skipped"),
        (Verdict.INCONCLUSIVE, "skipped"),
        (Verdict.XFAIL, "skipped"),
    ],
)
def test_junit_outcome_fits_the_verdict(
    tmp_path: Path, verdict: Verdict, outcome: str | None
) -> None:
    """A failure is the target's fault, an error the harness's; what costs nothing is skipped."""
    run(tmp_path, [case("a", verdict)])
    (test,) = suites(tmp_path).iter("testcase")
    assert [child.tag for child in test if child.tag != "system-out"] == [outcome] * bool(outcome)
    if outcome:
        assert test[0].get("message") == f"{verdict}: because of {verdict}"


def test_junit_counts_add_up(tmp_path: Path) -> None:
    """CI servers show the totals of the attributes, so they have to be those of the elements."""
    run(tmp_path)
    root = suites(tmp_path)
    (suite,) = root
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "9",
        "failures": "3",
        "errors": "1",
        "skipped": "4",
        "time": "4.500",
    }
    assert [root.get(key) for key in ("tests", "failures", "errors", "time")] == [
        "9",
        "3",
        "1",
        "7.500",
    ]


def test_junit_has_the_shape_that_both_schemas_allow(tmp_path: Path) -> None:
    """Elements and attributes are those that Jenkins and Surefire know, in Surefire's order."""
    run(tmp_path, [replace(result, output="said so") for result in EVERY_VERDICT])
    attributes = {
        "testsuites": {"name", "tests", "failures", "errors", "time"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
        "properties": set(),
        "property": {"name", "value"},
        "testcase": {"classname", "name", "time"},
        "failure": {"message", "type"},
        "error": {"message", "type"},
        "skipped": {"message"},
        "system-out": set(),
    }
    order = ["failure", "skipped", "error", "system-out"]
    for element in suites(tmp_path).iter():
        assert set(element.attrib) == attributes[element.tag]
        if element.tag == "testcase":
            places = [order.index(child.tag) for child in element]
            assert places == sorted(places)


def test_junit_names_requirements_and_seed(tmp_path: Path) -> None:
    """Neither schema has properties of a case, so the suite's tell what each case cites."""
    run(tmp_path, [case("a"), case("b[x/y]", requirements=("PGS-WIN-001", "PGS-WIN-002"))])
    values = {item.get("name"): item.get("value") for item in suites(tmp_path).iter("property")}
    assert values["seed"] == "42"
    assert values["requirements:a"] == "PGS-WIN-001"
    assert values["requirements:b[x/y]"] == "PGS-WIN-001 PGS-WIN-002"


def test_junit_shows_what_failed_outside_of_the_cases(tmp_path: Path) -> None:
    """A CI server is red, and says why, where only a stale expectation ended the run badly."""
    end = RunFinished(1.0, ExitStatus.VIOLATIONS, stale=("old entry",))
    run(tmp_path, [case("a")], end=end)
    (failure,) = suites(tmp_path).iter("failure")
    assert failure.get("message") == "stale expectation: old entry"


def test_junit_survives_what_xml_cannot_hold(tmp_path: Path) -> None:
    """Characters that XML forbids are spelled out instead of breaking the document."""
    hostile = case(
        f"a[{HOSTILE}]",
        Verdict.CRASH,
        title=HOSTILE,
        reason=HOSTILE,
        detail=HOSTILE,
        output=HOSTILE,
    )
    run(tmp_path, [hostile], started=replace(STARTED, target=HOSTILE, command=HOSTILE))
    (output,) = suites(tmp_path).iter("system-out")
    assert output.text == "</script><b>]]>\\x00\\x1b]0;x\\x07\\u202e\\ud800\\uffff\"'&é"


def test_captures_stand_beside_the_page(tmp_path: Path) -> None:
    """Each case with datagrams has a capture that a safe name leads to."""
    run(tmp_path, [case("a"), case("b[../c]"), case("silent", exchange=())])
    names = sorted(path.name for path in (tmp_path / "pcap").iterdir())
    assert len(names) == 2
    assert names[0] == "pygase.server_window.a.pcap"
    assert names[1].startswith("pygase.server_window.b-...c-")


def test_captures_have_the_time_of_day(tmp_path: Path) -> None:
    """A case that took half a second began half a second before its result arrived."""
    run(tmp_path, [case("a")])
    data = (tmp_path / "pcap" / "pygase.server_window.a.pcap").read_bytes()
    seconds = int.from_bytes(data[24:28], "little")
    micros = int.from_bytes(data[28:32], "little")
    assert (seconds, micros) == (1_699_999_999, 600_000)


def test_reports_do_not_depend_on_the_order_of_the_cases(tmp_path: Path) -> None:
    """Parallel workers finish in any order; the same results make the same reports."""
    run(tmp_path / "one", EVERY_VERDICT)
    run(tmp_path / "two", reversed(EVERY_VERDICT))
    for name in ("index.html", "junit.xml", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_same_events_make_the_same_files(tmp_path: Path) -> None:
    """Nothing but the events and the clock goes into the reports."""
    for folder in ("one", "two"):
        run(tmp_path / folder)
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert len(one) == 4 + len(EVERY_VERDICT)


@pytest.mark.parametrize(
    "end", [RunFinished(1.0, ExitStatus.CONFORMS, interrupted=True), None], ids=["told", "untold"]
)
def test_interrupted_run_has_all_reports(tmp_path: Path, end: RunFinished | None) -> None:
    """What ran is reported, and every report says that the run did not get to its end."""
    run(tmp_path, [case("a")], end=end)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["interrupted"] is True
    assert summary["conforms"] is None
    assert "interrupted after 1 case" in (tmp_path / "index.html").read_text()
    (error,) = suites(tmp_path).iter("error")
    assert "interrupted after 1 case" in (error.get("message") or "")
    assert '"interrupted":true' in (tmp_path / "events.ndjson").read_text()


def test_run_without_cases_has_all_reports(tmp_path: Path) -> None:
    """An unreachable target leaves reports that say so."""
    end = RunFinished(0.2, ExitStatus.UNREACHABLE, problems=("nobody listens on port 9",))
    run(tmp_path, [], end=end)
    assert json.loads((tmp_path / "summary.json").read_text())["cases"] == []
    assert "nobody listens on port 9" in (tmp_path / "index.html").read_text()
    (error,) = suites(tmp_path).iter("error")
    assert error.get("message") == "nobody listens on port 9"


def test_earlier_reports_are_gone_when_a_run_begins(tmp_path: Path) -> None:
    """After a kill, nothing of an earlier run can be taken for this one's; other files stay."""
    run(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    Reporters.create(terminal=False, directory=tmp_path, json=False).close()
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["events.ndjson", "notes.txt", "pcap"]


def test_no_unfinished_file_stays(tmp_path: Path) -> None:
    """Temporary files are put in place or removed."""
    run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events.ndjson",
        "index.html",
        "junit.xml",
        "pcap",
        "summary.json",
    ]


def test_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """The user learns what is wrong before any case runs."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportError, match=r"^cannot write reports to .*file") as caught:
        Reporters.create(terminal=False, directory=tmp_path / "file", json=False)
    assert caught.value.status == ExitStatus.USAGE
    assert "\n" not in str(caught.value)


def test_report_that_cannot_be_written_costs_no_other(tmp_path: Path) -> None:
    """The others are there, and the error names the missing one at the end of the run."""
    reporters = Reporters.create(
        terminal=False,
        directory=tmp_path,
        json=False,
        requirements=dict,
        dissect=lambda *_: Nothing(),
    )
    (tmp_path / "junit.xml" / "in the way").mkdir(parents=True)
    reporters.handle(STARTED)
    with pytest.raises(ReportError, match=r"^cannot write junit.xml: ") as caught:
        reporters.handle(RunFinished(1.0, ExitStatus.CONFORMS))
    assert caught.value.status == ExitStatus.HARNESS
    assert (tmp_path / "index.html").is_file()
    assert (tmp_path / "summary.json").is_file()
    reporters.close()


def test_mistake_in_one_report_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a defect of the suite itself leaves the verdicts in the other reports."""

    def defective(*_: object) -> bytes:
        raise KeyError("oops")

    monkeypatch.setattr("wirebook.conformance.report.junit.document", defective)
    with pytest.raises(ReportError, match=r"^cannot write junit.xml: KeyError: 'oops'$"):
        run(tmp_path)
    assert (tmp_path / "summary.json").is_file()
    assert (tmp_path / "index.html").is_file()


def test_books_are_asked_unless_told_otherwise(tmp_path: Path) -> None:
    """Fields and texts come from the book that the case names."""
    empty = "ffd0fab900010000000000000000"
    transfer = replace(EXCHANGE[1], data=empty)
    result = case("a", exchange=(transfer,), requirements=("PGS-WIN-001",))
    reporters = Reporters.create(terminal=False, directory=tmp_path, json=False)
    for event in (STARTED, CaseFinished(result), RunFinished(1.0, ExitStatus.CONFORMS)):
        reporters.handle(event)
    reporters.close()
    page = (tmp_path / "index.html").read_text()
    assert "\n4\t2\theader.sequence\t1\n" in page
    assert "Its text is not at hand" not in page


def test_broken_book_costs_no_report(tmp_path: Path) -> None:
    """Without the texts and the schemas, IDs and octets are still shown."""

    def broken(*_: object) -> Any:
        raise ValueError("the book is broken")

    reporters = Reporters.create(
        terminal=False, directory=tmp_path, json=False, requirements=broken, dissect=broken
    )
    for event in (STARTED, CaseFinished(case("a")), RunFinished(1.0, ExitStatus.CONFORMS)):
        reporters.handle(event)
    reporters.close()
    page = (tmp_path / "index.html").read_text()
    assert "PGS-WIN-001" in page
    assert "ff d0 fa b9" in page
    assert "ValueError: the book is broken" in page


def test_json_is_the_only_thing_on_standard_output() -> None:
    """With the terminal report wanted too, that one goes to standard error."""
    stdout, stderr = io.StringIO(), io.StringIO()
    reporters = Reporters.create(
        terminal=True, directory=None, json=True, stdout=stdout, stderr=stderr, requirements=dict
    )
    result = case("a", Verdict.FAIL)
    end = RunFinished(1.0, ExitStatus.VIOLATIONS)
    for event in (STARTED, CasesCollected(1), CaseFinished(result), end):
        reporters.handle(event)
    reporters.close()
    assert json.loads(stdout.getvalue())["counts"] == {"fail": 1}
    assert "does not conform" in stderr.getvalue()


def test_json_equals_the_summary_file(tmp_path: Path) -> None:
    """There is one summary, wherever it is read."""
    stdout = io.StringIO()
    run(tmp_path, stdout=stdout)
    assert stdout.getvalue() == (tmp_path / "summary.json").read_text()


def test_nothing_is_printed_unless_asked_for(tmp_path: Path, capsys: Any) -> None:
    """A directory alone leaves both streams alone."""
    run(tmp_path)
    assert capsys.readouterr() == ("", "")


def test_importing_the_package_is_cheap() -> None:
    """rich and jinja2 are loaded by the reports that need them, not by the package."""
    program = (
        "import sys, wirebook.conformance.report\n"
        "print(*sorted({'rich', 'jinja2', 'xml.etree'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == ""
