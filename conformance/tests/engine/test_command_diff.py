"""`wirebook diff`: what differs between two runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wirebook import cli

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes the summary of a run: `case="verdict: reason"`."""

    def write_run(name: str, target: str = "toy", **cases: str) -> Path:
        entries = []
        for case, text in cases.items():
            verdict, _, rest = text.partition(": ")
            reason, _, requirement = rest.partition(" | ")
            entries.append(
                {
                    "id": f"toy/server_basic/{case}",
                    "verdict": verdict,
                    "requirements": [requirement or "TOY-A-001"],
                    "reason": reason,
                }
            )
        summary = {"cases": entries, "target": target, "seed": 0, "started": "2025-01-01"}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(summary))
        return path

    return write_run


def compared(
    before: Path, after: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    status = cli.run(["diff", str(before), str(after), "--json"])
    return status, json.loads(capsys.readouterr().out)


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["id"].rpartition("/")[2] for entry in entries]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("pass", "fail", "regressions"),
        ("pass", "crash", "regressions"),
        ("pass", "error", "regressions"),
        ("pass", "nonstrict", "regressions"),
        ("unsupported", "fail", "regressions"),
        ("xfail", "fail", "regressions"),
        ("fail", "pass", "fixes"),
        ("crash", "pass", "fixes"),
        ("xfail", "xpass", "fixes"),
        ("nonstrict", "pass", "fixes"),
        ("fail", "crash", "changed"),
        ("fail", "xfail", "changed"),
        ("fail", "unsupported", "changed"),
        ("pass", "unsupported", "changed"),
        ("pass", "inconclusive", "changed"),
        ("fail: late", "fail: early", "changed"),
        ("fail: late | TOY-A-002", "fail: late | TOY-A-003", "changed"),
        ("pass:  | TOY-A-002", "pass:  | TOY-A-003", "changed"),
        ("pass", "pass", "same"),
        ("fail: after 1.25 s at 127.0.0.1:4711", "fail: after 2.5 s at 127.0.0.1:999", "same"),
    ],
)
def test_each_change_is_of_one_kind(
    before: str, after: str, kind: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """What two verdicts of a case mean, and that only a regression is status 1."""
    status, found = compared(write("a", case=before), write("b", case=after), capsys)
    counts = {key: len(found[key]) for key in ("regressions", "fixes", "changed", "new", "gone")}
    counts["same"] = found["same"]
    assert {key for key, number in counts.items() if number} == {kind}
    assert status == (1 if kind == "regressions" else 0)


def test_new_and_gone_cases_stand_apart(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """A case that only one of the runs has is no regression, whatever its verdict."""
    status, found = compared(
        write("a", old="fail", both="pass"), write("b", new="fail", both="pass"), capsys
    )
    assert (names(found["new"]), names(found["gone"])) == (["new"], ["old"])
    assert (found["regressions"], status) == ([], 0)


def test_what_changed_is_named(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """A script learns in which way a case differs."""
    before, after = write("a", case="fail: x | TOY-A-002"), write("b", case="crash: y | TOY-A-003")
    (entry,) = compared(before, after, capsys)[1]["changed"]
    assert entry["what"] == ["verdict", "reason", "requirements"]


def test_case_that_ran_several_times_counts_as_its_worst(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """One failure among several runs is a failure."""
    before, after = write("a", case="pass"), write("b", case="pass")
    summary = json.loads(after.read_text())
    (case,) = summary["cases"]
    summary["cases"] = [case, {**case, "verdict": "fail"}, case]
    after.write_text(json.dumps(summary))
    assert compared(before, after, capsys)[0] == 1


def test_people_get_a_listing_without_colours(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind has its heading; what goes into a pipe has no colours."""
    before = write("a", bad="pass", good="fail: late", old="pass", odd="fail: late")
    after = write("b", bad="fail: silent", good="pass", new="pass", odd="crash: gone")
    assert cli.run(["diff", str(before), str(after)]) == 1
    shown = capsys.readouterr().out
    for expected in (
        "Regressions\n  pass → fail  toy/server_basic/bad\n    silent\n",
        "Fixes\n  fail → pass  toy/server_basic/good\n    before: late\n",
        "Changed\n  fail → crash  toy/server_basic/odd\n    gone\n    before: late\n",
        "New\n  pass  toy/server_basic/new\n",
        "Gone\n  pass  toy/server_basic/old\n",
        "1 regression, 1 fix, 1 other change, 1 new, 1 gone, 0 same\n",
    ):
        assert expected in shown
    assert "\x1b" not in shown


def test_long_lists_are_cut_short(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Of hundreds of cases that only one run has, a person sees the first."""
    many = {f"case{number:03}": "pass" for number in range(200)}
    assert cli.run(["diff", str(write("a", one="pass", **many)), str(write("b", one="pass"))]) == 0
    shown = capsys.readouterr().out
    assert "case059" in shown
    assert "case060" not in shown
    assert "… and 140 more\n" in shown
    assert "200 gone, 1 same" in shown


def test_runs_of_different_targets_are_told(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Comparing two targets is possible, and said."""
    cli.run(["diff", str(write("a", case="pass")), str(write("b", "other", case="pass"))])
    assert "different targets" in capsys.readouterr().out


def test_report_of_a_killed_run_is_read_from_its_events(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a summary, the log of events says what there was; its last line may be cut off."""
    result = {
        "id": "toy/server_basic/case",
        "verdict": "fail",
        "requirements": ["TOY-A-001"],
        "reason": "late",
    }
    events = [
        {"event": "run-started", "target": "toy", "seed": 3, "started": "2025-01-01"},
        {"event": "cases-collected", "count": 2},
        {"event": "case-finished", "result": result},
    ]
    folder = tmp_path / "report"
    folder.mkdir()
    text = "".join(json.dumps(event) + "\n" for event in events) + '{"event": "case-fi'
    (folder / "events.ndjson").write_text(text)
    assert names(compared(write("a", case="pass"), folder, capsys)[1]["regressions"]) == ["case"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not the summary of a run"),
        ("[]", "is not the summary of a run"),
        ('{"cases": [{"id": 1}]}', "is not the summary of a run"),
        (None, "cannot read"),
    ],
)
def test_what_is_no_run_is_one_line(
    content: str | None,
    message: str,
    tmp_path: Path,
    write: Write,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that says something else, or nothing, is status 2."""
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    assert cli.run(["diff", str(write("a")), str(path)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")


def test_folder_without_a_report_is_one_line(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of something else is told."""
    (tmp_path / "empty").mkdir()
    assert cli.run(["diff", str(write("a")), str(tmp_path / "empty")]) == 2
    assert "no report in" in capsys.readouterr().err
