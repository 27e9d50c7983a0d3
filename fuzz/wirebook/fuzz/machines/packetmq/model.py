"""What the book has one side of a connection do: its table, run on what has come and on the time.

Theory of operation. A side takes what its peer does, what its application does and what the time
does, each as an input of the book's table, and keeps what has to come of it: packets on the wire in
their order, what the application is told, and how the connection ends. It says nothing about the
subject; whoever has one compares. What may live here: the model of one side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from wirebook.conformance.drivers.packetmq.controls import Notification, lost, made, received
from wirebook.conformance.drivers.packetmq.frames import FINISH, INIT, INTERNAL, PUBIDS, SOFTQUIT
from wirebook.conformance.drivers.values import same
from wirebook.fuzz.machines.packetmq import inputs
from wirebook.fuzz.machines.packetmq.inputs import Given, Reader
from wirebook.spec.packetmq.states import (
    FAREWELL_PERIOD,
    HANDSHAKE,
    HANDSHAKE_DEADLINE,
    REASONS,
    VERSION,
    Action,
    Input,
    Reason,
    State,
)

ACTIVE = (State.ACTIVE, State.CONFIRMED)
OVER = (State.SOFTQUITTED, State.CLOSED)

Application = Callable[["Side", str, Any], None]
"""What handles a packet, which is given by its name and payload."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A packet that the side has to send."""

    id: int
    requirement: str
    """The one that is broken if it does not come."""
    fits: Callable[[Any], str]
    """Returns what is wrong with a payload: a requirement and a claim, or nothing."""
    due: float | None = None
    """When it has to come, if it is a timer that sends it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a side has made of an input."""

    given: Given
    state: State
    action: Action
    requirement: str


