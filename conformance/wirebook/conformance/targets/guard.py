"""Runs a command and ends it, with all its children, as soon as the suite is gone.

Started by `process.py` as a script of its own, `python -I -S guard.py WATCH GRACE COMMAND…`, so
nothing of the project is imported here. WATCH is the reading end of a pipe whose other end only the
suite holds: the kernel closes it however the suite ends, even by SIGKILL, so no target outlives it.
SIGTERM asks the guard to end the command politely, SIGUSR1 to kill it at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

# An ignored signal would stay ignored in the command: SIGINT by us, the others by Python itself.
_IGNORED = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the watch pipe does; return its exit status."""
    watch, grace, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    os.set_inheritable(watch, False)
    wake, notify = os.pipe()
    os.set_blocking(notify, False)
    signal.set_wakeup_fd(notify)
    # The handlers only exist so that the signals reach the wake-up pipe.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = _start(command)
    status = None
    while status is None:
        ready, _, _ = select.select([watch, wake], [], [])
        asked = watch in ready
        if wake in ready:
            woken = set(os.read(wake, 64))
            asked |= bool({signal.SIGTERM, signal.SIGHUP} & woken)
            if signal.SIGUSR1 in woken:
                _signal_group(child, signal.SIGKILL)
        status = _finished(child)
        if asked and status is None:
            status = _end(child, wake, grace)
    _signal_group(child, signal.SIGKILL)  # whatever the command left behind
    return status


def _start(command: list[str]) -> int:
    child = os.fork()
    if child:
        # The pipes belong to the command: their other ends have to see when it closes them.
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        return child
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, *_IGNORED):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606 - the command that the user named
    except OSError as error:
        os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _finished(child: int) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG)
    if not pid:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _end(child: int, wake: int, grace: float) -> int:
    _signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([wake], [], [], left)
        if ready:
            os.read(wake, 64)
        status = _finished(child)
        if status is not None:
            return status
    _signal_group(child, signal.SIGKILL)
    _, ended = os.waitpid(child, 0)
    return 128 - os.waitstatus_to_exitcode(ended)


def _signal_group(child: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
