"""Commands under test as processes: their output, and that nothing of them is left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from wirebook.conformance.targets.description import Endpoint
from wirebook.conformance.targets.process import OwnedProcess, fill_in
from wirebook.conformance.targets.tail import Tail
from wirebook.conformance.verdicts import TargetUnreachable

Find = Callable[[str], Sequence[int]]
Wait = Callable[[Callable[[], object]], None]
Start = Callable[..., OwnedProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that runs Python code as a command, and end it afterwards."""
    started: list[OwnedProcess] = []

    def run(code: str, *arguments: str, **options: object) -> OwnedProcess:
        command = [sys.executable, "-c", code, *arguments]
        process = OwnedProcess(command, grace=0.3, **options)  # type: ignore[arg-type]
        started.append(process)
        return process

    yield run
    for process in started:
        process.stop()


def test_output_of_both_streams_is_kept(start: Start) -> None:
    """What a server writes to either stream is its output."""
    process = start("import sys; print('out'); print('err', file=sys.stderr)")
    assert process.wait_ended(10)
    process.stop()
    assert sorted(process.tail.text().split()) == ["err", "out"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('one'); print('two')", "ended with status 0: two"),
        ("raise SystemExit('broken')", "ended with status 1: broken"),
        ("import os; os.kill(os.getpid(), 11)", "ended with SIGSEGV and no output"),
        ("import sys; sys.exit(77)", "ended with status 77 and no output"),
    ],
)
def test_end_is_told_with_the_last_line(start: Start, code: str, told: str) -> None:
    """How a command ended is said with its status, or signal, and its last line."""
    process = start(code)
    process.wait_ended(10)
    assert process.how_ended() == told


def test_stop_ends_a_command_that_ignores_sigterm(start: Start, wait_for: Wait) -> None:
    """A command that will not end by itself is killed."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\nwhile True: time.sleep(60)"
    )
    process = start(code)
    wait_for(lambda: "ready" in process.tail.text())
    process.stop()
    assert process.how_ended() == "ended with SIGKILL: ready"


def test_stop_ends_what_the_command_started(
    start: Start, wait_for: Wait, processes_with: Find, tmp_path: Path
) -> None:
    """The children of a command end with it."""
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    )
    word = str(tmp_path)
    process = start(code, word)
    wait_for(lambda: "ready" in process.tail.text())
    process.stop()
    wait_for(lambda: not processes_with(word))


def test_end_of_a_command_ends_what_it_left_behind(
    start: Start, wait_for: Wait, processes_with: Find, tmp_path: Path
) -> None:
    """A command that ends by itself takes its children along."""
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)"
    )
    word = str(tmp_path)
    process = start(code, word)
    assert process.wait_ended(10)
    wait_for(lambda: not processes_with(word))


def test_stopping_twice_is_harmless(start: Start) -> None:
    """A command that has ended can be stopped again."""
    process = start("pass")
    process.stop()
    process.stop()
    assert not process.alive()


def test_environment_and_folder_are_those_of_the_description(start: Start, tmp_path: Path) -> None:
    """A command runs in its folder, with its variables on top of ours."""
    code = "import os; print(os.getcwd(), os.environ['MOOD'])"
    process = start(code, cwd=str(tmp_path), env={"MOOD": "bright"})
    process.wait_ended(10)
    process.stop()
    assert process.tail.text() == f"{tmp_path} bright\n"


@pytest.mark.parametrize("program", ["no-such-program", "./no-such-program"])
def test_program_that_is_not_there_is_named(program: str) -> None:
    """A command that cannot be run is told without a process being started."""
    with pytest.raises(TargetUnreachable, match="there is no program"):
        OwnedProcess([program])


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A folder that does not exist is told before the command is blamed."""
    with pytest.raises(TargetUnreachable, match="there is no folder"):
        OwnedProcess([sys.executable], cwd=str(tmp_path / "gone"))


def test_placeholders_are_filled_in() -> None:
    """A command gets the host, the port and the interpreter wherever it names them."""
    endpoint = Endpoint(command=("{python}", "--at={host}:{port}", "{other}"))
    filled = fill_in(endpoint, python="/opt/python", host="127.0.0.1", port=80)
    assert filled == ("/opt/python", "--at=127.0.0.1:80", "{other}")


def test_tail_forgets_the_oldest() -> None:
    """Output is bounded: the last of it is kept."""
    tail = Tail(limit=10)
    tail.append("abcdefgh")
    tail.append("ijklmnop")
    assert tail.text() == "ghijklmnop"


def test_tail_returns_what_came_after_a_mark() -> None:
    """A mark stays right when the text before it is forgotten."""
    tail = Tail(limit=10)
    tail.append("abcdef")
    mark = tail.mark()
    tail.append("ghijklm")
    assert tail.text(mark) == "ghijklm"
