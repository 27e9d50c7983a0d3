"""The conformance application on a server of PyGaSe 0.3.1.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
events of the book's chapter *The conformance application*, written as a game for the original would
write them, and what makes a dead server visible as a dead process.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

# By name, because checkers would take the folder of the book's prose, `spec/pygase`, for it.
pygase: Any = importlib.import_module("pygase")

STEP_SECONDS = 0.02

Address = tuple[str, int]
Changes = dict[str, Any]
Handler = Callable[..., Changes]


class Application:
    """A backend with the conformance events, those of the server and those of the game loop."""

    def __init__(self) -> None:
        self._counters: Counter[str] = Counter()
        self._more_may_wait = False
        of_the_server = {
            "ECHO": self._echo,
            "WHOAMI": self._who_am_i,
            "BURST": self._burst,
            "BROADCAST": self._broadcast,
            "WATCH": self._watch,
            "RAISE": self._raise_in_server,
        }
        of_the_game: dict[str, Handler] = {
            "COUNT": self._count,
            "UPDATE": self._update,
            "FILL": self._fill,
            "RAISE": self._raise_in_step,
        }
        # The original hands every event to the game loop too, which ends at the first one that it
        # has no handler for, known to the server or not. A game has to register one for each event
        # that it means to receive, and so does this application; what an event does that nobody
        # has registered is left for the suite to see.
        ignored: dict[str, Handler] = dict.fromkeys(of_the_server, self._ignore)
        handlers = {**ignored, **of_the_game}
        self._backend = pygase.Backend(
            initial_game_state=pygase.GameState(greeting="conformance", counts={}),
            time_step_function=self._step,
            event_handlers={name: self._noticed(handler) for name, handler in handlers.items()},
        )
        for event_type, handler in of_the_server.items():
            self._backend.server.register_event_handler(event_type, handler)

    def run(self, host: str, port: int) -> None:
        """Serve until the original's server stops or fails."""
        self._backend.run(hostname=host, port=port)

    def _step(self, *_: Any, **__: Any) -> Changes:
        # The game loop of 0.3.1 does not pause between two steps, whatever its interval says. It
        # runs in a thread of its own, so the application can pause for it without holding up the
        # server: this pause is the application's, not the original's.
        if self._more_may_wait:
            # Paused like this, the original handles but one event in each step. Where one was,
            # more may wait, and would do so until long after their sender has gone.
            self._more_may_wait = False
        else:
            time.sleep(STEP_SECONDS)
        return {}

    def _noticed(self, handler: Handler) -> Handler:
        def noticed(*args: Any, **kwargs: Any) -> Changes:
            self._more_may_wait = True
            return handler(*args, **kwargs)

        return noticed

    def _reply(self, client_address: Address, event_type: str, *args: Any, **kwargs: Any) -> None:
        self._backend.server.dispatch_event(
            event_type, *args, target_client=client_address, **kwargs
        )

    def _echo(self, *args: Any, client_address: Address, **kwargs: Any) -> None:
        # Keyword arguments are passed on although the original fails with them: it is documented
        # to take them, and the suite is to see what becomes of it.
        self._reply(client_address, "ECHO", *args, **kwargs)

    def _who_am_i(self, client_address: Address) -> None:
        self._reply(client_address, "YOU_ARE", *client_address)

    def _burst(self, n: int, client_address: Address) -> None:
        for number in range(n):
            self._reply(client_address, "BURST", number)

    def _broadcast(self, *args: Any, **_: Any) -> None:
        self._backend.server.dispatch_event("BROADCAST", *args)

    def _watch(self, name: str, retries: int, client_address: Address) -> None:
        def acked(connection: Any) -> None:
            self._reply(connection.remote_address, "ACKED", name)

        self._backend.server.dispatch_event(
            "WATCHED", name, target_client=client_address, retries=retries, ack_callback=acked
        )

    def _raise_in_server(self, where: str, **_: Any) -> None:
        if where == "server":
            raise RuntimeError("a handler of the server fails as it was asked to")

    def _raise_in_step(self, where: str, **_: Any) -> Changes:
        if where == "step":
            raise RuntimeError("a handler of the game loop fails as it was asked to")
        return {}

    def _count(self, name: str, **_: Any) -> Changes:
        self._counters[name] += 1
        return {"counts": {name: self._counters[name]}}

    def _update(self, changes: Changes, **_: Any) -> Changes:
        return changes

    def _fill(self, octets: int, **_: Any) -> Changes:
        return {"fill": "x" * octets if octets else pygase.gamestate.TO_DELETE}

    def _ignore(self, *_: Any, **__: Any) -> Changes:
        return {}


def main() -> NoReturn:
    """Run the application and end the process as soon as any part of the original has ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    threading.excepthook = _end_with_the_thread
    try:
        Application().run(arguments.host, arguments.port)
    except BaseException as error:
        traceback.print_exc()
        _end(1, f"the server of PyGaSe has failed: {error!r}")
    _end(0, "the server of PyGaSe has stopped")


def _end_with_the_thread(failure: threading.ExceptHookArgs) -> None:
    # When the game loop fails, the original goes on serving a state that stands still for ever. No
    # supervisor would notice; ending the process makes the failure as visible as it is final.
    threading.__excepthook__(failure)
    _end(1, f"the game loop of PyGaSe has failed: {failure.exc_value!r}")


def _end(status: int, reason: str) -> NoReturn:
    print(reason, file=sys.stderr, flush=True)
    # Threads of the original may still run, and would keep an ordinary exit waiting.
    os._exit(status)


if __name__ == "__main__":
    main()
