"""What the tests of the reference share: the mark for requirements, and a network in memory.

The network runs cores in virtual time: nothing sleeps, and a test decides what becomes of each
datagram. What may live here: helpers that more than one test file uses.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from itertools import count
from time import monotonic, sleep
from typing import Any, TypeVar

import pytest

from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import EventReceived, Happening
from wirebook.reference.pygase.core.history import History
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.peer import Address
from wirebook.reference.pygase.core.sequence import add, difference
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.window import Arrival

H = TypeVar("H")

SERVER: Address = ("192.0.2.1", 4711)
DELAY = 0.005


def covers(*requirements: str) -> pytest.MarkDecorator:
    """Mark a test as one that checks the requirements."""
    return pytest.mark.covers(*requirements)


def eventually(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """Return the first true result of a condition; fail if there is none in time."""
    deadline = monotonic() + timeout
    while not (result := condition()):
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.005)
    return result


Fate = Callable[[bytes, Address, Address], list[float]]
"""Given a datagram, its source and its destination: the delays with which copies arrive."""


def delivered(data: bytes, source: Address, destination: Address) -> list[float]:
    """Deliver once, after 5 ms."""
    return [DELAY]


class Network:
    """One server core and any number of client cores, in virtual time."""

    def __init__(self, limits: Limits | None = None, **options: Any) -> None:
        self.now = 100.0
        self.fate: Fate = delivered
        self.history = History()
        self.server = ServerCore(self.history, limits, **options)
        self.clients: dict[Address, ClientCore] = {}
        self.happenings: dict[Address, list[Happening]] = {SERVER: []}
        self.traffic: list[tuple[float, Address, Address, bytes]] = []
        """Every datagram that was sent: when, from, to, octets."""
        self.arrived: list[tuple[Address, Address, bytes]] = []
        """Every datagram that arrived: from, to, octets."""
        self.handle_events = True
        """Whether events count as handled as soon as they arrive."""
        self._arrivals: list[tuple[float, int, Address, Address, bytes]] = []
        self._serial = count()

    def client(self, number: int = 1, limits: Limits | None = None) -> ClientCore:
        """Return a new client that has begun to connect."""
        address = ("198.51.100.1", 50000 + number)
        client = ClientCore(SERVER, limits)
        self.clients[address] = client
        self.happenings[address] = []
        client.connect(self.now)
        return client

    def connected(self, number: int = 1) -> ClientCore:
        """Return a new client that is connected and validated."""
        client = self.client(number)
        self.run(0.1)
        return client

    def address_of(self, client: ClientCore) -> Address:
        """Return the address that a client has here."""
        return next(address for address, known in self.clients.items() if known is client)

    def inject(self, data: bytes, source: Address, destination: Address = SERVER) -> None:
        """Let a datagram arrive at once."""
        self._arrive(source, destination, data)
        self._flush()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        self._flush()
        while (due := self._next()) is not None and due <= end:
            self.now = max(self.now, due)
            while self._arrivals and self._arrivals[0][0] <= self.now:
                _, _, source, destination, data = heapq.heappop(self._arrivals)
                self._arrive(source, destination, data)
            self.server.handle_timer(self.now)
            for client in self.clients.values():
                client.handle_timer(self.now)
            self._flush()
        self.now = end

    def publish(self, time_order: int, state: Mapping[str, Any]) -> None:
        """Give the server a version of the state."""
        self.history.record(time_order, state)

    def seen(self, kind: type[H], address: Address = SERVER) -> list[H]:
        """Return what happened of one kind at an address."""
        return [thing for thing in self.happenings[address] if isinstance(thing, kind)]

    def sent_by(self, source: Address, since: float = 0.0) -> list[bytes]:
        """Return the datagrams that an address sent."""
        return [
            data for when, sender, _, data in self.traffic if sender == source and when >= since
        ]

    def _next(self) -> float | None:
        times = [self.server.next_timer(), *(c.next_timer() for c in self.clients.values())]
        if self._arrivals:
            times.append(self._arrivals[0][0])
        return min((time for time in times if time is not None), default=None)

    def _arrive(self, source: Address, destination: Address, data: bytes) -> None:
        self.arrived.append((source, destination, data))
        if destination == SERVER:
            self.server.receive_datagram(data, source, self.now)
        elif destination in self.clients:
            self.clients[destination].receive_datagram(data, source, self.now)

    def _flush(self) -> None:
        for data, destination in self.server.datagrams_to_send():
            self._carry(data, SERVER, destination)
        self._note(SERVER, self.server.happenings())
        for address, client in self.clients.items():
            for data, destination in client.datagrams_to_send():
                self._carry(data, address, destination)
            self._note(address, client.happenings())

    def _note(self, address: Address, happenings: list[Happening]) -> None:
        self.happenings[address] += happenings
        for happening in happenings:
            if isinstance(happening, EventReceived) and self.handle_events:
                happening.peer.handled()

    def _carry(self, data: bytes, source: Address, destination: Address) -> None:
        self.traffic.append((self.now, source, destination, data))
        for delay in self.fate(data, source, destination):
            arrival = (self.now + delay, next(self._serial), source, destination, data)
            heapq.heappush(self._arrivals, arrival)


class WindowModel:
    """A receive window that is a set: everything ever accepted, and the newest of it."""

    def __init__(self) -> None:
        self.accepted: set[int] = set()
        self.newest = 0

    def take(self, sequence: int) -> Arrival:
        """Judge a sequence, and accept it if it is to be accepted."""
        behind = difference(self.newest, sequence)
        if not self.newest or behind < 0:
            arrival = Arrival.NEWEST
            self.newest = sequence
        elif behind > 32:
            return Arrival.TOO_LATE
        elif sequence in self.accepted:
            return Arrival.DUPLICATE
        else:
            arrival = Arrival.LATE
        self.accepted = {old for old in self.accepted if difference(self.newest, old) <= 32}
        self.accepted.add(sequence)
        return arrival

    def bits(self) -> str:
        """Return the ack bits as text."""
        before = (add(self.newest, 65535 - back) for back in range(1, 33))
        return "".join("1" if sequence in self.accepted else "0" for sequence in before)


def client_package(
    sequence: int, ack: int = 0, bits: int = 0, time_order: int = 0, *events: bytes
) -> bytes:
    """Return a client package, made by hand."""
    return codec.build_client_package(sequence, ack, bits, time_order, events)


def server_package(
    sequence: int,
    ack: int = 0,
    bits: int = 0,
    update: Mapping[str, Any] | None = None,
    *events: bytes,
) -> bytes:
    """Return a server package, made by hand."""
    octets = codec.pack(update or {"time_order": 0})
    return codec.build_server_package(sequence, ack, bits, octets, events)


def event(event_type: str, *args: Any, **kwargs: Any) -> bytes:
    """Return the octets of an event."""
    return codec.build_event(event_type, args, kwargs)
