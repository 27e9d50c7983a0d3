"""Making octets shorter and plainer as long as they show the same.

What may live here: deleting runs of octets and putting plainer ones in, within a number of tries.
"""

from __future__ import annotations

from collections.abc import Callable

TRIES = 4000
_PLAIN = (0x00, 0x30, 0x80, 0x90, 0xA0, 0xC0)
"""Octets that mean little, the plainest first."""


def shrink(data: bytes, shows: Callable[[bytes], bool], tries: int = TRIES) -> bytes:
    """Return octets that show what `data` shows, and no longer do when any of them is taken out.

    Without enough tries they are only shorter than they were.
    """
    left = tries

    def tried(candidate: bytes) -> bool:
        nonlocal left
        left -= 1
        return shows(candidate)

    size = len(data) // 2
    while size and left > 0:
        before, at = data, 0
        while at < len(data) and left > 0:
            shorter = data[:at] + data[at + size :]
            if tried(shorter):
                data = shorter
            else:
                at += size
        if size > 1 or data == before:
            size //= 2
    for at in range(len(data)):
        for octet in _PLAIN:
            if octet == data[at] or left <= 0:
                break
            plainer = data[:at] + bytes([octet]) + data[at + 1 :]
            if tried(plainer):
                data = plainer
                break
    return data
