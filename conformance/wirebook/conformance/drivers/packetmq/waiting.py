"""The wait for what a server has to do: several connections, one thread, and a deadline.

What may live here: loops around connections, and what they make of a wait that was in vain.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wirebook.conformance.drivers.packetmq.probing import probe
from wirebook.conformance.verdicts import TargetDied, Violation

if TYPE_CHECKING:
    from wirebook.conformance.drivers.packetmq.raw_client import RawClient

PATIENCE = 2.0
"""Seconds that a case waits for what comes at once from a server that works."""
_ALIVE_CHECK = 0.3
_PROBE_SECONDS = 1.0
_MOST_TIMES = 5
_LONGER = 2


def pump(clients: Sequence[RawClient], until: Callable[[], object], seconds: float) -> bool:
    """Send and receive on connections, all in this thread, until a condition holds or time is over.

    Raises TargetDied as soon as a silent target turns out to be dead.
    """
    end = time.monotonic() + seconds
    check = time.monotonic() + _ALIVE_CHECK
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
            if not clients[0].link.alive():
                raise TargetDied("the server is gone")
        planned = min(end, check)
        _wait(clients, max(0.0, planned - now))
        late = time.monotonic() - planned
        for client in clients:
            client.worst_lag = max(client.worst_lag, late)


def _wait(clients: Sequence[RawClient], seconds: float) -> None:
    poll = select.poll()
    for client in clients:
        # Without anything to wait for, `poll` would still tell of an end, again and again.
        if (mask := client.poll_mask()) and client.fileno() >= 0:
            poll.register(client, mask)
    poll.poll(seconds * 1000)


def expect(
    clients: Sequence[RawClient],
    until: Callable[[], object],
    expected: str,
    within: float = PATIENCE,
) -> None:
    """Let clients go on until a condition holds; fail if it does not in time.

    `within` is for a target that answers at once, and grows with its latency. The time begins anew
    with all that comes, for much takes long, but not for ever.
    """
    first = clients[0]
    seconds = first.link.deadline(within)
    if _go_on(clients, until, seconds):
        return
    if not first.link.alive():
        raise TargetDied(f"the server is gone; expected {expected}")
    served = others_are_served(first)
    # Where nobody is served, the machine may just have too much to do.
    if not served and _go_on(clients, until, _LONGER * seconds):
        return
    raise Violation(
        f"expected {expected} within {seconds:.1f} s, got {first.outcome()}, "
        f"and {'others are' if served else 'nobody else is'} served"
    )


def _go_on(clients: Sequence[RawClient], until: Callable[[], object], seconds: float) -> bool:
    began = time.monotonic()
    left = seconds
    while left > 0:
        if pump(clients, until, left):
            return True
        heard = max(began, *(client.heard_at for client in clients))
        left = min(heard + seconds, began + _MOST_TIMES * seconds) - time.monotonic()
    return False


def others_are_served(client: RawClient) -> bool:
    """Tell whether the server answers a newcomer."""
    try:
        probe(client.link.address, client.link.deadline(_PROBE_SECONDS))
    except OSError:
        return False
    return True
