"""What befalls the streams in the cases of TCP books that are about bad networks.

What may live here: scripts that the cases of several books play. What an implementation has to make
of them is in the cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from wirebook.conformance.network import (
    Carrier,
    Direction,
    Effect,
    Entry,
    Place,
    Rates,
    Script,
    draw,
)

MakeScript = Callable[[random.Random], Script]

_ALL = 100_000


def _both(first: int, last: int, effect: Effect) -> Script:
    place = Place(first, last)
    return Script(Carrier.TCP, tuple(Entry(way, place, effect) for way in Direction))


def octet_by_octet(_: random.Random) -> Script:
    """Return a script in which the first octets arrive one by one, in both directions."""
    return _both(0, 319, Effect("cut"))


def cut_anywhere(rng: random.Random) -> Script:
    """Return a script with cuts at octets that are drawn, and no pauses."""
    places = [sorted(rng.sample(range(3000), 400)) for _ in Direction]
    entries = (
        Entry(way, Place(at, at), Effect("cut"))
        for way, cuts in zip(Direction, places, strict=True)
        for at in cuts
    )
    return Script(Carrier.TCP, tuple(entries))


def joined(rng: random.Random) -> Script:
    """Return a script in which octets arrive together that were not sent together."""
    at, entries = rng.randrange(40, 120), []
    for _ in range(2):
        entries += [Entry(way, Place(at, at + 90), Effect("join")) for way in Direction]
        at += rng.randrange(150, 400)
    return Script(Carrier.TCP, tuple(entries))


def stalled(rng: random.Random) -> Script:
    """Return a script with pauses in the middle of whatever is sent."""
    return draw(Carrier.TCP, rng.getrandbits(32), Rates(loss=0.15, reordering=0.3), 24)


def slow(_: random.Random) -> Script:
    """Return a script of a slow line."""
    return _both(0, _ALL, Effect("rate", 3000))


BAD_STREAMS: dict[str, MakeScript] = {
    "octet-by-octet": octet_by_octet,
    "cut-anywhere": cut_anywhere,
    "joined": joined,
    "stalled": stalled,
    "slow": slow,
}

on_bad_streams = pytest.mark.parametrize(
    "make_script", list(BAD_STREAMS.values()), ids=list(BAD_STREAMS)
)
"""Runs a case on each of them."""


def reset_at(octet: int, direction: Direction) -> Script:
    """Return a script in which connections are reset after so many octets."""
    entry = Entry(direction, Place(octet, octet), Effect("reset"))
    return Script(Carrier.TCP, (entry,))
