"""Mutants of connections that are lost.

What may live here: what the application is told, the end of a stream, and resets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Carrier, Lost
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.peer import Peer
from wirebook.spec.packetmq.states import Action


@mutant("PMQ-M109", "PMQ-LST-001", "The application is told of a loss again when TCP has ended.")
def told_twice() -> None:
    """Tell it of what it knows."""

    @override(Connection, "reset")
    def reset(original: Callable[..., None], one: Any) -> None:
        known = one.is_ending
        original(one)
        if known:
            one._happenings.append(Lost(None))


@mutant(
    "PMQ-M110",
    "PMQ-LST-001",
    "The application is not told of a connection that could not be made.",
    role="client",
)
def attempts_are_not_told() -> None:
    """Keep it for oneself."""

    @override(Connection, "_tell")
    def tell(original: Callable[..., None], one: Any, reason: str | None) -> None:
        if one._made:
            original(one, reason)


@mutant(
    "PMQ-M139",
    "PMQ-LST-001",
    "The application is not told of the loss of a connection that was never made.",
    role="server",
)
def unmade_are_not_told() -> None:
    """Tell it of what it knows only."""

    @override(Peer, "tell_lost")
    def tell_lost(original: Callable[..., None], one: Peer, lost: Any, reason: Any) -> None:
        if lost.was_made:
            original(one, lost, reason)
        else:
            one.factory.delClient(lost)


@mutant("PMQ-M111", "PMQ-LST-001", "The application is not told the reason of the peer's softquit.")
def reason_is_not_told() -> None:
    """Keep it for oneself."""

    @override(Connection, "_lose")
    def lose(original: Callable[..., None], one: Any, row: Any, reason: str | None) -> None:
        original(one, row, None if row.action is Action.FLUSH else reason)


@mutant("PMQ-M112", "PMQ-LST-002", "What the callback for a loss sends is lost.")
def callback_sends_nothing() -> None:
    """Forget it."""

    @override(Connection, "send")
    def send(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        if not (one.is_ending and one.carrier is Carrier.OPEN):
            original(one, packet_id, payload)


@mutant(
    "PMQ-M113", "PMQ-LST-002", "What the callback for a loss sends goes out behind the softquit."
)
def callback_sends_too_late() -> None:
    """Put the softquit before it."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        waiting = one.data_to_send()
        original(one, row, now)
        if waiting:
            one._put(waiting)


@mutant("PMQ-M114", "PMQ-LST-003", "What waits to be sent is lost at the end of the stream.")
def end_loses_what_waits() -> None:
    """Abort the connection."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action is Action.FLUSH and one._at_end:
            one.carrier = Carrier.ABORT


@mutant("PMQ-M115", "PMQ-LST-003", "A frame that the end of the stream cuts off is a violation.")
def cut_off_frame_is_bad() -> None:
    """Treat it as a violation."""

    @override(Connection, "receive_end")
    def receive_end(original: Callable[..., None], one: Any) -> None:
        original(one)
        if one.kept and not one.is_ending:
            one._violation = True


@mutant("PMQ-M116", "PMQ-LST-003", "The end of the peer's stream is ignored.")
def ignores_the_end() -> None:
    """Go on sending."""

    @override(Connection, "receive_end")
    def receive_end(original: Callable[..., None], one: Any) -> None:
        if one.is_ending:
            original(one)


@mutant("PMQ-M117", "PMQ-LST-004", "The application is not told of a connection that is reset.")
def reset_is_not_told() -> None:
    """Keep it for oneself."""

    @override(Connection, "reset")
    def reset(original: Callable[..., None], one: Any) -> None:
        one._told = one._told or one._made
        original(one)


@mutant("PMQ-M118", "PMQ-LST-004", "A connection that is reset takes the others with it.")
def reset_takes_the_others() -> None:
    """Abort them."""

    @override(PacketProtocol, "connection_lost")
    def connection_lost(original: Callable[..., None], one: Any, error: Any) -> None:
        original(one, error)
        if isinstance(error, ConnectionResetError):
            for other in one.parent.factory:
                other.abort()
