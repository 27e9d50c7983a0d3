"""Sessions of PyGaSe clients: valid packages, mutated ones, and valid ones out of turn.

Theory of operation. A dozen sessions go on at the same time, each from an address of its own, with
its own sequence, acking what the server sends. Most of what is wrong stands in a package that is
right otherwise, so that it gets past the header and the window. The kinds follow the book's table
of reactions (chapter *Errors and limits*). What may live here: what PyGaSe clients send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.pygase.packages import (
    HEADER,
    LARGEST,
    PROTOCOL_ID,
    Event,
    entry,
    packed,
    raw_header,
    server_package,
)
from wirebook.fuzz.live.inputs import Arrived, Play, value
from wirebook.fuzz.live.inputs.sessions import Kinds, Session, Sessions
from wirebook.fuzz.mutations import Mutator
from wirebook.spec.pygase.states import ServerInput, ServerState

_SESSIONS = 12
_LONGEST = 300
"""Plays of a session, at most."""
_WINDOW = 32
_TIME_ORDERS = (0, 0, 0, 1, 2, 65535, 32767, 32768)
_STOP = b"shutdown"
"""The host client's own wish, which may end a server (PGS-SHD-001)."""

_ARGUMENTS: dict[str, Callable[[Random], list[object]]] = {
    "ECHO": lambda random: [value(random) for _ in range(random.randrange(3))],
    "WHOAMI": lambda _: [],
    "COUNT": lambda random: [random.choice("abc")],
    "UPDATE": lambda random: [{random.choice("xyz"): value(random)}],
    "FILL": lambda random: [random.choice((0, 1, 100, 1000))],
    "BURST": lambda random: [random.choice((0, 1, 3, 10))],
    "BROADCAST": lambda random: [value(random, 1)],
    "WATCH": lambda random: [random.choice("abc"), random.choice((0, 1, 3))],
    "RAISE": lambda random: [random.choice(("server", "step", "nowhere"))],
}
"""The events of the conformance application."""


_NAMES = [*_ARGUMENTS, *[name for name in _ARGUMENTS if name != "BROADCAST"] * 4]
"""What each client gets is dear, and comes less often."""


@dataclass(slots=True)
class _Session(Session):
    sequence: int = 1
    ack: int = 0
    acked: int = 0
    sent: list[bytes] = field(default_factory=list)


