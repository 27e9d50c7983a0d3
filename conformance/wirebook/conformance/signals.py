"""Signals in a process that runs cases: what Ctrl-C does, and the time limit of a case.

What may live here: handlers of signals, and putting them in place for a while.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Iterator

from wirebook.conformance.judge import CaseTimeout


def interrupt_at_most_once() -> None:
    """Make the first Ctrl-C end the run, and any further one do nothing."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise CaseTimeout in what takes longer than that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def too_long(*_: object) -> None:
        raise CaseTimeout(f"the case took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _interrupt(_number: int, _frame: types.FrameType | None) -> None:
    # A terminal's Ctrl-C reaches a worker twice, by itself and through the controller; the second
    # one would meet it while it ends its targets.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
