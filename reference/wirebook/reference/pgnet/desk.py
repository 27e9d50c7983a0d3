"""Where passwords are hashed and checked: in a few threads, while the event loop goes on.

What may live here: the threads, and whose turn it is. Addresses take turns, so that many logins
from one hold up each other and not everybody (PGN-SEC-005).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Busy(Exception):
    """Too many passwords wait already."""


class Desk:
    """A few threads, and the lines before them."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._threads = threads
        self._most_waiting = most_waiting
        self._working = 0
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        """Who waits, by address; the address at the front has the next turn."""
        self._pool: ThreadPoolExecutor | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._lines.values()))

    async def run(self, address: str, function: Callable[[], T]) -> T:
        """Return what a function returns that takes its time; raise Busy if too many wait."""
        if self._working < self._threads:
            self._working += 1
        else:
            await self._wait_for_turn(address)
        try:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "passwords")
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        finally:
            self._give_turn()

    def close(self) -> None:
        """End the threads when they have done what they do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _wait_for_turn(self, address: str) -> None:
        if self.waiting >= self._most_waiting:
            self._make_room(address)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(address, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_turn()
            else:
                self._leave(address, turn)
            raise

    def _make_room(self, address: str) -> None:
        """Send the last of the longest line away, unless that is the line of this address."""
        longest = max(self._lines, key=lambda other: len(self._lines[other]))
        if len(self._lines[longest]) <= len(self._lines.get(address, ())) + 1:
            raise Busy
        last = self._lines[longest][-1]
        self._leave(longest, last)
        last.set_exception(Busy())

    def _leave(self, address: str, turn: asyncio.Future[None]) -> None:
        line = self._lines.get(address)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[address]

    def _give_turn(self) -> None:
        if not self._lines:
            self._working -= 1
            return
        address = next(iter(self._lines))
        line = self._lines.pop(address)
        line.popleft().set_result(None)
        if line:
            self._lines[address] = line  # at the end
