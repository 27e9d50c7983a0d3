"""A run that is ended from outside: reports are written, and no target is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

SLOW = """
@requires("TOY-A-001")
def test_quick(target_server, target_client):
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-001")
@pytest.mark.parametrize("n", range(4))
def test_slow(target_server, target_client, n):
    ours, theirs = socket.socketpair()
    ours.recv(1)
"""

Find = Callable[[str], Sequence[int]]
Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def marked(workspace: Any, toys: Path) -> str:
    """Give a word in the command lines of this test's targets, and of nobody else's."""
    word = f"marked-{os.getpid()}-{workspace.folder.name}"
    text = workspace.target.read_text().replace('client.py"', f'client.py", "{word}"')
    workspace.write_target(text.replace('"{port}"', f'"{{port}}", "{word}"'))
    workspace.write_cases(SLOW)
    return word


def start(workspace: Any, wait_for: Wait, jobs: int) -> subprocess.Popen[str]:
    """Start a run and wait until it has finished a case and hangs in others."""
    run: subprocess.Popen[str] = workspace.start(jobs=jobs)
    wait_for(lambda: any(e["event"] == "CaseFinished" for e in workspace.events()))
    return run


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("whole_group", [False, True], ids=["process", "group"])
def test_interrupted_run_writes_its_reports_and_ends_its_targets(
    workspace: Any,
    marked: str,
    wait_for: Wait,
    processes_with: Find,
    jobs: int,
    number: signal.Signals,
    whole_group: bool,
) -> None:
    """After Ctrl-C, or a request to end, the reports are whole and every child is gone."""
    run = start(workspace, wait_for, jobs)
    assert processes_with(marked)
    (os.killpg if whole_group else os.kill)(run.pid, number)
    _, stderr = run.communicate(timeout=30)
    events = workspace.events()
    assert (run.returncode, stderr) == (130, "")
    assert [event["event"] for event in events[-2:]] == ["RunFinished", "Closed"]
    assert events[-2]["interrupted"]
    wait_for(lambda: not processes_with(marked))


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_run_leaves_no_target_behind(
    workspace: Any, marked: str, wait_for: Wait, processes_with: Find, jobs: int
) -> None:
    """Even when the suite itself is killed, its targets end."""
    run = start(workspace, wait_for, jobs)
    run.kill()
    run.communicate(timeout=30)
    wait_for(lambda: not processes_with(marked))


def test_finished_run_leaves_no_target_behind(
    workspace: Any, marked: str, processes_with: Find
) -> None:
    """A run that ends by itself ends its targets, too."""
    workspace.run(keyword="quick")
    assert not processes_with(marked)
