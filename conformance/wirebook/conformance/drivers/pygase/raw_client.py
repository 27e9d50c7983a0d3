"""A client that does nothing by itself: it sends what it is told to and keeps what it gets.

What may live here: one socket, what arrived at it, and the wait for more. What a client does on its
own account is in `player.py`.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from wirebook.conformance.drivers.link import Link, missed
from wirebook.conformance.drivers.pygase.endpoint import Address, Endpoint
from wirebook.conformance.drivers.pygase.packages import (
    Event,
    ServerPackage,
    client_package,
    read_server_package,
)
from wirebook.conformance.verdicts import TargetDied
from wirebook.spec.books import Malformed

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a server that works."""
WORST_LAG = 0.060
MEAN_LAG = 0.0015
"""Seconds: a loop of ours that was later than this is no measure of what the target does."""
_ALIVE_CHECK = 0.3


@dataclass(slots=True)
class OwnPace:
    """How late our own loop wakes up, which tells how much a measure of time is worth."""

    worst: float = 0.0
    total: float = 0.0
    count: int = 0

    def begin(self) -> None:
        """Forget what was before."""
        self.worst, self.total, self.count = 0.0, 0.0, 0

    def note(self, late: float) -> None:
        """Take in how late it was this time."""
        self.worst = max(self.worst, late)
        self.total += late
        self.count += 1

    @property
    def starved(self) -> bool:
        """Whether this machine has too much to do for anybody on it to be in time."""
        return self.worst > WORST_LAG or self.total > MEAN_LAG * max(self.count, 1)

    def __str__(self) -> str:
        mean = self.total / max(self.count, 1)
        return f"late by {mean * 1000:.1f} ms on average and {self.worst * 1000:.0f} ms at worst"


class RawClient:
    """One address that speaks to a server, octet by octet if need be."""

    def __init__(self, link: Link, *, local: Address | None = None) -> None:
        self.link = link
        self.endpoint = Endpoint(link.address, link.exchange, local=local, line=link.line())
        self.packages: list[ServerPackage] = []
        """Every well-formed package of the server, in the order of arrival."""
        self.malformed: list[tuple[bytes, Malformed]] = []
        """Every datagram of the server that is no server package, with what is wrong with it."""
        self.strays: list[tuple[str, int]] = []
        """Where datagrams came from that are not the server's."""
        self.octets = 0
        """Octets of all datagrams that came from the server."""
        self.datagrams = 0
        """Number of all datagrams that came from the server."""
        self.heard_at = time.monotonic()
        """When the last of them came."""
        self.sent_at = 0.0
        """When we last sent anything."""
        self.pace = OwnPace()

    @property
    def local(self) -> Address:
        """Our own address and port."""
        return self.endpoint.local

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.link.exchange.note(text)

    def send_raw(self, data: bytes, message: str = "client-package", *, told: bool = True) -> None:
        """Send any octets; `told` says that the case wants them sent, and they must arrive."""
        self.sent_at = time.monotonic()
        self.endpoint.send(data, message, told=told)

    def send_package(
        self,
        sequence: int,
        *,
        ack: int = 0,
        bits: int = 0,
        time_order: int = 0,
        events: Iterable[Event] = (),
    ) -> None:
        """Send a well-formed package of which every field is given."""
        self.send_raw(
            client_package(sequence, ack=ack, bits=bits, time_order=time_order, events=events)
        )

    def drain(self) -> None:
        """Take everything that has arrived."""
        while (arrived := self.endpoint.receive("server-package")) is not None:
            data, source, at = arrived
            if not self.endpoint.is_remote(source):
                self.strays.append(source[:2])
                continue
            self.heard_at = at
            self.octets += len(data)
            self.datagrams += 1
            try:
                package = read_server_package(data, at)
            except Malformed as malformed:
                self.malformed.append((data, malformed))
                continue
            self.packages.append(package)
            self.arrived(package)

    def arrived(self, package: ServerPackage) -> None:
        """Do what has to be done about a package that has just arrived."""

    def tick(self, now: float) -> None:
        """Do what is due."""

    def due(self) -> float | None:
        """Return when the next thing is due, if any is."""
        return None

    def pump(self, until: Callable[[], object], seconds: float) -> bool:
        """Go on until a condition holds; tell whether it did in time."""
        return pump([self], until, seconds)

    def let_arrive(self) -> None:
        """Go on until all that the case has sent has passed the network."""
        if (line := self.endpoint.line) is not None:
            self.pump(lambda: not line.kept_waiting, PATIENCE)

    def pump_for(self, seconds: float) -> None:
        """Go on for some time that has to pass."""
        pump([self], lambda: False, seconds)

    def expect(self, until: Callable[[], object], expected: str, within: float = PATIENCE) -> None:
        """Go on until a condition holds, and fail if it does not in time."""
        expect([self], until, expected, within)

    def expect_packages(self, count: int, within: float = PATIENCE) -> list[ServerPackage]:
        """Go on until so many further packages have arrived, and return them."""
        before = len(self.packages)
        self.expect(
            lambda: len(self.packages) >= before + count,
            f"{count} further packages of the server",
            within,
        )
        return self.packages[before:]

    def summary(self) -> str:
        """Say what came last, for the reason of a verdict."""
        if self.malformed:
            return f"a datagram that is no server package ({self.malformed[-1][1].reason})"
        if self.packages:
            return str(self.packages[-1])
        return f"datagrams from {self.strays[-1]} only" if self.strays else "nothing"

    def close(self) -> None:
        """Close the socket."""
        self.endpoint.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def pump(clients: Sequence[RawClient], until: Callable[[], object], seconds: float) -> bool:
    """Let clients do what they do, all in this thread, until a condition holds or time is over.

    Raises TargetDied as soon as a silent target turns out to be dead.
    """
    end = time.monotonic() + seconds
    check = time.monotonic()
    while True:
        for client in clients:
            client.drain()
        if until():
            return True
        now = time.monotonic()
        if now >= end:
            return False
        if now >= check:
            check = now + _ALIVE_CHECK
            for client in clients:
                if now - client.heard_at > _ALIVE_CHECK and not client.link.alive():
                    raise TargetDied("the server is gone")
        for client in clients:
            client.endpoint.flush(now)
            client.tick(now)
        dues = [due for client in clients for due in (client.due(), client.endpoint.due())]
        times = [due for due in dues if due is not None]
        planned = max(min([end, check, *times]), time.monotonic())
        sockets = [client.endpoint for client in clients]
        select.select(sockets, [], [], max(0.0, planned - time.monotonic()))
        late = time.monotonic() - planned
        if late >= 0:
            for client in clients:
                client.pace.note(late)


def expect(
    clients: Sequence[RawClient],
    until: Callable[[], object],
    expected: str,
    within: float = PATIENCE,
) -> None:
    """Let clients do what they do until a condition holds; fail if it does not in time.

    `within` is for a target that answers at once, and grows with its latency.
    """
    first = clients[0]
    seconds = first.link.deadline(within)
    if not pump(clients, until, seconds):
        missed(first.link, expected, seconds, first.summary())
