"""The guided part of a lot: Hypothesis draws inputs, and is told which come further than others.

Theory of operation. An example is a few messages drawn from the strategies, given to a fresh
subject that has got somewhere already. How many branches of the reference it takes is its target,
so that Hypothesis goes on from those that take many; messages with a branch that none took before
are kept, for the fast part of this lot and for the lots to come. An example that breaks the
subject is not Hypothesis' to shrink: the actions are handed over, as those of the fast part are.
What may live here: drawing, and telling Hypothesis how far it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeAlias

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from wirebook.fuzz import cores, strategies
from wirebook.fuzz.branches import Branch, Branches
from wirebook.fuzz.cores import Action, Subject
from wirebook.fuzz.examples import Examples
from wirebook.fuzz.lots import Lot
from wirebook.fuzz.mutations import Mutator

Drawn: TypeAlias = tuple[str, bytes, int]
"""A message, its octets, and a seed for how they are aimed."""
Broke: TypeAlias = Callable[[Exception, list[Action]], None]
"""Told what an example has raised, and what was done."""

_BEFORE: Final = 12
"""Actions that bring a fresh subject somewhere."""
_MESSAGES_MOST: Final = 4
_KEPT_MOST: Final = 50
"""Messages that are kept of earlier lots."""


class _OutOfTime(BaseException):
    """The seconds of the lot are over."""


class Guide:
    """The guided part of a lot."""

    def __init__(self, lot: Lot, mutator: Mutator, broke: Broke) -> None:
        self.inputs = 0
        self.seen: set[str] = set()
        self.branches = Branches(lot.book)
        self._lot = lot
        self._mutator = mutator
        self._broke = broke
        self._making = cores.of(lot.book)
        self._database = Examples(lot.examples)
        self._key = f"octets/{lot.book}/{lot.role}".encode()
        self._opening = _opening(lot)

    @property
    def examples(self) -> tuple[tuple[bytes, bytes], ...]:
        """What is new for other lots."""
        return self._database.gained()

    def recall(self) -> None:
        """Take over what earlier lots have kept."""
        for value in list(self._database.fetch(self._key))[-_KEPT_MOST:]:
            name, _, octets = value.partition(b"\0")
            self._mutator.add(name.decode(), octets)
            self._try([(name.decode(), octets, 0)])

    def run(self, count: int, deadline: float) -> None:
        """Try so many examples, unless the time is over before."""

        def examples(drawn: list[Drawn]) -> None:
            if time.monotonic() > deadline:
                raise _OutOfTime
            hypothesis.target(float(self._try(drawn)), label="branches")

        examples.__qualname__ = self._key.decode()
        names = self._making.MESSAGES[self._lot.role]
        drawn = st.one_of([_messages(self._lot.book, name) for name in names])
        test = hypothesis.given(st.lists(drawn, min_size=1, max_size=_MESSAGES_MOST))(examples)
        chosen = settings(
            max_examples=count,
            database=self._database,
            deadline=None,
            phases=(Phase.reuse, Phase.generate, Phase.target),
            suppress_health_check=list(HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        try:
            hypothesis.seed(self._lot.seed)(chosen(test))()
        except _OutOfTime:
            return

    def _try(self, drawn: Sequence[Drawn]) -> int:
        """Give messages to a fresh subject, and return how many branches they take."""
        subject = self._making.subject(self._lot.role)
        actions = [*self._opening]
        known = len(self.branches.taken)
        taken: set[Branch] = set()
        try:
            for action in actions:
                subject.do(action)
            with self.branches.watch() as taken:
                for message, octets, salt in drawn:
                    self._give(subject, actions, message, octets, salt)
        except Exception as error:
            self._broke(error, actions)
        self.seen |= subject.seen
        if len(self.branches.taken) > known:
            for message, octets, _ in drawn:
                value = message.encode() + b"\0" + octets
                self._database.save(self._key, value)
                self._mutator.add(message, octets)
        return len(taken)

    def _give(
        self, subject: Subject, actions: list[Action], message: str, octets: bytes, salt: int
    ) -> None:
        self.inputs += 1
        actions.append(subject.aim(message, octets, Random(salt).random))  # noqa: S311 - a fuzzer's
        subject.do(actions[-1])


def _opening(lot: Lot) -> tuple[Action, ...]:
    """Return actions that bring a subject somewhere, the same ones in each lot."""
    subject = cores.of(lot.book).subject(lot.role)
    mutator = cores.mutator(lot.book, lot.role, 0)
    chance = Random(0).random  # noqa: S311 - a fuzzer's
    actions = []
    try:
        for _ in range(_BEFORE):
            message, octets, _ = mutator.next()
            actions.append(subject.aim(message, octets, chance))
            subject.do(actions[-1])
    except Exception:
        actions.pop()  # what breaks so soon is found anyway
    return tuple(actions)


def _messages(book: str, name: str) -> st.SearchStrategy[Drawn]:
    octets = strategies.octets(book, name, taken=True) | strategies.near_valid_octets(book, name)
    return st.tuples(st.just(name), octets, st.integers(0, 255))
