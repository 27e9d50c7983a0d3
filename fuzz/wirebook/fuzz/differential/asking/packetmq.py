"""Asking a PacketMQ server: it echoes the payloads that it takes, and takes its leave of others.

What may live here: the questions, and what the answers mean.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.steps import Player
from wirebook.fuzz.differential.readings import Reading
from wirebook.spec import books

MESSAGE = "payload"
AT_A_TIME = 16

_HANDSHAKE = frames.init() + frames.pubids() + frames.finish()
_PATIENCE = 1.5


def ask(link: Link, batch: Sequence[bytes]) -> list[Reading]:
    """Have each payload echoed on a connection of its own."""
    player = Player(link, recorded=False)
    came = dict.fromkeys(range(len(batch)), b"")
    try:
        for peer, data in enumerate(batch):
            octets = _HANDSHAKE + frames.packet(frames.ECHO, data)
            player.do({"do": "send", "peer": peer, "hex": octets.hex()})
        waiting = set(came)
        end = time.monotonic() + _PATIENCE
        while waiting and time.monotonic() < end and link.alive():
            player.do({"do": "wait", "seconds": 0.005})
            for peer, data in player.drain():
                came[peer] += data
            waiting -= {peer for peer in waiting if _echo(came[peer]) or player.closed(peer)}
    finally:
        player.close()
    return [_answer(came[peer], peer in waiting) for peer in range(len(batch))]


def shown(reading: Reading) -> Reading:
    """Return a reading as it is: all of a payload comes back."""
    return reading


def _answer(came: bytes, waiting: bool) -> Reading:
    echo = _echo(came)
    if echo is None:
        return Reading(False, reason="no answer" if waiting else "the end of the connection")
    try:
        return Reading(True, books.get("packetmq").parse("payload", echo))
    except books.Malformed as malformed:
        broken = malformed.requirement
        return Reading(True, failed=f"an echo that breaks {broken}", requirement=broken)


def _echo(came: bytes) -> bytes | None:
    """Return the payload of the first echo among what has come."""
    try:
        whole, _ = frames.whole_frames(came)
    except books.Malformed:
        return None  # what a server may say is the business of the suite
    head = frames.LENGTH_OCTETS + 2
    ids = {int.from_bytes(one[frames.LENGTH_OCTETS : head]): one[head:] for one in reversed(whole)}
    return ids.get(frames.ECHOED)
