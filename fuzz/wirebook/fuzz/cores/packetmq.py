"""PacketMQ's core as a subject: the connections of one side, some fed octet by octet as well.

Both roles have the same core; a server's registry enforces its ids, and a client's adapts. What may
live here: the streams, the application and the limits of a side, and which frames lead on.
"""

from __future__ import annotations

from typing import Final

from wirebook.fuzz.cores import WAIT, Action, Chance, Subject, check_rest, check_sent
from wirebook.fuzz.machines.base import Broken
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import (
    Carrier,
    Happening,
    Lost,
    Made,
    PacketReceived,
)
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import LocalProtocolError
from wirebook.spec import books
from wirebook.spec.packetmq import stream
from wirebook.spec.packetmq.states import (
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    INTERNAL,
    VERSION,
    Reason,
    State,
)

_FRAMES: Final = (
    "application-packet",
    "handshake-init",
    "handshake-pubids",
    "handshake-finish",
    "softquit",
    "frame",
)
MESSAGES: Final = {"server": _FRAMES, "client": _FRAMES}
EXTRA: Final[dict[str, tuple[tuple[str, bytes], ...]]] = {"server": (), "client": ()}

ROBUST: Final = "PMQ-ERR-001"
_IDS: Final = {"fuzz:echo": 17, "fuzz:leave": 18, "fuzz:item": 300}
_THEIR_IDS: Final = {"fuzz:echo": 40, "fuzz:leave": 16, "fuzz:item": 65535}
"""What the peer of a client has, whose ids are taken over."""
_LIMITS: Final = Limits(octets_to_send=512)
_ENDED: Final = (State.SOFTQUITTED, State.CLOSED)
_TICK: Final = 0.002
_LIVE: Final = 8
_MOST: Final = 24
"""Connections, those whose farewell lasts among them; more are refused."""
_KEPT_MOST: Final = stream.LENGTH_SIZE + stream.LENGTH_MOST
_DEAF_ONE: Final = 4
"""One peer in so many does not read what is sent to it."""
_TWIN_ONE: Final = 4
"""One connection in so many has a twin that gets its octets one by one."""
_PIECES: Final = 512
_SAMPLED: Final = 64
_WORK_MOST: Final = 10_000
_KNOWN_REASONS: Final = frozenset(Reason)


def subject(role: str) -> Subject:
    """Return a fresh subject."""
    return Side(adaptive=role == "client")


class _Half:
    """A connection with its application, and what both have said since the last look."""

    def __init__(self, *, adaptive: bool, deaf: bool) -> None:
        self.core = Connection(_IDS, adaptive=adaptive, limits=_LIMITS)
        self.told: list[Happening] = []
        self.sent: list[bytes] = []
        self._made = self._lost = False
        self._deaf = deaf
        self._backlog = 0

    def pump(self, now: float) -> None:
        """Do what there is to do, and take what is to be sent."""
        core = self.core
        left = _WORK_MOST
        while core.has_work:
            happening = core.advance(now)
            if happening is not None:
                self._take(happening)
            left -= 1
            if not left:
                raise Broken(ROBUST, "the work for one input does not end")
        if core.carrier is Carrier.ABORT:
            self._backlog = 0
        octets = core.data_to_send()
        if octets:
            self.sent.append(octets)
        if self._deaf:
            self._backlog += len(octets)
            core.note_backlog(self._backlog)
            while core.has_work:
                if (happening := core.advance(now)) is not None:
                    self._take(happening)
            if self._backlog > _LIMITS.octets_to_send and core.state not in _ENDED:
                raise Broken("PMQ-LIM-003", "keeps more octets to send than its limit")

    def _take(self, happening: Happening) -> None:
        self.told.append(happening)
        if self._lost:
            raise Broken("PMQ-LST-001", "tells the application something after the loss")
        if isinstance(happening, Made):
            if self._made:
                raise Broken("PMQ-HSK-011", "tells twice that a connection is made")
            self._made = True
        elif isinstance(happening, Lost):
            self._lost = True
        else:
            self._answer(happening)

    def _answer(self, packet: PacketReceived) -> None:
        try:
            if packet.name == "fuzz:leave":
                self.core.leave(packet.value)
            elif packet.name == "fuzz:echo":
                self.core.send(packet.packet_id, packet.payload)
        except LocalProtocolError:
            return  # a reason that is no text, or nobody left to send to


