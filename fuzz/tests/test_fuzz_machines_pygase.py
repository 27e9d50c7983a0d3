"""The machines for PyGaSe find what no single datagram shows, and nothing in the reference."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.helpers_machines_pygase import first_found
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.fuzz.lots import Lot, work
from wirebook.fuzz.machines import Broken, replay
from wirebook.fuzz.machines.pygase import machines
from wirebook.reference import mutants

INPUTS = 400
MACHINES = 100

WINDOW: Any = (
    ("serve", {"who": 0, "turns": 8, "delay": 0.0}),
    ("gap", {"who": 0, "gap": 2, "report": "held"}),
    ("wait", {"seconds": 0.3}),
)
"""A late package that the acks have to name."""


@pytest.mark.parametrize("role", ["server", "client"])
def test_nothing_is_found_in_the_reference(role: str) -> None:
    """A machine in virtual time has nothing to say against the reference."""
    harvest = work(Lot("pygase", role, "machine", 1, INPUTS))
    assert harvest.findings == ()
    assert harvest.inputs >= INPUTS / 2
    assert any(label.startswith("Connected:") for label in harvest.seen)


@pytest.mark.parametrize(
    ("role", "mutant", "seed"),
    [
        ("server", "PGS-M127", 1),  # resumes with sequence 1
        ("server", "PGS-M267", 1),  # forgets what a newcomer may have applied
        ("server", "PGS-M042", 1),  # an ack of what was never sent
        ("client", "PGS-M116", 1),  # connects again with its old window
        ("client", "PGS-M298", 1),  # the update of a late package
    ],
)
def test_a_mutant_is_found(role: str, mutant: str, seed: int) -> None:
    """The rule that is found broken is the one that the mutant breaks."""
    requirement, script = first_found(role, mutant, seed, MACHINES)
    assert requirement == mutants.find("pygase", mutant).requirement
    with machines(role, None) as make:
        replay(make, script)


def test_a_live_server_is_judged_by_the_same_machine() -> None:
    """The script that is nothing for the reference in a process shows a mutant in one."""
    with machines("server", _server()) as make:
        replay(make, WINDOW)
    with machines("server", _server("--mutant", "PGS-M006")) as make, pytest.raises(Broken) as info:
        replay(make, (*WINDOW, ("wait", {"seconds": 1.0}), ("wait", {"seconds": 1.4})))
    assert info.value.requirement == "PGS-WIN-002"


def _server(*options: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "wirebook.reference.pygase", *options, "server")
    server = Endpoint(command=(*command, "--port", "{port}"))
    return Target("live", "pygase", ("events", "game-state"), server=server).to_json()
