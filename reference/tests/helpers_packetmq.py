"""What the tests of PacketMQ's reference share: sides without a socket, and peers with one.

What may live here: helpers that more than one test file uses.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any, Self

from wirebook.reference.packetmq import Client, PacketRegistry, Server, codec
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Carrier, Happening
from wirebook.reference.packetmq.core.internal import FINISH, INIT, build_pubids, build_softquit
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.packet import BasePacket, EchoPacket, Packet
from wirebook.reference.packetmq.peer import Peer
from wirebook.spec.packetmq.states import INTERNAL

SERVER_IDS = {"app:echo": 17, "app:note": 18}
CLIENT_IDS = {"app:echo": 40, "app:note": 41}
CLIENT_PUBIDS = build_pubids(True, {**INTERNAL, **CLIENT_IDS})
SERVER_PUBIDS = build_pubids(False, {**INTERNAL, **SERVER_IDS})
HANDSHAKE_OF_CLIENT = INIT + CLIENT_PUBIDS + FINISH
HANDSHAKE_OF_SERVER = INIT + SERVER_PUBIDS + FINISH

Sent = tuple[int, Any]


def packet(packet_id: int, value: object) -> bytes:
    """Return the frame of a packet."""
    return codec.frame(packet_id, codec.pack(value))


def leave(reason: str) -> bytes:
    """Return the frame of a softquit."""
    return build_softquit(reason)


def packets_in(data: bytes) -> list[Sent]:
    """Return the packets that octets are, whole frames all of them: ids and values."""
    reader = codec.FrameReader()
    packets, violation = reader.feed(data)
    assert violation is None
    assert not reader.kept
    return [(packet_id, codec.unpack(payload)) for packet_id, payload in packets]


class Side:
    """One side of a connection in virtual time, with what it has sent and said so far."""

    def __init__(
        self,
        ids: Mapping[str, int] = SERVER_IDS,
        *,
        adaptive: bool = False,
        limits: Limits | None = None,
        made: bool = True,
        too_many: bool = False,
    ) -> None:
        self.now = 100.0
        self.core = Connection(ids, adaptive=adaptive, limits=limits)
        self.happened: list[Happening] = []
        self.octets = b""
        if made:
            self.core.made(self.now, too_many=too_many)
            self.settle()

    def feed(self, *chunks: bytes) -> Self:
        """Take octets, chunk by chunk."""
        for chunk in chunks:
            self.core.receive_data(chunk)
            self.settle()
        return self

    def end(self) -> Self:
        """Take the end of the peer's stream."""
        self.core.receive_end()
        return self.settle()

    def wait(self, seconds: float) -> Self:
        """Let time pass."""
        end = self.now + seconds
        while (due := self.core.next_timer()) is not None and due <= end:
            self.now = due
            self.core.handle_timer(self.now)
            self.settle()
        self.now = end
        return self

    def settle(self) -> Self:
        """Do everything that waits."""
        while self.core.has_work:
            happening = self.core.advance(self.now)
            if happening is not None:
                self.happened.append(happening)
        if self.core.carrier is not Carrier.ABORT:
            self.octets += self.core.data_to_send()
        return self

    def sent(self) -> list[Sent]:
        """Return the packets that were sent so far: ids and values."""
        return packets_in(self.octets)

    def softquits(self) -> list[str]:
        """Return the reasons of the softquits that were sent."""
        return [value["reason"] for packet_id, value in self.sent() if packet_id == 1]


def active_server(**options: Any) -> Side:
    """Return an enforcing side that is active and confirmed."""
    return Side(**options).feed(HANDSHAKE_OF_CLIENT)


def active_client(**options: Any) -> Side:
    """Return an adaptive side that is active and confirmed."""
    return Side(CLIENT_IDS, adaptive=True, **options).feed(HANDSHAKE_OF_SERVER)


class RawPeer:
    """A TCP connection, and the frames that come; everything has a deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.socket.settimeout(10.0)
        self.packets: list[Sent] = []
        self._reader = codec.FrameReader()

    @classmethod
    def to(cls, port: int, **options: int) -> Self:
        """Connect to a port of this machine; options are those of a socket, by name."""
        sock = socket.socket()
        for name, value in options.items():
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        sock.settimeout(10.0)
        sock.connect(("127.0.0.1", port))
        return cls(sock)

    @classmethod
    def active(cls, port: int, ids: Mapping[str, int] = CLIENT_IDS, **options: int) -> Self:
        """Connect, and go through the handshake."""
        peer = cls.to(port, **options)
        peer.send(INIT, build_pubids(True, {**INTERNAL, **ids}), FINISH)
        peer.read(3)
        return peer

    def send(self, *frames: bytes) -> None:
        """Send octets."""
        self.socket.sendall(b"".join(frames))

    def read(self, count: int) -> list[Sent]:
        """Read until there are so many packets, and return and forget them."""
        while len(self.packets) < count:
            data = self.socket.recv(1 << 16)
            assert data, f"the stream ended behind {self.packets}"
            self._take(data)
        taken, self.packets = self.packets[:count], self.packets[count:]
        return taken

    def read_to_end(self) -> list[Sent]:
        """Read until the end of the stream, and return all packets; fail if it is a reset."""
        while data := self.socket.recv(1 << 16):
            self._take(data)
        taken, self.packets = self.packets, []
        return taken

    def reset(self) -> None:
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _take(self, data: bytes) -> None:
        packets, violation = self._reader.feed(data)
        assert violation is None
        self.packets += [(number, codec.unpack(payload)) for number, payload in packets]


class Told:
    """What a program is told, for a peer that it is mixed into."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.made: list[int] = []
        self.lost: list[tuple[int, Any]] = []

    def on_connMade(self, conn: Any) -> None:
        """Remember it."""
        self.made.append(conn)

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Remember it."""
        self.lost.append((conn.number, reason))


class ToldServer(Told, Server):
    """A server that remembers what it is told."""


class ToldClient(Told, Client):
    """A client that remembers what it is told."""


class Kept(Packet):
    """A packet that is kept: number of the connection, and value."""

    def __init__(self) -> None:
        self.received: list[tuple[int, Any]] = []

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Keep it."""
        self.received.append((fromid, packet))


def registry(
    *, adaptive: bool = False, ids: Mapping[str, int] = SERVER_IDS, **packets: BasePacket
) -> PacketRegistry:
    """Return a registry: app:echo answers with app:note, which is kept, unless others are given."""
    result = PacketRegistry(adaptive)
    objects = {"echo": EchoPacket("app:note"), "note": Kept(), **packets}
    for name, number in ids.items():
        result.addPacket(name, objects.get(name.partition(":")[2]) or Kept(), number)
    return result


def kept(peer: Peer, name: str = "app:note") -> list[tuple[int, Any]]:
    """Return what a peer has kept of a packet."""
    packet = peer.registry.packetObj(name)
    assert isinstance(packet, Kept)
    return packet.received


def internal_ids() -> dict[str, int]:
    names = ("handshake_init", "softquit", "handshake_pubids", "handshake_finish")
    return {f"packetmq:{name}": number for number, name in enumerate(names)}
