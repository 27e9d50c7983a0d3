"""The files of vectors themselves: what they cite, what they leave out, and where they come from.

The requirements are read from the prose by a pattern of this module's own, and the files by plain
JSON: what is checked here must not depend on the code that the vectors check.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vectors import octets

SPEC = Path(__file__).parents[1]
FOLDER = SPEC / "wirebook" / "spec" / "pygase" / "vectors"
SCRIPTS = SPEC / "vectors"

REQUIREMENT = re.compile(
    r"(?P<text>(?:^\S[^\n]*\n)+)"
    r"\{ #(?P<id>[A-Z]+-[A-Z]+-\d+) \.req [^}]*data-verify=\"(?P<verify>[a-z ]+)\"",
    re.MULTILINE,
)
PROSE = "\n\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob("pygase/*.md"))
REQUIREMENTS = {found["id"]: found for found in REQUIREMENT.finditer(PROSE)}
BY_VECTOR = sorted(
    name for name, found in REQUIREMENTS.items() if "vector" in found["verify"].split()
)
DISCARDED = sorted(
    name
    for name in BY_VECTOR
    if "MUST discard" in REQUIREMENTS[name]["text"] and not name.startswith("PGS-WIN-")
)

FILES = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
}
GROUPS = [group for document in FILES.values() for group in document["groups"]]
TESTS = [(group, test) for group in GROUPS for test in group["tests"]]
INDEPENDENT = sorted(path.stem for path in SCRIPTS.glob("independent_*.py"))


def of_type(*types: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the tests of these types, each with its group."""
    return [(group, test) for group, test in TESTS if group["type"] in types]


def test_prose_is_read() -> None:
    """Every line of attributes in the prose is found by this module's pattern."""
    assert len(REQUIREMENTS) == len(
        re.findall(r"^\{ #[A-Z]+-[A-Z]+-\d+ \.req ", PROSE, re.MULTILINE)
    )
    assert BY_VECTOR
    assert DISCARDED


def test_ids_are_unique() -> None:
    """No two tests of the book have the same id."""
    counts = Counter(test["id"] for _, test in TESTS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_cited_requirements_exist() -> None:
    """Every test cites at least one requirement, and only such as stand in the prose."""
    assert [test["id"] for _, test in TESTS if not test["requirements"]] == []
    cited = {name for _, test in TESTS for name in test["requirements"]}
    assert cited <= REQUIREMENTS.keys()


def test_there_are_enough_independent_tests() -> None:
    """The book promises at least 120 tests that share nothing with schema and reference."""
    counts = Counter(
        document["origin"]
        for document in FILES.values()
        for group in document["groups"]
        for _ in group["tests"]
    )
    assert counts["independent"] >= 120


def test_captures_of_both_versions_are_there() -> None:
    """All sixty captured datagrams of each original are decoded."""
    for name in ("captured-0.3.1.json", "captured-dev.json"):
        decoded = [
            test
            for group in FILES[name]["groups"]
            if group["type"] == "decode"
            for test in group["tests"]
        ]
        assert (FILES[name]["origin"], len(decoded)) == ("captured", 60)


@pytest.mark.parametrize("name", BY_VECTOR)
def test_requirement_has_a_vector(name: str) -> None:
    """What the prose says is checked by vectors is cited by one."""
    assert [test["id"] for _, test in TESTS if name in test["requirements"]]


@pytest.mark.parametrize("name", DISCARDED)
def test_rejection_has_a_vector(name: str) -> None:
    """Every rejection of the wire format is the first reason of at least one reject test."""
    assert [test["id"] for _, test in of_type("reject") if test["requirements"][0] == name]


@pytest.mark.parametrize("effect", ["newest", "late", "duplicate", "too-late", "invalid"])
def test_effect_of_the_window_has_a_transcript(effect: str) -> None:
    """Everything that the window may do with a sequence is done to one."""
    assert [test["id"] for _, test in of_type("transcript") if effect in test.get("effects", ())]


def test_every_type_has_the_members_it_needs() -> None:
    """Each test can be run by what the book's chapter says about its type."""
    needed = {
        "decode": {"hex", "value"},
        "reject": {"hex"},
        "arithmetic": {"op", "a", "b", "value"},
        "window": {"received", "effects", "ack", "ack_bitfield"},
        "merge": {"state", "updates", "value"},
        "sum": {"updates", "value"},
        "encode": {"value"},
    }
    for group, test in TESTS:
        kind = test.get("kind", group["type"])
        assert needed[kind] <= test.keys(), test["id"]
        assert (group["type"] in ("decode", "encode", "reject")) == ("message" in group)


def test_results_fit_the_types() -> None:
    """What is rejected or refused is invalid, and a refused value has no octets."""
    for group, test in TESTS:
        expected = {"decode": {"valid", "acceptable"}, "reject": {"invalid"}}.get(group["type"])
        if group["type"] == "encode":
            expected = {"valid"} if "hex" in test else {"invalid"}
        assert test["result"] in (expected or {"valid"}), test["id"]


def test_window_transcripts_are_whole() -> None:
    """A transcript has an effect for each sequence, and 32 bits at its end."""
    for _, test in of_type("transcript"):
        if test["kind"] == "window":
            assert len(test["effects"]) == len(test["received"]), test["id"]
            assert re.fullmatch("[01]{32}", test["ack_bitfield"]), test["id"]


@pytest.mark.parametrize("message", ["client-package", "server-package", "package", "shutdown"])
def test_spans_show_the_fields_of_each_message(message: str) -> None:
    """For each message, at least one test says where the fields are, inside of its octets."""
    spanned = [
        test for group, test in of_type("decode") if group["message"] == message and "spans" in test
    ]
    assert spanned
    for test in spanned:
        size = len(bytes.fromhex(test["hex"]))
        assert all(offset + length <= size for offset, length, _ in test["spans"]), test["id"]


def test_octets_agree_with_the_encoder_of_this_folder() -> None:
    """What is written by hand in an encode test is what the hand-made encoder makes of it."""
    for group, test in of_type("encode"):
        if "hex" in test:
            built = octets.package(group["message"], octets.untyped(test["value"]))
            assert built.hex() == test["hex"], test["id"]


@pytest.mark.parametrize("script", INDEPENDENT)
def test_script_reproduces_its_file(script: str, tmp_path: Path) -> None:
    """A script, run with the standard library alone, writes the committed file byte for byte."""
    command = [sys.executable, "-S", "-m", f"vectors.{script}", str(tmp_path)]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=SPEC, env=environment, check=True, timeout=60)
    (written,) = tmp_path.iterdir()
    assert written.read_bytes() == (FOLDER / written.name).read_bytes()


def test_every_independent_file_has_its_script() -> None:
    """No file calls itself independent that a script of the folder does not write."""
    named = {f"{script.replace('_', '-')}.json" for script in INDEPENDENT}
    assert named == {
        name for name, document in FILES.items() if document["origin"] == "independent"
    }


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: str(path.stem))
def test_script_imports_nothing_that_it_checks(path: Path) -> None:
    """The scripts import each other and the standard library, and nothing else."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= {*sys.stdlib_module_names, "vectors"}
