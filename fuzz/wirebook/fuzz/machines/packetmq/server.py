"""The machine for servers: clients of the conformance application, good ones and bad ones.

What may live here: what only servers are asked, and what the conformance application answers.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import Notification
from wirebook.conformance.drivers.packetmq.frames import (
    APPLICATION,
    BROADCAST,
    BURST,
    ECHO,
    ECHOED,
    FAIL,
    HAPPENED,
    HISTORY,
    ITEM,
    LEAVE,
    WHOAMI,
    YOU_ARE,
    packet,
    say,
)
from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.packetmq import judging, words
from wirebook.fuzz.machines.packetmq.base import StreamMachine, Talk
from wirebook.fuzz.machines.packetmq.model import Side
from wirebook.fuzz.machines.packetmq.subjects import ServerSubject

_ECHOS = tuple(packet(ECHO, octets) for octets in words.PAYLOADS)
_BURSTS = tuple(say(BURST, count) for count in (0, 1, 3, 70))
_BROADCASTS = tuple(packet(BROADCAST, octets) for octets in words.PAYLOADS[:10])
_OTHERS = (
    *(say(number, "for nothing") for number in (ECHOED, YOU_ARE, ITEM, HAPPENED)),
    *(say(FAIL, value) for value in (None, {"a": 1})),
    *(say(WHOAMI, value) for value in (None, [1])),
)
_BAD = tuple(packet(ECHO, octets) for octets in words.BAD_PAYLOADS)
_questions = words.one_of(_ECHOS, _BURSTS, _BROADCASTS, _OTHERS)
_said = st.lists(_questions, min_size=1, max_size=4)
_LARGE = 90_000
_BETWEEN, _TIMES = 0.1, 20


class ServerMachine(StreamMachine):
    """Clients of a server."""

    role: ClassVar[str] = "server"
    subject: ServerSubject

    def __init__(self, subject: ServerSubject) -> None:
        super().__init__(subject)
        self._numbers: dict[int, Talk] = {}
        self._parted: list[Talk] = []
        self._incomplete = False

    def open(self) -> Talk:
        """Connect to the server."""
        most = self.subject.bounds.connections
        held = sum(not talk.side.over for talk in self.talks)
        talk = Talk(
            self.subject.connect(),
            Side(APPLICATION, adaptive=False, application=self._handle),
        )
        self.talks.append(talk)
        self._parted.append(talk)
        talk.side.begin(self.subject.now(), too_many=bool(most) and held >= most)
        return talk

    def check_told(self, talk: Talk) -> Broken | None:  # noqa: ARG002 - see below
        """What the server's application was told is in its history."""
        return None

    def told_enough(self, talk: Talk) -> bool:  # noqa: ARG002 - see above
        """See above."""
        return True

    # Rules

    @step(slot=words.slots, ids=words.one_of(words.ADAPTIVE), cut=words.cuts)
    def join(self, slot: int, ids: bytes, cut: Sequence[int]) -> None:
        """Go through the handshake."""
        self.say(slot, frames.init() + ids + frames.finish(), cut)

    @step(slot=words.slots, said=_said, cut=words.cuts)
    def ask(self, slot: int, said: list[bytes], cut: Sequence[int]) -> None:
        """Send packets of the application."""
        self.say(slot, b"".join(said), cut)

    @step(slot=words.slots, ids=st.integers(0, len(words.GOOD_IDS) - 1), kind=st.integers(0, 3))
    def ask_by_own_id(self, slot: int, ids: int, kind: int) -> None:
        """Use an id that was told to the server, which goes by ids of its own."""
        talk = self.talk(slot)
        own = words.GOOD_IDS[ids]
        self.say_on(talk, frames.init() + frames.pubids(ids=own) + frames.finish(), ())
        self.say_on(talk, say(own[[*APPLICATION][kind]], 1) + say(WHOAMI), ())

    @step(slot=words.slots, said=_said, behind=words.handshakes, cut=words.cuts)
    def join_and_ask(self, slot: int, said: list[bytes], behind: bytes, cut: Sequence[int]) -> None:
        """Have a new connection, and do everything at once, with something behind it."""
        if not self.crowded:
            self.slots.pop(slot, None)
        self.say(slot, _handshake() + b"".join(said) + behind, cut)

    @step(
        slot=words.slots,
        before=_questions,
        bad=words.one_of(_BAD, *words.VIOLATIONS),
        cut=words.cuts,
    )
    def slip(self, slot: int, before: bytes, bad: bytes, cut: Sequence[int]) -> None:
        """Break a rule between questions, one of which others would hear of."""
        talk = self._active(slot)
        self.say_on(talk, before + bad + say(BROADCAST, "behind") + say(ECHO, "behind"), cut)

    @step(slot=words.slots, reason=st.sampled_from(words.REASONS), behind=_questions)
    def be_left(self, slot: int, reason: str | None, behind: bytes) -> None:
        """Have the server take its leave."""
        self.say_on(self._active(slot), say(LEAVE, reason) + behind, ())

    @step(slot=words.slots, question=_questions, softquit=words.one_of(words.SOFTQUITS))
    def ask_and_part(self, slot: int, question: bytes, softquit: bytes) -> None:
        """Take leave right behind a question."""
        self.say_on(self._active(slot), question + softquit, ())

    @step(slot=words.slots, length=words.lengths)
    def ask_at_length(self, slot: int, length: int) -> None:
        """Send a frame of a certain length."""
        self.say_on(self._active(slot), frames.frame_of_length(length), ())

    @step(slot=words.slots, count=st.sampled_from((20, 65)))
    def volley(self, slot: int, count: int) -> None:
        """Send many questions at once."""
        octets = b"".join(say(ECHO, number) for number in range(count))
        self.say_on(self._active(slot), octets, ())

    @step(
        slot=words.slots,
        size=st.sampled_from((60_000, _LARGE)),
        count=st.integers(1, 4),
        then=st.sampled_from(("", "softquit", "end", "violation")),
    )
    def clog(self, slot: int, size: int, count: int, then: str) -> None:
        """Ask for much and take nothing of it for a while, in which another one is served."""
        talk = self._active(slot)
        if not _is_ready(talk):
            return
        self.hold(talk, True)
        last = {"softquit": frames.softquit(), "violation": say(999)}.get(then, b"")
        self.say_on(talk, b"".join(say(ECHO, bytes(size)) for _ in range(count)) + last, ())
        if then == "end":
            self.subject.end(talk.peer)
            talk.ended = True
            talk.side.end(self.subject.now())
        self._serve_another(talk)
        self.hold(talk, False)
        self.act(talk)

    @step(slot=words.slots, count=st.sampled_from((3, 6)))
    def flood(self, slot: int, count: int) -> None:
        """Let much wait that others have sent."""
        most = self.subject.bounds.octets_to_send
        if not most:
            return
        victim, other = self._active(slot), self._active(slot + 1)
        if victim is other or not (_is_ready(victim) and _is_ready(other)):
            return
        self.hold(victim, True)
        for number in range(count):
            self.say_on(other, say(BROADCAST, [number, bytes(_LARGE)]), ())
        if count * _LARGE > most:
            victim.side.overflow(self.subject.now())
        self.settle()
        self.hold(victim, False)
        self.act(victim)

    @step()
    def crowd(self) -> None:
        """Make more connections than there may be."""
        most = self.subject.bounds.connections
        while most and not self.crowded and sum(not one.side.over for one in self.talks) < most:
            self.open()
        if most and not self.crowded:
            self.act(self.open())

    @step()
    def look_back(self) -> None:
        """Ask for the history."""
        if self.crowded:
            return
        talk = self.open()
        self.act(talk)
        self.say_on(talk, _handshake() + say(WHOAMI), ())
        self.settle()
        for _ in range(_TIMES if self.subject.live else 1):
            self._incomplete = False
            self.say_on(talk, say(HISTORY), ())
            self.settle()
            if not self._incomplete:
                break
            self.subject.advance(_BETWEEN)
        if self._incomplete:
            raise Broken("PMQ-LST-001", "the application is not told of everything")
        self.say_on(talk, frames.softquit(), ())
        self.subject.end(talk.peer)
        talk.ended = True
        talk.side.end(self.subject.now())

    def _active(self, slot: int) -> Talk:
        """Return a connection that is active, if there may be one."""
        talk = self.talk(slot)
        if talk.side.over and not self.crowded:
            talk = self.slots[slot] = self.open()
            self.act(talk)
        if not talk.side.active and not talk.side.pending:
            self.say_on(talk, _handshake(), ())
        return talk

    def _serve_another(self, held: Talk) -> None:
        for talk in self.talks:
            if talk is not held and _is_ready(talk):
                self.act(talk)
                self.say_on(talk, say(ECHO, "meanwhile"), ())
                self.settle()
                return

    # The application

    def _handle(self, side: Side, name: str, payload: Any) -> None:
        rule = self.rule_of(side)
        match name.partition(":")[2]:
            case "echo":
                side.want(ECHOED, payload, rule)
            case "whoami":
                side.want_that(YOU_ARE, partial(self._is_number, side), rule)
            case "burst":
                for number in range(payload):
                    side.want(ITEM, number, rule)
            case "broadcast":
                for talk in self.talks:
                    if talk.side.active:
                        talk.side.want(ITEM, payload, rule)
            case "history":
                side.want_that(HAPPENED, self._is_history, rule)
            case "leave":
                side.leave(payload, self.subject.now())
            case "fail":
                side.failed = True
                side.note("PMQ-EXC-004")

    def _is_number(self, side: Side, given: Any) -> str:
        """Take the number that a connection has on the server."""
        (talk,) = (talk for talk in self.talks if talk.side is side)
        if not isinstance(given, int):
            return "another payload than a number"
        if self._numbers.setdefault(given, talk) is not talk or talk.number not in (None, given):
            return "the number of another connection"
        talk.number = given
        return ""

    def _is_history(self, given: Any) -> str:
        """Compare a history with what the application had to be told, connection by connection."""
        told: dict[int, list[Notification]] = {}
        for what, number, *more in given:
            told.setdefault(number, []).append((what, *more))
        complete = not self.subject.live
        strangers: Counter[str] = Counter()
        for talk in self._parted:
            if talk.number is None:
                strangers[repr(talk.side.told)] += bool(talk.side.told)
                continue
            got = told.get(talk.number, [])
            actor = self.actor or talk.side
            if broken := judging.compare_told(talk.side, got, actor, complete=complete):
                raise broken
            self._incomplete |= len(got) < len(talk.side.told)
        there = Counter(repr(told[number]) for number in told if number not in self._numbers)
        lacking, more_than = strangers - there, there - strangers
        if complete and (lacking or more_than):
            self._blame_strangers(lacking, more_than)
        self._incomplete |= bool(lacking)
        return ""

    def _blame_strangers(self, lacking: Counter[str], more: Counter[str]) -> None:
        """Say what is wrong with connections of which nobody knows the numbers."""
        detail = f"lacks {list(lacking)}, has {list(more)}"[:300]
        if any("made" in one for one in more) and not any("made" in one for one in lacking):
            raise Broken("PMQ-HSK-011", "the application is told of one that is not made", detail)
        for talk in self._parted:
            if talk.number is None and repr(talk.side.told) in lacking:
                got = max(map(_parsed, more), key=partial(_alike, talk.side.told), default=[])
                if broken := judging.compare_told(talk.side, got, talk.side):
                    raise broken
        raise Broken("PMQ-LST-001", "the application is told of too much", detail)


def _is_ready(talk: Talk) -> bool:
    """Tell whether a whole frame would be handled."""
    return talk.usable and talk.side.active and not talk.side.pending


def _handshake() -> bytes:
    return frames.init() + frames.pubids() + frames.finish()


def _alike(one: list[Notification], other: list[Notification]) -> int:
    """Return how many notifications two connections have in common."""
    return sum(mine == theirs for mine, theirs in zip(one, other, strict=False))


def _parsed(told: str) -> list[Notification]:
    """Read what was written down to be counted."""
    found: list[Notification] = ast.literal_eval(told)
    return found
