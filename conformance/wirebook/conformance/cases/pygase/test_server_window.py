"""Sequences and the receive window of a server, as its acks show them.

What may live here: cases about which packages are accepted, which are discarded, and what the ack
fields of the server say of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from wirebook.conformance.cases.pygase.network_scripts import window_of
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.controls import POISON, control, unharmed
from wirebook.conformance.drivers.pygase.model import Window, after
from wirebook.conformance.drivers.pygase.packages import Event, ServerPackage
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation

# What arrives at a fresh connection, one by one; the last of each is a newest one, so that the
# server cannot be behind when its acks say that it has arrived.
IN_ORDER = {"three": [1, 2, 3], "forty": list(range(1, 41))}
GAPS = {
    "of-one": [1, 2, 3, 5],
    "of-two": [1, 2, 3, 6],
    "of-two-after-one": [1, 4],
    "of-thirty": [1, 2, 33],
    "that-leaves-the-last-bit": [1, 33],
    "that-leaves-nothing": [1, 34],
    "far-beyond-the-window": [1, 2, 3, 1000],
    "several": [1, 3, 6, 10, 15, 21, 28],
    "every-second": list(range(1, 80, 2)),
    "of-thirty-one-again-and-again": [1, 2, 33, 34, 65, 66],
}
LATE = {
    "by-one": [1, 3, 2, 4],
    "one-of-a-gap": [1, 2, 3, 6, 4, 7],
    "both-of-a-gap-backwards": [1, 2, 3, 6, 5, 4, 7],
    "by-32": [2, 34, 2, 35],
    "by-32-unseen": [1, 34, 2, 35],
    "by-31": [1, 34, 3, 35],
    "before-the-first-one": [40, 39, 20, 8, 41],
    "all-of-the-window": [40, *range(39, 7, -1), 41],
    "across-the-wrap": [65534, 2, 65535, 1, 3],
}
DUPLICATES = {
    "of-the-newest": [1, 2, 3, 3, 4],
    "of-the-one-before": [1, 2, 3, 2, 4],
    "of-the-first": [1, 1, 2],
    "of-the-oldest-in-the-window": [1, 33, 1, 34],
    "of-a-late-one": [1, 4, 2, 2, 5],
    "again-and-again": [1, 2, 2, 2, 2, 1, 3],
}
TOO_LATE = {
    "by-33": [1, 34, 1, 35],
    "by-33-unseen": [2, 35, 1, 36],
    "by-40": [2, 42, 1, 43],
    "by-1000": [2000, 1000, 2001],
    "across-the-wrap": [10, 65501, 11],
}
FOLDED = {
    "wrap": [65534, 65535, 1, 2],
    "wrap-with-a-gap": [65533, 65535, 2, 4],
    "wrap-from-the-last": [65535, 1],
    "as-far-ahead-as-can-be": [1, 32768],
    "across-the-wrap-as-far-as-can-be": [40000, 7232],
    "one-too-far-ahead-is-older": [1, 32769, 2],
    "wrap-over-32": [65520, 17, 65520, 18],
}
FIRST = [1, 2, 255, 256, 32767, 32768, 40000, 65534, 65535]
PATTERNS = range(4)


def _send_all(player: Player, sequences: Sequence[int]) -> None:
    """Send packages of these sequences, and check what the server's acks say in the end."""
    player.playing = False
    model = Window()
    model.take_all(sequences)
    line = player.endpoint.line
    first, *others = sequences
    player.send(sequence=first)
    # What comes back is acked by the others: only then does the server send more than it gets.
    player.expect_packages(1)
    player.expect(lambda: player.ack_fields[0], "the network to let the player hear of it")
    for sequence in others:
        player.send(sequence=sequence)
    if line is not None:
        # What a bad network makes of it comes in another order, and some of it again.
        player.pump(lambda: line.due() is None, 1.0)
        model = window_of(line)
    player.pump(lambda: player.accepted[-1].ack == model.ack, player.link.deadline(1.0))
    # A package may have been on its way; what follows it knows of everything that was sent.
    player.expect_packages(1)
    found = player.accepted[-1]
    if (found.ack, found.bits) != (model.ack, model.bits):
        raise Violation(
            f"expected ack {model.ack} bits {model.bits:032b} after {_listed(sequences)}, "
            f"got ack {found.ack} bits {found.bits:032b}"
        )


def _listed(sequences: Sequence[int]) -> str:
    words = [str(one) for one in sequences]
    return ", ".join(words if len(words) <= 12 else [*words[:6], "…", *words[-5:]])


