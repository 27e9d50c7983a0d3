"""Workers of a Dask cluster: a real scheduler, real workers, and one that is killed half-way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import helpers_campaign as toys
from tests.helpers_campaign import Watched, campaign, plan
from wirebook.conformance.corpus import load_all
from wirebook.conformance.errors import CommandError
from wirebook.fuzz import cluster
from wirebook.fuzz.journal import Journal
from wirebook.fuzz.tally import Tally

TESTS = Path(__file__).parents[1]
DASK = Path(sys.executable).with_name("dask")
SECONDS = 60.0
LOTS = 30


class Dask:
    """A scheduler and workers on this machine, each a process as anybody would start it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "toys.log"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self._all: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start(self) -> None:
        """Start the scheduler."""
        file = self._folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--scheduler-file", str(file), "--no-show")
        deadline = time.monotonic() + SECONDS
        while not self.address:
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.02)
            with suppress(OSError, ValueError):  # there, and whole, in a moment
                self.address = json.loads(file.read_text())["address"]

    def add_worker(self) -> None:
        """Start a worker."""
        where = ("--local-directory", str(self._folder), "--memory-limit", "1GiB")
        self.workers.append(
            self._start("worker", self.address, "--nthreads", "1", "--no-nanny", *where)
        )

    def close(self) -> None:
        """End everything."""
        for process in reversed(self._all):
            process.kill()
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        quiet = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        with (self._folder / "dask.log").open("ab") as output:
            process = subprocess.Popen(
                [str(DASK), arguments[0], *arguments[1:], *quiet],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(TESTS), toys.LOG: str(self.log)},
            )
        self._all.append(process)
        return process


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """Start a scheduler with two workers."""
    started = Dask(tmp_path)
    try:
        started.start()
        started.add_worker()
        started.add_worker()
        yield started
    finally:
        started.close()


def test_a_worker_is_killed_half_way(dask: Dask, tmp_path: Path) -> None:
    """Nothing is lost, no harvest comes twice, and no lot whose harvest has come runs again."""
    kinds = toys.TOYS[:1]
    workers = cluster.remote(dask.address, toys.logged)
    journal = Journal(tmp_path / "night.jsonl", {"seed": 1})
    at_home: set[int] = set()

    def kill_one(tally: Tally) -> None:
        if tally.lots >= LOTS // 2 and not at_home and workers.slots == 2:
            dask.workers[0].kill()
            at_home.update(journal.finished)

    chosen = plan(LOTS * 20_000, kinds=kinds)
    watched = Watched(at_tick=kill_one)
    try:
        tally = campaign(chosen, workers, tmp_path / "corpus", watched, journal=journal).run()
    finally:
        workers.close()
        journal.close()

    assert tally.problems == []
    assert (tally.lots, tally.inputs) == (LOTS, LOTS * 20_000)
    lines = [json.loads(line) for line in (tmp_path / "night.jsonl").read_text().splitlines()]
    seeds = [chosen.lot(number).seed for number in range(LOTS)]
    assert sorted(line["seed"] for line in lines if "finished" in line) == sorted(seeds)
    assert [line["begun"] for line in lines if "begun" in line] == list(range(LOTS))

    runs = [line.split() for line in dask.log.read_text().splitlines()]
    assert {run[1] for run in runs} == {str(worker.pid) for worker in dask.workers}
    begun = [int(run[0]) for run in runs if run[2] == "begun"]
    again = {seed for seed in begun if begun.count(seed) > 1}
    assert at_home
    assert not again & {chosen.lot(number).seed for number in at_home}
    assert set(begun) == set(seeds)

    assert {finding.signature for finding in load_all(tmp_path / "corpus", "pygase")} == {
        f"broken {number}" for number in range(3)
    }
    # Each worker began with what the other one had found worth keeping.
    known = [(run[1], set(run[3:])) for run in runs if run[2] == "begun"]
    for one, other in (dask.workers, reversed(dask.workers)):
        assert any(pid == str(one.pid) and str(other.pid) in others for pid, others in known)


def test_workers_on_this_machine(tmp_path: Path) -> None:
    """Several jobs are several processes; what ends or fails in one is told."""
    workers = cluster.local(2, toys.deadly)
    try:
        assert workers.slots == 2
        watched = Watched()
        tally = campaign(plan(62_000), workers, tmp_path, watched).run()
    finally:
        workers.close()
    assert set(tally.kinds) == {("octets", "server"), ("octets", "client")}
    assert any("its workers ended, 2 times" in problem for problem in tally.problems)
    assert tally.memory.workers.max > 1 << 20


def test_a_worker_that_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lot that is dropped is over, and its worker works off others."""
    log = tmp_path / "toys.log"
    monkeypatch.setenv(toys.LOG, str(log))
    workers = cluster.local(1, toys.hanging)
    lots = plan(42_000)
    deadline = time.monotonic() + SECONDS
    try:
        workers.give(1, lots.lot(1))
        while not log.exists():
            assert workers.take(0.05) == []
            assert time.monotonic() < deadline, "the lot does not begin"
        workers.drop(1)
        workers.give(2, lots.lot(2))
        (done,) = workers.take(SECONDS)
    finally:
        workers.close()
    assert done.number == 2
    assert done.harvest


def test_there_is_no_scheduler() -> None:
    """That is one clear line."""
    with pytest.raises(CommandError, match=r"cannot reach the scheduler tcp:"):
        cluster.remote("tcp://127.0.0.1:9")
    with pytest.raises(CommandError, match="cannot reach the scheduler nowhere"):
        cluster.remote("nowhere")