class Source(Sessions[_Session, bytes]):
    """Plays of PyGaSe clients."""

    def __init__(self, seed: int) -> None:
        super().__init__(Mutator("pygase", ("client-package",), seed), seed, _SESSIONS)

    def _kinds(self) -> Kinds[_Session, bytes]:
        return {
            "valid": (30, self._valid),
            "event": (8, self._wrong_event),
            "mutated": (30, self._mutated),
            "raw": (6, self._raw),
            "duplicate": (5, self._duplicate),
            "late": (5, self._late),
            "too late": (4, self._too_late),
            "ahead": (4, self._ahead),
            "anew": (3, self._anew),
            "foreign": (4, self._from_elsewhere),
            "too long": (1, self._too_long),
        }

    def next(self) -> Play:
        """Return a datagram of one of the sessions."""
        session = self._session()
        kind, what, octets = self._made(session)
        if octets == _STOP:
            kind, (what, octets) = "valid", self._valid(session)
        steps: list[Step] = [{"do": "send", "peer": session.peer, "hex": octets.hex()}]
        if session.plays > _LONGEST or self._random.random() < 0.003:
            steps.append({"do": "end", "peer": session.peer})
            self._drop(session)
        return Play(f"{kind}: {what}", tuple(steps))

    def take(self, arrived: Arrived, closed: Callable[[int], bool]) -> None:
        """Take in the sequences that have come, to ack them, and what is acked."""
        del closed  # nothing ever is
        for peer, octets in arrived:
            session = self._by_peer.get(peer)
            if session is None or len(octets) < HEADER or octets[:4] != PROTOCOL_ID:
                continue
            session.ack = int.from_bytes(octets[4:6])
            acked = int.from_bytes(octets[6:8])
            state = (ServerState.CONNECTED if session.acked else ServerState.CONNECTING).value
            self.seen.add(state)
            if acked != session.acked:
                self.seen.add(f"{state}:{ServerInput.NEWEST.name.lower()}")
            session.acked = acked

    def _opened(self, peer: int) -> _Session:
        begun = self._random.random() < 0.1
        first = self._random.choice((65500, 65535, 32760)) if begun else 1
        return _Session(peer, sequence=first)

    def _take_sequence(self, session: _Session) -> int:
        own = session.sequence
        session.sequence = own + 1 if own < 65535 else 1
        return own

    def _remembered(self, session: _Session, octets: bytes) -> bytes:
        session.sent = [*session.sent[-3:], octets]
        return octets

    def _header(self, session: _Session, sequence: int) -> bytes:
        bits = self._random.choice((0, 0, 0xFFFFFFFF, 0x80000000))
        ack = session.ack if self._random.random() < 0.95 else self._random.randrange(65536)
        return raw_header(sequence, ack, bits)

    def _package(self, session: _Session, sequence: int, block: bytes) -> bytes:
        order = self._random.choice(_TIME_ORDERS)
        return self._header(session, sequence) + order.to_bytes(2) + block

    def _valid(self, session: _Session) -> tuple[str, bytes]:
        name = self._random.choice(_NAMES)
        block, told = b"", "empty"
        for _ in range(self._random.choice((0, 1, 1, 1, 2))):
            event = Event(name, list(_ARGUMENTS[name](self._random)))
            block, told = block + entry(packed(event.value())), name
        if name == "RAISE" and block:
            told = f"RAISE {event.args[0]}"
        own = self._take_sequence(session)
        return told, self._remembered(session, self._package(session, own, block))

    def _wrong_event(self, session: _Session) -> tuple[str, bytes]:
        """Make an event that is well-formed, and not what its handler expects."""
        random = self._random
        name = random.choice([*_NAMES, "UNKNOWN", "UNKNOWN", ""])
        how = random.choice(("arguments", "keywords", "no arguments"))
        args = [value(random) for _ in range(random.randrange(1, 4))] if how == "arguments" else []
        names = ("name", "n", "where", "client_address", "x")
        kwargs = {random.choice(names): value(random, 1)} if how == "keywords" else {}
        block = entry(packed(Event(name, args, kwargs).value()))
        own = self._take_sequence(session)
        return f"{name} with {how}", self._package(session, own, block)

    def _mutated(self, session: _Session) -> tuple[str, bytes]:
        """Put what is mutated behind a header that is right."""
        _, octets, label = self._mutator.next()
        own = self._take_sequence(session)
        return label, self._remembered(session, self._header(session, own) + octets[HEADER:])

    def _raw(self, session: _Session) -> tuple[str, bytes]:
        del session
        _, octets, label = self._mutator.next()
        return label, octets

    def _from_elsewhere(self, session: _Session) -> tuple[str, bytes]:
        """Make what a client never sends: a package in the other direction, or a text."""
        random = self._random
        if random.random() < 0.4:
            return "text", random.choice((b"shut_me_down", b"shutdown\n", b"", PROTOCOL_ID))
        update = {"time_order": random.randrange(65536), "x": value(random)}
        events = [Event("ECHO", [value(random)])] * random.randrange(3)
        own = self._take_sequence(session)
        return "server package", server_package(own, ack=session.ack, update=update, events=events)

    def _duplicate(self, session: _Session) -> tuple[str, bytes]:
        if not session.sent:
            return self._valid(session)
        return "again", self._random.choice(session.sent)

    def _late(self, session: _Session) -> tuple[str, bytes]:
        return self._at(session, -self._random.randrange(2, _WINDOW + 1))

    def _too_late(self, session: _Session) -> tuple[str, bytes]:
        return self._at(session, -self._random.choice((33, 34, 40, 100, 1000, 30000)))

    def _ahead(self, session: _Session) -> tuple[str, bytes]:
        ahead = self._random.choice((1, 5, 31, 32, 33, 1000, 32766, 32767, 32768))
        what, octets = self._at(session, ahead)
        session.sequence = self._after(session.sequence, ahead + 1)
        return what, octets

    def _anew(self, session: _Session) -> tuple[str, bytes]:
        session.sequence, session.ack = 1, 0
        return "first", self._package(session, self._take_sequence(session), b"")

    def _too_long(self, session: _Session) -> tuple[str, bytes]:
        size = LARGEST + self._random.choice((0, 1, 2, 500, 20_000, 60_000))
        room = size - HEADER - 2
        octets, told = b"", "of one event"
        if self._random.random() < 0.5:
            octets = entry(packed(Event("ECHO", ["x" * min(room - 50, 65000)]).value()))
        else:
            told = "of many events"
            one = entry(packed(Event("WHOAMI").value()))
            octets = one * (room // len(one))
        return told, self._package(session, self._take_sequence(session), octets)

    def _at(self, session: _Session, offset: int) -> tuple[str, bytes]:
        sequence = self._after(session.sequence, offset)
        return "valid", self._remembered(session, self._package(session, sequence, b""))

    @staticmethod
    def _after(sequence: int, offset: int) -> int:
        return (sequence - 1 + offset) % 65535 + 1
