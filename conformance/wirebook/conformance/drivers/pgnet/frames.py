"""WebSocket frames as octets, valid or not.

What may live here: one frame to and from octets. What a peer does with frames is for others.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_FIN = 0x80
_MASKED = 0x80


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it arrived."""

    opcode: int
    payload: bytes
    final: bool
    reserved: int
    """The three reserved bits: anything but 0 is an extension that nobody has asked for."""
    masked: bool


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    masked: bool = True,
    reserved: int = 0,
    claim: int | None = None,
) -> bytes:
    """Return the octets of a frame; `claim` is a length to write instead of the true one."""
    length = len(payload) if claim is None else claim
    mask_bit = _MASKED if masked else 0
    head = bytes([(_FIN if final else 0) | reserved << 4 | opcode])
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 65536:
        head += bytes([mask_bit | 126]) + length.to_bytes(2)
    else:
        head += bytes([mask_bit | 127]) + length.to_bytes(8)
    if not masked:
        return head + payload
    mask = secrets.token_bytes(4)
    return head + mask + applied(mask, payload)


def applied(mask: bytes, payload: bytes) -> bytes:
    """Return the payload with the mask laid over it, or taken off."""
    length = len(payload)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(length)


def message(
    data: bytes, *, opcode: int = TEXT, cuts: tuple[int, ...] = (), masked: bool = True
) -> bytes:
    """Return the octets of one message, in several frames if it is cut."""
    borders = [0, *cuts, len(data)]
    octets = b""
    for number, (begin, end) in enumerate(itertools.pairwise(borders)):
        octets += frame(
            CONTINUATION if number else opcode,
            data[begin:end],
            final=number == len(cuts),
            masked=masked,
        )
    return octets


class FrameReader:
    """Takes octets in whatever pieces they come, and gives whole frames."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def take(self, octets: bytes) -> Iterator[Frame]:
        """Take octets, and yield the frames that are whole now."""
        self._octets += octets
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> Frame | None:
        have = self._octets
        if len(have) < 2:
            return None
        masked, length, at = have[1] & _MASKED, have[1] & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(have) < at + size:
                return None
            length, at = int.from_bytes(have[at : at + size]), at + size
        begin = at + (4 if masked else 0)
        if len(have) < begin + length:
            return None
        payload = bytes(have[begin : begin + length])
        if masked:
            payload = applied(bytes(have[at:begin]), payload)
        first = have[0]
        del have[: begin + length]
        return Frame(first & 0x0F, payload, bool(first & _FIN), first >> 4 & 7, bool(masked))
