"""Asking a PGNet server: it answers a request that it takes, and closes the connection on others.

The first request in the tunnel will do, whatever it says: one that is no login is answered, too.
What may live here: the questions, and what the answers mean.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.steps import Player
from wirebook.fuzz.differential.readings import UNSEEN, Reading

MESSAGE = "request"
AT_A_TIME = 8

_PATIENCE = 2.0


def ask(link: Link, batch: Sequence[bytes]) -> list[Reading]:
    """Send each request in a box, on a connection of its own."""
    player = Player(link, recorded=False)
    answered: set[int] = set()
    try:
        for peer in range(len(batch)):
            player.do({"do": "trade", "peer": peer})
        player.drain()
        for peer, data in enumerate(batch):
            player.do({"do": "seal", "peer": peer, "hex": data.hex()})
        waiting = set(range(len(batch)))
        end = time.monotonic() + _PATIENCE
        while waiting and time.monotonic() < end and link.alive():
            player.do({"do": "wait", "seconds": 0.005})
            answered |= {peer for peer, _ in player.drain()}
            waiting -= {peer for peer in waiting if peer in answered or player.closed(peer)}
        answered |= {peer for peer, _ in player.drain()}
    finally:
        player.close()
    return [
        Reading(True)
        if peer in answered
        else Reading(False, reason="no answer" if peer in waiting else "the end of the connection")
        for peer in range(len(batch))
    ]


def shown(reading: Reading) -> Reading:
    """Return whether a request is taken: for what, the game does not tell."""
    return replace(reading, value=UNSEEN)
