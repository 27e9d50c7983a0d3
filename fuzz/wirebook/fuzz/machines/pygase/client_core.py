"""The reference's client without sockets, threads and a clock: in virtual time.

The adapter, the client and its connections are the real ones; only the loop that waits is replaced.
What may live here: this subject.
"""

# ruff: noqa: SLF001 - the loop of the reference is replaced from outside, as nobody else does

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wirebook.fuzz import signatures
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.subjects import Arrived, Steps, Stopper
from wirebook.reference.pygase.connection import ClientConnection
from wirebook.reference.pygase.control import Adapter

ADDRESSES = (("127.0.0.1", 4711), ("127.0.0.1", 4712), ("127.0.0.2", 4711))
"""The server, and two that are not the server."""


class _Adapter(Adapter):
    """The adapter, with a list in place of its output."""

    def __init__(self, told: list[dict[str, Any]]) -> None:
        super().__init__(io.StringIO())
        self._told = told

    def write(self, message: dict[str, Any]) -> None:
        """Keep a notification."""
        self._told.append(message)


class CoreClient(Steps):
    """A client of the reference that does nothing by itself."""

    live = False
    grace = 0.0
    first_token = 0

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("wirebook.pygase").setLevel(logging.CRITICAL + 1)
        self._now = 0.0
        self._arrived: list[Arrived] = []
        self._told: list[dict[str, Any]] = []
        self._error = ""
        self._stopper = Stopper()
        self._adapter = _Adapter(self._told)
        self._connection: ClientConnection | None = None

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def send(self, peer: int, data: bytes) -> None:
        """Let the core receive a datagram."""
        self.sent(peer, data)
        if self._connection is not None:
            with self._watched():
                self._connection.peer.receive_datagram(data, ADDRESSES[peer], self._now)
                self._turn()

    def take(self) -> Sequence[Arrived]:
        """Return what the core has sent since the last call."""
        arrived, self._arrived = self._arrived, []
        return arrived

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let the adapter carry a request out."""
        if request["do"] not in ("state", "status"):
            self.asked(request)
        with self._watched():
            if request["do"] == "connect":
                self._connect()
                return {"ok": True}
            if request["do"] == "disconnect" and self._connection is not None:
                self._connection._ended.set()  # nobody waits for the end of a loop
            try:
                reply = self._adapter.requests[request["do"]](request) or {}
            except Exception as error:  # as the adapter answers it
                return {"ok": False, "error": f"{type(error).__name__}: {error}"}
            if request["do"] == "disconnect":
                self._wind_up()
            return {"ok": True, **reply}

    def notifications(self) -> list[dict[str, Any]]:
        """Return what it has notified since the last call."""
        told = list(self._told)
        self._told.clear()
        return told

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.waited(seconds)
        end = self._now + seconds
        with self._watched():
            while self._connection is not None:
                due = self._connection.peer.next_timer()
                if due is None or due > end:
                    break
                self._now = max(self._now, due)
                self._turn()
        self._now = end

    def alive(self) -> bool:
        """Tell whether nothing has failed."""
        return not self._error

    def output(self) -> str:
        """Return the traceback."""
        return self._error

    def close(self) -> None:
        """Nothing is held."""

    def _connect(self) -> None:
        self._connection = self._adapter._client._new_connection(*ADDRESSES[0])
        self._stopper.stopped = False
        self._connection._endpoint = self._stopper  # type: ignore[assignment]  # has all it uses
        self._connection.peer.address = ADDRESSES[0]
        self._connection.peer.connect(self._now)
        self._turn()

    def _turn(self) -> None:
        """Do what the endpoint does after it has read."""
        if self._connection is None:
            return
        core = self._connection.peer
        core.handle_timer(self._now)
        self._send()
        for happening in core.happenings():
            self._connection.take(happening)
        if self._stopper.stopped:
            self._wind_up()

    def _wind_up(self) -> None:
        """Do what a connection does that has ended."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        connection.peer.disconnect(self._now)
        for data, _ in connection.peer.datagrams_to_send():
            self._arrived.append(Arrived(0, self._now, data))
        for happening in connection.peer.happenings():
            connection.take(happening)
        connection.game_state_context.catch_up()
        connection.close(cancel=True)
        connection._endpoint = None
        connection._ended.set()

    def _send(self) -> None:
        if self._connection is not None:
            for data, address in self._connection.peer.datagrams_to_send():
                self._arrived.append(Arrived(ADDRESSES.index(address), self._now, data))

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._error = signatures.of_exception(error)
            raise Broken("PGS-ERR-001", f"fails: {self._error}", str(error)) from error
