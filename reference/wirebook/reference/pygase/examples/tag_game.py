"""The rules of tag: players run about in a square, and one of them chases the others.

Whoever the chaser touches is the next chaser. The server decides everything; clients only say where
they want to run. What may live here: the rules and the backend, with the public API alone.
"""

from __future__ import annotations

import math
import random
from typing import Any, Final

from wirebook.reference.pygase import TO_DELETE, Backend, GameState
from wirebook.reference.pygase.connection import ConnectionStatus

SPEED: Final = 0.25
"""Sides of the square per second."""
CHASER_SPEED: Final = 0.3
REACH: Final = 0.04
"""How near a touch is."""
PROTECTED_FOR: Final = 1.0
"""Seconds in which the last chaser cannot be touched."""
MOST_PLAYERS: Final = 32
LONGEST_NAME: Final = 12

Changes = dict[str, Any]


class Tag:
    """One game of tag."""

    def __init__(self, seed: int | None = None) -> None:
        self.backend = Backend(
            GameState(players={}, chaser="", protected="", tags=0),
            self.step,
            {"JOIN": self.join, "RUN": self.run, "LEAVE": self.leave},
        )
        self._random = random.Random(seed)  # noqa: S311 - where players start is no secret
        self._names: dict[Any, str] = {}
        """The players by the address of their client."""
        self._directions: dict[str, tuple[float, float]] = {}
        self._protection_left = 0.0

    def join(self, name: str, game_state: GameState, client_address: Any, dt: float) -> Changes:
        """Let a client play under a name."""
        del dt
        reason = self._why_not(name, game_state.players)
        if reason or client_address in self._names:
            self.backend.server.dispatch_event(
                "REFUSED", reason or "you play already", target_client=client_address
            )
            return {}
        self._names[client_address] = name
        self._directions[name] = (0.0, 0.0)
        place = [self._random.uniform(0.1, 0.9), self._random.uniform(0.1, 0.9)]
        return {"players": {name: place}, "chaser": game_state.chaser or name}

    def run(
        self, x: float, y: float, game_state: GameState, client_address: Any, dt: float
    ) -> Changes:
        """Let a player run in a direction; (0, 0) is to stand still."""
        del game_state, dt
        length = math.hypot(x, y)
        if client_address in self._names and math.isfinite(length):
            scale = max(length, 1.0)
            self._directions[self._names[client_address]] = (x / scale, y / scale)
        return {}

    def leave(self, game_state: GameState, client_address: Any, dt: float) -> Changes:
        """Take a player out of the game."""
        del dt
        name = self._names.pop(client_address, None)
        if name is None:
            return {}
        del self._directions[name]
        changes: Changes = {"players": {name: TO_DELETE}}
        if game_state.chaser == name:
            left = [other for other in game_state.players if other != name]
            changes["chaser"] = self._random.choice(left) if left else ""
        return changes

    def step(self, game_state: GameState, dt: float) -> Changes:
        """Move everybody, and see whom the chaser touches."""
        for address in self._gone():
            return self.leave(game_state, address, dt)
        self._protection_left -= dt
        moved = {
            name: _moved(place, self._directions[name], self._speed(name, game_state) * dt)
            for name, place in game_state.players.items()
        }
        changes: Changes = {"players": moved}
        if self._protection_left <= 0:
            changes["protected"] = ""
        caught = self._caught(game_state, moved)
        if caught:
            self._protection_left = PROTECTED_FOR
            changes |= {"chaser": caught, "protected": game_state.chaser}
            changes["tags"] = game_state.tags + 1
            self.backend.server.dispatch_event("TAGGED", game_state.chaser, caught)
        return changes

    def _why_not(self, name: object, players: dict[str, Any]) -> str:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
            return f"a name has 1 to {LONGEST_NAME} characters"
        if name in players:
            return f"{name} plays already"
        return f"{MOST_PLAYERS} play already" if len(players) >= MOST_PLAYERS else ""

    def _gone(self) -> list[Any]:
        """Return the addresses of players whose connection has ended."""
        connections = self.backend.server.connections
        disconnected = ConnectionStatus.get("Disconnected")
        return [
            address
            for address in self._names
            if address not in connections or connections[address].status == disconnected
        ]

    def _speed(self, name: str, game_state: GameState) -> float:
        return CHASER_SPEED if name == game_state.chaser else SPEED

    def _caught(self, game_state: GameState, places: dict[str, list[float]]) -> str | None:
        chaser = game_state.chaser
        for name, place in places.items():
            safe = name == chaser or (name == game_state.protected and self._protection_left > 0)
            if not safe and math.dist(place, places[chaser]) < REACH:
                return name
        return None


def backend() -> Backend:
    """Return a game that is ready to run."""
    return Tag().backend


def _moved(place: list[float], direction: tuple[float, float], by: float) -> list[float]:
    return [
        min(max(value + by * part, 0.0), 1.0) for value, part in zip(place, direction, strict=True)
    ]
