"""What a server has to live through, and whom it has to serve meanwhile.

What may live here: cases that send many datagrams, valid or not.
"""

from __future__ import annotations

import random
import time

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakeStranger
from wirebook.conformance.drivers.pygase.controls import control, control_after_losses
from wirebook.conformance.drivers.pygase.model import difference
from wirebook.conformance.drivers.pygase.pace import ATTEMPTS, BAD, GOOD, fits
from wirebook.conformance.drivers.pygase.packages import (
    BOOK,
    PROTOCOL_ID,
    Event,
    client_package,
    raw_header,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import RawClient, pump
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.books import Malformed

GARBAGE = 200
FLOOD = 3000
"""Datagrams per second."""
FLOODED_FOR = 1.5
HOPELESS = BAD / 2
"""Packages per second: a server that is only as slow as the suite keeps more."""


def random_octets(rng: random.Random) -> bytes:
    """Return octets without any meaning."""
    return rng.randbytes(rng.randrange(0, 400))


def random_package(rng: random.Random) -> bytes:
    """Return the protocol id, and octets without any meaning after it."""
    return PROTOCOL_ID + random_octets(rng)


def random_events(rng: random.Random) -> bytes:
    """Return a valid header, and octets without any meaning after it."""
    return raw_header(rng.randrange(1, 65536)) + random_octets(rng)


def changed_package(rng: random.Random) -> bytes:
    """Return a well-formed package with some octets changed, cut out or put in."""
    value = {"a": [1, "x", b"y", None, True, 0.5], "b": {"c": {}}}
    event = Event("ECHO", ["x" * rng.randrange(50), value], {"k": value})
    data = bytearray(client_package(rng.randrange(1, 65536), events=[event, event]))
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(4, len(data))
        what = rng.randrange(3)
        if what == 0:
            data[at] = rng.randrange(256)
        elif what == 1:
            del data[at : at + rng.randrange(1, 4)]
        else:
            data[at:at] = rng.randbytes(rng.randrange(1, 4))
        if len(data) < 20:
            break
    return bytes(data)


KINDS = {
    "octets": random_octets,
    "packages": random_package,
    "event-blocks": random_events,
    "changed-packages": changed_package,
}


@feature("events")
@requires("PGS-ERR-001")
@pytest.mark.parametrize("kind", list(KINDS))
def test_survives_garbage(
    player: Player, strangers: MakeStranger, rng: random.Random, kind: str
) -> None:
    """A server lives on whatever octets it is sent from several addresses."""
    control(player)
    senders = [strangers() for _ in range(4)]
    for number in range(GARBAGE):
        rng.choice(senders).send_raw(KINDS[kind](rng))
        if number % 20 == 19:
            # Not faster than a server can read, so that every single datagram is looked at.
            pump([player, *senders], lambda: False, 0.01)
    control(player)


@feature("events")
@requires("PGS-ERR-001")
def test_survives_garbage_within_a_connection(player: Player, rng: random.Random) -> None:
    """A client may send garbage between its packages and is served all the same."""
    kinds = [random_octets, random_package]
    for number in range(GARBAGE):
        data = rng.choice(kinds)(rng)
        # Once in a while chance makes a package, whose sequence would move the window far away.
        if not is_package(data):
            player.send_raw(data)
        if number % 40 == 39:
            control(player)


def is_package(data: bytes) -> bool:
    """Tell whether octets happen to be a well-formed package."""
    try:
        BOOK.parse("client-package", data)
    except Malformed:
        return False
    return True


@feature("events")
@requires("PGS-ERR-001", "PGS-CON-006")
def test_survives_many_addresses(player: Player, strangers: MakeStranger) -> None:
    """Single packages from a hundred addresses shut out nobody who is in, and no newcomer."""
    for _ in range(100):
        strangers().send_package(1)
    control(player)
    newcomer = strangers()
    newcomer.send_package(1)
    newcomer.expect_packages(1)


def _flood(player: Player, flooder: RawClient) -> float:
    """Play while another client floods the server; return the rate that the server has kept."""
    count = int(FLOOD * FLOODED_FOR)
    packages = [raw_header(1 + number) + b"\x00\x00" for number in range(count)]
    flooder.note(f"{count} packages from here, {FLOOD} per second, are not recorded")
    player.expect_packages(1)
    start = player.accepted[-1]
    player.pace.begin()
    began, sent = time.monotonic(), 0
    while sent < count:
        due = min(int((time.monotonic() - began) * FLOOD), count)
        for package in packages[sent:due]:
            flooder.endpoint.send_unrecorded(package)
        sent = due
        pump([player, flooder], lambda: False, 0.005)
    last = player.accepted[-1]
    return difference(last.sequence, start.sequence) / (time.monotonic() - began)


@feature("events")
@requires("PGS-LIM-005", "PGS-ERR-001")
def test_serves_others_while_one_floods_it(player: Player, strangers: MakeStranger) -> None:
    """While one client sends 3000 packages per second, another is served 40 per second."""
    control(player)
    rates = []
    for _ in range(ATTEMPTS):
        rate = _flood(player, strangers())
        if fits(rate, GOOD):
            control_after_losses(player)
            return
        rates.append(f"{rate:.1f}")
        if not player.pace.starved or rate < HOPELESS:
            raise Violation(f"expected 40 packages per second in the flood, got {rate:.1f}")
    raise Inconclusive(f"the suite was too slow to flood and play at once: {', '.join(rates)} /s")
