"""A client on bad networks: streams that are cut, joined, held up, slow, and reset.

What may live here: cases that play schedules of their own, whatever the network of the run is.
"""

from __future__ import annotations

import random

import pytest

from wirebook.conformance.cases.stream_scripts import MakeScript, on_bad_streams, reset_at
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made, received
from wirebook.conformance.drivers.packetmq.player import join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    ECHO,
    ITEM,
    check_sends,
    control,
    control_elsewhere,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.network import CaseNetwork, Direction
from wirebook.conformance.verdicts import Violation

MANY = 300
PAYLOADS = [None, 7, "text", b"octets", [1, 2.5, None], {"deep": [{"er": "x" * 300}]}]


@requires("PMQ-FRM-002", "PMQ-EXC-001", "PMQ-FRM-001")
@on_bad_streams
def test_reads_what_arrives_in_any_way(
    client: SteeredClient,
    raw_server: RawServer,
    network: CaseNetwork,
    rng: random.Random,
    make_script: MakeScript,
) -> None:
    """A handshake and packets give the same, however their octets arrive."""
    network.play(make_script(rng))
    line = join(client, address=raw_server.listen())
    token = control(client, line)
    line.send_all(frames.say(line.ids[ITEM], value) for value in PAYLOADS)
    expected = [received(ITEM, value) for value in PAYLOADS]
    client.wait_notified(line, made(), received(ITEM, token), *expected)
    for value in PAYLOADS:
        check_sends(client, line, value)


@requires("PMQ-LST-004", "PMQ-LST-001", "PMQ-ERR-001")
@pytest.mark.parametrize("direction", Direction)
def test_is_told_of_a_reset_in_the_middle(
    client: SteeredClient,
    raw_server: RawServer,
    network: CaseNetwork,
    rng: random.Random,
    direction: Direction,
) -> None:
    """A connection that the network resets in the middle of a packet is lost, and no other is."""
    control_elsewhere(client)
    network.play(reset_at(rng.randrange(1500, 1700), direction))
    line = join(client, address=raw_server.listen())
    for _ in range(MANY):
        if line.ended:
            break
        line.say(line.ids[ITEM], "x" * 40)
        client.try_to_send(ECHO, "y" * 40, line)
        raw_server.pump(0.01)
    if (reason := client.wait_lost(line)) is not None:
        raise Violation(f"expected the application to be told no reason, got {reason}")
    ends = [one for one in client.notified(line) if one == lost(None)]
    if len(ends) != 1:
        raise Violation(f"expected the application to be told of the loss once, got {ends}")
    control_elsewhere(client)
