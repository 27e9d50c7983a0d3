"""Mutants of the handshake.

What may live here: what a side does until both are active, and until when. What the packets contain
is in `internal.py`, and the ids that it is all about are in `ids.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.packetmq.rows import ACTIVE, BEFORE_ACTIVE, CONNECTED, react
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core import connection, internal
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Made
from wirebook.reference.packetmq.core.ids import Ids
from wirebook.spec.packetmq.states import (
    HANDSHAKE_DEADLINE,
    VERSION,
    Action,
    Input,
    State,
)

_LATER = 3.0

Step = Callable[..., Action]


@mutant(
    "PMQ-M059", "PMQ-HSK-001", "`handshake_init` is sent only when the peer has sent something."
)
def waits_for_the_peer() -> None:
    """Hold it back."""
    waiting: set[Connection] = set()

    @override(Connection, "made")
    def made(original: Callable[..., None], one: Any, now: float, **named: bool) -> None:
        original(one, now, **named)
        if one.state is State.CONN_MADE:
            one._drop_output()
            waiting.add(one)

    @override(Connection, "receive_data")
    def receive_data(original: Callable[..., None], one: Any, data: bytes) -> None:
        if one in waiting:
            waiting.remove(one)
            one._put(internal.INIT)
        original(one, data)


@mutant("PMQ-M060", "PMQ-HSK-002", "`handshake_pubids` is sent only when the peer's has come.")
def sends_ids_late() -> None:
    """Hold it back."""
    react(State.CONN_MADE, to=Input.INIT_SAME, by=Action.IGNORE, next_state=State.IDCHECK)

    @override(Connection, "_take_pubids")
    def take_pubids(original: Callable[..., None], one: Any, payload: bytes) -> None:
        if one.state is State.IDCHECK:
            one._put(one._pubids)
        original(one, payload)


@mutant("PMQ-M061", "PMQ-HSK-003", "A version that is greater than the own one is taken for it.")
def later_versions() -> None:
    """Hope for the best."""

    @override(internal, "read_version")
    def read_version(original: Callable[..., int], payload: bytes) -> int:
        version = original(payload)
        return min(version, VERSION)


@mutant("PMQ-M062", "PMQ-HSK-003", "Another version is left with reason.malformed.")
def version_is_malformed() -> None:
    """Use the reason of another rule."""
    react(
        State.CONN_MADE,
        to=Input.INIT_OTHER,
        by=Action.LEAVE_MALFORMED,
        next_state=State.SOFTQUITTED,
    )


@mutant("PMQ-M063", "PMQ-HSK-004", "A peer of the same policy is as good as one of the other.")
def same_policy() -> None:
    """Go on with the handshake."""
    react(
        State.IDCHECK,
        to=Input.PUBIDS_SAME_POLICY,
        by=Action.SEND_FINISH,
        next_state=State.ACTIVE,
    )


@mutant("PMQ-M064", "PMQ-HSK-005", "An enforcing side compares the names, too.")
def enforcing_side_compares() -> None:
    """Leave a peer with other ones."""

    @override(Connection, "_take_pubids")
    def take_pubids(original: Callable[..., None], one: Any, payload: bytes) -> None:
        adaptive, id_map = internal.read_pubids(payload)
        other = adaptive and not one.adaptive and not one.ids.has_same_names(id_map)
        if other and one.state is State.IDCHECK:
            one._step(Input.PUBIDS_OTHER_NAMES)
        else:
            original(one, payload)


@mutant("PMQ-M065", "PMQ-HSK-006", "A peer may have more names than the own ones.", role="client")
def more_names() -> None:
    """Look for the own ones only."""

    @override(Ids, "has_same_names")
    def has_same_names(_: Callable[..., bool], own: Ids, id_map: Mapping[str, int]) -> bool:
        return id_map.keys() >= own.with_internal().keys()


@mutant("PMQ-M066", "PMQ-HSK-006", "A peer may have fewer names than the own ones.", role="client")
def fewer_names() -> None:
    """Look for the peer's only."""

    @override(Ids, "has_same_names")
    def has_same_names(_: Callable[..., bool], own: Ids, id_map: Mapping[str, int]) -> bool:
        return id_map.keys() <= own.with_internal().keys()


@mutant(
    "PMQ-M067", "PMQ-HSK-007", "`handshake_finish` is sent to a peer of the same policy as well."
)
def finishes_before_it_leaves() -> None:
    """Send it before the softquit."""

    @override(Connection, "_step")
    def step(original: Step, one: Any, given: Input, reason: str | None = None) -> Action:
        if given is Input.PUBIDS_SAME_POLICY and one.state is State.IDCHECK:
            one._put(internal.FINISH)
        return original(one, given, reason)


@mutant(
    "PMQ-M068",
    "PMQ-HSK-007",
    "`handshake_finish` is sent to a peer with other names as well.",
    role="client",
)
def finishes_though_names_differ() -> None:
    """Send it before the softquit."""

    @override(Connection, "_step")
    def step(original: Step, one: Any, given: Input, reason: str | None = None) -> Action:
        if given is Input.PUBIDS_OTHER_NAMES and one.state is State.IDCHECK:
            one._put(internal.FINISH)
        return original(one, given, reason)


