"""`wirebook fuzz`: what its options mean, what it tells, and how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wirebook.fuzz
from tests import helpers_campaign as toys
from wirebook import cli
from wirebook.commands import fuzz, fuzz_plan
from wirebook.conformance.errors import CommandError
from wirebook.fuzz import lots, status
from wirebook.fuzz import plan as plans
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.fuzz.tally import Tally
from wirebook.fuzz.workers import OneProcess, Work, Workers

WIREBOOK = Path(sys.executable).with_name("wirebook")
SECONDS = 60.0

Use = Callable[[Work], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Use:
    """Return a function that lets the command's workers work in another way."""
    monkeypatch.chdir(tmp_path)

    def replace(work: Work) -> None:
        def workers(jobs: int, scheduler: str) -> Workers:
            assert (jobs, scheduler) == (1, "")
            return OneProcess(work)

        monkeypatch.setattr(fuzz, "_workers", workers)

    return replace


def run(*arguments: str) -> int:
    """Run a campaign that finds into `found`."""
    return cli.run(["fuzz", "pygase", "--corpus", "found", "--seed", "1", *arguments])


def nothing(lot: Lot) -> Harvest:
    """Find nothing."""
    return Harvest(lot, lot.inputs, 0.001, seen=frozenset({"open", "open:accepted"}))


# What it tells


