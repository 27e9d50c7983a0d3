"""Which cases run again, in parts, or several times, and what is told of verdicts that change."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance import last_run
from wirebook.conformance.errors import CommandError
from wirebook.conformance.selecting import in_shard, sample
from wirebook.conformance.targets.description import Target

MANY = """
@pytest.mark.parametrize("number", range(12))
@requires("TOY-A-001")
def test_many(target_server, number):
    assert talk(target_server, b"hello") == b"hello"
"""
MIXED = """
@requires("TOY-A-001")
def test_good(target_server):
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-003")
def test_bad(target_server):
    raise Violation("expected silence")

@requires("TOY-A-003")
def test_deadly(target_server):
    tell(target_server, b"die")
    raise TargetDied("it ended")

@requires("TOY-A-001")
def test_broken(target_server):
    raise OSError("no more files")
"""
# Fails in every second run of it, whichever process it runs in.
FICKLE = """
import itertools, os, pathlib

@pytest.mark.parametrize("kind", ["plain"])
@requires("TOY-A-001")
def test_fickle(target_server, kind):
    for number in itertools.count():
        try:
            pathlib.Path("fickle%d" % number).touch(exist_ok=False)
            break
        except FileExistsError:
            continue
    if number % 2:
        raise Violation("not today")

@requires("TOY-A-001")
def test_steady(target_server):
    assert talk(target_server, b"hello") == b"hello"
