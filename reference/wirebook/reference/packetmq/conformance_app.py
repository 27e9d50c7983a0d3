"""The conformance application of the book: a server that shows what it does inside.

What may live here: the packets of the chapter of that name, and nothing else.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from wirebook.reference.packetmq.packet import EchoPacket, Packet
from wirebook.reference.packetmq.peer import Peer
from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.registry import PacketRegistry
from wirebook.reference.packetmq.server import Server

NAMES: Final = (
    "echo",
    "echoed",
    "whoami",
    "you_are",
    "burst",
    "item",
    "broadcast",
    "history",
    "happened",
    "leave",
    "fail",
)
"""The packets in their order, without the name of the application."""
FIRST_ID: Final = 17

_KEPT: Final = 2000
"""Happenings that the history has."""
_MOST_ITEMS: Final = 1_000_000


class IntendedFailure(Exception):
    """What the callback of `conformance:fail` raises."""


class Answer(Packet):
    """A packet that is answered by a function of the payload, the connection and the peer."""

    def __init__(self, answer: Callable[[Any, int, Peer], object]) -> None:
        self._answer = answer

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Call the function."""
        self._answer(packet, fromid, to)


class ConformanceServer(Server):
    """A server that remembers what its application was told."""

    def on_connMade(self, conn: Any) -> None:
        """Remember it."""
        self.history.append(["made", self.peerFileno(conn)])

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Remember it."""
        softquit = reason if isinstance(reason, str) else None
        self.history.append(["lost", self.peerFileno(conn), softquit])

    def _set_up(self) -> None:
        super()._set_up()
        self.history: deque[list[Any]] = deque(maxlen=_KEPT)


def server(reactor: Reactor | None = None) -> ConformanceServer:
    """Return the application, ready to listen."""
    application = ConformanceServer(PacketRegistry(False), reactor=reactor)
    packets = {
        "echo": EchoPacket("conformance:echoed"),
        "whoami": Answer(lambda _, conn, to: to.sendPacket(conn, "conformance:you_are", conn)),
        "burst": Answer(_burst),
        "broadcast": Answer(lambda payload, _, to: to.broadcast(payload, "conformance:item")),
        "history": Answer(
            lambda _, conn, to: to.sendPacket(
                list(application.history), "conformance:happened", conn
            )
        ),
        "leave": Answer(_leave),
        "fail": Answer(lambda *_: _fail()),
    }
    for number, name in enumerate(NAMES, FIRST_ID):
        application.registry.addPacket(f"conformance:{name}", packets.get(name) or Packet(), number)
    return application


def _burst(count: int, conn: int, to: Peer) -> None:
    if count > _MOST_ITEMS:
        raise ValueError(f"{count} items are more than {_MOST_ITEMS}")
    for number in range(count):
        to.sendPacket(number, "conformance:item", conn)


def _leave(reason: str | None, conn: int, to: Peer) -> None:
    if reason is None:
        to.softquit(conn)
    else:
        to.softquit(conn, reason)


def _fail() -> None:
    raise IntendedFailure("as asked for")
