"""Runs of the suite on peers that were written from a book by hand, and their mistakes.

What may live here: how such a peer is described and checked, and what its mistakes are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]
"""Where `tests.peers` can be imported."""
WIREBOOK = Path(sys.executable).with_name("wirebook")
SECONDS = 300
FOUND = ("fail", "crash", "nonstrict")


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer of `tests/peers`, one role of one book."""

    module: str
    book: str
    role: str
    prefix: str
    features: Sequence[str] = ()

    def mistakes(self) -> dict[str, str]:
        """Return the mistakes that it can make, each with the requirement that it breaks."""
        source = (FOLDER / "tests" / "peers" / f"{self.module}.py").read_text("utf-8")
        named = re.compile(rf'^    "([\w-]+)": "({self.prefix}-\w+-\d+)",', re.MULTILINE)
        return dict(named.findall(source))

    def conforms(self, *options: str) -> dict[str, str]:
        """Run the suite on it, without a mistake; return the cases that do not pass.

        Those of the first run are run again by themselves: a machine that is busy with other tests
        may be too slow for a case or two, but not for the same ones with less to do.
        """
        failed = self._failed("--jobs", "2", *options)
        if not failed:
            return {}
        names = {name.rpartition("/")[2].partition("[")[0] for name in failed}
        again = self._failed("-k", " or ".join(sorted(names)), *options)
        return {name: verdict for name, verdict in again.items() if name in failed}

    def _failed(self, *options: str) -> dict[str, str]:
        _, summary, _ = self._check("", *options)
        assert summary["cases"], summary
        verdicts = {case["id"]: case["verdict"] for case in summary["cases"]}
        return {name: verdict for name, verdict in verdicts.items() if verdict != "pass"}

    def finds(self, mistake: str, chosen: str) -> None:
        """Check that one of the chosen cases finds the mistake."""
        with tempfile.TemporaryDirectory() as folder:
            chosen_cases = ("--exit-first", "-k", chosen, "--report", folder)
            status, summary, stderr = self._check(mistake, *chosen_cases)
            found = [case["id"] for case in summary["cases"] if case["verdict"] in FOUND]
            log = Path(folder, "events.ndjson")
            said = _reasons(log) if log.exists() else []
        counts = f"exit status {status}, {summary['counts']}"
        assert found, "\n".join([f"{mistake} was not found: {counts}", *said, stderr])

    def _check(self, mistake: str, *options: str) -> tuple[int, dict[str, Any], str]:
        command = [sys.executable, "-m", f"tests.peers.{self.module}", "--mistake", mistake]
        if self.role == "server":
            command += ["--port", "{port}"]
        description = (
            f'name = "by hand"\nprotocol = "{self.book}"\n'
            f"features = {json.dumps(list(self.features))}\n[{self.role}]\n"
            f"command = {json.dumps(command)}\ncwd = {json.dumps(str(FOLDER))}\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "target.toml")
            target.write_text(description, encoding="utf-8")
            run = subprocess.run(
                [str(WIREBOOK), "check", "--target", str(target), "--json", *options],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        assert run.stdout, run.stderr
        return run.returncode, json.loads(run.stdout), run.stderr


def _reasons(log: Path) -> list[str]:
    """Return what became of each case of a run, with its reason."""
    events = [json.loads(line) for line in log.read_text(encoding="ascii").splitlines()]
    results = [event["result"] for event in events if event["event"] == "case-finished"]
    return [f"{one['verdict']} {one['id']}: {one['reason']}" for one in results]
