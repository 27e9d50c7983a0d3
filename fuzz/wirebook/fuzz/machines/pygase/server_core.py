"""The reference's server without sockets, threads and a clock: in virtual time.

The core, the connections with their handlers, and the game with the conformance application are the
real ones; only the loops that wait are replaced. What may live here: this subject.
"""

# ruff: noqa: SLF001 - the loops of the reference are replaced from outside, as nobody else does

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wirebook.fuzz import signatures
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.subjects import Arrived, Steps, Stopper
from wirebook.reference.pygase import conformance_app
from wirebook.reference.pygase.backend import Backend, GameStateStore
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.gamestate import GameState, GameStatus
from wirebook.reference.pygase.store import states_of

STEP = 0.02
_ACTIVE = int(GameStatus.get("Active"))
CONNECTIONS = 5
_FIRST_PORT = 10_000


class CoreServer(Steps):
    """A server of the reference that does nothing by itself."""

    live = False
    grace = 0.0
    host_taken = False
    tag = ""
    most_connections = CONNECTIONS

    def __init__(self) -> None:
        super().__init__()
        self.state: dict[str, Any] = {"greeting": "conformance", "counts": {}, "game_status": 1}
        self._now = 0.0
        self._arrived: list[Arrived] = []
        self._error = ""
        self._endpoint = Stopper()
        self._start(conformance_app.backend())

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def address(self, peer: int) -> tuple[str, int]:
        """Return the host and port of an address."""
        return ("127.0.0.1", _FIRST_PORT + peer) if peer != 1 else ("127.0.0.2", _FIRST_PORT)

    def begin(self, time_order: int) -> bool:
        """Begin with another state."""
        backend = conformance_app.backend()
        store = GameStateStore(GameState(time_order, greeting="conformance", counts={}))
        backend.game_state_store = backend.server.game_state_store = store
        backend.game_state_machine._store = store
        self._start(backend)
        return True

    def send(self, peer: int, data: bytes) -> None:
        """Let the core receive a datagram."""
        self.sent(peer, data)
        with self._watched():
            self._core.receive_datagram(data, self.address(peer), self._now)
            self._turn()

    def take(self) -> Sequence[Arrived]:
        """Return what the core has sent since the last call."""
        arrived, self._arrived = self._arrived, []
        return arrived

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.waited(seconds)
        end = self._now + seconds
        with self._watched():
            while self.alive():
                timer = self._core.next_timer()
                due = self._next_step if timer is None else min(timer, self._next_step)
                if due > end:
                    break
                self._now = max(self._now, due)
                if self._next_step <= self._now:
                    self._step()
                self._turn()
        self._now = end

    def alive(self) -> bool:
        """Tell whether the server has neither failed nor stopped."""
        return not self._error and not self._endpoint.stopped

    def output(self) -> str:
        """Return the traceback."""
        return self._error

    def close(self) -> None:
        """Nothing is held."""

    def _start(self, backend: Backend) -> None:
        # What a server tells its operator is not what is looked at, and slow to write.
        logging.getLogger("wirebook.pygase").setLevel(logging.CRITICAL + 1)
        self._backend = backend
        self._server = backend.server
        self._game = backend.game_state_machine
        limits = Limits(connections=CONNECTIONS)
        self._core = self._server._core = ServerCore(
            states_of(self._server.game_state_store), limits
        )
        self._server._event_wire = self._game
        self._server._endpoint = self._endpoint  # type: ignore[assignment]  # has all that is used
        self._changes: dict[str, Any] = {"game_status": _ACTIVE}
        self._step()

    def _step(self) -> None:
        step = self._game._step(STEP, self._changes)
        try:
            step.send(None)
        except StopIteration:
            self._changes = {}
        else:
            raise RuntimeError("a step of the game waits for something")
        self._next_step = self._now + STEP

    def _turn(self) -> None:
        """Do what the endpoint does after it has read."""
        self._core.handle_timer(self._now)
        for data, address in self._core.datagrams_to_send():
            self._arrived.append(Arrived(self._number(address), self._now, data))
        for happening in self._core.happenings():
            self._server._take(happening)

    @staticmethod
    def _number(address: tuple[str, int]) -> int:
        return address[1] - _FIRST_PORT if address[0] == "127.0.0.1" else 1

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._error = signatures.of_exception(error)
            raise Broken("PGS-ERR-001", f"fails: {self._error}", str(error)) from error
