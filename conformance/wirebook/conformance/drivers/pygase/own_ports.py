"""UDP ports for the suite's own sockets: fresh ones, that no other process of the suite has used.

A server goes on sending to a port for a while after it was closed, and that must not reach a client
under test, or another worker's socket, that has been given it. What may live here: choosing ports.
Binding a case's socket to one is for others.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FIRST, COUNT = 10_000, 10_000
"""Below the range that systems hand out on their own, and apart from that of the servers."""
SLICE = 250
REMEMBERED = 20.0
"""Seconds for which a server may go on sending to a port; the books' time-outs are shorter."""


_OWN_NETWORK = Path("/proc/thread-self/ns/net")


def _network() -> int:
    """Return what tells the network that this thread is in from others of this machine."""
    try:
        return _OWN_NETWORK.stat().st_ino
    except OSError:
        return 0


def _one_after_the_other() -> Iterator[int]:
    begin = secrets.randbelow(COUNT)
    return (FIRST + (begin + number) % COUNT for number in itertools.count())


@dataclass(slots=True)
class OwnPorts:
    """The ports of one process: slices of the range that are claimed for as long as it lives.

    A slice is claimed by holding its first port, so that the system frees it with the process.
    """

    host: str = "127.0.0.1"
    _claims: list[socket.socket] = field(default_factory=list)
    _fresh: deque[int] = field(default_factory=deque)
    _used: deque[tuple[float, int]] = field(default_factory=deque)
    _process: int = field(default_factory=os.getpid)
    _network: int = field(default_factory=_network)
    _elsewhere: Iterator[int] = field(default_factory=_one_after_the_other)

    def take(self) -> int:
        """Return a port that is not known to have been used in the last seconds."""
        if _network() != self._network:
            # Nobody else is there, and a claim would keep the other network for as long as it is
            # held, and keep nobody from the port in ours.
            return next(self._elsewhere)
        self._forget_the_parent()
        now = time.monotonic()
        if not self._fresh and self._used and now - self._used[0][0] > REMEMBERED:
            self._fresh.append(self._used.popleft()[1])
        if not self._fresh:
            self._claim()
        # More processes than slices: chance is the best that is left.
        port = self._fresh.popleft() if self._fresh else FIRST + secrets.randbelow(COUNT)
        self._used.append((now, port))
        return port

    def release(self) -> None:
        """Give the claims up."""
        for claim in self._claims:
            claim.close()
        self._claims.clear()
        self._fresh.clear()
        self._used.clear()

    def _forget_the_parent(self) -> None:
        # What was claimed before a fork is the other process's.
        if self._process != os.getpid():
            self.release()
            self._process = os.getpid()

    def _claim(self) -> None:
        slices = COUNT // SLICE
        begin = secrets.randbelow(slices)
        for number in itertools.islice(itertools.cycle(range(slices)), begin, begin + slices):
            first = FIRST + number * SLICE
            claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                claim.bind((self.host, first))
            except OSError:
                claim.close()
                continue
            self._claims.append(claim)
            self._fresh.extend(range(first + 1, first + SLICE))
            return


OWN = OwnPorts()
"""Those of this process."""
