"""The machines for PGNet: quiet on the reference, and quick to see what is wrong with a mutant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers_mutants import findings_on
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.fuzz.lots import Lot, work
from wirebook.fuzz.machines import Broken, Machine, replay
from wirebook.fuzz.machines.pgnet import machines
from wirebook.reference.pgnet.core.server_connection import ServerConnection

SEED = 1
INPUTS = 1200
LIVE_INPUTS = 120
FEATURES = ("persistence", "admin", "scripted-game")


def _target(*, server: Endpoint | None = None, client: Endpoint | None = None) -> Any:
    return Target("target", "pgnet", FEATURES, server=server, client=client).to_json()


REFERENCE = _target(
    server=Endpoint(embedded="wirebook.reference.pgnet.app:serve"),
    client=Endpoint(embedded="wirebook.reference.pgnet.app:client"),
)


@pytest.mark.parametrize("role", ["server", "client"])
def test_nothing_is_found_on_the_reference(role: str) -> None:
    """The model and the reference agree, and the peers get far."""
    harvest = work(Lot("pgnet", role, "machine", SEED, INPUTS, seconds=600.0))
    assert not harvest.findings
    deep = "in a game:ok" if role == "server" else "connected, request under way:time limit"
    assert deep in harvest.seen


@pytest.mark.parametrize(
    ("mutant", "role", "requirement"),
    [
        ("PGN-M041", "server", "PGN-TUN-005"),
        ("PGN-M128", "server", "PGN-CON-004"),
        ("PGN-M153", "client", "PGN-CLI-007"),
        ("PGN-M140", "client", "PGN-CLI-001"),
    ],
)
def test_a_mutant_is_found(mutant: str, role: str, requirement: str) -> None:
    """The finding says which rule is broken; the same seed finds nothing on the reference."""
    found = findings_on("pgnet", role, mutant, seed=SEED, inputs=INPUTS, seconds=600, shrink=False)
    assert [finding.requirements for finding in found] == [(requirement,)]


def test_a_script_is_played_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks what it broke before, and nothing once that is mended."""
    with monkeypatch.context() as broken:
        # Whoever is in a game is never told so (PGN-RSP-004).
        broken.setattr(ServerConnection, "_as_sent", lambda _, __, response: response)
        lot = Lot("pgnet", "server", "machine", SEED, INPUTS, seconds=600.0, shrink=False)
        (found,) = work(lot).findings
        assert found.requirements == ("PGN-RSP-004",)
        with machines("server", None) as make, pytest.raises(Broken) as caught:
            replay(make, found.script)
        assert str(caught.value) == found.what
    with machines("server", None) as make:
        machine = replay(make, found.script)
    assert tuple(machine.subject.steps) == found.steps


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_name_in_a_script_means_the_rule(role: str) -> None:
    """No rule has the name of something else that a machine has."""
    with machines(role, None) as make:
        machine = make()
    for rule in machine.rules:
        name = str(getattr(rule.function, "__name__", ""))
        assert name not in vars(machine)
        assert not hasattr(Machine, name)


@pytest.mark.parametrize("role", ["server", "client"])
def test_nothing_is_found_on_the_live_reference(role: str) -> None:
    """The same machine runs through real WebSockets, in real time."""
    lot = Lot("pgnet", role, "machine", SEED, LIVE_INPUTS, seconds=600.0, target=REFERENCE)
    harvest = work(lot)
    assert not harvest.findings
    assert harvest.inputs


def test_a_live_mutant_is_found() -> None:
    """A user can be connected more than once there (PGN-OPN-008)."""
    wirebook = str(Path(sys.executable).with_name("wirebook"))
    words = ("serve", "pgnet", "--host", "{host}", "--port", "{port}", "--mutant", "PGN-M104")
    target = _target(server=Endpoint(command=(wirebook, *words, "-o", "save-file={save_file}")))
    lot = Lot("pgnet", "server", "machine", SEED, 400, seconds=600.0, target=target, shrink=False)
    (found,) = work(lot).findings
    assert found.requirements in (("PGN-OPN-008",), ("PGN-OPN-005",))
