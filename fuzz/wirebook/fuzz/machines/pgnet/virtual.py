"""What both cores of PGNet have as subjects: a time of their own, and nothing drawn by chance.

What may live here: what does not depend on the role.
"""

from __future__ import annotations

import hashlib

from wirebook.conformance.corpus import Step


class VirtualSubject:
    """A core in this process, in virtual time."""

    live = False
    slack = 0.0
    patience = 0.0

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._now = 1000.0
        self._drawn = 0

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def random(self, size: int) -> bytes:
        """Return octets that follow from how many were asked for."""
        self._drawn += 1
        return hashlib.blake2b(self._drawn.to_bytes(8), digest_size=size).digest()

    def alive(self) -> bool:
        """Tell that it is there."""
        return True

    def output(self) -> str:
        """Return nothing: what it raises is told."""
        return ""
