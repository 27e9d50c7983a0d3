"""The server under test as the cases see it: started when needed, again after it died, and ended.

What may live here: the handle and the three kinds of servers behind it. How a protocol asks "are
you there" is the book's own probe, given as a function.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from statistics import median
from typing import Protocol

from wirebook.conformance.targets.address import local_address
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.embedded import EmbeddedServer
from wirebook.conformance.targets.ports import can_tell_bound, free_port, is_bound
from wirebook.conformance.targets.process import OwnedProcess, fill_in
from wirebook.conformance.targets.tail import Tail
from wirebook.conformance.verdicts import TargetUnreachable

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

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port

    @property
    def external(self) -> bool:
        """Whether somebody else started the server, and only they can start it again."""
        return bool(self._endpoint.address)

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
        return self._running.tail.text(since) if self._running else ""

    def mark(self) -> int:
        """Return a mark of the output's present end."""
        return self._running.tail.mark() if self._running else 0

    def how_ended(self) -> str:
        """Say what became of a server that is not alive."""
        if isinstance(self._running, OwnedProcess):
            return self._running.how_ended()
        last = self._running.tail.last_line() if self._running else ""
        return "stopped answering" + (f": {last}" if last else "")

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
        running, self._running = self._running, None
        self.probed = False
        if running is not None:
            running.stop()

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
            server = EmbeddedServer(self._endpoint.embedded, self.host)
            self._running, self.port = server, server.port
        else:
            self._start_command(passive=fresh)
        if not fresh:
            self._measure()

    def _start_command(self, *, passive: bool) -> None:
        for remaining in reversed(range(_STARTS)):
            self.port = free_port(self.host)
            process = OwnedProcess(
                fill_in(self._endpoint, python=self.target.python, host=self.host, port=self.port),
                cwd=self._endpoint.cwd,
                env=self._endpoint.env,
            )
            self._running = process
            try:
                self._wait_ready(process, passive=passive)
            except TargetUnreachable:
                # Somebody else may have taken the port meanwhile; that shows as an early end.
                taken = not process.alive() and "in use" in process.tail.text().lower()
                self.stop()
                if not (taken and remaining):
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def _wait_ready(self, process: OwnedProcess, *, passive: bool) -> None:
        deadline = time.monotonic() + self._endpoint.start_seconds
        shown = re.compile(self._endpoint.ready) if self._endpoint.ready else None
        patience = _FIRST_PROBE_SECONDS
        while process.alive() and (left := deadline - time.monotonic()) > 0:
            silent = shown is not None and not shown.search(process.tail.text())
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
            self.stop()
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