@mutant(
    "PMQ-M069",
    "PMQ-HSK-008",
    "The same names in another order are not the same.",
    role="client",
)
def names_in_order() -> None:
    """Compare lists instead of sets."""

    @override(Ids, "has_same_names")
    def has_same_names(_: Callable[..., bool], own: Ids, id_map: Mapping[str, int]) -> bool:
        return list(id_map) == list(own.with_internal())


@mutant(
    "PMQ-M070",
    "PMQ-HSK-008",
    "An adaptive side goes on with its own ids.",
    role="client",
)
def keeps_its_own_ids() -> None:
    """Finish the handshake, and take over nothing."""

    @override(Connection, "_take_pubids")
    def take_pubids(original: Callable[..., None], one: Any, payload: bytes) -> None:
        own = one.ids
        original(one, payload)
        one.ids = own


@mutant("PMQ-M071", "PMQ-HSK-009", "A `handshake_finish` makes a side active in any state.")
def finish_alone() -> None:
    """Go there at once."""
    react(*BEFORE_ACTIVE, to=Input.FINISH, by=Action.CONFIRM, next_state=State.CONFIRMED)


@mutant("PMQ-M072", "PMQ-HSK-009", "Each `handshake_init` is answered with `handshake_pubids`.")
def answers_again() -> None:
    """Send it in every state."""
    react(State.IDCHECK, *ACTIVE, to=Input.INIT_SAME, by=Action.SEND_PUBIDS)


@mutant("PMQ-M073", "PMQ-HSK-009", "Another version is left even if it comes out of turn.")
def version_out_of_turn() -> None:
    """Leave in every state."""
    react(
        State.IDCHECK,
        *ACTIVE,
        to=Input.INIT_OTHER,
        by=Action.LEAVE_VERSION,
        next_state=State.SOFTQUITTED,
    )


@mutant("PMQ-M074", "PMQ-HSK-010", "An id that is not known is a violation before active, too.")
def unknown_before_active() -> None:
    """Leave for it."""
    react(
        *BEFORE_ACTIVE,
        to=Input.PACKET_UNKNOWN,
        by=Action.LEAVE_UNKNOWN_PACKET,
        next_state=State.SOFTQUITTED,
    )


@mutant("PMQ-M075", "PMQ-HSK-010", "Packets that come before active are handled.")
def handles_early_packets() -> None:
    """Hand them over in every state."""
    set_value(connection, "_HANDLING", CONNECTED)


@mutant("PMQ-M076", "PMQ-HSK-010", "Packets that come before active are read, and dropped then.")
def reads_early_packets() -> None:
    """Notice what is malformed."""

    @override(Connection, "_take_application_packet")
    def take(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        if one.state in BEFORE_ACTIVE:
            codec.unpack(payload)
        original(one, packet_id, payload)


@mutant("PMQ-M077", "PMQ-HSK-011", "The application is told too early that a connection is made.")
def told_too_early() -> None:
    """Tell it when the own handshake_finish is sent."""

    @override(Connection, "_step")
    def step(original: Step, one: Any, given: Input, reason: str | None = None) -> Action:
        action = original(one, given, reason)
        if action in (Action.SEND_FINISH, Action.ADOPT):
            one._happenings.append(Made())
        elif action is Action.CONFIRM:
            one._happenings.pop()
        return action


@mutant("PMQ-M078", "PMQ-HSK-011", "Each `handshake_finish` tells the application of a connection.")
def told_again() -> None:
    """Confirm what is confirmed."""
    react(State.CONFIRMED, to=Input.FINISH, by=Action.CONFIRM)


@mutant("PMQ-M079", "PMQ-HSK-012", "A handshake may take 8 s.")
def patient() -> None:
    """Wait longer."""
    set_value(connection, "HANDSHAKE_DEADLINE", HANDSHAKE_DEADLINE + _LATER)


@mutant("PMQ-M080", "PMQ-HSK-012", "A handshake may take 2 s.")
def impatient() -> None:
    """Wait less."""
    set_value(connection, "HANDSHAKE_DEADLINE", HANDSHAKE_DEADLINE - _LATER)


@mutant("PMQ-M081", "PMQ-HSK-012", "A connection that is active may stay unconfirmed for ever.")
def unconfirmed_for_ever() -> None:
    """Stop the timer too early."""

    @override(Connection, "_step")
    def step(original: Step, one: Any, given: Input, reason: str | None = None) -> Action:
        action = original(one, given, reason)
        if one.state is State.ACTIVE:
            one._due = None
        return action


@mutant("PMQ-M136", "PMQ-HSK-012", "The time for a handshake begins anew with each packet.")
def time_begins_anew() -> None:
    """Set the timer again."""

    @override(Connection, "advance")
    def advance(original: Callable[..., Any], one: Any, now: float) -> Any:
        waiting = len(one._packets)
        happening = original(one, now)
        if len(one._packets) < waiting and one.state in (*BEFORE_ACTIVE, State.ACTIVE):
            one._due = now + HANDSHAKE_DEADLINE
        return happening
