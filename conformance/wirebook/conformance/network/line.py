"""The bad network at the suite's own socket: datagrams on their way to and from a target.

Theory of operation. A case judges at the target's side of the network: it sees everything that the
target sends, at once, and what it has the suite send reaches the target. A peer of the suite that
behaves by itself (acks, reports of state) lives on the far side, and knows only what has come to
it. So what the target sends is taken from the socket at once, and the line says when, how often and
whether the peer hears of it; what a peer sends by itself is lost, doubled and held back as the
schedule has it. Since no other socket stands in between, all addresses stay true: a case can speak
for strangers, and be told its own address.

What a *case* sends proves something only if it arrives. On a `forgiving` line, which the option
`--network` makes, it is therefore sent again if it is lost, octet for octet and `AGAIN_SECONDS`
later, and nothing that was sent after it arrives before it; what it has the target say in an event,
or draws from it while the peer does nothing by itself, comes late to the peer instead of never.
Everything else is lost for good. The cases that are about losses play scripts of their own, on
lines that forgive nothing.

What may live here: the fates of what one socket sends and gets. It runs in the thread of the case,
whenever that sends or waits.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from functools import partial

from wirebook.conformance.network.script import Direction, Script

AGAIN_SECONDS = 0.06
"""When something that must arrive is sent again."""


class Line:
    """The way between one socket of the suite and the target."""

    def __init__(self, script: Script, *, forgiving: bool = False) -> None:
        self._forgiving = forgiving
        self.courses = {direction: script.half(direction).course() for direction in Direction}
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._serials = itertools.count()
        self.reached: list[bytes] = []
        """What has come to the target, in order."""
        self.kept_waiting = 0
        """How much of what has to arrive has not arrived yet."""
        self._in_turn = 0.0
        """When the last of what has to stay in order goes out."""

    def send(
        self, data: bytes, transmit: Callable[[bytes], object], now: float, *, told: bool
    ) -> str:
        """Send a datagram as it fares; `told` if a case has said to. Return what befell it."""
        fate = self.courses[Direction.TO].next(len(data), now)
        delays, said = fate.delays, _said(fate.delays)
        if fate.flip is not None:
            said = f"is corrupt in octet {fate.flip.octet}" + (f" and {said}" if said else "")
        kept = told and self._forgiving
        if kept and not delays:
            delays, said = (AGAIN_SECONDS,), "is lost, and sent again"
        arriving = fate.apply(data)
        for copy, delay in enumerate(delays):
            due = now + delay
            if self._forgiving:
                due = max(due, self._in_turn)
            if kept and not copy:
                self._in_turn = due
            first = kept and not copy
            self.kept_waiting += first
            if due <= now and not (self._waiting and self._waiting[0][0] <= now):
                self._arrive(arriving, transmit, first)
            else:
                arrive: Callable[[], object] = partial(self._arrive, arriving, transmit, first)
                heapq.heappush(self._waiting, (due, next(self._serials), arrive))
        return said

    def _arrive(self, data: bytes, transmit: Callable[[bytes], object], kept: bool) -> None:
        self.kept_waiting -= kept
        self.reached.append(data)
        transmit(data)

    def hears(self, size: int, now: float, *, kept: bool) -> tuple[float, ...]:
        """Return after how many seconds each copy of a datagram of the target comes to the peer.

        `kept` says that it must not be lost for good.
        """
        delays = self.courses[Direction.FROM].next(size, now).delays
        return (AGAIN_SECONDS,) if kept and self._forgiving and not delays else delays

    def due(self) -> float | None:
        """Return when the next datagram goes out that was held back."""
        return self._waiting[0][0] if self._waiting else None

    def flush(self, now: float) -> None:
        """Send what has been held back for long enough."""
        while self._waiting and self._waiting[0][0] <= now:
            heapq.heappop(self._waiting)[2]()


def _said(delays: tuple[float, ...]) -> str:
    if not delays:
        return "is lost"
    if len(delays) > 1:
        return f"is sent {len(delays)} times"
    return f"comes {delays[0] * 1000:.0f} ms late" if delays[0] else ""