class _Stream:
    """A connection, and perhaps its twin."""

    def __init__(self, number: int, *, adaptive: bool, now: float, too_many: bool) -> None:
        deaf = number % _DEAF_ONE == _DEAF_ONE - 1
        self.half = _Half(adaptive=adaptive, deaf=deaf)
        self.halves = [self.half]
        if number % _TWIN_ONE == 0:
            self.halves.append(_Half(adaptive=adaptive, deaf=deaf))
        for half in self.halves:
            half.core.made(now, too_many=too_many)
            half.pump(now)

    def receive(self, octets: bytes, now: float) -> None:
        """Take octets: the connection all of them at once, its twin one by one."""
        whole, *twins = self.halves
        whole.core.receive_data(octets)
        whole.pump(now)
        for twin in twins:
            size = 1 + len(octets) // _PIECES
            for at in range(0, len(octets), size):
                twin.core.receive_data(octets[at : at + size])
                if twin.core.has_work:
                    twin.pump(now)

    def end(self, now: float) -> None:
        """Take the end of the peer's stream."""
        for half in self.halves:
            half.core.receive_end()
            half.pump(now)

    def reset(self, now: float) -> None:
        """Take it that the connection is gone."""
        for half in self.halves:
            half.core.reset()
            half.pump(now)

    def pass_time(self, now: float) -> None:
        """Do what is due."""
        for half in self.halves:
            due = half.core.next_timer()
            if due is not None and due <= now:
                half.core.handle_timer(now)
                half.pump(now)
                check_rest(half.core.next_timer(), now, ROBUST)

    def check(self) -> tuple[list[Happening], bytes]:
        """Return what was told and sent; raise Broken if the twin has done otherwise."""
        half = self.half
        told, sent = half.told, b"".join(half.sent)
        half.told, half.sent = [], []
        core = half.core
        if core.kept > _KEPT_MOST:
            raise Broken("PMQ-LIM-002", "keeps more octets than a frame can have", str(core.kept))
        for twin in self.halves[1:]:
            same = (
                twin.core.state is core.state
                and twin.core.carrier is core.carrier
                and b"".join(twin.sent) == sent
                and repr(twin.told) == repr(told)  # NaN is as good as NaN
            )
            if not same:
                detail = f"{core.state} {sent.hex()} {told}, {twin.core.state} {twin.told}"
                raise Broken(
                    "PMQ-FRM-002", "octets mean something else when they come one by one", detail
                )
            twin.told, twin.sent = [], []
        return told, sent


