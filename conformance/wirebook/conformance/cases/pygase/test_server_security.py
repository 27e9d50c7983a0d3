"""What a server sends to an address that has not shown to be real.

What may live here: cases about connections that are not validated.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.drivers.pygase.packages import Event, client_package
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import RawClient, pump
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation

WATCHED_FOR = 1.5
FACTOR = 3


def check_amplification(stranger: RawClient, packages: int, octets: int) -> None:
    """Check that no more has come back than an address that is not validated may be sent."""
    if stranger.datagrams > packages:
        raise Violation(
            f"expected at most {packages} datagram(s) for {packages}, got {stranger.datagrams}"
        )
    if stranger.octets > FACTOR * octets:
        raise Violation(
            f"expected at most {FACTOR * octets} octets for {octets}, got {stranger.octets}"
        )


@requires("PGS-SEC-001", "PGS-SEC-002")
def test_answers_one_package_with_one(player: Player, strangers: MakeStranger) -> None:
    """A single package from an address that never answers draws one small package at most."""
    stranger = strangers()
    stranger.send_package(1)
    pump([player, stranger], lambda: False, WATCHED_FOR)
    check_amplification(stranger, 1, len(client_package(1)))


@requires("PGS-SEC-001", "PGS-SEC-002")
def test_answers_as_often_as_it_is_asked(player: Player, strangers: MakeStranger) -> None:
    """Packages that ack nothing draw no more packages and no more than three times the octets."""
    stranger = strangers()
    octets = 0
    for sequence in range(1, 11):
        stranger.send_package(sequence)
        octets += len(client_package(sequence))
        pump([player, stranger], lambda: False, 0.04)
        check_amplification(stranger, sequence, octets)
    pump([player, stranger], lambda: False, 0.5)
    check_amplification(stranger, 10, octets)
    assert stranger.datagrams, "expected an answer to valid packages, got nothing"


@requires("PGS-SEC-001", "PGS-SEC-002")
@pytest.mark.parametrize("what", ["duplicates", "malformed", "acks-of-nothing-sent"])
def test_earns_nothing_by_what_does_not_count(
    player: Player, strangers: MakeStranger, what: str
) -> None:
    """Discarded datagrams, and acks of packages that were never sent, allow a server no more."""
    stranger = strangers()
    first = client_package(1)
    stranger.send_raw(first)
    octets, packages = len(first), 1
    for sequence in range(2, 12):
        if what == "duplicates":
            stranger.send_raw(first)
        elif what == "malformed":
            stranger.send_raw(client_package(sequence) + bytes(1))
        else:
            stranger.send_package(sequence, ack=20000 + sequence, bits=0xFFFFFFFF)
            octets, packages = octets + len(first), packages + 1
    pump([player, stranger], lambda: False, 0.5)
    check_amplification(stranger, packages, octets)


@feature("events")
@requires("PGS-SEC-001", "PGS-SEC-002")
def test_events_of_strangers_draw_no_more(player: Player, strangers: MakeStranger) -> None:
    """Events that would be answered with much draw no more from a server than others."""
    stranger = strangers()
    events = [Event("BURST", [200]), Event("ECHO", ["x" * 500])]
    package = client_package(1, events=events)
    stranger.send_raw(package)
    pump([player, stranger], lambda: False, 0.5)
    check_amplification(stranger, 1, len(package))


@feature("events")
@requires("PGS-SEC-003")
def test_handles_events_of_strangers(player: Player, strangers: MakeStranger) -> None:
    """An event in the first package of a client that is not validated is handled."""
    token = player.token()
    strangers().send_package(1, events=[Event("BROADCAST", [token])])
    player.expect_event("BROADCAST", [token])


@feature("events")
@requires("PGS-SEC-003")
def test_answers_events_once_validated(players: MakePlayer) -> None:
    """What an event of the first package draws in answer is sent when the client is validated."""
    player = players()
    player.dispatch("ECHO", "at once")
    player.join()
    player.expect_event("ECHO", ["at once"])


@requires("PGS-SEC-001", "PGS-TIM-001")
def test_ack_of_its_package_validates(strangers: MakeStranger) -> None:
    """As soon as a client acks a package of the server, the server sends at its own rate."""
    client = strangers()
    client.send_package(1)
    first = client.expect_packages(1)[0]
    client.send_package(2, ack=first.sequence)
    client.expect_packages(8)
