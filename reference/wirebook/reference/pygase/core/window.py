"""The receive window: which sequences of the peer have been accepted.

What may live here: the newest sequence, the 32 bits before it, and the judgement of a new arrival.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from wirebook.reference.pygase.core.sequence import difference

SIZE: Final = 32
_ALL_BITS: Final = (1 << SIZE) - 1


@unique
class Arrival(Enum):
    """What a sequence is to the window."""

    NEWEST = "newest"
    LATE = "late"
    DUPLICATE = "duplicate"
    TOO_LATE = "too-late"


class Window:
    """The newest sequence that was accepted and the bits of the 32 before it."""

    __slots__ = ("ack", "bits")

    def __init__(self) -> None:
        self.ack = 0
        """The newest sequence, or 0 while there is none."""
        self.bits = 0
        """The most significant of the 32 bits stands for the sequence before `ack`."""

    def judge(self, sequence: int) -> Arrival:
        """Tell what a sequence is, without accepting it."""
        if not self.ack:
            return Arrival.NEWEST  # PGS-SEQ-004
        ahead = difference(sequence, self.ack)
        if ahead > 0:
            return Arrival.NEWEST
        if ahead == 0:
            return Arrival.DUPLICATE
        if ahead < -SIZE:
            return Arrival.TOO_LATE
        return Arrival.DUPLICATE if self.bits & self._bit(-ahead) else Arrival.LATE

    def accept(self, sequence: int) -> None:
        """Mark a sequence that was judged newest or late as received."""
        if not self.ack:
            self.ack = sequence
            return
        ahead = difference(sequence, self.ack)
        if ahead > 0:
            # PGS-WIN-001: the one in front of the old bits is the previously newest sequence.
            self.bits = ((1 << SIZE) | self.bits) >> ahead if ahead <= SIZE else 0
            self.bits &= _ALL_BITS
            self.ack = sequence
        else:
            self.bits |= self._bit(-ahead)  # PGS-WIN-002

    @staticmethod
    def _bit(behind: int) -> int:
        return 1 << (SIZE - behind)


def acknowledges(ack: int, bits: int, sequence: int) -> bool:
    """Tell whether an ack and its bits name a sequence (PGS-ACK-003)."""
    if not ack:
        return False  # PGS-ACK-007
    behind = difference(ack, sequence)
    if behind == 0:
        return True
    return 0 < behind <= SIZE and bool(bits >> (SIZE - behind) & 1)
