"""`wirebook connect pygase`: a client for people, and for scripts that feed it lines.

What may live here: reading lines and showing what comes back.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from threading import Lock
from time import monotonic, sleep
from typing import Any, Final

from wirebook.reference.pygase.client import Client
from wirebook.reference.pygase.connection import ConnectionStatus
from wirebook.reference.pygase.errors import LocalProtocolError
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.spec.vectors import from_typed, to_typed

HELP: Final = """\
  EVENT [JSON …]   dispatch an event; a JSON object at the end has its keyword arguments
  /state           show the game state
  /status          show the connection's status, latency and rate
  /help            show this
  /quit            disconnect and end"""

_LINGER: Final = 0.5
"""Seconds that the state has to arrive before the first line, and answers after the last."""


def talk(host: str, port: int) -> None:
    """Connect, and dispatch what is typed; raise TimeoutError if nobody answers."""
    session = _Session()
    session.connect(host, port)
    try:
        session.run()
    finally:
        session.client.disconnect()


class _Everything(UniversalEventHandler):
    """Handles events of every type by showing them."""

    def __init__(self, session: _Session) -> None:
        super().__init__()
        self._session = session

    def has_event_type(self, event_type: str) -> bool:  # noqa: ARG002 - it has every type
        return True

    async def handle(self, event: Event, **kwargs: Any) -> None:
        values = [json.dumps(to_typed(value), ensure_ascii=False) for value in event.handler_args]
        named = to_typed(event.handler_kwargs | kwargs)
        values += [json.dumps(named, ensure_ascii=False)] if named else []
        self._session.show(f"<- {event.type} {' '.join(values)}".rstrip())


class _Session:
    def __init__(self) -> None:
        self.client = Client()
        self._writing = Lock()

    def connect(self, host: str, port: int) -> None:
        self.client.connect_in_thread(port, host)
        connection = self.client.connection
        assert connection is not None  # noqa: S101 - it has just been made
        self._connection = connection
        connection.event_handler = _Everything(self)
        deadline = monotonic() + 6.0
        while connection.status == ConnectionStatus.get("Connecting") and monotonic() < deadline:
            sleep(0.01)
        if connection.status != ConnectionStatus.get("Connected"):
            raise TimeoutError("no answer")
        # A script's first line may ask for the state; a server without one just has us wait.
        deadline = monotonic() + _LINGER
        while not self._has_state() and monotonic() < deadline:
            sleep(0.01)
        with suppress(TimeoutError):  # a server may have no state
            self.client.wait_until(lambda state: state.time_order > 0, timeout=_LINGER)
        self.show(f"connected to {host}, port {port}; /help shows what can be said")

    def _has_state(self) -> bool:
        with self.client.access_game_state() as state:
            return bool(state.time_order)

    def run(self) -> None:
        while True:
            if sys.stdin.isatty():
                sys.stdout.write("> ")
                sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                sleep(_LINGER)  # what a script has asked for may still be on its way
                return
            if line.strip() == "/quit":
                return
            if self._connection.status == ConnectionStatus.get("Disconnected"):
                self.show("the server is gone")
                return
            self._obey(line.strip())

    def show(self, text: str) -> None:
        with self._writing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def _obey(self, line: str) -> None:
        match line.split(maxsplit=1):
            case []:
                pass
            case ["/state"]:
                with self.client.access_game_state() as state:
                    shown = to_typed(dict(vars(state)))
                self.show(json.dumps(shown, indent=2, ensure_ascii=False))
            case ["/status"]:
                self._show_status()
            case [word, *_] if word.startswith("/"):
                self.show(HELP)
            case [event_type, *rest]:
                self._dispatch(event_type, rest[0] if rest else "")

    def _show_status(self) -> None:
        connection = self._connection
        self.show(
            f"{ConnectionStatus.get(connection.status)}, quality {connection.quality}, "
            f"latency {1000 * connection.latency:.1f} ms, "
            f"{connection.local_sequence} packages sent"
        )

    def _dispatch(self, event_type: str, text: str) -> None:
        try:
            values = list(_values(text))
            event = Event(event_type)
            if values and isinstance(values[-1], dict):
                event.handler_kwargs = values.pop()
            event.handler_args = values
            self._connection.dispatch_event(event, lambda: self.show(f"   {event_type} acked"))
        except (ValueError, LocalProtocolError) as error:
            self.show(f"cannot send that: {error}")


def _values(text: str) -> list[Any]:
    """Return the JSON values that stand one after the other."""
    decoder = json.JSONDecoder()
    values = []
    text = text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        values.append(from_typed(value))
        text = text[end:].lstrip()
    return values
