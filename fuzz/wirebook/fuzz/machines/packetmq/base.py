"""The machine of both roles: connections whose octets may be anything, and how all of it is judged.

What may live here: rules on streams and on the time, and the settling of a step. What only servers
or only clients do is in the modules of their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import strategies as st

from wirebook.conformance.drivers.packetmq import frames
from wirebook.fuzz.machines.base import Broken, Machine, step
from wirebook.fuzz.machines.packetmq import judging, words
from wirebook.fuzz.machines.packetmq.model import Side
from wirebook.fuzz.machines.packetmq.subjects import Flaw, Packet, Streams
from wirebook.spec.packetmq.states import Input, State

_ROOM = 18
"""Connections that a machine works with; those that are to be closed count, too."""
_FEW = 8
"""Connections beyond which no other is made just so."""
_NEAR = 0.5
"""Seconds before a deadline from which on a live subject is not disturbed any more."""
_CLASSES = {
    Input.MALFORMED: "malformed",
    Input.FRAMING: "framing",
    Input.PACKET_KNOWN: "packet",
    Input.PACKET_UNKNOWN: "unknown packet",
    Input.RESERVED: "reserved",
    Input.SOFTQUIT: "softquit",
    Input.DEADLINE: "timeout",
}

_seconds = st.sampled_from((0.5, 1.0, 2.0, 2.8, 4.5))


@dataclass(eq=False, slots=True)
class Talk:
    """A connection with the subject."""

    peer: int
    side: Side
    came: list[Packet | Flaw] = field(default_factory=list)
    ended: bool = False
    """Whether we have ended our direction."""
    number: int | None = None
    """The number that the subject's application has for it, if we know it."""
    looked: tuple[float, str] = (0.0, "")
    """When it was looked at last, and how the subject had ended it."""

    @property
    def usable(self) -> bool:
        """Whether it makes sense to send more."""
        return not self.ended and not self.side.aborted


