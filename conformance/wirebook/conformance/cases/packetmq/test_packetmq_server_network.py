"""A server on bad networks: streams that are cut, joined, held up, slow, and reset.

What may live here: cases that play schedules of their own, whatever the network of the run is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.cases.stream_scripts import MakeScript, on_bad_streams, reset_at
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import expect_lost
from wirebook.conformance.marks import requires
from wirebook.conformance.network import CaseNetwork, Direction
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import State

PAYLOADS = [None, 7, "text", b"octets", [1, 2.5, None], {"deep": [{"er": "x" * 300}]}]
PATIENCE = 8.0
MANY = 300


@pytest.fixture
def near(link: Link) -> Iterator[Player]:
    """Give a client with a perfect network, by which a case sees that the server works."""
    with Player(replace(link, reach=lambda address: address)) as made:
        made.reach(State.CONFIRMED)
        yield made


@requires("PMQ-FRM-002", "PMQ-EXC-001", "PMQ-FRM-001")
@on_bad_streams
def test_reads_what_arrives_in_any_way(
    network: CaseNetwork,
    players: MakePlayer,
    near: Player,
    rng: random.Random,
    make_script: MakeScript,
) -> None:
    """A handshake and packets give the same, however their octets arrive."""
    network.play(make_script(rng))
    player = players(State.CONFIRMED)
    near.check_echo()
    values = [[token(), value] for value in PAYLOADS]
    mark = len(player.packets)
    player.send(*(frames.say(frames.ECHO, value) for value in values))
    player.expect(
        lambda: len(player.received(frames.ECHOED, mark)) >= len(values), "every echo", PATIENCE
    )
    echoed = [one.value for one in player.received(frames.ECHOED, mark)]
    if echoed != values:
        raise Violation(f"expected the echoes {values}, got {echoed}")
    near.check_echo()


@requires("PMQ-LST-004", "PMQ-LST-001", "PMQ-ERR-001")
@pytest.mark.parametrize("direction", Direction)
def test_is_told_of_a_reset_in_the_middle(
    network: CaseNetwork,
    players: MakePlayer,
    near: Player,
    rng: random.Random,
    direction: Direction,
) -> None:
    """A connection that the network resets in the middle of a packet is lost, and no other is."""
    network.play(reset_at(rng.randrange(1500, 1700), direction))
    player = players(State.CONFIRMED)
    number = player.number()
    for _ in range(MANY):
        player.say(frames.ECHO, token())
        if player.pump(lambda: player.over, 0.01):
            break
    expect_lost(near, number, None)
    told = near.told_of(number)
    if len(told) != 2:
        raise Violation(f"expected the connection to be made and lost once, got {told}")
    near.check_echo()


@requires("PMQ-LST-004", "PMQ-ERR-001")
@pytest.mark.parametrize("at", [1, 5, 17, 33])
def test_stands_a_reset_in_the_handshake(
    network: CaseNetwork, players: MakePlayer, near: Player, at: int
) -> None:
    """A connection that is reset in the handshake leaves the server to the others."""
    network.play(reset_at(at, Direction.TO))
    player = players(ORDER[0])
    player.send(frames.init(), frames.pubids(), frames.finish())
    player.expect_end()
    near.check_echo()
