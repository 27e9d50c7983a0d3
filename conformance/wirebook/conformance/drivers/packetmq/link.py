"""The way to a server: what a client knows of it, and the TCP connection to it.

What may live here: connecting, and how a connection can end. What goes over it is for others.
"""

from __future__ import annotations

import socket
from enum import StrEnum

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq.waiting import PATIENCE
from wirebook.conformance.verdicts import TargetDied, Violation

_SMALL_SEGMENT = 1000


class End(StrEnum):
    """How the server has ended its direction of a connection."""

    OPEN = "open"
    FIN = "fin"
    RST = "rst"


def open_connection(link: Link, receive_space: int = 0) -> socket.socket:
    """Connect to a server; a receive space, in octets, lets little be under way at a time."""
    address = link.reach(link.address)
    family, kind, protocol, _, name = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
    created = socket.socket(family, kind, protocol)
    try:
        if receive_space:
            # Has to be said before the connection is made: it is told to the peer in the handshake.
            created.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_space)
            # Small segments keep the peer's system, too, from taking much before it arrives.
            created.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SMALL_SEGMENT)
        created.settimeout(link.deadline(PATIENCE))
        created.connect(name)
    except OSError as error:
        created.close()
        if not link.alive():
            raise TargetDied("the server is gone; expected it to take a connection") from None
        raise Violation(f"expected a TCP connection, got: {error}") from None
    return created
