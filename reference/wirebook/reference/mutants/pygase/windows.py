"""Mutants of the receive window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.mutants.pygase.discarded import Header, on_malformed
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.codec import PlainFields
from wirebook.reference.pygase.core import sequence as arithmetic
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import SIZE, Arrival, Window
from wirebook.reference.pygase.errors import Malformed


@mutant("PGS-M001", "PGS-WIN-001", "The ack bits are not moved on when a newer package comes.")
def bits_stand_still() -> None:
    """Keep the bits of the time before."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        before = window.bits
        newest = window.ack
        original(window, sequence)
        if newest and window.ack != newest:
            window.bits = before


@mutant("PGS-M002", "PGS-WIN-001", "The package that was newest before is not marked as received.")
def newest_is_forgotten() -> None:
    """Shift the bits without the one in front of them."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        newest = window.ack
        original(window, sequence)
        if newest and window.ack != newest:
            window.bits &= ~_bit_of(window, newest)


@mutant("PGS-M003", "PGS-WIN-001", "The ack bits are moved by one, however large the gap is.")
def gaps_close() -> None:
    """Shift the bits by one, with the one in front of them."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        before, newest = window.bits, window.ack
        original(window, sequence)
        if newest and window.ack != newest:
            window.bits = (1 << SIZE | before) >> 1


@mutant("PGS-M004", "PGS-WIN-001", "The window has 31 bits: the 32nd is always 0.")
def window_of_31() -> None:
    """Clear the last bit."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        original(window, sequence)
        window.bits &= ~1


@mutant("PGS-M005", "PGS-WIN-002", "Late packages are discarded.")
def late_is_too_late() -> None:
    """Take late packages for ones that are too late."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        found = original(window, sequence)
        return Arrival.TOO_LATE if found is Arrival.LATE else found


@mutant("PGS-M006", "PGS-WIN-002", "A late package is accepted, but not marked as received.")
def late_is_not_marked() -> None:
    """Leave the bit of a late package as it is."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        if original_judgement(window, sequence) is not Arrival.LATE:
            original(window, sequence)


@mutant("PGS-M007", "PGS-WIN-002", "A late package takes `ack` back to its own sequence.")
def late_moves_ack_back() -> None:
    """Let ack name what came last."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        original(window, sequence)
        window.ack = sequence


@mutant("PGS-M008", "PGS-WIN-003", "A duplicate of the newest package is accepted again.")
def newest_counts_again() -> None:
    """Take it for a late one, whose bit there is none of."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        again = window.ack and sequence == window.ack
        return Arrival.LATE if again else original(window, sequence)

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        if sequence != window.ack:
            original(window, sequence)


@mutant("PGS-M009", "PGS-WIN-003", "A package is accepted again although its bit is set.")
def bits_are_not_looked_at() -> None:
    """Take every sequence of the window for a late one."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        found = original(window, sequence)
        again = found is Arrival.DUPLICATE and sequence != window.ack
        return Arrival.LATE if again else found


@mutant("PGS-M010", "PGS-WIN-003", "A duplicate ends the connection.", role="server")
def duplicates_end_the_connection() -> None:
    """Forget a client that sends one."""
    _end_on(Arrival.DUPLICATE)


@mutant("PGS-M011", "PGS-WIN-004", "A package that is too late ends the connection.", role="server")
def too_late_ends_the_connection() -> None:
    """Forget a client that sends one."""
    _end_on(Arrival.TOO_LATE)


@mutant("PGS-M012", "PGS-WIN-004", "Packages that are too late are accepted all the same.")
def too_late_is_late() -> None:
    """Accept what there is no bit for."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        found = original(window, sequence)
        return Arrival.LATE if found is Arrival.TOO_LATE else found

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        if original_judgement(window, sequence) is not Arrival.TOO_LATE:
            original(window, sequence)


@mutant("PGS-M013", "PGS-WIN-004", "A package that is 33 sequences late is marked with the bit 32.")
def window_of_33() -> None:
    """Take it for the oldest one that can be late."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        return Arrival.LATE if _is_33_late(window, sequence) else original(window, sequence)

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        original(
            window, arithmetic.successor(sequence) if _is_33_late(window, sequence) else sequence
        )


@mutant("PGS-M014", "PGS-WIN-005", "The events of a late package are dropped.")
def late_events_are_dropped() -> None:
    """Hand over the events of newest packages only."""

    @override(Peer, "_hand_over")
    def hand_over(original: Callable[..., None], peer: Peer, fields: Any) -> None:
        late = fields.sequence != peer.window.ack
        original(peer, fields._replace(events=[]) if late else fields)


@mutant("PGS-M015", "PGS-WIN-005", "The acks of a late package are ignored.")
def late_acks_are_ignored() -> None:
    """Heed the acks of newest packages only."""

    @override(Peer, "_heed_acks")
    def heed(original: Callable[..., bool], peer: Peer, fields: PlainFields, now: float) -> bool:
        return fields.sequence == peer.window.ack and original(peer, fields, now)


@mutant("PGS-M016", "PGS-WIN-006", "The sequence of a malformed package is marked as received.")
def malformed_is_marked() -> None:
    """Move the window for every package whose header is good."""

    @on_malformed
    def mark(peer: Peer, header: Header, _data: bytes, _now: float) -> None:
        peer.window.accept(header[0])


@mutant("PGS-M017", "PGS-WIN-003", "A duplicate makes a client disconnect.", role="client")
def duplicates_disconnect() -> None:
    """Stop when one comes."""
    _disconnect_on(Arrival.DUPLICATE)


@mutant(
    "PGS-M018",
    "PGS-WIN-004",
    "A package that is too late makes a client disconnect.",
    role="client",
)
def too_late_disconnects() -> None:
    """Stop when one comes."""
    _disconnect_on(Arrival.TOO_LATE)


original_judgement = Window.judge
"""As it was before any mutant."""


def _bit_of(window: Window, sequence: int) -> int:
    """Return the bit of a sequence, 0 for one that is not in the window."""
    behind = arithmetic.difference(window.ack, sequence)
    return 1 << SIZE - behind if 0 < behind <= SIZE else 0


def _is_33_late(window: Window, sequence: int) -> bool:
    return bool(window.ack) and arithmetic.difference(window.ack, sequence) == SIZE + 1


def _end_on(arrival: Arrival) -> None:
    """Let the server forget a client whose package is a duplicate, or too late."""

    @override(ServerCore, "_take")
    def take(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, fields: Any, *rest: Any
    ) -> None:
        found = peer.window.judge(fields.sequence)
        original(core, peer, fields, *rest)
        if found is arrival and core.peers.get(peer.address) is peer and peer.alive:
            core._drop(peer)


def _disconnect_on(arrival: Arrival) -> None:
    """Let a client end its connection when a package is a duplicate, or too late."""

    @override(ClientCore, "_read")
    def read(
        original: Callable[..., Any], core: ClientCore, data: bytes, address: Any, now: float
    ) -> Any:
        fields = original(core, data, address, now)
        if fields is None and address == core.address and _arrival(core, data) is arrival:
            core.disconnect(now)
        return fields


def _arrival(core: ClientCore, data: bytes) -> Arrival | None:
    """Return what a datagram is to the window of a client, if it is a package."""
    try:
        return core.window.judge(codec.parse_server_package(data).sequence)
    except Malformed:
        return None
