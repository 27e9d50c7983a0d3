"""A bad network as data: what becomes of each datagram, and a relay that makes it so.

What may live here: fates of datagrams, schedules of them, and the relay that stands between two
peers and carries a schedule out. No protocol is known here, and nothing is random once a schedule
is made: it can be printed, kept, and played again.
"""

from __future__ import annotations

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Address = tuple[str, int]

LARGEST_DATAGRAM = 65535
MOST_CLIENTS = 64
MOST_WAITING = 4096
_LOST = "x"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one datagram: after how many seconds each copy of it goes on."""

    delays: tuple[float, ...] = (0.0,)
    """One for each copy; none if the datagram is lost."""

    def __str__(self) -> str:
        return "+".join(f"{delay * 1000:g}" for delay in self.delays) or _LOST

    @classmethod
    def parse(cls, text: str) -> Fate:
        """Read what `str` writes: `x`, or the delay of each copy in milliseconds, `0+20`."""
        if text == _LOST:
            return LOST
        delays = tuple(float(part) / 1000 for part in text.split("+"))
        if not all(0 <= delay < float("inf") for delay in delays):
            raise ValueError(f'"{text}" delays a datagram by less than nothing, or for ever')
        return cls(delays)


DELIVERED = Fate()
LOST = Fate(())


@dataclass(frozen=True, slots=True)
class Schedule:
    """The fates of the datagrams of one direction, in turn; at its end it begins anew."""

    fates: tuple[Fate, ...] = (DELIVERED,)

    def __post_init__(self) -> None:
        if not self.fates:
            raise ValueError("a schedule without fates says nothing")

    def __getitem__(self, number: int) -> Fate:
        """Return the fate of the datagram with this number, counted from 0."""
        return self.fates[number % len(self.fates)]

    def __str__(self) -> str:
        return " ".join(map(str, self.fates))

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read what `str` writes: the fates, separated by blanks."""
        return cls(tuple(Fate.parse(word) for word in text.split()))

    @classmethod
    def random(
        cls,
        seed: int,
        *,
        length: int = 1000,
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
        delay: float = 0.0,
        hold: float = 0.06,
    ) -> Schedule:
        """Draw a schedule: the same arguments always give the same one.

        `loss`, `duplication` and `reordering` are the shares of the datagrams that they befall,
        each drawn by itself. Everything is delayed by `delay` seconds; what is to be overtaken is
        held back for `hold` more, and so is the second copy of a duplicate half of the time.
        """
        draw = random.Random(seed)  # noqa: S311 - not for secrets: it has to repeat
        return cls(
            tuple(
                _draw_fate(draw, loss, duplication, reordering, delay, hold) for _ in range(length)
            )
        )


def _draw_fate(
    draw: random.Random,
    loss: float,
    duplication: float,
    reordering: float,
    delay: float,
    hold: float,
) -> Fate:
    # Always four draws, so that one rate can be changed without changing the rest.
    lost, doubled, held, late = (draw.random() for _ in range(4))
    if lost < loss:
        return LOST
    first = delay + (hold if held < reordering else 0.0)
    if doubled < duplication:
        return Fate((first, first + (hold if late < 0.5 else 0.0)))
    return Fate((first,))


PERFECT = Schedule()


class UdpRelay:
    """Stands between clients and a server and gives each datagram the fate of its schedule.

    Clients send to `address`; the relay keeps one socket towards the server for each of them, so
    that the server can tell them apart, and counts each one's datagrams by themselves, so that no
    client's fate depends on another. `counts` says what has happened so far.
    """

    def __init__(
        self,
        target: Address,
        *,
        to_target: Schedule = PERFECT,
        from_target: Schedule = PERFECT,
        most_clients: int = MOST_CLIENTS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._target = target
        self._schedules = {"to-target": to_target, "from-target": from_target}
        self._most_clients = most_clients
        self._most_waiting = most_waiting
        self._family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        self._selector = selectors.DefaultSelector()
        self._upstream: dict[Any, socket.socket] = {}
        self._numbers: Counter[tuple[str, Any]] = Counter()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._serials = itertools.count()
        self._thread = threading.Thread(target=self._run, name="UDP relay", daemon=True)
        self._stopping = False
        self.counts: Counter[str] = Counter()
        """How often, for example, `to-target lost`: taken, lost, copied, delayed, refused."""

    def __enter__(self) -> Self:
        host = "::1" if self._family is socket.AF_INET6 else "127.0.0.1"
        self._wake, self._woken = socket.socketpair()
        self._front = self._open()
        self._front.bind((host, 0))
        self._selector.register(self._front, selectors.EVENT_READ, self._take_from_clients)
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: None)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._wake.send(b"x")
        self._thread.join()
        self._selector.close()
        for each in (self._wake, self._woken, self._front, *self._upstream.values()):
            each.close()

    @property
    def address(self) -> Address:
        """Host and port that clients send to."""
        host, port = self._front.getsockname()[:2]
        return host, port

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

    def _take_from_clients(self) -> None:
        for data, client in _drain(self._front):
            upstream = self._upstream.get(client) or self._open_upstream(client)
            if upstream is None:
                self.counts["to-target refused"] += 1
            else:
                self._schedule("to-target", client, data, upstream, self._target)

    def _open_upstream(self, client: Any) -> socket.socket | None:
        if len(self._upstream) >= self._most_clients:
            return None
        upstream = self._upstream[client] = self._open()

        def take_from_target() -> None:
            for data, source in _drain(upstream):
                if source[:2] == self._target:
                    self._schedule("from-target", client, data, self._front, client)

        self._selector.register(upstream, selectors.EVENT_READ, take_from_target)
        return upstream

    def _schedule(
        self, direction: str, client: Any, data: bytes, out: socket.socket, address: Any
    ) -> None:
        fate = self._schedules[direction][self._numbers[direction, client]]
        self._numbers[direction, client] += 1
        self.counts[f"{direction} taken"] += 1
        self.counts[f"{direction} lost"] += not fate.delays
        self.counts[f"{direction} copied"] += len(fate.delays) > 1
        self.counts[f"{direction} delayed"] += any(fate.delays)
        for delay in fate.delays:
            if not delay:
                _send(out, data, address)
            elif len(self._waiting) >= self._most_waiting:
                self.counts[f"{direction} refused"] += 1
            else:
                due = time.monotonic() + delay
                later = (due, next(self._serials), lambda: _send(out, data, address))
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
