"""The client adapter: the control protocol of the book's conformance application.

What may live here: requests in, replies and notifications out, one JSON object a line.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TextIO

from wirebook.reference.packetmq.client import Client
from wirebook.reference.packetmq.conformance_app import FIRST_ID, NAMES
from wirebook.reference.packetmq.packet import Packet
from wirebook.reference.packetmq.peer import Peer
from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.registry import PacketRegistry
from wirebook.reference.steering import Steered
from wirebook.spec.vectors import from_typed, to_typed

PACKETS: Final = [
    (f"conformance:{name}", number) for number, name in enumerate(NAMES, FIRST_ID + 100)
]
"""The packets of a client that was told none."""


class IntendedFailure(Exception):
    """What the callback of a packet raises that is to fail."""


class Adapter(Steered):
    """A client that is steered by lines of JSON."""

    def __init__(self, output: TextIO) -> None:
        super().__init__(output, "packetmq")
        self._reactor = Reactor()
        self._client = _SteeredClient(PACKETS, True, self.write, self._reactor)
        self.requests = {
            "register": self._register,
            "connect": self._connect,
            "send": self._send,
            "softquit": self._softquit,
            "fail": self._fail,
        }

    def run(self, lines: TextIO) -> None:
        """Answer requests until they end; end the loop then."""
        self._reactor.run_in_thread()
        try:
            super().run(lines)
        finally:
            self._reactor.close()

    def _connect(self, request: dict[str, Any]) -> None:
        self._client.connect((request["host"], request["port"]))

    def _register(self, request: dict[str, Any]) -> None:
        client = _SteeredClient(request["packets"], request["adapt"], self.write, self._reactor)
        self._client.drop()
        self._client = client

    def _send(self, request: dict[str, Any]) -> None:
        payload = from_typed(request.get("payload"))
        self._client.sendPacket(payload, request["type"], request.get("to"))

    def _softquit(self, request: dict[str, Any]) -> None:
        reason = {"reason": request["reason"]} if "reason" in request else {}
        self._client.softquit(request["to"], **reason)

    def _fail(self, request: dict[str, Any]) -> None:
        packet = self._client.registry.packetObj(request["type"])
        assert isinstance(packet, _ToldPacket)  # noqa: S101 - there are no others; for the type checker
        packet.fails = True


class _SteeredClient(Client):
    """A client that tells everything."""

    def __init__(
        self,
        packets: list[Any],
        adapt: bool,
        write: Callable[[dict[str, Any]], None],
        reactor: Reactor,
    ) -> None:
        super().__init__(PacketRegistry(adapt), reactor=reactor)
        self.write = write
        for name, number in packets:
            self.registry.addPacket(name, _ToldPacket(name), number)

    def on_connMade(self, conn: Any) -> None:
        """Tell it."""
        self.write({"event": "made", "connection": self.peerFileno(conn)})

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Tell it."""
        softquit = reason if isinstance(reason, str) else None
        self.write({"event": "lost", "connection": self.peerFileno(conn), "reason": softquit})

    def drop(self) -> None:
        """Drop all connections, and say nothing more."""
        self.write = _ignore
        self.reactor.call(self.close)


class _ToldPacket(Packet):
    """A packet whose reception is told."""

    def __init__(self, name: str) -> None:
        self._told_as = name
        self.fails = False
        """Whether the callback is to fail."""

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Tell it."""
        assert isinstance(to, _SteeredClient)  # noqa: S101 - the only peer here; for the type checker
        told = {"connection": to.peerFileno(fromid), "type": self._told_as}
        to.write({"event": "received", **told, "payload": to_typed(packet)})
        if self.fails:
            raise IntendedFailure(self._told_as)


def _ignore(message: dict[str, Any]) -> None:
    """Write nothing."""
