"""The server of a chat: everybody reads what anybody says.

What may live here: the rules and the packets, with the public API alone.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

from typing import Any, Final

from wirebook.reference.packetmq import PacketRegistry, Reactor, Server, packet

NAMES: Final = ("chat:join", "chat:welcome", "chat:say", "chat:said", "chat:came", "chat:went")
"""The packets: the first id is the first name's, and so on."""
FIRST_ID: Final = 100
LONGEST_NAME: Final = 20
LONGEST_TEXT: Final = 500


class ChatServer(Server):
    """Knows who is there, and tells everybody what happens."""

    def __init__(self, reactor: Reactor | None = None) -> None:
        super().__init__(PacketRegistry(False), reactor=reactor)
        self.people: dict[int, str] = {}
        """The names of those who have joined, by the number of their connection."""
        objects = {"chat:join": Join(), "chat:say": Say()}
        for number, name in enumerate(NAMES, FIRST_ID):
            self.registry.addPacket(name, objects.get(name) or packet.Packet(), number)

    def tell(self, name: str, payload: Any) -> None:
        """Tell something to all who have joined."""
        self.broadcast(payload, name, to=list(self.people))

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Tell the others that somebody has gone."""
        who = self.people.pop(self.peerFileno(conn), None)
        if who is not None:
            self.tell("chat:went", who)


class Join(packet.Packet):
    """Somebody tells his name, and wants to take part."""

    def onReceive(self, packet: Any, fromid: Any, to: Any, *args: Any, **kwargs: Any) -> None:
        """Let him, or show him out."""
        if not isinstance(packet, str) or not 0 < len(packet) <= LONGEST_NAME:
            to.softquit(fromid, "chat.name")
        elif fromid in to.people or packet in to.people.values():
            to.softquit(fromid, "chat.taken")
        else:
            to.tell("chat:came", packet)
            to.people[fromid] = packet
            to.sendPacket(sorted(to.people.values()), "chat:welcome", fromid)


class Say(packet.Packet):
    """Somebody says something."""

    def onReceive(self, packet: Any, fromid: Any, to: Any, *args: Any, **kwargs: Any) -> None:
        """Tell everybody, if it comes from somebody who has joined."""
        if fromid in to.people and isinstance(packet, str):
            to.tell("chat:said", {"who": to.people[fromid], "text": packet[:LONGEST_TEXT]})


def server(reactor: Reactor | None = None) -> ChatServer:
    """Return the server, ready to listen."""
    return ChatServer(reactor)
