"""The event loop that peers share, as they shared the original's reactor.

What may live here: starting and stopping a loop from any thread. A program that never names a
reactor has one for all its peers, so that whichever of them runs, all do.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
from collections.abc import Callable
from functools import cache
from threading import Event as Flag
from threading import Lock, Thread, get_ident
from typing import Any, Final, Protocol
from weakref import WeakSet

from wirebook.reference.packetmq.operator_log import logger

_PATIENCE: Final = 5.0
"""Seconds that `stop` waits for the loop to end."""


class Closable(Protocol):
    """What has something to be freed before the loop is closed."""

    def close(self) -> None:
        """Free it."""


class Reactor:
    """An event loop, and the thread that runs it if one does."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_log)
        self._thread: int | None = None
        self._ended = Flag()
        self._ended.set()
        self._claiming = Lock()
        self._runs = 0
        self.peers: WeakSet[Closable] = WeakSet()
        """What is closed with the reactor."""

    @property
    def running(self) -> bool:
        """Whether the loop runs, in whatever thread."""
        return not self._ended.is_set()

    def here(self) -> bool:
        """Tell whether the calling code runs in the loop's thread."""
        return self._thread == get_ident()

    def run(self) -> None:
        """Run the loop until it is stopped; if another thread does so already, wait for that."""
        if not self._claim():
            self._ended.wait()
            return
        self._run()

    def run_in_thread(self) -> None:
        """Run the loop in a thread of its own, unless it runs already."""
        if self._claim():
            Thread(target=self._run, name="packetmq").start()

    def stop(self) -> None:
        """Stop the loop; return once it has stopped, unless that is to happen in this thread."""
        if self.running:
            self.stop_soon()
            if not self.here():
                self._ended.wait(_PATIENCE)

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Let the loop call a function, at the latest when it runs; can be called from anywhere."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody will ask any more
            soon = self.loop.call_soon if self.here() else self.loop.call_soon_threadsafe
            soon(function, *args)

    def stop_soon(self) -> None:
        """Stop the loop, and do not wait for it."""
        self.call(self._stop, self._runs)

    def close(self) -> None:
        """Stop the loop for good, and close what it serves."""
        self.stop()
        if self.running or self.loop.is_closed():
            return
        for peer in tuple(self.peers):
            peer.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(_ended(tasks))
        self.loop.close()

    def _claim(self) -> bool:
        with self._claiming:
            if self.running:
                return False
            self._ended.clear()
            self._runs += 1
            return True

    def _stop(self, run: int) -> None:
        if run == self._runs:  # else it has stopped already, and runs again
            self.loop.stop()

    def _run(self) -> None:
        self._thread = get_ident()
        try:
            self.loop.run_forever()
        finally:
            self._thread = None
            self._ended.set()


@cache
def default() -> Reactor:
    """Return the reactor of all peers that were given none."""
    reactor = Reactor()
    atexit.register(reactor.close)
    return reactor


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait for tasks that were cancelled, and for what closing has set off."""
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)


def _log(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    logger.error("%s", context["message"], exc_info=context.get("exception"))
