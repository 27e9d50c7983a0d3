"""What a client has sent to the raw server, as cases look at it.

What may live here: the datagrams of a client, read, and measurements on them. Nothing here sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from wirebook.conformance.drivers.pygase.packages import BOOK, HEADER
from wirebook.conformance.verdicts import Violation
from wirebook.spec.books import Malformed

Address = tuple[str, int]

SHUTDOWN = b"shutdown"
_TEXTS = (SHUTDOWN, b"shut_me_down")
_SHOWN_OCTETS = 32
MOST_BUNCHED = 0.2
"""A share of packages that may come too soon after the last: no system is exact."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One datagram of the client."""

    at: float
    """When it was read, by the monotonic clock."""
    data: bytes
    source: Address
    package: dict[str, Any] | None
    """The client package that it is; None if it is none."""
    flaw: str
    """Why it is none."""

    @classmethod
    def read(cls, at: float, data: bytes, source: Address) -> Arrival:
        """Read a datagram as a client package, which it should be."""
        try:
            return cls(at, data, source, BOOK.parse("client-package", data), "")
        except Malformed as malformed:
            return cls(at, data, source, None, str(malformed))

    @property
    def message(self) -> str:
        """The schema to read it with."""
        return "shutdown" if self.is_text else "client-package"

    @property
    def is_text(self) -> bool:
        """Whether it is one of the two datagrams that are not packages."""
        return self.data in _TEXTS

    @property
    def sequence(self) -> int:
        """The sequence of the package."""
        return int(self._header["sequence"])

    @property
    def ack(self) -> int:
        """The newest sequence that the client has received."""
        return int(self._header["ack"])

    @property
    def bits(self) -> int:
        """The ack bitfield."""
        return int(self._header["ack_bitfield"])

    @property
    def time_order(self) -> int:
        """The time order of the state that the client holds."""
        return int(self._package["time_order"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the package."""
        return list(self._package["events"])

    @property
    def entries(self) -> list[bytes]:
        """The octets of each event, cut apart by their lengths."""
        entries, rest = [], self.data[HEADER + 2 :]
        while len(rest) >= 2:
            end = 2 + int.from_bytes(rest[:2], "big")
            entries.append(rest[2:end])
            rest = rest[end:]
        return entries

    def carries(self, event_type: str) -> bool:
        """Tell whether it is a package with an event of this type."""
        return self.package is not None and any(
            event["type"] == event_type for event in self.events
        )

    def __str__(self) -> str:
        if self.package is None:
            shown = self.data[:_SHOWN_OCTETS].hex(" ")
            more = " …" if len(self.data) > _SHOWN_OCTETS else ""
            return f"{len(self.data)} octets that are no client package: {shown}{more}"
        types = [event["type"] for event in self.events]
        return (
            f"package {self.sequence} with {acks_text(self.ack, self.bits)}, "
            f"time order {self.time_order}, events {types}"
        )

    @property
    def _package(self) -> dict[str, Any]:
        if self.package is None:
            raise Violation(f"expected a client package, got {self} ({self.flaw})")
        return self.package

    @property
    def _header(self) -> dict[str, Any]:
        header: dict[str, Any] = self._package["header"]
        return header


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a client sent over a while."""

    per_second: float
    bunched: float
    """The share of the packages that came within a quarter of the mean interval of the last."""
    lag: float
    """How late the suite itself was at most, in seconds: no measure is better than that."""

    @classmethod
    def of(cls, arrivals: Sequence[Arrival], lag: float = 0.0) -> Rate:
        """Measure from the first arrival to the last."""
        if len(arrivals) < 2:
            return cls(0.0, 0.0, lag)
        span = arrivals[-1].at - arrivals[0].at
        mean = span / (len(arrivals) - 1)
        gaps = [later.at - earlier.at for earlier, later in pairwise(arrivals)]
        return cls(1 / mean, sum(gap < mean / 4 for gap in gaps) / len(gaps), lag)

    def keeps(self, nominal: float) -> bool:
        """Tell whether it is the nominal rate, within the book's 85 % to 105 %, and not in bursts.

        PGS-TIM-001 wants both.
        """
        return 0.85 * nominal <= self.per_second <= 1.05 * nominal and self.bunched <= MOST_BUNCHED

    def __str__(self) -> str:
        bursts = f", {self.bunched:.0%} of them in bursts" if self.bunched > MOST_BUNCHED else ""
        return f"{self.per_second:.1f} packages per second{bursts}"


def acks_text(ack: int, bits: int) -> str:
    """Write acks as the book does: the bits from the newest on, without the last zeros."""
    written = f"{bits:032b}".rstrip("0") or "0"
    return f"ack {ack} bits {written}{'…' if len(written) < 32 else ''}"
