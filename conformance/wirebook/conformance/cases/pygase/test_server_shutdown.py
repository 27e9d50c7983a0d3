"""Stopping a server by a datagram: who may, and who may not.

What may live here: cases about the datagrams `shutdown` and `shut_me_down`. Those that need to know
who the host client is start the server anew.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.going_on import must_go_on
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.drivers.pygase.controls import control
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect, pump
from wirebook.conformance.marks import feature, fresh_target, requires, slow
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Inconclusive, Violation

SHUTDOWN = b"shutdown"
SHUT_ME_DOWN = b"shut_me_down"
FORGOTTEN = 10.6
"""Seconds after which a server has forgotten a silent client: 5.0 until the time-out, and 5.0."""
STOPPING = 3.0
"""Seconds that a server may take to end after it was told to."""


def check_first(server: ServerHandle) -> None:
    """Give up if the suite had to speak to the server in order to find it ready."""
    if server.probed:
        raise Inconclusive("the suite has probed the server: its host client may be the probe")


def expect_stop(server: ServerHandle, player: Player) -> None:
    """Check that the server ends."""
    player.playing = False
    player.let_arrive()
    if not server.wait_ended(player.link.deadline(STOPPING)):
        raise Violation(f"expected the server to stop within {STOPPING} s, but it goes on")


def ask_to_stop(server: ServerHandle, player: Player) -> None:
    """Send the datagram that stops a server, of which this player is the host client."""
    server.expect_end()
    player.send_raw(SHUTDOWN, "shutdown")


@fresh_target
@requires("PGS-SHD-001")
def test_stops_when_its_host_client_says_so(
    target_server: ServerHandle, players: MakePlayer
) -> None:
    """The datagram `shutdown` of the first validated client stops the server."""
    check_first(target_server)
    host = players()
    host.join()
    ask_to_stop(target_server, host)
    expect_stop(target_server, host)


@fresh_target
@requires("PGS-SHD-005", "PGS-SHD-001")
def test_host_client_is_the_first_that_is_validated(
    target_server: ServerHandle, players: MakePlayer, strangers: MakeStranger
) -> None:
    """The host is the first client that was validated, not the first that came."""
    check_first(target_server)
    stranger = strangers()
    stranger.send_package(1)
    stranger.expect_packages(1)
    host, other = players(), players()
    host.join()
    other.join()
    with must_go_on(target_server):
        stranger.send_raw(SHUTDOWN, "shutdown")
        other.send_raw(SHUTDOWN, "shutdown")
        other.expect_packages(4)
    ask_to_stop(target_server, host)
    expect_stop(target_server, host)


@fresh_target
@feature("events")
@requires("PGS-SHD-005", "PGS-SHD-002")
@slow
def test_nobody_follows_the_host_client(target_server: ServerHandle, players: MakePlayer) -> None:
    """Once the host client is gone and forgotten, no other client may stop the server."""
    check_first(target_server)
    host, other = players(), players()
    host.join()
    other.join()
    host.playing = False
    pump([host, other], lambda: False, FORGOTTEN)
    newcomer = players()
    newcomer.join()
    with must_go_on(target_server):
        for player in (other, newcomer):
            player.send_raw(SHUTDOWN, "shutdown")
        expect_both_served(other, newcomer)


@fresh_target
@feature("events")
@requires("PGS-SHD-002", "PGS-SHD-005")
def test_does_not_stop_for_an_unvalidated_client(
    target_server: ServerHandle, players: MakePlayer, strangers: MakeStranger
) -> None:
    """The first client that sent a package is nobody's host as long as it is not validated."""
    check_first(target_server)
    stranger = strangers()
    stranger.send_package(1)
    stranger.expect_packages(1)
    with must_go_on(target_server):
        stranger.send_raw(SHUTDOWN, "shutdown")
        player = players()
        player.join()
        control(player)
        stranger.send_raw(SHUTDOWN, "shutdown")
        player.expect_packages(4)
        control(player)


@feature("events")
@requires("PGS-SHD-002")
def test_does_not_stop_for_another_client(target_server: ServerHandle, players: MakePlayer) -> None:
    """The datagram `shutdown` of a client that was not the first is discarded."""
    one, other = players(), players()
    one.join()
    other.join()
    control(other)
    with must_go_on(target_server):
        other.send_raw(SHUTDOWN, "shutdown")
        expect_both_served(one, other)


def expect_both_served(one: Player, other: Player) -> None:
    """Check that two clients are served, after the time that a server takes to stop."""
    before = len(one.packages)
    expect([one, other], lambda: len(one.packages) >= before + 8, "packages as before")
    control(one)
    control(other)


@feature("events")
@requires("PGS-SHD-002")
def test_does_not_stop_for_a_stranger(
    target_server: ServerHandle, player: Player, strangers: MakeStranger
) -> None:
    """The datagram `shutdown` from an address without a connection is discarded."""
    control(player)
    with must_go_on(target_server):
        strangers().send_raw(SHUTDOWN, "shutdown")
        player.expect_packages(8)
        control(player)


@feature("events")
@requires("PGS-SHD-003")
@pytest.mark.parametrize("who", ["stranger", "client"])
def test_heeds_no_shut_me_down(
    target_server: ServerHandle, player: Player, strangers: MakeStranger, who: str
) -> None:
    """The datagram `shut_me_down` is discarded, whoever sends it."""
    control(player)
    sender = player if who == "client" else strangers()
    with must_go_on(target_server):
        sender.send_raw(SHUT_ME_DOWN, "shutdown")
        player.expect_packages(8)
        control(player)


@fresh_target
@feature("events")
@requires("PGS-SHD-003")
def test_heeds_no_shut_me_down_of_its_host_client(
    target_server: ServerHandle, players: MakePlayer
) -> None:
    """The datagram `shut_me_down` is discarded even if the host client sends it."""
    host = players()
    host.join()
    control(host)
    with must_go_on(target_server):
        host.send_raw(SHUT_ME_DOWN, "shutdown")
        host.expect_packages(8)
        control(host)
