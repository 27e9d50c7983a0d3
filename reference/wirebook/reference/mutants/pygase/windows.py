"""Mutants of sequences and of the receive window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.pygase.discarded import Header, on_malformed
from wirebook.reference.pygase.codec import PlainFields
from wirebook.reference.pygase.core import sequence as arithmetic
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import SIZE, Arrival, Window

_MASK = (1 << SIZE) - 1


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


@mutant("PGS-M020", "PGS-SEQ-001", "The first package of a connection has the sequence 2.")
def begins_with_2() -> None:
    """Begin as if one package had been sent."""

    @override(Peer, "_begin")
    def begin(original: Callable[..., None], peer: Peer, now: float) -> None:
        original(peer, now)
        peer.sequence = 1


@mutant("PGS-M021", "PGS-SEQ-001", "Every seventh sequence is left out.")
def leaves_sequences_out() -> None:
    """Count one more after every sixth package."""

    @override(Peer, "_launch")
    def launch(original: Callable[..., None], peer: Peer, *package: Any) -> None:
        original(peer, *package)
        if peer.sequence % 7 == 6:
            peer.sequence = arithmetic.successor(peer.sequence)


@mutant("PGS-M022", "PGS-SEQ-002", "After the sequence 65535 comes 0.")
def continues_with_0() -> None:
    """Count as 16-bit numbers do."""

    @override(arithmetic, "successor")
    def successor(_original: Callable[[int], int], a: int) -> int:
        return (a + 1) % 65536


@mutant("PGS-M023", "PGS-SEQ-003", "Differences of sequences are folded by 65536, not by 65535.")
def folds_by_65536() -> None:
    """Count as 16-bit numbers do."""

    @override(arithmetic, "difference")
    def difference(original: Callable[[int, int], int], a: int, b: int) -> int:
        folded = original(a, b)
        return folded if folded == a - b else folded + (1 if folded > a - b else -1)


@mutant(
    "PGS-M024", "PGS-SEQ-003", "Differences of sequences are not folded: 1 is older than 65535."
)
def does_not_fold() -> None:
    """Compare sequences as the numbers that they are."""

    @override(arithmetic, "difference")
    def difference(_original: Callable[[int, int], int], a: int, b: int) -> int:
        return a - b


@mutant("PGS-M025", "PGS-SEQ-003", "A sequence that is 32768 ahead is taken as newer.")
def folds_too_late() -> None:
    """Fold beyond 32768 instead of 32767."""
    set_value(arithmetic, "HALF", 32768)


@mutant("PGS-M026", "PGS-SEQ-004", "A first package with a sequence above 32767 is discarded.")
def first_sequence_is_compared() -> None:
    """Compare the first sequence with 0 as if that were one."""

    @override(Window, "judge")
    def judge(original: Callable[..., Arrival], window: Window, sequence: int) -> Arrival:
        ahead = window.ack or sequence <= arithmetic.HALF
        return original(window, sequence) if ahead else Arrival.TOO_LATE

    @override(ServerCore, "_open")
    def open_(original: Callable[..., None], core: ServerCore, address: Any, *given: Any) -> None:
        if given[0].sequence <= arithmetic.HALF:
            original(core, address, *given)


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
