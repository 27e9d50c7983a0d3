"""The documented base of servers and clients: connections, packets in and out, and callbacks.

What may live here: what does not depend on who opened a connection. Callbacks that fail are told
to the operator, and nobody else notices (PMQ-EXC-004).
"""
# The documented names are in camel case.
# ruff: noqa: N802

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core.happenings import PacketReceived
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import (
    NotActive,
    UnknownPacket,
)
from wirebook.reference.packetmq.operator_log import Complaints, logger, readable
from wirebook.reference.packetmq.packet import BasePacket
from wirebook.reference.packetmq.packetfactory import PacketFactory
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.reactor import Reactor, default
from wirebook.reference.packetmq.registry import PacketRegistry
from wirebook.spec.packetmq.states import INTERNAL, Reason

__all__ = ["Peer"]


class Peer:
    """One side: its registry, its connections and their callbacks.

    `proto` and `factory` make and hold the connections. Peers with the same `reactor` run
    together; those that are given none share one.
    """

    reads_on = True
    """Whether packets are read while their peer does not take what is sent to it.

    If nobody did, two sides that send a lot would wait for each other for ever; so a client reads,
    and a server waits until the client has read.
    """

    def __init__(
        self,
        registry: PacketRegistry,
        proto: type[PacketProtocol] = PacketProtocol,
        factory: type[PacketFactory] = PacketFactory,
        *,
        limits: Limits | None = None,
        reactor: Reactor | None = None,
    ) -> None:
        registry.registerDefaultPackets()
        self.registry = registry
        self.limits = limits or Limits()
        self.reactor = reactor or default()
        self.factory = factory(self, proto)
        self.complaints = Complaints()
        self.reactor.peers.add(self)
        self._has_run = False
        self._set_up()

    def __del__(self) -> None:
        # As documented, deleting a peer stops it; others that run with it go on.
        if getattr(self, "_has_run", False) and all(peer is self for peer in self.reactor.peers):
            self.reactor.stop_soon()

    @property
    def connections(self) -> dict[int, PacketProtocol]:
        """The connections by number, those that are not active yet among them (PMQ-SEC-001)."""
        return {connection.number: connection for connection in self.factory}

    def peerFileno(self, arg: Any) -> int:
        """Return the number of a connection that is given as number or object."""
        return self.factory.find(arg).number

    def peerObj(self, arg: Any) -> PacketProtocol:
        """Return the object of a connection that is given as number or object."""
        return self.factory.find(arg)

    def initConnection(self, conn: Any) -> None:
        """Begin the handshake on a connection; called when its TCP connection is made."""
        self.peerObj(conn).begin()

    def on_connMade(self, conn: Any) -> None:
        """Do something when a connection is made: both sides can send packets now."""

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Do something when a connection is lost, as the last chance to send something to it.

        `reason` is the str of a softquit, sent or received; an exception if the TCP connection
        broke or was never made; None if the peer just closed it.
        """

    def sendPacket(self, data: Any, dtype: Any, to: Any) -> None:
        """Send a packet of a type to a connection; can be called from any thread.

        Raises an error if the type or the connection is unknown, if the connection is not active,
        and if the data cannot be sent.
        """
        connection = self.peerObj(to)
        name = self.registry.packetStr(dtype)
        packet = self.registry.packetObj(name)
        packet.onSend(data, connection, self)
        payload = _payload(packet, data, connection)
        packet_id = connection.core.ids.by_name.get(name)
        if packet_id is None:
            raise UnknownPacket(_why_not(name, connection))
        self.sendEncoded(packet_id.to_bytes(codec.ID_SIZE) + payload, connection)

    def sendEncoded(self, raw: bytes, to: Any) -> None:
        """Send a packet that is encoded already: its id on the connection, and its payload."""
        connection = self.peerObj(to)
        _name_of(raw, connection)
        codec.check_payload(raw[codec.ID_SIZE :])
        connection.send(int.from_bytes(raw[: codec.ID_SIZE]), raw[codec.ID_SIZE :])

    def broadcast(self, data: Any, dtype: Any, to: Iterable[Any] | None = None) -> None:
        """Send a packet to many connections, to all active ones if none are given.

        It is encoded once; a connection that cannot take it is left out.
        """
        name = self.registry.packetStr(dtype)
        packet = self.registry.packetObj(name)
        payload = _payload(packet, data, -1)
        codec.check_payload(payload)
        for connection in list(self.factory) if to is None else map(self.peerObj, to):
            packet_id = connection.core.ids.by_name.get(name)
            if packet_id is None or connection.getState() != "active":
                continue
            packet.onSend(data, connection, self)
            try:
                connection.send(packet_id, payload)
            except NotActive:
                logger.debug("connection %d is left out of a broadcast", connection.number)

    def recvPacket(self, data: Any, dtype: Any, fromid: Any) -> None:
        """Handle a packet that was received and decoded."""
        self.registry.packetObj(dtype).onReceive(data, self.peerFileno(fromid), self)

    def recvEncoded(self, data: bytes, fromid: Any) -> None:
        """Handle a packet as it was received: its id on the connection, and its payload."""
        connection = self.peerObj(fromid)
        if connection.handed_over and data is connection.handed_over[0]:
            received = connection.handed_over[1]
            name, value, payload = received.name, received.value, received.payload
        else:  # the program has made something else of it
            name, payload = _name_of(data, connection), data[codec.ID_SIZE :]
            value = codec.unpack(payload)
        decoded = self.registry.packetObj(name).onDecode(payload, connection.number)
        self.recvPacket(value if decoded is payload else decoded, name, connection.number)

    def run(self) -> None:
        """Run this peer, and all others with its reactor, until one of them is stopped."""
        self._has_run = True
        self.reactor.run()

    def runAsync(self) -> None:
        """Run as `run` does, in another thread; it keeps the program running until `stop`."""
        self._has_run = True
        self.reactor.run_in_thread()

    def stop(self) -> None:
        """Stop all peers of the reactor, and leave their connections as they are."""
        self.reactor.stop()

    def close(self) -> None:
        """Close all connections at once; nobody is told. To be called in the reactor's thread."""
        for connection in (*self.factory, *self.factory.lingering):
            connection.abort()

    def softquit(self, peer: Any, reason: str = Reason.UNKNOWN.value) -> None:
        """Take leave of a peer; can be called from any thread."""
        self.peerObj(peer).leave(reason)

    # What connections call:

    def tell_made(self, connection: PacketProtocol) -> None:
        """Tell the program that a connection is made."""
        connection.was_made = True
        logger.info("connection %d, %s: made", connection.number, connection.addr)
        try:
            self.on_connMade(connection.number)
        except Exception:
            self.complaints.failed("on_connMade")

    def tell_lost(self, connection: PacketProtocol, reason: str | BaseException | None) -> None:
        """Tell the program that a connection is lost."""
        why = "" if reason is None else f", {readable(reason)}"
        level = logging.INFO if connection.was_made else logging.DEBUG
        logger.log(level, "connection %d, %s: lost%s", connection.number, connection.addr, why)
        try:
            self.lostConnection(connection, reason)
        except Exception:
            self.complaints.failed("lostConnection")
        self.factory.delClient(connection)

    def tell_received(self, connection: PacketProtocol, packet: PacketReceived) -> None:
        """Let the program handle a packet."""
        raw = packet.packet_id.to_bytes(codec.ID_SIZE) + packet.payload
        connection.handed_over = raw, packet
        try:
            self.recvEncoded(raw, connection.number)
        except Exception:
            self.complaints.failed(f"the callback for {packet.name}")
        finally:
            connection.handed_over = None

    def _set_up(self) -> None:
        """Set up what a kind of peer adds."""


def _payload(packet: BasePacket, data: Any, to: Any) -> bytes:
    encoded = packet.onEncode(data, to)
    if isinstance(encoded, bytes) and encoded is not data:
        return encoded
    return codec.pack_unchecked(encoded)


def _name_of(raw: bytes, connection: PacketProtocol) -> str:
    """Return the name of an encoded packet, or raise UnknownPacket."""
    packet_id = int.from_bytes(raw[: codec.ID_SIZE])
    try:
        return connection.core.ids.by_id[packet_id]
    except KeyError:
        reason = f"no packet of the application has the id {packet_id} there"
        raise UnknownPacket(reason) from None


def _why_not(name: str, connection: PacketProtocol) -> str:
    if name in INTERNAL:
        return f"{name} is for the protocol itself to send"
    return f"connection {connection.number} has no packet {name}"
