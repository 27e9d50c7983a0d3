"""A server's connections as the book's table has them, one for each address.

What may live here: states, timers, validation, the amplification limits, and who gets a place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wirebook.conformance.drivers.pygase.model import Kind
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.octets import Package
from wirebook.fuzz.machines.pygase.pace import LONGEST_SILENCE
from wirebook.fuzz.machines.pygase.replies import Replies
from wirebook.fuzz.machines.pygase.traffic import Mark, Traffic
from wirebook.fuzz.machines.pygase.versions import Client
from wirebook.spec.pygase.states import (
    CONNECTION_TIMEOUT,
    RESUMPTION_PERIOD,
    SERVER_CONNECTION,
    ServerAction,
    ServerInput,
    ServerState,
)

AMPLIFICATION = 3
EMPTY_PACKAGE = 27
"""Octets of a package that says nothing: what an unvalidated connection has to be given."""
_INPUTS = {
    Kind.NEWEST: ServerInput.NEWEST,
    Kind.LATE: ServerInput.LATE,
    Kind.DUPLICATE: ServerInput.STALE,
    Kind.TOO_LATE: ServerInput.STALE,
}
_SLIP = 1e-6


@dataclass(slots=True)
class Connection:
    """One connection, from its opening to its end."""

    peer: int
    began: float
    grace: float
    traffic: Traffic = field(init=False)
    replies: Replies = field(init=False)
    client: Client = field(default_factory=Client)
    state: ServerState = ServerState.UNKNOWN
    heard_at: float = 0.0
    suspended_at: float = 0.0
    sends_since: float = 0.0
    """Since when it has to send in every interval."""
    packages_owed: int = 0
    octets_owed: int = 0
    owed_since: float = 0.0
    resumed: bool = False
    replaces: bool = False
    """Whether it has taken the place of one whose client has begun anew."""

    def __post_init__(self) -> None:
        self.traffic = Traffic(self.began, self.grace)
        self.replies = Replies(self.grace)

    @property
    def alive(self) -> bool:
        """Whether it sends."""
        return self.state in (ServerState.CONNECTING, ServerState.CONNECTED)

    @property
    def connected(self) -> bool:
        """Whether its client is validated, and still there."""
        return self.state is ServerState.CONNECTED

    def step(self, given: ServerInput) -> ServerAction:
        """Step the table."""
        row = SERVER_CONNECTION.step(self.state, given)
        self.state = row.next_state
        return row.action

    def judge(self, sequence: int) -> ServerInput:
        """Return what a package is to the table."""
        return _INPUTS[self.traffic.window.kind(sequence)]

    def accept(
        self, sequence: int, ack: int, bits: int, time_order: int, octets: int, now: float
    ) -> list[int]:
        """Note that a package was accepted; return which of the server's it has acked."""
        self.heard_at = now
        self.traffic.accept(now, sequence, time_order)
        named = self.traffic.named(ack, bits, now)
        if self.state is ServerState.CONNECTING:
            if not self.owes:
                self.owed_since = now
            self.packages_owed += 1
            self.octets_owed += AMPLIFICATION * octets
            if named:
                self.step(ServerInput.ACK)
                self.sends_since = now
                self.traffic.pace.begin()
        return named

    @property
    def owes(self) -> bool:
        """Whether it has to send although its client is not validated."""
        return self.packages_owed > 0 and self.octets_owed >= EMPTY_PACKAGE

    def resume(self, now: float) -> None:
        """Go on after a disconnection."""
        self.sends_since = self.owed_since = now
        self.resumed = True
        self.traffic.congestion.sure = False
        self.traffic.pace.begin()

    def run(self, now: float) -> bool:
        """Let the timers run until now; return True if it is forgotten."""
        if self.alive and self.heard_at + CONNECTION_TIMEOUT <= now:
            self.step(ServerInput.TIMEOUT)
            self.suspended_at = self.heard_at + CONNECTION_TIMEOUT
            self.replies.interrupt()
        if not self.alive and self.suspended_at + RESUMPTION_PERIOD <= now:
            self.step(ServerInput.FORGET)
            return True
        return False

    def take(self, package: Package) -> Mark:
        """Take a package of the server."""
        at = package.at
        self._check_allowed(package)
        try:
            mark = self.traffic.take(package)
        except Broken as broken:
            if self.replaces and package.sequence != 1 and not self.traffic.newest:
                raise Broken("PGS-CON-011", "goes on with the old connection") from broken
            if self.resumed and self.traffic.last_at <= self.sends_since:
                raise Broken("PGS-CON-010", "does not resume as it was", str(broken)) from broken
            raise
        self.traffic.congestion.run(at - _SLIP)
        if self.connected and at >= self.sends_since:
            self.traffic.pace.add(at, self.traffic.congestion, exact=not self.grace)
        return mark

    def _check_allowed(self, package: Package) -> None:
        late = package.at - (self.heard_at + CONNECTION_TIMEOUT)
        if late > _SLIP + self.grace:
            raise Broken("PGS-CON-009", "sends on for too long", f"{late:.2f} s")
        if self.state is ServerState.CONNECTING:
            self.packages_owed -= 1
            self.octets_owed -= package.octets
            self.owed_since = package.at
            if self.packages_owed < 0:
                raise Broken("PGS-SEC-001", "sends more packages than it may before the validation")
            if self.octets_owed < 0:
                raise Broken("PGS-SEC-002", "sends more octets than it may before the validation")

    def check(self, now: float) -> None:
        """Raise Broken if it has said too little until now."""
        until = min(now, self.heard_at + CONNECTION_TIMEOUT)
        longest = LONGEST_SILENCE + 2 * self.grace
        last = max(self.traffic.last_at, self.sends_since)
        if self.state is ServerState.CONNECTING:
            if self.owes and until - max(self.owed_since, last) > longest:
                raise Broken(self._cause(until), "does not answer before the validation")
        elif self.connected and until - last > longest:
            raise Broken(self._cause(last), "falls silent")
        if self.connected:
            self.replies.check(now, self.sends_since)

    def _cause(self, last: float) -> str:
        if self.resumed and self.traffic.last_at <= self.sends_since:
            return "PGS-CON-010"
        if self.replaces and not self.traffic.newest:
            return "PGS-CON-011"
        if not self.traffic.newest:
            return "PGS-CON-006"
        since = last - self.heard_at
        if since > 1.0:
            return "PGS-CON-009"
        return "PGS-TIM-001"


