"""The suite against a PacketMQ client that was written from the book, without and with mistakes.

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

PEER = Path(__file__).parent / "peers" / "packetmq_client_by_hand.py"
ROOT = Path(__file__).parent.parent
WIREBOOK = Path(sys.executable).with_name("wirebook")
MISTAKES = dict(
    re.findall(r'^    "([\w-]+)": "(PMQ-\w+-\d+)",', PEER.read_text("utf-8"), re.MULTILINE)
)
TIMED = {"PMQ-HSK-012", "PMQ-SFQ-003", "PMQ-LIM-005"}
"""What only the cases show that take seconds."""
FOUND = ("fail", "crash", "nonstrict")


def check(folder: Path, mistake: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the suite's client cases on the peer; return the exit status and the summary."""
    target = folder / "target.toml"
    command = [sys.executable, "-m", f"tests.peers.{PEER.stem}", "--mistake", mistake]
    target.write_text(
        'name = "by hand"\nprotocol = "packetmq"\n[client]\n'
        f"command = {json.dumps(command)}\ncwd = {json.dumps(str(ROOT))}\n",
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
    """A client that follows the book passes every case, whatever else it does."""
    status, summary = check(tmp_path, "", "--jobs", "2")
    assert (status, set(summary["counts"])) == (0, {"pass"})


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(tmp_path: Path, mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the client end, where the broken rule is cited."""
    chosen = requirement if requirement in TIMED else f"{requirement} and not client_timers"
    _, summary = check(tmp_path, mistake, "-k", chosen)
    found = [case["id"] for case in summary["cases"] if case["verdict"] in FOUND]
    assert found, summary["counts"]
