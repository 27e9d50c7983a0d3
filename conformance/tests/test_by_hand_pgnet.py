"""The suite against a PGNet server that was written from the book, without and with mistakes.

What may live here: the proof that a correct stranger passes and that each mistake is found by a
case that cites the rule it breaks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1]
PEER = FOLDER / "tests" / "peers" / "pgnet_by_hand.py"
WIREBOOK = Path(sys.executable).with_name("wirebook")
MISTAKES = dict(
    re.findall(r'^    "([\w-]+)": "(PGN-\w+-\d+)",', PEER.read_text("utf-8"), re.MULTILINE)
)


def check(folder: Path, mistake: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the suite's server cases on the peer; return the exit status and the summary."""
    target = folder / "target.toml"
    command = [sys.executable, "-m", "tests.peers.pgnet_by_hand", "--port", "{port}"]
    target.write_text(
        'name = "by hand"\nprotocol = "pgnet"\nfeatures = ["admin", "scripted-game"]\n'
        f"[server]\ncommand = {json.dumps([*command, '--mistake', mistake])}\n"
        f"cwd = {json.dumps(str(FOLDER))}\n",
        encoding="utf-8",
    )
    run = subprocess.run(
        [str(WIREBOOK), "check", "--target", str(target), "--json", *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return run.returncode, json.loads(run.stdout)


def test_correct_stranger_conforms(tmp_path: Path) -> None:
    """A server that follows the book passes every case that its features are enough for."""
    status, summary = check(tmp_path, "", "--jobs", "2")
    others = {case["id"]: case["verdict"] for case in summary["cases"] if case["verdict"] != "pass"}
    lacking = {one: "unsupported" for one in others if one.startswith("pgnet/server_persistence/")}
    assert others == lacking
    assert status == 0


def test_there_are_enough_mistakes() -> None:
    """A dozen mistakes are the least that this file is about."""
    assert len(MISTAKES) >= 12


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(tmp_path: Path, mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the server end, where the broken rule is cited."""
    status, summary = check(tmp_path, mistake, "-k", requirement)
    found = [case["id"] for case in summary["cases"] if case["verdict"] in ("fail", "crash")]
    assert found, summary["counts"]
    assert status == 1
