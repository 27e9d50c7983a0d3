"""The way to a server: what the raw clients of every book know of the one they are to speak to.

What may live here: plain data, and what a wait in vain means. Connecting and speaking are the
business of each book's drivers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from wirebook.conformance.network import Line
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import TargetDied, Violation

Address = tuple[str, int]


def _no_worry() -> bool:
    return True


def _as_given(seconds: float) -> float:
    return seconds


def _directly(address: Address) -> Address:
    return address


def _no_line() -> Line | None:
    return None


@dataclass(frozen=True, slots=True)
class Link:
    """What a client knows of the server that it is to speak to."""

    address: Address
    exchange: Recorder = field(default_factory=Recorder)
    alive: Callable[[], bool] = _no_worry
    """Whether the target lives, asked only when it is silent."""
    deadline: Callable[[float], float] = _as_given
    """How long to wait for what takes so many seconds on a fast target."""
    reach: Callable[[Address], Address] = _directly
    """Gives the address at which a stream reaches the server, if a network lies in between."""
    line: Callable[[], Line | None] = _no_line
    """Gives a socket of datagrams its way through the network; None if that is perfect."""

    def unrecorded(self) -> Link:
        """Return a link for what would only stand between a reader and what the case is about."""
        return replace(self, exchange=Recorder())


def missed(link: Link, expected: str, seconds: float, got: str) -> NoReturn:
    """Raise what it means that a client has waited in vain: TargetDied or Violation."""
    if not link.alive():
        raise TargetDied(f"the server is gone; expected {expected}")
    raise Violation(f"expected {expected} within {seconds:.1f} s, got {got}")
