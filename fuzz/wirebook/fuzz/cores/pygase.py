"""PyGaSe's cores as subjects: a server with more peers than it has room for, and a client.

What may live here: the peers, the application and the limits of these two, and which sequences and
acks make an input count.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from wirebook.fuzz.cores import WAIT, Action, Chance, Subject, check_rest, check_sent
from wirebook.fuzz.machines.base import Broken
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import EventReceived, StatusChanged
from wirebook.reference.pygase.core.history import History
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.errors import LocalProtocolError, Malformed
from wirebook.spec.pygase.states import ClientState, ServerState

MESSAGES: Final = {
    "server": ("client-package", "shutdown"),
    "client": ("server-package", "shutdown"),
}
EXTRA: Final[dict[str, tuple[tuple[str, bytes], ...]]] = {"server": (), "client": ()}

ROBUST: Final = "PGS-ERR-001"
_LIMITS: Final = Limits(
    connections=12,
    events_to_send=64,
    octets_to_send=1 << 14,
    events_to_handle=16,
)
_PEERS: Final = 16
"""Addresses of clients, some more than there may be connections."""
_NEVER_ACK: Final = 5
"""One of so many clients acks nothing, and is not validated unless a mutation does it."""
_SERVER: Final = ("server", 1)
_SERVER_TICK: Final = 0.0002
_CLIENT_TICK: Final = 0.003
"""Seconds from one datagram to the next: some 300 a second from each peer, below its limit."""
_FLIGHT_MOST: Final = 45
"""Packages on their way: one second's worth at the highest rate, and a few that tell late."""
_REQUEUED_MOST: Final = 5 * _FLIGHT_MOST
"""Events that were lost and are sent again, which the limit on dispatching does not see."""
_UNHANDLED_MOST: Final = 40
_BURST: Final = 400
_BURST_ONE: Final = 99
"""One answer in so many is as many as there is room for, and more."""
_STATE_MOST: Final = 64
"""Attributes of a client's state, after which it begins anew."""
_SAMPLED: Final = 256
"""One package in so many that are sent is parsed by the schema."""
_LOOKED_INTO: Final = 16
"""One package in so many that are discarded is asked why."""

_HEADER: Final = Struct(">HHI")
_SEQUENCES: Final = 65535
_TIME_ORDER: Final = b"time_order\xcd"
_REPLY: Final = codec.build_event("ECHO", [1, "reply"], {})
_LARGE_REPLY: Final = codec.build_event("ECHO", ["x" * 900], {})


def subject(role: str) -> Subject:
    """Return a fresh subject."""
    return Server() if role == "server" else Client()


class _Application:
    """What the application does about the events of peers: it handles them late, and answers."""

    def __init__(self) -> None:
        self._unhandled: list[Peer] = []
        self._answers = 0

    def take(self, peer: Peer) -> None:
        """Take an event of a peer."""
        self._unhandled.append(peer)
        if len(self._unhandled) > _UNHANDLED_MOST:
            self.handle_all()
        self._answers += 1
        if self._answers % 2:
            event = _REPLY if self._answers % 9 else _LARGE_REPLY
            self._dispatch(peer, event, 1 if self._answers % _BURST_ONE else _BURST)

    def _dispatch(self, peer: Peer, event: bytes, times: int) -> None:
        context = None if self._answers % 5 else self
        try:
            for _ in range(times):
                peer.dispatch(event, retries=self._answers % 3, context=context)
        except LocalProtocolError:
            return  # nobody said that there is room

    def handle_all(self) -> None:
        """Handle what waits."""
        for peer in self._unhandled:
            peer.handled()
        self._unhandled.clear()


