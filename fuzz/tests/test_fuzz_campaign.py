"""A campaign: its schedule, what it makes of harvests, and what it does when lots go wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import helpers_campaign as toys
from tests.helpers_campaign import Watched, campaign, plan
from wirebook.conformance import corpus
from wirebook.conformance.errors import CommandError
from wirebook.fuzz import campaign as campaigns
from wirebook.fuzz import plan as plans
from wirebook.fuzz.journal import Journal, seed
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.fuzz.plan import Kind
from wirebook.fuzz.tally import Course
from wirebook.fuzz.workers import Done, OneProcess, Work, WorkersLost, run


class Here:
    """Workers that are none: lots are worked off as soon as somebody asks for what is done."""

    def __init__(self, work: Work = toys.quick, *, slots: int = 1, twice: bool = False) -> None:
        self.slots = slots
        self.given: list[tuple[int, Lot]] = []
        self._work = work
        self._waiting: list[tuple[int, Lot]] = []
        self._twice = twice

    def give(self, number: int, lot: Lot) -> None:
        self.given.append((number, lot))
        self._waiting.append((number, lot))

    def take(self, _: float) -> list[Done]:
        done = [run(self._work, number, lot) for number, lot in self._waiting]
        self._waiting.clear()
        return done + done if self._twice else done

    def drop(self, _: int) -> None:
        raise AssertionError("no lot is late")

    def close(self) -> None:
        pass


# The schedule


def test_a_lot_is_known_by_its_number() -> None:
    """The same campaign gives the same lots, and another one gives others."""
    one, same, other = plan(seed=1), plan(seed=1), plan(seed=2)
    assert [one.lot(number) for number in range(20)] == [same.lot(number) for number in range(20)]
    seeds = [one.lot(number).seed for number in range(20)]
    assert len({*seeds, *(other.lot(number).seed for number in range(20))}) == 40


def test_all_kinds_take_turns() -> None:
    """Each way and role comes as often as any other."""
    kinds = plans.kinds("pygase", ("server", "client"))
    chosen = plan(seconds=60.0, kinds=kinds)
    ways = Counter((chosen.lot(n).way, chosen.lot(n).role) for n in range(3 * len(kinds)))
    assert set(ways.values()) == {3}
    assert set(ways) == {
        *(
            (way, role)
            for way in ("octets", "machine", "differential")
            for role in ("server", "client")
        ),
        ("live", "server"),
    }


def test_inputs_are_counted(tmp_path: Path) -> None:
    """A campaign of so many inputs tries just so many, whatever the size of its lots."""
    for inputs in (2, 1000, 100_001):
        workers = Here()
        assert campaign(plan(inputs), workers, tmp_path).run().inputs == inputs
        assert sum(lot.inputs for _, lot in workers.given) == inputs


def test_a_short_campaign_tries_everything(tmp_path: Path) -> None:
    """The lots are so small that each kind has its turn."""
    workers = Here()
    campaign(plan(90), workers, tmp_path).run()
    assert {(lot.way, lot.role) for _, lot in workers.given} == {
        (kind.way, kind.role) for kind in toys.TOYS
    }


def test_lots_have_no_more_time_than_the_campaign() -> None:
    """At the end lots get what is left, in a short campaign their share, and else their limit."""
    kinds = tuple(Kind("octets", "server") for _ in range(10))
    assert plan(seconds=50.0, kinds=kinds).patience(3.0, 1) == 3.0
    assert plan(seconds=50.0, kinds=kinds).patience(50.0, 1) == 5.0
    assert plan(seconds=50.0, kinds=kinds).patience(50.0, 2) == 10.0
    assert plan(seconds=9e9, kinds=kinds).patience(9e9, 1) == plans.LOT_SECONDS
    assert plan(10, kinds=kinds).patience(None, 1) == plans.COUNTED_SECONDS


def test_time_ends_a_campaign(tmp_path: Path) -> None:
    """No lot begins when the time is over."""
    tally = campaign(plan(seconds=0.6), Here(), tmp_path).run()
    assert tally.lots
    assert tally.problems == []


# Harvests


def test_a_finding_is_kept_once(tmp_path: Path) -> None:
    """What breaks in the same way is one finding, saved as soon as it has come."""
    watched = Watched()
    tally = campaign(plan(500_000), Here(toys.known), tmp_path, watched).run()
    assert tally.lots > 20
    # One for each kind: the name of a finding has its way and role in it.
    assert len(tally.found) == len(watched.findings) == 3
    assert corpus.load_all(tmp_path, "pygase") == tuple(
        sorted(watched.findings, key=lambda finding: finding.name)
    )


def test_what_is_known_goes_along(tmp_path: Path) -> None:
    """Lots are told what lots of their kind have found, so that nobody looks at it again."""
    workers = Here()
    tally = campaign(plan(500_000), workers, tmp_path).run()
    last = {(lot.way, lot.role): lot.known for _, lot in workers.given}
    for (way, role), known in last.items():
        found = {one.signature for one, _ in tally.found if (one.way, one.role) == (way, role)}
        assert known <= found
        assert known


def test_examples_go_along(tmp_path: Path) -> None:
    """What a lot adds to the example database, later ones of its kind have from the beginning."""
    workers = Here()
    campaign(plan(200_000), workers, tmp_path).run()
    assert workers.given[0][1].examples == ()
    assert b"from" in dict(workers.given[3][1].examples)


def test_what_goes_along_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest examples and signatures go along, up to a number and a size."""
    monkeypatch.setattr(campaigns, "EXAMPLE_OCTETS", 100)
    monkeypatch.setattr(campaigns, "KNOWN", 2)
    numbers = iter(range(1000))

    def work(lot: Lot) -> Harvest:
        number = next(numbers)
        new = toys.finding(lot, f"broken {'abcdefghij'[number % 10]}")
        return Harvest(lot, lot.inputs, 0.0, findings=(new,), examples=((b"", b"%030d" % number),))

    workers = Here(work)
    campaign(plan(400_000, kinds=(toys.TOYS[0],)), workers, tmp_path).run()
    last = workers.given[-1][1]
    assert [value for _, value in last.examples] == [b"%030d" % n for n in (16, 17, 18)]
    assert last.known == {"broken i", "broken j"}


