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
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SPEC = Path(__file__).parents[1]
SCRIPTS = SPEC / "vectors"

REQUIREMENT = re.compile(
    r"(?P<text>(?:^\S[^\n]*\n)+)"
    r"\{ #(?P<id>[A-Z]+-[A-Z]+-\d+) \.req [^}]*data-verify=\"(?P<verify>[a-z ]+)\"",
    re.MULTILINE,
)
BOOKS = sorted({path.parent.name for path in SCRIPTS.glob("*/independent_*.py")})
INDEPENDENT = sorted(SCRIPTS.glob("*/independent_*.py"))

NEEDED = {
    "decode": {"hex", "value"},
    "reject": {"hex"},
    "encode": {"value"},
    "arithmetic": {"op", "a", "b", "value"},
    "window": {"received", "effects", "ack", "ack_bitfield"},
    "merge": {"state", "updates", "value"},
    "sum": {"updates", "value"},
    "stream": {"chunks", "packets"},
    "handshake": {"side", "received", "sent", "state"},
    "session": {"client_private_key", "server_private_key", "messages"},
    "key": {"value"},
    "open": {"hex", "private_key", "public_key"},
    "receive": {"hex", "private_key", "public_key", "read_as"},
    "seal": {"hex", "private_key", "public_key", "nonce", "value"},
}
"""The members of a test, by the kind of a transcript or of cryptography and else by type."""


@cache
def prose(book: str) -> str:
    """Return all chapters of a book."""
    return "\n\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob(f"{book}/*.md"))


@cache
def requirements(book: str) -> dict[str, re.Match[str]]:
    """Return the requirements of a book by their names."""
    return {found["id"]: found for found in REQUIREMENT.finditer(prose(book))}


@cache
def files(book: str) -> dict[str, Any]:
    """Return the documents of a book by the names of their files."""
    folder = SPEC / "wirebook" / "spec" / book / "vectors"
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


@cache
def every_test(book: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the tests of a book, each with its group."""
    return [
        (group, test)
        for document in files(book).values()
        for group in document["groups"]
        for test in group["tests"]
    ]


@pytest.mark.parametrize("book", BOOKS)
def test_prose_is_read(book: str) -> None:
    """Every line of attributes in the prose is found by this module's pattern."""
    lines = re.findall(r"^\{ #[A-Z]+-[A-Z]+-\d+ \.req ", prose(book), re.MULTILINE)
    assert len(requirements(book)) == len(lines)
    assert any("vector" in found["verify"].split() for found in requirements(book).values())


@pytest.mark.parametrize("book", BOOKS)
def test_ids_are_unique(book: str) -> None:
    """No two tests of the book have the same id."""
    counts = Counter(test["id"] for _, test in every_test(book))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("book", BOOKS)
def test_cited_requirements_exist(book: str) -> None:
    """Every test cites at least one requirement, and only such as stand in the prose."""
    assert [test["id"] for _, test in every_test(book) if not test["requirements"]] == []
    cited = {name for _, test in every_test(book) for name in test["requirements"]}
    assert cited <= requirements(book).keys()


@pytest.mark.parametrize("book", BOOKS)
def test_there_are_enough_independent_tests(book: str) -> None:
    """A book has at least 120 tests that share nothing with schema and reference."""
    independent = [
        test
        for document in files(book).values()
        if document["origin"] == "independent"
        for group in document["groups"]
        for test in group["tests"]
    ]
    assert len(independent) >= 120


@pytest.mark.parametrize("book", BOOKS)
def test_requirements_have_vectors(book: str) -> None:
    """What the prose says is checked by vectors is cited by one."""
    cited = {name for _, test in every_test(book) for name in test["requirements"]}
    checked = {
        name for name, found in requirements(book).items() if "vector" in found["verify"].split()
    }
    assert checked - cited == set()


@pytest.mark.parametrize("book", BOOKS)
def test_every_type_has_the_members_it_needs(book: str) -> None:
    """Each test can be run by what the book's chapter says about its type."""
    for group, test in every_test(book):
        assert NEEDED[test.get("kind", group["type"])] <= test.keys(), test["id"]
        assert (group["type"] in ("decode", "encode", "reject")) == ("message" in group)


@pytest.mark.parametrize("book", BOOKS)
def test_results_fit_the_types(book: str) -> None:
    """What is rejected or refused is invalid, and a refused value has no octets."""
    for group, test in every_test(book):
        expected = {"decode": {"valid", "acceptable"}, "reject": {"invalid"}}.get(group["type"])
        if group["type"] == "encode":
            expected = {"valid"} if "hex" in test else {"invalid"}
        if group["type"] == "crypto":
            expected = {"valid", "invalid"}
        assert test["result"] in (expected or {"valid"}), test["id"]


@pytest.mark.parametrize("book", BOOKS)
def test_spans_show_the_fields_of_each_message(book: str) -> None:
    """For each message, at least one test says where the fields are, inside of its octets."""
    decoded = [(group, test) for group, test in every_test(book) if group["type"] == "decode"]
    spanned = {group["message"] for group, test in decoded if "spans" in test}
    assert {group["message"] for group, _ in decoded} <= spanned
    for _, test in decoded:
        size = len(bytes.fromhex(test["hex"]))
        spans = test.get("spans", ())
        assert all(offset + length <= size for offset, length, _ in spans), test["id"]


@pytest.mark.parametrize("script", INDEPENDENT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_script_reproduces_its_file(script: Path, tmp_path: Path) -> None:
    """A script, run with the standard library alone, writes the committed file byte for byte."""
    book = script.parent.name
    command = [sys.executable, "-S", "-m", f"vectors.{book}.{script.stem}", str(tmp_path)]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=SPEC, env=environment, check=True, timeout=60)
    (written,) = tmp_path.iterdir()
    committed = SPEC / "wirebook" / "spec" / book / "vectors" / written.name
    assert written.read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("book", BOOKS)
def test_every_independent_file_has_its_script(book: str) -> None:
    """No file calls itself independent that a script of the folder does not write."""
    named = {
        f"{script.stem.replace('_', '-')}.json"
        for script in INDEPENDENT
        if script.parent.name == book
    }
    independent = {
        name for name, document in files(book).items() if document["origin"] == "independent"
    }
    assert named == independent


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.py")), ids=lambda path: str(path.stem))
def test_script_imports_nothing_that_it_checks(path: Path) -> None:
    """The scripts import each other and the standard library, and nothing else."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= {*sys.stdlib_module_names, "vectors"}