class Server:
    """A server with a game that changes, and clients at many addresses."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now = 0.0
        self.states = History()
        self.core = ServerCore(self.states, _LIMITS)
        self._application = _Application()
        self._addresses = [("peer", number) for number in range(_PEERS)]
        self._version = 0
        self._sent = 0
        self._discarded = 0
        self._change_state()

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:
        """Let one of the clients send it, mostly as its next package."""
        number = int(chance() * _PEERS)
        peer = self.core.peers.get(self._addresses[number])
        if peer is None or message == "shutdown" or len(octets) < codec.HEADER_SIZE:
            return "send", number, octets
        ack = 0 if number % _NEVER_ACK == 0 else peer.sequence
        octets = _renumbered(octets, peer, ack, chance)
        if chance() < 0.5:
            held = (self._version - int(chance() ** 3 * 200)) & 0xFFFF
            octets = octets[:12] + held.to_bytes(2) + octets[14:]
        return "send", number, octets

    def do(self, action: Action) -> None:
        """Take a datagram, or let time pass; then do what is due."""
        what, number, octets = action
        core = self.core
        if what == WAIT:
            self.now += number / 1000
            self._application.handle_all()
            self._change_state()
        else:
            self.now += _SERVER_TICK
            self._receive(self._addresses[number % _PEERS], octets)
        due = core.next_timer()
        if due is not None and due <= self.now:
            core.handle_timer(self.now)
            check_rest(core.next_timer(), self.now, ROBUST)
        self._sent = _check_datagrams(core.datagrams_to_send(), "server-package", self._sent)
        for happening in core.happenings():
            if type(happening) is EventReceived:
                self._application.take(happening.peer)

    def _receive(self, address: tuple[str, int], octets: bytes) -> None:
        core = self.core
        peer = core.peers.get(address)
        before = ServerState.UNKNOWN if peer is None else peer.state
        core.receive_datagram(octets, address, self.now)
        peer = core.peers.get(address)
        if peer is not None and peer.heard_at == self.now:
            self.seen.add(_ACCEPTED[before])
            _check_peer(peer)
            if len(core.peers) > _LIMITS.connections:
                raise Broken("PGS-LIM-001", "has more connections than its limit")
        else:
            self._discarded += 1
            if self._discarded % _LOOKED_INTO == 0:
                self.seen.add(f"{before.name.lower()}:{self._why_not(octets, before)}")

    def _why_not(self, octets: bytes, state: ServerState) -> str:
        try:
            codec.parse_client_package(octets)
        except Malformed:
            return "shutdown" if octets == b"shutdown" else "malformed"
        return "refused" if state is ServerState.UNKNOWN else "stale"

    def _change_state(self) -> None:
        """Let the game go on; once in a while it is a large state that does not fit, or none."""
        self._version = version = self._version % _SEQUENCES + 1
        state = {
            "game_status": version % 2,
            "players": {number: {"x": version * number, "at": [1.5, version]} for number in (1, 2)},
            f"k{version % 7}": "v" * (version % 50),
        }
        if version % 61 == 0:
            state["large"] = "x" * 2100
        self.states.record(version, state)
        if version % 16 == 0:
            self.core.broadcast(_REPLY, retries=1, context=self)


class Client:
    """A client that connects whenever it is not connected, and a server that may be another."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now = 0.0
        self.core = ClientCore(_SERVER, _LIMITS)
        self.core.connect(self.now)
        self._application = _Application()
        self._sent = 0
        self._discarded = 0

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:
        """Let the server send it, mostly as its next package."""
        number = 0 if chance() < 0.98 else 1
        if message == "shutdown" or len(octets) < codec.HEADER_SIZE:
            return "send", number, octets
        octets = _renumbered(octets, self.core, self.core.sequence, chance)
        at = octets.find(_TIME_ORDER) + len(_TIME_ORDER)
        if at >= len(_TIME_ORDER) and chance() < 0.7:
            order = (self.core.time_order + int(chance() ** 3 * 40)) & 0xFFFF
            octets = octets[:at] + order.to_bytes(2) + octets[at + 2 :]
        return "send", number, octets

    def do(self, action: Action) -> None:
        """Take a datagram, or let time pass; then do what is due."""
        what, number, octets = action
        core = self.core
        if what == WAIT:
            self.now += number / 1000
            self._application.handle_all()
            self._application.take(core)
            core.handled()  # that one was nobody's event
        else:
            self.now += _CLIENT_TICK
            self._receive(_SERVER if number == 0 else ("stranger", number), octets)
        due = core.next_timer()
        if due is not None and due <= self.now:
            core.handle_timer(self.now)
            check_rest(core.next_timer(), self.now, ROBUST)
        self._sent = _check_datagrams(core.datagrams_to_send(), "client-package", self._sent)
        for happening in core.happenings():
            if type(happening) is EventReceived:
                self._application.take(happening.peer)
            elif type(happening) is StatusChanged:
                self.seen.add(happening.status.name.lower())
        if core.status is ClientState.DISCONNECTED:
            core.connect(self.now)
        elif len(core.state) > _STATE_MOST:
            core.disconnect(self.now)

    def _receive(self, address: tuple[str, int], octets: bytes) -> None:
        core = self.core
        before = core.status
        core.receive_datagram(octets, address, self.now)
        if core.heard_at == self.now:
            self.seen.add(_ACCEPTED_BY_CLIENT[before])
            _check_peer(core)
        else:
            self._discarded += 1
            if self._discarded % _LOOKED_INTO == 0:
                self.seen.add(f"{before.name.lower()}:{self._why_not(octets, address)}")

    @staticmethod
    def _why_not(octets: bytes, address: tuple[str, int]) -> str:
        if address != _SERVER:
            return "stranger"
        try:
            codec.parse_server_package(octets)
        except Malformed:
            return "malformed"
        return "stale"


def _renumbered(octets: bytes, peer: Peer, ack: int, chance: Chance) -> bytes:
    """Return a package with the next sequence, or one that is late, or old, or far ahead."""
    chosen = chance()
    if chosen < 0.08:
        return octets
    if chosen < 0.6:
        ahead = 1
    elif chosen < 0.75:
        ahead = 1 + int(chance() * 40)
    elif chosen < 0.95:
        ahead = -int(chance() * 40)
    else:
        ahead = int(chance() * _SEQUENCES)
    sequence = (peer.window.ack - 1 + ahead) % _SEQUENCES + 1
    bits = int(chance() * (1 << 32))
    if ack and chance() < 0.3:
        ack = (ack - int(chance() ** 2 * 40)) & 0xFFFF
    return octets[:4] + _HEADER.pack(sequence, ack, bits) + octets[12:]


def _check_datagrams(
    datagrams: list[tuple[bytes, tuple[str, int]]], message: str, sent: int
) -> int:
    for octets, _ in datagrams:
        sent += 1
        if octets[:4] != codec.PROTOCOL_ID or len(octets) > codec.MAX_DATAGRAM:
            raise Broken("PGS-DGM-002", "sends what is no package", octets.hex())
        if sent % _SAMPLED == 0:
            check_sent("pygase", message, octets)
    return sent


def _check_peer(peer: Peer) -> None:
    if peer.waiting > _LIMITS.events_to_handle:
        raise Broken("PGS-LIM-004", "takes more events than may wait to be handled")
    if len(peer.outbox) > _LIMITS.events_to_send + _REQUEUED_MOST:
        raise Broken("PGS-LIM-003", "keeps more events than may wait to be sent")
    if len(peer.flight) > _FLIGHT_MOST:
        raise Broken("PGS-ACK-005", "keeps packages that are lost")


_ACCEPTED: Final = {state: f"{state.name.lower()}:accepted" for state in ServerState}
_ACCEPTED_BY_CLIENT: Final = {state: f"{state.name.lower()}:accepted" for state in ClientState}
