"""PacketMQ: packets over TCP, with the documented API of the package of that name.

Whoever writes an application needs what is listed here. `core` has the protocol without input and
output, `codec` the frames, and the other modules what their docstrings say.
"""

from wirebook.reference.packetmq import packet, packetprotocol
from wirebook.reference.packetmq.client import Client
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import (
    LocalProtocolError,
    PacketMQError,
    RemoteProtocolError,
)
from wirebook.reference.packetmq.memory import MemoryClient, MemoryServer
from wirebook.reference.packetmq.peer import Peer
from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.registry import MAX_PACKET_ID, MIN_PACKET_ID, PacketRegistry
from wirebook.reference.packetmq.server import Server

__all__ = [
    "MAX_PACKET_ID",
    "MIN_PACKET_ID",
    "Client",
    "Limits",
    "LocalProtocolError",
    "MemoryClient",
    "MemoryServer",
    "PacketMQError",
    "PacketRegistry",
    "Peer",
    "Reactor",
    "RemoteProtocolError",
    "Server",
    "packet",
    "packetprotocol",
]
