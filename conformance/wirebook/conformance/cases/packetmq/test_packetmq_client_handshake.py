"""Cases: a client's way through the handshake, every state with every packet.

What may live here: what a client makes of the internal packets, by the book's own table. Names and
ids are in `test_packetmq_client_ids.py`, timers in `test_packetmq_client_timers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, made, received
from wirebook.conformance.drivers.packetmq.player import ORDER, advance, bring_to
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    ITEM,
    check_ignored,
    check_violation,
    control,
    control_elsewhere,
    expect_refusal,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import (
    HANDSHAKE,
    REASONS,
    VERSION,
    Action,
    Input,
    State,
)
from wirebook.spec.states import Transition

OTHER_NAMES = {**frames.INTERNAL, "other:packet": 17}
UNUSABLE = {**frames.SERVER_IDS, "conformance:echo": 3}

ADAPTIVE, ENFORCING = "adaptive", "enforcing"

INPUTS = {
    Input.INIT_SAME: frames.init(),
    Input.INIT_OTHER: frames.init(2),
    Input.FINISH: frames.finish(),
    Input.RESERVED: b"".join(frames.packet(number, b"\xc1") for number in range(4, 16)),
    Input.PACKET_KNOWN: frames.say(frames.CLIENT_IDS[ITEM], 1),
    Input.PACKET_UNKNOWN: frames.say(999, 1),
    Input.FRAMING: frames.frame(b"", claim=1) + b"\x00",
    Input.MALFORMED: frames.packet(frames.INIT, b"\xc1"),
}
PUBIDS_TO_ADAPTIVE = {
    Input.PUBIDS_SAME_POLICY: frames.pubids(adapt=True, ids=frames.SERVER_IDS),
    Input.PUBIDS_UNUSABLE: frames.pubids(adapt=False, ids=UNUSABLE),
    Input.PUBIDS_OTHER_NAMES: frames.pubids(adapt=False, ids=OTHER_NAMES),
    Input.PUBIDS_EQUAL_NAMES: frames.pubids(adapt=False, ids=frames.SERVER_IDS),
}
PUBIDS_TO_ENFORCING = {
    Input.PUBIDS_SAME_POLICY: frames.pubids(adapt=False, ids=frames.SERVER_IDS),
    Input.PUBIDS_ADAPTIVE: frames.pubids(adapt=True, ids=OTHER_NAMES),
}
"""An enforcing side looks at the peer's policy and nothing else."""
OF_NO_STATE = {
    Input.RESERVED,
    Input.PACKET_UNKNOWN,
    Input.PACKET_KNOWN,
    Input.FRAMING,
    Input.MALFORMED,
}
"""What is no packet of the handshake."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A state of the client and something that comes from its server then."""

    policy: str
    state: State
    given: Input
    octets: bytes

    @property
    def action(self) -> Action:
        """What the book's table says that the client does."""
        row = HANDSHAKE.rows[self.state, self.given]
        assert isinstance(row, Transition)
        return row.action

    def __str__(self) -> str:
        return f"{self.policy}-{self.state.name}-{self.given.name}".lower().replace("_", "-")


PAIRS = [
    Pair(policy, state, given, octets)
    for policy, pubids in ((ADAPTIVE, PUBIDS_TO_ADAPTIVE), (ENFORCING, PUBIDS_TO_ENFORCING))
    for state in ORDER
    for given, octets in (INPUTS | pubids).items()
]


def pairs(*actions: Action, internal: bool = True) -> pytest.MarkDecorator:
    """Make a case of each pair with one of these actions, of internal packets or of others."""
    chosen = [
        pair
        for pair in PAIRS
        if pair.action in actions and (pair.given not in OF_NO_STATE) is internal
    ]
    assert chosen
    return pytest.mark.parametrize("pair", chosen, ids=str)


def check_leaves(client: SteeredClient, pair: Pair) -> None:
    """Check that the client takes its leave in the pair's state, with the reason of the table."""
    take_policy(client, pair.policy)
    line = bring_to(client, pair.state)
    line.send(pair.octets)
    expect_refusal(client, line, REASONS[pair.action])
    control_elsewhere(client)


def check_breaks_off(client: SteeredClient, pair: Pair) -> None:
    """Check the same, with packets before and behind of which only the former count."""
    take_policy(client, pair.policy)
    check_violation(client, bring_to(client, pair.state), REASONS[pair.action], pair.octets)


def take_policy(client: SteeredClient, policy: str) -> None:
    """Have the client be adaptive, as it is without being told, or enforcing."""
    if policy == ENFORCING:
        client.register(adapt=False)


both_policies = pytest.mark.parametrize("policy", [ADAPTIVE, ENFORCING])


@requires("PMQ-HSK-001", "PMQ-FRM-001", "PMQ-PID-001")
def test_speaks_first(client: SteeredClient, raw_server: RawServer) -> None:
    """A client says which version it speaks as soon as it is connected, to a silent server."""
    line = client.connect()
    packet = raw_server.expect(line, frames.INIT, seconds=client.patience())
    if packet.value["version"] != VERSION or line.kinds != [frames.INIT]:
        raise Violation(f"expected handshake_init with version 1 and nothing else, got {line}")
    advance(client, line, State.CONN_MADE, State.CONFIRMED)
    control(client, line)


