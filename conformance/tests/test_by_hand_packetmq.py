"""The suite against a PacketMQ server that was written from the book, without and with mistakes.

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

PEER = Path(__file__).parent / "peers" / "packetmq_by_hand.py"
WIREBOOK = Path(sys.executable).with_name("wirebook")
MISTAKES = dict(
    re.findall(r'^    "([\w-]+)": "(PMQ-\w+-\d+)",', PEER.read_text("utf-8"), re.MULTILINE)
)

NARROWER = {
    "bin-is-text": "keeps_bin",
    "bin-keys": "server_text",
    "depth-31": "accepts_depth",
    "depth-33": "values_too_deep",
    "early": "drops_early",
    "finish-alone": "without_a_handshake",
    "hasty": "slow_reader",
    "no-reason": "in_every_state",
    "one-a-read": "at_once",
    "reads-on": "after_its_softquit",
    "same-key": "a_key_twice",
    "talks-on": "sends_no",
    "true-is-1": "an_init",
}
"""Parts of the cases' names, where the cases that a mistake fails are very many."""


def check(folder: Path, mistake: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the suite's server cases on the peer; return the exit status and the summary."""
    target = folder / "target.toml"
    command = [sys.executable, str(PEER), "--port", "{port}", "--mistake", mistake]
    target.write_text(
        f'name = "by hand"\nprotocol = "packetmq"\n[server]\ncommand = {json.dumps(command)}\n',
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
    """A server that follows the book passes every case, whatever else it does."""
    status, summary = check(tmp_path, "", "--jobs", "2")
    assert (status, set(summary["counts"])) == (0, {"pass"})


def test_there_are_enough_mistakes() -> None:
    """Thirty mistakes are the least that this file is about."""
    assert len(MISTAKES) >= 30


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(tmp_path: Path, mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the server end, where the broken rule is cited."""
    # The pairs of the state table are many, and each of those that fail takes its time.
    chosen = f"{requirement} and not of_the_table and {NARROWER.get(mistake, 'packetmq')}"
    status, summary = check(tmp_path, mistake, "-k", chosen, "--jobs", "2")
    found = [case["id"] for case in summary["cases"] if case["verdict"] in ("fail", "crash")]
    assert found, summary["counts"]
    assert status == 1
