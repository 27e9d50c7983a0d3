"""`wirebook connect packetmq`: a client for people, and for scripts that feed it lines.

Both sides of a connection have to know the same names. This client has none of its own: it asks for
the server's with a first connection, which fails, and uses them for a second. What may live here:
reading lines and showing what comes back.
"""
# The documented names are in camel case.
# ruff: noqa: N802, ARG002

from __future__ import annotations

import json
import sys
from contextlib import suppress
from threading import Condition, Lock
from time import sleep
from typing import Any, Final

from wirebook.reference.packetmq.client import Client
from wirebook.reference.packetmq.core.ids import of_application
from wirebook.reference.packetmq.errors import LocalProtocolError, UnknownPeer
from wirebook.reference.packetmq.operator_log import readable
from wirebook.reference.packetmq.packet import Packet
from wirebook.reference.packetmq.peer import Peer
from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.registry import PacketRegistry
from wirebook.spec.vectors import from_typed, to_typed

HELP: Final = """\
  NAME [JSON]      send a packet; without JSON its payload is nil
  /names           show the names of the server's packets, with their ids
  /help            show this
  /quit [REASON]   take leave and end"""

_PATIENCE: Final = 6.0
"""Seconds that a connection may take: a little more than its handshake may."""
_LINGER: Final = 0.5
"""Seconds that answers have to arrive after the last line."""


def talk(host: str, port: int) -> None:
    """Connect, and send what is typed; raise OSError if that does not work out."""
    reactor = Reactor()
    reactor.run_in_thread()
    try:
        adaptive, names = _learn(host, port, reactor)
        client = _Visitor(PacketRegistry(adaptive), reactor)
        for name, number in names.items():
            client.registry.addPacket(name, _Shown(client), number)
        client.enter(host, port)
        if client.lost:
            raise ConnectionError(f"the server does not want it: {client.why}")
        client.show(f"connected to {host}, port {port}; /help shows what can be said")
        _obey_lines(client)
    finally:
        reactor.close()


class _Visitor(Client):
    """A client with one connection, which can be waited for."""

    def __init__(self, registry: PacketRegistry, reactor: Reactor) -> None:
        super().__init__(registry, reactor=reactor)
        self.made = False
        self.lost = False
        self.why = ""
        self.offered: tuple[bool, dict[str, int]] | None = None
        self._changed = Condition()
        self._writing = Lock()

    def enter(self, host: str, port: int) -> None:
        """Connect; return once that has worked out or failed, raise TimeoutError if neither."""
        self.connect((host, port))
        with self._changed:
            if not self._changed.wait_for(lambda: self.made or self.lost, _PATIENCE):
                raise TimeoutError("no answer")

    def leave(self, reason: str) -> None:
        """Take leave, and wait until that is done."""
        with suppress(UnknownPeer):  # the server has left already
            self.softquit(0, reason)
        with self._changed:
            self._changed.wait_for(lambda: self.lost, _PATIENCE)

    def on_connMade(self, conn: Any) -> None:
        """Let the waiting go on."""
        with self._changed:
            self.made = True
            self._changed.notify_all()

    def lostConnection(self, conn: Any, reason: Any = None) -> None:
        """Let the waiting go on, and say so."""
        with self._changed:
            self.offered = self.peerObj(conn).core.offered
            self.why = readable(reason) if reason else "it closed the connection"
            self.lost = True
            self._changed.notify_all()
        if self.made:
            self.show(f"the connection is gone: {self.why}")

    def show(self, text: str) -> None:
        """Print a line."""
        with self._writing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


class _Shown(Packet):
    """A packet that is shown."""

    def __init__(self, client: _Visitor) -> None:
        self._client = client

    def onReceive(self, packet: Any, fromid: Any, to: Peer, *args: Any, **kwargs: Any) -> None:
        """Show it."""
        self._client.show(f"<- {self.name} {json.dumps(to_typed(packet), ensure_ascii=False)}")


def _learn(host: str, port: int, reactor: Reactor) -> tuple[bool, dict[str, int]]:
    """Return the policy to have, and the names of the server's packets with their ids."""
    client = _Visitor(PacketRegistry(True), reactor)
    client.enter(host, port)
    if client.made:  # a server that has no packets, either
        client.leave("reason.generic")
    if client.offered is None:
        raise ConnectionError(client.why)
    server_adapts, id_map = client.offered
    return not server_adapts, of_application(id_map).by_name


def _obey_lines(client: _Visitor) -> None:
    while True:
        if sys.stdin.isatty():
            sys.stdout.write("> ")
            sys.stdout.flush()
        line = sys.stdin.readline()
        if client.lost:
            return
        if not line:
            sleep(_LINGER)  # what a script has asked for may still be on its way
        words = line.split(maxsplit=1) if line else ["/quit"]
        if words and words[0] == "/quit":
            client.leave(words[1].strip() if len(words) > 1 else "reason.generic")
            return
        _obey(client, words)


def _obey(client: _Visitor, words: list[str]) -> None:
    match words:
        case []:
            pass
        case ["/names"]:
            for name, number in client.registry.application_ids().items():
                client.show(f"  {number:5}  {name}")
        case [word, *_] if word.startswith("/"):
            client.show(HELP)
        case [name, *rest]:
            try:
                client.sendPacket(from_typed(json.loads(rest[0])) if rest else None, name)
            except (ValueError, LocalProtocolError) as error:
                client.show(f"cannot send that: {error}")