@both_policies
@requires("PMQ-HSK-002", "PMQ-HSK-005", "PMQ-HSK-008", "PMQ-HSK-011")
def test_handshake(client: SteeredClient, policy: str) -> None:
    """A client says three packets, each in its turn, and tells its application at the end."""
    take_policy(client, policy)
    line = bring_to(client, State.CONN_MADE)
    said = [frames.INIT, frames.PUBIDS, frames.FINISH]
    for before, state, count in zip(ORDER, ORDER[1:], (2, 3, 3), strict=False):
        if client.notified(line):
            raise Violation(f"expected no callback in the state {before.value}")
        advance(client, line, before, state)
        if line.kinds != said[:count]:
            raise Violation(f"expected {count} packets in the state {state.value}, got {line}")
    control(client, line)


@both_policies
@requires("PMQ-FRM-002", "PMQ-HSK-005", "PMQ-HSK-008", "PMQ-HSK-011")
def test_handshake_in_one_piece(client: SteeredClient, raw_server: RawServer, policy: str) -> None:
    """A server that says everything at once, before it has heard anything, is understood."""
    take_policy(client, policy)
    line = client.connect()
    line.ids = dict(frames.SERVER_IDS if client.adapt else frames.CLIENT_IDS)
    pubids = frames.pubids(adapt=not client.adapt, ids=frames.SERVER_IDS)
    item = frames.say(line.ids[ITEM], 7)
    line.send_all([frames.init(), pubids, frames.finish(), item])
    client.wait_notified(line, made(), received(ITEM, 7))
    raw_server.expect(line, frames.FINISH)
    control(client, line)


@pairs(Action.IGNORE)
@requires("PMQ-HSK-009", "PMQ-HSK-011")
def test_out_of_turn(client: SteeredClient, pair: Pair) -> None:
    """An internal packet that comes in another state than its own is ignored."""
    take_policy(client, pair.policy)
    check_ignored(client, bring_to(client, pair.state), pair.state, pair.octets)


@pairs(Action.IGNORE, internal=False)
@requires("PMQ-EXC-003")
def test_reserved_id(client: SteeredClient, pair: Pair) -> None:
    """An internal packet with an id from 4 to 15 is ignored, whatever it holds."""
    take_policy(client, pair.policy)
    check_ignored(client, bring_to(client, pair.state), pair.state, pair.octets)


@pairs(Action.DROP, internal=False)
@requires("PMQ-HSK-010")
def test_packet_before_active(client: SteeredClient, pair: Pair) -> None:
    """An application packet that comes before the client is active is dropped, whatever it is."""
    take_policy(client, pair.policy)
    check_ignored(client, bring_to(client, pair.state), pair.state, pair.octets)


@pytest.mark.parametrize("state", [State.CONN_MADE, State.IDCHECK], ids=["conn-made", "idcheck"])
@requires("PMQ-HSK-010")
def test_unreadable_packet_before_active(client: SteeredClient, state: State) -> None:
    """A payload that comes before the client is active is not read, so that it may be anything."""
    for octets in (b"\xc1", b"", b"\xc0\xc0"):
        early = [frames.packet(number, octets) for number in (frames.CLIENT_IDS[ITEM], 999)]
        check_ignored(client, bring_to(client, state), state, *early)


@pairs(Action.LEAVE_VERSION)
@requires("PMQ-HSK-003", "PMQ-ERR-002", "PMQ-LST-005")
def test_other_version(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave from a server that speaks another version."""
    check_leaves(client, pair)


@pairs(Action.LEAVE_POLICY)
@requires("PMQ-HSK-004", "PMQ-HSK-007", "PMQ-ERR-002", "PMQ-LST-005")
def test_same_policy(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave from a server that adapts as it does, or enforces as it does."""
    check_leaves(client, pair)


@pairs(Action.LEAVE_NAMES)
@requires("PMQ-HSK-006", "PMQ-HSK-007", "PMQ-SFQ-001", "PMQ-ERR-002", "PMQ-LST-005")
def test_other_names(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave from a server that has other names, and finishes no handshake."""
    check_leaves(client, pair)


@pairs(Action.LEAVE_UNKNOWN_PACKET, internal=False)
@requires("PMQ-EXC-002", "PMQ-ERR-002", "PMQ-ERR-004", "PMQ-LST-001", "PMQ-LST-005")
def test_unknown_id(client: SteeredClient, pair: Pair) -> None:
    """An active client takes its leave when an id comes that no name has."""
    check_breaks_off(client, pair)


@pairs(Action.LEAVE_FRAMING, internal=False)
@requires("PMQ-FRM-006", "PMQ-ERR-002", "PMQ-ERR-004", "PMQ-LST-001", "PMQ-LST-005")
def test_bad_length(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave in any state when a length comes that no frame has."""
    check_breaks_off(client, pair)


@pairs(Action.LEAVE_MALFORMED)
@requires("PMQ-IDS-002", "PMQ-HSK-007", "PMQ-ERR-003", "PMQ-LST-005")
def test_unusable_ids(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave from a server whose ids cannot be taken over."""
    check_leaves(client, pair)


@pairs(Action.LEAVE_MALFORMED, internal=False)
@requires("PMQ-ERR-003", "PMQ-ERR-002", "PMQ-ERR-004", "PMQ-LST-001", "PMQ-LST-005")
def test_malformed_payload(client: SteeredClient, pair: Pair) -> None:
    """A client takes its leave in any state when a payload cannot be read."""
    check_breaks_off(client, pair)
