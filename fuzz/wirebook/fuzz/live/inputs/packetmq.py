"""Sessions of PacketMQ clients: streams with a handshake, and what is wrong in them.

Theory of operation. A few connections are open at the same time, each somewhere on its way through
the handshake or behind it. What comes next is what the book asks for there, or a mutated packet, or
a packet out of turn, in one piece or in several; now and then a connection ends in the middle of
something. What may live here: what PacketMQ clients send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.packetmq import frames
from wirebook.fuzz.live.inputs import Arrived, Play, value
from wirebook.fuzz.live.inputs.sessions import Kinds, Session, Sessions
from wirebook.fuzz.mutations import Mutator
from wirebook.spec.packetmq.states import State

_SESSIONS = 8
_LONGEST = 40
"""Plays of a session, at most."""
_HANDSHAKE = (frames.init(), frames.pubids(), frames.finish())
_STATES = tuple(
    state.value for state in (State.CONN_MADE, State.IDCHECK, State.ACTIVE, State.CONFIRMED)
)
"""What the server is in after so many steps of the handshake."""
_MESSAGES = ("handshake-init", "handshake-pubids", "softquit", "application-packet", "frame")
_APPLICATION = tuple(frames.APPLICATION.values())


@dataclass(slots=True)
class _Session(Session):
    stage: int = 0
    """How many steps of the handshake were done."""


class Source(Sessions[_Session, bytes]):
    """Plays of PacketMQ clients."""

    def __init__(self, seed: int) -> None:
        super().__init__(Mutator("packetmq", _MESSAGES, seed), seed, _SESSIONS)

    def _kinds(self) -> Kinds[_Session, bytes]:
        return {
            "valid": (50, self._valid),
            "mutated": (26, self._mutated),
            "out of turn": (5, self._out_of_turn),
            "length": (3, self._wrong_length),
            "unfinished": (3, self._unfinished),
        }

    def next(self) -> Play:
        """Return octets of one of the sessions, and perhaps its end."""
        session = self._session()
        kind, what, octets = self._made(session)
        steps: list[Step] = [
            {"do": "send", "peer": session.peer, "hex": piece.hex()} for piece in self._cut(octets)
        ]
        if session.plays > _LONGEST or kind == "unfinished" or self._random.random() < 0.02:
            how = self._random.choice(("end", "reset"))
            what += f", {how}"
            steps.append({"do": how, "peer": session.peer})
            self._drop(session)
        return Play(f"{kind}: {what}", tuple(steps))

    def take(self, arrived: Arrived, closed: Callable[[int], bool]) -> None:
        """Take in which sessions go on."""
        for peer, _ in arrived:
            if (session := self._by_peer.get(peer)) is not None:
                state = _STATES[session.stage]
                self.seen |= {state, f"{state}:answered"}
        for session in list(self._sessions):
            if closed(session.peer):
                self.seen.add(f"{_STATES[session.stage]}:closed")
                self._drop(session)

    def _opened(self, peer: int) -> _Session:
        return _Session(peer)

    def _cut(self, octets: bytes) -> list[bytes]:
        if len(octets) < 2 or self._random.random() < 0.8:
            return [octets]
        at = self._random.randrange(1, len(octets))
        return [octets[:at], octets[at:]]

    def _valid(self, session: _Session) -> tuple[str, bytes]:
        if session.stage < len(_HANDSHAKE):
            octets = _HANDSHAKE[session.stage]
            session.stage += 1
            return frames.message_of(octets), octets
        packet_id = self._random.choice(_APPLICATION)
        payload: object = value(self._random)
        if packet_id == frames.BURST:
            payload = self._random.choice((0, 1, 20))
        return frames.name_of(packet_id), frames.say(packet_id, payload)

    def _mutated(self, session: _Session) -> tuple[str, bytes]:
        message, octets, label = self._mutator.next()
        return f"{_STATES[session.stage]} {message} {label}", octets

    def _out_of_turn(self, session: _Session) -> tuple[str, bytes]:
        number = self._random.randrange(5)
        octets = (*_HANDSHAKE, frames.softquit(), frames.say(frames.ECHO, 1))[number]
        return f"{_STATES[session.stage]} {frames.message_of(octets)}", octets

    def _wrong_length(self, session: _Session) -> tuple[str, bytes]:
        del session
        claim = self._random.choice((0, 1, 2, 99_999, 100_000, 2**31, 2**32 - 1))
        return str(claim), frames.frame(frames.say(frames.ECHO)[4:], claim=claim)

    def _unfinished(self, session: _Session) -> tuple[str, bytes]:
        _, octets = self._valid(session)
        return "frame", octets[: self._random.randrange(len(octets))]