"""
GOOD, BAD, DEADLY, BROKEN = (f"toy/server_basic/{n}" for n in ("good", "bad", "deadly", "broken"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep last runs away from the user's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("WIREBOOK_CACHE", str(folder))
    return folder


# Shards


@pytest.mark.parametrize("jobs", [1, 2])
def test_shards_are_complete_and_disjoint(workspace: Any, jobs: int) -> None:
    """Every case is in exactly one of the parts, also where several processes choose."""
    workspace.write_cases(MANY)
    whole = list(workspace.run().cases)
    parts = [list(workspace.run(shard=[n, 3], jobs=jobs).cases) for n in (1, 2, 3)]
    assert sorted(itertools.chain(*parts)) == sorted(whole)
    assert all(parts)


def test_case_stays_in_its_shard_when_others_are_not_chosen(workspace: Any) -> None:
    """The part depends on nothing but the ID."""
    workspace.write_cases(MANY)
    part = set(workspace.run(shard=[1, 2]).cases)
    some = [f"toy/server_basic/many[{number}]" for number in range(6)]
    assert set(workspace.run(shard=[1, 2], only=some).cases) == part & set(some)


def test_shards_are_of_similar_size() -> None:
    """No part has much more to do than the others."""
    names = [f"toy/server_basic/many[{number}]" for number in range(1000)]
    sizes = [sum(in_shard(name, (part, 4)) for name in names) for part in (1, 2, 3, 4)]
    assert sum(sizes) == 1000
    assert min(sizes) > 200


def test_empty_shard_is_told(workspace: Any) -> None:
    """A part without any case has checked nothing, and does not say that the target conforms."""
    workspace.write_cases(MANY)
    done = workspace.run(only=["toy/server_basic/many[0]"], shard=[1, 2])
    other = workspace.run(only=["toy/server_basic/many[0]"], shard=[2, 2])
    empty = done if done.status else other
    assert sorted((done.status, other.status)) == [0, 2]
    assert "no case falls into shard" in empty.stderr


# Repetition and stability


@pytest.mark.parametrize("jobs", [1, 2])
def test_cases_are_repeated(workspace: Any, jobs: int) -> None:
    """Each case runs so many times, and its runs are told apart."""
    workspace.write_cases(MIXED)
    events = workspace.run(repeat=3, jobs=jobs, keyword="good or bad").events
    finished = [(e["id"], e["run"]) for e in events if e["event"] == "CaseFinished"]
    assert sorted(finished) == [(name, run) for name in (BAD, GOOD) for run in (1, 2, 3)]
    assert [e["count"] for e in events if e["event"] == "CasesCollected"] == [6]


def test_repeated_cases_keep_their_ids(workspace: Any) -> None:
    """The ID, and the line that runs the case again, are those of the case."""
    workspace.write_cases(MANY)
    (case,) = workspace.run(repeat=2, only=["toy/server_basic/many[3]"]).cases.values()
    assert case["id"] == "toy/server_basic/many[3]"
    assert "many[3]@0" in case["replay"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_changing_verdicts_are_a_violation(workspace: Any, jobs: int) -> None:
    """A case that does not always come to the same verdict ends in status 1."""
    workspace.write_cases(FICKLE)
    done = workspace.run(stability=2, jobs=jobs)
    runs = [e["verdict"] for e in done.events if e.get("id") == "toy/server_basic/fickle[plain]"]
    assert sorted(runs) == ["fail", "pass"]
    assert done.status == 1


def test_changing_verdict_is_status_1_even_if_none_of_them_is_a_violation(workspace: Any) -> None:
    """Passing now and being inconclusive then is a change, too."""
    source = FICKLE.replace('Violation("not today")', 'Inconclusive("dark")')
    workspace.write_cases(source)
    assert workspace.run(stability=2).status == 1
    for path in workspace.folder.glob("fickle*"):
        path.unlink()
    assert workspace.run(repeat=2).status == 0


@pytest.mark.parametrize(("keyword", "status"), [("good", 0), ("bad", 1), ("broken", 3)])
def test_stable_verdicts_leave_the_status_alone(workspace: Any, keyword: str, status: int) -> None:
    """Where nothing changes, the status is that of the runs."""
    workspace.write_cases(MIXED)
    assert workspace.run(stability=2, keyword=keyword).status == status


# What failed last time


@pytest.mark.parametrize("jobs", [1, 2])
def test_last_failed_runs_what_failed_crashed_or_erred(workspace: Any, jobs: int) -> None:
    """Only the cases that came to a bad end run again."""
    workspace.write_cases(MIXED)
    workspace.run(keep=True, jobs=jobs)
    again = workspace.run(last_failed=True, jobs=jobs)
    assert set(again.cases) == {BAD, DEADLY, BROKEN}


def test_last_failed_takes_the_seed_of_the_last_run(workspace: Any) -> None:
    """Random cases fail again as they failed."""
    workspace.write_cases(MIXED)
    workspace.run(keep=True, seed=7)
    events = workspace.run(last_failed=True, last_seed=True).events
    assert [e["seed"] for e in events if e["event"] == "RunStarted"] == [7]


def test_last_failed_is_kept_for_each_target(workspace: Any) -> None:
    """The failures of one target say nothing of another."""
    workspace.write_cases(MIXED)
    text = workspace.target.read_text().replace('name = "toy"', 'name = "other toy"')
    workspace.write_target(text, "other")
    workspace.run(keep=True)
    done = workspace.run(target="other toy", last_failed=True)
    assert done.status == 2
    assert "no last run of other toy is known" in done.stderr


def test_last_failed_after_a_good_run_says_so(workspace: Any) -> None:
    """Where nothing failed, there is nothing to run."""
    workspace.write_cases(MIXED)
    workspace.run(keep=True)
    workspace.run(keep=True, keyword="good")
    done = workspace.run(last_failed=True)
    assert (done.status, done.cases) == (2, {})
    assert "nothing failed in the last run of toy" in done.stderr


def test_broken_file_of_the_last_run_counts_as_none(workspace: Any, cache: Path) -> None:
    """It is a cache: whatever is in it can be done without."""
    workspace.write_cases(MIXED)
    workspace.run(keep=True)
    (path,) = (cache / "last-runs").iterdir()
    path.write_text("[")
    assert "no last run of toy is known" in workspace.run(last_failed=True).stderr


def test_run_that_cannot_be_kept_goes_on(workspace: Any, cache: Path) -> None:
    """A cache that cannot be written to costs no verdict."""
    workspace.write_cases(MIXED)
    cache.write_text("not a folder")
    assert workspace.run(keep=True, keyword="good").status == 0


def test_last_run_is_read_from_a_report(tmp_path: Path) -> None:
    """With the directory of a report, the run that it is of is the last one."""
    summary = {
        "cases": [
            {"id": f"{book}/server_a/{verdict}", "verdict": verdict, "requirements": []}
            for book in ("toy", "other")
            for verdict in ("pass", "fail", "crash", "error", "xfail", "nonstrict")
        ],
        "target": "toy",
        "seed": 9,
        "started": "2025-01-01",
    }
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    last = last_run.recall([Target(name="toy", protocol="toy", features=())], tmp_path)
    assert last.seed == 9
    assert last.failed == tuple(f"toy/server_a/{verdict}" for verdict in ("fail", "crash", "error"))


def test_report_of_another_target_is_refused(tmp_path: Path) -> None:
    """What failed there says nothing of this target."""
    summary = {"cases": [], "target": "other", "seed": 9, "started": "2025-01-01"}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(CommandError, match="is of other, not of toy"):
        last_run.recall([Target(name="toy", protocol="toy", features=())], tmp_path)


def test_empty_report_directory_leaves_it_to_the_cache(tmp_path: Path) -> None:
    """A directory that waits for its first report is none."""
    with pytest.raises(CommandError, match="no last run of toy is known"):
        last_run.recall([Target(name="toy", protocol="toy", features=())], tmp_path / "gone")


# A sample


def test_sample_takes_some_of_each_feature() -> None:
    """A few of each, spread over all, and each once."""
    cases = [(n, ("a",) if n < 10 else ("a", "b")) for n in range(14)]
    chosen = sample(cases, lambda case: case[1], 3)
    assert [number for number, _ in chosen] == [0, 4, 9, 10, 11, 12]
