"""Players of tag: what a client can do, and bots that do it by themselves.

What may live here: clients of the game, with the public API alone.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from threading import Thread

from wirebook.reference.pygase import Client

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """What a player sees."""

    places: dict[str, Place]
    chaser: str
    protected: str
    tags: int
    steps: int


class Player:
    """A client that plays."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = Client()
        self.news = ""
        """What happened last."""
        self.refused = ""
        """Why the server does not let this one play."""
        self._thread: Thread | None = None
        self.client.register_event_handler("TAGGED", self._on_tagged)
        self.client.register_event_handler("REFUSED", self._on_refused)

    def join(self, host: str, port: int, timeout: float = 5.0) -> None:
        """Connect and take part; raise TimeoutError if that does not work out."""
        self._thread = self.client.connect_in_thread(port, host)
        self.client.dispatch_event("JOIN", self.name, retries=5)
        self.client.wait_until(
            lambda state: bool(self.refused) or self.name in vars(state).get("players", {}), timeout
        )

    def look(self) -> View:
        """Return what there is to see."""
        with self.client.access_game_state() as state:
            places = {name: (place[0], place[1]) for name, place in state.players.items()}
            steps = int(state.time_order)
            return View(places, state.chaser, state.protected, state.tags, steps)

    def run(self, x: float, y: float) -> None:
        """Run in a direction."""
        self.client.dispatch_event("RUN", x, y)

    def leave(self) -> None:
        """Leave the game."""
        self.client.disconnect()
        if self._thread is not None:
            self._thread.join()

    def _on_tagged(self, chaser: str, caught: str) -> None:
        self.news = f"{chaser} caught {caught}"

    def _on_refused(self, reason: str) -> None:
        self.refused = reason


class Bot(Player):
    """A player that makes its own mind up."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name)
        self._random = random.Random(seed)  # noqa: S311 - a whim is no secret

    def think(self) -> None:
        """Look, and run somewhere: to the nearest one, or away from the chaser."""
        view = self.look()
        here = view.places.get(self.name)
        others = {name: place for name, place in view.places.items() if name != self.name}
        if here is None or not others:
            return
        if view.chaser == self.name:
            prey = [place for name, place in others.items() if name != view.protected]
            goal = min(prey or others.values(), key=lambda place: math.dist(place, here))
            self.run(*_direction(here, goal))
        else:
            away = _direction(others.get(view.chaser, (0.5, 0.5)), here)
            middle = _direction(here, (0.5, 0.5))
            pull = 2.0 * max(abs(here[0] - 0.5), abs(here[1] - 0.5)) ** 2
            whim = self._random.uniform(-1.0, 1.0), self._random.uniform(-1.0, 1.0)
            x, y = (a + 2 * pull * m + 0.5 * w for a, m, w in zip(away, middle, whim, strict=True))
            self.run(x, y)


def _direction(start: Place, goal: Place) -> Place:
    length = math.dist(start, goal) or 1.0
    return (goal[0] - start[0]) / length, (goal[1] - start[1]) / length
