"""A raw server: sends a client what a case wants, octet by octet, and keeps all that comes back.

Theory of operation. Everything happens in the thread of the case, and only while the case waits in
`pump`, `until`, `rate` or an `expect` method: what a case sees does not depend on how threads are
scheduled. The server sends nothing of its own accord unless `serving` is set; then it is a correct
server with a state that does not fit into a package (PGS-SYN-010): one package in every interval,
acks of what has arrived, and the empty update. What a case leaves unsaid in `send` is what such a
server would send. What may live here: the socket, the loop, and what a case can make the server do
otherwise. The arithmetic is in `model.py`.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from select import select
from types import TracebackType
from typing import Any, Self, TypeVar

from wirebook.conformance.drivers.pygase.model import Window, after, is_newer
from wirebook.conformance.drivers.pygase.packages import Event, server_package
from wirebook.conformance.drivers.pygase.raw_server_arrivals import (
    Address,
    Arrival,
    Rate,
    acks_text,
)
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Inconclusive, Unsupported, Violation

INTERVAL = 1 / 40
PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a client that works."""
LARGEST_READ = 65535
POLL_SECONDS = 0.005
"""How often a condition is looked at that no datagram announces."""
PROMPT_PACKAGES = 24
"""What a client has not done within so many packages, 0.6 s, it does not do."""
MEANWHILE_SECONDS = 0.05
_RECEIVE_BUFFER = 1 << 20

T = TypeVar("T")


def _nothing(_: Arrival) -> bool:
    return False


def _nothing_else() -> None:
    return


