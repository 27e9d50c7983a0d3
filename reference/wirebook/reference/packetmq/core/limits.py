"""What a peer may cost its host: the limits of the book, as arguments with safe defaults.

What may live here: the figures.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one side; a server's hold for each of its connections."""

    connections: int = 1024
    """Connections of a server; those beyond it get a softquit (PMQ-LIM-001)."""
    octets_to_send: int = 4 << 20
    """Octets that wait to be sent to one peer; a connection with more is aborted (PMQ-LIM-003)."""
    packets_per_turn: int = 256
    """Packets of one peer that are handled before the others get their turn (PMQ-LIM-004)."""
