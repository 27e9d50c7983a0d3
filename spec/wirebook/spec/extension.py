"""The extension value of MessagePack, which Python has no type for.

What may live here: that one type. Everything that handles values needs it, so that nothing is
imported here.
"""

from __future__ import annotations

from dataclasses import dataclass

CODE_LEAST, CODE_MOST = -128, 127


@dataclass(frozen=True, slots=True)
class Ext:
    """An extension value as it travels: its number and its octets, and no meaning beyond them."""

    code: int
    """From -128 to 127."""
    data: bytes
