"""The client adapter: the control protocol of the book's conformance application.

What may live here: requests in, replies and notifications out, one JSON object a line.
"""

from __future__ import annotations

from typing import Any, TextIO

from wirebook.reference.pygase.client import Client
from wirebook.reference.pygase.connection import Callbacks, ConnectionStatus
from wirebook.reference.pygase.errors import NotConnected
from wirebook.reference.pygase.event import Event
from wirebook.reference.steering import Steered
from wirebook.spec.vectors import from_typed, to_typed


class IntendedFailure(Exception):
    """What a handler raises that was registered to fail."""


class Adapter(Steered):
    """A client that is steered by lines of JSON."""

    def __init__(self, output: TextIO) -> None:
        super().__init__(output, "pygase")
        self._client = Client()
        self.requests = {
            "connect": self._connect,
            "dispatch": self._dispatch,
            "handle": self._handle,
            "state": self._state,
            "status": self._status,
            "disconnect": self._disconnect,
        }

    def run(self, lines: TextIO) -> None:
        """Answer requests until they end; leave the server then."""
        try:
            super().run(lines)
        finally:
            if self._client.connection is not None:
                self._client.disconnect()

    def _connect(self, request: dict[str, Any]) -> dict[str, Any]:
        self._client.connect_in_thread(request["port"], request["host"])
        return {}

    def _dispatch(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._client.connection is None:
            raise NotConnected("connect first")
        event = Event(request["type"], *from_typed(request.get("args", [])))
        event.handler_kwargs = from_typed(request.get("kwargs", {}))
        tag = request.get("tag")
        acked = None if tag is None else lambda: self.write({"event": "acked", "tag": tag})
        self._client.connection.send(event, Callbacks.of(acked), request.get("retries", 0))
        return {}

    def _handle(self, request: dict[str, Any]) -> dict[str, Any]:
        event_type, fail = request["type"], request.get("fail", False)

        def handler(*args: Any, **kwargs: Any) -> None:
            values = {"args": to_typed(list(args)), "kwargs": to_typed(kwargs)}
            self.write({"event": "received", "type": event_type, **values})
            if fail:
                raise IntendedFailure(event_type)

        self._client.register_event_handler(event_type, handler)
        return {}

    def _state(self, _: dict[str, Any]) -> dict[str, Any]:
        with self._client.access_game_state() as state:
            return {"state": to_typed(dict(vars(state)))}

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        connection = self._client.connection
        status = ConnectionStatus.get("Disconnected") if connection is None else connection.status
        return {"status": ConnectionStatus.get(status)}

    def _disconnect(self, request: dict[str, Any]) -> dict[str, Any]:
        self._client.disconnect(request.get("shutdown_server", False))
        return {}
