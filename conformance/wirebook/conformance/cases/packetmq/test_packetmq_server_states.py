"""Every state with every packet, by the book's own table.

What may live here: the pairs of the table, and what follows a softquit. The handshake's order and
what the application is told of it are in `test_packetmq_server_handshake.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.cases.packetmq.state_inputs import INPUTS
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, FINISH, PUBIDS
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import (
    check_ignored,
    check_violation,
    expect_close,
    expect_nothing_after_softquit,
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import HANDSHAKE, REASONS, Action, State
from wirebook.spec.states import Transition

FEW = 2
"""How many octets of each kind there are for a pair of the table that has no effect."""


def _rows(*actions: Action, states: tuple[State, ...] = ORDER) -> Iterator[tuple[Any, ...]]:
    """Yield what the table has of some actions: a title, the state, the row and the octets."""
    for (state, given), row in HANDSHAKE.rows.items():
        if state in states and isinstance(row, Transition) and row.action in actions:
            same = row.next_state is state and state is not State.CONFIRMED
            variants = list(INPUTS.get(given, {}).items())
            for name, octets in variants[:FEW] if same else variants:
                yield f"{state.name.lower()}-{given.name.lower()}-{name}", state, row, octets


def _table(*actions: Action) -> pytest.MarkDecorator:
    """Make a case of every state and input for which the book's table has one of some actions."""
    pairs = [
        pytest.param(state, row, octets, id=title, marks=requires(*row.requirements))
        for title, state, row, octets in _rows(*actions)
    ]
    return pytest.mark.parametrize(("state", "row", "octets"), pairs)


@requires("PMQ-HSK-009", "PMQ-HSK-010", "PMQ-EXC-003")
@_table(Action.IGNORE, Action.DROP, Action.HANDLE)
def test_goes_on_as_if_nothing_had_come(
    players: MakePlayer, witness: Player, state: State, row: Any, octets: bytes
) -> None:
    """What the table ignores, drops or handles without an answer leaves the state as it is."""
    assert row.next_state is state
    check_ignored(players(state), witness, octets)


@requires("PMQ-ERR-002", "PMQ-ERR-004")
@_table(*(action for action in REASONS if action is not Action.ABORT))
def test_leaves_with_the_reason_of_the_table(
    players: MakePlayer, witness: Player, state: State, row: Any, octets: bytes
) -> None:
    """What the table has the server leave for gets a softquit with the reason, and the end."""
    check_violation(players(state), witness, REASONS[row.action].value, octets)


@requires("PMQ-SFQ-005", "PMQ-SFQ-006")
@_table(Action.FLUSH)
def test_closes_at_a_softquit(
    players: MakePlayer, witness: Player, state: State, row: Any, octets: bytes
) -> None:
    """A softquit ends the connection in every state, and is not answered with one."""
    assert row.next_state is State.CLOSED
    player = players(state)
    with unharmed(witness):
        player.send(octets)
        expect_close(player)


@requires("PMQ-HSK-002", "PMQ-HSK-005")
@_table(Action.SEND_PUBIDS, Action.SEND_FINISH, Action.CONFIRM)
def test_goes_on_with_the_handshake(
    players: MakePlayer, witness: Player, state: State, row: Any, octets: bytes
) -> None:
    """What the table goes on for is answered, and leads to a connection that works."""
    player = players(state)
    with unharmed(witness):
        player.send(octets)
        answer = {Action.SEND_PUBIDS: PUBIDS, Action.SEND_FINISH: FINISH}.get(row.action)
        if answer is not None:
            player.expect_packet(answer)
        player.state = row.next_state
        player.join()
        player.check_echo()


LEAVING: Mapping[str, tuple[State, bytes]] = {
    "version": (State.CONN_MADE, frames.init(2)),
    "policy": (State.IDCHECK, frames.pubids(adapt=False)),
    "malformed": (State.ACTIVE, frames.packet(ECHO, b"\xc1")),
    "framing": (State.CONFIRMED, frames.frame(b"")),
    "unknown-packet": (State.CONFIRMED, frames.say(9999)),
    "application": (State.CONFIRMED, frames.say(frames.LEAVE, "reason.enough")),
}
"""Ways to make a server send a softquit: the state before, and what to send."""


LATE: Mapping[str, bytes] = {
    title.removeprefix("softquitted-"): octets
    for title, _, _, octets in _rows(Action.DROP, states=(State.SOFTQUITTED,))
}
AFTER = {
    **{f"framing-{name}": ("framing", octets) for name, octets in LATE.items()},
    **{f"{way}-everything": (way, b"".join(LATE.values())) for way in LEAVING},
}


@requires("PMQ-SFQ-002", "PMQ-SFQ-001", "PMQ-SFQ-006")
@pytest.mark.parametrize(("way", "octets"), AFTER.values(), ids=AFTER)
def test_drops_everything_after_its_softquit(
    players: MakePlayer, witness: Player, way: str, octets: bytes
) -> None:
    """After a softquit nothing that comes has any effect, be it good or bad."""
    before, leaving = LEAVING[way]
    player = players(before)
    with unharmed(witness):
        player.send(leaving)
        player.expect_packet(frames.SOFTQUIT)
        player.send(octets)
        player.send(frames.say(frames.BROADCAST, sent := token()))
        # The server has read this when it has answered the witness, which asks after it.
        witness.check_echo()
        player.finish_sending()
        player.expect_end()
        expect_nothing_after_softquit(player)
    items = [one.value for one in witness.received(frames.ITEM)]
    assert sent not in items, "expected a packet behind a softquit to be dropped, got its effect"
