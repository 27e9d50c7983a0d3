"""Lots of octets: the same each time, and what breaks is found and shrunk."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from wirebook.conformance.corpus import Finding
from wirebook.fuzz import cores, octets
from wirebook.fuzz.lots import Harvest, Lot, work
from wirebook.reference.packetmq import codec as packetmq_codec
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pygase import codec as pygase_codec
from wirebook.reference.pygase.core.server_peer import ServerPeer


def lot(book: str, role: str = "server", seed: int = 1, inputs: int = 2000, **more: Any) -> Lot:
    return Lot(book, role, "octets", seed, inputs, seconds=more.pop("seconds", 300.0), **more)


def only(harvest: Harvest) -> Finding:
    (finding,) = harvest.findings
    return finding


def breaks(finding: Finding, *, without: int | None = None) -> bool:
    """Tell whether a finding's steps break a fresh subject, with all steps or without one."""
    actions = cores.actions_of(json.loads(json.dumps(finding.steps)))
    if without is not None:
        del actions[without]
    return octets.replay(cores.of(finding.book).subject(finding.role), actions) is not None


@pytest.mark.parametrize(
    ("book", "role"), [("pygase", "server"), ("packetmq", "client"), ("pgnet", "server")]
)
def test_the_same_lot_is_the_same_each_time(book: str, role: str) -> None:
    first, second = (octets.work(lot(book, role, inputs=1000)) for _ in range(2))
    assert replace(first, seconds=0) == replace(second, seconds=0)
    assert first.seen
    assert not first.findings
    assert first.covered > 100


def test_what_a_lot_has_kept_is_taken_over_by_the_next() -> None:
    first = octets.work(lot("pygase", "client", inputs=1000))
    assert first.examples
    second = octets.work(lot("pygase", "client", seed=2, inputs=1000, examples=first.examples))
    assert not {*second.examples} & {*first.examples}
    assert second.covered >= first.covered * 0.8


def test_a_lot_ends_when_its_seconds_are_over() -> None:
    harvest = octets.work(lot("pygase", inputs=10**9, seconds=0.0))
    assert harvest.inputs < 1000


def test_a_live_target_is_refused() -> None:
    with pytest.raises(ValueError, match="not for a target"):
        octets.work(lot("pygase", target={"name": "somebody"}))


def plant_in_the_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server trip over packages with a time order that is rare."""
    original = pygase_codec.parse_client_package

    def parse(data: bytes) -> Any:
        fields = original(data)
        if fields.time_order == 0xFFFF:
            raise ZeroDivisionError
        return fields

    monkeypatch.setattr("wirebook.reference.pygase.core.server.parse_client_package", parse)


def plant_in_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it trip over a report that is older than the one before of the same client."""
    original = ServerPeer.receive

    def receive(peer: ServerPeer, fields: Any, size: int, now: float) -> bool:
        if fields.time_order + 20_000 < peer.reported:
            raise OverflowError(f"{fields.time_order} after {peer.reported}")
        return original(peer, fields, size, now)

    monkeypatch.setattr(ServerPeer, "receive", receive)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bug_that_takes_one_input_is_found_and_shrunk_to_it(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    plant_in_the_codec(monkeypatch)
    finding = only(octets.work(lot("pygase", seed=seed)))
    assert len(finding.steps) == 1
    assert finding.signature.startswith("ZeroDivisionError at test_fuzz_octets.parse < server.")
    assert finding.requirements == ("PGS-ERR-001",)
    assert len(bytes.fromhex(str(finding.steps[0]["hex"]))) == 14  # the fixed part alone
    assert breaks(finding)
    assert finding.output


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bug_that_takes_two_inputs_is_found_and_shrunk_to_them(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    plant_in_the_core(monkeypatch)
    finding = only(octets.work(lot("pygase", seed=seed)))
    assert len(finding.steps) == 2
    assert finding.signature.startswith("OverflowError at test_fuzz_octets.receive < server.")
    assert breaks(finding)
    assert not breaks(finding, without=0)
    assert not breaks(finding, without=1)


def test_what_is_known_is_not_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plant_in_the_codec(monkeypatch)
    finding = only(octets.work(lot("pygase")))
    again = octets.work(lot("pygase", known=frozenset({finding.signature})))
    assert not again.findings
    assert again.inputs > 1000  # it went on


def test_a_finding_survives_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    plant_in_the_codec(monkeypatch)
    finding = only(octets.work(lot("pygase")))
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_a_stream_that_breaks_is_shrunk_with_its_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection has to be active for it: two frames before the one in question."""
    original = packetmq_codec.unpack

    def unpack(payload: bytes) -> Any:
        value = original(payload)
        if isinstance(value, list):
            raise KeyError("planted")
        return value

    monkeypatch.setattr("wirebook.reference.packetmq.core.connection.unpack", unpack)
    finding = only(octets.work(lot("packetmq", "client")))
    assert finding.signature.startswith("KeyError at test_fuzz_octets.unpack < connection.")
    assert [step["do"] for step in finding.steps] == ["send"] * 3
    assert breaks(finding)


def test_a_failure_that_a_server_swallows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """PGNet's server refuses a request whose handling fails; its own handlers are not to fail."""

    def leave(*_: Any, **__: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Lobby, "_fault_of_new_game", leave)
    findings = octets.work(lot("pgnet")).findings
    assert findings
    for finding in findings:
        assert finding.signature.startswith("RuntimeError at test_fuzz_octets.leave < lobby.")
        assert 2 <= len(finding.steps) <= 4
        assert breaks(finding)


def test_a_mutant_that_breaks_a_rule_is_found() -> None:
    """Mutants are for good, so it gets a process of its own."""
    broken = lot("packetmq", "server", mutant="PMQ-M003")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        finding = only(pool.submit(work, broken).result())
    assert finding.requirements == ("PMQ-FRM-002",)
    assert len(finding.steps) == 1
