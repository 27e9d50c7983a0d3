"""Frames in a stream of octets: where each of them ends.

What may live here: cutting a stream into frames, with their lengths checked and nothing else; what
is in a frame is for the schemas to say.
"""

from __future__ import annotations

from wirebook.spec.dissection import Malformed

LENGTH_SIZE = 4
"""Octets of the length in front of a frame's content."""
LENGTH_LEAST = 2
"""The least length that leaves room for a packet id."""
LENGTH_MOST = 99_999
"""The greatest length."""


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole frames at the beginning of `data`, each with its length, and the rest.

    Raises Malformed at the first length that no frame may have; its offset tells how much of
    `data` is made of good frames.
    """
    frames: list[bytes] = []
    start = 0
    while len(data) - start >= LENGTH_SIZE:
        length = int.from_bytes(data[start : start + LENGTH_SIZE])
        if length > LENGTH_MOST:
            reason = f"{length} octets announced instead of at most {LENGTH_MOST}"
            raise Malformed("PMQ-FRM-005", reason, start)
        if length < LENGTH_LEAST:
            reason = f"{length} octets announced instead of at least {LENGTH_LEAST}"
            raise Malformed("PMQ-FRM-006", reason, start)
        end = start + LENGTH_SIZE + length
        if end > len(data):
            break
        frames.append(data[start:end])
        start = end
    return frames, data[start:]
