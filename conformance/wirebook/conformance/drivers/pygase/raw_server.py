"""A raw server: sends a client what a case wants, octet by octet, and keeps all that comes back.

Theory of operation. Everything happens in the thread of the case, and only while the case waits in
`pump`, `until`, `rate` or an `expect` method: what a case sees does not depend on how threads are
scheduled. The server sends nothing of its own accord unless `serving` is set; then it is a correct
server with a state that does not fit into a package (PGS-SYN-010): one package in every interval,
acks of what has arrived, and the empty update. What a case leaves unsaid in `send` is what such a
server would send. What may live here: what is sent, and what is expected in return. The loop is in
`raw_server_loop.py`, the arithmetic in `model.py`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from wirebook.conformance.drivers.pygase.model import after, is_newer
from wirebook.conformance.drivers.pygase.packages import Event, server_package
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival, acks_text
from wirebook.conformance.drivers.pygase.raw_server_loop import ServerLoop
from wirebook.conformance.verdicts import Inconclusive

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a client that works."""


class RawServer(ServerLoop):
    """Sends what it is told to, and what it is not told as a correct server would."""

    def begin(self) -> None:
        """Forget the client, and what was sent to it."""
        super().begin()
        self.sequence = 0
        """The newest sequence sent."""

    def serve(self) -> None:
        """Send what a correct server sends in every interval."""
        self.send(told=False)

    def send(
        self,
        *events: Event,
        sequence: int | None = None,
        ack: int | None = None,
        bits: int | None = None,
        update: Mapping[str, Any] | None = None,
        told: bool = True,
    ) -> int:
        """Send one package, and return its sequence; what is left out is as it should be.

        What is not `told` is what the server sends by itself, which a bad network may lose.
        """
        chosen = after(self.sequence) if sequence is None else sequence
        data = self.package(*events, sequence=chosen, ack=ack, bits=bits, update=update)
        self.send_octets(data, told=told)
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
        self.take_into_acks()
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

    def send_octets(
        self, data: bytes, *, by: socket.socket | None = None, told: bool = True
    ) -> None:
        """Send a datagram as it is, well-formed or not, or have a stranger send it.

        No stranger's datagram meets the bad network: what it is to prove, it proves by arriving.
        """
        client, sender = self.client, by or self.socket
        if client is None:
            raise Inconclusive("the client has sent nothing, so there is nobody to send to")

        def transmit(arriving: bytes) -> None:
            sender.sendto(arriving, client)
            local = sender.getsockname()
            self.exchange.sent(arriving, message="server-package", local=local, remote=client)

        if self.line is None or by is not None:
            transmit(data)
        elif befell := self.line.send(data, transmit, time.monotonic(), told=told):
            self.exchange.note(f"The datagram that the server sends now {befell}.")

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.exchange.note(text)

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

    @property
    def reported(self) -> int:
        """The time order that the client has reported last."""
        return next((one.time_order for one in reversed(self.arrivals) if one.package), 0)
