"""`wirebook bench`: rows, their ratios and targets, as a table and for a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType

import pytest

from wirebook import cli
from wirebook.commands import bench
from wirebook.commands.benches import Row, figure
from wirebook.commands.benches import fuzz as bench_fuzz

ROWS = (
    Row("fast: things/s", figure([90.0, 100.0, 120.0]), ceiling=figure([400.0]), target=80.0),
    Row("slow: things/s", figure([5.0]), original=figure([2.0]), target=6.0),
    Row("memory: growth in %", figure([3.0]), target=10.0, at_most=True),
    Row("no target", figure([1.0])),
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("fake_bench")

    def rows(rounds: int) -> Iterator[Row]:
        assert rounds == 3
        yield from ROWS

    module.rows = rows  # type: ignore[attr-defined]  # a module made up for the test
    monkeypatch.setattr(bench, "_BENCHES", {"fake": module.__name__})
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)


@pytest.mark.usefixtures("fake")
def test_rows_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "fake", "--rounds", "3", "--json"]) == 0
    fast, slow, memory, other = json.loads(capsys.readouterr().out)["rows"]
    assert fast == {
        "what": "fast: things/s",
        "reference": 100.0,
        "original": None,
        "ceiling": 400.0,
        "ratio_original": None,
        "ratio_ceiling": 0.25,
        "target": 80.0,
        "reached": True,
        "spread": [90.0, 120.0],
    }
    assert (slow["ratio_original"], slow["reached"]) == (2.5, False)
    assert memory["reached"] is True
    assert (other["target"], other["reached"]) == (None, None)


@pytest.mark.usefixtures("fake")
def test_rows_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "fake", "--rounds", "3"]) == 0
    _, fast, slow, *_ = capsys.readouterr().out.splitlines()
    assert fast.split()[-1] == "reached"
    assert "30 %" in fast
    assert slow.split()[-1] == "MISSED"


def test_an_unknown_bench_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "fuz"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_the_real_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_INPUTS", "_WARM", "_LONG"):
        monkeypatch.setattr(bench_fuzz, name, 300)
    monkeypatch.setattr("wirebook.fuzz.live.rate", lambda **_: 2500.0)
    rows = list(bench_fuzz.rows(1))
    assert len(rows) == 8
    assert rows[1].target == 15_000
    assert all(row.reference.median > 0 for row in rows[1:])
    assert all(0 < (row.ratio_ceiling or 0) < 1 for row in rows[1:-1])
    assert rows[-1].reached
