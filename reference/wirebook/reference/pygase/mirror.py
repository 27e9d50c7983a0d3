"""The client's copy of the game state, as the game sees it.

What may live here: how updates get into an object that the game may have locked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Condition
from time import monotonic
from typing import Any, TypeVar

from wirebook.reference.pygase.gamestate import GameState, apply
from wirebook.reference.pygase.utils import LockedRessource

T = TypeVar("T")

_LOOK_AGAIN = 0.05
"""Seconds; a condition may also depend on things that are not in the state."""


class GameStateContext(LockedRessource[GameState]):
    """A game state that its connection keeps up to date."""

    def __init__(self) -> None:
        super().__init__(GameState())
        self._changed = Condition(self.lock)
        self._waiting: deque[tuple[Mapping[str, Any], int]] = deque()

    def offer(self, update: Mapping[str, Any], time_order: int) -> None:
        """Give an update that is to be applied."""
        self._waiting.append((update, time_order))

    def catch_up(self) -> bool:
        """Apply what was offered; return False if the game has the lock.

        The connection never waits for the game, which may hold the lock as long as it likes.
        """
        if not self._waiting:
            return True
        if not self.lock.acquire(blocking=False):
            return False
        try:
            while self._waiting:
                apply(self.ressource, *self._waiting.popleft())
            self._changed.notify_all()
        finally:
            self.lock.release()
        return True

    def wait_for(self, attempt: Callable[[GameState], tuple[bool, T]], timeout: float) -> T:
        """Call `attempt` with the state until it succeeds; raise TimeoutError if it does not."""
        deadline = monotonic() + timeout
        with self._changed:
            while True:
                succeeded, result = attempt(self.ressource)
                if succeeded:
                    return result
                left = deadline - monotonic()
                if left <= 0:
                    raise TimeoutError(f"the condition was not met within {timeout} seconds")
                self._changed.wait(min(left, _LOOK_AGAIN))
