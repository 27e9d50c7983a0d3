"""A client in an event loop of its own, for programs that wait for lines of input.

What may live here: the thread between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from wirebook.reference.pgnet.client import Client

T = TypeVar("T")

_PATIENCE = 10.0


class ClientThread:
    """Runs a client; another one can follow when it is disconnected."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="pgnet client", daemon=True)
        self._thread.start()
        self.client: Client | None = None
        self._connecting: Future[None] | None = None

    def connect(self, client: Client) -> Future[None]:
        """Disconnect, and let another client begin to connect; return what is done at its end."""
        self.disconnect()
        self.client = client
        self._connecting = asyncio.run_coroutine_threadsafe(client.async_connect(), self._loop)
        return self._connecting

    def call(self, function: Callable[[], T]) -> T:
        """Return what a function returns that is called in the event loop."""

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(_PATIENCE)

    def disconnect(self) -> None:
        """Disconnect, and wait for it."""
        if self.client is not None and self._connecting is not None:
            self.call(self.client.disconnect)
            self._connecting.result(_PATIENCE)
            self._connecting = None

    def close(self) -> None:
        """Disconnect and end."""
        try:
            self.disconnect()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_PATIENCE)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
