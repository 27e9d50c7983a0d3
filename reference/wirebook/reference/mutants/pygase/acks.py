"""Mutants of acks and of the receive window."""

from __future__ import annotations

from collections.abc import Callable

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core.window import Window


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
