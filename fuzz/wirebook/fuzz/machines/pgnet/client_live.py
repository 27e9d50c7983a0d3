"""A live client as a subject: its adapter, and a server of WebSockets for it, in real time.

What may live here: sockets and threads, and the adapter's notifications.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections import deque
from typing import Final

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.pgnet.raw_server_websocket import (
    Ending,
    Incoming,
    ServerWebSocket,
)
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import TargetDied
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet.subjects import Ended, Told

_PATIENCE: Final = 3.0
_SLACK: Final = 1.5
_LONGEST_WAIT: Final = 0.25
"""Seconds that are really waited, at most; the time limits are for virtual time."""
_NO_CODE: Final = 1005


class ClientLiveSubject:
    """A target with a client."""

    live = True
    slack = _SLACK
    patience = _PATIENCE

    def __init__(self, handle: ClientHandle) -> None:
        self.steps: list[Step] = []
        self._handle = handle
        self._heard = len(handle.messages)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_PATIENCE)
        self._websocket: ServerWebSocket | None = None
        self._changed = threading.Condition()
        self._arrived: deque[Incoming] = deque()
        self._ended: Ended | None = None
        handle.request({"do": "heartbeat", "payload": {}})

    def now(self) -> float:
        """Return the time of the monotonic clock."""
        return time.monotonic()

    def random(self, size: int) -> bytes:
        """Return random octets."""
        return os.urandom(size)

    def alive(self) -> bool:
        """Tell whether the adapter is there."""
        return self._handle.alive()

    def output(self) -> str:
        """Return what the adapter has written besides the control protocol."""
        return self._handle.output()

    def advance(self, seconds: float) -> None:
        """Wait, but not for long."""
        time.sleep(min(seconds, _LONGEST_WAIT))

    def connect(self, who: Told) -> bool:
        """Have the client connect, and take its connection."""
        host, port = self._listening.getsockname()[:2]
        self._forget()
        self._request({"do": "connect", "host": host, "port": port, **who})
        try:
            accepted, _ = self._listening.accept()
        except TimeoutError:
            return False
        accepted.settimeout(None)
        arrived: deque[Incoming] = deque()
        self._arrived, self._ended = arrived, None

        def told(happening: Incoming | Ending) -> None:
            with self._changed:
                if isinstance(happening, Incoming):
                    arrived.append(happening)
                elif arrived is self._arrived:
                    code = happening.code if happening.how.startswith("websocket") else 0
                    self._ended = Ended(happening.at, _NO_CODE if code is None else code)
                self._changed.notify_all()

        self._websocket = ServerWebSocket(accepted, told)
        self._websocket.start()
        return self._websocket.opened.wait(_PATIENCE)

    def do(self, request: Told) -> bool:
        """Have the adapter do something."""
        return bool(self._request(request).get("ok"))

    def receive(self, seconds: float) -> tuple[float, str] | None:
        """Return the next message of the client, which is waited for."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrived or self._ended, seconds)
            if not self._arrived:
                return None
            message = self._arrived.popleft()
        if not message.text:
            raise Broken("PGN-WSB-002", "a message is binary", message.data[:80].hex())
        try:
            return message.at, message.data.decode()
        except UnicodeDecodeError:
            raise Broken("PGN-JSN-001", "a message is not UTF-8", message.data[:80].hex()) from None

    def send(self, text: str) -> None:
        """Send a text message to the client."""
        if self._websocket is not None:
            self._websocket.send(text.encode())

    def send_octets(self, octets: bytes, *, text: bool) -> bool:
        """Send any octets as a message."""
        if self._websocket is not None:
            self._websocket.send(octets, text=text)
        return True

    def ended(self, seconds: float = 0.0) -> Ended | None:
        """Wait for the end of the connection."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)
            return self._ended

    def drop(self, how: str) -> None:
        """End the connection."""
        if self._websocket is None:
            return
        if how == "close":
            self._websocket.close()
            self.ended(_PATIENCE)
        else:
            self._websocket.drop(reset=how == "rst")

    def told(self) -> list[Told]:
        """Return the notifications that are new."""
        messages = self._handle.messages
        heard, self._heard = self._heard, len(messages)
        return list(messages[heard:])

    def status(self) -> Told:
        """Return whether the client is connected, and its game."""
        reply = self._request({"do": "status"})
        return {"connected": reply.get("connected"), "game": reply.get("game")}

    def close(self) -> None:
        """Have the client disconnect; the adapter goes on for the next machine."""
        if self._handle.alive():
            with contextlib.suppress(Broken):
                self._request({"do": "disconnect"})
        self._forget()
        self._listening.close()
        self._settle()

    def _settle(self) -> None:
        """Wait until the client is disconnected, so that the next machine hears only its own."""
        until = time.monotonic() + _PATIENCE
        with contextlib.suppress(Broken):
            while self._handle.alive() and time.monotonic() < until:
                if not self.status()["connected"]:
                    return
                time.sleep(0.01)

    def _forget(self) -> None:
        websocket, self._websocket = self._websocket, None
        if websocket is not None:
            websocket.drop()
            websocket.join(_PATIENCE)

    def _request(self, request: Told) -> Told:
        try:
            return self._handle.request(request)
        except TargetDied as error:
            raise Broken("PGN-ERR-002", "the client has ended", str(error)) from None
