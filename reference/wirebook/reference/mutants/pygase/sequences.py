"""Mutants of sequences: how they are counted and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.core import sequence as arithmetic
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.window import Arrival, Window


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
