"""The state table of PacketMQ against what its chapter says in words."""

import pytest

from wirebook.spec import requirements
from wirebook.spec.packetmq.states import (
    HANDSHAKE,
    REASONS,
    Action,
    Input,
    Reason,
    State,
)
from wirebook.spec.states import Illegal, Transition

BEFORE_SOFTQUIT = (State.CONN_MADE, State.IDCHECK, State.ACTIVE, State.CONFIRMED)
FRAMES = [given for given in Input if given.name.startswith(("INIT", "PUBIDS", "PACKET"))]
FROM_PEER = [*FRAMES, Input.FINISH, Input.SOFTQUIT, Input.RESERVED, Input.FRAMING, Input.MALFORMED]


def test_every_rule_of_the_chapter_is_in_the_table() -> None:
    """The table cites every requirement of the chapter that it belongs to."""
    chapter = {
        found.id
        for found in requirements.load("packetmq").values()
        if found.page == "packetmq/states"
    }
    assert chapter
    assert chapter <= HANDSHAKE.requirements


def test_way_to_confirmed_is_the_handshake() -> None:
    """Only the three packets of the peer, in their order, lead forward."""
    forward = [
        (state, given, row.action, row.next_state)
        for (state, given), row in HANDSHAKE.rows.items()
        if isinstance(row, Transition)
        and row.next_state not in (state, State.SOFTQUITTED, State.CLOSED)
    ]
    assert forward == [
        (State.CONN_MADE, Input.INIT_SAME, Action.SEND_PUBIDS, State.IDCHECK),
        (State.IDCHECK, Input.PUBIDS_ADAPTIVE, Action.SEND_FINISH, State.ACTIVE),
        (State.IDCHECK, Input.PUBIDS_EQUAL_NAMES, Action.ADOPT, State.ACTIVE),
        (State.ACTIVE, Input.FINISH, Action.CONFIRM, State.CONFIRMED),
    ]


@pytest.mark.parametrize("given", FROM_PEER)
def test_peer_brings_about_nothing_illegal(given: Input) -> None:
    """Whatever a peer sends in whatever state, the table has a transition for it."""
    assert [state for state in State if isinstance(HANDSHAKE.rows[state, given], Illegal)] == []


@pytest.mark.parametrize("given", [Input.END, Input.RESET, Input.SEND, Input.LEAVE])
def test_ends_and_calls_are_never_illegal(given: Input) -> None:
    """A stream can end, and the application can call, in every state."""
    assert [state for state in State if isinstance(HANDSHAKE.rows[state, given], Illegal)] == []


@pytest.mark.parametrize("state", BEFORE_SOFTQUIT)
def test_softquit_is_obeyed_and_not_answered(state: State) -> None:
    """What waits is sent, the connection is closed, and no softquit goes back."""
    row = HANDSHAKE.step(state, Input.SOFTQUIT)
    assert (row.action, row.next_state) == (Action.FLUSH, State.CLOSED)


@pytest.mark.parametrize("given", FROM_PEER)
def test_everything_is_dropped_after_a_softquit(given: Input) -> None:
    """Who has taken leave reads nothing any more and sends nothing any more."""
    row = HANDSHAKE.step(State.SOFTQUITTED, given)
    assert (row.action, row.next_state) == (Action.DROP, State.SOFTQUITTED)


def test_softquits_are_sent_on_the_way_to_softquitted_and_nowhere_else() -> None:
    """Each action that sends one leads there, has its reason or the application's, and is used."""
    leaving = {
        row.action
        for row in HANDSHAKE.rows.values()
        if isinstance(row, Transition) and row.next_state is State.SOFTQUITTED
    } - {Action.DROP, Action.REFUSE, Action.IGNORE}
    assert leaving == {action for action in Action if action.name.startswith("LEAVE")}
    assert leaving - REASONS.keys() == {Action.LEAVE}
    for row in HANDSHAKE.rows.values():
        if isinstance(row, Transition) and row.action in leaving:
            assert row.next_state is State.SOFTQUITTED


def test_every_action_happens() -> None:
    """No action is left over from a row that is gone."""
    used = {row.action for row in HANDSHAKE.rows.values() if isinstance(row, Transition)}
    assert used == set(Action)


def test_application_packets_count_only_once_active() -> None:
    """They are dropped before, whatever their id; then known ones count and others end it."""
    for state in (State.CONN_MADE, State.IDCHECK):
        assert HANDSHAKE.step(state, Input.PACKET_KNOWN).action is Action.DROP
        assert HANDSHAKE.step(state, Input.PACKET_UNKNOWN).action is Action.DROP
        assert HANDSHAKE.step(state, Input.SEND).action is Action.REFUSE
    for state in (State.ACTIVE, State.CONFIRMED):
        assert HANDSHAKE.step(state, Input.PACKET_KNOWN).action is Action.HANDLE
        assert HANDSHAKE.step(state, Input.PACKET_UNKNOWN).action is Action.LEAVE_UNKNOWN_PACKET
        assert HANDSHAKE.step(state, Input.SEND).action is Action.SEND


def test_reasons_are_those_of_the_book() -> None:
    """Every reason of the procedures' table has a name, and the other way round."""
    page = (requirements.prose_folder() / "packetmq" / "procedures.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `reason.")]
    assert listed == [reason.value for reason in Reason]
