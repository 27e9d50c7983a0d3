"""The loop of the raw server: one socket, pumped in the thread of the case.

What may live here: receiving, waiting and measuring, and when to send. What is sent is in
`raw_server.py`.
"""

from __future__ import annotations

import heapq
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from select import select
from types import TracebackType
from typing import Self, TypeVar

from wirebook.conformance.drivers.pygase.model import Window
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Address, Arrival, Rate
from wirebook.conformance.network import Line
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Unsupported, Violation

INTERVAL = 1 / 40
POLL_SECONDS = 0.005
"""How often a condition is looked at that no datagram announces."""
PROMPT_PACKAGES = 24
"""What a client has not done within so many packages, 0.6 s, it does not do."""
MEANWHILE_SECONDS = 0.05
_LARGEST_READ = 65535
_BATCH = 256
"""Datagrams that are read before anything else gets its turn: a client may be a flood."""
_RECEIVE_BUFFER = 1 << 20

T = TypeVar("T")


def _nothing(_: Arrival) -> bool:
    return False


def _nothing_else() -> None:
    return


def _no_line() -> Line | None:
    return None


class ServerLoop(ABC):
    """One socket on the loopback address, for one client at a time."""

    def __init__(
        self, exchange: Recorder | None = None, new_line: Callable[[], Line | None] = _no_line
    ) -> None:
        self.exchange = exchange or Recorder()
        self._new_line = new_line
        self.socket = _bound("127.0.0.1", 0)
        self.address: Address = self.socket.getsockname()
        self._strangers: list[socket.socket] = []
        self._lag = 0.0
        self._last_turn = 0.0
        self.begin()

    def begin(self) -> None:
        """Forget the client: the next package begins a connection, wherever it comes from."""
        self.arrivals: list[Arrival] = []
        """Every datagram of the client, oldest first."""
        self.client: Address | None = None
        """Where the newest package came from."""
        self.window = Window()
        """What the acks say."""
        self.serving = False
        """Whether to send a package in every interval."""
        self.ack_delay = 0.0
        """How long each arrival is kept out of the acks."""
        self.withholds: Callable[[Arrival], bool] = _nothing
        """Tells which packages of the client are never acked."""
        self._to_ack: list[tuple[float, int]] = []
        self.line = self._new_line()
        """The way to the client; None if the network is perfect."""
        self._next_tick = 0.0

    def close(self) -> None:
        """Free the sockets."""
        for each in (self.socket, *self._strangers):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def stranger(self, host: str = "127.0.0.1", port: int = 0) -> socket.socket:
        """Return a socket with another address, for datagrams that are not the server's."""
        try:
            self._strangers.append(_bound(host, port))
        except OSError as error:
            raise Unsupported(f"cannot send from {host} here: {error.strerror}") from error
        return self._strangers[-1]

    def pump(self, seconds: float) -> None:
        """Receive, and serve if so told, for this long."""
        end = time.monotonic() + seconds
        self._last_turn = time.monotonic()
        while time.monotonic() < end:
            self._turn(end)

    def until(
        self,
        condition: Callable[[], T | None],
        seconds: float,
        missed: Callable[[], str],
        *,
        prompt: bool = False,
    ) -> T:
        """Pump until the condition gives something, and return that.

        If it does not in time, that is a Violation, and `missed` says what was expected and got.
        What should be `prompt` is not waited for any longer once the client has sent on and on:
        on a busy machine that takes longer, too.
        """
        # What has piled up while nobody looked says nothing about what happens from now on.
        self._receive_all()
        since, self._last_turn = len(self.arrivals), time.monotonic()
        end = self._last_turn + seconds
        while not (found := condition()):
            now = time.monotonic()
            if now >= end or (prompt and len(self.arrivals) >= since + PROMPT_PACKAGES):
                raise Violation(missed())
            self._turn(min(end, now + POLL_SECONDS))
        return found

    def rate(self, seconds: float, meanwhile: Callable[[], object] = _nothing_else) -> Rate:
        """Measure how often the client sends; call something all the while, if wanted."""
        self._receive_all()
        since, self._lag = len(self.arrivals), 0.0
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            meanwhile()
            self.pump(min(left, MEANWHILE_SECONDS))
        return Rate.of(self.arrivals[since:], self._lag)

    @staticmethod
    def now() -> float:
        """Return the time by the clock of the arrivals."""
        return time.monotonic()

    @abstractmethod
    def serve(self) -> None:
        """Send what a correct server sends in every interval."""

    def _turn(self, wake: float) -> None:
        """Wait for a datagram until `wake`, or until it is time to send; do what is due."""
        serving = self.serving and self.client is not None
        before = time.monotonic()
        held = None if self.line is None else self.line.due()
        wake = wake if held is None else min(wake, held)
        due = max(before, min(wake, self._next_tick) if serving else wake)
        readable, _, _ = select([self.socket], [], [], due - before)
        self._lag = max(self._lag, before - self._last_turn, time.monotonic() - due)
        if readable:
            self._receive_all()
        if self.line is not None:
            self.line.flush(time.monotonic())
        if serving:
            self._serve(time.monotonic())
        self._last_turn = time.monotonic()

    def _receive_all(self) -> None:
        for _ in range(_BATCH):
            try:
                data, source = self.socket.recvfrom(_LARGEST_READ)
            except OSError:  # nothing left, or an error that an earlier datagram met at the client
                return
            arrival = Arrival.read(time.monotonic(), data, source)
            self.exchange.received(data, message=arrival.message, local=self.address, remote=source)
            # The port may have been another's before, whose peers still send to it.
            if not (arrival.package or arrival.is_text or source == self.client):
                continue
            self.arrivals.append(arrival)
            if arrival.package:
                self.client = source
                if not self.withholds(arrival):
                    for delay in self._hears(arrival):
                        due = arrival.at + self.ack_delay + delay
                        heapq.heappush(self._to_ack, (due, arrival.sequence))

    def take_into_acks(self) -> None:
        """Take the arrivals whose delay is over into the window."""
        now = time.monotonic()
        while self._to_ack and self._to_ack[0][0] <= now:
            self.window.take(heapq.heappop(self._to_ack)[1])

    def _hears(self, arrival: Arrival) -> tuple[float, ...]:
        """Return after how many seconds each copy of a package comes to the server."""
        if self.line is None:
            return (0.0,)
        # Where the server does nothing by itself, it is the case that acks.
        kept = bool(arrival.events) or not self.serving
        delays = self.line.hears(len(arrival.data), arrival.at, kept=kept)
        if not delays:
            self.exchange.note("The server takes no notice of this: the network loses it.")
        return delays

    def _serve(self, now: float) -> None:
        if now < self._next_tick:
            return
        self._next_tick += INTERVAL
        if self._next_tick < now:  # PGS-TIM-001: what was missed is not made up for in a burst
            self._next_tick = now + INTERVAL
        self.serve()


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