def _scripts(scripts: dict[str, list[int]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sequences", list(scripts.values()), ids=list(scripts))


@requires("PGS-WIN-001", "PGS-ACK-001", "PGS-ACK-002")
@_scripts(IN_ORDER)
def test_acks_packages_in_order(players: MakePlayer, sequences: list[int]) -> None:
    """Packages that arrive in order are all acked."""
    _send_all(players(), sequences)


@requires("PGS-WIN-001", "PGS-ACK-002")
@_scripts(GAPS)
def test_keeps_what_was_received_before_a_gap(players: MakePlayer, sequences: list[int]) -> None:
    """After a gap, the newest one before it and those before that are still acked."""
    _send_all(players(), sequences)


@requires("PGS-WIN-002", "PGS-ACK-002")
@_scripts(LATE)
def test_acks_late_packages(players: MakePlayer, sequences: list[int]) -> None:
    """A package that comes 1 to 32 sequences late is acked, and ack stays as it is."""
    _send_all(players(), sequences)


@requires("PGS-WIN-003")
@_scripts(DUPLICATES)
def test_duplicates_change_no_acks(players: MakePlayer, sequences: list[int]) -> None:
    """A duplicate changes nothing about the acks, and the connection lives on."""
    _send_all(players(), sequences)


@requires("PGS-WIN-004", "PGS-WIN-006")
@_scripts(TOO_LATE)
def test_does_not_ack_packages_that_are_too_late(players: MakePlayer, sequences: list[int]) -> None:
    """A package more than 32 sequences late is not acked, and the connection lives on."""
    _send_all(players(), sequences)


@requires("PGS-SEQ-003")
@_scripts(FOLDED)
def test_compares_sequences_across_the_wrap(players: MakePlayer, sequences: list[int]) -> None:
    """Sequences are compared by their folded difference, with the modulus 65535."""
    _send_all(players(), sequences)


@requires("PGS-SEQ-004", "PGS-ACK-001")
@pytest.mark.parametrize("first", FIRST)
def test_takes_any_first_sequence(players: MakePlayer, first: int) -> None:
    """The first package of a connection may have any sequence from 1 on."""
    _send_all(players(), [first, after(first)])


@requires("PGS-ACK-002", "PGS-WIN-001", "PGS-WIN-002")
@pytest.mark.parametrize("pattern", PATTERNS)
def test_acks_exactly_what_has_arrived(
    players: MakePlayer, rng: random.Random, pattern: int
) -> None:
    """Whatever is lost, late or sent twice, the bits name exactly the packages that arrived."""
    del pattern  # it only gives each case a seed of its own
    start = rng.randrange(1, 65536)
    arriving = [step for step in range(80) if rng.random() < 0.6]
    for _ in range(15):
        step = rng.randrange(len(arriving) - 10)
        arriving.insert(step + rng.randrange(10), arriving[step])
    for step in range(0, len(arriving) - 3, 3):
        if rng.random() < 0.4:
            arriving[step], arriving[step + 2] = arriving[step + 2], arriving[step]
    _send_all(players(), [after(start, step) for step in [*arriving, 80]])


@feature("events")
@requires("PGS-WIN-003", "PGS-ERR-002")
def test_handles_no_event_of_a_duplicate(player: Player) -> None:
    """The events of a package that arrives twice are handled once."""
    control(player)
    token = player.token()
    player.dispatch("ECHO", token)
    player.repeat()
    player.repeat()
    control(player)
    came = len(player.received("ECHO", [token]))
    assert came == 1, f"expected one answer to a package that was sent three times, got {came}"


@feature("events")
@requires("PGS-WIN-003", "PGS-ERR-002")
def test_discards_another_package_of_the_same_sequence(player: Player) -> None:
    """A package whose sequence has been received counts as a duplicate, whatever is in it."""
    with unharmed(player):
        sequence = player.send()
        player.send(POISON, sequence=sequence)


@feature("events")
@requires("PGS-WIN-004", "PGS-ERR-002")
@pytest.mark.parametrize("steps", [33, 40, 1000, 32767])
def test_handles_no_event_that_is_too_late(players: MakePlayer, steps: int) -> None:
    """The events of a package more than 32 sequences late are not handled."""
    player = players(first_sequence=40000)
    player.join()
    with unharmed(player):
        player.send(POISON, sequence=after(player.sequence, -1 - steps))


@feature("events")
@requires("PGS-WIN-005", "PGS-WIN-002")
@pytest.mark.parametrize("steps", [1, 2, 31, 32])
def test_handles_events_of_late_packages(player: Player, steps: int) -> None:
    """The events of a package that is up to 32 sequences late are handled."""
    control(player)
    player.playing = False
    late = player.skip()[0]
    for _ in range(steps):
        player.send()
    token = player.token()
    player.send(Event("ECHO", [token]), sequence=late)
    player.playing = True
    player.expect_event("ECHO", [token])
    control(player)


@feature("events")
@requires("PGS-WIN-005")
def test_heeds_acks_of_late_packages(player: Player) -> None:
    """An ack in a late package counts as one in a newest package."""
    late = player.skip()[0]
    player.admits = lambda package: not _brings(package, "WATCHED")
    player.dispatch("WATCH", "late", 0)
    carrier = player.carrier("WATCHED", ["late"])
    player.playing = False
    player.fixed_ack = (carrier.sequence, 0)
    player.send(sequence=late)
    player.fixed_ack = None
    player.expect_event("ACKED", ["late"])


def _brings(package: ServerPackage, event_type: str) -> bool:
    return any(event.type == event_type for event in package.events)


@feature("events")
@requires("PGS-WIN-006", "PGS-ERR-002")
def test_takes_a_good_package_in_the_place_of_a_bad_one(player: Player) -> None:
    """A sequence that came with a malformed package is still free for a well-formed one."""
    control(player)
    bad = player.send_bad_block(b"\x00")
    control(player)
    token = player.token()
    player.send(Event("ECHO", [token]), sequence=bad)
    player.expect_event("ECHO", [token])
