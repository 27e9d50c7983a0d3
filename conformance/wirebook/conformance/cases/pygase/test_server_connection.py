"""Connections of a server: who gets one, and how long it lasts.

What may live here: cases about addresses, the connection time-out, and what comes after it.
"""

from __future__ import annotations

import time

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.drivers.pygase.controls import (
    POISON_ENTRY,
    check_time,
    expect_silence,
)
from wirebook.conformance.drivers.pygase.model import acked_by, after
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    PROTOCOL_ID,
    entry,
    filler,
    raw_event,
    raw_header,
    server_package,
)
from wirebook.conformance.drivers.pygase.player import INTERVAL, Player
from wirebook.conformance.drivers.pygase.raw_client import expect, pump
from wirebook.conformance.marks import feature, requires, slow
from wirebook.conformance.verdicts import Unsupported

TIME_OUT = 5.0
EARLIEST = 4.9
LATEST = 5.6
"""Seconds after its last accepted package, measured at our end, within which a server stops."""
BEYOND = 0.2
"""Seconds to listen on, so that a server that does not stop is heard after the latest time."""

_BODY = b"\x00\x00"
DISCARDED = {
    "other-protocol-id": b"\xff\xd0\xfa\xb8" + raw_header(1)[4:] + _BODY,
    "protocol-id-only": PROTOCOL_ID,
    "half-an-entry": raw_header(1) + _BODY + b"\x00",
    "bad-value": raw_header(1) + _BODY + entry(b"\xc1"),
    "bad-event": raw_header(1) + _BODY + POISON_ENTRY + entry(raw_event(args=b"\x80")),
    "too-large": raw_header(1) + _BODY + filler(LARGEST - 13),
    "server-package": server_package(1),
    "text": b"is anybody there?",
    "empty": b"",
}
NEXT_ADDRESS = "127.0.0.2"


@requires("PGS-CON-006", "PGS-SEQ-001")
def test_opens_a_connection_for_each_port(players: MakePlayer) -> None:
    """Clients on several ports of one address have connections of their own, from sequence 1 on."""
    everyone = [players(first_sequence=first) for first in (1, 1000, 60000)]
    for player in everyone:
        player.join()
    expect(everyone, lambda: all(len(p.accepted) > 3 for p in everyone), "packages for all")
    for player in everyone:
        first, last = player.accepted[0], player.accepted[-1]
        assert first.sequence == 1, f"expected sequence 1 for each client, got {first}"
        own = after(last.ack, -1)
        assert last.acks(own), f"expected acks of the client's own packages, got {last}"


@requires("PGS-CON-006")
def test_opens_a_connection_for_each_address(players: MakePlayer) -> None:
    """Clients on the same port of two addresses have connections of their own."""
    one = players()
    if not one.local[0].startswith("127."):
        raise Unsupported("the target is not on this machine's loopback network")
    try:
        other = players(first_sequence=1000, local=(NEXT_ADDRESS, one.local[1]))
    except OSError as error:
        raise Unsupported(f"cannot use {NEXT_ADDRESS}: {error.strerror}") from None
    one.join()
    other.join()
    expect([one, other], lambda: len(one.accepted) > 3 < len(other.accepted), "packages for both")
    assert other.accepted[0].sequence == 1, f"expected sequence 1, got {other.accepted[0]}"
    assert one.accepted[-1].ack < 1000 <= other.accepted[-1].ack, (
        f"expected acks of their own, got {one.accepted[-1]} and {other.accepted[-1]}"
    )


@requires("PGS-CON-007")
def test_answers_from_the_address_it_was_sent_to(player: Player) -> None:
    """All packages come from the address and port that the client sends to."""
    player.expect_packages(6)
    assert not player.strays, (
        f"expected packages from {player.endpoint.remote}, got {player.strays}"
    )


@feature("events")
@requires("PGS-CON-008")
@pytest.mark.parametrize("data", list(DISCARDED.values()), ids=list(DISCARDED))
def test_answers_no_datagram_that_it_discards(
    player: Player, strangers: MakeStranger, data: bytes
) -> None:
    """A datagram that is discarded opens no connection, so nothing comes back."""
    stranger = strangers()
    stranger.send_raw(data)
    expect_silence(stranger, player)


