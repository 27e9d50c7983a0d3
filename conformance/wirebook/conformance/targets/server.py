"""The server under test as the cases see it: started when needed, again after it died, and ended.

What may live here: the handle and the three kinds of servers behind it. How a protocol asks "are
you there" is the book's own probe, given as a function.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Protocol

from wirebook.conformance.targets.address import local_address
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.embedded import EmbeddedServer, saves
from wirebook.conformance.targets.ports import can_tell_bound, free_port, is_bound
from wirebook.conformance.targets.process import GRACE_SECONDS, SAVE_FILE, OwnedProcess, fill_in
from wirebook.conformance.targets.tail import Tail
from wirebook.conformance.verdicts import TargetDied, TargetUnreachable, Unsupported

HOST = "127.0.0.1"
Probe = Callable[[tuple[str, int], float], float]

_STARTS = 3
_PROBES = 3
_FIRST_PROBE_SECONDS = 0.25
_LONGEST_PROBE_SECONDS = 2.0
_POLL_SECONDS = 0.01
_FIRST_ANSWER_SECONDS = 3.0
_COMEBACK_SECONDS = 5.0
_ENDING_SECONDS = 0.05
_SAVING_SECONDS = 5.0


class _Running(Protocol):
    """A server that has been started, of whatever kind."""

    tail: Tail

    def alive(self) -> bool: ...

    def stop(self) -> None: ...


class ServerHandle:
    """One server under test; the same handle serves all cases of a worker."""

    host: str
    """Where the server listens."""
    port: int
    """The port it listens on; another one after each start."""
    latency: float
    """Measured seconds from a valid package to its answer; 0 before the first start."""
    probed: bool
    """Whether the suite has already spoken to this server: then no case is its first peer."""

    def __init__(self, target: Target, probe: Probe) -> None:
        if target.server is None:
            raise TargetUnreachable(f"{target.name} has no server")
        self.target = target
        self.host, self.port = HOST, 0
        if target.server.address:
            self.host, self.port = local_address(target.server.address)
        self.latency = 0.0
        self.probed = False
        self.end_expected = False
        self._endpoint: Endpoint = target.server
        self._probe = probe
        self._running: _Running | None = None
        self._tail = Tail()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port

    @property
    def external(self) -> bool:
        """Whether somebody else started the server, and only they can start it again."""
        return bool(self._endpoint.address)

    @property
    def in_use(self) -> bool:
        """Whether it was started, or reached if somebody else did, and has not been ended since."""
        return self.probed if self.external else self._running is not None

    @property
    def save_file(self) -> Path | None:
        """The file that the running server saves itself to; None if it takes none."""
        return Path(self._folder.name, "saved") if self._folder else None

    def alive(self) -> bool:
        """Tell whether the server lives; of an external one only its answer tells."""
        if self.external:
            return self.probed and self.answers()
        return self._running is not None and self._running.alive()

    def answers(self, timeout: float = _LONGEST_PROBE_SECONDS) -> bool:
        """Tell whether the server answers a valid package within the time-out."""
        deadline = time.monotonic() + timeout
        patience = max(_FIRST_PROBE_SECONDS, 4 * self.latency)
        while (left := deadline - time.monotonic()) > 0:
            if self._ask(min(patience, left)) is not None:
                return True
            if not self.external and not self.alive():
                return False
            patience *= 2
        return False

    def output(self, since: int = 0) -> str:
        """Return the last output of the server, from a mark on."""
        return self._tail.text(since) if self._running else ""

    def mark(self) -> int:
        """Return a mark of the output's present end."""
        return self._tail.mark() if self._running else 0

    def how_ended(self) -> str:
        """Say what became of a server that is not alive."""
        if isinstance(self._running, OwnedProcess):
            return self._running.how_ended()
        last = self._tail.last_line() if self._running else ""
        return "stopped answering" + (f": {last}" if last else "")

    def guard_id(self) -> int | None:
        """Return the process whose descendants are the server; None if it has no process."""
        return self._running.guard_id if isinstance(self._running, OwnedProcess) else None

    def expect_end(self) -> None:
        """Say that the case makes the server end, so that its end is not a crash."""
        self.end_expected = True

    def wait_ended(self, timeout: float) -> bool:
        """Wait until the server has ended; tell whether it has."""
        deadline = time.monotonic() + timeout
        while self.alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return not self.alive()

    def settle(self) -> bool:
        """Tell whether the server still lives, after giving one that is dying time to be dead."""
        if isinstance(self._running, OwnedProcess):
            return not self._running.wait_ended(_ENDING_SECONDS)
        return self.alive()

    def ensure(self, *, fresh: bool = False) -> None:
        """Start the server if it does not live; with `fresh`, start it anew in any case.

        A fresh server is not spoken to where the machine shows by itself who listens, so that the
        first socket of the case is the first peer that the server ever sees.
        """
        self.end_expected = False
        if self.external:
            self._reach()
        elif fresh or not self.alive():
            self.stop()
            self._start(fresh=fresh)

    def stop(self) -> None:
        """End the server, if the suite started it."""
        if self.external:
            return
        self._end()
        self._tail = Tail()
        self._forget_files()

    def restart(self, *, keep_files: bool = True) -> None:
        """End the server politely and start it again, with what it has saved or without.

        It may listen on another port afterwards. A server that does not come back is TargetDied.
        """
        if self.external:
            raise Unsupported("the case starts the server again, and this one is an address")
        self.expect_end()
        self._end()
        if not keep_files:
            self._forget_files()
        try:
            self._start(fresh=False)
        except TargetUnreachable as error:
            raise TargetDied(f"did not come back after its end: {error}") from error
        self.end_expected = False

    def kill_hard(self) -> None:
        """Kill the server, without giving it time to save anything."""
        if not isinstance(self._running, OwnedProcess):
            raise Unsupported("the case kills the server, and this one is no process of its own")
        self.expect_end()
        self._running.kill()

    def _end(self) -> None:
        running, self._running = self._running, None
        self.probed = False
        if running is not None:
            running.stop()

    def _forget_files(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    def _file_to_save(self, wanted: bool) -> Path | None:
        if wanted and self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="wirebook-")
        return self.save_file

    def _reach(self) -> None:
        # One that was there before may have somebody who starts it again.
        patience = _FIRST_ANSWER_SECONDS
        if self.probed:
            patience = min(_COMEBACK_SECONDS, self._endpoint.start_seconds)
        if not self.answers(patience):
            raise TargetUnreachable(f"nothing answers on {self.host}:{self.port}")
        if not self.probed:
            self._measure()

    def _start(self, *, fresh: bool) -> None:
        if self._endpoint.embedded:
            file = self._file_to_save(saves(self._endpoint.embedded))
            server = EmbeddedServer(
                self._endpoint.embedded, self.host, save_file=file, tail=self._tail
            )
            self._running, self.port = server, server.port
        else:
            self._start_command(passive=fresh)
        if not fresh:
            self._measure()

    def _start_command(self, *, passive: bool) -> None:
        file = self._file_to_save(any(SAVE_FILE in word for word in self._endpoint.command))
        for remaining in reversed(range(_STARTS)):
            self.port = free_port(self.host)
            command = fill_in(
                self._endpoint,
                python=self.target.python,
                host=self.host,
                port=self.port,
                save_file=file,
            )
            begun = self._tail.mark()
            process = OwnedProcess(
                command,
                cwd=self._endpoint.cwd,
                env=self._endpoint.env,
                grace=_SAVING_SECONDS if file else GRACE_SECONDS,
                tail=self._tail,
            )
            self._running = process
            try:
                self._wait_ready(process, begun, passive=passive)
            except TargetUnreachable:
                # Somebody else may have taken the port meanwhile; that shows as an early end.
                taken = not process.alive() and "in use" in self._tail.text(begun).lower()
                self._end()
                if not (taken and remaining):
                    raise
            except BaseException:
                self._end()
                raise
            else:
                return

    def _wait_ready(self, process: OwnedProcess, begun: int, *, passive: bool) -> None:
        deadline = time.monotonic() + self._endpoint.start_seconds
        shown = re.compile(self._endpoint.ready) if self._endpoint.ready else None
        patience = _FIRST_PROBE_SECONDS
        while process.alive() and (left := deadline - time.monotonic()) > 0:
            silent = shown is not None and not shown.search(self._tail.text(begun))
            if silent or (can_tell_bound() and not is_bound(self.port)):
                process.wait_ended(_POLL_SECONDS)
            elif passive and (shown or can_tell_bound()):
                return
            elif self._ask(min(patience, left)) is not None:
                self.probed = True
                return
            else:
                patience = min(2 * patience, _LONGEST_PROBE_SECONDS)
        if not process.alive():
            raise TargetUnreachable(f"the server's command {process.how_ended()}")
        last = process.tail.last_line()
        raise TargetUnreachable(
            f"the server's command did not answer on port {self.port} within "
            f"{self._endpoint.start_seconds:g} s" + (f"; its last output: {last}" if last else "")
        )

    def _measure(self) -> None:
        answers = [self._ask(_LONGEST_PROBE_SECONDS) for _ in range(_PROBES)]
        times = [seconds for seconds in answers if seconds is not None]
        self.probed = True
        if not times:
            self._end()
            raise TargetUnreachable(f"nothing answers on {self.host}:{self.port}")
        self.latency = median(times)

    def _ask(self, timeout: float) -> float | None:
        began = time.monotonic()
        try:
            return self._probe(self.address, timeout)
        except TimeoutError:
            return None
        except OSError:  # refused at once: ask no faster than a poll
            time.sleep(max(0.0, min(_POLL_SECONDS, timeout - (time.monotonic() - began))))
            return None
