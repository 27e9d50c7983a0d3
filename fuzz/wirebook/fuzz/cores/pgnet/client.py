"""Clients of PGNet as a subject: one after the other, each with a server that is not to be trusted.

What may live here: the server that the clients see, their application, and what an event loop does
for a client.
"""

from __future__ import annotations

import json
from typing import Final

from wirebook.fuzz.cores import WAIT, Action, Chance, check_rest, check_sent
from wirebook.fuzz.cores.pgnet.messages import EXTRA
from wirebook.fuzz.cores.pgnet.sealing import PEER_PUBKEY, Sealer, opened, randomness
from wirebook.fuzz.machines.base import Broken
from wirebook.reference.pgnet.core.client_connection import ClientConnection, Credentials
from wirebook.reference.pgnet.core.happenings import (
    Connected,
    Disconnected,
    GameChanged,
    HeartbeatDue,
    ResponseReceived,
)
from wirebook.reference.pgnet.messages import Packet
from wirebook.spec.pgnet.states import HEARTBEAT, PREFIX, ClientState, Text

_TICK: Final = 0.005
_KNOWN: Final = 0.5
"""From here on, a response is one that goes on: others often end the connection."""
_SAMPLED: Final = 32
_ASKED: Final = tuple(PREFIX + word for word in ("game_dir", "join_game", "leave_game"))


class _Client:
    """A connection of a client, and what its application was told."""

    def __init__(self, now: float) -> None:
        self.core = ClientConnection(Credentials("User1", "secret"), randomness())
        self.sealer = Sealer()
        self.connected = False
        self.asked = 0
        self.core.opened(now)


class Clients:
    """Clients; each new number of a peer is a server that a new client connects to."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now = 0.0
        self._clients: dict[int, _Client] = {}
        self._opened = -1
        self._sent = 0

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:
        """Send it in a box where boxes are read; else do what leads there more often than not."""
        if not self._clients:
            return "trade", self._opened + 1, b""
        number = next(iter(self._clients))
        state = self._clients[number].core.state
        chosen = chance()
        if state is ClientState.AWAITING_KEY and chosen < 0.7:
            return "trade", number, b""
        if state is ClientState.AWAITING_LOGIN and chosen < 0.8:
            return "log in", number, b"User1"
        if chosen > 0.998:
            return "reset", number, b""
        if chosen > 0.96 or message == "box" or state is ClientState.AWAITING_KEY:
            return "send", number, octets.decode("utf-8", "replace").encode()
        if chosen > _KNOWN:
            _, octets = EXTRA["client"][int(chance() * len(EXTRA["client"]))]
        return "seal", number, octets

    def do(self, action: Action) -> None:
        """Take a message or the end of a connection, or let time pass; then do what is due."""
        what, number, octets = action
        if what == WAIT:
            self.now += number / 1000
        else:
            self.now += _TICK
            if number > self._opened:
                self._opened = number
                self._clients[number] = _Client(self.now)
                self._go_on(number)
            if number in self._clients:
                self._receive(self._clients[number], what, octets)
        for other in [*self._clients]:
            self._go_on(other)

    def _receive(self, client: _Client, what: str, octets: bytes) -> None:
        core, seal = client.core, client.sealer.seal
        before = core.state
        if what in ("end", "reset"):
            core.receive_end("lost")
        elif what == "trade":
            trade = {"message": Text.KEY_TRADE, "payload": {"pubkey": PEER_PUBKEY}}
            core.receive_text(json.dumps(trade), self.now)
        elif what == "log in":
            core.receive_text(seal(_AUTHENTICATED), self.now)
        elif what == "seal":
            core.receive_text(seal(octets), self.now)
        else:
            core.receive_text(octets.decode("utf-8", "replace"), self.now)
        state = before.name.lower()
        if core.close_code is not None:
            self.seen.add(f"{state}:close-{core.close_code.value}")
        elif core.state is not before:
            self.seen.add(core.state.name.lower())

    def _go_on(self, number: int) -> None:
        """Do what an event loop and an application do, until there is nothing to be done."""
        client = self._clients[number]
        core = client.core
        due = core.next_timer()
        if due is not None and due <= self.now:
            # One call does one thing; what is due then is done by the next one.
            core.handle_timer(self.now)
            if core.next_timer() == due:
                check_rest(due, self.now, "PGN-ERR-001")
        if core.connected and core.state is ClientState.IDLE:
            client.asked += 1
            core.request(Packet(_ASKED[client.asked % len(_ASKED)]), client.asked)
        self._take(client)
        for text in core.texts_to_send(self.now):
            self._sent += 1
            if self._sent % _SAMPLED == 0:
                clear = text.encode() if text.startswith("{") else opened(text)
                check_sent("pgnet", "request", clear)
        if core.over:
            self._take(client)
            del self._clients[number]

    def _take(self, client: _Client) -> None:
        for happening in client.core.happenings():
            match happening:
                case Connected():
                    if client.connected:
                        raise Broken("PGN-CLI-004", "tells twice that it is connected")
                    client.connected = True
                case Disconnected():
                    if happening.was_connected is not client.connected:
                        raise Broken("PGN-CLI-004", "is wrong about having been connected")
                case HeartbeatDue():
                    client.core.request(Packet(HEARTBEAT), None, heartbeat=True)
                case ResponseReceived(response=response):
                    self.seen.add(f"waiting:{('ok', 'bad', 'unexpected')[response.status]}")
                case GameChanged(game):
                    self.seen.add("waiting:left" if game is None else "waiting:entered")


_AUTHENTICATED: Final = json.dumps({"message": Text.AUTHENTICATED, "game": None}).encode()
