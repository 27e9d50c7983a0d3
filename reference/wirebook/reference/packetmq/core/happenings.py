"""What a connection has to say: one frozen type for each thing that can happen.

What may live here: these types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Made:
    """The connection is active and confirmed (PMQ-HSK-011)."""


@dataclass(frozen=True, slots=True)
class PacketReceived:
    """The peer sent a packet of the application."""

    packet_id: int
    """Its id on this connection."""
    name: str
    value: Any
    payload: bytes
    """The octets that are the value."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ends; what is sent before `advance` is called again still goes out."""

    reason: str | None
    """The reason of the softquit, sent or received, or None if there is none."""


Happening: TypeAlias = Made | PacketReceived | Lost


@unique
class Carrier(Enum):
    """What is to become of the TCP connection, once the octets that wait have been sent."""

    OPEN = "open"
    FAREWELL = "end the own direction; read on and drop"
    CLOSE = "close"
    ABORT = "close at once, whatever waits"
