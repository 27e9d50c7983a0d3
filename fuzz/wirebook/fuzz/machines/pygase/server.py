"""The machine for servers: several clients, none of which plays by the rules for long.

Theory of operation. What is sent is judged at once by the table, and changes what is expected; what
comes back is judged by `settle`, whenever it comes. Time passes only in the rules that say so. What
may live here: the rules and their arguments; what is expected is in the modules of its subject.
"""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from wirebook.conformance.drivers.pygase.model import Kind, after, difference, is_newer
from wirebook.fuzz.machines.base import Broken, Machine, step
from wirebook.fuzz.machines.pygase.asking import Asking
from wirebook.fuzz.machines.pygase.connections import Connection, Connections
from wirebook.fuzz.machines.pygase.flaws import SERVER_FLAWS, TEXTS
from wirebook.fuzz.machines.pygase.freedoms import (
    ACKS,
    DELAYS,
    GAPS,
    JUMPS,
    REPORTS,
    SLEEPS,
    TURNS,
    WAITS,
    WATCHES,
    acks_for,
    acks_of,
    first,
)
from wirebook.fuzz.machines.pygase.octets import client_package, read_server_package
from wirebook.fuzz.machines.pygase.subjects import Arrived, ServerSubject
from wirebook.fuzz.machines.pygase.versions import Versions, back
from wirebook.spec.pygase.states import ServerInput, ServerState

PEERS = st.integers(0, 2)
FLAWS = sorted(SERVER_FLAWS)
BUDGET = 6.0
"""What a machine may sleep and serve in all, more or less in seconds: that takes the most time."""
_TURN = 0.025
_LIVE_MARGIN = 0.5
_TURNS_TO_WATCH = 8
_TOO_LATE = 1.1
_CHURN = 0.06
_WINDOW = 32
_VALIDATED = (ServerState.CONNECTED, ServerState.DISCONNECTED)


