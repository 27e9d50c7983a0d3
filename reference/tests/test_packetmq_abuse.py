"""Whatever arrives, whenever it does: a side lives, and keeps what the book promises."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_packetmq import (
    CLIENT_IDS,
    CLIENT_PUBIDS,
    SERVER_PUBIDS,
    Side,
    leave,
    packet,
    packets_in,
)
from tests.helpers_reference import covers
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core.happenings import Carrier, Lost, Made
from wirebook.reference.packetmq.core.internal import FINISH, INIT
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import NotActive
from wirebook.spec.packetmq.states import State

LIMITS = Limits(octets_to_send=2000)
ACTIVE = (State.ACTIVE, State.CONFIRMED)

frames = (
    st.sampled_from([INIT, CLIENT_PUBIDS, SERVER_PUBIDS, FINISH, leave("reason.bye")])
    | st.builds(packet, st.sampled_from([0, 1, 2, 3, 9, 17, 18, 40, 999]), st.integers(0, 2))
    | st.builds(codec.frame, st.integers(0, 20), st.binary(max_size=8))
)
actions = st.one_of(
    st.tuples(st.just("arrives"), st.lists(frames, max_size=6).map(b"".join)),
    st.tuples(st.just("arrives"), st.lists(frames, max_size=6).map(b"".join)),
    st.tuples(st.just("arrives"), st.binary(max_size=8)),
    st.tuples(st.just("passes"), st.sampled_from([0.0, 0.1, 2.0, 4.9, 5.0, 11.0])),
    st.tuples(st.just("sends"), st.integers(0, 900)),
    st.tuples(st.just("leaves")),
    st.tuples(st.just("ends")),
    st.tuples(st.just("resets")),
)
begins = st.sampled_from([b"", INIT, INIT + CLIENT_PUBIDS + FINISH, INIT + SERVER_PUBIDS + FINISH])


@covers("PMQ-LST-001", "PMQ-SFQ-001", "PMQ-ERR-001", "PMQ-LIM-002", "PMQ-LIM-003")
@settings(max_examples=300)
@given(st.booleans(), begins, st.lists(actions, max_size=25))
def test_nothing_that_happens_breaks_a_side(
    adaptive: bool, begin: bytes, script: list[Any]
) -> None:
    """The application is told once, a softquit is the last word, and every timer has an end."""
    side = Side(CLIENT_IDS, adaptive=adaptive, limits=LIMITS).feed(begin)
    for action, *details in script:
        match action:
            case "arrives":
                side.feed(details[0])
            case "passes":
                side.wait(details[0])
            case "sends":
                _send(side, bytes([0xC5]) + details[0].to_bytes(2) + bytes(details[0]))
            case "leaves":
                side.core.leave("reason.own")
            case "ends":
                side.end()
            case "resets":
                side.core.reset()
        side.settle()
        assert side.core.kept <= 4 + codec.MAX_LENGTH
        assert side.core.waiting <= LIMITS.octets_to_send
    lost = [thing for thing in side.happened if isinstance(thing, Lost)]
    assert len(lost) <= 1
    assert side.happened.count(Made()) <= 1
    assert not lost or side.happened[-1] == lost[0]
    sent = [packet_id for packet_id, _ in packets_in(side.octets)]
    assert 1 not in sent[:-1]
    if not lost and side.core.state is State.CONFIRMED:
        assert side.core.next_timer() is None
        return
    side.wait(11.0)
    assert side.core.carrier is Carrier.ABORT
    assert side.core.next_timer() is None


def _send(side: Side, payload: bytes) -> None:
    active = side.core.state in ACTIVE and side.core.carrier is Carrier.OPEN
    try:
        side.core.send(min(side.core.ids.by_id), payload)
    except NotActive:
        assert not active
    else:
        assert active
