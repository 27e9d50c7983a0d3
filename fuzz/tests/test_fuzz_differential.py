"""The way `differential`: schema and codec agree on everything, and where they do not, it shows."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.corpus import load, save
from wirebook.fuzz import differential, replaying
from wirebook.fuzz.differential import readings
from wirebook.fuzz.differential.inputs import inputs
from wirebook.fuzz.differential.readers import in_process, judged, messages_of, module_of
from wirebook.fuzz.differential.readings import Reading, disagreement
from wirebook.fuzz.differential.shrinking import shrink
from wirebook.fuzz.lots import Harvest, Lot
from wirebook.reference import mutants
from wirebook.reference.packetmq import codec as packetmq_codec
from wirebook.reference.packetmq import messages as packetmq_messages
from wirebook.reference.pgnet import strict_json
from wirebook.reference.pgnet.errors import Malformed
from wirebook.reference.pygase import codec as pygase_codec
from wirebook.spec import books

BOOKS = books.names()
ENOUGH = 400

NAN = float("nan")


def worked_off(book: str, role: str = "server", *, number: int = ENOUGH, seed: int = 1) -> Harvest:
    """Work a lot off."""
    return differential.work(Lot(book, role, "differential", seed, number))


@contextlib.contextmanager
def mutated(book: str, identifier: str) -> Iterator[None]:
    """Make this process a mutant that replaces functions of modules only, for a while."""
    mutants.find(book, identifier)
    ours = [one for name, one in sys.modules.items() if name.startswith("wirebook.reference.")]
    before = [(module, dict(vars(module))) for module in ours]
    mutants.apply(book, identifier)
    try:
        yield
    finally:
        for module, names in before:
            vars(module).update(names)


@pytest.mark.parametrize("role", ["server", "client"])
@pytest.mark.parametrize("book", BOOKS)
def test_schema_and_codec_agree(book: str, role: str) -> None:
    """Whatever the octets, both take them for the same, or both refuse them."""
    harvest = worked_off(book, role, number=ENOUGH)
    assert [finding.what for finding in harvest.findings] == []
    assert harvest.inputs == ENOUGH
    for message in messages_of(book, role):
        classes = {name for name in harvest.seen if name.startswith(f"{message}:")}
        assert f"{message}:accepted" in classes
        assert len(classes) > 1, classes


@pytest.mark.parametrize("book", BOOKS)
def test_inputs_depend_on_the_seed_alone(book: str) -> None:
    """A seed gives the same inputs each time, and another one others."""
    chosen = messages_of(book, "server")

    def drawn(seed: int) -> list[tuple[str, bytes]]:
        return list(islice(inputs(book, chosen, seed), 60))

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (1, 1.0, "int and float"),
        (1, True, "int and bool"),
        ("a", b"a", "str and bytes"),
        (0.0, -0.0, "two of float (zero)"),
        ([1, {"a": [None]}], [1, {"a": [False]}], "NoneType and bool"),
        ([1], [1, 2], "arrays of different lengths"),
        ({"a": 1}, {"b": 1}, "a key of str that one of them lacks"),
        ({1: "x"}, {True: "x"}, "a key of int that one of them lacks"),
        ({"a": 1}, {}, "maps of different sizes"),
        ([1], [object()], "int and object"),
    ],
)
def test_values_differ(one: Any, other: Any, kind: str) -> None:
    """What is different to the protocol is told, in words without figures."""
    parted = disagreement("event", {"schema": Reading(True, one), "codec": Reading(True, other)})
    assert parted is not None
    assert parted.signature == f"schema and codec read a event as different values: {kind}"


@pytest.mark.parametrize(
    "both",
    [
        (Reading(True, [NAN, {"a": NAN}]), Reading(True, [NAN, {"a": NAN}])),
        (Reading(True, {"a": 1, "b": 2}), Reading(True, {"b": 2, "a": 1})),
        (Reading(True, 1), Reading(True)),
        (Reading(False, requirement="PGS-HDR-003"), Reading(False, requirement="PGS-HDR-002")),
    ],
)
def test_readers_agree(both: tuple[Reading, Reading]) -> None:
    """NaN is NaN, order does not count, and why octets are refused is everybody's own affair."""
    assert disagreement("event", dict(zip("ab", both, strict=True))) is None


def test_shrinking_leaves_what_matters() -> None:
    """Octets that do not matter go, or become plain; within the tries that there are."""
    assert shrink(b"abcdXefgY", lambda data: b"X" in data and data.endswith(b"Y")) == b"XY"
    assert shrink(b"\x07" * 9, lambda data: len(data) == 9) == bytes(9)
    tried: list[bytes] = []

    def never(data: bytes) -> bool:
        tried.append(data)
        return False

    assert shrink(bytes(500), never, tries=7) == bytes(500)
    assert len(tried) == 7


