"""Ways to work that are quick, and a watcher and a campaign to try them in.

What may live here: what the tests of campaigns share. Workers import it, too: by its name in
`tests`, which is on the path of every process that a test starts.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from wirebook.conformance.corpus import Finding
from wirebook.conformance.verdicts import TargetUnreachable
from wirebook.fuzz.campaign import Campaign
from wirebook.fuzz.journal import Journal
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.fuzz.plan import Kind, Plan
from wirebook.fuzz.tally import Tally
from wirebook.fuzz.workers import Workers

LOG = "WIREBOOK_TOY_LOG"
"""The environment variable that names the file that `logged` writes into."""
TOYS = (Kind("octets", "server"), Kind("machine", "server"), Kind("octets", "client"))


def quick(lot: Lot) -> Harvest:
    """Find one of three things by the seed, and say what came with the lot."""
    signature = f"broken {lot.seed % 3}"
    new = () if signature in lot.known else (finding(lot, signature),)
    return Harvest(
        lot,
        inputs=lot.inputs,
        seconds=0.001,
        seen=frozenset({"open", f"open:{lot.seed % 5}"}),
        findings=new,
        examples=((b"from", str(os.getpid()).encode()), *((b"got", v) for _, v in lot.examples)),
        covered=lot.seed % 100,
    )


def slow(lot: Lot) -> Harvest:
    """Do the same, but take a while, so that there is time to interfere."""
    time.sleep(0.1)
    return quick(lot)


def logged(lot: Lot) -> Harvest:
    """Do the same, and write into the file that LOG names what began where, and what it knew."""
    _log(lot, "begun", *sorted({value.decode() for key, value in lot.examples if key == b"from"}))
    harvest = slow(lot)
    _log(lot, "ended")
    return harvest


def _log(lot: Lot, *words: str) -> None:
    file = os.open(os.environ[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(file, f"{lot.seed} {os.getpid()} {' '.join(words)}\n".encode())
    os.close(file)


def known(lot: Lot) -> Harvest:
    """Find the same again, whatever is known."""
    return Harvest(lot, lot.inputs, 0.001, findings=(finding(lot, "again and again"),))


def failing(lot: Lot) -> Harvest:
    """Fail, if it is the machine."""
    if lot.way == "machine":
        raise ValueError("the machine is out of order")
    return quick(lot)


def unreachable(lot: Lot) -> Harvest:
    """Reach no target."""
    raise TargetUnreachable("nothing answers on 127.0.0.1:9")


def deadly(lot: Lot) -> Harvest:
    """End the process that works it off, if it is the machine."""
    if lot.way == "machine":
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(lot)


def hanging(lot: Lot) -> Harvest:
    """Never end, if it is the machine."""
    if LOG in os.environ:
        _log(lot, "begun")
    while lot.way == "machine":
        time.sleep(0.01)
    return quick(lot)


def hungry(lot: Lot) -> Harvest:
    """Take more memory than there is for it, if it is the machine."""
    if lot.way == "machine":
        eaten = b"x" * (400 << 20)
        time.sleep(60.0 if eaten else 0.0)
    return quick(lot)


def finding(lot: Lot, signature: str) -> Finding:
    """Return a finding of a lot."""
    return Finding(
        book=lot.book,
        role=lot.role,
        way=lot.way,
        signature=signature,
        what=f"it is {signature}",
        requirements=("PGS-ERR-001",),
        steps=({"do": "send", "peer": 0, "hex": "00"},),
        seed=lot.seed,
    )


@dataclass
class Watched:
    """A watcher that remembers, and calls a function each time that something has come."""

    findings: list[Finding] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    ticks: int = 0
    at_tick: Callable[[Tally], None] = lambda _: None

    def found(self, finding: Finding, path: Path) -> None:
        assert path.exists()
        self.findings.append(finding)

    def trouble(self, problem: str, detail: str) -> None:
        self.problems.append((problem, detail))

    def tick(self, tally: Tally) -> None:
        self.ticks += 1
        self.at_tick(tally)


def plan(
    inputs: int | None = None,
    *,
    seconds: float | None = None,
    kinds: tuple[Kind, ...] = TOYS,
    seed: int = 1,
) -> Plan:
    """Return the plan of a campaign."""
    return Plan("pygase", kinds, seed, seconds=seconds, inputs=inputs)


def campaign(
    plan: Plan,
    workers: Workers,
    folder: Path,
    watched: Watched | None = None,
    *,
    journal: Journal | None = None,
    exit_first: bool = False,
    grace: float = 30.0,
) -> Campaign:
    """Return a campaign that saves into a folder."""
    from wirebook.conformance import corpus

    return Campaign(
        plan,
        workers,
        lambda finding: corpus.save(folder, finding),
        watched or Watched(),
        journal=journal,
        exit_first=exit_first,
        grace=grace,
    )
