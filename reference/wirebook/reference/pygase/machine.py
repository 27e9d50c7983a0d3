"""The documented game loop.

What may live here: steps, and the events that are handled in them. What a step changes is merged
by `core.merging`, and goes to the store.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from inspect import isawaitable
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import Any

from wirebook.reference.pygase.core.merging import added
from wirebook.reference.pygase.core.snapshots import check_state
from wirebook.reference.pygase.dual import Afterwards, Dual, in_event_loop, run
from wirebook.reference.pygase.errors import LocalProtocolError
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.gamestate import (
    GameState,
    GameStateUpdate,
    GameStatus,
    apply,
    attributes,
    copied,
)
from wirebook.reference.pygase.operator_log import Complaints, logger
from wirebook.reference.pygase.utils import Sqn

__all__ = ["GameStateMachine"]

_LONGEST_SLEEP = 0.05
"""Seconds after which the loop looks whether it is to stop."""
_MOST_EVENTS = 65536
"""Events that wait for a step; the oldest go first when nobody takes steps."""


class GameStateMachine:
    """Runs the game: one step after the other."""

    def __init__(self, game_state_store: Any) -> None:
        self.game_time = 0.0
        """How long the game has run, in seconds."""
        self._store = game_state_store
        self._handlers = UniversalEventHandler()
        self._events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self._complaints = Complaints()
        self._stopping = False
        self._stopped = Flag()
        self._stopped.set()

    def _push_event(self, event: Event) -> None:
        """Let an event be handled in the next step; can be called from any thread."""
        if self._handlers.has_event_type(event.type):
            self._events.append(event)

    def register_event_handler(
        self, event_type: str, event_handler_function: Callable[..., Any]
    ) -> None:
        """Let a function or coroutine handle the events of a type in the game loop.

        It gets `game_state`, `dt` and `client_address`, and returns what changes, as `time_step`
        does.
        """
        self._handlers.register_event_handler(event_type, event_handler_function)

    def time_step(self, game_state: GameState, dt: float) -> dict[str, Any]:
        """Return the attributes that change in `dt` seconds; to be implemented or assigned."""
        raise NotImplementedError

    def run_game_loop(self, interval: float = 0.02) -> Dual:
        """Run the game until it is stopped; can also be awaited.

        `interval` is the time from one step to the next, in seconds; more if a step takes longer.
        """
        self._claim()
        return run(self._loop(interval))

    def run_game_loop_in_thread(self, interval: float = 0.02) -> Thread:
        """Run the game in a thread of its own."""
        self._claim()
        thread = Thread(target=lambda: asyncio.run(self._loop(interval)), name="pygase game loop")
        thread.start()
        return thread

    def stop(self, timeout: float = 1.0) -> Dual:
        """Pause the game; tell whether it has stopped within the time. Can also be awaited."""
        self._stopping = True
        if in_event_loop():
            return Afterwards(lambda: asyncio.to_thread(self._stopped.wait, timeout))
        return self._stopped.wait(timeout)

    def _claim(self) -> None:
        if not self._stopped.is_set():
            raise LocalProtocolError("the game loop runs already")
        self._stopped.clear()
        self._stopping = False

    async def _loop(self, interval: float) -> None:
        logger.info("the game runs")
        try:
            last = monotonic() - interval
            status = {"game_status": GameStatus.get("Active")}
            while not self._stopping:
                now = monotonic()
                dt, last = now - last, now
                await self._step(dt, status)
                self.game_time += dt
                status = {}
                await self._sleep_until(now + interval)
            self._push({"game_status": GameStatus.get("Paused")})
        finally:
            self._stopped.set()
            logger.info("the game is paused")

    async def _sleep_until(self, when: float) -> None:
        while not self._stopping:
            left = when - monotonic()
            await asyncio.sleep(max(0.0, min(left, _LONGEST_SLEEP)))
            if left <= _LONGEST_SLEEP:
                return

    async def _step(self, dt: float, changes: dict[str, Any]) -> None:
        """Take one step: the game's own, then the events that have come since the last one.

        Each sees what those before it have changed. One that fails, or returns what cannot be in
        a state, changes nothing, and the others count (PGS-EVT-023).
        """
        state = copied(self._store.get_game_state())
        base = attributes(state)
        apply(state, changes, state.time_order)
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("the time step", lambda: self.time_step(state, dt))
        ]
        for _ in range(len(self._events)):
            event = self._events.popleft()
            what = f"the game loop's handler for {event.type!r} events"
            calls.append((what, _handling(self._handlers, event, state, dt)))
        for what, call in calls:
            try:
                contribution = call()
                if isawaitable(contribution):
                    contribution = await contribution
                checked = _checked(contribution)
            except Exception:
                self._complaints.failed(what)
            else:
                apply(state, checked, state.time_order)
                changes = added(changes, checked, base)
        self._push(changes)

    def _push(self, changes: Mapping[str, Any]) -> None:
        time_order = Sqn(self._store.get_game_state().time_order) + 1  # PGS-SYN-008
        try:
            self._store.push_update(
                GameStateUpdate.from_wire({**changes, "time_order": time_order})
            )
        except Exception:
            self._complaints.failed("updating the game state")


def _handling(
    handlers: UniversalEventHandler, event: Event, state: GameState, dt: float
) -> Callable[[], Any]:
    return lambda: handlers.call(event, game_state=state, dt=dt)


def _checked(contribution: Any) -> dict[str, Any]:
    """Return what a step or a handler has returned, if it is something that can be merged."""
    if contribution is None:
        return {}
    if not isinstance(contribution, dict):
        raise TypeError(f"changes are a dict, not a {type(contribution).__name__}")
    if "time_order" in contribution:
        raise LocalProtocolError("the time order is the game loop's own")
    check_state(contribution)
    return contribution
