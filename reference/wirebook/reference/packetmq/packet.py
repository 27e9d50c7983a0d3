"""The documented packet objects: what happens to packets of a kind.

What may live here: the classes that programs derive their packets from, and the two that they can
use as they are.
"""
# The documented names are in camel case.
# ruff: noqa: N802, N803, ARG002

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wirebook.reference.packetmq.peer import Peer

__all__ = ["BasePacket", "EchoPacket", "InternalPacket", "Packet", "PrintPacket"]


class BasePacket:
    """What is done with the packets of a kind; by default they are sent and received as they are.

    All four callbacks may be overridden. `to` and `fromid` are a connection's object or number;
    `fromobj` of `onSend` and `to` of `onReceive` are the peer that the program runs.
    """

    name = ""
    """The name under which the object was registered last."""
    numid = -1
    """The id under which the object was registered last."""

    def onSend(self, data: Any, to: Any, fromobj: Peer, *args: Any, **kwargs: Any) -> Any:
        """Do something before a packet is sent to a connection."""

    def onEncode(self, data: Any, to: Any = -1) -> Any:
        """Return the value as octets, or as a value that MessagePack has, to be encoded."""
        return data

    def onDecode(self, data: bytes, fromid: Any = -1) -> Any:
        """Return what the octets of a payload mean; the octets themselves to have them decoded."""
        return data

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> Any:
        """Do something with the decoded value of a packet that was received."""


class Packet(BasePacket):
    """The packet to derive one's own from."""


class InternalPacket(Packet):
    """Stands in the registry for a packet of the protocol itself, which is handled elsewhere."""


class EchoPacket(Packet):
    """Answers each packet with the same payload as a packet of the type `retType`."""

    def __init__(self, retType: Any) -> None:
        self.retType = retType

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> Any:
        """Send it back."""
        to.sendPacket(packet, self.retType, fromid)


class PrintPacket(Packet):
    """Prints each packet."""

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> Any:
        """Print it."""
        print(f"{self.name} from connection {to.peerFileno(fromid)}: {packet!r}")
