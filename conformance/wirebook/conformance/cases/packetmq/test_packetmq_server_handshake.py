"""The handshake: what a server says and when, what it drops, and what its application is told.

What may live here: cases about the way to an active connection that are no pairs of the state table
(`test_packetmq_server_states.py`). Shapes of packets are in `test_packetmq_server_internal.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.cases.packetmq.state_inputs import OTHER_IDS, SAME_IDS_TWICE
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, ECHOED, FINISH, INIT, PUBIDS
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import (
    check_ignored,
    check_violation,
    expect_close,
    unharmed,
    until_told,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State


@requires("PMQ-HSK-001")
def test_speaks_first(newcomer: Player) -> None:
    """A server says its version without waiting for its peer."""
    value = newcomer.expect_packet(INIT).value
    assert value == {"version": 1}, f"expected version 1, got {value}"
    assert len(newcomer.packets) == 1, f"expected handshake_init only, got {newcomer.outcome()}"


@requires("PMQ-HSK-001", "PMQ-HSK-002")
def test_says_nothing_more_before_the_version_of_its_peer(
    newcomer: Player, witness: Player
) -> None:
    """The id map comes after the peer's version, and `handshake_finish` after its id map."""
    newcomer.reach(State.CONN_MADE)
    witness.check_echo()
    witness.check_echo()
    newcomer.drain()
    said = [one.id for one in newcomer.packets]
    assert said == [INIT], f"expected handshake_init only, got {said}"
    newcomer.reach(State.IDCHECK)
    witness.check_echo()
    witness.check_echo()
    newcomer.drain()
    said = [one.id for one in newcomer.packets]
    assert said == [INIT, PUBIDS], f"expected the id map and nothing else, got {said}"
    newcomer.join()


@requires("PMQ-HSK-003", "PMQ-SFQ-001")
def test_sends_no_id_map_to_another_version(players: MakePlayer, witness: Player) -> None:
    """A peer of another version gets a softquit and nothing else, whatever it goes on to send."""
    player = players(State.CONN_MADE)
    octets = frames.init(2), frames.init(), frames.pubids(), frames.finish()
    check_violation(player, witness, Reason.VERSION_MISMATCH.value, *octets)
    said = [one.id for one in player.packets]
    assert said == [INIT, frames.SOFTQUIT], f"expected packets 0 and 1, got {said}"


@requires("PMQ-HSK-004", "PMQ-HSK-007", "PMQ-SFQ-001")
@pytest.mark.parametrize("ids", [frames.SERVER_IDS, {}], ids=["same-ids", "no-ids"])
def test_sends_no_finish_to_a_peer_of_the_same_policy(
    players: MakePlayer, witness: Player, ids: Any
) -> None:
    """An enforcing peer gets a softquit, no `handshake_finish`, and no connection."""
    player = players(State.IDCHECK)
    octets = frames.pubids(adapt=False, ids=ids), frames.pubids(), frames.finish()
    check_violation(player, witness, Reason.SAME_POLICY.value, *octets)
    said = [one.id for one in player.packets]
    assert said == [INIT, PUBIDS, frames.SOFTQUIT], f"expected packets 0, 2 and 1, got {said}"


ALONE: Mapping[str, bytes] = {
    "finish": frames.finish(),
    "finish-twice": frames.finish() * 2,
    "pubids": frames.pubids(),
    "pubids-and-finish": frames.pubids() + frames.finish(),
    "finish-and-pubids": frames.finish() + frames.pubids(),
}


@requires("PMQ-HSK-009", "PMQ-HSK-010", "PMQ-HSK-011")
@pytest.mark.parametrize("octets", ALONE.values(), ids=ALONE)
def test_is_not_active_without_a_handshake(
    players: MakePlayer, witness: Player, octets: bytes
) -> None:
    """Without an init and an id map before it, `handshake_finish` makes nobody active."""
    player = players(State.CONN_MADE)
    sent = token()
    with unharmed(witness):
        player.send(octets, frames.say(ECHO, sent), frames.say(frames.BROADCAST, sent))
        witness.check_echo()
        made = [one for one in witness.history() if one[0] == "made"]
        player.join()
        number = player.number()
    assert ["made", number] not in made, f"expected no connection {number} yet, got {made[-3:]}"
    echoed = [one.value for one in player.received(ECHOED)]
    assert sent not in echoed, "expected an early packet to be dropped, got its echo"
    items = [one.value for one in witness.received(frames.ITEM)]
    assert sent not in items, "expected an early packet to be dropped, got its broadcast"