class StreamMachine(Machine):
    """Peers that send what they like."""

    book: ClassVar[str] = "packetmq"
    subject: Streams

    def __init__(self, subject: Any) -> None:
        super().__init__(subject)
        self.talks: list[Talk] = []
        self.slots: dict[int, Talk] = {}
        self.held: set[int] = set()
        """Connections on which nothing is taken at present."""
        self.actor: Side | None = None
        """The side that the present step is about."""

    # For the roles to say

    def open(self) -> Talk:
        """Have a new connection."""
        raise NotImplementedError

    def check_told(self, talk: Talk) -> Broken | None:
        """Return what is wrong with what the application was told, where that can be seen."""
        raise NotImplementedError

    def told_enough(self, talk: Talk) -> bool:
        """Tell whether the application was told as much as it has to be."""
        raise NotImplementedError

    # Rules

    @step(slot=words.slots)
    def connect(self, slot: int) -> None:
        """Make a connection; an older one stays as it is."""
        if len(self.talks) >= _FEW:
            return
        self.slots[slot] = talk = self.open()
        self.act(talk)

    @step(slot=words.slots, said=st.lists(words.handshakes, min_size=1, max_size=4), cut=words.cuts)
    def shake(self, slot: int, said: list[bytes], cut: Sequence[int]) -> None:
        """Send packets of the handshake, in any order."""
        self.say(slot, b"".join(said), cut)

    @step(
        slot=words.slots,
        before=words.one_of((b"",) * 20, words.EARLY),
        ids=words.one_of(words.ADAPTIVE, words.ENFORCING),
        behind=words.handshakes,
        cut=words.cuts,
    )
    def meet(self, slot: int, before: bytes, ids: bytes, behind: bytes, cut: Sequence[int]) -> None:
        """Come with any ids and policy on a new connection, and see whether it lasts."""
        if not self.crowded:
            self.slots[slot] = self.open()
        self.say(slot, before + frames.init() + ids + behind, cut)

    @step(
        slot=words.slots,
        before=words.handshakes,
        bad=words.violations,
        behind=words.handshakes,
        cut=words.cuts,
    )
    def violate(
        self, slot: int, before: bytes, bad: bytes, behind: bytes, cut: Sequence[int]
    ) -> None:
        """Break a rule between packets that break none."""
        self.say(slot, before + bad + behind, cut)

    @step(slot=words.slots, reserved=words.one_of(words.RESERVED), cut=words.cuts)
    def say_for_later(self, slot: int, reserved: bytes, cut: Sequence[int]) -> None:
        """Send a packet that a later version may use."""
        self.say(slot, reserved, cut)

    @step(slot=words.slots, softquit=words.one_of(words.SOFTQUITS), behind=words.handshakes)
    def take_leave(self, slot: int, softquit: bytes, behind: bytes) -> None:
        """Take leave, and go on all the same."""
        self.say(slot, softquit + behind, ())

    @step(slot=words.slots, whole=words.handshakes, kept=st.integers(1, 30))
    def say_a_part(self, slot: int, whole: bytes, kept: int) -> None:
        """Send a frame but for its end."""
        self.say(slot, whole[: max(1, len(whole) - kept)], ())

    @step(slot=words.slots)
    def end(self, slot: int) -> None:
        """End our direction."""
        talk = self.slots.get(slot)
        if talk is not None and talk.usable:
            self.act(talk)
            self.subject.end(talk.peer)
            talk.ended = True
            talk.side.end(self.subject.now())

    @step(slot=words.slots)
    def reset(self, slot: int) -> None:
        """Abort the connection."""
        talk = self.slots.get(slot)
        if talk is not None and not talk.side.aborted:
            self.act(talk)
            self.subject.reset(talk.peer)
            talk.ended = True
            talk.side.reset(self.subject.now())

    @step(
        slot=words.slots,
        first=words.one_of(words.INITS, words.FINISHES, *words.VIOLATIONS),
        second=words.handshakes,
        early=_seconds,
        later=_seconds,
    )
    def dawdle(self, slot: int, first: bytes, second: bytes, early: float, later: float) -> None:
        """Take time in a handshake, or in an end."""
        self.say(slot, first, ())
        self.settle()
        self.subject.advance(early)
        self.settle()
        talk = self.talk(slot)
        self.say_on(talk, second, ())
        self.settle()
        self.subject.advance(later)

    @step(seconds=st.sampled_from((0.1, 1.0, 2.5, 4.5, 5.0, 6.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.subject.advance(seconds)

    # What rules are made of

    def act(self, talk: Talk) -> None:
        """Make a step be about a connection."""
        self.actor = talk.side

    def talk(self, slot: int) -> Talk:
        """Return the connection in a slot, a new one if that is of no use any more."""
        talk = self.slots.get(slot)
        if talk is None or not talk.usable:
            others = [one for one in self.talks if one.usable] if self.crowded else []
            talk = self.slots[slot] = others[0] if others else self.open()
        self.act(talk)
        return talk

    @property
    def crowded(self) -> bool:
        """Whether there are as many connections as the machine wants."""
        return len(self.talks) >= _ROOM

    def say(self, slot: int, octets: bytes, cut: Sequence[int]) -> Talk:
        """Send octets on the connection in a slot, cut into pieces."""
        talk = self.talk(slot)
        self.say_on(talk, octets, cut)
        return talk

    def hold(self, talk: Talk, held: bool) -> None:
        """Take nothing of what comes on a connection, or go on taking it."""
        (self.held.add if held else self.held.discard)(talk.peer)
        self.subject.hold(talk.peer, held)

    def rule_of(self, side: Side) -> str:
        """Return the requirement that the handling of the last packet comes under."""
        if side.failed:
            side.note("PMQ-EXC-004")
        return side.done[-1].requirement

    def say_on(self, talk: Talk, octets: bytes, cut: Sequence[int]) -> None:
        """Send octets, cut into pieces that arrive one by one."""
        for size in (*cut, len(octets)):
            piece, octets = octets[:size], octets[size:]
            if piece:
                self.subject.send(talk.peer, piece)
                talk.side.take(piece, self.subject.now())

    # Judging

    def settle(self) -> None:
        """Wait for what has to come, and look at all that has come."""
        if self.subject.live:
            self._outwait()
        now = self.subject.now()
        for talk in self.talks:
            talk.side.pass_to(now)
        self._take()
        if not self._satisfied():
            self.subject.wait(self._satisfied)
        if not self.subject.alive():
            raise Broken("PMQ-ERR-001", "it dies", self.subject.output()[-200:])
        for talk in sorted(self.talks, key=lambda one: one.side is not self.actor):
            if talk.peer not in self.held:
                self._judge(talk)
        if self.held:
            return
        for talk in self.talks:
            talk.side.done.clear()
            talk.side.failed = False
        self.talks = [talk for talk in self.talks if not self._is_past(talk)]
        self.actor = None

    def _outwait(self) -> None:
        """Let a deadline pass that is near, so that nothing crosses what comes of it."""
        now = self.subject.now()
        due = [talk.side.deadline for talk in self.talks if talk.side.deadline is not None]
        near = [one for one in due if one - now < _NEAR]
        if near:
            self.subject.advance(max(0.0, max(near) - now) + self.subject.early)

    def _take(self) -> None:
        for talk in self.talks:
            if talk.peer not in self.held:
                talk.came += self.subject.heard(talk.peer)

    def _satisfied(self) -> bool:
        """Tell whether everything has come that has to."""
        self._take()
        for talk in self.talks:
            side = talk.side
            if talk.peer in self.held:
                continue
            if not self.told_enough(talk):
                return False
            lacks = len(talk.came) < len(side.wanted) or bool(side.ending)
            if lacks and not side.aborted and not self.subject.ended(talk.peer):
                return False
        return True

    def _judge(self, talk: Talk) -> None:
        side, subject = talk.side, self.subject
        how = subject.ended(talk.peer)
        before, talk.looked = talk.looked, (subject.now(), how)
        if before == talk.looked and not (talk.came or side.done or side.wanted):
            return
        self._see(side)
        came, talk.came = talk.came, []
        judging.judge(side, came, self.actor or side, subject.early, subject.late)
        if not side.aborted:
            if side.wanted and self.held:
                raise Broken("PMQ-LIM-004", "others are not served while a peer takes nothing")
            if side.wanted:
                raise judging.missing(side, how)
            if side.ending and not how:
                rule = "PMQ-EXC-004" if side.failed else side.ending
                raise Broken(rule, "it does not end the connection")
            if how and not side.over:
                raise judging.unexpected_end(side, how, self.actor or side)
            overdue = side.farewell is not None and subject.now() > side.farewell + subject.late
            if overdue and not subject.closed(talk.peer):
                raise Broken("PMQ-SFQ-003", "it has not closed 5 s after the softquit")
        elif not subject.closed(talk.peer):
            raise Broken("PMQ-LIM-003", "a connection with too much to send is not aborted")
        if (broken := self.check_told(talk)) is not None:
            raise broken

    def _see(self, side: Side) -> None:
        self.seen.add(side.state.value)
        for done in side.done:
            word = _CLASSES.get(done.given.input, done.given.input.value)
            self.seen.add(f"{done.state.value}:{word}")

    def _is_past(self, talk: Talk) -> bool:
        """Tell whether nothing can come of a connection any more."""
        if talk in self.slots.values() and talk.usable:
            return False
        side = talk.side
        return side.aborted or (
            side.state is State.CLOSED and talk.ended and self.subject.closed(talk.peer)
        )
