"""A command under test as a process of its own that never outlives the suite.

What may live here: starting, watching and ending one command and its descendants, and keeping the
end of its output. What the process says or listens to is not known here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from wirebook.conformance.targets.description import Endpoint
from wirebook.conformance.targets.tail import Tail
from wirebook.conformance.verdicts import TargetUnreachable

GRACE_SECONDS = 2.0
SAVE_FILE = "{save_file}"
"""What stands for the path of a file in a server's command that it saves itself to."""
_LINE_LIMIT = 8192
_ENDED_SECONDS = 0.5
_KILLED_SECONDS = 5.0
_GUARD = Path(__file__).with_name("guard.py")


class OwnedProcess:
    """A command run under the guard: see `guard.py` for why it cannot be orphaned."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str = "",
        env: Mapping[str, str] | None = None,
        control: bool = False,
        grace: float = GRACE_SECONDS,
        tail: Tail | None = None,
    ) -> None:
        self.command = tuple(command)
        self.tail = tail or Tail()
        folder = cwd or None
        if folder and not Path(folder).is_dir():
            raise TargetUnreachable(f"there is no folder {folder} to start the command in")
        if not _runnable(self.command[0], folder):
            raise TargetUnreachable(f'there is no program "{self.command[0]}"')
        watch, self._hold = os.pipe()
        self._grace = grace
        try:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), str(watch), str(grace), *self.command],
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                pass_fds=(watch,),
                stdin=subprocess.PIPE if control else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if control else subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._hold)
            raise TargetUnreachable(f"cannot start a process: {error.strerror}") from error
        finally:
            os.close(watch)
        source = self._guard.stderr if control else self._guard.stdout
        self._reader = threading.Thread(
            target=self._keep, args=(source,), name="target output", daemon=True
        )
        self._reader.start()

    @property
    def stdin(self) -> IO[bytes]:
        """The command's standard input; only of a process made with `control`."""
        if self._guard.stdin is None:
            raise ValueError("the process has no standard input of its own")
        return self._guard.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """The command's standard output; only of a process made with `control`."""
        if self._guard.stdout is None:
            raise ValueError("the process has no standard output of its own")
        return self._guard.stdout

    @property
    def guard_id(self) -> int:
        """The process that runs the command; the command is a child of it."""
        return self._guard.pid

    def alive(self) -> bool:
        """Tell whether the command still runs."""
        return self._guard.poll() is None

    def wait_ended(self, timeout: float) -> bool:
        """Wait until the command has ended; tell whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(timeout)
        return not self.alive()

    def how_ended(self) -> str:
        """Say how the command ended, with its last line of output."""
        # The end of its output is seen a moment before its own.
        self.wait_ended(_ENDED_SECONDS)
        code = self._guard.poll()
        if code is None:
            return "closed its output, but still runs"
        self._reader.join(1.0)
        last = self.tail.last_line()
        return f"ended with {_describe(code)}" + (f": {last}" if last else " and no output")

    def kill(self) -> None:
        """Kill the command, without giving it time for anything."""
        self._guard.send_signal(signal.SIGUSR1)
        self.wait_ended(_KILLED_SECONDS)

    def stop(self) -> None:
        """End the command and everything it started; harmless when it has ended already."""
        if self._hold >= 0:
            os.close(self._hold)
            self._hold = -1
        try:
            self._guard.wait(self._grace + 5.0)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        self._reader.join(1.0)
        for stream in (self._guard.stdin, self._guard.stdout, self._guard.stderr):
            # A reader may still hold a pipe that a runaway grandchild keeps open.
            if stream is not None and not (self._reader.is_alive() and stream.readable()):
                with contextlib.suppress(OSError):
                    stream.close()

    def _keep(self, source: IO[bytes]) -> None:
        for line in iter(lambda: source.readline(_LINE_LIMIT), b""):
            self.tail.append(line.decode("utf-8", "replace"))


def fill_in(
    endpoint: Endpoint, *, python: str, host: str = "", port: int = 0, save_file: Path | None = None
) -> tuple[str, ...]:
    """Return the command with its placeholders replaced."""
    values = {"{host}": host, "{port}": str(port), "{python}": python or sys.executable}
    if save_file is not None:
        values[SAVE_FILE] = str(save_file)
    return tuple(_replace(word, values) for word in endpoint.command)


def _replace(word: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        word = word.replace(placeholder, value)
    return word


def _runnable(program: str, folder: str | None) -> bool:
    if os.sep in program:
        return os.access(Path(folder or ".", program), os.X_OK)
    return shutil.which(program) is not None


def _describe(code: int) -> str:
    number = -code if code < 0 else code - 128
    with contextlib.suppress(ValueError):
        if number > 0:
            return f"{signal.Signals(number).name}"
    return f"status {code}"
