"""A server in a thread with an event loop of its own.

What may live here: starting it, and ending it from outside.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread

from wirebook.reference.pgnet.server import Server

_PATIENCE = 15.0


@dataclass(eq=False, slots=True)
class Handle:
    """A server that runs in a thread."""

    server: Server
    port: int = 0
    thread: Thread | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def stop(self) -> None:
        """End the server, which saves, and free its port."""
        if self.alive():
            self._loop.call_soon_threadsafe(self.server.shutdown)
        if self.thread is not None:
            self.thread.join(_PATIENCE)

    def alive(self) -> bool:
        """Tell whether the server still serves."""
        return self.thread is not None and self.thread.is_alive()

    def start(self) -> None:
        """Run it; return once it listens, or raise OSError if it cannot."""
        listening: Future[int] = Future()

        def run() -> None:
            try:
                self._loop.run_until_complete(
                    self.server.async_run(on_start=lambda: listening.set_result(0))
                )
            except BaseException as error:
                if listening.done():
                    raise
                listening.set_exception(error)
            finally:
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
                self._loop.run_until_complete(self._loop.shutdown_default_executor())
                self._loop.close()

        self.thread = Thread(target=run, name="pgnet server", daemon=True)
        self.thread.start()
        listening.result()
        self.port = self.server.port or 0
