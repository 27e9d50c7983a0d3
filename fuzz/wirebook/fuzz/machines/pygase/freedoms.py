"""The freedoms of a peer: which sequences, acks and moments a machine chooses from.

What may live here: what both machines choose from, and what a choice means in figures.
"""

from __future__ import annotations

from wirebook.conformance.drivers.pygase.model import WINDOW, after, difference
from wirebook.fuzz.machines.pygase.traffic import Traffic

JUMPS = (1, 2, 3, 33, -1, -2, -31, -32, -33, -40, 0, 32, 34, 700, 32767, -32767, 16000)
GAPS = (1, 2, 5, 31, 32, 33, 34)
ACKS = ("all", "none", "newest", "ahead", "zero with bits", "every other", "before", "last bit")
REPORTS = (
    "held",
    "none",
    "older",
    "60 back",
    "99 back",
    "130 back",
    "950 back",
    "ahead",
    "ancient",
)
WATCHES = ("itself", "32nd", "31st", "33rd", "all but it", "far ahead", "too late")
WAITS = (0.0137, 0.02, 0.03, 0.05, 0.07, 0.11, 0.3, 1.03)
TURNS = (4, 8, 16, 60)
SLEEPS = (2.3, 4.9, 5.05, 5.5, 9.8, 10.1, 21.0)
DELAYS = (0.0, 0.12, 0.3, 0.5)
_LAST = 65535
_ALL = 0xFFFFFFFF


def acks_for(traffic: Traffic, kind: str, until: float) -> tuple[int, int]:
    """Return an ack and its bits, of what has come until a moment; most kinds are not honest."""
    ack, bits = traffic.ours.ack, traffic.ours.bits
    if ack and traffic.sent[ack].at > until:
        old = [one for one, sent in traffic.sent.items() if sent.at <= until]
        if not old:
            return 0, 0
        steps = max(0, difference(ack, old[-1]))
        ack, bits = old[-1], (bits << steps) & _ALL
    match kind:
        case "none":
            return 0, 0
        case "newest":
            return ack, 0
        case "ahead":
            return after(traffic.newest or 1, 40), 0
        case "zero with bits":
            return 0, _ALL
        case "every other":
            return ack, bits & 0x55555555
        case "before":
            return (after(ack, -1), (bits << 1) & _ALL) if ack > 1 else (ack, bits)
        case "last bit":
            return after(traffic.newest, WINDOW) if traffic.newest else 0, 1
    return ack, bits


def acks_of(sequence: int, kind: str) -> tuple[int, int]:
    """Return an ack and its bits that are about a package of the subject."""
    match kind:
        case "32nd":
            return after(sequence, WINDOW), 1
        case "31st":
            return after(sequence, WINDOW - 1), 2
        case "33rd":
            return after(sequence, WINDOW + 1), 1
        case "all but it":
            return after(sequence, 3), _ALL ^ (1 << WINDOW - 3)
        case "far ahead":
            return after(sequence, 500), _ALL
    return sequence, 0


def first(jump: int) -> int:
    """Return the sequence of a first package, which may be any."""
    return jump if jump > 0 else after(_LAST, jump)
