"""The documented backend: store, game loop and server in one.

What may live here: `Backend`, and the names that the original has in its module of this name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any

from wirebook.reference.pygase.dual import Dual, in_event_loop, listen_in_thread, run
from wirebook.reference.pygase.gamestate import GameState
from wirebook.reference.pygase.machine import GameStateMachine
from wirebook.reference.pygase.server import Server
from wirebook.reference.pygase.store import GameStateStore

__all__ = ["Backend", "GameStateMachine", "GameStateStore", "Server"]


class Backend:
    """A game: its state, its rules, and its server."""

    def __init__(
        self,
        initial_game_state: GameState,
        time_step_function: Callable[[GameState, float], Any],
        event_handlers: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.game_state_store = GameStateStore(initial_game_state)
        self.game_state_machine = GameStateMachine(self.game_state_store)
        machine = self.game_state_machine
        machine.time_step = time_step_function  # type: ignore[assignment]  # a function in place of a method, as documented
        self.server = Server(self.game_state_store)
        for event_type, handler in (event_handlers or {}).items():
            self.game_state_machine.register_event_handler(event_type, handler)

    def run(self, hostname: str, port: int, interval: float = 0.02) -> Dual:
        """Run the game and its server until the server is shut down; can also be awaited."""
        return run(self._run(hostname, port, interval))

    def run_in_thread(
        self, hostname: str, port: int, interval: float = 0.02, *, daemon: bool = True
    ) -> Thread:
        """Run the game and its server in threads; return once it listens, or fail if it cannot."""
        return listen_in_thread(
            lambda listening: self._run(hostname, port, interval, listening), daemon=daemon
        )

    def shutdown(self) -> Dual:
        """Shut the server down and stop the game; can also be awaited."""
        stopped = self.game_state_machine.stop()
        ended = self.server.shutdown()
        return asyncio.gather(stopped, ended) if in_event_loop() else None

    async def _run(
        self,
        hostname: str,
        port: int,
        interval: float,
        listening: Future[None] | None = None,
    ) -> None:
        thread = self.game_state_machine.run_game_loop_in_thread(interval)
        try:
            await self.server.serve(hostname, port, self.game_state_machine, listening)
        finally:
            self.game_state_machine.stop()
            await asyncio.to_thread(thread.join)
