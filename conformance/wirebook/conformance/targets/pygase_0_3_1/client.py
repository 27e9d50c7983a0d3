"""The client of PyGaSe 0.3.1, steered by the control protocol on standard input and output.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
requests of the book's chapter *The conformance application* as calls of the documented client, and
the values that JSON lacks.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO

# By name, because checkers would take the folder of the book's prose, `spec/pygase`, for it.
pygase: Any = importlib.import_module("pygase")
ConnectionStatus = pygase.connection.ConnectionStatus

PROTOCOL, VERSION = "pygase", 1
BEGIN_SECONDS = 1.0
END_SECONDS = 1.0
POLL_SECONDS = 0.001
EXACT_INTEGERS = 2**53

Message = dict[str, Any]


class Adapter:
    """Carries out requests on one client, and writes replies and notifications."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._writing = threading.Lock()
        self._client = pygase.Client()
        self._thread: threading.Thread | None = None

    def run(self, requests: Iterable[bytes]) -> None:
        """Answer requests until there are no more, or one says to quit."""
        self._write({"event": "ready", "protocol": PROTOCOL, "version": VERSION})
        for line in requests:
            request = json.loads(line)
            if request["do"] == "quit":
                self._write({"id": request["id"], "ok": True})
                return
            try:
                reply = self._carry_out(request)
            except Exception as error:
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self._write({"id": request["id"], "ok": True, **reply})

    def _carry_out(self, request: Message) -> Message:
        known: dict[str, Callable[[Message], Message]] = {
            "connect": self._connect,
            "dispatch": self._dispatch,
            "handle": self._handle,
            "state": self._state,
            "status": self._status,
            "disconnect": self._disconnect,
        }
        return known[request["do"]](request)

    def _connect(self, request: Message) -> Message:
        before = self._client.connection
        if before is not None:
            self._leave(shutdown_server=False)
        self._thread = self._client.connect_in_thread(
            hostname=request["host"], port=request["port"]
        )
        # The call returns before its thread has begun to connect. Wait for the beginning, not for
        # the outcome, so that what is asked next does not race it.
        _wait(lambda: self._client.connection is not before and self._is_up(), BEGIN_SECONDS)
        return {}

    def _dispatch(self, request: Message) -> Message:
        tag = request.get("tag")
        kwargs = {name: from_typed(value) for name, value in request.get("kwargs", {}).items()}
        self._client.dispatch_event(
            request["type"],
            *[from_typed(value) for value in request.get("args", [])],
            retries=request.get("retries", 0),
            ack_callback=None if tag is None else self._notifier_of_ack(tag),
            **kwargs,
        )
        return {}

    def _handle(self, request: Message) -> Message:
        event_type, fail = request["type"], request.get("fail", False)

        def handler(*args: Any, **kwargs: Any) -> None:
            values = {name: to_typed(value) for name, value in kwargs.items()}
            arguments = {"args": [to_typed(value) for value in args], "kwargs": values}
            self._write({"event": "received", "type": event_type, **arguments})
            if fail:
                raise RuntimeError("a handler of the client fails as it was asked to")

        self._client.register_event_handler(event_type, handler)
        return {}

    def _state(self, _: Message) -> Message:
        with self._client.access_game_state() as game_state:
            attributes = vars(game_state)
            return {"state": {name: to_typed(value) for name, value in attributes.items()}}

    def _status(self, _: Message) -> Message:
        connection = self._client.connection
        if connection is None:
            return {"status": ConnectionStatus.get(ConnectionStatus.get("Disconnected"))}
        return {"status": ConnectionStatus.get(connection.status)}

    def _disconnect(self, request: Message) -> Message:
        self._leave(shutdown_server=request.get("shutdown_server", False))
        return {}

    def _leave(self, *, shutdown_server: bool) -> None:
        self._client.disconnect(shutdown_server=shutdown_server)
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _is_up(self) -> bool:
        return bool(self._client.connection.status != ConnectionStatus.get("Disconnected"))

    def _notifier_of_ack(self, tag: str) -> Callable[[], None]:
        return lambda: self._write({"event": "acked", "tag": tag})

    def _write(self, message: Message) -> None:
        # Handlers and callbacks run in the thread of the connection.
        with self._writing:
            self._output.write(json.dumps(message, allow_nan=False) + "\n")
            self._output.flush()


def to_typed(value: Any) -> Any:
    """Return the JSON value that stands for a value of the protocol."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= EXACT_INTEGERS else {"$int": str(int(value))}
    if isinstance(value, float):
        finite = value - value == 0
        return {"$float": value if finite else str(value)}
    if isinstance(value, bytes | bytearray):
        return {"$bin": value.hex()}
    if isinstance(value, list | tuple):
        return [to_typed(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_typed(item) for key, item in value.items()}
        if not any(isinstance(key, tuple) for key in value):
            return {"$map": [[to_typed(key), to_typed(item)] for key, item in value.items()]}
    # Whatever else the original lets through is no value of the protocol; say what it was.
    return {"$unknown": repr(value)}


def from_typed(value: Any) -> Any:
    """Return the value of the protocol that a JSON value stands for."""
    if isinstance(value, list):
        return [from_typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$float":
            return float(content)
        if tag == "$bin":
            return bytes.fromhex(content)
        if tag == "$int":
            return int(content)
        if tag == "$map":
            return {from_typed(key): from_typed(item) for key, item in content}
    return {key: from_typed(item) for key, item in value.items()}


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(POLL_SECONDS)


def main() -> None:
    """Serve requests, and end at the end of the input whatever the original's threads do."""
    Adapter(sys.stdout).run(sys.stdin.buffer)
    os._exit(0)


if __name__ == "__main__":
    main()
