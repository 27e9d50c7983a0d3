"""Text in internal packets, as str and as the bin that a peer for Python 2 sends.

What may live here: cases about keys, names and reasons that are bin.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.packetmq.inputs import SAME_TEXT_TWICE, each
from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import FINISH, INIT, PUBIDS, packed
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import (
    check_softquit,
    check_violation,
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import Reason, State

MALFORMED = Reason.MALFORMED.value
MEMBERS: dict[int, dict[str, Any]] = {
    INIT: {"version": 1},
    PUBIDS: {"adapt": True, "idmap": dict(frames.CLIENT_IDS)},
}


def _as_bin(value: Any) -> Any:
    """Return a value with every text in it as the octets that a peer for Python 2 sends."""
    if isinstance(value, dict):
        return {_as_bin(key): _as_bin(item) for key, item in value.items()}
    return value.encode() if isinstance(value, str) else value


MIXTURES: dict[str, dict[Any, Any]] = {
    "adapt": {b"adapt": True, "idmap": dict(frames.CLIENT_IDS)},
    "idmap": {"adapt": True, b"idmap": dict(frames.CLIENT_IDS)},
    "names": {"adapt": True, "idmap": _as_bin(dict(frames.CLIENT_IDS))},
    "one-name": {"adapt": True, "idmap": {**frames.CLIENT_IDS, b"a:b": 5}},
    "empty-map": {b"adapt": True, b"idmap": {}},
}


@requires("PMQ-MSG-012")
def test_reads_the_handshake_of_a_peer_for_python_2(newcomer: Player, witness: Player) -> None:
    """A handshake whose keys and names are all bin is the same as with str."""
    with unharmed(witness):
        newcomer.reach(State.CONN_MADE)
        newcomer.send(frames.say(INIT, _as_bin(MEMBERS[INIT])))
        newcomer.expect_packet(PUBIDS)
        newcomer.send(frames.say(PUBIDS, _as_bin(MEMBERS[PUBIDS])))
        newcomer.expect_packet(FINISH)
        newcomer.state = State.ACTIVE
        newcomer.join()


@requires("PMQ-MSG-012")
@pytest.mark.parametrize("value", MIXTURES.values(), ids=MIXTURES)
def test_reads_any_mixture_of_bin_and_str(
    players: MakePlayer, witness: Player, value: dict[Any, Any]
) -> None:
    """Each key and each name may be a bin, whatever the others are."""
    player = players(State.IDCHECK)
    with unharmed(witness):
        player.send(frames.say(PUBIDS, value))
        player.expect_packet(FINISH)
        player.state = State.ACTIVE
        player.join()


@requires("PMQ-MSG-012", "PMQ-HSK-003")
def test_reads_another_version_under_a_bin_key(players: MakePlayer, witness: Player) -> None:
    """What stands under a bin key counts: another version is another version."""
    player = players(State.CONN_MADE)
    octets = frames.say(INIT, {b"version": 2})
    check_violation(player, witness, Reason.VERSION_MISMATCH.value, octets)


@requires("PMQ-MSG-012", "PMQ-MSG-006", "PMQ-ERR-003")
@each(SAME_TEXT_TWICE)
def test_takes_bin_and_str_for_the_same_key(
    players: MakePlayer, witness: Player, octets: bytes
) -> None:
    """In an internal packet a str and a bin of the same octets are one key twice."""
    player = players(State.CONN_MADE)
    check_violation(player, witness, MALFORMED, frames.packet(INIT, octets))


@requires("PMQ-MSG-012", "PMQ-MSG-006", "PMQ-ERR-003")
@pytest.mark.parametrize("key", ["a:b", b"a:b"], ids=["str", "bin"])
def test_takes_bin_and_str_for_the_same_name(
    players: MakePlayer, witness: Player, key: Any
) -> None:
    """In an id map a name twice is malformed, also as a str and a bin."""
    player = players(State.IDCHECK)
    idmap = b"\x82" + packed("a:b") + b"\x11" + packed(key) + b"\x12"
    octets = b"\x82" + packed("adapt") + b"\xc3" + packed("idmap") + idmap
    check_violation(player, witness, MALFORMED, frames.packet(PUBIDS, octets))


@requires("PMQ-MSG-012", "PMQ-LST-001")
@pytest.mark.parametrize("key", ["reason", b"reason"], ids=["str", "bin"])
def test_reads_a_reason_that_is_a_bin(player: Player, witness: Player, key: Any) -> None:
    """The reason of a softquit may be a bin, and its key, too."""
    check_softquit(player, witness, packed({key: b"reason.python2"}), "reason.python2")