EARLY: Mapping[str, bytes] = {
    **{
        name.partition(":")[2]: frames.say(number, 1) for name, number in frames.APPLICATION.items()
    },
    "unknown-id": frames.say(9999, 1),
    "clients-own-id": frames.say(117, 1),
    "largest-id": frames.say(65535, 1),
    "without-payload": frames.packet(ECHO, b""),
    "malformed": frames.packet(ECHO, b"\xc1"),
    "too-deep": frames.packet(ECHO, b"\x91" * 90_000),
    "left-over": frames.packet(9999, b"\xc0\xc0"),
    "many": frames.say(ECHO, 1) * 500,
}


@requires("PMQ-HSK-010")
@pytest.mark.parametrize("state", ORDER[:2], ids=lambda state: state.name.lower())
@pytest.mark.parametrize("octets", EARLY.values(), ids=EARLY)
def test_drops_early_packets(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """Before the server is active no packet of the application counts, whatever is in it."""
    check_ignored(players(state), witness, octets)


@requires("PMQ-HSK-010", "PMQ-HSK-011", "PMQ-EXC-001")
def test_handles_packets_before_the_confirmation(players: MakePlayer, witness: Player) -> None:
    """Between its own and the peer's `handshake_finish` the server handles packets already."""
    player = players(State.ACTIVE)
    with unharmed(witness):
        number = player.number()
        told = witness.told_of(number)
        player.check_echo()
        assert not told, f"expected that nothing is told of {number} yet, got {told}"
        player.join()
        told = witness.told_of(number)
    assert told == [["made", number]], f"expected that {number} is made, got {told}"


@requires("PMQ-HSK-011")
def test_tells_once_that_the_connection_is_made(player: Player, witness: Player) -> None:
    """Repeating the handshake makes no further connection."""
    number = player.number()
    with unharmed(witness):
        again = frames.init(), frames.pubids(), frames.finish(), frames.finish()
        check_ignored(player, witness, *again)
        told = witness.told_of(number)
    assert told == [["made", number]], f"expected that {number} is made once, got {told}"


@requires("PMQ-HSK-005")
@pytest.mark.parametrize(
    "ids",
    [
        {},
        OTHER_IDS,
        SAME_IDS_TWICE,
        dict(reversed(list(frames.CLIENT_IDS.items()))),
        {**frames.CLIENT_IDS, "packetmq:softquit": 40_000},
        {"": 0, "no colon": 1, "a:b:c": 2, "\N{SNOWMAN}:x": 3},
        {f"many:{number}": number % 65536 for number in range(6000)},
    ],
    ids=["none", "others", "twice", "reversed", "moved", "no-names", "many"],
)
def test_is_active_whatever_names_its_peer_has(
    players: MakePlayer, witness: Player, ids: Any
) -> None:
    """An enforcing server does not compare names: that is for its adaptive peer to do."""
    player = players(State.IDCHECK)
    player.ids = ids
    with unharmed(witness):
        player.join()
        player.check_echo()


@requires("PMQ-LST-001", "PMQ-HSK-011")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
def test_tells_of_the_loss_in_every_state(
    players: MakePlayer, witness: Player, state: State
) -> None:
    """The application is told of every connection that is lost, also of one never made."""
    player = players(state)
    reason = f"reason.t{token()}"
    player.send(frames.softquit(reason))
    expect_close(player)
    told = until_told(
        witness,
        lambda told: any(one[2:] == [reason] for one in told),
        f"that a connection is lost with {reason}",
    )
    (lost,) = [one for one in told if one[2:] == [reason]]
    made = [one for one in told if one == ["made", lost[1]]]
    assert len(made) == (state is State.CONFIRMED), f"expected one made if confirmed, got {made}"
    assert [one for one in told if one[:2] == ["lost", lost[1]]] == [lost], "lost more than once"


STEPS: Mapping[str, Callable[[Player], None]] = {
    "init-alone": lambda player: player.send(frames.init()),
    "everything": lambda player: player.send(
        frames.init(), frames.pubids(), frames.finish(), frames.say(ECHO, 5)
    ),
    "leaving": lambda player: player.send(frames.init(2)),
}


@requires("PMQ-LST-003", "PMQ-HSK-002")
@pytest.mark.parametrize("name", STEPS)
def test_answers_a_peer_that_has_ended_its_stream(
    newcomer: Player, witness: Player, name: str
) -> None:
    """Whole frames before the end of a stream are answered, also in the handshake."""
    with unharmed(witness):
        STEPS[name](newcomer)
        newcomer.finish_sending()
        newcomer.expect_end()
    said = [one.id for one in newcomer.packets]
    expected = {
        "init-alone": [INIT, PUBIDS],
        "everything": [INIT, PUBIDS, FINISH, ECHOED],
        "leaving": [INIT, frames.SOFTQUIT],
    }[name]
    if said != expected:
        raise Violation(f"expected packets {expected} and a close, got {said}")
