"""The internal packets that a server sends: their shape, their order, and str for every text.

What may live here: cases that read the server's own packets and send little themselves.
"""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import FINISH, INIT, PUBIDS, SOFTQUIT
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import (
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import State


def _raw(player: Player, packet_id: int) -> Any:
    """Return the payload of the server's packet, with str and bin kept apart."""
    packet = player.expect_packet(packet_id)
    return msgpack.unpackb(packet.octets, raw=False, strict_map_key=False)


@requires("PMQ-INT-002", "PMQ-MSG-011", "PMQ-HSK-001")
def test_sends_an_init_of_the_right_shape(newcomer: Player) -> None:
    """The first packet of a server has the version, under a str, and nothing else."""
    value = _raw(newcomer, INIT)
    assert value == {"version": 1}, f"expected {{'version': 1}}, got {value!r}"


@requires("PMQ-INT-006", "PMQ-INT-002", "PMQ-MSG-011", "PMQ-PID-002")
def test_sends_pubids_of_the_right_shape(players: MakePlayer) -> None:
    """The id map of a server has all of its packets, the internal ones included, as strs."""
    value = _raw(players(State.IDCHECK), PUBIDS)
    expected = {"adapt": False, "idmap": dict(frames.SERVER_IDS)}
    assert value == expected, f"expected {expected}, got {value!r}"
    assert value["adapt"] is False, f"expected the boolean false, got {value['adapt']!r}"


@requires("PMQ-INT-007")
def test_sends_the_id_map_in_order(players: MakePlayer) -> None:
    """The internal packets come first, by id, then the others as they were registered."""
    names = list(_raw(players(State.IDCHECK), PUBIDS)["idmap"])
    expected = list(frames.SERVER_IDS)
    assert names == expected, f"expected the names in the order {expected}, got {names}"


@requires("PMQ-INT-009")
def test_sends_nil_in_a_finish(players: MakePlayer) -> None:
    """The payload of the server's `handshake_finish` is nil."""
    packet = players(State.ACTIVE).expect_packet(FINISH)
    assert packet.octets == b"\xc0", f"expected c0, got {packet.octets.hex(' ')}"


@requires("PMQ-INT-004", "PMQ-INT-002", "PMQ-MSG-011")
@pytest.mark.parametrize(
    "octets",
    [frames.frame(b""), frames.packet(FINISH, b""), frames.say(9999), frames.say(frames.LEAVE)],
    ids=["framing", "malformed", "unknownpacket", "of-the-application"],
)
def test_sends_a_softquit_of_the_right_shape(
    player: Player, witness: Player, octets: bytes
) -> None:
    """A softquit has a reason, which is a str, and nothing else."""
    with unharmed(witness):
        player.send(octets)
        value = _raw(player, SOFTQUIT)
    assert list(value) == ["reason"], f"expected a map with a reason and nothing else, got {value}"
    assert isinstance(value["reason"], str), f"expected a str, got {value['reason']!r}"
