"""Who works off the lots of a campaign: what a worker does with a lot, and one that is a process.

A lot is never worked off in the process of the campaign: what it attacks may end it, hang it or eat
its memory, and a mutant breaks it for good. What may live here: what all kinds of workers share,
and the single process. Several workers, here or elsewhere, are in `cluster.py`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Protocol

from wirebook.conformance.verdicts import TargetUnreachable
from wirebook.fuzz import lots
from wirebook.fuzz.lots import Harvest, Lot

Work = Callable[[Lot], Harvest]

MEMORY = 2 << 30
"""Octets of memory that a worker may take before it is ended."""
ATTEMPTS = 2
"""How often a lot is begun; one that ends its worker each time is given up."""

_POLL_SECONDS = 0.5
_ENDING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a lot: a harvest, or why there is none."""

    number: int
    harvest: Harvest | None = None
    error: str = ""
    """What went wrong with the lot, in one line."""
    detail: str = ""
    """The traceback, or the last output of a worker that has ended."""
    unreachable: bool = False
    """Whether the target could not be reached."""
    worker: str = ""
    """Who has worked it off."""
    memory: int = 0
    """Octets of memory that the worker takes after it; 0 where that cannot be told."""


class Workers(Protocol):
    """Whoever lots are given to."""

    @property
    def slots(self) -> int:
        """How many lots are worked off at a time."""

    def give(self, number: int, lot: Lot) -> None:
        """Begin with a lot."""

    def take(self, seconds: float) -> list[Done]:
        """Wait until a lot is done, or for so many seconds; return what is done since last time."""

    def drop(self, number: int) -> None:
        """Give a lot up that does not end."""

    def close(self) -> None:
        """End all workers."""


class WorkersLost(Exception):
    """There is nobody to give lots to any more."""


_alone = threading.Lock()
"""Hypothesis' seeds, traces and mutants are one thing for the whole process."""


def run(work: Work, number: int, lot: Lot) -> Done:
    """Work a lot off in this process; whatever happens, something is returned that can be sent."""
    with _alone:
        try:
            harvest = work(lot)
        except Exception as error:
            return Done(
                number,
                error=f"{type(error).__name__}: {error}",
                detail="".join(traceback.format_exception(error)),
                unreachable=isinstance(error, TargetUnreachable),
                worker=_name(),
                memory=memory_of(os.getpid()),
            )
    # What came with the lot is at home already.
    harvest = replace(harvest, lot=replace(lot, known=frozenset(), examples=()))
    return Done(number, harvest, worker=_name(), memory=memory_of(os.getpid()))


def memory_of(process: int) -> int:
    """Return the octets of memory that a process takes, or 0 where the machine does not tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class OneProcess:
    """One worker, a process of its own that is started again when it ends."""

    slots = 1

    def __init__(self, work: Work = lots.work, *, memory: int = MEMORY) -> None:
        self._work = work
        self._memory = memory
        self._output = tempfile.NamedTemporaryFile(prefix="wirebook-worker-")  # noqa: SIM115
        self._at: tuple[int, Lot] | None = None
        self._attempts = 0
        self._start()

    def give(self, number: int, lot: Lot) -> None:
        """Begin with a lot."""
        self._at, self._attempts = (number, lot), 0
        self._begin()

    def take(self, seconds: float) -> list[Done]:
        """Wait until the lot is done, or for so many seconds."""
        deadline = time.monotonic() + seconds
        while self._at is not None:
            left = deadline - time.monotonic()
            ready = wait([self._pipe, self._process.sentinel], max(0.0, min(_POLL_SECONDS, left)))
            if self._pipe in ready and (done := self._received()):
                return [done]
            if ready or memory_of(self._process.pid or 0) > self._memory:
                done = self._died()
                if done is not None:
                    return [done]
            elif left <= 0:
                break
        return []

    def drop(self, number: int) -> None:
        """Give the lot up."""
        if self._at is not None and self._at[0] == number:
            self._at = None
            self._kill()
            self._start()

    def close(self) -> None:
        """End the worker."""
        self._pipe.close()
        if self._at is None:  # an idle one ends by itself then
            self._process.join(_ENDING_SECONDS)
        self._kill()
        self._output.close()

    def _begin(self) -> None:
        self._attempts += 1
        Path(self._output.name).write_bytes(b"")
        # Where the worker has ended meanwhile, `take` sees it.
        with contextlib.suppress(OSError):
            self._pipe.send(self._at)

    def _received(self) -> Done | None:
        try:
            done: Done = self._pipe.recv()
        except (EOFError, OSError):
            return None
        self._at = None
        return done

    def _died(self) -> Done | None:
        """Start the worker again, and the lot with it unless that was the last attempt."""
        if self._at is None:
            return None
        number = self._at[0]
        size = memory_of(self._process.pid or 0)
        self._process.join(_POLL_SECONDS)
        how = _how_ended(self._process.exitcode) if size <= self._memory else _too_large(size)
        self._kill()
        told = Path(self._output.name).read_text("utf-8", errors="replace")
        self._start()
        if self._attempts < ATTEMPTS:
            self._begin()
            return None
        self._at = None
        return Done(number, error=f"its worker {how}, {ATTEMPTS} times", detail=told)

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, other = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(other, self._work, self._output.name))
        self._process.start()
        other.close()

    def _kill(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(pipe: Any, work: Work, output: str) -> None:
    """Work off what comes through a pipe, until it is closed."""
    # A Ctrl-C at the terminal reaches this process, too; the campaign ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    written = os.open(output, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):  # nothing may disturb the terminal
        os.dup2(written, stream)
    # A crash of the interpreter itself is told, too.
    faulthandler.enable()
    with contextlib.suppress(EOFError, OSError):
        while True:
            number, lot = pipe.recv()
            pipe.send(run(work, number, lot))


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _how_ended(status: int | None) -> str:
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _too_large(size: int) -> str:
    return f"took {size >> 20} MiB of memory"
