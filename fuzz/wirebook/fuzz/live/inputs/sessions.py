"""A few sessions at a time, and what comes next in one of them.

What may live here: what the sources of all books have in common; what their peers send is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from wirebook.fuzz.mutations import Mutator


@dataclass(slots=True)
class Session:
    """One peer, as far as all books know it."""

    peer: int
    plays: int = 0
    """How often it was its turn."""


Some = TypeVar("Some", bound=Session)
Made = TypeVar("Made")
Kinds = Mapping[str, tuple[int, Callable[[Some], tuple[str, Made]]]]
"""How likely each kind of play is, and what makes one: what it is, and what is sent."""


class Sessions(Generic[Some, Made]):
    """The sessions of a source."""

    def __init__(self, mutator: Mutator, seed: int, most: int) -> None:
        self.seen: set[str] = set()
        self._mutator = mutator
        self._random = Random(seed)  # noqa: S311 - nothing secret
        self._most = most
        self._sessions: list[Some] = []
        self._by_peer: dict[int, Some] = {}
        self._peers = 0
        kinds = self._kinds()
        self._names = list(kinds)
        self._weights = [weight for weight, _ in kinds.values()]
        self._makers = {kind: maker for kind, (_, maker) in kinds.items()}

    def begin(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()
        self._by_peer.clear()

    def _kinds(self) -> Kinds[Some, Made]:
        """Return the kinds of plays."""
        raise NotImplementedError

    def _opened(self, peer: int) -> Some:
        """Return a new session."""
        raise NotImplementedError

    def _session(self) -> Some:
        """Return the session whose turn it is, a new one while there are few."""
        if len(self._sessions) < self._most:
            self._peers += 1
            made = self._opened(self._peers)
            self._sessions.append(made)
            self._by_peer[made.peer] = made
        else:
            made = self._random.choice(self._sessions)
        made.plays += 1
        return made

    def _made(self, session: Some) -> tuple[str, str, Made]:
        """Return what a session does next: its kind, what it is, and what is sent."""
        kind = self._random.choices(self._names, self._weights)[0]
        return (kind, *self._makers[kind](session))

    def _drop(self, session: Some) -> None:
        """End a session."""
        self._sessions.remove(session)
        del self._by_peer[session.peer]
