"""The documented registry: the kinds of packet that a side knows, by name, id and object.

What may live here: `PacketRegistry` and its checks.
"""
# The documented names are in camel case.
# ruff: noqa: N802, N803

from __future__ import annotations

from threading import RLock
from typing import Any, Final

from wirebook.reference.packetmq.errors import Refused, UnknownPacket
from wirebook.reference.packetmq.packet import BasePacket, InternalPacket
from wirebook.spec.packetmq.states import APPLICATION_LEAST, ID_MOST, INTERNAL

__all__ = ["MAX_PACKET_ID", "MIN_PACKET_ID", "PacketRegistry"]

MIN_PACKET_ID: Final = APPLICATION_LEAST
MAX_PACKET_ID: Final = ID_MOST


class PacketRegistry:
    """Kinds of packet; they can be given as name, id or packet object wherever one is asked for.

    With `adaptPacketIds`, connections take over the ids of their peer; else the peer is to take
    over these. The registry itself never changes through a connection (PMQ-IDS-001).
    """

    def __init__(self, adaptPacketIds: bool = False) -> None:
        self.adaptivePacketIds = adaptPacketIds
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._objects: dict[str, BasePacket] = {}
        self._lock = RLock()

    def addPacket(
        self, name: str, obj: BasePacket, numid: int, bypass_assert: bool = False
    ) -> None:
        """Register a packet; raise Refused for a name or id that it cannot have.

        `bypass_assert` admits ids below 16, and is meant for the internal packets.
        """
        _check_name(name)
        least = 0 if bypass_assert else MIN_PACKET_ID
        if type(numid) is not int or not least <= numid <= MAX_PACKET_ID:
            reason = f"an id is from {MIN_PACKET_ID} to {MAX_PACKET_ID}, not {numid!r}"
            raise Refused(reason, requirement="PMQ-PID-003")
        with self._lock:
            if name in self._ids:
                raise Refused(f"{name} is registered already", requirement="PMQ-PID-004")
            if numid in self._names:
                reason = f"{numid} is the id of {self._names[numid]}"
                raise Refused(reason, requirement="PMQ-PID-004")
            self._ids[name] = numid
            self._names[numid] = name
            self._objects[name] = obj
            obj.name, obj.numid = name, numid

    def delPacket(self, arg: Any) -> None:
        """Remove a packet; connections that are made already keep its name and id."""
        with self._lock:
            name = self.packetStr(arg)
            del self._names[self._ids.pop(name)]
            del self._objects[name]

    def packetStr(self, arg: Any) -> str:
        """Return the name of a packet that is given as name, id or object."""
        if isinstance(arg, str):
            if arg in self._ids:
                return arg
        elif isinstance(arg, BasePacket):
            for name, known in tuple(self._objects.items()):
                if known is arg:
                    return name
        elif isinstance(arg, int) and not isinstance(arg, bool):
            if arg in self._names:
                return self._names[arg]
        else:
            raise TypeError(f"a packet is given as name, id or object, not as {arg!r}")
        raise UnknownPacket(f"no packet {arg!r} is registered")

    def packetInt(self, arg: Any) -> int:
        """Return the id in this registry of a packet that is given as name, id or object."""
        return self._ids[self.packetStr(arg)]

    def packetObj(self, arg: Any) -> BasePacket:
        """Return the object of a packet that is given as name, id or object."""
        return self._objects.get(arg) or self._objects[self.packetStr(arg)]

    def registerDefaultPackets(self) -> None:
        """Register the internal packets, if they are not yet; a peer does so by itself."""
        with self._lock:
            for name, numid in INTERNAL.items():
                if name not in self._ids:
                    self.addPacket(name, InternalPacket(), numid, True)

    def application_ids(self) -> dict[str, int]:
        """Return the names and ids of the application's packets, in their order."""
        with self._lock:
            return {name: numid for name, numid in self._ids.items() if name not in INTERNAL}


def _check_name(name: object) -> None:
    """Refuse what is not a name (PMQ-PID-005)."""
    if isinstance(name, str) and name.isascii() and name.isprintable():
        application, colon, packet = name.partition(":")
        if application and colon and packet and ":" not in packet:
            return
    reason = f"a name is printable ASCII of the form application:packet, not {name!r}"
    raise Refused(reason, requirement="PMQ-PID-005")
