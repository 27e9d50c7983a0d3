"""Captures of the reference, made by the suite: whatever its peers do, it breaks nothing.

The suite's own side misbehaves on purpose in these captures, so only the target's side is judged.
"""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from wirebook.conformance import passive

SECONDS = 240
CHOSEN = {
    "pygase": "window or acks or discards_more or begin",
    "packetmq": "handshake or softquit",
    "pgnet": "opening or tunnel",
}
RULES = {"pygase": "PGS-WIN-001", "packetmq": "PMQ-HSK-002", "pgnet": "PGN-TUN-002"}
"""What has to have been looked at, at least."""


@pytest.mark.parametrize("book", CHOSEN)
def test_reference_breaks_nothing_that_a_capture_shows(book: str, tmp_path: Path) -> None:
    """Not one of many captures has a breach of the reference in it: there is no false alarm."""
    wirebook = str(Path(sysconfig.get_path("scripts"), "wirebook"))
    done = subprocess.run(
        [wirebook, "check", book, "--jobs", "2", "-k", CHOSEN[book], "--report", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    captures = sorted((tmp_path / "pcap").glob("*.pcap"))
    assert len(captures) > 30, done.stdout + done.stderr
    looked = 0
    for path in captures:
        role = path.name.split(".")[1].partition("_")[0]
        ledger = passive.judge(book, path.read_bytes())
        assert [f"{path.name}: {one}" for one in ledger.breaches_of(role)] == []
        looked += ledger.held(role).get(RULES[book], 0)
    assert looked > len(captures) // 4