class Side:
    """One side, and the connections that peers have opened."""

    def __init__(self, *, adaptive: bool) -> None:
        self.seen: set[str] = set()
        self.now = 0.0
        self._adaptive = adaptive
        self._streams: dict[int, _Stream] = {}
        self._opened = -1
        """The highest number of a connection that was opened."""
        self._sent = 0
        theirs = _THEIR_IDS if adaptive else _IDS
        pubids = {"adapt": not adaptive, "idmap": {**INTERNAL, **theirs}}
        self._leads_on = {
            State.CONN_MADE: _frame("handshake-init", HANDSHAKE_INIT, {"version": VERSION}),
            State.IDCHECK: _frame("handshake-pubids", HANDSHAKE_PUBIDS, pubids),
            State.ACTIVE: _frame("handshake-finish", HANDSHAKE_FINISH, None),
        }
        self._known_ids = {name: number.to_bytes(2) for name, number in theirs.items()}

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:  # noqa: ARG002
        """Send it on one of the streams, where it counts more often than not."""
        numbers = [*self._streams]
        if not numbers or (len(numbers) < _LIVE and chance() < 0.2):
            return "send", self._opened + 1, self._leads_on[State.CONN_MADE]
        number = numbers[int(chance() * len(numbers))]
        core = self._streams[number].half.core
        chosen = chance()
        if core.carrier is not Carrier.OPEN and chosen < 0.7:
            return ("end" if chosen < 0.4 else "reset"), number, b""
        if chosen < 0.8 and core.state in self._leads_on:
            return "send", number, self._leads_on[core.state]
        if core.state is State.CONFIRMED and chosen < 0.45:
            octets = _GOOD[int(chance() * len(_GOOD))]
        if len(octets) < stream.LENGTH_SIZE + 2:
            return "send", number, octets
        if chance() < 0.8:
            length = min(len(octets) - stream.LENGTH_SIZE, stream.LENGTH_MOST)
            octets = length.to_bytes(stream.LENGTH_SIZE) + octets[stream.LENGTH_SIZE :]
        if core.state is State.CONFIRMED and chance() < 0.85:
            octets = octets[:4] + self._some_id(chance) + octets[6:]
        if chosen > 0.995:
            return ("end" if chance() < 0.5 else "reset"), number, b""
        if chosen > 0.96:
            octets = octets[: int(chance() * len(octets))]  # the rest is made up by what follows
        return "send", number, octets

    def _some_id(self, chance: Chance) -> bytes:
        """Return the id of a packet of the application, rarely of the one that ends it."""
        chosen = chance()
        name = "fuzz:echo" if chosen < 0.6 else "fuzz:item" if chosen < 0.95 else "fuzz:leave"
        return self._known_ids[name]

    def do(self, action: Action) -> None:
        """Take octets, an end or a reset of a stream, or let time pass."""
        what, number, octets = action
        if what == WAIT:
            self.now += number / 1000
            for other, one in [*self._streams.items()]:
                before = one.half.core.state
                one.pass_time(self.now)
                self._look_at(other, before)
            return
        self.now += _TICK
        if number > self._opened:
            self._opened = number
            self._streams[number] = _Stream(
                number,
                adaptive=self._adaptive,
                now=self.now,
                too_many=len(self._streams) >= _MOST,
            )
        if number in self._streams:
            self._do_to(self._streams[number], what, number, octets)

    def _do_to(self, one: _Stream, what: str, number: int, octets: bytes) -> None:
        before = one.half.core.state
        if what == "send":
            one.receive(octets, self.now)
        elif what == "end":
            one.end(self.now)
        else:
            one.reset(self.now)
        one.pass_time(self.now)
        self._look_at(number, before)

    def _look_at(self, number: int, before: State) -> None:
        one = self._streams[number]
        told, sent = one.check()
        core = one.half.core
        if sent:
            self._check_sent(sent)
        state = before.name.lower()
        if core.state is not before:
            self.seen.add(core.state.name.lower())
        for happening in told:
            if isinstance(happening, Lost):
                reason = happening.reason
                known = reason if reason in _KNOWN_REASONS else "lost"
                self.seen.add(f"{state}:{known}")
            else:
                made = isinstance(happening, Made)
                self.seen.add(f"{state}:made" if made else f"{state}:handled")
        if core.carrier in (Carrier.CLOSE, Carrier.ABORT):
            del self._streams[number]

    def _check_sent(self, sent: bytes) -> None:
        self._sent += 1
        if self._sent % _SAMPLED:
            return
        frames, rest = stream.split(sent)
        if rest:
            raise Broken("PMQ-FRM-001", "sends what is no whole frame", sent.hex())
        for octets in frames:
            check_sent("packetmq", "frame", octets)


def _frame(message: str, packet_id: int, payload: object) -> bytes:
    return books.get("packetmq").build(message, {"content": {"id": packet_id, "payload": payload}})


_GOOD: Final = tuple(
    _frame("application-packet", _IDS["fuzz:echo"], payload)
    for payload in (None, 1, "text", [1, [2.5, "x"]], {"a": {"b": b"12"}}, "x" * 150)
)
"""Packets that the application can handle, so that connections last a while."""
