"""A client on bad networks: streams that are cut, joined, held up, slow, and reset.

What may live here: cases that play schedules of their own, whatever the network of the run is.
"""

from __future__ import annotations

import contextlib
import random

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.cases.stream_scripts import MakeScript, on_bad_streams, reset_at
from wirebook.conformance.drivers.pgnet.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.conformance.network import CaseNetwork, Direction, Script
from wirebook.conformance.verdicts import Violation

EXCHANGES = 4


@requires("PGN-WSB-003", "PGN-CLI-001", "PGN-CLI-004")
@on_bad_streams
def test_reads_what_arrives_in_any_way(
    client: ClientUnderTest,
    raw_server: RawServer,
    network: CaseNetwork,
    rng: random.Random,
    make_script: MakeScript,
) -> None:
    """The opening and responses give the same, however their octets arrive."""
    _play(network, raw_server, make_script(rng))
    client.open()
    for _ in range(EXCHANGES):
        client.exchange(raw_server.connections[-1])


@requires("PGN-CLI-007", "PGN-CLI-004")
@pytest.mark.parametrize("direction", Direction)
def test_is_told_of_a_reset_in_the_middle(
    client: ClientUnderTest,
    raw_server: RawServer,
    network: CaseNetwork,
    rng: random.Random,
    direction: Direction,
) -> None:
    """A connection that the network resets in the middle of a message ends, and another works."""
    near = raw_server.address
    _play(network, raw_server, reset_at(rng.randrange(2000, 2300), direction))
    connection = client.open_game(rate=40)
    # Heartbeats are answered meanwhile, until it is cut off.
    with contextlib.suppress(Violation):
        connection.next("nothing but heartbeats", seconds=4.0)
    client.wait_disconnected("after a reset")
    client.wait_game(None, "after a reset")
    raw_server.address = near
    client.starts_over()


def _play(network: CaseNetwork, server: RawServer, script: Script) -> None:
    network.play(script)
    server.address = network.offer(server.address)