@dataclass(slots=True)
class Connections:
    """The connections of a server, with its limit."""

    grace: float
    most: int
    by_peer: dict[int, Connection] = field(default_factory=dict)
    """In the order of their opening."""

    def run(self, now: float) -> None:
        """Let the timers run until now."""
        for peer in [peer for peer, one in self.by_peer.items() if one.run(now)]:
            del self.by_peer[peer]

    def open(self, peer: int, now: float) -> Connection | None:
        """Open a connection if there is a place, or one that can be made."""
        if self.most and len(self.by_peer) >= self.most:
            for other in self.by_peer.values():
                if other.state in (ServerState.CONNECTING, ServerState.UNVALIDATED):
                    break
            else:
                return None
            other.step(ServerInput.EVICT)
            del self.by_peer[other.peer]
        self.by_peer[peer] = connection = Connection(peer, now, self.grace)
        connection.step(ServerInput.NEWEST)
        connection.sends_since = connection.owed_since = now
        return connection

    def arrive(self, peer: int, sequence: int, now: float) -> tuple[Connection | None, ServerInput]:
        """Return the connection that accepts a package, or None; and what it was to the table."""
        connection = self.by_peer.get(peer)
        if connection is None:
            return self.open(peer, now), ServerInput.NEWEST
        given = connection.judge(sequence)
        match connection.step(given):
            case ServerAction.REPLACE:
                del self.by_peer[peer]
                opened = self.open(peer, now)
                if opened is not None:
                    opened.replaces = True
                return opened, given
            case ServerAction.RESUME:
                connection.resume(now)
            case ServerAction.NOTHING:
                return None, given
        return connection, given
