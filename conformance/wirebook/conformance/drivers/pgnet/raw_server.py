"""A raw server: answers a client what a case wants, and keeps all that comes back.

The case is the server: nothing is answered unless a method is called for it, except heartbeats,
which would otherwise stand between a case and what it waits for. What a case leaves unsaid in
`respond` is what a correct server would send. What may live here: keys, boxes, requests, responses
and waiting; the WebSocket underneath is in `raw_server_websocket.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from wirebook.conformance.drivers.pgnet.raw_server_websocket import (
    Ending,
    Incoming,
    ServerWebSocket,
)
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Violation
from wirebook.spec import books
from wirebook.spec.books import Malformed
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import KEY_SIZE, NONCE_SIZE

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a client that works."""
HEARTBEAT = "__pgnet__.heartbeat_update"
CREATED_ON = "2026-11-20T10:00:00.123456+00:00"
SHOWN_CHARACTERS = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request of the client."""

    at: float
    """When it came, on the monotonic clock, in seconds."""
    text: bytes
    """The WebSocket message."""
    clear: bytes
    """What a box opened to; the text itself if it came in clear."""
    value: Json
    """All its members, also those that no request has."""

    @property
    def message(self) -> str:
        """The request's message."""
        return str(self.value["message"])

    @property
    def payload(self) -> Json:
        """The request's payload, empty if it has none."""
        payload: Json = self.value.get("payload", {})
        return payload


