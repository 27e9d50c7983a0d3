"""Running the handlers and callbacks of one connection, one after another.

A plain function runs at once; a coroutine holds up what comes after it on the same connection, and
nobody else. A task exists only while there is a coroutine to wait for. What may live here: the
order of calls, and that nothing a handler does ends more than itself (PGS-EVT-023).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from wirebook.reference.pygase.operator_log import Complaints


@dataclass(frozen=True, slots=True)
class _Call:
    what: str
    function: Callable[[], Any]
    done: Callable[[], None]


def _nothing() -> None:
    pass


class Serial:
    """A line of calls."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._line: deque[_Call] = deque()
        self._busy = False
        self._task: asyncio.Future[None] | None = None

    def submit(
        self, what: str, function: Callable[[], Any], done: Callable[[], None] = _nothing
    ) -> None:
        """Call a function when its turn comes; then call `done`, whether or not it failed."""
        self._line.append(_Call(what, function, done))
        if not self._busy:
            self._go_on()

    def close(self, *, cancel: bool = False) -> None:
        """Drop what waits; cancel what runs if that is wanted, else let it end."""
        dropped = list(self._line)
        self._line.clear()
        for call in dropped:
            call.done()
        if cancel and self._task is not None:
            self._task.cancel()

    def _go_on(self) -> None:
        self._busy = True
        while self._line:
            call = self._line.popleft()
            try:
                result = call.function()
            except Exception:
                self._complaints.failed(call.what)
            else:
                if isawaitable(result):
                    self._task = asyncio.ensure_future(self._wait_for(call, result))
                    return
            call.done()
        self._busy = False

    async def _wait_for(self, call: _Call, result: Awaitable[Any]) -> None:
        try:
            await result
        except Exception:
            self._complaints.failed(call.what)
        finally:
            self._task = None
            self._busy = False
            call.done()
        self._go_on()
