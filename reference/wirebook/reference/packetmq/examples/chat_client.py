"""A client of the chat, which tells what happens as lines of text.

What may live here: what a client can do, with the public API alone.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Flag
from typing import Any, Final

from wirebook.reference.packetmq import Client, PacketRegistry, Reactor, packet
from wirebook.reference.packetmq.examples.chat_server import NAMES

_REASONS: Final = {
    "chat.name": "the server does not like the name",
    "chat.taken": "somebody has that name already",
}


class ChatClient(Client):
    """Somebody in the chat; `hear` gets a line for everything that happens."""

    def __init__(
        self, name: str, hear: Callable[[str], None], *, reactor: Reactor | None = None
    ) -> None:
        super().__init__(PacketRegistry(True), reactor=reactor)
        self.name = name
        self.hear = hear
        self.inside = False
        """Whether the server has let this one in."""
        self.settled = Flag()
        """Set once it is clear whether it does."""
        self.gone = Flag()
        """Set once the connection is lost."""
        lines = {
            "chat:welcome": self._welcome,
            "chat:said": lambda said: f"{said['who']}: {said['text']}",
            "chat:came": lambda who: f"{who} has come",
            "chat:went": lambda who: f"{who} has gone",
        }
        for number, kind in enumerate(NAMES, 16):  # the server's ids are taken over
            self.registry.addPacket(kind, _Heard(lines.get(kind, str)), number)

    def say(self, text: str) -> None:
        """Say something to everybody."""
        self.sendPacket(text, "chat:say")

    def leave(self) -> None:
        """Leave the chat."""
        self.softquit(self.default_peer, "chat.bye")

    def on_connMade(self, conn: Any) -> None:
        """Join."""
        self.sendPacket(self.name, "chat:join", conn)

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Say why."""
        if reason != "chat.bye":
            self.hear(_REASONS.get(str(reason), "the connection is lost"))
        self.gone.set()
        self.settled.set()

    def _welcome(self, people: list[str]) -> str:
        self.inside = True
        self.settled.set()
        return f"here are {', '.join(people)}"


class _Heard(packet.Packet):
    """A packet that makes a line."""

    def __init__(self, line: Callable[[Any], str]) -> None:
        self._line = line

    def onReceive(self, packet: Any, fromid: Any, to: Any, *args: Any, **kwargs: Any) -> None:
        """Make the line."""
        to.hear(self._line(packet))
