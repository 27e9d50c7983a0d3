"""Calls that work both ways: they block in plain code and are awaitable in a running event loop.

What may live here: how coroutines are run for those who have no event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future
from threading import Thread
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")

Dual: TypeAlias = Any
"""What such a call returns: its result, or something to await in a running event loop."""


def in_event_loop() -> bool:
    """Tell whether the calling code runs in an event loop, which must not be blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run(main: Coroutine[Any, Any, T]) -> Dual:
    """Run a coroutine to its end; in a running event loop, return it to be awaited."""
    return main if in_event_loop() else asyncio.run(main)


def listen_in_thread(
    main: Callable[[Future[None]], Coroutine[Any, Any, None]], *, daemon: bool
) -> Thread:
    """Run a coroutine in a thread; return once it has set its argument, or raise what it raised."""
    listening: Future[None] = Future()

    def target() -> None:
        try:
            asyncio.run(main(listening))
        except Exception as error:
            if listening.done():
                raise
            listening.set_exception(error)

    thread = Thread(target=target, name="pygase server", daemon=daemon)
    thread.start()
    listening.result()
    return thread


class Afterwards(Coroutine[Any, Any, T], Generic[T]):
    """A coroutine to await the end of something that has been set off already.

    Unlike other coroutines it may be dropped: the call has had its effect.
    """

    def __init__(self, wait: Callable[[], Awaitable[T]]) -> None:
        self._wait = wait
        self._steps: Generator[Any, Any, T] | None = None

    def __await__(self) -> Generator[Any, Any, T]:
        return self._begun()

    def send(self, value: Any) -> Any:
        """Go on until the next suspension."""
        return self._begun().send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an error."""
        return self._begun().throw(*error)

    def close(self) -> None:
        """End without going on."""
        if self._steps is not None:
            self._steps.close()

    def _begun(self) -> Generator[Any, Any, T]:
        if self._steps is None:
            self._steps = self._generator()
        return self._steps

    def _generator(self) -> Generator[Any, Any, T]:
        return (yield from self._wait().__await__())
