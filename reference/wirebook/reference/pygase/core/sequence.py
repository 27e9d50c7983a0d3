"""The arithmetic of sequences and time orders: 1 to 65535, going on with 1; 0 is *none*.

What may live here: functions of one or two numbers. `utils.Sqn` is the documented class for them.
"""

from __future__ import annotations

from typing import Final

MAX_SEQUENCE: Final = 65535
"""The last number, and the modulus: 0 is not one of them."""
HALF: Final = (MAX_SEQUENCE - 1) // 2


def successor(a: int) -> int:
    """Return the number after `a`; the one after 0 is 1 (PGS-SEQ-002)."""
    return a % MAX_SEQUENCE + 1


def add(a: int, n: int) -> int:
    """Return the number `n` places after `a`."""
    return (a + n - 1) % MAX_SEQUENCE + 1 if a else n


def difference(a: int, b: int) -> int:
    """Return how far `a` is ahead of `b`, folded into -32767 to 32767 (PGS-SEQ-003)."""
    raw = a - b
    if raw > HALF:
        return raw - MAX_SEQUENCE
    if raw < -HALF:
        return raw + MAX_SEQUENCE
    return raw


def newer(a: int, b: int) -> bool:
    """Tell whether `a` is newer than `b`; everything is newer than none, and none than nothing."""
    if not a or not b:
        return a > b
    return difference(a, b) > 0