class Side:
    """One side of a connection."""

    def __init__(
        self, registered: Mapping[str, int], *, adaptive: bool, application: Application
    ) -> None:
        self.registered = dict(registered)
        self.adaptive = adaptive
        self.state: State = HANDSHAKE.initial
        self.ids = dict(registered)
        """The ids in use, by name."""
        self.wanted: deque[Wanted] = deque()
        self.told: list[Notification] = []
        self.told_rules: list[str] = []
        """The requirements of what the application is told."""
        self.done: list[Done] = []
        """What was made of the inputs of the present step."""
        self.failed = False
        """Whether a callback had to fail in the present step."""
        self.ending = ""
        """The requirement by which the side has to end its direction now."""
        self.aborted = False
        """Whether the connection is gone, and with it what was still to come."""
        self.deadline: float | None = None
        self.farewell: float | None = None
        """When the side has to have closed."""
        self.parting: list[Any] = []
        """What the callback for a loss sends."""
        self._application = application
        self._rest = b""
        self._misframed = False
        self._violated = ""
        self._now = 0.0
        self._offered: frozenset[int] = frozenset()
        self._set_reader()

    @property
    def active(self) -> bool:
        """Whether it may send."""
        return self.state in ACTIVE

    @property
    def pending(self) -> bool:
        """Whether a part of a frame has come."""
        return bool(self._rest)

    @property
    def over(self) -> bool:
        """Whether the application was told of the loss."""
        return self.state in OVER

    def begin(self, now: float, *, too_many: bool = False) -> None:
        """Take it that the TCP connection is made."""
        self._now = now
        self.deadline = now + HANDSHAKE_DEADLINE
        self._step(Given(Input.TOO_MANY if too_many else Input.MADE))

    def take(self, octets: bytes, now: float) -> None:
        """Take octets of the peer."""
        self._now = now
        if self.over or self._misframed:
            self._drop(octets)
            return
        whole, self._rest, broken = inputs.cut(self._rest + octets)
        for at, frame in enumerate(whole):
            if self.over:
                self._drop(b"".join(whole[at:]))
                return
            self._step(inputs.classify(frame, self._reader))
        if broken and not self.over:
            self._misframed = True
            self._step(Given(Input.FRAMING, rule=broken))

    def end(self, now: float) -> None:
        """Take the end of the peer's stream."""
        self._now = now
        self._step(Given(Input.END))

    def reset(self, now: float) -> None:
        """Take it that the connection is gone."""
        self._now = now
        self.wanted.clear()
        self.aborted, self.ending = True, ""
        self._step(Given(Input.RESET))

    def overflow(self, now: float) -> None:
        """Take it that too much waits to be sent."""
        self._now = now
        self.wanted.clear()
        self.aborted = True
        self._step(Given(Input.OVERFLOW))

    def leave(self, reason: str | None, now: float) -> None:
        """Take it that the application takes leave."""
        self._now = now
        given = Reason.UNKNOWN.value if reason is None else reason
        self._step(Given(Input.LEAVE, given, "PMQ-LST-005"))

    def send(self, name: str, payload: Any, requirement: str) -> bool:
        """Take it that the application sends a packet; tell whether it may."""
        row = HANDSHAKE.step(self.state, Input.SEND)
        if row.action is Action.SEND:
            self.want(self.ids[name], payload, requirement)
        return row.action is Action.SEND

    def want(self, number: int, payload: Any, requirement: str) -> None:
        """Expect a packet of the application."""
        self.wanted.append(Wanted(number, requirement, partial(_as_sent, payload)))

    def want_that(self, number: int, fits: Callable[[Any], str], requirement: str) -> None:
        """Expect a packet whose payload is looked at when it comes."""
        self.wanted.append(Wanted(number, requirement, fits))

    def pass_to(self, now: float) -> None:
        """Take it that it is that late."""
        if self.deadline is not None and now >= self.deadline and not self.over:
            self._now = self.deadline
            self._step(Given(Input.DEADLINE))
        self._now = now

    def note(self, requirement: str) -> None:
        """Say which requirement the last input is about."""
        last = self.done[-1]
        self.done[-1] = Done(last.given, last.state, last.action, requirement)

    def _step(self, given: Given) -> None:
        state = self.state
        row = HANDSHAKE.step(state, given.input)
        requirement = given.rule or (row.requirements[0] if row.requirements else "PMQ-SFQ-001")
        self.done.append(Done(given, state, row.action, requirement))
        match row.action:
            case Action.SEND_INIT:
                self._want(INIT, requirement, _is_init)
            case Action.SEND_PUBIDS:
                own = {**INTERNAL, **self.registered}
                self._want(PUBIDS, row.requirements[0], partial(_is_pubids, self.adaptive, own))
            case Action.SEND_FINISH | Action.ADOPT:
                self._offered = frozenset(given.value.values())
                if row.action is Action.ADOPT:
                    self.ids = {n: i for n, i in given.value.items() if n not in INTERNAL}
                self._want(FINISH, row.requirements[0], _is_finish)
            case Action.CONFIRM:
                self.deadline = None
                self._tell(made(), given.rule or "PMQ-HSK-011")
            case Action.HANDLE:
                self._application(self, *given.value)
                return  # it may have taken leave
            case Action.LEAVE:
                self._lose(given.value, "PMQ-LST-001")
                self._leave(given.value, requirement)
            case Action.FLUSH:
                by_peer = given.input is Input.SOFTQUIT
                self._lose(given.value if by_peer else None, given.rule or "PMQ-LST-001")
                self.ending = "PMQ-SFQ-005" if by_peer else "PMQ-LST-003"
                self.farewell = self._now + FAREWELL_PERIOD
            case Action.LOSE:
                self._lose(None, "PMQ-LST-004")
            case Action.ABORT:
                self._lose(REASONS[Action.ABORT].value, "PMQ-LIM-003")
            case Action.CLOSE:
                if given.input is Input.END:
                    self.ending = (self._violated and "PMQ-ERR-002") or "PMQ-SFQ-003"
            case action if action in REASONS:
                if given.input in (Input.FRAMING, Input.MALFORMED, Input.PACKET_UNKNOWN):
                    self._violated = requirement
                self._lose(REASONS[action].value, "PMQ-LST-001")
                self._leave(REASONS[action].value, requirement)
        self.state = row.next_state
        self._set_reader()

    def _lose(self, reason: str | None, requirement: str) -> None:
        self.deadline = None
        self._tell(lost(reason), requirement)
        if not self.aborted and self.active:
            for payload in self.parting:
                self.want(self.ids["conformance:item"], payload, "PMQ-LST-002")

    def _leave(self, reason: str, requirement: str) -> None:
        due = self._now if self.done[-1].given.input is Input.DEADLINE else None
        self.wanted.append(Wanted(SOFTQUIT, requirement, partial(_is_softquit, reason), due))
        self.farewell = self._now + FAREWELL_PERIOD

    def _drop(self, octets: bytes) -> None:
        if octets:
            rule = "PMQ-ERR-004" if self._violated else "PMQ-SFQ-002"
            self.done.append(Done(Given(Input.PACKET_KNOWN), self.state, Action.DROP, rule))

    def _tell(self, what: Notification, requirement: str) -> None:
        self.told.append(what)
        self.told_rules.append(requirement)

    def tell_received(self, name: str, payload: Any, requirement: str) -> None:
        """Have the application told of a packet."""
        self._tell(received(name, payload), requirement)

    def _want(self, number: int, requirement: str, fits: Callable[[Any], str]) -> None:
        self.wanted.append(Wanted(number, requirement, fits))

    def _set_reader(self) -> None:
        names = {number: name for name, number in self.ids.items()}
        own = frozenset(self.registered)
        self._reader = Reader(self.adaptive, self.active, names, own, self._offered)


def _as_sent(payload: Any, given: Any) -> str:
    return "" if same(payload, given) else "another payload"


def _is_init(given: Any) -> str:
    if same(given, {"version": VERSION}):
        return ""
    more = isinstance(given, dict) and "version" in given and len(given) > 1
    return "PMQ-INT-002: more than the version" if more else "PMQ-HSK-001: another version"


def _is_finish(given: Any) -> str:
    return "" if given is None else "PMQ-INT-009: handshake_finish has another payload than nil"


def _is_pubids(adaptive: bool, ids: Mapping[str, int], given: Any) -> str:
    if same(given, {"adapt": adaptive, "idmap": dict(ids)}):
        return ""
    if not isinstance(given, dict) or not isinstance(given.get("idmap"), dict):
        return "PMQ-INT-008: not an id map"
    if len(given) > len(("adapt", "idmap")):
        return "PMQ-INT-002: more than the policy and the id map"
    return "PMQ-INT-006: another id map than that of the registry"


def _is_softquit(reason: str, given: Any) -> str:
    if same(given, {"reason": reason}):
        return ""
    if not isinstance(given, dict) or not isinstance(given.get("reason"), str):
        return "PMQ-INT-004: no reason that is a text"
    if len(given) > 1:
        return "PMQ-INT-002: more than the reason"
    return "PMQ-LST-005: another reason"
