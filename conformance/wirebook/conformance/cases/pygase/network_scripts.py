"""What befalls the datagrams in the cases about bad networks, and how these cases look at it.

What may live here: scripts that several cases play. What an implementation has to make of them is
in the cases.
"""

from __future__ import annotations

import random

from wirebook.conformance.drivers.pygase.model import Window
from wirebook.conformance.drivers.pygase.packages import HEADER, PROTOCOL_ID
from wirebook.conformance.network import (
    Carrier,
    Direction,
    Entry,
    Fate,
    Flip,
    Line,
    Place,
    Rates,
    Script,
    draw,
)

OPENING = 16
"""Datagrams of each direction that nothing befalls, so that a connection is there."""
LENGTH = 400

BAD = Rates(loss=0.2, duplication=0.15, reordering=0.2)
"""Far worse than the networks that games are played on."""
DOUBLING = Rates(loss=0.05, duplication=0.5, reordering=0.25)
LOSING = Rates(loss=0.35)


def drawn(rng: random.Random, rates: Rates) -> Script:
    """Draw a script that leaves the opening alone."""
    script = draw(Carrier.UDP, rng.getrandbits(32), rates, LENGTH)
    return script.with_entries(entry for entry in script.entries if entry.place.first >= OPENING)


def cut_off(begin: float, end: float) -> Script:
    """Return a script in which nothing goes through for a while, in neither direction."""
    place = Place(begin, end, seconds=True)
    lost = tuple(Entry(direction, place, Fate(())) for direction in Direction)
    return Script(Carrier.UDP, lost)


def late(rng: random.Random, seconds: float, last: int) -> Script:
    """Return a script in which the target gets datagrams late, and some never at all.

    After the last late one, nothing befalls any.
    """
    fates = draw(Carrier.UDP, rng.getrandbits(32), Rates(loss=0.1), last).entries
    lost = tuple(one for one in fates if one.place.first >= OPENING)
    slow = Entry(Direction.TO, Place(OPENING, last), Fate((seconds,)))
    return Script(Carrier.UDP, (*lost, slow))


def spoilt(rng: random.Random, count: int) -> Script:
    """Return a script in which some datagrams come with a wrong protocol id.

    UDP's own checksum keeps most damage from an application, but not all of it, and not everywhere.
    """
    numbers = rng.sample(range(OPENING, OPENING + 3 * count), count)
    flips = (Flip(rng.randrange(len(PROTOCOL_ID)), rng.randrange(8)) for _ in numbers)
    return Script(
        Carrier.UDP,
        tuple(
            Entry(Direction.TO, Place(number, number), Fate((0.0,), flip))
            for number, flip in zip(sorted(numbers), flips, strict=True)
        ),
    )


def window_of(line: Line | None) -> Window:
    """Return what a correct receiver makes of everything that has reached the target."""
    window = Window()
    window.take_all(reached(line))
    return window


def reached(line: Line | None) -> list[int]:
    """Return the sequences of the packages that have reached the target, in order."""
    datagrams = line.reached if line else []
    return [
        int.from_bytes(data[4:6])
        for data in datagrams
        if data.startswith(PROTOCOL_ID) and len(data) >= HEADER
    ]
