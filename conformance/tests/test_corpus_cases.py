"""The corpus as cases: each finding is played, on whatever target, between positive controls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wirebook.conformance.corpus import Finding, Step, save
from wirebook.conformance.corpus import playing as corpus_playing
from wirebook.conformance.plan import CASES, BookPlan, Plan
from wirebook.conformance.plugin import CaseRunner
from wirebook.conformance.targets import builtin
from wirebook.spec import books

WIREBOOK = Path(sys.executable).with_name("wirebook")
HEADER = "ffd0fab9 0001 0000 00000000 0000"


def finding(signature: str, *datagrams: str, role: str = "server", book: str = "pygase") -> Finding:
    """Return a finding that sends datagrams from one address."""
    steps: list[Step] = [
        {"do": "send", "peer": 0, "hex": bytes.fromhex(one).hex()} for one in datagrams
    ]
    return Finding(book, role, "live", signature, "It dies.", ("PGS-ERR-001",), steps=tuple(steps))


DUPLICATE = finding("a duplicate", HEADER, HEADER)
RESERVED = finding("the octet c1", f"{HEADER} 0001 c1")
HARMLESS = finding("one package", HEADER)


def wirebook(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    words = [str(WIREBOOK), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def cases_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the cases of a run by their IDs."""
    return {case["id"]: case for case in json.loads(done.stdout)["cases"]}


MORTAL = """
import os, sys
from wirebook.cli import main
from wirebook.reference.pygase import codec

parse_event = codec.parse_event
codec.parse_event = lambda octets: os._exit(7) if octets == b"\\xc1" else parse_event(octets)
main(["serve", "pygase", "--port", sys.argv[1]])
"""


def mortal(folder: Path) -> Path:
    """Return the description of a server that ends when it reads the octet c1."""
    path = folder / "mortal.toml"
    command = [sys.executable, "-c", MORTAL, "{port}"]
    path.write_text(
        f'name = "mortal"\nprotocol = "pygase"\nfeatures = ["events", "game-state"]\n'
        f"[server]\ncommand = {json.dumps(command)}\n"
    )
    return path


@pytest.mark.parametrize("book", books.names())
def test_no_finding_no_case(book: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book without findings has no case for them; other cases are collected as ever."""
    monkeypatch.setattr(corpus_playing, "built_in", lambda: tmp_path)
    (target,) = builtin.resolve("reference", (book,), books.names())
    plan = Plan((BookPlan(book, ("server",), target, ""),), CASES)
    runner = CaseRunner(plan)
    (path,) = [module.path for module in plan.modules() if module.topic == "corpus"]
    collector: Any = SimpleNamespace(path=path)

    def plays(link: Any, finding: Finding) -> None:
        """Stand for a case that plays findings."""

    def does_not(link: Any) -> None:
        """Stand for one that does not."""

    assert runner.pytest_pycollect_makeitem(collector, plays) == []
    assert runner.pytest_pycollect_makeitem(collector, does_not) is None
    save(tmp_path, finding("x", HEADER, book=book))
    assert runner.pytest_pycollect_makeitem(collector, plays) is None


def test_each_finding_is_a_case(tmp_path: Path) -> None:
    """The reference lives through findings from one's own folder, each of which is a case."""
    for one in (DUPLICATE, RESERVED, finding("of a client", HEADER, role="client")):
        save(tmp_path, one)
    done = wirebook("check", "pygase", "-k", "server_corpus", "--corpus", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    names = {f"pygase/server_corpus/survives[{one.name}]" for one in (DUPLICATE, RESERVED)}
    found = cases_of(done)
    assert names <= set(found)
    assert {found[name]["verdict"] for name in names} == {"pass"}
    assert not [name for name in found if "client_corpus" in name]


def test_target_that_breaks(tmp_path: Path) -> None:
    """A server that a finding ends crashes in the case of this finding only."""
    for one in (RESERVED, HARMLESS):
        save(tmp_path, one)
    target = mortal(tmp_path)
    broken = wirebook("replay", tmp_path / "pygase" / f"{RESERVED.name}.json", "--target", target)
    assert broken.returncode == 1, broken.stderr
    assert "does not conform: 1 crash" in broken.stdout
    assert f"survives[{RESERVED.name}]@0' --target {target} --corpus {tmp_path}" in broken.stdout
    held = wirebook("replay", tmp_path / "pygase" / f"{HARMLESS.name}.json", "--target", target)
    assert held.returncode == 0, held.stderr


def test_replay_from_anywhere(tmp_path: Path) -> None:
    """A file need not lie in a corpus; without a target it is played on the reference."""
    path = save(tmp_path, DUPLICATE).rename(tmp_path / "mine.json")
    done = wirebook("replay", path, "--json")
    assert done.returncode == 0, done.stderr
    assert "live found this on reference: It dies." in done.stderr
    assert list(cases_of(done)) == [f"pygase/server_corpus/survives[{DUPLICATE.name}]"]


@pytest.mark.original
def test_original_that_dies(tmp_path: Path) -> None:
    """What ends the original server is a crash, with its last output."""
    path = save(tmp_path, DUPLICATE)
    done = wirebook("replay", path, "--target", "pygase-0.3.1", "--json")
    assert done.returncode == 1, done.stderr
    (case,) = cases_of(done).values()
    assert case["verdict"] == "crash"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["check", "pygase", "--corpus", "."], "no finding in ."),
        (["replay", "none.json"], "cannot open none.json"),
        (["check", "pygase", "--pcap", "x.pcap", "--corpus", "."], "--corpus"),
    ],
)
def test_misuse(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    """What makes no sense is refused in one line."""
    words = [str(WIREBOOK), *arguments]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
