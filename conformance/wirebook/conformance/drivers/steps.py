"""Steps: what the peers of a target do, as plain data, so that it can be kept and done again.

What may live here: what the players of all books have in common. What a step means on the wire of a
book is in the module `steps` of the book's drivers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.recorder import NoRecord

Step = Mapping[str, str | int | float]

LONGEST_WAIT = 1.0
"""Seconds that one step may wait, at most."""


class StepPlayer(ABC):
    """Does steps one after the other, for any number of peers.

    A target that refuses, closes or resets a connection is no error: what is done on it afterwards
    is lost, as it would be on the wire. With `recorded` false, nothing is kept of what is sent and
    of what comes but what `drain` has not fetched yet.
    """

    def __init__(self, link: Link, *, recorded: bool = True) -> None:
        self.link = link if recorded else replace(link, exchange=NoRecord())
        self.recorded = recorded
        self._came: list[tuple[int, bytes]] = []
        self._doings: dict[str, Callable[[int, Step], None]] = {
            "send": lambda peer, step: self.send(peer, _octets(step)),
            "end": lambda peer, _: self.end(peer),
            "wait": lambda _, step: self.wait(min(float(step["seconds"]), LONGEST_WAIT)),
        }

    def do(self, step: Step) -> None:
        """Do one step; ValueError if the book has none such."""
        doing = self._doings.get(str(step["do"]))
        if doing is None:
            raise ValueError(f"no such step: {step['do']!r}")
        doing(int(step.get("peer", 0)), step)

    def drain(self) -> list[tuple[int, bytes]]:
        """Return what has come since the last time, each with the number of the peer."""
        self.take()
        came, self._came = self._came, []
        return came

    @abstractmethod
    def send(self, peer: int, octets: bytes) -> None:
        """Send octets as the carrier of the book carries them."""

    @abstractmethod
    def end(self, peer: int) -> None:
        """End what the peer sends."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Let time pass, and take what comes."""

    @abstractmethod
    def take(self) -> None:
        """Take what has arrived, without waiting."""

    @abstractmethod
    def closed(self, peer: int) -> bool:
        """Tell whether the target has ended the peer's connection, or refused it."""

    @abstractmethod
    def close(self) -> None:
        """Give all sockets back."""


def _octets(step: Step) -> bytes:
    return bytes.fromhex(str(step["hex"]))
