"""Mutants of acks: those that are sent, and what is made of those that come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core import outbox, window
from wirebook.reference.pygase.core.happenings import EventAcked
from wirebook.reference.pygase.core.outbox import Flight, Sent
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.sequence import MAX_SEQUENCE, newer
from wirebook.reference.pygase.core.window import SIZE, Window, acknowledges

Names: TypeAlias = Callable[[int, int, int], bool]
"""Tells whether an ack and its bits name a sequence."""

_MASK = (1 << SIZE) - 1


@mutant(
    "PGS-M030",
    "PGS-ACK-001",
    "From the second package on, `ack` names the sequence before the newest.",
)
def ack_is_behind() -> None:
    """Send the ack of the time before."""
    _send_acks(lambda ack, bits: (ack - 1, bits << 1 & _MASK) if ack > 1 else (ack, bits))


@mutant("PGS-M031", "PGS-ACK-001", "The ack is 1 while nothing has been received.", role="client")
def ack_of_nothing() -> None:
    """Send an ack from the beginning."""
    _send_acks(lambda ack, bits: (ack or 1, bits))


@mutant("PGS-M032", "PGS-ACK-002", "The ack bits are shifted by one.")
def bits_are_shifted() -> None:
    """Let the first bit stand for the ack itself."""
    _send_acks(lambda ack, bits: (ack, (1 << SIZE | bits) >> 1 if ack else 0))


@mutant("PGS-M033", "PGS-ACK-002", "The ack bits are in reverse order, the oldest sequence first.")
def bits_are_reversed() -> None:
    """Let the least significant bit stand for the sequence before the ack."""
    _send_acks(lambda ack, bits: (ack, int(f"{bits:0{SIZE}b}"[::-1], 2)))


@mutant(
    "PGS-M034", "PGS-ACK-002", "The ack bits name what is missing instead of what was received."
)
def bits_are_inverted() -> None:
    """Send 1 for what was not received."""
    _send_acks(lambda ack, bits: (ack, bits ^ _MASK if ack else 0))


@mutant("PGS-M046", "PGS-ACK-002", "What came before the first package counts as received.")
def before_the_first_is_acked() -> None:
    """Begin with all bits set, unless there are fewer sequences before the first."""

    @override(Window, "accept")
    def accept(original: Callable[..., None], window: Window, sequence: int) -> None:
        first = not window.ack
        original(window, sequence)
        if first and sequence > SIZE:
            window.bits = _MASK


@mutant("PGS-M035", "PGS-ACK-003", "Only `ack` acks a package; the ack bits are not looked at.")
def bits_ack_nothing() -> None:
    """Ignore the bits."""
    _name(lambda names, ack, _bits, sequence: names(ack, 0, sequence))


@mutant("PGS-M036", "PGS-ACK-003", "The last of the 32 ack bits is not looked at.")
def last_bit_acks_nothing() -> None:
    """Ignore the least significant bit."""
    _name(lambda names, ack, bits, sequence: names(ack, bits & ~1, sequence))


@mutant("PGS-M037", "PGS-ACK-003", "An ack counts for every package before it, whatever its bits.")
def acks_are_cumulative() -> None:
    """Take acks as those of a stream."""
    _name(lambda names, ack, _bits, sequence: names(ack, _MASK, sequence))


@mutant("PGS-M038", "PGS-ACK-003", "A package that only `ack` itself names is not taken as acked.")
def ack_itself_acks_nothing() -> None:
    """Look at the bits only."""
    _name(lambda names, ack, bits, sequence: ack != sequence and names(ack, bits, sequence))


@mutant("PGS-M039", "PGS-ACK-004", "A package is acked again each time that an ack names it.")
def acked_again_and_again() -> None:
    """Report the acks of what was acked before."""

    @override(Peer, "_heed_acks")
    def heed(original: Callable[..., bool], peer: Peer, fields: Any, now: float) -> bool:
        acked: dict[int, Sent] = vars(peer).setdefault("acked", {})
        for sequence, sent in acked.items():
            if acknowledges(fields.ack, fields.ack_bits, sequence):
                _report(peer, sent)
        flying = _flying(peer)
        found = original(peer, fields, now)
        left = _flying(peer)
        acked.update((one, sent) for one, sent in flying.items() if one not in left)
        return found


@mutant("PGS-M040", "PGS-ACK-005", "A package is taken as lost only after 2.0 s.")
def lost_late() -> None:
    """Double the time-out."""
    set_value(outbox, "PACKAGE_TIMEOUT", 2.0)


@mutant("PGS-M041", "PGS-ACK-005", "A package is taken as lost after 0.5 s.")
def lost_soon() -> None:
    """Halve the time-out."""
    set_value(outbox, "PACKAGE_TIMEOUT", 0.5)


@mutant(
    "PGS-M042", "PGS-ACK-006", "An ack of what was never sent counts for all that is on its way."
)
def unsent_acks_everything() -> None:
    """Take an ack from the future for one of everything."""

    @override(Flight, "land")
    def land(
        original: Callable[..., list[Sent]], flight: Flight, ack: int, bits: int
    ) -> list[Sent]:
        sent = list(flight._packages)
        return flight.clear() if sent and newer(ack, sent[-1]) else original(flight, ack, bits)


@mutant("PGS-M043", "PGS-ACK-006", "An ack that comes after a package was lost still counts.")
def lost_is_acked() -> None:
    """Remember what was lost."""

    @override(Peer, "_accept")
    def accept(original: Callable[..., bool], peer: Peer, fields: Any, now: float) -> bool:
        lost: dict[int, Sent] = vars(peer).setdefault("lost", {})
        for sequence in [one for one in lost if acknowledges(fields.ack, fields.ack_bits, one)]:
            _report(peer, lost.pop(sequence))
        return original(peer, fields, now)

    @override(Peer, "_lose")
    def lose(original: Callable[..., None], peer: Peer, now: float) -> None:
        flying = _flying(peer)
        original(peer, now)
        left = _flying(peer)
        lost = vars(peer).setdefault("lost", {})
        lost.update((one, sent) for one, sent in flying.items() if one not in left)


@mutant("PGS-M044", "PGS-ACK-006", "A package that acks what was never sent is discarded.")
def unsent_acks_spoil_packages() -> None:
    """Take no part of it."""

    @override(Peer, "_has_room")
    def has_room(original: Callable[..., bool], peer: Peer, fields: Any) -> bool:
        return not newer(fields.ack, peer.sequence) and original(peer, fields)


@mutant("PGS-M045", "PGS-ACK-007", "While ack is 0, its bits count for the sequences before 1.")
def bits_count_without_an_ack() -> None:
    """Take ack 0 as the successor of 65535."""

    def names_too(names: Names, ack: int, bits: int, sequence: int) -> bool:
        behind = MAX_SEQUENCE + 1 - sequence
        if ack or behind > SIZE:
            return names(ack, bits, sequence)
        return bool(bits >> SIZE - behind & 1)

    _name(names_too)


def _send_acks(change: Callable[[int, int], tuple[int, int]]) -> None:
    """Put other acks into the packages of both sides, made of the right ones."""
    for name in ("build_client_package", "build_server_package"):

        @override(codec, name)
        def build(
            original: Callable[..., bytes], sequence: int, ack: int, bits: int, *rest: Any
        ) -> bytes:
            return original(sequence, *change(ack, bits), *rest)


def _name(acked: Callable[[Names, int, int, int], bool]) -> None:
    """Let acks name other packages than they do."""

    @override(window, "acknowledges")
    def names(original: Names, ack: int, bits: int, sequence: int) -> bool:
        return acked(original, ack, bits, sequence)


def _flying(peer: Peer) -> dict[int, Sent]:
    return dict(peer.flight._packages)


def _report(peer: Peer, sent: Sent) -> None:
    """Report the acks of the events of a package."""
    for event in sent.events:
        if event.context is not None:
            peer._happenings.append(EventAcked(peer, event.context))