def test_exit_first_ends_at_the_first_finding(tmp_path: Path) -> None:
    """Nothing begins after something was found."""
    tally = campaign(plan(500_000), Here(toys.known), tmp_path, exit_first=True).run()
    assert len(tally.found) == tally.lots == 1


def test_a_lot_counts_once(tmp_path: Path) -> None:
    """A harvest that comes twice is taken in once."""
    tally = campaign(plan(100_000), Here(twice=True), tmp_path).run()
    assert tally.inputs == 100_000


def test_what_was_found_before_ctrl_c_is_there(tmp_path: Path) -> None:
    """An interrupted campaign takes in what is done, and tells that it was interrupted."""

    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    watched = Watched(at_tick=interrupt)
    tally = campaign(plan(500_000), Here(), tmp_path, watched).run()
    assert tally.interrupted
    assert [path.exists() for _, path in tally.found] == [True]


# What goes wrong


def test_a_failing_way_does_not_end_the_others(tmp_path: Path) -> None:
    """A lot that fails is told, its kind given up after some, and all else goes on."""
    watched = Watched()
    tally = campaign(plan(500_000), Here(toys.failing), tmp_path, watched).run()
    assert set(tally.kinds) == {("octets", "server"), ("octets", "client")}
    assert tally.lots > 20
    told, detail = watched.problems[0]
    assert "machine server" in told
    assert "ValueError: the machine is out of order" in told
    assert "in failing" in detail
    assert len(tally.problems) == campaigns.GIVE_UP + 1
    assert "given up" in tally.problems[-1]


def test_nothing_is_left_to_try(tmp_path: Path) -> None:
    """A campaign whose every way fails ends."""
    kinds = (Kind("machine", "server"),)
    tally = campaign(plan(seconds=1e9, kinds=kinds), Here(toys.failing), tmp_path).run()
    assert tally.lots == 0
    assert len(tally.problems) == campaigns.GIVE_UP + 1


def test_an_unreachable_target_ends_a_campaign(tmp_path: Path) -> None:
    """Nobody waits for a target that never was there."""
    kinds = (Kind("live", "server", {"name": "mine"}),)
    tally = campaign(plan(seconds=1e9, kinds=kinds), Here(toys.unreachable), tmp_path).run()
    assert tally.unreachable
    assert tally.problems == ["TargetUnreachable: nothing answers on 127.0.0.1:9"]


def test_a_lot_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    """It is dropped and told when it is overdue, and the next lots run."""
    dropped = []

    class Hanging(Here):
        def take(self, seconds: float) -> list[Done]:
            done = super().take(seconds)
            return [one for one in done if one.number != 1]

        def drop(self, number: int) -> None:
            dropped.append(number)

    class Hasty(plans.Plan):
        def patience(self, *_: object) -> float:
            return 0.0

    hasty = Hasty("pygase", toys.TOYS, 1, inputs=42_000)
    tally = campaign(hasty, Hanging(), tmp_path, grace=0.0).run()
    assert dropped == [1]
    assert tally.lots == 2
    (problem,) = tally.problems
    assert "lot 1 (machine server" in problem
    assert "it did not end within 0 s" in problem


def test_lost_workers_end_a_campaign(tmp_path: Path) -> None:
    """When there is nobody left to give lots to, what has come until then is the result."""

    class Lost(Here):
        def give(self, number: int, lot: Lot) -> None:
            if number == 3:
                raise WorkersLost("the scheduler is gone")
            super().give(number, lot)

    tally = campaign(plan(500_000), Lost(), tmp_path).run()
    assert tally.lots == 3
    assert tally.problems == ["the scheduler is gone"]


# A process


@pytest.fixture
def close() -> Iterator[list[OneProcess]]:
    """Close the workers in the end."""
    workers: list[OneProcess] = []
    yield workers
    for one in workers:
        one.close()


