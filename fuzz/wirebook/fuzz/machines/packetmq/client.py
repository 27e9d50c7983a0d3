"""The machine for clients: servers that they connect to, and their own application.

What may live here: what only clients are asked to do, and what their application is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import OWN_PACKETS, lost
from wirebook.conformance.drivers.packetmq.frames import INTERNAL, packet, say
from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.packetmq import judging, words
from wirebook.fuzz.machines.packetmq.base import StreamMachine, Talk
from wirebook.fuzz.machines.packetmq.model import Side
from wirebook.fuzz.machines.packetmq.subjects import ClientSubject

_REGISTRIES: tuple[Mapping[str, int], ...] = (
    OWN_PACKETS,
    {"conformance:item": 40, "app:echo": 17, "app:note": 65_535},
)
_FIRST = (16, 17, 40, 300, 60_000)
_VARIANTS = 20
_VALUES = tuple(frames.read_packet(packet(17, octets), 0.0).value for octets in words.PAYLOADS)
_values = st.integers(0, len(_VALUES) - 1)
_kinds = st.integers(0, len(OWN_PACKETS) - 1)
_numbers = st.one_of(
    st.sampled_from(words.UNKNOWN_IDS), st.integers(16, 50), st.integers(117, 127), st.just(300)
)
_others = words.one_of(words.RESERVED, words.INITS, words.OTHER_INITS, words.FINISHES)
_LARGE = 90_000
_MOST_PARTING = 2


class ClientMachine(StreamMachine):
    """Servers of a client, and the client's application."""

    role: ClassVar[str] = "client"
    subject: ClientSubject

    def __init__(self, subject: ClientSubject) -> None:
        super().__init__(subject)
        self._failing: set[str] = set()
        self._parting: list[Any] = []
        self._registered: Mapping[str, int] = OWN_PACKETS
        self._adaptive = True
        subject.register(OWN_PACKETS, adapt=True)

    def open(self) -> Talk:
        """Have the client connect."""
        talk = Talk(self.subject.connect(), self._side())
        self.talks.append(talk)
        talk.side.begin(self.subject.now())
        return talk

    def check_told(self, talk: Talk) -> Broken | None:
        """Compare what the application was told."""
        got = self.subject.notified(talk.peer)
        return judging.compare_told(talk.side, got, self.actor or talk.side)

    def told_enough(self, talk: Talk) -> bool:
        """Tell whether the application was told as much as it has to be."""
        return len(self.subject.notified(talk.peer)) >= len(talk.side.told)

    # Rules

    @step(adapt=st.booleans(), registry=st.integers(0, len(_REGISTRIES) - 1))
    def register(self, adapt: bool, registry: int) -> None:
        """Have a new client."""
        self._registered, self._adaptive = _REGISTRIES[registry], adapt
        self.talks.clear()
        self.slots.clear()
        self._failing.clear()
        self._parting = []
        self.subject.register(self._registered, adapt)

    @step(slot=words.slots, variant=st.integers(0, _VARIANTS), cut=words.cuts)
    def join(self, slot: int, variant: int, cut: Sequence[int]) -> None:
        """Go through the handshake, with one id map or another."""
        self.say(slot, self._handshake(variant), cut)

    @step(
        slot=words.slots,
        variant=st.integers(0, _VARIANTS),
        kinds=st.lists(_kinds, min_size=1, max_size=3),
        value=_values,
        cut=words.cuts,
    )
    def serve(
        self, slot: int, variant: int, kinds: list[int], value: int, cut: Sequence[int]
    ) -> None:
        """Send packets of the application with the ids of the connection."""
        talk = self._active(slot, variant)
        octets = words.PAYLOADS[value]
        self.say_on(talk, b"".join(packet(self._id(talk, kind), octets) for kind in kinds), cut)

    @step(slot=words.slots, number=_numbers, value=_values)
    def serve_id(self, slot: int, number: int, value: int) -> None:
        """Send a packet with an id that may be known, once the connection is active or before."""
        self.say(slot, packet(number, words.PAYLOADS[value]), ())

    @step(
        slot=words.slots,
        variant=st.integers(0, _VARIANTS),
        kind=_kinds,
        bad=words.one_of(words.BAD_PAYLOADS, *words.VIOLATIONS),
        raw=st.booleans(),
        cut=words.cuts,
    )
    def slip(
        self, slot: int, variant: int, kind: int, bad: bytes, raw: bool, cut: Sequence[int]
    ) -> None:
        """Break a rule between packets."""
        talk = self._active(slot, variant)
        number = self._id(talk, kind)
        middle = bad if raw else packet(number, bad)
        self.say_on(talk, say(number, "before") + middle + say(number, "behind"), cut)

    @step(slot=words.slots, variant=st.integers(0, _VARIANTS), other=_others)
    def serve_around(self, slot: int, variant: int, other: bytes) -> None:
        """Send packets around one that changes nothing, if the connection is active."""
        talk = self._active(slot, variant)
        number = self._id(talk, 0)
        self.say_on(talk, say(number, 1) + other + say(number, 2), ())

    @step(slot=words.slots, variant=st.integers(0, _VARIANTS), length=words.lengths)
    def serve_at_length(self, slot: int, variant: int, length: int) -> None:
        """Send a frame of a certain length."""
        talk = self._active(slot, variant)
        self.say_on(talk, frames.frame_of_length(length, self._id(talk, 0)), ())

    @step(slot=words.slots, variant=st.integers(0, _VARIANTS), count=st.sampled_from((20, 65)))
    def volley(self, slot: int, variant: int, count: int) -> None:
        """Send many packets at once."""
        talk = self._active(slot, variant)
        number = self._id(talk, 0)
        self.say_on(talk, b"".join(say(number, value) for value in range(count)), ())

    @step(slot=words.slots, kind=_kinds, value=_values)
    def send(self, slot: int, kind: int, value: int) -> None:
        """Have the client send a packet."""
        if (talk := self.slots.get(slot)) is not None:
            self.act(talk)
            self._ask_to_send(talk, self._name(kind), _VALUES[value])

    @step(slot=words.slots, variant=st.integers(0, _VARIANTS), kind=_kinds, value=_values)
    def join_and_send(self, slot: int, variant: int, kind: int, value: int) -> None:
        """Have the client send a packet on a connection that is active."""
        self._ask_to_send(self._active(slot, variant), self._name(kind), _VALUES[value])

    @step(slot=words.slots, reason=st.sampled_from(words.REASONS))
    def leave(self, slot: int, reason: str | None) -> None:
        """Have the client take its leave."""
        if (talk := self.slots.get(slot)) is not None and not talk.side.over:
            self.act(talk)
            error = self.subject.ask_to_leave(talk.peer, reason)
            if error is not None:
                raise Broken("PMQ-LST-005", "it does not take its leave", error)
            talk.side.leave(reason, self.subject.now())

    @step(kind=_kinds)
    def fail(self, kind: int) -> None:
        """Have the callback for a packet fail."""
        self._failing.add(self._name(kind))
        self.subject.fail(self._name(kind))

    @step(value=st.integers(0, 5))
    def part_with(self, value: int) -> None:
        """Have the application say something when a connection is lost."""
        if len(self._parting) < _MOST_PARTING and self.subject.say_at_loss(_VALUES[value]):
            self._parting.append(_VALUES[value])

    @step()
    def connect_nowhere(self) -> None:
        """Have the client connect where nobody listens."""
        self._never_made(self.subject.begin_to_connect(reachable=False), None)

    @step(reason=st.sampled_from(words.REASONS))
    def connect_and_leave(self, reason: str | None) -> None:
        """Have the client take its leave before the connection is made."""
        peer = self.subject.begin_to_connect(reachable=True)
        if (error := self.subject.ask_to_leave(peer, reason)) is not None:
            raise Broken("PMQ-LST-005", "it does not take its leave", error)
        self._never_made(peer, "reason.unknown" if reason is None else reason)

    @step(
        slot=words.slots,
        count=st.sampled_from((1, 2, 7)),
        then=st.sampled_from(("", "softquit", "end", "violation", "leave")),
    )
    def clog(self, slot: int, count: int, then: str) -> None:
        """Have the client send much, and take nothing of it for a while."""
        talk = self._active(slot, 0)
        most = self.subject.bounds.octets_to_send
        if not talk.side.active or talk.side.pending or (count * _LARGE > 1 << 19 and not most):
            return
        self.hold(talk, True)
        for number in range(count):
            if not talk.side.aborted:
                self._ask_to_send(talk, "conformance:item", [number, bytes(_LARGE)])
                if most and (number + 1) * _LARGE > most:
                    talk.side.overflow(self.subject.now())
        if not talk.side.aborted:
            self._go_on(talk, then)
        self._serve_another(talk)
        self.hold(talk, False)
        self.act(talk)

    def _go_on(self, talk: Talk, then: str) -> None:
        match then:
            case "softquit":
                self.say_on(talk, frames.softquit(), ())
            case "violation":
                self.say_on(talk, packet(self._id(talk, 0), b"\xc1"), ())
            case "end":
                self.subject.end(talk.peer)
                talk.ended = True
                talk.side.end(self.subject.now())
            case "leave":
                self.subject.ask_to_leave(talk.peer, "reason.bye")
                talk.side.leave("reason.bye", self.subject.now())

    def _serve_another(self, held: Talk) -> None:
        for talk in self.talks:
            if talk is not held and talk.side.active and talk.usable and not talk.side.pending:
                self.act(talk)
                self.say_on(talk, say(self._id(talk, 0), "meanwhile"), ())
                self.settle()
                return

    def _ask_to_send(self, talk: Talk, name: str, value: Any) -> None:
        """Have the client send a packet, which it has to refuse if it is not active."""
        may = talk.side.active
        error = self.subject.ask_to_send(talk.peer, name, value)
        if may and error is not None:
            rule = "PMQ-HSK-008" if self._adaptive else "PMQ-HSK-005"
            raise Broken(rule, "it refuses to send on an active connection", error)
        if not may and error is None:
            rule = "PMQ-SFQ-001" if talk.side.over else "PMQ-EXC-005"
            raise Broken(rule, "it takes a packet that it may not send", talk.side.state.value)
        talk.side.send(name, value, "PMQ-IDS-001")

    def _active(self, slot: int, variant: int) -> Talk:
        """Return a connection that is active, if there may be one."""
        talk = self.talk(slot)
        if talk.side.over and not self.crowded:
            talk = self.slots[slot] = self.open()
            self.act(talk)
        if not talk.side.active and not talk.side.pending:
            self.say_on(talk, self._handshake(variant), ())
        return talk

    def _handshake(self, variant: int) -> bytes:
        """Return what a server says that the client gets along with."""
        if not self._adaptive:
            ids = words.ADAPTIVE[variant % len(words.ADAPTIVE)]
            return frames.init() + ids + frames.finish()
        names = [*self._registered]
        turned = names[variant % len(names) :] + names[: variant % len(names)]
        first = _FIRST[variant % len(_FIRST)]
        ids_of = {name: first + at for at, name in enumerate(turned)}
        maps = frames.pubids(adapt=False, ids={**INTERNAL, **ids_of})
        return frames.init() + maps + frames.finish()

    def _never_made(self, peer: int, reason: str | None) -> None:
        """Expect the application to be told of the loss of a connection that nobody has."""
        talk = Talk(peer, self._side(), ended=True)
        talk.side.aborted = True
        talk.side.told, talk.side.told_rules = [lost(reason)], ["PMQ-LST-001"]
        self.talks.append(talk)
        self.act(talk)

    def _side(self) -> Side:
        side = Side(self._registered, adaptive=self._adaptive, application=self._handle)
        side.parting = self._parting
        return side

    def _handle(self, side: Side, name: str, payload: Any) -> None:
        side.tell_received(name, payload, self.rule_of(side))
        if name in self._failing:
            side.failed = True
            side.note("PMQ-EXC-004")

    def _name(self, kind: int) -> str:
        return [*self._registered][kind % len(self._registered)]

    def _id(self, talk: Talk, kind: int) -> int:
        return talk.side.ids.get(self._name(kind), self._registered[self._name(kind)])
