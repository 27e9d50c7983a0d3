"""The player of steps for PGNet: texts, boxes and raw frames on any number of WebSockets.

What may live here: what each step does on the wire. What to do is for others.
"""

from __future__ import annotations

import contextlib
import time

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.raw_client import (
    ADMIN,
    ADMIN_PASSWORD,
    RawClient,
)
from wirebook.conformance.drivers.pgnet.stream import pump
from wirebook.conformance.drivers.pgnet.websocket import Incoming
from wirebook.conformance.drivers.steps import Step, StepPlayer
from wirebook.conformance.verdicts import TargetDied, Violation
from wirebook.spec.books import Malformed
from wirebook.spec.pgnet import tunnel

__all__ = ["Player", "Step"]

_LOGINS = 5
_PAUSE_SECONDS = 0.05
"""A server may take a moment to see that a user's connection before has ended."""


class _Client(RawClient):
    """A connection that keeps what came, opened where it was in a box, until it is fetched."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.came: list[bytes] = []

    def took(self, message: Incoming) -> None:
        self.came.append(self._opened(message.data))
        super().took(message)

    def forget(self) -> None:
        super().forget()
        for kept in (self.malformed, self.boxes, self.faults, self.pongs):
            kept.clear()

    def _opened(self, text: bytes) -> bytes:
        if self.server_key is not None:
            with contextlib.suppress(Malformed):
                return tunnel.open_box(text, self.private_key, self.server_key)
        return text


class Player(StepPlayer):
    """Sends messages; each peer is a connection, opened when it is first used."""

    def __init__(self, link: Link, *, recorded: bool = True) -> None:
        super().__init__(link, recorded=recorded)
        self._clients: dict[int, _Client | None] = {}
        self._doings |= {
            "reset": lambda peer, _: self.reset(peer),
            "trade": lambda peer, _: self.trade(peer),
            "log in": lambda peer, step: self.log_in(peer, str(step["user"])),
            "seal": lambda peer, step: self.seal(peer, bytes.fromhex(str(step["hex"]))),
            "frame": lambda peer, step: self.frame(peer, bytes.fromhex(str(step["hex"]))),
        }

    def send(self, peer: int, octets: bytes) -> None:
        """Send a text message in the clear, whatever it is."""
        if (client := self._usable(peer)) is not None:
            client.send_text(octets)

    def trade(self, peer: int) -> None:
        """Trade keys, if that has not been done."""
        if (client := self._usable(peer)) is not None and client.server_key is None:
            client.forget()
            with contextlib.suppress(Violation, TargetDied):
                client.trade()

    def log_in(self, peer: int, user: str) -> None:
        """Trade keys and log in; the server registers a user that it does not know yet."""
        password = ADMIN_PASSWORD if user == ADMIN else ""
        new = peer not in self._clients
        for _ in range(_LOGINS if new else 1):
            self.trade(peer)
            client = self._usable(peer)
            if client is None or client.server_key is None:
                return
            client.forget()
            with contextlib.suppress(Violation, TargetDied):
                if not client.log_in(user, password).status:
                    return
            if new:
                client.close()
                del self._clients[peer]
                time.sleep(_PAUSE_SECONDS)

    def seal(self, peer: int, octets: bytes) -> None:
        """Send octets in a box, trading keys before if that has not been done."""
        self.trade(peer)
        client = self._usable(peer)
        if client is not None and client.server_key is not None:
            client.send_text(client.seal(octets), clear=octets)

    def frame(self, peer: int, octets: bytes) -> None:
        """Send raw octets where WebSocket frames are expected."""
        if (client := self._usable(peer)) is not None:
            client.note(f"{client.local[1]} sends raw octets: {octets.hex(' ')}")
            client.write(octets)

    def end(self, peer: int) -> None:
        """Close the WebSocket politely; what the peer does afterwards is lost."""
        if (client := self._clients.get(peer)) is not None:
            client.close()

    def reset(self, peer: int) -> None:
        """Abort the connection; what the peer does afterwards is lost."""
        if (client := self._usable(peer)) is not None:
            client.abort()

    def wait(self, seconds: float) -> None:
        """Let time pass, and take what comes."""
        clients = [one for one in self._clients.values() if one is not None and one.usable]
        if clients:
            with contextlib.suppress(TargetDied):
                pump(clients, lambda: False, seconds)
            self.take()
        else:
            time.sleep(seconds)

    def take(self) -> None:
        """Take what has arrived, without waiting."""
        for peer, client in self._clients.items():
            if client is None:
                continue
            if client.usable:
                client.flush()
                client.drain()
            self._came += [(peer, octets) for octets in client.came]
            client.came.clear()
            client.forget()

    def closed(self, peer: int) -> bool:
        """Tell whether the target has ended the connection, or refused it."""
        client = self._clients.get(peer)
        return peer in self._clients and (client is None or bool(client.closed or client.ended))

    def close(self) -> None:
        """Give all sockets back; a WebSocket that is open ends with a close frame."""
        for client in self._clients.values():
            if client is not None:
                client.close()
        self._clients.clear()

    def _usable(self, peer: int) -> _Client | None:
        if peer not in self._clients:
            self._clients[peer] = self._opened()
        client = self._clients[peer]
        return client if client is not None and client.usable else None

    def _opened(self) -> _Client | None:
        client = None
        try:
            client = _Client(self.link)
            client.open()
        except (Violation, TargetDied):
            if client is not None:
                client.close()
            return None
        return client
