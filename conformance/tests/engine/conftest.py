"""What the tests of the engine have in hand: a workspace with toys, and runs of the engine on them.

What may live here: fixtures. The toys themselves are in the folder beside this module.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TOYS = Path(__file__).with_name("toy")
PREAMBLE = """\
import socket
import pytest
from wirebook.conformance.marks import feature, fresh_target, requires, slow
from wirebook.conformance.verdicts import *


def talk(server, data, exchange=None):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(2)
        own.sendto(data, server.address)
        if exchange:
            exchange.sent(data, message="any", local=own.getsockname(), remote=server.address)
        answer = own.recv(2048)
        if exchange:
            exchange.received(answer, message="any", local=own.getsockname(), remote=server.address)
        return answer


def tell(server, data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(data, server.address)
"""
TARGET = f"""\
name = "toy"
protocol = "toy"
features = ["echo"]
[server]
command = ["{{python}}", "{TOYS / "server.py"}", "{{port}}"]
[client]
command = ["{{python}}", "{TOYS / "client.py"}"]
"""


@dataclass(frozen=True)
class Run:
    """A run of the engine that has ended."""

    status: int
    stderr: str
    events: list[dict[str, Any]]

    @property
    def cases(self) -> dict[str, dict[str, Any]]:
        return {e["id"]: e for e in self.events if e["event"] == "CaseFinished"}

    @property
    def verdicts(self) -> dict[str, str]:
        return {name: case["verdict"] for name, case in self.cases.items()}

    @property
    def finished(self) -> dict[str, Any]:
        return next(e for e in self.events if e["event"] == "RunFinished")


class Workspace:
    """A folder with case modules and targets, to run the engine on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = self.write_target(TARGET)

    def write_cases(self, source: str, *, role: str = "server", topic: str = "basic") -> None:
        folder = self.folder / "cases" / "toy"
        folder.mkdir(parents=True, exist_ok=True)
        text = PREAMBLE + textwrap.dedent(source)
        (folder / f"test_{role}_{topic}.py").write_text(text)

    def write_target(self, text: str, name: str = "toy") -> Path:
        path = self.folder / "targets" / name / "target.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def command(self, **options: Any) -> list[str]:
        chosen = {"target": "toy", **options}
        return [sys.executable, str(TOYS / "run.py"), str(self.folder), json.dumps(chosen)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(TOYS), "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(**options),
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def events(self) -> list[dict[str, Any]]:
        path = self.folder / "events.ndjson"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def run(self, **options: Any) -> Run:
        (self.folder / "events.ndjson").unlink(missing_ok=True)
        process = self.start(**options)
        _, stderr = process.communicate(timeout=90)
        return Run(process.returncode, stderr, self.events())


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture(scope="module")
def shared_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("toys"))


@pytest.fixture(scope="session")
def toys() -> Path:
    return TOYS


@pytest.fixture
def wait_for() -> Callable[[Callable[[], object]], None]:
    def wait(condition: Callable[[], object], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            time.sleep(0.02)

    return wait


@pytest.fixture
def processes_with() -> Callable[[str], Sequence[int]]:
    """Give a function that finds the living processes with a word in their command line."""

    def find(word: str) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if word.encode() in command and state != "Z":
                found.append(int(folder.name))
        return found

    return find
