"""A bad network as data, and what makes it so, between the suite and a target.

What may live here: schedules of what befalls each datagram or stream (`schedule.py`, `script.py`,
played by `course.py`, drawn by `drawing.py`), the relays that carry them out (`udp.py`, `tcp.py`),
the same at a driver's own socket (`line.py`), the network of one case (`case.py`), and how a
schedule is made small (`shrink.py`). No protocol is known here, and nothing is random once a
schedule is made: it can be printed, kept, and played again.
"""

from __future__ import annotations

from wirebook.conformance.network.case import CaseNetwork
from wirebook.conformance.network.drawing import NetworkOption, draw
from wirebook.conformance.network.line import Line
from wirebook.conformance.network.relay import Address
from wirebook.conformance.network.schedule import (
    DELIVERED,
    LOST,
    PERFECT,
    Fate,
    Flip,
    Rates,
    Schedule,
)
from wirebook.conformance.network.script import (
    Carrier,
    Direction,
    Effect,
    Entry,
    Place,
    Script,
)
from wirebook.conformance.network.shrink import Shrunk, shrink
from wirebook.conformance.network.tcp import TcpRelay
from wirebook.conformance.network.udp import UdpRelay

__all__ = [
    "DELIVERED",
    "LOST",
    "PERFECT",
    "Address",
    "Carrier",
    "CaseNetwork",
    "Direction",
    "Effect",
    "Entry",
    "Fate",
    "Flip",
    "Line",
    "NetworkOption",
    "Place",
    "Rates",
    "Schedule",
    "Script",
    "Shrunk",
    "TcpRelay",
    "UdpRelay",
    "draw",
    "shrink",
]
