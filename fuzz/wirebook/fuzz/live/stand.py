"""The stand that a target is tried on: started, played to, watched, and started again.

Theory of operation. A target fails in one of six ways. It *ends*, or it *hangs*: both are seen at
once, by asking it whether it is there after each burst. It takes ever more *memory* or
*descriptors*, it *spins*, or it is *deaf*, which is to say that it answers, but serves nobody any
more: these are seen when all peers have left and it ought to rest. What may live here: the target's
process and what became of it. What to send is not known here.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.steps import StepPlayer
from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetUnreachable
from wirebook.fuzz.live import service, vitals
from wirebook.fuzz.live.ending import Ending, Failure, ask_for_stack
from wirebook.fuzz.live.targets import package_of

_FIRST_PATIENCE = 0.05
_LONGEST_PATIENCE = 1.0
_CHUNK = 16
"""Steps after which a trial looks whether the target is still there."""
_MANY = 256
"""So many steps a trial of growth takes, or more if it has to repeat many of them."""
_TIMES = 8
_CLOSE_SECONDS = 1.5
_ATTEMPTS = 3
_START_SECONDS, _SLOWEST = 0.3, 5.0
"""A machine on which a start takes longer has much to do, and a dying target takes longer, too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a target may go."""

    silence: float = 3.0
    """Seconds without an answer."""
    octets: int = 64 << 20
    """Octets on top of what it had at first, when all its peers have left."""
    descriptors: int = 64
    trial_octets: int = 8 << 20
    """The same for one trial, which is shorter."""
    trial_descriptors: int = 4
    service: bool = True
    """Whether it has to serve a client of its own that does nothing wrong."""
    search: float = 5.0
    """Seconds that the search for steps to a failure may take, and that for fewer of them."""
    octets_search: float = 1.0
    """Seconds that octets are left out then."""


class Stand:
    """A target, and everything that is done to it."""

    def __init__(self, target: Target, limits: Limits | None = None) -> None:
        if target.server is None:
            raise CommandError(f"{target.name} has no server", hint="live fuzzing needs one")
        drivers = f"wirebook.conformance.drivers.{target.protocol}"
        self._probe = importlib.import_module(drivers).probe
        self._players = importlib.import_module(f"{drivers}.steps")
        self._target = target
        self._handle = ServerHandle(target, self._probe)
        self._spares = ThreadPoolExecutor(1, "spare target")
        self._spare: Future[ServerHandle] | None = None
        self.limits = limits or Limits()
        self._ending = Ending(package_of(target))
        self._first: vitals.Vitals | None = None
        self._served: bool | None = None
        self._slowness = 1.0
        self.starts = 0
        """How often the target was started."""
        self.used = False
        """Whether a peer has spoken to it since."""
        self.late = False
        """Whether it was a while after the last step that the last trial has ended the target."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.stop()
        if self._spare is not None:
            with contextlib.suppress(TargetUnreachable):
                self._spare.result().stop()
        self._spares.shutdown()

    def ensure(self, *, fresh: bool = False) -> bool:
        """Start the target if it does not live, or in any case; tell whether it was started."""
        if not (fresh and self.used) and self._handle.alive():
            return False
        self._handle.stop()
        self._handle = self._started()
        self.starts += 1
        self.used = False
        self.check()
        self._first = self._vitals()
        return True

    def stop(self) -> None:
        """End the target."""
        self._handle.stop()

    def player(self) -> StepPlayer:
        """Return a player whose peers the target does not know yet."""
        self.used = True
        link = Link(self._handle.address, alive=self._handle.alive)
        made: StepPlayer = self._players.Player(link, recorded=False)
        return made

    def check(self, linger: float = 0.0) -> Failure | None:
        """Ask the target whether it is there; a dying one has some more seconds to be dead."""
        if self._ended(0.0):
            return self._end()
        patience = max(_FIRST_PATIENCE, 4 * self._handle.latency)
        deadline = time.monotonic() + self.limits.silence
        while not self._asked(patience):
            if self._ended(0.0):
                return self._end()
            if time.monotonic() > deadline:
                return self._hang()
            patience = min(2 * patience, _LONGEST_PATIENCE)
        return self._end() if linger and self._ended(linger * self._slowness) else None

    def rest(self) -> Failure | None:
        """See what the target takes, which has to have no peers any more."""
        failure = self.check()
        guard = self._handle.guard_id()
        if failure is not None or guard is None:
            return failure
        if vitals.spins(guard):
            what = "The process is busy although nobody asks it for anything."
            return Failure("spin", "cpu spin", what)
        if self.limits.service and self._can_serve() and not self._serves():
            return self._deaf()
        now, first = self._settled(), self._first
        if first is None or now is None:
            return None
        if now.octets - first.octets > self.limits.octets:
            return self._growth("memory", first.octets, now.octets)
        if now.descriptors - first.descriptors > self.limits.descriptors:
            return self._growth("descriptors", first.descriptors, now.descriptors)
        return None

    def trial(self, steps: Sequence[Step], kind: str, *, linger: float) -> Failure | None:
        """Play steps from new peers, and return what became of the target."""
        self.ensure()
        if kind in ("memory", "descriptors"):
            return self._growing(steps, kind)
        failure = self._play(steps)
        self.late = failure is None
        if failure is None:
            failure = self.check(linger) if kind in ("end", "hang") else self.rest()
        if failure is not None:
            self.stop()
        return failure

    def culprit(self, steps: Sequence[Step], linger: float) -> int | None:
        """Play steps one by one; return how many it took to end the target or to make it hang."""
        self.ensure(fresh=True)
        player = self.player()
        try:
            for number, step in enumerate(steps, 1):
                player.do(step)
                if self.check() is not None:
                    return number
            return len(steps) if self.check(linger) is not None else None
        finally:
            player.close()
            if not self._handle.alive():
                self.stop()

    def _started(self) -> ServerHandle:
        """Start the target; one that has ended before gets a spare one, started meanwhile."""
        spare, self._spare = self._spare, None
        handle = spare.result() if spare is not None else self._start()
        if not handle.alive():
            handle = self._start()
        if self.starts:
            self._spare = self._spares.submit(self._start)
        return handle

    def _start(self) -> ServerHandle:
        handle = ServerHandle(self._target, self._probe)
        began = time.monotonic()
        handle.ensure(fresh=True)
        seconds = time.monotonic() - began
        self._slowness = min(_SLOWEST, max(1.0, seconds / _START_SECONDS))
        return handle

    def _play(self, steps: Iterable[Step], *, asking: bool = True) -> Failure | None:
        player = self.player()
        try:
            for number, step in enumerate(steps, 1):
                player.do(step)
                if number % _CHUNK == 0:
                    player.drain()
                    if self._ended(0.0):
                        return self._end()
            return self.check() if asking else None
        finally:
            player.close()

    def _growing(self, steps: Sequence[Step], kind: str) -> Failure | None:
        """Play steps again and again, each time from new peers, and see what the target keeps."""
        times = max(_TIMES, _MANY // max(1, len(steps)))
        first: vitals.Vitals | None = None
        for number in range(times):
            failure = self._play(steps, asking=number % _CHUNK == 0)
            if failure is not None:
                self.stop()
                return failure
            if number == 0:
                first = self._vitals()
            elif first is not None and (now := self._vitals()) is not None:
                octets = now.octets - first.octets
                descriptors = now.descriptors - first.descriptors
                if kind == "memory" and octets > self.limits.trial_octets:
                    return self._growth(kind, first.octets, now.octets, number)
                if kind == "descriptors" and descriptors > self.limits.trial_descriptors:
                    settled = self._settled() or now
                    if settled.descriptors - first.descriptors > self.limits.trial_descriptors:
                        counts = first.descriptors, settled.descriptors
                        return self._growth(kind, *counts, number)
        return None

    def _growth(self, kind: str, first: int, now: int, times: int = 0) -> Failure:
        told = f"{first} to {now}"
        if kind == "memory":
            told = f"{first >> 20} to {now >> 20} MiB"
        often = f" after {times} repetitions" if times else ""
        what = f"The process has come from {told} of {kind}{often}, and nobody is connected."
        output = self._handle.output()
        self.stop()
        return Failure(kind, f"{kind} growth", what, output)

    def _serves(self) -> bool:
        """Tell whether a client that does nothing wrong gets what it asks for."""
        self.used = True
        link = Link(self._handle.address, alive=self._handle.alive)
        return any(service.is_served(self._target.protocol, link) for _ in range(_ATTEMPTS))

    def _can_serve(self) -> bool:
        """Tell whether the target serves anybody at first; what is no application need not."""
        if self._served is None:
            handle = self._start()
            try:
                self._served = service.is_served(self._target.protocol, Link(handle.address))
            finally:
                handle.stop()
        return self._served

    def _deaf(self) -> Failure:
        what = "The process answers, but serves nobody any more."
        output = self._handle.output()
        self.stop()
        return Failure("deaf", "serves nobody", what, output)

    def _settled(self) -> vitals.Vitals | None:
        """Return what the target takes as soon as that is little, or else after a while."""
        deadline = time.monotonic() + _CLOSE_SECONDS
        while (now := self._vitals()) is not None and self._first is not None:
            more = now.descriptors - self._first.descriptors
            if more <= self.limits.trial_descriptors or time.monotonic() > deadline:
                return now
            self._ended(0.05)
        return None

    def _vitals(self) -> vitals.Vitals | None:
        guard = self._handle.guard_id()
        return None if guard is None else vitals.read(guard)

    def _asked(self, patience: float) -> bool:
        began = time.monotonic()
        try:
            self._probe(self._handle.address, patience)
        except TimeoutError:
            return False
        except OSError:  # refused at once: ask no faster than now and then
            self._ended(min(0.02, max(0.0, patience - (time.monotonic() - began))))
            return False
        return True

    def _ended(self, seconds: float) -> bool:
        return self._handle.wait_ended(seconds) if seconds else not self._handle.alive()

    def _end(self) -> Failure:
        how = self._handle.how_ended()
        return self._ending.of_end(self._handle.output(), how)

    def _hang(self) -> Failure:
        guard = self._handle.guard_id()
        busy = guard is not None and vitals.spins(guard)
        if guard is not None and (child := vitals.first_child(guard)) is not None:
            with contextlib.suppress(OSError):
                ask_for_stack(child)
            self._ended(1.0)
        output = self._handle.output()
        self.stop()
        return self._ending.of_hang(output, busy=busy)