class RawConnection:
    """One connection of the client, from its WebSocket handshake to its end."""

    def __init__(self, server: RawServer, connection: socket.socket) -> None:
        self.server = server
        self.peer_key: bytes | None = None
        """The client's public key, from the key trade on."""
        self.game: str | None = None
        """What `respond` says of the game, unless it is told otherwise."""
        self.heartbeats: list[Arrival] = []
        """Those that were answered while something else was waited for."""
        self.nonces: list[bytes] = []
        """The nonces of the boxes that the client has sent."""
        self.local_nonces: set[bytes] = set()
        """The nonces of the boxes that were made for it."""
        self.ending: Ending | None = None
        self._changed = threading.Condition()
        self._waiting: list[Incoming] = []
        self.websocket = ServerWebSocket(connection, self._told)
        self.local, self.remote = self.websocket.local, self.websocket.remote
        self.websocket.start()

    def trade_keys(self) -> Arrival:
        """Take the client's key, and answer with the server's."""
        arrival = self.next("the key trade")
        self.take_key(arrival)
        self.respond("key_trade", {"pubkey": self.server.public_key}, clear=True)
        return arrival

    def take_key(self, arrival: Arrival) -> None:
        """Remember the public key of a first request."""
        offered = arrival.payload.get("pubkey")
        key = tunnel.decode_key(offered) if tunnel.usable(offered) else None
        if key is None:
            raise Violation(f"expected a usable public key, got {_short(offered)}")
        self.peer_key = key

    def open(self) -> Arrival:
        """Do the whole opening as a server that takes everybody in; return the login."""
        self.trade_keys()
        login = self.next("the login")
        self.respond("Authenticated.")
        return login

    def next(self, what: str = "a request", *, seconds: float = PATIENCE) -> Arrival:
        """Return the next request, which has to come in time; heartbeats are answered meanwhile."""
        deadline = time.monotonic() + self.server.stretched(seconds)
        while True:
            arrival = self._read(self._take(deadline, what))
            if arrival.message != HEARTBEAT:
                return arrival
            self.heartbeats.append(arrival)
            self.respond("heartbeat")

    def next_heartbeat(self, *, seconds: float = PATIENCE) -> Arrival:
        """Return the next request, which has to be a heartbeat; it is not answered."""
        deadline = time.monotonic() + self.server.stretched(seconds)
        arrival = self._read(self._take(deadline, "a heartbeat"))
        if arrival.message != HEARTBEAT:
            raise Violation(f"expected a heartbeat, got {_short(arrival.value)}")
        return arrival

    def expect_nothing(self, seconds: float, what: str) -> None:
        """Check that the client sends no request for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.ending, seconds)
            waiting = list(self._waiting)
        if waiting:
            shown = _short(self._read(waiting[0]).value)
            raise Violation(f"expected no request {what}, got {shown}")

    def respond(
        self,
        message: str = "OK",
        payload: Json | None = None,
        *,
        status: int = 0,
        clear: bool = False,
        **members: Any,
    ) -> None:
        """Answer as a correct server would, with these members changed or added."""
        value = {
            "message": message,
            "payload": {} if payload is None else payload,
            "status": status,
            "created_on": CREATED_ON,
            "disconnecting": False,
            "game": self.game,
            **members,
        }
        self.send_json(json.dumps(value).encode(), clear=clear)

    def send_json(self, data: bytes, *, clear: bool = False) -> None:
        """Send octets as the content of a message: in a box, or in clear."""
        if clear:
            self.send_text(data)
        else:
            self.send_text(self.sealed(data), opened=data)

    def sealed(self, data: bytes, nonce: bytes | None = None, *, key: bytes | None = None) -> bytes:
        """Return the text of a box with these octets for the client."""
        if self.peer_key is None:
            raise AssertionError("the case has not taken the client's key")
        chosen = os.urandom(NONCE_SIZE) if nonce is None else nonce
        self.local_nonces.add(chosen)
        private_key = self.server.private_key if key is None else key
        return tunnel.seal(data, chosen, private_key, self.peer_key).encode()

    def send_text(
        self, data: bytes, *, opened: bytes = b"", cuts: tuple[int, ...] = (), text: bool = True
    ) -> None:
        """Send a WebSocket message as it is."""
        message = "response" if text else ""
        self.server.recorder.sent(
            data,
            message=message,
            local=self.local,
            remote=self.remote,
            transport="websocket",
            clear=opened,
        )
        self.websocket.send(data, text=text, cuts=cuts)

    def expect_ending(
        self, what: str, *codes: int, seconds: float = PATIENCE, quiet: bool = True
    ) -> Ending:
        """Wait until the client has ended the connection, with one of these close codes if given.

        With `quiet`, it must not send a request before it does.
        """

        def over() -> bool:
            return self.ending is not None or bool(quiet and self._waiting)

        with self._changed:
            self._changed.wait_for(over, self.server.stretched(seconds))
            ending, waiting = self.ending, list(self._waiting)
        if quiet and waiting:
            got = _short(self._read(waiting[0]).value)
            raise Violation(f"{what}: expected the client to end the connection, got {got}")
        if ending is None:
            raise Violation(f"{what}: expected the client to end the connection, and it did not")
        if codes and ending.code not in codes:
            expected = " or ".join(map(str, codes))
            raise Violation(f"{what}: expected close code {expected}, got {ending.how}")
        return ending

    def close(self, code: int = 1000) -> None:
        """End the connection with a close frame."""
        self.server.recorder.closed(
            by="suite",
            how=f"websocket {code}",
            local=self.local,
            remote=self.remote,
            transport="websocket",
        )
        self.websocket.close(code)

    def drop(self, *, reset: bool = False) -> None:
        """End the TCP connection without a close frame."""
        how = "rst" if reset else "fin"
        self.server.recorder.closed(
            by="suite", how=how, local=self.local, remote=self.remote, transport="websocket"
        )
        self.websocket.drop(reset=reset)

    def _take(self, deadline: float, what: str) -> Incoming:
        with self._changed:
            left = deadline - time.monotonic()
            self._changed.wait_for(lambda: self._waiting or self.ending, max(0.0, left))
            if self._waiting:
                return self._waiting.pop(0)
            ending = self.ending
        if ending is not None:
            raise Violation(f"expected {what}, but the client ended the connection ({ending.how})")
        raise Violation(f"expected {what}, and nothing came")

    def _read(self, incoming: Incoming) -> Arrival:
        """Read a message strictly: what a client sends has to be what the book allows."""
        if not incoming.text:
            raise Violation("expected text messages only, got a binary one (PGN-WSB-002)")
        try:
            clear = self._opened(incoming.data)
            books.get("pgnet").parse("request", clear)
            value: Json = json.loads(clear)
        except Malformed as malformed:
            shown = _short(incoming.data.decode("utf-8", "replace"))
            raise Violation(f"expected a request, got {shown} ({malformed})") from malformed
        return Arrival(incoming.at, incoming.data, clear, value)

    def _opened(self, data: bytes) -> bytes:
        if self.peer_key is None:
            return data
        return tunnel.open_box(data, self.server.private_key, self.peer_key)

    def _told(self, happening: Incoming | Ending) -> None:
        if isinstance(happening, Ending):
            self.server.recorder.closed(
                by="target",
                how=f"{happening.how} {happening.reason}".rstrip(),
                local=self.local,
                remote=self.remote,
                transport="websocket",
            )
        else:
            self._record(happening)
        with self._changed:
            if isinstance(happening, Ending):
                self.ending = happening
            else:
                self._waiting.append(happening)
            self._changed.notify_all()

    def _record(self, incoming: Incoming) -> None:
        clear, opened = b"", self.peer_key is None
        try:
            if not opened:
                clear = self._opened(incoming.data)
                opened = True
                self.nonces.append(tunnel.split(incoming.data)[0])
        except Malformed:
            pass  # whoever waits for it will see
        self.server.recorder.received(
            incoming.data,
            message="request" if opened and incoming.text else "",
            local=self.local,
            remote=self.remote,
            transport="websocket",
            clear=clear,
        )


class RawServer:
    """Listens for the client, and gives the case its connections."""

    def __init__(
        self,
        recorder: Recorder | None = None,
        stretched: Callable[[float], float] = lambda seconds: seconds,
    ) -> None:
        self.recorder = recorder or Recorder()
        self.stretched = stretched
        """Stretches a time-out for a slow target."""
        self.private_key = os.urandom(KEY_SIZE)
        self.public_key: str = tunnel.encode_key(tunnel.public_key_of(self.private_key))
        """In base64."""
        self.connections: list[RawConnection] = []
        """All that the client has made."""
        self._given = 0
        self._changed = threading.Condition()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listening.getsockname()[:2]
        self._thread = threading.Thread(target=self._accept, name="raw server", daemon=True)
        self._thread.start()

    def next(self, what: str = "a connection", *, seconds: float = PATIENCE) -> RawConnection:
        """Return the next connection of the client, its WebSocket open."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self.connections) > self._given, self.stretched(seconds)
            )
            if len(self.connections) <= self._given:
                raise Violation(f"expected {what} of the client, and none came")
            connection = self.connections[self._given]
            self._given += 1
        if not connection.websocket.opened.wait(self.stretched(seconds)):
            raise Violation("expected a WebSocket handshake of the client, and none came")
        return connection

    def note(self, text: str) -> None:
        """Note a remark in the exchange."""
        self.recorder.note(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # `shutdown` wakes the thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)
        for connection in self.connections:
            connection.websocket.drop()
            connection.websocket.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            connection = RawConnection(self, accepted)
            with self._changed:
                self.connections.append(connection)
                self._changed.notify_all()


def _short(value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"
