"""The documented client.

What may live here: `Client`. Its connection is in `connection`, its copy of the state in `mirror`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

from wirebook.reference.pygase.connection import Callbacks, ClientConnection
from wirebook.reference.pygase.dual import Dual
from wirebook.reference.pygase.errors import NotConnected
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.gamestate import GameState
from wirebook.reference.pygase.mirror import GameStateContext
from wirebook.reference.pygase.operator_log import Complaints

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """Exchanges events with a server, and has a copy of its game state."""

    def __init__(self) -> None:
        self.connection: ClientConnection | None = None
        """The connection, which is a new one each time the client connects."""
        self._handlers = UniversalEventHandler()
        self._complaints = Complaints()

    def connect(self, port: int, hostname: str = "localhost") -> Dual:
        """Connect to a server, and return when the connection has ended; can also be awaited."""
        return self._new_connection(hostname, port).loop()

    def connect_in_thread(self, port: int, hostname: str = "localhost") -> Thread:
        """Connect to a server, and run the connection in a thread of its own.

        The thread keeps the program running until the connection has ended.
        """
        connection = self._new_connection(hostname, port)
        connection.open()

        def loop() -> None:
            try:
                asyncio.run(connection.run())
            except Exception:
                self._complaints.failed("the connection")

        thread = Thread(target=loop, name="pygase client")
        thread.start()
        return thread

    def disconnect(self, shutdown_server: bool = False) -> Dual:
        """End the connection, and the server with it if that is wanted; can also be awaited."""
        return self._connected().shutdown(shutdown_server)

    def access_game_state(self) -> GameStateContext:
        """Return the context manager of the game state: `with` locks it and gives it."""
        return self._connected().game_state_context

    def wait_until(
        self, game_state_condition: Callable[[GameState], bool], timeout: float = 1.0
    ) -> None:
        """Block until a condition on the game state is met; raise TimeoutError if it never is."""
        self.access_game_state().wait_for(
            lambda state: (bool(game_state_condition(state)), None), timeout
        )

    def try_to(self, function: Callable[[GameState], T | None], timeout: float = 1.0) -> T:
        """Return what a function of the game state returns, once it returns something.

        It is called again while what it looks for is missing: while it raises KeyError or
        AttributeError, or returns None. Raises TimeoutError if that does not end in time.
        """

        def attempt(state: GameState) -> tuple[bool, Any]:
            try:
                result = function(state)
            except (KeyError, AttributeError):
                return False, None
            return result is not None, result

        found: T = self.access_game_state().wait_for(attempt, timeout)
        return found

    def dispatch_event(
        self,
        event_type: str,
        *args: Any,
        retries: int = 0,
        ack_callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send an event to the server; raise an error if it cannot be sent."""
        event = Event(event_type, *args, **kwargs)
        self._connected().send(event, Callbacks.of(ack_callback), retries)

    def register_event_handler(
        self, event_type: str, event_handler_function: Callable[..., Any]
    ) -> None:
        """Let a function or coroutine handle the events of a type."""
        self._handlers.register_event_handler(event_type, event_handler_function)

    def _new_connection(self, hostname: str, port: int) -> ClientConnection:
        if self.connection is not None:
            self.connection.shutdown()
        self.connection = ClientConnection((hostname, port), self._handlers)
        return self.connection

    def _connected(self) -> ClientConnection:
        if self.connection is None:
            raise NotConnected("the client has not been asked to connect")
        return self.connection