class ServerMachine(Machine):
    """Clients of one server."""

    book: ClassVar[str] = "pygase"
    role: ClassVar[str] = "server"
    subject: ServerSubject

    def __init__(self, subject: ServerSubject) -> None:
        super().__init__(subject)
        self.connections = Connections(subject.grace, subject.most_connections)
        self.versions = Versions(subject.state, subject.now(), subject.grace)
        self.asking = Asking(self.versions, subject)
        self.slots = [0, 1, 2]
        """The number of the address that each client has at present."""
        self.addresses = 3
        self.last: dict[int, list[bytes]] = {}
        """What was sent from each address, to be sent again."""
        self.host: int | None = -1 if subject.host_taken else None
        """The address of the host client; -1 if it is none of ours."""
        self.over = False
        self.budget = BUDGET
        """Seconds that may still be slept through."""

    @precondition(lambda self: not self.script)
    @step(order=st.sampled_from((65500, 65535, 32760)))
    def begin(self, order: int) -> None:
        """Let the state begin with another time order, so that it wraps soon."""
        if self.subject.begin(order):
            self.versions = Versions(self.subject.state, self.subject.now(), self.subject.grace)
            self.asking = Asking(self.versions, self.subject)

    @step(who=PEERS, what=st.integers(0, 80), count=st.integers(1, 6))
    def say(self, who: int, what: int, count: int) -> None:
        """Send events in a package that has nothing odd about it."""
        self.absorb()
        events = self.asking.choose(what, count)
        self._send(self.slots[who], 1, "all", "held", events)

    @step(who=PEERS, jump=st.sampled_from(JUMPS), acks=st.sampled_from(ACKS))
    def jump(self, who: int, jump: int, acks: str) -> None:
        """Send a package with any sequence and acks."""
        self.absorb()
        self._send(self.slots[who], jump, acks, "held", self.asking.choose(0, 1))

    @step(who=PEERS, report=st.sampled_from(REPORTS))
    def report(self, who: int, report: str) -> None:
        """Send a package that reports any time order."""
        self.absorb()
        self._send(self.slots[who], 1, "all", report, ())

    @step(who=PEERS, gap=st.sampled_from(GAPS), report=st.sampled_from(REPORTS))
    def gap(self, who: int, gap: int, report: str) -> None:
        """Let a package overtake the one before it, which reports another time order."""
        self.absorb()
        self._send(self.slots[who], gap + 1, "all", "held", self.asking.choose(0, 1))
        self._send(self.slots[who], -gap, "all", report, self.asking.choose(11, 2))

    @step(who=PEERS, change=st.integers(0, 23), other=st.integers(0, 23), none=st.booleans())
    def churn(self, who: int, change: int, other: int, none: bool) -> None:
        """Change the state to and fro while the report of a client stays what it was."""
        self.absorb()
        peer = self.slots[who]
        order = self._report(self.connections.by_peer.get(peer), "none" if none else "held")
        for number in (change, other, change):
            connection = self.connections.by_peer.get(peer)
            newest = connection.traffic.window.ack if connection else 0
            ack, bits = self._acks(connection, "all", 0.0)
            events = (self.asking.change(number),)
            self._package(peer, after(newest) if newest else 1, ack, bits, order, events)
            self.subject.advance(_CHURN)
            self.absorb()

    @step(who=PEERS, number=st.integers(0, 5))
    def again(self, who: int, number: int) -> None:
        """Send a datagram once more."""
        self.absorb()
        peer = self.slots[who]
        sent = self.last.get(peer, [])
        if number < len(sent):
            data = sent[-1 - number]
            if not self._is_new(peer, int.from_bytes(data[4:6])):
                self._arrive(peer, data, ())

    @step(who=PEERS, flaw=st.sampled_from(FLAWS), count=st.integers(1, 6))
    def spoil(self, who: int, flaw: str, count: int) -> None:
        """Send packages that must be discarded."""
        begin = FLAWS.index(flaw)
        for number in range(begin, begin + count):
            self._spoil(self.slots[who], FLAWS[number % len(FLAWS)])

    @step(who=PEERS, text=st.integers(0, 2 * len(TEXTS)))
    def write(self, who: int, text: int) -> None:
        """Send a text that may be meant to stop the server."""
        self.absorb()
        peer = self.slots[who]
        if self.over:
            return
        if text < len(TEXTS):
            self._clear(peer)
            self.subject.send(peer, TEXTS[text])
            self._check_alive("PGS-SHD-003" if text == 0 else "PGS-HDR-002", "is stopped by a text")
            return
        self._clear(peer)
        self.connections.run(self.subject.now())
        connection = self.connections.by_peer.get(peer)
        allowed = peer == self.host and connection is not None and connection.connected
        if allowed and text < 2 * len(TEXTS):  # or few machines would come to their end
            return
        self.subject.send(peer, b"shutdown")
        if not allowed:
            cause = "PGS-SHD-001" if peer == self.host else "PGS-SHD-002"
            if self.host is None or (connection and connection.connected and peer != self.host):
                cause = "PGS-SHD-005" if self.asking.validated else "PGS-SHD-002"
            self._check_alive(cause, "is stopped by who may not")
        elif self.subject.alive():
            raise Broken("PGS-SHD-001", "does not stop for its host client")
        else:
            self.over = True

    @step(who=PEERS, retries=st.integers(0, 2), ack=st.sampled_from(WATCHES))
    def watch(self, who: int, retries: int, ack: str) -> None:
        """Have an event sent that is watched, and ack its package, or one that looks like it."""
        self.absorb()
        peer = self.slots[who]
        asked = self.asking.watch(retries)
        self._send(peer, 1, "all", "held", (asked,))
        connection = self.connections.by_peer.get(peer)
        if connection is None or not connection.connected:
            return
        name = asked.answer.removeprefix("WATCHED ")
        for _ in range(_TURNS_TO_WATCH):
            self.subject.advance(_TURN)
            self.absorb()
            if (watched := connection.replies.watched.get(name)) and watched.sequence:
                if ack == "too late":
                    self.subject.advance(_TOO_LATE)
                    self.absorb()
                named, bits = acks_of(watched.sequence, ack)
                sequence = after(connection.traffic.window.ack)
                report = self._report(connection, "held")
                self._package(peer, sequence, named, bits, report, ())
                return

    @step(who=PEERS, count=st.integers(1, 12))
    def lose(self, who: int, count: int) -> None:
        """Lose the next packages of the server on their way to a client."""
        self.absorb()
        connection = self.connections.by_peer.get(self.slots[who])
        if connection is not None:
            connection.traffic.lose = count

    @step(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.absorb()
        self.subject.advance(seconds)

    @precondition(lambda self: self.budget > 0)
    @step(who=PEERS, seconds=st.sampled_from(SLEEPS), spoilt=st.booleans())
    def sleep(self, who: int, seconds: float, spoilt: bool) -> None:
        """Let much time pass since one client was heard; another one stays in touch."""
        self.absorb()
        if self.subject.live and seconds > SLEEPS[-2]:
            return
        quiet = self.connections.by_peer.get(self.slots[who])
        left = seconds
        self.budget -= min(seconds, BUDGET / 2)
        if quiet is not None and quiet.alive:
            left = max(_TURN, quiet.heard_at + seconds - self.subject.now())
        while left > 0 and not self.over:
            part = min(left, 2.5)
            self.subject.advance(part)
            left -= part
            self.absorb()
            if spoilt and left > 0:
                self._spoil(self.slots[who], FLAWS[0])
            witness = self.slots[0 if who else 1]
            if seconds < SLEEPS[-1] and witness in self.connections.by_peer:
                self._send(witness, 1, "all", "held", ())

    @precondition(lambda self: self.budget > 0)
    @step(who=PEERS, turns=st.sampled_from(TURNS), delay=st.sampled_from(DELAYS))
    def serve(self, who: int, turns: int, delay: float) -> None:
        """Be a client that sends in every interval and acks with a delay."""
        peer = self.slots[who]
        self.budget -= 2 * turns * _TURN
        for _ in range(turns if not self.subject.live else min(turns, 20)):
            self.absorb()
            self._send(peer, 1, "all", "held", (), delay=delay)
            if self.over:
                return
            self.subject.advance(_TURN)

    @step(who=PEERS)
    def leave(self, who: int) -> None:
        """Go away, and come from another port from now on."""
        self.slots[who] = self.addresses
        self.addresses += 1

    @step(who=PEERS, ack=st.sampled_from((0, 1, 2)))
    def anew(self, who: int, ack: int) -> None:
        """Begin anew on the same port."""
        self.absorb()
        self._clear(self.slots[who])
        events = self.asking.choose(0, 1)
        self._package(self.slots[who], 1, ack, 0, 0, events)

    @step(count=st.integers(1, 5), flaw=st.sampled_from(("", "", "half a length", "no UTF-8")))
    def knock(self, count: int, flaw: str) -> None:
        """Send one package each from addresses that are never heard of again."""
        for _ in range(count):
            self.absorb()
            peer, self.addresses = self.addresses, self.addresses + 1
            if flaw:
                self._spoil(peer, flaw)
            else:
                self._package(peer, 1, 0, 0, 0, ())

    def settle(self) -> None:
        """Take what the server has said."""
        self.absorb()
        if self.over:
            return
        self._check_alive("PGS-ERR-001", "is not there any more")
        now = self.subject.now()
        for connection in self.connections.by_peer.values():
            connection.check(now)

    def absorb(self) -> None:
        """Judge what has come, and let the timers of the model run."""
        for arrived in self.subject.take():
            if not self.over:
                self._take(arrived)
        if self.over:
            return
        now = self.subject.now()
        for connection in list(self.connections.by_peer.values()):
            if connection.alive:
                connection.check(now)
        self.connections.run(now)

    def _take(self, arrived: Arrived) -> None:
        connection = self.connections.by_peer.get(arrived.peer)
        if connection is None:
            raise Broken("PGS-CON-008", "sends to an address that it has no connection to")
        package = read_server_package(arrived.data, arrived.at)
        mark = connection.take(package)
        served = connection.connected and connection.sends_since + _TURN < package.at
        self.versions.take(package, connection.client, mark.time_order, served=served)
        for said in package.events:
            self.asking.take(connection, said, package)

    def _send(
        self,
        peer: int,
        jump: int,
        acks: str,
        report: str,
        events: Any,
        *,
        delay: float = 0.0,
    ) -> None:
        self._clear(peer)
        connection = self.connections.by_peer.get(peer)
        newest = connection.traffic.window.ack if connection else 0
        sequence = after(newest, jump) if newest else first(jump)
        ack, bits = self._acks(connection, acks, delay)
        self._package(peer, sequence, ack, bits, self._report(connection, report), events)

    def _package(
        self, peer: int, sequence: int, ack: int, bits: int, order: int, events: Any
    ) -> None:
        octets = [asked.octets for asked in events]
        self._arrive(peer, client_package(sequence, ack, bits, order, octets), events)

    def _is_new(self, peer: int, sequence: int) -> bool:
        """Tell whether a sequence is new again, since others came that are half of all ahead.

        Its events would be handled again, and what they ask for could not be told apart.
        """
        connection = self.connections.by_peer.get(peer)
        return connection is not None and connection.traffic.window.kind(sequence) is Kind.NEWEST

    def _arrive(self, peer: int, data: bytes, events: Any) -> None:
        """Send a package, and take in what that means."""
        self.absorb()
        if self.over:
            return
        now = self.subject.now()
        known = self.last.setdefault(peer, [])
        fresh = data not in known[-6:]
        if fresh:
            known.append(data)
        sequence, ack = int.from_bytes(data[4:6]), int.from_bytes(data[6:8])
        bits, order = int.from_bytes(data[8:12]), int.from_bytes(data[12:14])
        events = self.asking.remembered(data, events)
        before = self.connections.by_peer.get(peer)
        validated = before is not None and before.state in _VALIDATED
        connection, given = self.connections.arrive(peer, sequence, now)
        self._see(before, given)
        self.subject.send(peer, data)
        if connection is None:
            if before is not None:
                before.traffic.discard(sequence, _stale(before, sequence))
            self.asking.discarded(events, _stale(before, sequence))
            return
        named = connection.accept(sequence, ack, bits, order, len(data), now)
        self.versions.report(connection.client, connection.traffic.marks[-1].time_order)
        if connection.connected and not (validated and connection is before):
            self.asking.validated = True
            if self.host is None:
                self.host = peer
        self.asking.accepted(connection, events, named, now, self.connections.by_peer)

    def _spoil(self, peer: int, flaw: str) -> None:
        self._clear(peer)
        self.absorb()
        if self.over:
            return
        connection = self.connections.by_peer.get(peer)
        newest = connection.traffic.window.ack if connection else 0
        sequence = after(newest) if newest else 1
        ack, bits = self._acks(connection, "all", 0.0)
        package = client_package(sequence, ack, bits, self._report(connection, "none"))
        poison = self.asking.poison()
        requirement, spoil = SERVER_FLAWS[flaw]
        data = spoil(package[:12], package[12:], poison.octets)
        self.asking.discarded((poison,), requirement)
        if connection is not None:
            connection.traffic.discard(sequence, requirement)
            connection.step(ServerInput.MALFORMED)
        self._see(connection, ServerInput.MALFORMED)
        self.subject.send(peer, data)

    def _acks(self, connection: Connection | None, acks: str, delay: float) -> tuple[int, int]:
        if connection is None:
            return 0, 0
        return acks_for(connection.traffic, acks, self.subject.now() - delay)

    def _report(self, connection: Connection | None, report: str) -> int:
        if connection is None or report == "none":
            return 0
        traffic = connection.traffic
        held = max(
            (sent.time_order for one, sent in traffic.sent.items() if one in traffic.ours.received),
            key=lambda order: difference(order, self.versions.newest) if order else -40000,
            default=0,
        )
        newest = self.versions.newest
        if report == "held" or not newest:
            return held
        if report == "ahead":
            return after(newest, 5000)
        if report == "ancient":
            return back(newest, 5000)
        steps = {"older": 3, "60 back": 75, "99 back": 95, "130 back": 130, "950 back": 950}[report]
        wanted = back(newest, steps)
        known = [one for one in self.versions.known if not is_newer(one, wanted)]
        return max(known, key=lambda one: difference(one, newest), default=held)

    def _clear(self, peer: int) -> None:
        """In real time, wait until it is certain whether a connection has timed out."""
        if not self.subject.live:
            return
        connection = self.connections.by_peer.get(peer)
        if connection is None:
            return
        for at in (connection.heard_at + 5.0, connection.heard_at + 10.0):
            early = at - _LIVE_MARGIN - self.subject.now()
            if -2 * _LIVE_MARGIN < early < 0:
                self.subject.advance(early + 2 * _LIVE_MARGIN)
                self.absorb()

    def _check_alive(self, requirement: str, claim: str) -> None:
        if not self.subject.alive():
            raise Broken(requirement, claim, self.subject.output()[-300:])

    def _see(self, connection: Connection | None, given: ServerInput) -> None:
        state = (connection.state if connection else ServerState.UNKNOWN).value
        self.seen.add(state)
        self.seen.add(f"{state}:{given.name.lower()}")


def _stale(connection: Connection | None, sequence: int) -> str:
    """Return the requirement that a package breaks that counts although it is stale."""
    if connection is None:
        return "PGS-LIM-001"
    behind = difference(connection.traffic.window.ack, sequence)
    return "PGS-WIN-004" if behind > _WINDOW else "PGS-WIN-003"