def c1_is_nil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PyGaSe's codec read the octet c1 as nil."""
    unpack = pygase_codec.unpack
    monkeypatch.setattr(
        pygase_codec, "unpack", lambda octets: unpack(octets.replace(b"\xc1", b"\xc0"))
    )


def arrays_end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PacketMQ's codec lose the last item of an array."""
    unpack = packetmq_codec.unpack

    def changed(octets: bytes) -> Any:
        value = unpack(octets)
        return value[:-1] if isinstance(value, list) else value

    monkeypatch.setattr(packetmq_messages, "unpack", changed)


def twice_is_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PGNet's codec overlook that a member comes twice."""
    read = strict_json.read

    def changed(text: str | bytes) -> Any:
        try:
            return read(text)
        except Malformed as malformed:
            if malformed.requirement != "PGN-JSN-004":
                raise
            return json.loads(text)

    monkeypatch.setattr(strict_json, "read", changed)


PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "pygase": (c1_is_nil, "PGS-MSG-009: codec takes a"),
    "packetmq": (arrays_end_early, "as different values: arrays of different lengths"),
    "pgnet": (twice_is_once, "PGN-JSN-004: codec takes a request that schema refuses"),
}


@pytest.mark.parametrize("book", BOOKS)
def test_planted_disagreement(book: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A codec that goes wrong is found, in few octets, which then tell when it is mended."""
    plant, told = PLANTED[book]
    with monkeypatch.context() as planted:
        plant(planted)
        findings = [one for one in worked_off(book).findings if told in one.signature]
        assert findings
        kept = load(save(tmp_path, findings[0]))
        assert replaying.still_breaks(kept) == kept.signature
    assert replaying.still_breaks(kept) == ""
    octets = module_of(book).octets(kept.message, bytes.fromhex(str(kept.steps[-1]["hex"])))
    shorter = [octets[:at] + octets[at + 1 :] for at in range(len(octets))]
    with monkeypatch.context() as planted:
        plant(planted)
        again = [judged(in_process(book), kept.message, one) for one in shorter]
    assert kept.signature not in [one.signature for one in again if one]


@functools.cache
def many_inputs(book: str) -> list[tuple[str, bytes]]:
    """Return inputs for a server."""
    return list(islice(inputs(book, messages_of(book, "server"), 1), 1500))


@pytest.mark.parametrize(
    ("book", "mutant", "requirement"),
    [
        ("pygase", "PGS-M061", "PGS-HDR-002"),
        ("pygase", "PGS-M072", "PGS-BOD-002"),
        ("pygase", "PGS-M087", "PGS-MSG-005"),
        ("pygase", "PGS-M091", "PGS-MSG-009"),
        ("packetmq", "PMQ-M025", "PMQ-MSG-002"),
        ("packetmq", "PMQ-M034", "PMQ-MSG-009"),
        ("packetmq", "PMQ-M040", "as different values"),
        ("packetmq", "PMQ-M055", "PMQ-INT-008"),
        ("pgnet", "PGN-M017", "PGN-JSN-002"),
        ("pgnet", "PGN-M021", "PGN-JSN-004"),
        ("pgnet", "PGN-M024", "PGN-JSN-006"),
    ],
)
def test_mutants_of_the_codecs(book: str, mutant: str, requirement: str) -> None:
    """A reference that breaks one rule of reading reads something otherwise than the schema."""
    given = many_inputs(book)
    readers = in_process(book)
    with mutated(book, mutant):
        partings = ((one, judged(readers, *one)) for one in given)
        octets, parted = next(pair for pair in partings if pair[1])
    assert parted is not None
    assert requirement in parted.signature
    assert judged(readers, *octets) is None


def test_known_findings_are_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not shrunk again."""
    c1_is_nil(monkeypatch)
    first = worked_off("pygase")
    known = frozenset(finding.signature for finding in first.findings)
    lot = replace(first.lot, known=known)
    assert known
    assert differential.work(lot).findings == ()


def test_codec_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec that raises what it should not is found, and should have survived."""

    def fail(octets: bytes) -> Any:
        raise KeyError(octets)

    monkeypatch.setattr(pygase_codec, "parse_event", fail)
    (found, *_) = worked_off("pygase", number=200).findings
    assert "codec fails to read a" in found.signature
    assert "KeyError at" in found.signature
    assert found.requirements == ("PGS-ERR-001",)
    assert "Traceback" in found.output


@pytest.mark.parametrize("book", BOOKS)
def test_octets_travel_in_steps(book: str) -> None:
    """What a finding sends has the octets that it is about, and they can be had back."""
    module = module_of(book)
    for message in module.MESSAGES:
        for data in (b"", b"\x01\x02", bytes(40)):
            sent = bytes.fromhex(str(module.steps(message, data)[-1]["hex"]))
            assert data in sent
            assert module.octets(message, sent) == data


def test_unseen_is_no_value() -> None:
    """A value that is not shown is not compared."""
    assert Reading(True).value is readings.UNSEEN
