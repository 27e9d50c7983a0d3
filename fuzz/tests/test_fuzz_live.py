"""Fuzzing of live targets: each way to fail is found, shrunk and named, and nothing else is."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers_toys import toy, toy_json
from wirebook.conformance.corpus import Finding
from wirebook.conformance.errors import CommandError
from wirebook.fuzz.live import service
from wirebook.fuzz.live.hunting import work
from wirebook.fuzz.live.stand import Limits, Stand
from wirebook.fuzz.live.targets import target_of
from wirebook.fuzz.lots import Harvest, Lot

LIMITS = Limits(silence=1.0, service=False, search=60.0, octets_search=10.0)
"""The searches come to an end by themselves, however much this machine has to do."""


def lot_of(folder: Path, fault: str, inputs: int = 2000, **more: object) -> Lot:
    """Return a lot whose target is a toy."""
    target = toy_json(folder, fault)
    return Lot("pygase", "server", "live", 7, inputs, seconds=120.0, target=target, **more)  # type: ignore[arg-type]


def one_of(harvest: Harvest) -> Finding:
    """Return the one finding of a lot."""
    (found,) = harvest.findings
    assert found.way == "live"
    assert found.requirements == ("PGS-ERR-001",)
    return found


def test_rare_octet(tmp_path: Path) -> None:
    """A datagram that ends the target is found, shrunk, named, and ends it again."""
    found = one_of(work(lot_of(tmp_path, "octet"), LIMITS))
    assert found.signature == "error at toy.decoded < toy.take < toy.<module>"
    assert "ValueError" in found.output
    (step,) = found.steps
    octets = bytes.fromhex(str(step["hex"]))
    assert b"\xc1" in octets
    assert len(octets) <= 20
    with Stand(toy(tmp_path, "octet")) as stand:
        failure = stand.trial(found.steps, "end", linger=0.1)
    assert failure is not None
    assert failure.signature == found.signature


def test_sequence_of_two(tmp_path: Path) -> None:
    """What takes two datagrams of one peer is shrunk to these two."""
    found = one_of(work(lot_of(tmp_path, "pair"), LIMITS))
    assert found.signature == "error at toy.take < toy.<module>"
    first, second = found.steps
    assert first["hex"] == second["hex"]
    assert first["peer"] == second["peer"] == 0


def test_hang(tmp_path: Path) -> None:
    """A target that lives and does not answer hangs; its stack says where."""
    found = one_of(work(lot_of(tmp_path, "hang", 150), replace(LIMITS, octets_search=0.0)))
    assert found.signature == "hang at toy.hold < toy.take < toy.<module>"
    assert found.what == "The process lives but does not answer."
    assert len(found.steps) == 1


@pytest.mark.parametrize(("fault", "signature"), [
    ("memory", "memory growth"),
    ("descriptors", "descriptors growth"),
    ("spin", "cpu spin"),
])  # fmt: skip
def test_what_does_not_come_to_rest(tmp_path: Path, fault: str, signature: str) -> None:
    """What a target keeps, or goes on doing, when all peers have left is found and shrunk."""
    found = one_of(work(lot_of(tmp_path, fault), replace(LIMITS, octets_search=0.0)))
    assert found.signature == signature
    assert len(found.steps) == 1


def test_serves_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that answers, and did serve its clients at first, has to go on with it."""
    served = itertools.chain([True], itertools.repeat(False))
    monkeypatch.setattr(service, "is_served", lambda *_: next(served))
    with Stand(toy(tmp_path, "")) as stand:
        stand.ensure()
        failure = stand.rest()
    assert failure is not None
    assert (failure.kind, failure.signature) == ("deaf", "serves nobody")


@pytest.mark.parametrize("book", ["packetmq", "pgnet", "pygase"])
def test_reference_serves(book: str) -> None:
    """Those who do nothing wrong are served, in the terms of each book."""
    with Stand(target_of(Lot(book, "server", "live", 1, 1))) as stand:
        stand.ensure()
        assert stand.rest() is None
        stand.limits = replace(stand.limits, octets=-(1 << 40))
        failure = stand.rest()
    assert failure is not None
    assert failure.kind == "memory"


def test_nothing_wrong(tmp_path: Path) -> None:
    """A target that bears everything yields nothing."""
    harvest = work(lot_of(tmp_path, ""), replace(LIMITS, silence=5.0))
    assert not harvest.findings
    assert harvest.inputs >= 2000
    assert "Connecting:newest" in harvest.seen


def test_reference_yields_nothing() -> None:
    """Without a target, it is the reference, in a process of its own."""
    harvest = work(Lot("pygase", "server", "live", 1, 1000, seconds=30.0))
    assert not harvest.findings
    assert harvest.inputs >= 1000


def test_known_is_not_found_again(tmp_path: Path) -> None:
    """What is known is neither shrunk nor told again, and the kinds that lead to it come less."""
    known = frozenset({"error at toy.decoded < toy.take < toy.<module>"})
    harvest = work(lot_of(tmp_path, "octet", 400, known=known), LIMITS)
    assert not harvest.findings
    ((key, told),) = harvest.examples
    assert key == b"live: kinds of plays"
    assert b"mutated" in told


@pytest.mark.parametrize(("role", "address", "message"), [
    ("client", "", "no role client"),
    ("server", "127.0.0.1:4711", "cannot be started again"),
])  # fmt: skip
def test_refusals(tmp_path: Path, role: str, address: str, message: str) -> None:
    """What cannot be started by the fuzzer, or is no server, is refused in one line."""
    target = toy_json(tmp_path, "")
    if address:
        target["server"] |= {"command": [], "address": address}
    with pytest.raises(CommandError, match=message):
        work(Lot("pygase", role, "live", 1, 10, target=target))