def test_lots_run_in_another_process(tmp_path: Path, close: list[OneProcess]) -> None:
    """A process brings the same as this one would, and tells what memory it takes."""
    close.append(OneProcess(toys.quick))
    tally = campaign(plan(100_000), close[0], tmp_path).run()
    here = campaign(plan(100_000), Here(), tmp_path).run()
    assert tally.inputs == here.inputs
    assert [finding for finding, _ in tally.found] == [finding for finding, _ in here.found]
    assert tally.memory.workers.max > 1 << 20
    assert tally.memory.campaign.max > 1 << 20


def test_the_end_of_a_worker_is_not_the_end(tmp_path: Path, close: list[OneProcess]) -> None:
    """A lot that ends its process is tried once more, told, and the campaign goes on."""
    close.append(OneProcess(toys.deadly))
    tally = campaign(plan(100_000), close[0], tmp_path).run()
    assert tally.lots > 4
    assert "machine server" in tally.problems[0]
    assert "its worker was ended by SIGKILL, 2 times" in tally.problems[0]


def test_a_worker_that_hangs_is_started_again(close: list[OneProcess]) -> None:
    """A lot that is dropped is over, and another one can begin."""
    close.append(OneProcess(toys.hanging))
    lots = plan(42_000)
    close[0].give(1, lots.lot(1))
    assert close[0].take(0.0) == []
    close[0].drop(1)
    close[0].give(2, lots.lot(2))
    (done,) = close[0].take(60.0)
    assert done.number == 2
    assert done.harvest


def test_a_worker_has_only_so_much_memory(tmp_path: Path, close: list[OneProcess]) -> None:
    """One that takes more is ended."""
    close.append(OneProcess(toys.hungry, memory=256 << 20))
    tally = campaign(plan(42_000), close[0], tmp_path).run()
    assert tally.lots == 2
    assert "MiB of memory, 2 times" in tally.problems[0]


# The journal

CAMPAIGN = {"book": "pygase", "seed": 1}


def test_a_campaign_goes_on_from_its_journal(tmp_path: Path) -> None:
    """Of two campaigns with one journal, each lot is finished in one only."""
    path = tmp_path / "night.jsonl"
    runs = []
    for at_most in (3, 1000):
        journal = Journal(path, CAMPAIGN)
        watched = Watched(at_tick=_interrupt_after(at_most))
        workers = Here()
        campaign(plan(200_000), workers, tmp_path, watched, journal=journal).run()
        journal.close()
        runs.append([number for number, _ in workers.given])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    finished = [line["finished"] for line in lines if "finished" in line]
    assert sorted(finished) == list(range(len(finished)))
    assert runs[0] == [0, 1, 2]
    assert runs[1] == list(range(3, len(finished)))
    inputs = sum(line["inputs"] for line in lines if "finished" in line)
    assert inputs == 200_000
    assert seed(path) == 1


def test_what_is_in_the_journal_is_known(tmp_path: Path) -> None:
    """What was found before is not found again."""
    path = tmp_path / "night.jsonl"
    found = []
    for inputs in (100_000, 300_000):
        journal = Journal(path, CAMPAIGN)
        tally = campaign(plan(inputs), Here(toys.known), tmp_path, journal=journal).run()
        journal.close()
        found.append(len(tally.found))
    assert found == [3, 0]


def test_a_torn_line_is_no_harm(tmp_path: Path) -> None:
    """Whoever was killed while writing a line has not finished that lot."""
    path = tmp_path / "night.jsonl"
    journal = Journal(path, CAMPAIGN)
    campaign(plan(100_000), Here(), tmp_path, journal=journal).run()
    journal.close()
    whole = path.read_bytes()
    count = len(journal.finished)
    path.write_bytes(whole[:-20])
    again = Journal(path, CAMPAIGN)
    assert len(again.finished) == count - 1
    campaign(plan(100_000), Here(), tmp_path, journal=again).run()
    again.close()
    last = Journal(path, CAMPAIGN)
    last.close()
    assert last.finished == set(range(count))
    # The line that was torn is the only one that nobody can read.
    torn = [line for line in path.read_text().splitlines() if not line.endswith("}")]
    assert len(torn) == 1


def test_a_journal_is_of_one_campaign(tmp_path: Path) -> None:
    """Another campaign, or any other file, is refused in one line."""
    path = tmp_path / "night.jsonl"
    Journal(path, CAMPAIGN).close()
    with pytest.raises(CommandError, match="another campaign: its seed was 1"):
        Journal(path, {**CAMPAIGN, "seed": 2})
    (tmp_path / "poem").write_text("Roses are red\n")
    with pytest.raises(CommandError, match="no journal"):
        Journal(tmp_path / "poem", CAMPAIGN)


def test_memory_is_compared_with_what_it_was_when_warm() -> None:
    """Imports are no growth: the first sample is the last one before all has run."""
    course = Course()
    for value, warm in ((10, False), (30, False), (40, True), (35, True), (0, True)):
        course.add(value, warm=warm)
    assert course == Course(first=30, last=35, max=40)


def _interrupt_after(lots: int) -> Any:
    def look(tally: Any) -> None:
        if tally.lots >= lots:
            raise KeyboardInterrupt

    return look
