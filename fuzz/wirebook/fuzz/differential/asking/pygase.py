"""Asking a PyGaSe server: it acks the packages that it takes, and its application echoes events.

What may live here: the questions, and what the answers mean.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.packages import client_package
from wirebook.conformance.drivers.pygase.steps import Player
from wirebook.fuzz.differential.readings import UNSEEN, Reading
from wirebook.spec import books

MESSAGE = "client-package"
AT_A_TIME = 32

_ECHO = "ECHO"
_SEQUENCES = 65535
_PATIENCE = 1.5
"""Seconds to wait for the answer to a package that is certainly valid."""
_INTERVALS = 0.07
"""Seconds after that in which the answers to all packages before have to come."""


def ask(link: Link, batch: Sequence[bytes]) -> list[Reading]:
    """Send each datagram from an address of its own, and one that is valid behind them."""
    player = Player(link, recorded=False)
    came: dict[int, list[bytes]] = {}
    try:
        for peer, data in enumerate(batch):
            player.do({"do": "send", "peer": peer, "hex": data.hex()})
        last = len(batch)
        player.do({"do": "send", "peer": last, "hex": client_package(1).hex()})
        end = time.monotonic() + _PATIENCE
        while last not in came and time.monotonic() < end and link.alive():
            _collect(player, 0.005, came)
        _collect(player, _INTERVALS, came)
        validated = [peer for peer in came if peer != last and _ECHO.encode() in batch[peer]]
        for peer in validated:
            # Events are for clients that have acked something (PGS-SEC-001).
            player.do({"do": "send", "peer": peer, "hex": _next(batch[peer], came[peer][0]).hex()})
        if validated:
            _collect(player, _INTERVALS, came)
    finally:
        player.close()
    return [_answer(came, peer) for peer in range(len(batch))]


def shown(reading: Reading) -> Reading:
    """Return a reading with the events that come back as they are, and nothing else."""
    if not reading.taken:
        return reading
    events = [event for event in reading.value["events"] if event["type"] == _ECHO]
    # The server adds the address to the keyword arguments, and takes it out again.
    if not events or any("client_address" in event["handler_kwargs"] for event in events):
        return replace(reading, value=UNSEEN)
    return replace(reading, value=_rounded(events))


def _next(data: bytes, answer: bytes) -> bytes:
    """Return a package that comes after another one, and acks the answer to it."""
    before, acked = (int.from_bytes(octets[4:6]) for octets in (data, answer))
    return client_package(before % _SEQUENCES + 1, ack=acked)


def _answer(came: dict[int, list[bytes]], peer: int) -> Reading:
    if not came.get(peer):
        return Reading(False, reason="no answer")
    echoes = _echoes(came, peer)
    return Reading(True, _rounded(echoes) if echoes else UNSEEN)


def _collect(player: Player, seconds: float, came: dict[int, list[bytes]]) -> None:
    player.do({"do": "wait", "seconds": seconds})
    for peer, data in player.drain():
        came.setdefault(peer, []).append(data)


def _echoes(came: dict[int, list[bytes]], peer: int) -> list[dict[str, Any]]:
    found = []
    for data in came.get(peer, ()):
        try:
            package = books.get("pygase").parse("server-package", data)
        except books.Malformed:
            continue  # what a server may say is the business of the suite
        found += [event for event in package["events"] if event["type"] == _ECHO]
    return found


def _rounded(value: Any) -> Any:
    """Return a value with its floats as they travel in 32 bits (PGS-MSG-001)."""
    if isinstance(value, float):
        try:
            return struct.unpack(">f", struct.pack(">f", value))[0]
        except OverflowError:
            return value
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {_rounded(key): _rounded(item) for key, item in value.items()}
    return value
