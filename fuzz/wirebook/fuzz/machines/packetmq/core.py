"""Subjects in this process: the reference on a loop in virtual time, and its applications.

What may live here: the reference as a subject. The cores are driven by what drives them on a real
network, too, so that a machine finds what is wrong with either.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any, cast
from weakref import WeakSet

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import Notification, lost, made, received
from wirebook.conformance.targets.tail import Tail
from wirebook.fuzz import signatures
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.packetmq.subjects import Bounds, Flaw, Packet
from wirebook.fuzz.machines.packetmq.virtual import VirtualLoop, Wire
from wirebook.reference.packetmq import conformance_app
from wirebook.reference.packetmq.client import Client
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.packet import Packet as PacketObject
from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.registry import PacketRegistry
from wirebook.spec.books import Malformed

__all__ = ["CoreClient", "CoreServer"]

BOUNDS = Bounds(connections=12, octets_to_send=1 << 19)
"""The limits that the reference is given, low enough to be reached."""
_PORT, _NOBODY = 1, 2
_EXACT = 1e-6
_ONE_TURN = 16


class _Reactor(Reactor):
    """The loop of the reference's peers, in virtual time."""

    def __init__(self) -> None:  # the base would make a loop with sockets
        self.loop = cast(Any, VirtualLoop())
        self.peers = WeakSet()

    def here(self) -> bool:
        """There is one thread only."""
        return True

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Let the loop call a function."""
        self.loop.call_soon(function, *args)


class _Core:
    """What both roles have in common: the wires, from the peers' end."""

    live = False
    early = late = _EXACT
    bounds = BOUNDS

    def __init__(self, tail: Tail) -> None:
        self.steps: list[Step] = []
        self._tail = tail
        self._tail_from = tail.mark()
        self._failure = ""
        self._reactor = _Reactor()
        self._loop: VirtualLoop = cast(Any, self._reactor.loop)
        self._limits = Limits(
            connections=BOUNDS.connections,
            octets_to_send=BOUNDS.octets_to_send,
            packets_per_turn=_ONE_TURN,
        )
        self._wires: list[Wire | None] = []
        self._rests: dict[int, bytes] = {}

    def now(self) -> float:
        """Return the virtual time."""
        return self._loop.time()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.steps.append({"do": "wait", "seconds": seconds})
        self._guarded(self._loop.advance, seconds)

    def alive(self) -> bool:
        """It is there as long as nothing failed."""
        return not self._failure

    def output(self) -> str:
        """Return the log of this subject, or the traceback of its end."""
        return self._failure or self._tail.text(self._tail_from)

    def close(self) -> None:
        """Leave it to be collected."""

    def send(self, peer: int, octets: bytes) -> None:
        """Send octets, and have them handled."""
        self.steps.append({"do": "send", "peer": peer, "hex": octets.hex()})
        if (wire := self._wires[peer]) is not None:
            wire.send(octets)
        self._run()

    def end(self, peer: int) -> None:
        """End the peer's direction."""
        self.steps.append({"do": "end", "peer": peer})
        if (wire := self._wires[peer]) is not None:
            wire.end()
        self._run()

    def reset(self, peer: int) -> None:
        """Abort the connection."""
        self.steps.append({"do": "reset", "peer": peer})
        if (wire := self._wires[peer]) is not None:
            wire.reset()
        self._run()

    def hold(self, peer: int, held: bool) -> None:
        """Let what is sent wait in the subject, or take it."""
        if (wire := self._wires[peer]) is not None:
            wire.hold(held)
        self._run()

    def heard(self, peer: int) -> list[Packet | Flaw]:
        """Return what has come."""
        wire = self._wires[peer]
        if wire is None or not wire.inbox:
            return []
        came: list[Packet | Flaw] = []
        for at, octets in wire.inbox:
            whole, self._rests[peer] = frames.whole_frames(self._rests.get(peer, b"") + octets)
            for one in whole:
                try:
                    came.append(frames.read_packet(one, at))
                except Malformed as malformed:
                    came.append(Flaw(at, one, malformed))
        wire.inbox.clear()
        return came

    def ended(self, peer: int) -> str:
        """Tell how the subject has ended its direction."""
        wire = self._wires[peer]
        return "" if wire is None else wire.ended

    def closed(self, peer: int) -> bool:
        """Tell whether the subject takes nothing more."""
        wire = self._wires[peer]
        return wire is None or wire.closed

    def wait(self, until: Callable[[], object]) -> bool:
        """Whatever takes no time has happened already."""
        self._run()
        return bool(until())

    def _run(self) -> None:
        self._guarded(self._loop.run)

    def _guarded(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as error:
            self._failure = "".join(traceback.format_exception(error))
            claim = f"it fails with {signatures.of_exception(error)}"
            raise Broken("PMQ-ERR-001", claim, str(error)) from error


class CoreServer(_Core):
    """The reference's server with the conformance application."""

    def __init__(self, tail: Tail) -> None:
        super().__init__(tail)
        self._server = conformance_app.server(self._reactor)
        self._server.limits = self._limits
        self._server.listen(0, host="127.0.0.1")
        self._run()

    def connect(self) -> int:
        """Connect."""
        wire = Wire(self._loop)
        self._wires.append(wire)
        (accept,) = self._loop.listeners
        wire.protocol = accept()
        self._loop.call_soon(wire.protocol.connection_made, wire)
        peer = len(self._wires) - 1
        self.send(peer, b"")
        return peer

    def close(self) -> None:
        """Free the port that it would listen on."""
        self._server.close()


class CoreClient(_Core):
    """The reference's client; its application keeps what it is told."""

    def __init__(self, tail: Tail) -> None:
        super().__init__(tail)
        self._loop.servers[_PORT] = self._accept
        self._client = self._registered({}, adapt=True)

    def register(self, packets: Mapping[str, int], adapt: bool) -> None:
        """Have a new client, and drop the connections of the old one."""
        self._client.told.clear()
        self._client.close()
        self._run()
        self._wires.clear()
        self._rests.clear()
        self._client = self._registered(packets, adapt)

    def connect(self) -> int:
        """Have it connect."""
        peer = self.begin_to_connect(reachable=True)
        self._run()
        return peer

    def begin_to_connect(self, reachable: bool) -> int:
        """Have it begin to connect; nothing happens before the next call."""
        peer = self._client.connect(("server", _PORT if reachable else _NOBODY))
        self._wires += [None] * (peer + 1 - len(self._wires))
        self._connecting = peer
        return peer

    def ask_to_send(self, peer: int, name: str, payload: Any) -> str | None:
        """Have it send a packet."""
        return self._asked(self._client.sendPacket, payload, name, peer)

    def ask_to_leave(self, peer: int, reason: str | None) -> str | None:
        """Have it take leave."""
        return self._asked(self._client.softquit, peer, *([] if reason is None else [reason]))

    def fail(self, name: str) -> None:
        """Have a callback fail."""
        self._client.failing.add(name)

    def say_at_loss(self, payload: Any) -> bool:
        """Have the callback for a loss send an item."""
        self._client.parting.append(payload)
        return True

    def notified(self, peer: int) -> list[Notification]:
        """Return what the application was told."""
        return self._client.told.get(peer, [])

    def _registered(self, packets: Mapping[str, int], adapt: bool) -> _ToldClient:
        client = _ToldClient(PacketRegistry(adapt), limits=self._limits, reactor=self._reactor)
        for name, number in packets.items():
            client.registry.addPacket(name, _ToldPacket(client, name), number)
        return client

    def _accept(self, wire: Wire) -> None:
        self._wires[self._connecting] = wire

    def _asked(self, function: Callable[..., None], *arguments: Any) -> str | None:
        try:
            function(*arguments)
        except Exception as error:  # it says why in the reply, whatever it is
            return f"{type(error).__name__}: {error}"
        finally:
            self._run()
        return None


class IntendedFailure(Exception):
    """What a callback raises that is to fail."""


class _ToldClient(Client):
    """A client that keeps what it is told, by connection."""

    def _set_up(self) -> None:
        super()._set_up()
        self.told: dict[int, list[Notification]] = {}
        self.failing: set[str] = set()
        self.parting: list[Any] = []

    def tell(self, conn: Any, told: Notification) -> None:
        """Keep it."""
        self.told.setdefault(self.peerFileno(conn), []).append(told)

    def on_connMade(self, conn: Any) -> None:
        """Keep it."""
        self.tell(conn, made())

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Keep it, and say goodbye if that was asked for."""
        self.tell(conn, lost(reason if isinstance(reason, str) else None))
        for payload in self.parting:
            self.sendPacket(payload, "conformance:item", conn)


class _ToldPacket(PacketObject):
    """A packet whose reception is kept."""

    def __init__(self, client: _ToldClient, name: str) -> None:
        self._client = client
        self._called = name

    def onReceive(self, packet: Any, fromid: Any, to: Any, *args: Any, **kwargs: Any) -> None:
        """Keep it, and fail if that was asked for."""
        self._client.tell(fromid, received(self._called, packet))
        if self._called in self._client.failing:
            raise IntendedFailure(self._called)