def test_the_result_for_scripts(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the result and nothing else; each finding says where it is."""
    use(toys.quick)
    assert run("--count", "200000", "--json") == 1
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert told.err == ""
    assert (result["book"], result["target"], result["seed"]) == ("pygase", "reference", 1)
    assert result["inputs"] == 200_000
    assert result["inputs_per_second"] > 0
    assert set(result["ways"]) == {"octets", "machine", "differential", "live"}
    assert "open" in result["seen"]["server"]
    assert result["problems"] == []
    assert {"first", "last", "max"} <= set(result["memory"])
    for finding in result["findings"]:
        assert json.loads(Path(finding["path"]).read_text())["what"] == finding["what"]
        assert finding["replay"] == f"wirebook replay {finding['path']}"
    assert result["findings"]


def test_the_result_for_people(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found is told at once, with the line that plays it again; the end is a table."""
    use(toys.known)
    assert run("--way", "octets", "--role", "server", "--count", "30000") == 1
    told = capsys.readouterr()
    assert "seed 1" in told.err
    (again,) = re.findall(r"again: wirebook replay (\S+)", told.err)
    assert "found: it is again and again" in told.err
    assert Path(again).exists()
    assert re.search(r"octets +server +2 +30 000", told.out)
    assert again in told.out
    assert "1 finding in " in told.out


def test_nothing_found(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """That is success."""
    use(nothing)
    assert run("--count", "1000") == 0
    assert "nothing found" in capsys.readouterr().out


def test_a_lot_that_fails_is_the_harness(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told in a line, everything else goes on, and the status says so."""
    use(toys.failing)
    assert run("--count", "1000") == 3
    told = capsys.readouterr()
    assert "ValueError: the machine is out of order (WIREBOOK_DEBUG=1 shows where)" in told.err
    assert "Traceback" not in told.err
    assert "octets" in told.out


def test_an_unreachable_target(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """It has a status of its own."""
    use(toys.unreachable)
    assert run("--target", "reference", "--count", "1000") == 4
    assert "nothing answers" in capsys.readouterr().err


def test_a_campaign_goes_on(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """A journal that is there says which lots are finished, and the seed."""
    use(nothing)
    inputs = []
    for _ in range(2):
        arguments = ("pygase", "--count", "1000", "--journal", "night.jsonl", "--json")
        assert cli.run(["fuzz", *arguments]) == 0
        inputs.append(json.loads(capsys.readouterr().out)["inputs"])
    assert inputs == [1000, 0]
    assert cli.run(["fuzz", "packetmq", "--count", "1000", "--journal", "night.jsonl"]) == 2
    assert "the journal of another campaign" in capsys.readouterr().err


# What makes no sense


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("pygasse", 'did you mean "pygase"?'),
        ("pygase --way octet", 'did you mean "octets"?'),
        ("pygase --role servant", '"servant" is not a role'),
        ("pygase --way live --role client", "live cannot attack the client"),
        ("pygase --way octets --target reference", "octets cannot attack reference"),
        ("pygase --way live --server 127.0.0.1:9", "live cannot attack 127.0.0.1:9"),
        ("pygase --role client --server 127.0.0.1:9", "has no client"),
        ("pygase --server 192.0.2.1:9", "is not this machine"),
        ("pygase --mutant PGS-M9999", "no mutant"),
        ("pygase --mutant PGS-M001 --target reference", "drop --target"),
        ("pygase --scheduler tcp://127.0.0.1:9 --jobs 2", "drop --jobs"),
        ("pygase --time 0", "--time"),
    ],
)
def test_misuse(arguments: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one line with a hint, before anything begins."""
    assert cli.run(["fuzz", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_there_is_no_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several jobs need an extra, and the error says which."""
    monkeypatch.delitem(sys.modules, "wirebook.fuzz.cluster", raising=False)
    monkeypatch.delattr(wirebook.fuzz, "cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CommandError, match=r"pip install 'wirebook\[distributed\]'"):
        fuzz._workers(2, "")


def test_what_attacks_what() -> None:
    """A target that cannot be started again is attacked by machines only."""

    def kinds(**chosen: Any) -> set[tuple[str, str, bool]]:
        given = {"target": "", "server": "", "role": "", "python": "", "mutant": "", "ways": ()}
        plan = fuzz_plan.plan_of(fuzz_plan.Chosen("pygase", **{**given, **chosen}), 1, None, None)
        assert plan.seconds == 60.0
        return {(kind.way, kind.role, kind.target is not None) for kind in plan.kinds}

    assert ("octets", "client", False) in kinds()
    assert ("live", "server", False) in kinds()
    assert kinds(server="127.0.0.1:9") == {("machine", "server", True)}
    assert kinds(target="reference") == {
        ("live", "server", True),
        ("machine", "server", True),
        ("machine", "client", True),
        ("differential", "server", True),
    }
    assert {role for _, role, _ in kinds(mutant="PGS-M010")} == {"server"}


def test_other_commands_start_as_fast_as_before() -> None:
    """Nothing of what fuzzing needs is imported before it is needed."""
    program = (
        "import sys; from wirebook import cli; cli.run(['fuzz', '--help']); "
        "print([one for one in ('hypothesis', 'dask', 'rich.live', 'wirebook.fuzz.lots') "
        "if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "wirebook fuzz packetmq --target my-server.toml" in done.stdout


# What a person sees


def tally() -> Tally:
    """Return the figures of a campaign that goes on."""
    found = Tally()
    lot = Lot("pygase", "server", "octets", 7, 30_000)
    found.began, found.ended = 1000.0, 1012.0
    found.add(Harvest(lot, 30_000, 3.0, frozenset({"open", "open:a", "open:b"}), covered=421))
    found.found_in("octets", "server", toys.finding(lot, "broken"), Path("x.json"))
    return found


def test_the_line_of_the_status() -> None:
    """It says how far it is, how fast, what was seen and what was found."""
    line = status.line(tally(), toys.plan(seconds=3600.0)).plain
    assert line == (
        "pygase · 0:12 of 1:00:00 · 1 found · 30 000 inputs · 2500/s now, 2500/s mean · "
        "seen 1 states, 2 responses · 421 branches · 1 lots"
    )


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    """A log is not flooded."""
    log = io.StringIO()
    watcher = status.Status(log, toys.plan(seconds=60.0), str)
    with watcher.showing():
        figures = tally()
        watcher.tick(figures)
        watcher.tick(figures)
        figures.began -= status.LINE_SECONDS
        watcher.tick(figures)
    assert [line.split(" · ")[1] for line in log.getvalue().splitlines()] == [
        "0:12 of 1:00",
        "0:22 of 1:00",
    ]


def test_on_a_terminal_the_line_stays_where_it_is() -> None:
    """What is found goes above it, and hostile text cannot steer the terminal."""
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as screen:  # noqa: PTH123 - a descriptor
        watcher = status.Status(screen, toys.plan(seconds=60.0), str)
        with watcher.showing():
            watcher.tick(tally())
            lot = Lot("pygase", "server", "octets", 7, 1)
            watcher.found(toys.finding(lot, "a\x1b[2Jb"), Path("found/x.json"))
            watcher.trouble("lot 3: a\x1b[2Jb", "Traceback")
            watcher.tick(tally())
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert shown.count("30 000 inputs") >= 2
    assert "again:" in shown
    assert "found/x.json" in shown
    assert "\x1b[2J" not in shown
    assert "\r" in shown


def test_ctrl_c(tmp_path: Path) -> None:
    """It ends the campaign at once, with a result; what was found is there."""
    journal = tmp_path / "night.jsonl"
    options = ("--way", "differential", "--role", "server", "--time", "3600", "--json")
    folders = ("--corpus", str(tmp_path), "--journal", str(journal))
    process = subprocess.Popen(
        [str(WIREBOOK), "fuzz", "pygase", *options, *folders],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + SECONDS
    while not (journal.exists() and b'"begun"' in journal.read_bytes()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # As a terminal does it: the workers get it, too.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert json.loads(out)["interrupted"]
    assert err == b""


def test_the_real_thing(tmp_path: Path) -> None:
    """A small campaign on the reference: each way has its turn, and nothing is found."""
    command = [str(WIREBOOK), "fuzz", "pygase", "--count", "3000", "--seed", "1", "--json"]
    folder = ("--corpus", str(tmp_path))
    done = subprocess.run(
        [*command, *folder], capture_output=True, text=True, timeout=2 * SECONDS, check=False
    )
    result = json.loads(done.stdout)
    assert result["problems"] == []
    assert result["findings"] == []
    assert done.returncode == 0
    assert result["inputs"] > 2000
    tried = {(way, role) for way, roles in result["ways"].items() for role in roles}
    assert tried == {(kind.way, kind.role) for kind in plans.kinds("pygase", ("server", "client"))}


def test_every_way_has_a_size() -> None:
    """A way that is new is known to the schedule, too."""
    kinds = plans.kinds("pgnet", ("server", "client"))
    assert {kind.way for kind in kinds} == set(lots.WAYS) == set(plans.SIZES)
