"""From what was sent before a failure to the few steps that it takes: backwards, and ever fewer.

Theory of operation. What broke the target is most likely what came last. So the steps are played
one by one to see after which of them it breaks; of these the last one is tried alone, then the last
two, four and so on, until it breaks. Of the steps that are left, parts are left out, and then
octets, as long as it still breaks in the same place. A target that a trial has not broken serves
the next one, for the peers are new; what comes out in the end is played to a fresh target, and only
counts if it breaks that. What may live here: the search. How a target is tried is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.fuzz.live.ending import Failure
from wirebook.fuzz.live.stand import Stand

LINGER = 0.1
_LONGER = 0.6
_RECENT = 4
"""With no more steps than that, trying backwards at once is faster than playing one by one."""
_ONE_BY_ONE = 400
"""Steps that are played one by one, at most."""
_OTHERS = 5


class Search:
    """The search for the steps to one failure."""

    def __init__(self, stand: Stand, failure: Failure, deadline: float) -> None:
        self._stand = stand
        self._failure = failure
        self._end = deadline
        self._deadline = self._within(stand.limits.search)
        self._linger = LINGER
        self._fresh = self._late = False
        self.others: list[tuple[Failure, list[Step]]] = []
        """Failures of other kinds that were met on the way, with the steps to them."""

    def shortest(self, history: Sequence[Step], recent: int) -> list[Step]:
        """Return the fewest and shortest steps that could be found; none if it does not happen.

        `recent` is how many of the steps were done since the target was last seen well.
        """
        steps = self._backwards(list(history)) if recent <= _RECENT else []
        for linger in (LINGER, _LONGER):
            if not steps and not self._over():
                self._linger = linger
                steps = self._backwards(self._up_to_the_culprit(list(history)))
        if not steps:
            return []
        linger = self._linger
        self._deadline = self._within(self._stand.limits.search)
        found = self._fewer(steps)
        if not self._late:
            self._linger = 0.0
        self._deadline = self._within(self._stand.limits.octets_search)
        found = self._shorter(found)
        self._linger = linger
        if not self._fresh:
            self._stand.ensure(fresh=True)
            if not self._breaks(found):
                return []
        return _plainer_peers(found)

    def _within(self, seconds: float) -> float:
        return min(self._end, time.monotonic() + seconds)

    def _over(self) -> bool:
        # Where other failures come first again and again, it is better met another time.
        return time.monotonic() > self._deadline or len(self.others) > _OTHERS

    def _breaks(self, steps: Sequence[Step]) -> bool:
        self._stand.ensure()
        fresh = not self._stand.used
        failure = self._stand.trial(steps, self._failure.kind, linger=self._linger)
        if failure is None:
            return False
        if failure.signature == self._failure.signature:
            self._fresh, self._late = fresh, self._stand.late
            return True
        self.others.append((failure, list(steps)))
        return False

    def _up_to_the_culprit(self, history: list[Step]) -> list[Step]:
        if self._failure.kind not in ("end", "hang"):
            return history
        before = max(0, len(history) - _ONE_BY_ONE)
        number = self._stand.culprit(history[before:], self._linger)
        return history if number is None else history[: before + number]

    def _backwards(self, history: list[Step]) -> list[Step]:
        count = 1
        while not self._over():
            if self._breaks(history[-count:]):
                return history[-count:]
            if count >= len(history):
                break
            count *= 2
        return []

    def _fewer(self, steps: list[Step]) -> list[Step]:
        """Leave out as many steps as can be: delta debugging."""
        parts = 2
        while len(steps) > 1 and not self._over():
            size = -(-len(steps) // parts)
            for begin in range(0, len(steps), size):
                rest = steps[:begin] + steps[begin + size :]
                if self._over():
                    return steps
                if rest and self._breaks(rest):
                    steps, parts = rest, max(2, parts - 1)
                    break
            else:
                if size == 1:
                    return steps
                parts = min(2 * parts, len(steps))
        return steps

    def _shorter(self, steps: list[Step]) -> list[Step]:
        """Leave octets out, the last step first, and make zeros of others."""
        for shorten in (_without, _with_zeros):
            for number in reversed(range(len(steps))):
                if "hex" in steps[number]:
                    steps = self._shorter_at(steps, number, shorten)
        return steps

    def _shorter_at(
        self,
        steps: list[Step],
        number: int,
        shorten: Callable[[bytes, int], Iterator[bytes]],
    ) -> list[Step]:
        octets = bytes.fromhex(str(steps[number]["hex"]))
        size = len(octets)
        while size:
            for fewer in shorten(octets, size):
                if self._over():
                    return steps
                changed: dict[str, Any] = {**steps[number], "hex": fewer.hex()}
                trial = [*steps[:number], changed, *steps[number + 1 :]]
                if self._breaks(trial):
                    steps, octets = trial, fewer
                    break
            else:
                size //= 2
        return steps


def _without(octets: bytes, size: int) -> Iterator[bytes]:
    for begin in reversed(range(0, len(octets), size)):
        yield octets[:begin] + octets[begin + size :]


def _with_zeros(octets: bytes, size: int) -> Iterator[bytes]:
    for begin in reversed(range(0, len(octets), size)):
        changed = octets[:begin] + bytes(len(octets[begin : begin + size])) + octets[begin + size :]
        if changed != octets:
            yield changed


def _plainer_peers(steps: Sequence[Step]) -> list[Step]:
    """Number the peers from 0 on."""
    numbers: dict[Any, int] = {}
    return [
        {**step, "peer": numbers.setdefault(step["peer"], len(numbers))} if "peer" in step else step
        for step in steps
    ]
