"""The internal packets: shapes that a server refuses or accepts, and what it sends itself.

What may live here: cases about the payloads of the ids 0 to 3. What they do to the state of a
connection is in `test_packetmq_server_handshake.py` and `test_packetmq_server_softquit.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.messagepack_octets import EXTENSIONS, nested_arrays
from wirebook.conformance.cases.packetmq.inputs import (
    BAD_INITS,
    BAD_PUBIDS,
    CHOSEN,
    MORE_MEMBERS,
    NO_REASONS,
    each,
    with_member,
)
from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import FINISH, INIT, PUBIDS, SOFTQUIT, packed
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player
from wirebook.conformance.drivers.packetmq.verify import (
    check_ignored,
    check_softquit,
    check_violation,
    expect_close,
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State

MALFORMED = Reason.MALFORMED.value
STATES = pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
WHERE_IT_COUNTS = {INIT: State.CONN_MADE, PUBIDS: State.IDCHECK, FINISH: State.ACTIVE}
INTERNAL = pytest.mark.parametrize(
    "packet_id", WHERE_IT_COUNTS, ids=["handshake-init", "handshake-pubids", "handshake-finish"]
)
FINISH_PAYLOADS = {
    "true": b"\xc3",
    "integer": b"\x07",
    "str": packed("done"),
    "bin": packed(b"\xff"),
    "array": packed([1, [2]]),
    "map": packed({"version": 2, "reason": "reason.bye"}),
    "empty-map": b"\x80",
    "extension": EXTENSIONS["timestamp-64"],
    "deep": nested_arrays(32),
    "nil-in-an-array": b"\x91\xc0",
}
MEMBERS: dict[int, dict[str, Any]] = {
    INIT: {"version": 1},
    PUBIDS: {"adapt": True, "idmap": dict(frames.CLIENT_IDS)},
}


@requires("PMQ-INT-003", "PMQ-ERR-003")
@each(BAD_INITS)
def test_leaves_at_an_init_of_another_shape(
    players: MakePlayer, witness: Player, octets: bytes
) -> None:
    """A first `handshake_init` without an integer for its version is a violation."""
    player = players(State.CONN_MADE)
    check_violation(player, witness, MALFORMED, frames.packet(INIT, octets))


@requires("PMQ-INT-003", "PMQ-ERR-003")
@pytest.mark.parametrize("state", ORDER[1:], ids=lambda state: state.name.lower())
@each({name: BAD_INITS[name] for name in ("nil", "empty-map", "version-true", "version-float")})
def test_looks_into_an_init_that_it_would_ignore(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """The shape of `handshake_init` counts in states that ignore a well-formed one, too."""
    check_violation(players(state), witness, MALFORMED, frames.packet(INIT, octets))


@requires("PMQ-INT-008", "PMQ-ERR-003", "PMQ-HSK-007")
@each(BAD_PUBIDS)
def test_leaves_at_pubids_of_another_shape(
    players: MakePlayer, witness: Player, octets: bytes
) -> None:
    """`handshake_pubids` without a boolean and a map of texts to ids is a violation."""
    player = players(State.IDCHECK)
    check_violation(player, witness, MALFORMED, frames.packet(PUBIDS, octets))
    if player.received(FINISH):
        raise Violation(f"expected no handshake_finish, got {player.received(FINISH)[0]}")


@requires("PMQ-INT-008", "PMQ-ERR-003")
@pytest.mark.parametrize(
    "state",
    [State.CONN_MADE, State.ACTIVE, State.CONFIRMED],
    ids=lambda state: state.name.lower(),
)
@each(
    {
        name: BAD_PUBIDS[name]
        for name in ("nil", "without-adapt", "adapt-one", "idmap-array", "id-65536", "name-integer")
    }
)
def test_looks_into_pubids_that_it_would_ignore(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """The shape of `handshake_pubids` counts in states that ignore a well-formed one, too."""
    check_violation(players(state), witness, MALFORMED, frames.packet(PUBIDS, octets))


@requires("PMQ-ERR-003")
@INTERNAL
@pytest.mark.parametrize(("requirement", "octets"), CHOSEN.values(), ids=CHOSEN)
def test_leaves_at_malformed_internal_packets(
    players: MakePlayer, witness: Player, packet_id: int, requirement: str, octets: bytes
) -> None:
    """What is no payload at all is none in an internal packet either."""
    witness.note(f"the payload breaks {requirement}")
    player = players(WHERE_IT_COUNTS[packet_id])
    check_violation(player, witness, MALFORMED, frames.packet(packet_id, octets))


@requires("PMQ-ERR-003")
@STATES
@INTERNAL
def test_leaves_at_internal_packets_without_a_payload(
    players: MakePlayer, witness: Player, state: State, packet_id: int
) -> None:
    """A frame with nothing but the id of an internal packet is malformed in every state."""
    check_violation(players(state), witness, MALFORMED, frames.packet(packet_id, b""))


@requires("PMQ-ERR-003", "PMQ-INT-001")
@pytest.mark.parametrize("packet_id", MEMBERS, ids=["handshake-init", "handshake-pubids"])
@pytest.mark.parametrize(("requirement", "octets"), CHOSEN.values(), ids=CHOSEN)
def test_leaves_at_malformed_members_that_it_does_not_know(
    players: MakePlayer, witness: Player, packet_id: int, requirement: str, octets: bytes
) -> None:
    """A member that is ignored has to be a value all the same."""
    witness.note(f"the member breaks {requirement}")
    player = players(WHERE_IT_COUNTS[packet_id])
    payload = with_member(MEMBERS[packet_id], (packed("more"), octets), first=False)
    check_violation(player, witness, MALFORMED, frames.packet(packet_id, payload))


@requires("PMQ-INT-001")
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("packet_id", MEMBERS, ids=["handshake-init", "handshake-pubids"])
@pytest.mark.parametrize("name", MORE_MEMBERS)
def test_ignores_members_that_it_does_not_know(
    players: MakePlayer, witness: Player, packet_id: int, name: str, *, first: bool
) -> None:
    """An internal packet with a further member is the same as without it."""
    player = players(WHERE_IT_COUNTS[packet_id])
    payload = with_member(MEMBERS[packet_id], MORE_MEMBERS[name], first=first)
    with unharmed(witness):
        player.send(frames.packet(packet_id, payload))
        answer, state = (PUBIDS, State.IDCHECK) if packet_id == INIT else (FINISH, State.ACTIVE)
        player.expect_packet(answer)
        player.state = state
        player.join()


@requires("PMQ-INT-001", "PMQ-INT-005")
@pytest.mark.parametrize("name", [one for one in MORE_MEMBERS if one != "known-elsewhere"])
def test_ignores_members_of_a_softquit_that_it_does_not_know(
    player: Player, witness: Player, name: str
) -> None:
    """A softquit with a further member has the same reason as without it."""
    payload = with_member({"reason": "reason.more"}, MORE_MEMBERS[name], first=True)
    check_softquit(player, witness, payload, "reason.more")


@requires("PMQ-INT-005", "PMQ-SFQ-005", "PMQ-SFQ-006")
@each(NO_REASONS)
def test_takes_a_softquit_without_a_text_for_one_without_a_reason(
    player: Player, witness: Player, octets: bytes
) -> None:
    """A softquit of any other shape is one with `reason.unknown`."""
    check_softquit(player, witness, octets, Reason.UNKNOWN.value)


@requires("PMQ-INT-005", "PMQ-SFQ-005")
@pytest.mark.parametrize("state", ORDER[:-1], ids=lambda state: state.name.lower())
@each({name: NO_REASONS[name] for name in ("nil", "empty-map", "reason-integer", "str")})
def test_takes_a_softquit_of_another_shape_in_every_state(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """The same holds before the connection is made."""
    player = players(state)
    with unharmed(witness):
        player.send(frames.packet(SOFTQUIT, octets))
        expect_close(player)


@requires("PMQ-INT-005", "PMQ-SFQ-006", "PMQ-ERR-003")
@pytest.mark.parametrize(("requirement", "octets"), CHOSEN.values(), ids=CHOSEN)
def test_takes_a_malformed_softquit_for_one_without_a_reason(
    player: Player, witness: Player, requirement: str, octets: bytes
) -> None:
    """A softquit is not answered with one, not even if it cannot be read."""
    witness.note(f"the payload breaks {requirement}")
    check_softquit(player, witness, octets, Reason.UNKNOWN.value)


@requires("PMQ-INT-005", "PMQ-SFQ-006")
@STATES
@pytest.mark.parametrize("octets", [b"", b"\xc1", b"\x91" * 90_000], ids=["none", "c1", "deep"])
def test_takes_a_malformed_softquit_for_one_in_every_state(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """The same holds before the connection is made."""
    player = players(state)
    with unharmed(witness):
        player.send(frames.packet(SOFTQUIT, octets))
        expect_close(player)


@requires("PMQ-INT-010", "PMQ-HSK-011")
@each(FINISH_PAYLOADS)
def test_does_not_look_into_a_finish(players: MakePlayer, witness: Player, octets: bytes) -> None:
    """`handshake_finish` confirms the connection, whatever its payload is."""
    player = players(State.ACTIVE)
    number = player.number()
    with unharmed(witness):
        player.send(frames.packet(FINISH, octets))
        player.check_echo()
        told = player.told_of(number)
    assert told == [["made", number]], f"expected that {number} is made, got {told}"


@requires("PMQ-INT-010", "PMQ-HSK-009")
@pytest.mark.parametrize(
    "state",
    [State.CONN_MADE, State.IDCHECK, State.CONFIRMED],
    ids=lambda state: state.name.lower(),
)
@each({name: FINISH_PAYLOADS[name] for name in ("true", "map", "extension")})
def test_ignores_a_finish_out_of_its_state_whatever_is_in_it(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """In other states `handshake_finish` is ignored, and its payload still not looked at."""
    check_ignored(players(state), witness, frames.packet(FINISH, octets))
