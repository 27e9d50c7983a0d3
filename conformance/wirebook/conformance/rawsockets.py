"""Packets of the suite's own making on their way out, and copies of those that pass by.

What may live here: raw sockets, and the bounds on what they send: where to, how many, how long.
The bounds are on the octets themselves, whoever has made them. What is in a packet is for others.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import time
from collections import deque
from typing import Self

from wirebook.conformance.hosts import ATTACKER, CLIENT, LOOPBACK_LINK, TARGET, Host, no_raw_sockets
from wirebook.conformance.verdicts import Unsupported

MOST_PACKETS = 5000
MOST_SECONDS = 60.0

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_OWN = frozenset(map(ipaddress.ip_address, (TARGET, CLIENT, ATTACKER)))
_IP = b"\x08\x00"
_ANY_PROTOCOL = 0x0003
_SHORTEST = 20
_FRAME_HEAD = 14
_OUTGOING = 4  # PACKET_OUTGOING: our own copy of what leaves
_LONGEST = 65535
_MOST_KEPT = 20_000
_FRAGMENT_OFFSET = 0x1FFF
_SPACE = 32 * 1024 * 1024
"""Octets: this machine's loopback interface may have others on it."""


class Forbidden(Exception):
    """The suite was about to send a packet that it must not send."""


class RawSender:
    """Sends whole packets from a host, to the hosts beside it or to loopback, and nowhere else."""

    def __init__(
        self, host: Host, *, most: int = MOST_PACKETS, seconds: float = MOST_SECONDS
    ) -> None:
        if reason := no_raw_sockets():
            raise Unsupported(f"by this machine: {reason}")
        self.host = host
        self.sent: set[bytes] = set()
        """The packets that were sent so far, for those who see everything that passes."""
        self._most = most
        self._count = 0
        self._end = time.monotonic() + seconds
        with host.inside():
            if self.writes_frames:
                self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                self._socket.bind((host.link, 0))
            else:
                # By itself a system takes no frames for 127.0.0.1, not even from loopback.
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    @property
    def writes_frames(self) -> bool:
        """Whether every octet of a packet is ours; else the system writes IP's checksum."""
        return bool(self.host.hardware)

    def send(self, packet: bytes) -> None:
        """Send a packet, from its IP header on; raise Forbidden if it leads anywhere else."""
        destination = allowed_destination(packet, self.host)
        if self._count >= self._most:
            raise Forbidden(f"more than {self._most} packets")
        if time.monotonic() > self._end:
            raise Forbidden("packets after the time for them is over")
        self._count += 1
        self.sent.add(packet)
        if self.writes_frames:
            ends = (self.host.next_hop, self.host.hardware)
            head = b"".join(bytes.fromhex(end.replace(":", "")) for end in ends)
            self._socket.send(head + _IP + packet)
        else:
            self._socket.sendto(packet, (destination, 0))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def allowed_destination(packet: bytes, host: Host) -> str:
    """Return where a packet leads if a host may send it there, else raise Forbidden.

    Where the host is this machine, what comes back must not leave it either.
    """
    if len(packet) < _SHORTEST or packet[0] >> 4 != 4:
        raise Forbidden("a packet that is no IPv4")
    source, destination = (ipaddress.ip_address(packet[at : at + 4]) for at in (12, 16))
    if host.namespace is None and source not in _LOOPBACK:
        raise Forbidden(f"a packet in the name of {source}, to which the answers would go")
    if host.link == LOOPBACK_LINK:
        if destination not in _LOOPBACK:
            raise Forbidden(f"a packet to {destination}, which is not loopback")
    elif host.namespace is None or destination not in _OWN:
        # The same addresses might be somebody's outside of the namespaces.
        raise Forbidden(f"a packet to {destination}, which is none of the suite's own hosts")
    return str(destination)


class Tap:
    """Keeps a copy of each whole IP packet from or to a port that passes a host, from now on."""

    def __init__(self, host: Host, port: int) -> None:
        if reason := no_raw_sockets():
            raise Unsupported(f"by this machine: {reason}")
        self._doubled = host.link == LOOPBACK_LINK
        self._port = port
        self._packets: deque[bytes] = deque(maxlen=_MOST_KEPT)
        with host.inside():
            protocol = socket.htons(_ANY_PROTOCOL)
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, protocol)
            self._socket.setblocking(False)
            with contextlib.suppress(OSError):
                option = getattr(socket, "SO_RCVBUFFORCE", 33)
                self._socket.setsockopt(socket.SOL_SOCKET, option, _SPACE)
            self._socket.bind((host.link, _ANY_PROTOCOL))

    def packets(self) -> list[bytes]:
        """Return every packet so far, from its IP header on; the last of very many."""
        while True:
            try:
                frame, (_, _, kind, *_) = self._socket.recvfrom(_LONGEST + _FRAME_HEAD)
            except BlockingIOError:
                return list(self._packets)
            if frame[12:14] == _IP and not (self._doubled and kind == _OUTGOING):
                packet = frame[_FRAME_HEAD:]
                length = int.from_bytes(packet[2:4])
                if self._port in _ports(packet):
                    self._packets.append(packet[: length or None])

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ports(packet: bytes) -> tuple[int, ...]:
    """Return the ports of a packet, of which only a first fragment has any."""
    head = (packet[0] & 0x0F) * 4 if packet else 0
    if head < _SHORTEST or len(packet) < head + 4 or int.from_bytes(packet[6:8]) & _FRAGMENT_OFFSET:
        return ()
    return struct.unpack_from(">HH", packet, head)
