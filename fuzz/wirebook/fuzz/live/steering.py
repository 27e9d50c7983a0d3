"""Steering away from what is known to break a target, so that what is rarer gets its turn.

What may live here: which kinds of inputs to prefer, learnt from what became of the target. What the
kinds are, and what is wrong with a target, is not known here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random

from wirebook.fuzz.live.inputs import Play
from wirebook.fuzz.lots import Example

_TRUST = 2.0
"""How many plays of a kind's own the opinion of its family is worth."""
_HARSHNESS = 8.0
"""How many plays that were borne make up for one that broke the target."""
_LEAST = 0.01
_TRIES = 50
_BLAME = 1000
"""The blame of one failure, which may be shared among many."""
_MOST = 30
"""So many plays that were borne are told to other lots, at most."""
_KEY = b"live: kinds of plays"


class Steering:
    """Draws plays; the more often a kind was there when the target broke, the less often it comes.

    What is not known of a kind, `family: kind`, is guessed from its family. A kind that the target
    has borne is thereby cleared of what it was blamed for beside others.
    """

    def __init__(self, seed: int, examples: Iterable[Example] = ()) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret
        self._borne: Counter[str] = Counter()
        self._blamed: Counter[str] = Counter()
        for key, told in examples:
            if key == _KEY:
                borne, blamed = json.loads(told)
                self._borne.update(borne)
                self._blamed.update(blamed)
        self._before = self._borne.copy(), self._blamed.copy()

    def weight(self, label: str) -> float:
        """Return how likely a play of a kind is taken: 1 until something speaks against it."""
        family = label.partition(":")[0]
        guess = (1.0 + self._borne[family]) / (1.0 + self._borne[family] + self._blame_of(family))
        borne = self._borne[label] + _TRUST * guess
        blamed = self._blame_of(label)
        return max(_LEAST, borne / (self._borne[label] + _TRUST + _HARSHNESS * blamed))

    def draw(self, make: Callable[[], Play]) -> Play:
        """Return the first play that is not turned down."""
        for _ in range(_TRIES):
            play = make()
            if self._random.random() < self.weight(play.label):
                break
        return play

    def borne(self, labels: Iterable[str]) -> None:
        """Take in that the target has borne plays of these kinds."""
        for label in labels:
            self._borne.update((label, label.partition(":")[0]))

    def blame(self, labels: Sequence[str]) -> None:
        """Take in that one of these kinds has broken the target."""
        for label in labels:
            for name in (label, label.partition(":")[0]):
                self._blamed[name] += _BLAME // len(labels)

    def gained(self) -> tuple[Example, ...]:
        """Return what was learnt, for other lots."""
        borne, blamed = self._borne - self._before[0], self._blamed - self._before[1]
        kept = {label: min(times, _MOST) for label, times in borne.items()}
        told = json.dumps((kept, blamed), sort_keys=True).encode()
        return ((_KEY, told),) if kept or blamed else ()

    def _blame_of(self, name: str) -> float:
        return self._blamed[name] / _BLAME
