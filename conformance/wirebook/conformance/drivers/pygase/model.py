"""The suite's own reading of the book's arithmetic: sequences, the receive window, and merging.

Written for the suite alone, so that a mistake of the reference is not also the suite's. What may
live here: pure functions and values, no sockets and no clock.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wirebook.conformance.drivers.values import same as same

SEQUENCES = 65535
HALF = 32767
WINDOW = 32
TO_DELETE = bytes.fromhex("d281e5ba")


def after(sequence: int, steps: int = 1) -> int:
    """Return the sequence so many steps after another one; backwards for negative steps."""
    return (sequence + steps - 1) % SEQUENCES + 1


def difference(a: int, b: int) -> int:
    """Return a − b, folded into −32767 … 32767."""
    raw = a - b
    if raw > HALF:
        return raw - SEQUENCES
    if raw < -HALF:
        return raw + SEQUENCES
    return raw


def is_newer(a: int, b: int) -> bool:
    """Tell whether a is newer than b, where everything is newer than 0, none."""
    if b == 0:
        return a != 0
    return a != 0 and difference(a, b) > 0


class Kind(StrEnum):
    """What a sequence is to a window."""

    NEWEST = "newest"
    LATE = "late"
    DUPLICATE = "duplicate"
    TOO_LATE = "too-late"
    INVALID = "invalid"

    @property
    def accepted(self) -> bool:
        """Whether a package of this kind counts."""
        return self in (Kind.NEWEST, Kind.LATE)


@dataclass(slots=True)
class Window:
    """The newest sequence received and the set of all those received, however old."""

    ack: int = 0
    received: frozenset[int] = frozenset()

    def kind(self, sequence: int) -> Kind:
        """Say what a sequence would be, taking no notice of it."""
        if sequence == 0:
            return Kind.INVALID
        if is_newer(sequence, self.ack):
            return Kind.NEWEST
        if difference(self.ack, sequence) > WINDOW:
            return Kind.TOO_LATE
        return Kind.DUPLICATE if sequence in self.received else Kind.LATE

    def take(self, sequence: int) -> Kind:
        """Receive a sequence and say what it was."""
        kind = self.kind(sequence)
        if kind is Kind.NEWEST:
            self.ack = sequence
        if kind.accepted:
            # What has left the window is forgotten: its number will come round again.
            recent = {one for one in self.received if 0 <= difference(self.ack, one) <= WINDOW}
            self.received = frozenset(recent | {sequence})
        return kind

    def take_all(self, sequences: Iterable[int]) -> tuple[Kind, ...]:
        """Receive some sequences in turn and say what each was."""
        return tuple(self.take(sequence) for sequence in sequences)

    @property
    def bits(self) -> int:
        """The ack bitfield: the most significant bit stands for the sequence before `ack`."""
        return sum(
            1 << (WINDOW - back)
            for back in range(1, WINDOW + 1)
            if self.ack and after(self.ack, -back) in self.received
        )


def acked_by(ack: int, bits: int) -> frozenset[int]:
    """Return the sequences that an ack and its bits name."""
    if ack == 0:
        return frozenset()
    named = {after(ack, -back) for back in range(1, WINDOW + 1) if bits >> (WINDOW - back) & 1}
    return frozenset(named | {ack})


def merge(state: Mapping[Any, Any], update: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the state with the update applied; both stay as they are."""
    merged = dict(state)
    for key, value in update.items():
        if isinstance(value, Mapping):
            old = merged.get(key)
            merged[key] = merge(old if isinstance(old, Mapping) else {}, value)
        elif isinstance(value, bytes) and value == TO_DELETE:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def single(value: float) -> float:
    """Return a float rounded to the 32-bit format, in which floats travel."""
    rounded: float = struct.unpack(">f", struct.pack(">f", value))[0]
    return rounded
