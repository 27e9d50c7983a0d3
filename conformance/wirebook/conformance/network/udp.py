"""A relay for datagrams: stands between peers and gives each datagram its fate.

What may live here: the relay and its sockets. No protocol is known here.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from wirebook.conformance.network.relay import Address, Relay
from wirebook.conformance.network.schedule import PERFECT, Fate
from wirebook.conformance.network.script import Direction, Script

LARGEST_DATAGRAM = 65535
MOST_CLIENTS = 64
MOST_WAITING = 4096
_KEYS = {Direction.TO: "to-target", Direction.FROM: "from-target"}


class Course(Protocol):
    """What says the fates of one peer's datagrams, in turn."""

    def next(self, size: int, now: float) -> Fate:
        """Return the fate of the next datagram."""


class Courses(Protocol):
    """A schedule of one direction, dense or by entries."""

    def course(self) -> Course:
        """Return the course that one peer's datagrams take."""


class UdpRelay(Relay):
    """Stands between clients and a server and gives each datagram the fate of its schedule.

    Clients send to `address`; the relay keeps one socket towards the server for each of them, so
    that the server can tell them apart, and counts each one's datagrams by themselves, so that no
    client's fate depends on another. The schedule is given as a script, or for each direction.
    `counts` has, for example, `to-target lost`: taken, lost, copied, delayed, corrupted, …
    """

    def __init__(
        self,
        target: Address,
        script: Script | None = None,
        *,
        to_target: Courses = PERFECT,
        from_target: Courses = PERFECT,
        most_clients: int = MOST_CLIENTS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        super().__init__(target)
        self._target = target
        self._schedules: dict[Direction, Courses] = {
            Direction.TO: to_target,
            Direction.FROM: from_target,
        }
        if script is not None:
            self._schedules = {direction: script.half(direction) for direction in Direction}
        self._most_clients = most_clients
        self._most_waiting = most_waiting
        self._upstream: dict[Any, socket.socket] = {}
        self._courses: dict[tuple[Direction, Any], Course] = {}
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._serials = itertools.count()

    def _listen(self, host: str) -> socket.socket:
        front = self._open()
        front.bind((host, 0))
        return front

    def _held(self) -> Iterable[Any]:
        return self._upstream.values()

    def _open(self) -> socket.socket:
        opened = socket.socket(self._family, socket.SOCK_DGRAM)
        opened.setblocking(False)
        return opened

    def _run(self) -> None:
        while not self._stopping:
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                heapq.heappop(self._waiting)[2]()
            patience = self._waiting[0][0] - now if self._waiting else None
            for key, _ in self._selector.select(patience):
                key.data()

    def _take(self) -> None:
        for data, client in _drain(self._front):
            upstream = self._upstream.get(client) or self._open_upstream(client)
            if upstream is None:
                self.counts["to-target refused"] += 1
            else:
                self._schedule(Direction.TO, client, data, upstream, self._target)

    def _open_upstream(self, client: Any) -> socket.socket | None:
        if len(self._upstream) >= self._most_clients:
            return None
        upstream = self._upstream[client] = self._open()
        for direction, schedule in self._schedules.items():
            self._courses[direction, client] = schedule.course()

        def take_from_target() -> None:
            for data, source in _drain(upstream):
                if source[:2] == self._target:
                    self._schedule(Direction.FROM, client, data, self._front, client)

        self._selector.register(upstream, selectors.EVENT_READ, take_from_target)
        return upstream

    def _schedule(
        self, direction: Direction, client: Any, data: bytes, out: socket.socket, address: Any
    ) -> None:
        now, key = time.monotonic(), _KEYS[direction]
        fate = self._courses[direction, client].next(len(data), now)
        self.counts[f"{key} taken"] += 1
        self.counts[f"{key} lost"] += not fate.delays
        self.counts[f"{key} copied"] += len(fate.delays) > 1
        self.counts[f"{key} delayed"] += any(fate.delays)
        self.counts[f"{key} corrupted"] += fate.flip is not None
        arriving = fate.apply(data)
        for delay in fate.delays:
            if not delay:
                _send(out, arriving, address)
            elif len(self._waiting) >= self._most_waiting:
                self.counts[f"{key} refused"] += 1
            else:
                later = (now + delay, next(self._serials), lambda: _send(out, arriving, address))
                heapq.heappush(self._waiting, later)


def _drain(source: socket.socket) -> list[tuple[bytes, Any]]:
    # Bounded, so that a flood from one side can't keep the other waiting.
    taken: list[tuple[bytes, Any]] = []
    while len(taken) < 64:
        try:
            taken.append(source.recvfrom(LARGEST_DATAGRAM))
        except OSError:  # nothing left, or the other side is gone, which is not ours to judge
            break
    return taken


def _send(out: socket.socket, data: bytes, address: Any) -> None:
    try:
        out.sendto(data, address)
    except OSError:  # a datagram that can't be sent is a lost one
        return
