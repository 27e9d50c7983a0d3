"""A client as a process or a thread, served through sockets in real time.

What may live here: this subject.
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Sequence
from typing import Any

from wirebook.conformance.drivers.pygase.own_ports import OWN
from wirebook.conformance.targets.client import ClientHandle
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.subjects import Arrived, Steps

GRACE = 2.0
"""Seconds that a client on a busy machine may be behind."""
_PUMP = 0.004
_FIRST_PACKAGE = 5.0
_AFTERWARDS = 0.1
_TOKENS = 700
_BUFFER = 65536
_RECEIVE_SPACE = 1 << 20
_first_tokens = itertools.count(0, _TOKENS)


class LiveClient(Steps):
    """A client under test, for one machine after the other."""

    live = True
    grace = GRACE

    def __init__(self, client: ClientHandle) -> None:
        super().__init__()
        self.first_token = next(_first_tokens)
        self._client = client
        self._heard = len(client.messages)
        self._arrived: list[Arrived] = []
        self._source: tuple[str, int] | None = None
        self._before: set[tuple[str, int]] = set()
        first = _bound("127.0.0.1", OWN.take())
        port = first.getsockname()[1]
        self._sockets = [first, _bound("127.0.0.1", OWN.take()), _bound("127.0.0.2", port)]

    def now(self) -> float:
        """Return the time."""
        return time.monotonic()

    def send(self, peer: int, data: bytes) -> None:
        """Send a datagram to wherever the client sends from, and give it a moment."""
        self.sent(peer, data)
        if self._source is not None:
            self._sockets[peer].sendto(data, self._source)
        self._pump(_PUMP)

    def take(self) -> Sequence[Arrived]:
        """Return what has come since the last call."""
        self._read()
        arrived, self._arrived = self._arrived, []
        return arrived

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a request of the adapter."""
        if request["do"] not in ("state", "status"):
            self.asked(request)
        if request["do"] != "connect":
            reply = self._client.request(request)
            if request["do"] == "disconnect":
                self._pump(_AFTERWARDS)
                self._heard = len(self._client.messages)
            return reply
        if self._source is not None:
            self._before.add(self._source)
        self._source = None
        host, port = self._sockets[0].getsockname()
        reply = self._client.request({**request, "host": host, "port": port})
        self._wait_for_a_package()
        return reply

    def notifications(self) -> list[dict[str, Any]]:
        """Return what it has notified since the last call."""
        messages = self._client.messages[self._heard :]
        self._heard += len(messages)
        return list(messages)

    def advance(self, seconds: float) -> None:
        """Wait, and read all the while."""
        self.waited(seconds)
        self._pump(seconds)

    def alive(self) -> bool:
        """Tell whether the adapter is there."""
        return self._client.alive()

    def output(self) -> str:
        """Return what it has written besides the control protocol."""
        return self._client.output()

    def close(self) -> None:
        """Disconnect the client, and give the sockets back."""
        if self._client.alive() and (self._source or self._before):
            self._client.request({"do": "disconnect", "shutdown_server": False})
        for each in self._sockets:
            each.close()

    def _wait_for_a_package(self) -> None:
        end = time.monotonic() + _FIRST_PACKAGE
        while self._source is None:
            if time.monotonic() > end:
                raise Broken("PGS-TIM-001", "sends nothing although it is connecting")
            self._pump(_PUMP)

    def _pump(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            select.select(self._sockets[:1], [], [], left)
            self._read()

    def _read(self) -> None:
        while True:
            try:
                data, source = self._sockets[0].recvfrom(_BUFFER)
            except OSError:  # nothing left, or word of a datagram that got nowhere
                return
            if source in self._before:
                continue
            self._source = self._source or source
            if source == self._source:
                self._arrived.append(Arrived(0, time.monotonic(), data))


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_SPACE)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
