"""The machine for clients: a server that they can't rely on.

Theory of operation. The machine is the server and two strangers, and steers the client as its
application would. What is sent is judged at once by the table and the window; what comes back is
judged by `settle`. What may live here: the rules; what they expect is in `client_model`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from wirebook.conformance.drivers.pygase.model import Kind, after
from wirebook.conformance.drivers.pygase.packages import packed
from wirebook.fuzz.machines.base import Machine, step
from wirebook.fuzz.machines.pygase.asking import VALUES
from wirebook.fuzz.machines.pygase.client_model import Client, Handed
from wirebook.fuzz.machines.pygase.flaws import CLIENT_FLAWS, ODDITIES, TO_DELETE
from wirebook.fuzz.machines.pygase.freedoms import (
    ACKS,
    DELAYS,
    GAPS,
    JUMPS,
    SLEEPS,
    TURNS,
    WAITS,
    WATCHES,
    acks_for,
    acks_of,
    first,
)
from wirebook.fuzz.machines.pygase.octets import event, server_package
from wirebook.fuzz.machines.pygase.subjects import ClientSubject
from wirebook.spec.pygase.states import ClientInput, ClientState

UPDATES: tuple[dict[str, Any], ...] = (
    {}, {"a": 1}, {"a": True}, {"a": TO_DELETE}, {"m": {"x": 1, "y": {"z": 1}}}, {"m": {"x": 2}},
    {"m": {"y": {"z": TO_DELETE, "q": 2}}}, {"m": {"y": {"d": {"e": 1}}}}, {"m": 7},
    {"m": {"y": {"d": {"f": TO_DELETE, "g": [1]}}}}, {"m": TO_DELETE}, {"m": {"x": TO_DELETE}},
    {"n": {"o": TO_DELETE, "p": {"q": TO_DELETE, "r": 1}}}, {"l": [1, TO_DELETE, {"k": TO_DELETE}]},
    {"l": [2]}, {"l": []}, {"game_status": 1}, {"game_status": 0}, {"unknown": TO_DELETE},
    {"m": {}}, {"e": {"e": {}}}, {"a": None, "b": b"\x00", "c": 1.5}, {"c": TO_DELETE, "a": 3},
    {"l": {"k": 1}}, {"n": {"p": {"q": 5}}},
)  # fmt: skip
ORDERS = (1, 2, 0, -1, -30, 100, 32767, -32767, 30000)
FIRST_ORDERS = (1, 7, 32768, 40000, 65535)
LARGEST = 2032
FLAWS = sorted(CLIENT_FLAWS)
_BUDGET = 9.0
_TURN = 0.025
_TURNS_TO_WATCH = 8
_TOO_LATE = 1.1
_MOST_EVENTS = 9
_LIVE_MARGIN = 0.5


class ClientMachine(Machine):
    """A server, and strangers, for one client."""

    book: ClassVar[str] = "pygase"
    role: ClassVar[str] = "client"
    subject: ClientSubject

    def __init__(self, subject: ClientSubject) -> None:
        super().__init__(subject)
        self.client = Client(subject)
        self.sent: list[tuple[bytes, tuple[Handed, ...], dict[str, Any]]] = []
        """What was sent on this connection, to be sent again."""
        self.budget = _BUDGET
        for event_type, fail in (("HELLO", False), ("FAIL", True), ("ECHO", False)):
            subject.ask({"do": "handle", "type": event_type, "fail": fail})

    @precondition(lambda self: self.client.status is ClientState.DISCONNECTED)
    @step()
    def connect(self) -> None:
        """Tell the client to connect."""
        self.absorb()
        self.sent.clear()
        self.client.connect()

    @precondition(lambda self: self.client.status is not ClientState.DISCONNECTED)
    @step(shut_down=st.booleans())
    def disconnect(self, shut_down: bool) -> None:
        """Tell the client to disconnect."""
        self.absorb()
        self.client.disconnect(shut_down=shut_down)

    @precondition(lambda self: self.client.status is not ClientState.DISCONNECTED)
    @step(retries=st.integers(0, 3), value=st.integers(0, len(VALUES) - 1), count=st.integers(1, 8))
    def dispatch(self, retries: int, value: int, count: int) -> None:
        """Let the client send events."""
        self.absorb()
        for number in range(count):
            self.client.dispatch(VALUES[(value + number) % len(VALUES)], retries)

    @precondition(lambda self: self.client.status is not ClientState.DISCONNECTED)
    @step(octets=st.sampled_from((LARGEST, LARGEST + 1, 3000, 1200)))
    def dispatch_large(self, octets: int) -> None:
        """Let the client send an event that just fits into a package, or does not."""
        self.absorb()
        self.client.dispatch_large(octets, fits=octets <= LARGEST)

    @step(update=st.integers(0, len(UPDATES) - 1), order=st.sampled_from(ORDERS))
    def update(self, update: int, order: int) -> None:
        """Send a package with an update."""
        self._send(1, "all", self._update(update, order), ())

    @step(what=st.integers(0, 60), count=st.integers(1, _MOST_EVENTS))
    def say(self, what: int, count: int) -> None:
        """Send a package with events."""
        self._send(1, "all", {}, self._events(what, count))

    @step(jump=st.sampled_from(JUMPS), acks=st.sampled_from(ACKS), update=st.integers(0, 40))
    def jump(self, jump: int, acks: str, update: int) -> None:
        """Send a package with any sequence and acks."""
        order = ORDERS[update % 5]
        self._send(jump, acks, self._update(update, order), self._events(update, 1))

    @step(gap=st.sampled_from(GAPS), update=st.integers(0, 40))
    def gap(self, gap: int, update: int) -> None:
        """Let a package overtake the one before it."""
        self._send(gap + 1, "all", self._update(update, 1), self._events(0, 1))
        self._send(-gap, "all", self._update(update + 1, 1), self._events(1, 2))

    @step(number=st.integers(0, 5))
    def again(self, number: int) -> None:
        """Send a datagram once more."""
        self.absorb()
        if number < len(self.sent):
            self._arrive(*self.sent[-1 - number])

    @step(flaw=st.sampled_from(FLAWS), count=st.integers(1, 6))
    def spoil(self, flaw: str, count: int) -> None:
        """Send packages that must be discarded."""
        begin = FLAWS.index(flaw)
        for number in range(begin, begin + count):
            self._spoil(FLAWS[number % len(FLAWS)])

    def _spoil(self, flaw: str) -> None:
        self.absorb()
        self._clear()
        traffic = self.client.traffic
        sequence = after(traffic.window.ack) if traffic.window.ack else 1
        ack, bits = self._acks("all", 0.0)
        update = packed({**UPDATES[1], "time_order": after(self.client.order or 1, 3)})
        package = server_package(sequence, ack, bits, update)
        requirement, spoil = CLIENT_FLAWS[flaw]
        poison = self.client.poison(requirement)
        self.client.discard(sequence, requirement, ClientInput.DISCARDED)
        self.subject.send(0, spoil(package[:12], package[12:], poison))

    @step(who=st.integers(1, 2))
    def strange(self, who: int) -> None:
        """Send a good package from an address that is not the server's."""
        self.absorb()
        self._clear()
        traffic = self.client.traffic
        sequence = after(traffic.window.ack) if traffic.window.ack else 1
        poison = self.client.poison("PGS-CON-004")
        self.client.discard(sequence, "PGS-CON-004", ClientInput.DISCARDED)
        update = packed({"strange": 1, "time_order": after(self.client.order or 1, 3)})
        self.subject.send(who, server_package(sequence, *self._acks("all", 0.0), update, [poison]))

    @precondition(lambda self: self.client.status is not ClientState.DISCONNECTED)
    @step(retries=st.integers(0, 2), ack=st.sampled_from(WATCHES))
    def watch(self, retries: int, ack: str) -> None:
        """Let the client send an event, and ack its package, or one that looks like it."""
        self.absorb()
        name = self.client.dispatch(None, retries)
        for _ in range(_TURNS_TO_WATCH):
            self.subject.advance(_TURN)
            self.absorb()
            watched = self.client.replies.watched.get(name)
            if watched is not None and watched.sequence:
                if ack == "too late":
                    self.subject.advance(_TOO_LATE)
                    self.absorb()
                sequence = after(self.client.traffic.window.ack or 1)
                update = {"time_order": self.client.order}
                acks = acks_of(watched.sequence, ack)
                data = server_package(sequence, *acks, packed(update))
                self.sent.append((data, (), update))
                self._arrive(data, (), update)
                return

    @step(count=st.integers(1, 12))
    def lose(self, count: int) -> None:
        """Lose the next packages of the client on their way."""
        self.absorb()
        self.client.traffic.lose = count

    @step(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.absorb()
        self.subject.advance(seconds)

    @precondition(lambda self: self.budget > 0)
    @step(seconds=st.sampled_from(SLEEPS[:5]))
    def sleep(self, seconds: float) -> None:
        """Let the client hear nothing until much time has passed since it was heard."""
        self.absorb()
        self.budget -= seconds / 2
        left = self.client.heard_at + seconds - self.subject.now()
        if self.client.status is not ClientState.DISCONNECTED and left > 0:
            self.subject.advance(left)

    @precondition(lambda self: self.budget > 0)
    @step(turns=st.sampled_from(TURNS), delay=st.sampled_from(DELAYS), update=st.integers(0, 40))
    def serve(self, turns: int, delay: float, update: int) -> None:
        """Be a server that sends in every interval and acks with a delay."""
        self.budget -= 2 * turns * _TURN
        for turn in range(turns if not self.subject.live else min(turns, 20)):
            changes = self._update(update + turn, 1) if turn % 4 == 0 else {}
            self._send(1, "all", changes, (), delay=delay)
            self.subject.advance(_TURN)

    @step()
    def look(self) -> None:
        """Ask the client for its status and its state."""
        self.absorb()
        self.client.look()

    def settle(self) -> None:
        """Take what the client has said and done."""
        self.absorb()
        self.client.check()
        if not self.subject.live:
            self.client.look()

    def absorb(self) -> None:
        """Judge what has come, and let the timers of the model run."""
        self.client.absorb()
        self.seen.add(self.client.status.value)

    def _send(
        self,
        jump: int,
        acks: str,
        update: dict[str, Any],
        events: tuple[Handed, ...],
        *,
        delay: float = 0.0,
    ) -> None:
        self.absorb()
        self._clear()
        newest = self.client.traffic.window.ack
        sequence = after(newest, jump) if newest else first(jump)
        ack, bits = self._acks(acks, delay)
        said = update or {"time_order": self.client.order}
        octets = [one.octets for one in events]
        data = server_package(sequence, ack, bits, packed(said), octets)
        if len(data) > 2048:
            return
        self.sent.append((data, events, said))
        self._arrive(data, events, said)

    def _arrive(self, data: bytes, events: tuple[Handed, ...], update: dict[str, Any]) -> None:
        """Send a package, and take in what that means."""
        self.absorb()
        sequence, ack = int.from_bytes(data[4:6]), int.from_bytes(data[6:8])
        kind = self.client.traffic.window.kind(sequence)
        state = self.client.status
        self.seen.add(f"{state.value}:{kind.value}")
        if state is ClientState.DISCONNECTED:
            self.client.discard_events(events, "PGS-CON-005")
        elif kind.accepted:
            self.client.accept(sequence, ack, int.from_bytes(data[8:12]), events, update)
        else:
            requirement = "PGS-WIN-004" if kind is Kind.TOO_LATE else "PGS-WIN-003"
            self.client.discard(sequence, requirement, ClientInput.DISCARDED)
            self.client.discard_events(events, requirement)
        self.subject.send(0, data)

    def _acks(self, acks: str, delay: float) -> tuple[int, int]:
        return acks_for(self.client.traffic, acks, self.subject.now() - delay)

    def _update(self, number: int, order: int) -> dict[str, Any]:
        held = self.client.order
        led = after(held, order) if held else FIRST_ORDERS[number % len(FIRST_ORDERS)]
        if number % 13 == 12:
            led = 0
        return {**UPDATES[number % len(UPDATES)], "time_order": led}

    def _events(self, what: int, count: int) -> tuple[Handed, ...]:
        chosen = []
        for number in range(what, what + count):
            token = self.client.token()
            value = VALUES[number % len(VALUES)]
            match number % 6:
                case 0 | 1:
                    one = Handed.of("HELLO", [token, value], {})
                case 2:
                    one = Handed.of("HELLO", [token], {"k": value, "client_address": 1})
                case 3:
                    one = Handed.of("FAIL", [token, value], {})
                case 4:
                    one = Handed(event("NOBODY", [token]), None, f"NOBODY {token}")
                case _:
                    odd = ODDITIES[number // 6 % len(ODDITIES)](b"\xcd" + token.to_bytes(2))
                    one = Handed(odd.octets, ("ECHO", odd.args, {}), f"ECHO {token}")
            chosen.append(one)
        return tuple(chosen)

    def _clear(self) -> None:
        """In real time, wait until it is certain whether the connection has timed out."""
        if not self.subject.live or self.client.status is ClientState.DISCONNECTED:
            return
        early = self.client.heard_at + 5.0 - _LIVE_MARGIN - self.subject.now()
        if -2 * _LIVE_MARGIN < early < 0:
            self.subject.advance(early + 2 * _LIVE_MARGIN)
            self.absorb()
