"""What goes to and fro on one connection, and what each side can know of the other.

The acks of a subject tell what it has taken in, and in which order, however late they come. What
may live here: sequences, acks and packages on their way, the same for servers and clients.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from wirebook.conformance.drivers.pygase.model import Kind, Window, acked_by, after, is_newer
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.octets import Package
from wirebook.fuzz.machines.pygase.pace import Congestion, Pace
from wirebook.spec.pygase.states import PACKAGE_TIMEOUT

_KEPT = 600
"""Packages that are remembered in each direction."""


@dataclass(slots=True)
class Sent:
    """A package that the subject has sent."""

    at: float
    time_order: int
    acked: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What the subject's acks should say from a moment on."""

    at: float
    ack: int
    bits: int
    sequence: int
    """The sequence of ours that brought it there."""
    time_order: int
    """What the newest of our packages reported."""


@dataclass(slots=True)
class Traffic:
    """Both directions of one connection."""

    began: float
    grace: float
    """Seconds that the subject may be behind what it was sent; 0 in virtual time."""
    window: Window = field(default_factory=Window)
    """Of the subject, if it has received what was sent."""
    ours: Window = field(default_factory=Window)
    """Of our side: what of the subject's packages counts as arrived."""
    sent: dict[int, Sent] = field(default_factory=dict)
    """What the subject has sent, by sequence."""
    newest: int = 0
    """The last sequence of the subject."""
    last_at: float = 0.0
    """When its last package came."""
    lose: int = 0
    """How many of its next packages are lost on their way."""
    discarded: dict[int, str] = field(default_factory=dict)
    """Our sequences that must not be acked, with the requirement that says so."""
    late: set[int] = field(default_factory=set)
    """Our sequences that were accepted late."""
    marks: list[Mark] = field(default_factory=list)
    reached: int = 0
    """The mark that the acks of the subject have come to."""
    pace: Pace = field(default_factory=Pace)
    congestion: Congestion = field(init=False)

    def __post_init__(self) -> None:
        self.marks.append(Mark(self.began, 0, 0, 0, 0))
        self.last_at = self.began
        self.congestion = Congestion(self.began)

    def accept(self, now: float, sequence: int, time_order: int) -> Kind:
        """Note that the subject has been sent a package that it has to accept."""
        kind = self.window.take(sequence)
        self.discarded.pop(sequence, None)
        if kind is Kind.LATE:
            self.late.add(sequence)
            time_order = self.marks[-1].time_order
        else:
            self.late.discard(sequence)
        self.marks.append(Mark(now, self.window.ack, self.window.bits, sequence, time_order))
        return kind

    def discard(self, sequence: int, requirement: str) -> None:
        """Note that the subject has been sent a package that it has to discard."""
        if sequence not in self.window.received:
            self.discarded[sequence] = requirement

    def named(self, ack: int, bits: int, now: float) -> list[int]:
        """Return the packages of the subject that an accepted package acks, and mark them so."""
        self.congestion.run(now)
        found = []
        for sequence in acked_by(ack, bits):
            sent = self.sent.get(sequence)
            if sent is not None and not sent.acked and sent.at + PACKAGE_TIMEOUT > now:
                sent.acked = True
                found.append(sequence)
        self.congestion.measure([now - self.sent[one].at for one in found])
        return found

    def take(self, package: Package) -> Mark:
        """Take a package of the subject; return what it says to have received."""
        expected = after(self.newest) if self.newest else 1
        if package.sequence != expected:
            first = not self.newest
            raise Broken(
                "PGS-SEQ-002" if self.newest == 65535 else "PGS-SEQ-001",
                "begins with another sequence" if first else "does not go on with the sequences",
                f"{package.sequence} instead of {expected}",
            )
        self.newest = expected
        self.last_at = package.at
        self.sent[expected] = Sent(package.at, package.time_order)
        if len(self.sent) > _KEPT:
            del self.sent[next(iter(self.sent))]
        if self.lose:
            self.lose -= 1
        else:
            self.ours.take(expected)
        return self._heed(package)

    def _heed(self, package: Package) -> Mark:
        for number in range(self.reached, len(self.marks)):
            mark = self.marks[number]
            if (mark.ack, mark.bits) == (package.ack, package.bits):
                if self._due(number + 1, package.at):
                    continue  # what is due may look like what was before
                self.reached = number
                return mark
        may_be = self.marks[self._last_due(package.at) :]
        alike = [mark for mark in may_be if mark.ack == package.ack]
        raise self._wrong(package, alike[-1] if alike else may_be[0])

    def _due(self, number: int, at: float) -> bool:
        """Tell whether a mark has to show by now."""
        return number < len(self.marks) and self.marks[number].at + self.grace <= at

    def _last_due(self, at: float) -> int:
        number = self.reached
        while self._due(number + 1, at):
            number += 1
        return number

    def _wrong(self, package: Package, mark: Mark) -> Broken:
        """Return what is wrong with the acks of a package, as far as they tell."""
        detail = (
            f"ack {package.ack} bits {package.bits:032b} "
            f"instead of {mark.ack} bits {mark.bits:032b}"
        )
        if package.ack in self.discarded:
            return Broken(
                self.discarded[package.ack], "acks a package that it has to discard", detail
            )
        if package.ack != mark.ack:
            if mark.sequence in self.late:
                return Broken("PGS-WIN-002", "a late package changes the ack", detail)
            if is_newer(mark.ack, package.ack) and package.ack and mark.ack in self.jumps:
                return Broken("PGS-SEQ-003", "does not take a newer package as newest", detail)
            if not package.ack and len(self.marks) == 2:
                return Broken("PGS-SEQ-004", "does not take a first package", detail)
            return Broken("PGS-ACK-001", "does not ack the newest package", detail)
        if package.bits.to_bytes(4) == mark.bits.to_bytes(4, "little"):
            return Broken("PGS-HDR-001", "sends the ack bits in another order of octets", detail)
        more, fewer = package.bits & ~mark.bits, mark.bits & ~package.bits
        for sequence in acked_by(mark.ack, more) - {mark.ack}:
            if sequence in self.discarded:
                return Broken(
                    self.discarded[sequence], "acks a package that it has to discard", detail
                )
        for sequence in acked_by(mark.ack, fewer) - {mark.ack}:
            if sequence in self.late:
                return Broken("PGS-WIN-002", "does not mark a late package as received", detail)
        if fewer:
            return Broken("PGS-WIN-001", "does not move the ack bits as it should", detail)
        moved = len(self.marks) > 2 and mark.sequence == mark.ack
        cause = "PGS-WIN-001" if moved else "PGS-ACK-002"
        return Broken(cause, "acks a package that was not sent", detail)

    @property
    def jumps(self) -> set[int]:
        """The sequences of ours that came far ahead of those before."""
        pairs = itertools.pairwise(self.marks)
        return {later.ack for earlier, later in pairs if abs(later.ack - earlier.ack) > _FAR}


_FAR = 1000
