"""A live server as a subject: real WebSockets, in real time.

What may live here: sockets, and what one machine leaves behind for the next one on the same target.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.raw_client import (
    ADMIN,
    ADMIN_PASSWORD,
    RawClient,
    entered,
)
from wirebook.conformance.drivers.pgnet.responses import (
    DESTROY_GAME,
    GAME_DIR,
    SET_REGISTRATION,
)
from wirebook.conformance.drivers.pgnet.stream import pump
from wirebook.conformance.drivers.pgnet.websocket import Incoming, WebSocket
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, Violation
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet.subjects import Ended, Limits, Names

_PATIENCE: Final = 5.0
"""Seconds that a server may take for what comes at once."""
_SLACK: Final = 1.5
"""Seconds by which times may be missed on a machine that has other things to do."""
_LONGEST_WAIT: Final = 0.25
"""Seconds that are really waited, at most; hours are for virtual time."""
_LEAVING: Final = 1.0


class _Peer(WebSocket):
    """One WebSocket, which keeps what comes."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.inbox: deque[Incoming] = deque()

    def took(self, message: Incoming) -> None:
        """Keep a message."""
        self.inbox.append(message)


class ServerLiveSubject:
    """A target with a server."""

    live = True
    slack = _SLACK
    limits: Limits | None = None
    crowded = False
    can_crash = False

    def __init__(self, handle: ServerHandle, features: frozenset[str]) -> None:
        handle.ensure()
        self.features = features if not handle.external else features - {"persistence"}
        self.patience = _PATIENCE + 20 * handle.latency
        self.steps: list[Step] = []
        token = secrets.token_hex(4)
        self.names = Names(
            (ADMIN, f"ann{token}", f"Ann{token}", f"1{token}", f"{token}C", f"{token:x<20}"),
            (
                f"Game {token}",
                f"game {token}",
                f"Two  {token}",
                f"{token} 1",
                f"{token} 2",
                f"{token:a<50}",
            ),
        )
        self._handle = handle
        self._begun = handle.mark()
        self._peers: dict[int, _Peer] = {}
        self._left: set[int] = set()

    def now(self) -> float:
        """Return the time of the monotonic clock."""
        return time.monotonic()

    def random(self, size: int) -> bytes:
        """Return random octets: keys and nonces are for one machine only."""
        return os.urandom(size)

    def alive(self) -> bool:
        """Tell whether the server is there; of an external one, only its answers tell."""
        return self._handle.external or self._handle.alive()

    def output(self) -> str:
        """Return what it has written since the machine began."""
        return self._handle.output(self._begun)

    def advance(self, seconds: float) -> None:
        """Wait, but not for long; take what comes meanwhile."""
        self._pump(lambda: False, min(seconds, _LONGEST_WAIT))

    def connect(self) -> int:
        """Open a WebSocket."""
        number = len(self._peers)
        handle = self._handle
        link = Link(handle.address, alive=handle.alive, deadline=lambda _: self.patience)
        try:
            peer = _Peer(link)
            peer.open()
        except (Violation, TargetDied, OSError) as error:
            raise Broken("PGN-ERR-002", "no WebSocket can be opened", str(error)) from None
        self._peers[number] = peer
        return number

    def send(self, peer: int, text: str) -> None:
        """Send a text message."""
        self._peers[peer].send_message(text.encode())

    def send_octets(self, peer: int, octets: bytes, *, text: bool) -> bool:
        """Send any octets as a message."""
        opcode = frames.TEXT if text else frames.BINARY
        self._peers[peer].send_message(octets, opcode=opcode)
        return True

    def receive(self, peer: int, seconds: float) -> str | None:
        """Return the next message, which is waited for."""
        one = self._peers[peer]
        self._pump(lambda: one.inbox or one.closed, seconds)
        if not one.inbox:
            return None
        message = one.inbox.popleft()
        if not message.text:
            raise Broken("PGN-WSB-002", "a message is binary", message.data[:80].hex())
        try:
            return message.data.decode()
        except UnicodeDecodeError:
            raise Broken("PGN-JSN-001", "a message is not UTF-8", message.data[:80].hex()) from None

    def waiting(self, peer: int) -> int:
        """Return how many messages have come that were not received yet."""
        return len(self._peers[peer].inbox)

    def ended(self, peer: int, seconds: float = 0.0) -> Ended | None:
        """Wait for the end of a connection, and tell how the server has ended it."""
        one = self._peers[peer]
        self._pump(lambda: one.closed, seconds)
        return None if one.closed is None else Ended(one.closed.at, one.closed.code)

    def poll(self) -> None:
        """Take what has come on all connections."""
        self._pump(lambda: False, 0.0)

    def leave(self, peer: int, how: str) -> None:
        """End a connection."""
        one = self._peers[peer]
        if how == "close":
            one.send_close()
            self._pump(lambda: one.ended, _LEAVING)
            one.close()
        elif how == "fin":
            one.drop()
        else:
            one.abort()
        self._left.add(peer)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do nothing: what is sent without waiting is together enough."""
        yield

    def shut_down(self) -> None:
        """End the server, taking what comes meanwhile."""
        ending = threading.Thread(target=self._handle.restart, name="restart", daemon=True)
        ending.start()
        while ending.is_alive():
            self._pump(lambda: not ending.is_alive(), 0.05)
            ending.join(0.001)
        self.poll()

    def crash(self) -> None:
        """Do nothing: nobody waits for five minutes."""

    def start(self) -> None:
        """See to it that the server is there again."""
        if not self._handle.alive():
            raise Broken("PGN-SAV-002", "the server does not come back")

    def persistent(self, game: str) -> bool:  # noqa: ARG002 - the application says so of all
        """Tell that games go on."""
        return True

    def info(self, lines: int) -> str | None:  # noqa: ARG002
        """Return nothing: what a game says of itself is its own affair."""
        return None

    def updates(self, game: str) -> int | None:  # noqa: ARG002
        """Return nothing: updates do not show."""
        return None

    def close(self) -> None:
        """End all connections; the server goes on for the next machine."""
        for one in self._peers.values():
            one.send_close()
        try:
            self._pump(
                lambda: all(one.ended or not one.usable for one in self._peers.values()), 0.2
            )
        finally:
            for one in self._peers.values():
                one.close()

    def _pump(self, until: Callable[[], object], seconds: float) -> None:
        try:
            pump(list(self._peers.values()), until, seconds)
        except TargetDied:
            if not self._handle.external and not self._handle.settle():
                raise Broken("PGN-ERR-002", "the server has ended", self.output()[-300:]) from None


def tidy(handle: ServerHandle, features: frozenset[str]) -> None:
    """Turn registration on and end all games, if the admin may do so."""
    if "admin" not in features or not handle.alive():
        return
    link = Link(handle.address, alive=handle.alive)
    with entered(link, ADMIN, ADMIN_PASSWORD) as admin:
        admin.ask(SET_REGISTRATION, {"set_as": True})
        _end_games(admin)


def _end_games(admin: RawClient) -> None:
    games = admin.ask(GAME_DIR).payload.get("games", {})
    for name in games:
        admin.ask(DESTROY_GAME, {"name": name})
