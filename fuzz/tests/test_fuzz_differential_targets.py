"""The way `differential` on servers that run: what they take shows in what they say."""

from __future__ import annotations

import sys

import pytest

from wirebook.conformance.targets import builtin
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.fuzz import differential
from wirebook.fuzz.differential import on_target
from wirebook.fuzz.differential.asking import AskedTarget
from wirebook.fuzz.differential.readers import requirements_of
from wirebook.fuzz.differential.readings import Reading, disagreement
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.reference.pygase import codec
from wirebook.spec import books

BOOKS = books.names()

MORTAL = """
import os, sys
from wirebook.cli import main
from wirebook.reference.pygase import codec

parse_event = codec.parse_event
codec.parse_event = lambda octets: os._exit(7) if b"\\xc1" in octets else parse_event(octets)
main(["serve", "pygase", "--port", sys.argv[1]])
"""


def reference(book: str) -> Target:
    """Return the server of the reference, in a thread of this process."""
    return builtin.resolve("reference", (book,), BOOKS)[0]


def worked_off(target: Target, number: int, *, seed: int = 1, role: str = "server") -> Harvest:
    """Work a lot off on a target."""
    book = target.protocol
    return differential.work(
        Lot(book, role, "differential", seed, number, seconds=30.0, target=target.to_json())
    )


@pytest.mark.parametrize("book", BOOKS)
def test_reference_takes_what_the_schema_takes(book: str) -> None:
    """The reference answers what the schema accepts, with the same values, and nothing else."""
    harvest = worked_off(reference(book), 96)
    assert [finding.what for finding in harvest.findings] == []
    assert harvest.inputs == 96
    assert len(harvest.seen) > 2
    assert [name for name in harvest.seen if name.endswith(":accepted")]


def test_server_that_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reads the octet c1 as nil is found, and holds again when it is mended."""
    monkeypatch.setattr(on_target, "_TRIES", 12)
    unpack = codec.unpack
    with monkeypatch.context() as planted:
        planted.setattr(codec, "unpack", lambda data: unpack(data.replace(b"\xc1", b"\xc0")))
        found = worked_off(reference("pygase"), 800, seed=2).findings
        (finding,) = [one for one in found if one.requirements == ("PGS-MSG-009",)]
        told = "PGS-MSG-009: reference takes a client-package that schema refuses"
        assert finding.signature == told
        assert differential.replay(finding, reference("pygase").to_json()) == told
    assert differential.replay(finding, reference("pygase").to_json()) == ""


def test_values_come_back() -> None:
    """What a server echoes is what it has read; what it refuses ends the connection."""
    with AskedTarget("packetmq", reference("packetmq").to_json()) as asked:
        readings = asked.read([b"\x01", b"\xa1a", b"\xc1", b"\x91\xcb" + bytes(8)], 1e12)
    assert readings[:2] == [Reading(True, 1), Reading(True, "a")]
    assert not readings[2].taken
    assert readings[3].value == [0.0]


def test_server_that_dies() -> None:
    """A server that ends is started again, and what ended it is found."""
    command = (sys.executable, "-c", MORTAL, "{port}")
    mortal = Target("mortal", "pygase", ("events",), server=Endpoint(command=command))
    good = bytes.fromhex("ffd0fab9 0001 0000 00000000 0000")
    with AskedTarget("pygase", mortal.to_json()) as asked:
        first, deadly, last = asked.read([good, good + b"\0\1\xc1", good], 1e12)
    assert first.taken
    assert last.taken
    assert deadly.failed
    parted = disagreement("client-package", {"mortal": deadly})
    assert parted is not None
    assert parted.signature == f"mortal fails to read a client-package: {deadly.failed}"
    assert requirements_of("pygase", parted) == ("PGS-ERR-001",)


def test_clients_are_not_asked() -> None:
    """What a client takes shows to its application only."""
    assert worked_off(reference("pygase"), 10, role="client").inputs == 0
