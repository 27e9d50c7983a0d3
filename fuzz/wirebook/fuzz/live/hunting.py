"""The hunt: bursts of plays to a live target, and what follows when it fails.

What may live here: the work of a lot, and how fast the work is. What is sent, how the target is
watched and how a failure is searched for is in the modules beside this one.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from wirebook.conformance.corpus import Finding, Step
from wirebook.conformance.drivers.steps import StepPlayer
from wirebook.fuzz.live.ending import SEVERAL, Failure
from wirebook.fuzz.live.inputs import Source, source
from wirebook.fuzz.live.search import Search
from wirebook.fuzz.live.stand import Limits, Stand
from wirebook.fuzz.live.steering import Steering
from wirebook.fuzz.live.targets import target_of
from wirebook.fuzz.lots import Harvest, Lot

ROBUST = {"pygase": "PGS-ERR-001", "packetmq": "PMQ-ERR-001", "pgnet": "PGN-ERR-002"}
"""The requirement of each book that nothing that a peer sends ends an implementation."""
_LONGEST_BURST = 128
_CAREFUL = 2
"""Bursts up to this many plays are watched a moment longer: a target may die late."""
_MOMENT = 0.03
_HISTORY = 4096
"""Plays that are kept for the search."""
_ROUND = 3000
"""Plays after which all peers leave, and the target has to rest."""
_ROUND_SECONDS = 6.0
_LEAST_SECONDS = 1.0
_ATTEMPTS = 2
"""How often the search for a failure may be in vain before it is left alone."""
_OUTPUT = 4000


@dataclass(slots=True)
class _Hunt:
    """The work of one lot."""

    lot: Lot
    stand: Stand
    source: Source
    steering: Steering
    name: str
    deadline: float
    player: StepPlayer | None = None
    inputs: int = 0
    burst: int = 1
    recent: int = 0
    """Steps that were done since the target was last seen well."""
    careful: bool = False
    """Whether the target has failed before."""
    round: int = 0
    round_began: float = 0.0
    history: deque[tuple[str, tuple[Step, ...]]] = field(
        default_factory=lambda: deque(maxlen=_HISTORY)
    )
    known: set[str] = field(default_factory=set)
    in_vain: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> None:
        """Hunt until inputs or time are used up."""
        while self.inputs < self.lot.inputs and time.monotonic() < self.deadline:
            if self.player is None or self.stand.ensure():
                self._begin()
            failure = self._burst()
            if failure is None and self._round_is_over():
                failure = self._rest()
            if failure is not None:
                self._failed(failure)
        if self.player is not None and (failure := self._rest()) is not None:
            self._failed(failure)

    def _begin(self) -> None:
        """Begin with a target that knows nobody."""
        self.leave()
        self.stand.ensure()
        self.source.begin()
        self.history.clear()
        self.player = self.stand.player()
        self.round, self.round_began = 0, time.monotonic()

    def leave(self) -> None:
        """Let all peers leave."""
        if self.player is not None:
            self.player.close()
            self.player = None

    def _burst(self) -> Failure | None:
        player = self.player
        if player is None:
            raise ValueError("nobody plays")
        labels = []
        for _ in range(self.burst):
            play = self.steering.draw(self.source.next)
            for step in play.steps:
                player.do(step)
            self.history.append((play.label, play.steps))
            labels.append(play.label)
        self.inputs += len(labels)
        self.round += len(labels)
        failure = self.stand.check(_MOMENT if self.careful and self.burst <= _CAREFUL else 0.0)
        if failure is None:
            self.source.take(player.drain(), player.closed)
            self.steering.borne(labels)
            self.burst = min(2 * self.burst, _LONGEST_BURST)
        else:
            self.steering.blame(labels)
            self.recent = sum(len(steps) for _, steps in list(self.history)[-self.burst :])
            # Where the target breaks often, fewer at a time tell better what breaks it.
            self.burst = max(1, self.burst // 8)
            self.careful = True
        return failure

    def _round_is_over(self) -> bool:
        return self.round >= _ROUND or time.monotonic() - self.round_began > _ROUND_SECONDS

    def _rest(self) -> Failure | None:
        """Let all peers leave, and see whether the target comes to rest."""
        self.leave()
        self.source.begin()
        failure = self.stand.rest()
        self.recent = len(self.history)
        if failure is None:
            self.player = self.stand.player()
            self.round, self.round_began = 0, time.monotonic()
        return failure

    def _failed(self, failure: Failure) -> None:
        """Search for the steps to a failure that is new, and to those that come to light then."""
        self.leave()
        self.stand.stop()
        history = [step for _, steps in self.history for step in steps]
        queue = [(failure, history, self.recent)]
        while queue:
            failure, steps, recent = queue.pop(0)
            tried = self.in_vain.get(failure.signature, 0)
            if failure.signature in self.known or tried >= _ATTEMPTS:
                continue
            if failure.signature == SEVERAL and self.known:
                continue  # most likely some of those that are known already
            if self.deadline - time.monotonic() < _LEAST_SECONDS:
                return
            search = Search(self.stand, failure, self.deadline)
            found = search.shortest(steps, recent)
            if found:
                self.known.add(failure.signature)
                self.findings.append(self._finding(failure, found))
            else:
                self.in_vain[failure.signature] = tried + 1
            queue += [(other, steps, len(steps)) for other, steps in search.others]

    def _finding(self, failure: Failure, steps: list[Step]) -> Finding:
        return Finding(
            book=self.lot.book,
            role=self.lot.role,
            way="live",
            signature=failure.signature,
            what=failure.what,
            requirements=(ROBUST[self.lot.book],),
            steps=tuple(steps),
            target=self.name,
            seed=self.lot.seed,
            output=failure.output[-_OUTPUT:],
        )


def work(lot: Lot, limits: Limits | None = None) -> Harvest:
    """Hunt for what ends a live target, or makes it hang, grow or spin."""
    began = time.monotonic()
    target = target_of(lot)
    with Stand(target, limits) as stand:
        hunt = _Hunt(
            lot=lot,
            stand=stand,
            source=source(lot.book, lot.seed),
            steering=Steering(lot.seed, lot.examples),
            name=target.name,
            deadline=began + lot.seconds,
            known=set(lot.known),
        )
        try:
            hunt.run()
        finally:
            hunt.leave()
    return Harvest(
        lot,
        inputs=hunt.inputs,
        seconds=time.monotonic() - began,
        seen=frozenset(hunt.source.seen),
        findings=tuple(hunt.findings),
        examples=hunt.steering.gained(),
    )


def rate(book: str, seconds: float) -> float:
    """Return how many inputs a second go to the reference, with all that is looked at meanwhile."""
    harvest = work(Lot(book, "server", "live", seed=1, inputs=1 << 40, seconds=seconds))
    return harvest.inputs / harvest.seconds
