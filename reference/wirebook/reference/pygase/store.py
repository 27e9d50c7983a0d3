"""The documented repository of a game state, and what stands in for it.

What may live here: where a server finds its state, and the lock between the thread that runs the
game and the one that serves it.
"""

from __future__ import annotations

from collections import deque
from threading import RLock
from typing import Any

from wirebook.reference.pygase.core.history import FULL_ROOM, History, StateSource, Update
from wirebook.reference.pygase.core.merging import merged
from wirebook.reference.pygase.gamestate import GameState, GameStateUpdate, apply, attributes
from wirebook.reference.pygase.operator_log import Complaints

__all__ = ["GameStateStore"]


class GameStateStore:
    """A game state, its latest updates, and its history."""

    _update_cache_size = 100

    def __init__(self, initial_game_state: GameState | None = None) -> None:
        state = GameState() if initial_game_state is None else initial_game_state
        if not isinstance(state, GameState):
            raise TypeError(
                f"initial_game_state is a GameState, not a {type(initial_game_state).__name__}"
            )
        self._lock = RLock()
        self._game_state = state
        self._update_cache: deque[GameStateUpdate] = deque(
            [GameStateUpdate(state.time_order)], self._update_cache_size
        )
        self._history = History()
        self._history.record(int(state.time_order), attributes(state))

    def get_update_cache(self) -> list[GameStateUpdate]:
        """Return the latest updates, the oldest first."""
        with self._lock:
            return list(self._update_cache)

    def get_game_state(self) -> GameState:
        """Return the current state."""
        return self._game_state

    get_gamestate = get_game_state
    """As one page of the documentation spells it."""

    def push_update(self, update: GameStateUpdate) -> None:
        """Apply an update to the state, if it is newer, and keep it.

        Raises Unencodable, and changes nothing, if the state could not be sent with it.
        """
        if not isinstance(update, GameStateUpdate):
            raise TypeError(f"a GameStateUpdate, not a {type(update).__name__}")
        with self._lock:
            if not self._game_state < update:
                return
            changes, time_order = attributes(update), int(update.time_order)
            self._history.record(time_order, merged(attributes(self._game_state), changes))
            apply(self._game_state, changes, time_order)
            self._update_cache.append(update)

    def update_for(self, reported: int, room: int = FULL_ROOM, sent_since: int = 0) -> Update:
        """Return the best update for a client, as `History.update_for` does."""
        with self._lock:
            return self._history.update_for(reported, room, sent_since)


class ObservedStates:
    """The states of a store that is not ours: whatever it has when it is asked."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._history = History()
        self._complaints = Complaints()

    def update_for(self, reported: int, room: int = FULL_ROOM, sent_since: int = 0) -> Update:
        """Return the best update for a client, as `History.update_for` does."""
        try:
            state = self._store.get_game_state()
            if int(state.time_order) != self._history.newest:
                self._history.record(int(state.time_order), attributes(state))
        except Exception:  # of somebody else's code, or of a state that cannot be sent
            self._complaints.failed("taking a snapshot of the game state")
        return self._history.update_for(reported, room, sent_since)


def states_of(store: Any) -> StateSource:
    """Return what a server asks for updates: the store itself, if it can tell."""
    if store is None:
        return History()
    return store if hasattr(store, "update_for") else ObservedStates(store)