class RawServer:
    """One socket on the loopback address, for one client at a time."""

    def __init__(self, exchange: Recorder | None = None) -> None:
        self._exchange = exchange or Recorder()
        self._socket = _bound("127.0.0.1", 0)
        self._strangers: list[socket.socket] = []
        self._lag = 0.0
        self._last_turn = 0.0
        self.address: Address = self._socket.getsockname()
        self.begin()

    def begin(self) -> None:
        """Forget the client: the next package begins a connection, wherever it comes from."""
        self.arrivals: list[Arrival] = []
        """Every datagram of the client, oldest first."""
        self.client: Address | None = None
        """Where the newest package came from."""
        self.window = Window()
        """What the acks say."""
        self.sequence = 0
        """The newest sequence sent."""
        self.serving = False
        """Whether to send a package in every interval."""
        self.ack_delay = 0.0
        """How long each arrival is kept out of the acks."""
        self.withholds: Callable[[Arrival], bool] = _nothing
        """Tells which packages of the client are never acked."""
        self._to_ack: deque[tuple[float, int]] = deque()
        self._next_tick = 0.0

    def close(self) -> None:
        """Free the sockets."""
        for each in (self._socket, *self._strangers):
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

    def send(
        self,
        *events: Event,
        sequence: int | None = None,
        ack: int | None = None,
        bits: int | None = None,
        update: Mapping[str, Any] | None = None,
    ) -> int:
        """Send one package, and return its sequence; what is left out is as it should be."""
        chosen = after(self.sequence) if sequence is None else sequence
        self.send_octets(self.package(*events, sequence=chosen, ack=ack, bits=bits, update=update))
        if is_newer(chosen, self.sequence):
            self.sequence = chosen
        return chosen

    def package(
        self,
        *events: Event,
        sequence: int | None = None,
        ack: int | None = None,
        bits: int | None = None,
        update: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the octets that `send` sends; with an `ack` of the case's own, no bits are set."""
        self._take_into_acks()
        if ack is None:
            ack, own_bits = self.window.ack, self.window.bits
        else:
            own_bits = 0
        return server_package(
            after(self.sequence) if sequence is None else sequence,
            ack=ack,
            bits=own_bits if bits is None else bits,
            update={"time_order": self.reported} if update is None else update,
            events=events,
        )

    def send_octets(self, data: bytes, *, by: socket.socket | None = None) -> None:
        """Send a datagram as it is, well-formed or not, or have a stranger send it."""
        if self.client is None:
            raise Inconclusive("the client has sent nothing, so there is nobody to send to")
        sender = by or self._socket
        sender.sendto(data, self.client)
        local = sender.getsockname()
        self._exchange.sent(data, message="server-package", local=local, remote=self.client)

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

    def expect(
        self,
        wanted: Callable[[Arrival], bool],
        what: str,
        *,
        seconds: float = PATIENCE,
        since: int = 0,
        prompt: bool = False,
    ) -> Arrival:
        """Return the first arrival that is as wanted, leaving out the first `since` of all."""

        def missed() -> str:
            got = str(self.arrivals[-1]) if self.arrivals[since:] else "no datagram at all"
            return f"expected {what}, got {got}"

        def find() -> Arrival | None:
            return next(filter(wanted, self.arrivals[since:]), None)

        return self.until(find, seconds, missed, prompt=prompt)

    def expect_event(self, event_type: str, *, since: int = 0) -> Arrival:
        """Return the first package with an event of this type, which has just been dispatched."""
        what = f"a package with the event {event_type}"
        return self.expect(lambda one: one.carries(event_type), what, since=since, prompt=True)

    def expect_next(self, count: int = 1, seconds: float = PATIENCE) -> list[Arrival]:
        """Return the next datagrams."""
        since = len(self.arrivals)

        def missed() -> str:
            came = len(self.arrivals) - since
            return f"expected {count} packages within {seconds:.1f} s, got {came}"

        self.until(lambda: len(self.arrivals) >= since + count, seconds, missed)
        return self.arrivals[since : since + count]

    def expect_sequence(self, sequence: int) -> Arrival:
        """Return the package with this sequence, which has been sent or will be."""
        what = f"package {sequence}"
        return self.expect(lambda one: one.sequence == sequence, what, seconds=2 * PATIENCE)

    def expect_ack(self, ack: int) -> Arrival:
        """Return the first new package with this ack, whatever its bits."""
        since = len(self.arrivals)
        return self.expect(lambda one: one.ack == ack, f"ack {ack}", since=since, prompt=True)

    def expect_report(self, time_order: int) -> Arrival:
        """Return the first new package that reports this time order."""
        since = len(self.arrivals)
        what = f"a report of time order {time_order}"
        return self.expect(lambda one: one.time_order == time_order, what, since=since, prompt=True)

    def expect_acks(self, ack: int, bits: int, after_what: str) -> Arrival:
        """Return the first new package with exactly these acks."""
        since = len(self.arrivals)

        def find() -> Arrival | None:
            new = (one for one in self.arrivals[since:] if one.package)
            return next((one for one in new if (one.ack, one.bits) == (ack, bits)), None)

        def missed() -> str:
            last = self.arrivals[-1]
            got = acks_text(last.ack, last.bits) if self.arrivals[since:] else "no package"
            return f"{after_what}: expected {acks_text(ack, bits)}, got {got}"

        return self.until(find, PATIENCE, missed, prompt=True)

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

    @property
    def reported(self) -> int:
        """The time order that the client has reported last."""
        return next((one.time_order for one in reversed(self.arrivals) if one.package), 0)

    def _turn(self, wake: float) -> None:
        """Wait for a datagram until `wake`, or until it is time to send; do what is due."""
        serving = self.serving and self.client is not None
        before = time.monotonic()
        due = max(before, min(wake, self._next_tick) if serving else wake)
        readable, _, _ = select([self._socket], [], [], due - before)
        self._lag = max(self._lag, before - self._last_turn, time.monotonic() - due)
        if readable:
            self._receive_all()
        if serving:
            self._serve(time.monotonic())
        self._last_turn = time.monotonic()

    def _receive_all(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(LARGEST_READ)
            except OSError:  # nothing left, or an error that an earlier datagram met at the client
                return
            arrival = Arrival.read(time.monotonic(), data, source)
            self._exchange.received(
                data, message=arrival.message, local=self.address, remote=source
            )
            # The port may have been another's before, whose peers still send to it.
            if not (arrival.package or arrival.is_text or source == self.client):
                continue
            self.arrivals.append(arrival)
            if arrival.package:
                self.client = source
                if not self.withholds(arrival):
                    self._to_ack.append((arrival.at + self.ack_delay, arrival.sequence))

    def _take_into_acks(self) -> None:
        now = time.monotonic()
        while self._to_ack and self._to_ack[0][0] <= now:
            self.window.take(self._to_ack.popleft()[1])

    def _serve(self, now: float) -> None:
        if now < self._next_tick:
            return
        self._next_tick += INTERVAL
        if self._next_tick < now:  # PGS-TIM-001: what was missed is not made up for in a burst
            self._next_tick = now + INTERVAL
        self.send()


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
