"""Mutants of taking leave.

What may live here: softquits, sent and received, their reasons, and how a connection ends behind
them. What a violation is and what ends without a softquit is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core import connection, internal
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Carrier, PacketReceived
from wirebook.reference.packetmq.errors import UnknownPeer
from wirebook.reference.packetmq.packetfactory import PacketFactory
from wirebook.spec.packetmq.states import (
    FAREWELL_PERIOD,
    REASONS,
    Action,
    Reason,
    State,
)

_LATER = 3.0
_SHORT = 255


@mutant("PMQ-M082", "PMQ-SFQ-001", "A softquit that the application asks for is sent twice.")
def says_it_twice() -> None:
    """Make sure that it arrives."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action is Action.LEAVE:
            one._put(one._softquit)


@mutant("PMQ-M083", "PMQ-SFQ-001", "A softquit before active is followed by `handshake_finish`.")
def finishes_afterwards() -> None:
    """Send it last of all."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        unfinished = one.state is State.IDCHECK
        original(one, row, now)
        if unfinished and row.action is not Action.FLUSH:
            one._put(internal.FINISH)


@mutant("PMQ-M084", "PMQ-SFQ-002", "Packets that come after the own softquit are handled.")
def reads_on() -> None:
    """Hand them over as ever."""

    @override(Connection, "receive_data")
    def receive_data(original: Callable[..., None], one: Any, data: bytes) -> None:
        original(one, data)
        if one.state is not State.SOFTQUITTED:
            return
        packets, _ = one._reader.feed(data)
        for packet_id, payload in packets:
            if name := one.ids.by_id.get(packet_id):
                value = codec.unpack(payload)
                one._happenings.append(PacketReceived(packet_id, name, value, payload))

    @override(PacketFactory, "find")
    def find(original: Callable[..., Any], one: PacketFactory, connection: Any) -> Any:
        try:
            return original(one, connection)
        except UnknownPeer:
            known = {lingering.number: lingering for lingering in one.lingering}
            if connection not in known:
                raise
            return known[connection]


@mutant("PMQ-M085", "PMQ-SFQ-003", "A peer that does not close after a softquit is never left.")
def waits_for_ever() -> None:
    """Stop the timer."""

    @override(Connection, "handle_timer")
    def handle_timer(original: Callable[..., None], one: Any, now: float) -> None:
        if one.state is State.SOFTQUITTED:
            one._due = None
        original(one, now)


@mutant("PMQ-M086", "PMQ-SFQ-003", "A peer has 8 s to close after a softquit.")
def waits_longer() -> None:
    """Have more patience."""
    set_value(connection, "FAREWELL_PERIOD", FAREWELL_PERIOD + _LATER)


@mutant("PMQ-M087", "PMQ-SFQ-004", "A connection is closed right behind the softquit.")
def closes_at_once() -> None:
    """Do not wait for what still comes, if there was a violation."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action in REASONS:
            one.carrier = Carrier.CLOSE


@mutant("PMQ-M088", "PMQ-SFQ-005", "What waits to be sent is lost when a softquit comes.")
def loses_what_waits() -> None:
    """Abort the connection."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action is Action.FLUSH and not one._at_end:
            one.carrier = Carrier.ABORT


@mutant(
    "PMQ-M137",
    "PMQ-SFQ-005",
    "What has just been asked for is not sent any more when a softquit comes.",
    role="server",
)
def drops_answers() -> None:
    """Forget what has not been handed to the system."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        if row.action is Action.FLUSH and not one._at_end:
            one._drop_output()
        original(one, row, now)


@mutant("PMQ-M089", "PMQ-SFQ-005", "A peer that has sent a softquit has to close by itself.")
def leaves_it_to_the_peer() -> None:
    """Do nothing until the farewell period is over."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action is Action.FLUSH and not one._at_end:
            one.carrier = Carrier.OPEN


@mutant("PMQ-M090", "PMQ-SFQ-006", "A softquit is answered with one.")
def polite() -> None:
    """Send it behind what waits."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        if row.action is Action.FLUSH and not one._at_end:
            one._put(internal.build_softquit(Reason.UNKNOWN.value))
        original(one, row, now)


@mutant(
    "PMQ-M091",
    "PMQ-LST-005",
    "Where the application gives no reason, the softquit has reason.generic.",
)
def generic_for_no_reason() -> None:
    """Send the wrong one."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        return original(Reason.GENERIC.value if reason == Reason.UNKNOWN.value else reason)


@mutant("PMQ-M138", "PMQ-LST-005", "A handshake that took too long is left with reason.generic.")
def generic_for_time_out() -> None:
    """Send the wrong one."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        return original(Reason.GENERIC.value if reason == Reason.TIMEOUT.value else reason)


@mutant("PMQ-M092", "PMQ-LST-005", "The reason of a softquit is cut off after 255 characters.")
def short_reasons() -> None:
    """Send no more of it."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: Any) -> bytes:
        return original(reason[:_SHORT])


@mutant(
    "PMQ-M093",
    "PMQ-LST-006",
    "A reason that does not begin with `reason.` is taken for reason.unknown.",
)
def only_such_reasons() -> None:
    """Look at how it begins."""

    @override(internal, "read_reason")
    def read_reason(original: Callable[..., str], payload: bytes) -> str:
        reason = original(payload)
        return reason if reason.startswith("reason.") else Reason.UNKNOWN.value


@mutant(
    "PMQ-M094",
    "PMQ-LST-006",
    "A reason that is not of the protocol's own is taken for reason.generic.",
)
def only_own_reasons() -> None:
    """Look it up."""

    @override(internal, "read_reason")
    def read_reason(original: Callable[..., str], payload: bytes) -> str:
        reason = original(payload)
        return reason if reason in {known.value for known in Reason} else Reason.GENERIC.value
