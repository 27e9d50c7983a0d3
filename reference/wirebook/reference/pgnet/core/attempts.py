"""Failed attempts to log in, counted by user name and address (PGN-SEC-002).

What may live here: the counting.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from hashlib import blake2b
from typing import Final

from wirebook.spec.pgnet.states import ATTEMPTS_MOST, ATTEMPTS_PERIOD

_REMEMBERED: Final = 65536
"""Pairs of name and address that are remembered."""


class Attempts:
    """The times of failed attempts. The oldest pairs are forgotten if there are too many."""

    def __init__(self) -> None:
        self._failed: OrderedDict[bytes, deque[float]] = OrderedDict()

    def are_too_many(self, name: str, address: str, now: float) -> bool:
        """Tell whether the next attempt is to be refused without a look at its password."""
        times = self._failed.get(_key(name, address))
        return (
            times is not None and len(times) == ATTEMPTS_MOST and now - times[0] < ATTEMPTS_PERIOD
        )

    def fail(self, name: str, address: str, now: float) -> None:
        """Count a failed attempt."""
        key = _key(name, address)
        times = self._failed.setdefault(key, deque(maxlen=ATTEMPTS_MOST))
        times.append(now)
        self._failed.move_to_end(key)
        while len(self._failed) > _REMEMBERED or self._oldest() + ATTEMPTS_PERIOD <= now:
            self._failed.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._failed.values()))[-1]


def _key(name: str, address: str) -> bytes:
    """Return something short: names of nobody can be long."""
    return blake2b(f"{address} {name}".encode(), digest_size=16).digest()
