"""The machines of PacketMQ find what no single frame shows, and nothing on the reference."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.helpers_mutants import findings_on
from wirebook.conformance.corpus import Script
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import (
    BROADCAST,
    CLIENT_IDS,
    ECHO,
    ECHOED,
    FAIL,
    FINISH,
    INIT,
    PUBIDS,
    SOFTQUIT,
    say,
)
from wirebook.conformance.targets import builtin, description
from wirebook.conformance.targets.description import Target
from wirebook.fuzz.lots import become
from wirebook.fuzz.machines import Broken, replay
from wirebook.fuzz.machines.base import signature_of
from wirebook.fuzz.machines.packetmq import machines
from wirebook.fuzz.machines.packetmq.model import Side
from wirebook.spec.packetmq.states import State

SEED, INPUTS = 7, 800

MUTANTS = {
    "PMQ-M085": ("server", "PMQ-SFQ-003"),
    "PMQ-M087": ("server", "PMQ-SFQ-004"),
    "PMQ-M097": ("server", "PMQ-IDS-001"),
    "PMQ-M090": ("client", "PMQ-SFQ-006"),
}
"""Mutants that take several packets, connections or turns to see; role and requirement."""

FAILS: Script = (
    ("join_and_ask", {"slot": 0, "said": [say(FAIL), say(ECHO, 1)], "behind": b"", "cut": [3]}),
)
"""A question that comes together with a packet whose callback fails."""


@pytest.mark.parametrize("role", ["server", "client"])
def test_nothing_is_found_on_the_reference(role: str) -> None:
    """The reference does what the model says, with the seed that reveals the mutants."""
    assert findings_on("packetmq", role, "", seed=SEED, inputs=INPUTS) == ()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_are_found(mutant: str) -> None:
    """What is broken over several packets is found, named by its requirement, and found again."""
    role, requirement = MUTANTS[mutant]
    (finding,) = findings_on("packetmq", role, mutant, seed=SEED, inputs=INPUTS)
    assert finding.requirements == (requirement,)
    assert finding.steps
    assert _replayed(role, mutant, finding.script) == finding.signature
    assert _replayed(role, "", finding.script) == ""


@pytest.mark.parametrize("role", ["server", "client"])
def test_reference_on_the_network(role: str) -> None:
    """The same machine gets along with the reference in real time."""
    (target,) = builtin.resolve("reference", ["packetmq"], ("packetmq", "pygase", "pgnet"))
    script: Script = FAILS + _leaving("violate") if role == "server" else _leaving("slip")
    with machines(role, target.to_json()) as make:
        machine = replay(make, script)
    assert machine.subject.live
    assert "active, confirmed:packet" in machine.seen


def test_mutant_on_the_network(tmp_path: Path) -> None:
    """A process that breaks a rule is found out through its sockets."""
    target = _target(tmp_path, "PMQ-M107")
    with machines("server", target.to_json()) as make, pytest.raises(Broken) as broken:
        replay(make, FAILS)
    assert broken.value.requirement == "PMQ-EXC-004"


def test_side_goes_by_the_table() -> None:
    """The model of a side sends, hands over and takes its leave as the book has it."""
    handled: list[tuple[str, object]] = []
    own = {"conformance:echo": ECHO, "conformance:echoed": ECHOED}
    side = Side(
        own, adaptive=False, application=lambda _, name, value: handled.append((name, value))
    )
    side.begin(0.0)
    octets = frames.init() + frames.pubids(ids=CLIENT_IDS) + frames.finish() + say(ECHO, 5)
    for octet in octets:
        side.take(bytes([octet]), 1.0)
    assert [want.id for want in side.wanted] == [INIT, PUBIDS, FINISH]
    assert (side.state, side.told) == (State.CONFIRMED, [("made",)])
    assert handled == [("conformance:echo", 5)]
    side.take(say(BROADCAST) + say(ECHO, 6), 2.0)
    assert side.wanted[-1].id == SOFTQUIT
    assert not side.wanted[-1].fits({"reason": "reason.unknownpacket"})
    assert side.wanted[-1].fits({"reason": "reason.framing"})
    assert (side.state, side.farewell) == (State.SOFTQUITTED, 7.0)
    assert handled == [("conformance:echo", 5)]


def test_side_has_a_deadline() -> None:
    """A side that is not confirmed in time wants to leave, at the time that the book says."""
    side = Side({}, adaptive=True, application=lambda *_: None)
    side.begin(1.0)
    side.pass_to(5.9)
    assert not side.over
    side.pass_to(6.5)
    assert (side.wanted[-1].due, side.told) == (6.0, [("lost", "reason.timeout")])


def _leaving(rule: str) -> Script:
    """Return a script that breaks a rule, and one that is broken by nobody."""
    bad: dict[str, object] = {"slot": 1, "bad": bytes(4), "cut": [2]}
    more = (
        {"before": frames.init(), "behind": frames.init()}
        if rule == "violate"
        else {"variant": 3, "kind": 1, "raw": True}
    )
    return ((rule, {**bad, **more}), ("end", {"slot": 1}), ("reset", {"slot": 0}))


def _target(folder: Path, mutant: str) -> Target:
    file = folder / "mutant.toml"
    command = [sys.executable, "-m", "wirebook.reference.packetmq", "--mutant", mutant]
    command += ["server", "--port", "{port}"]
    file.write_text(f'name = "mutant"\nprotocol = "packetmq"\n[server]\ncommand = {command}\n')
    return description.load(file, ("packetmq",))


def _replayed(role: str, mutant: str, script: Script) -> str:
    """Return the signature of what a script shows on a mutant, in a process of its own."""
    if not mutant:
        return _replay(role, script)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(_replay_on, role, mutant, script).result()


def _replay_on(role: str, mutant: str, script: Script) -> str:
    become("packetmq", mutant)
    return _replay(role, script)


def _replay(role: str, script: Script) -> str:
    with machines(role, None) as make:
        try:
            replay(make, script)
        except Broken as broken:
            return signature_of(broken)
    return ""