@feature("events")
@requires("PGS-CON-008", "PGS-CON-006")
def test_opens_a_connection_after_discarded_datagrams(player: Player, players: MakePlayer) -> None:
    """An address whose datagrams were discarded gets a connection by its first good package."""
    newcomer = players(first_sequence=7)
    newcomer.playing = False
    for data in DISCARDED.values():
        newcomer.send_raw(data)
    expect_silence(newcomer, player)
    newcomer.playing = True
    newcomer.join()
    first = newcomer.accepted[0]
    assert first.sequence == 1, f"expected sequence 1 of a new connection, got {first}"
    acked = acked_by(first.ack, first.bits)
    assert min(acked) >= 7, f"expected acks of package 7 and those after it only, got {first}"


def fall_silent(player: Player) -> float:
    """Send one last package and no more; return when it was sent."""
    player.expect_acked(player.send())
    player.playing = False
    sequence = player.send()
    now = time.monotonic()
    player.expect_acked(sequence)
    return now


@requires("PGS-CON-009", "PGS-TIM-002")
@slow
def test_stops_five_seconds_after_the_last_accepted_package(players: MakePlayer) -> None:
    """A server stops 5.0 s after the last package it accepted, whatever it has discarded since."""
    silent, noisy, late = players(), players(first_sequence=1000), players()
    everyone = [silent, noisy, late]
    for player in everyone:
        player.join()
    missing = late.skip()[0]
    began = {player: fall_silent(player) for player in (late, silent, noisy)}
    last = after(noisy.sequence, -1)
    for player in everyone:
        player.pace.begin()
    pump(everyone, lambda: send_what_is_discarded(noisy, last), TIME_OUT / 2)
    late.send(sequence=missing)
    end = began[noisy] + LATEST + BEYOND
    pump(everyone, lambda: send_what_is_discarded(noisy, last), end - time.monotonic())
    for player, who in ((silent, "a silent client"), (noisy, "a client that sends rubbish")):
        lasted = player.heard_at - began[player]
        check_time(player, EARLIEST, lasted, LATEST, f"of packages for {who}")
    lasted = late.heard_at - began[late]
    least = end - began[late] - 6 * INTERVAL
    check_time(late, least, lasted, least + TIME_OUT, "of packages after one that came late")


def send_what_is_discarded(player: Player, last: int) -> bool:
    """Send a datagram of every kind that a server discards, if some time has passed since."""
    now = time.monotonic()
    if now - player.sent_at > 0.1:
        player.send(sequence=last)
        player.send(sequence=after(last, -40))
        player.send_bad_block(b"\x00")
        player.send_raw(raw_header(0) + _BODY)
    return False


@requires("PGS-CON-010", "PGS-CON-011", "PGS-SEC-001")
@slow
def test_knows_who_goes_on_and_who_begins_anew(players: MakePlayer) -> None:
    """After a time-out, a newer package resumes the connection, and any other begins a new one."""
    old, new = players(), players()
    old.join()
    new.join()
    fall_silent(old)
    began = fall_silent(new)
    pump([old, new], lambda: False, began + LATEST - time.monotonic())
    check_resumption(old)
    check_new_connection(new)


def check_resumption(player: Player) -> None:
    """Check that a disconnected client that sends a newer package goes on where it stopped."""
    last = player.accepted[-1]
    player.fixed_ack = (0, 0)  # what is on its way still would validate a new connection
    sequence = player.send()
    first = player.expect_acked(sequence)
    assert first.sequence == after(last.sequence), (
        f"expected sequence {after(last.sequence)}, the next one, got {first}"
    )
    assert (first.ack, first.bits) == (sequence, (1 << 32 | last.bits) >> 1), (
        f"expected ack {sequence} and what was acked before, got {first} after {last}"
    )
    # The connection is validated as it was: one package is enough for many of the server.
    player.expect_packages(4)


def check_new_connection(player: Player) -> None:
    """Check that a disconnected client that sends sequence 1 again gets a new connection."""
    heard = len(player.packages)
    player.send_package(1)
    player.expect(lambda: len(player.packages) > heard, "an answer to a client that begins anew")
    first = player.packages[heard]
    assert (first.sequence, first.ack, first.bits) == (1, 1, 0), (
        f"expected sequence 1, ack 1 and no bits, got {first}"
    )
    player.pump_for(4 * INTERVAL)
    assert len(player.packages) == heard + 1, (
        f"expected one package for one, as of a connection that is not validated, "
        f"got {len(player.packages) - heard}"
    )
    player.send_package(2, ack=1)
    player.expect_packages(4)
    sequences = [package.sequence for package in player.packages[heard:]]
    assert sequences == list(range(1, len(sequences) + 1)), (
        f"expected sequences from 1 on, got {sequences}"
    )
