"""A server on bad networks: losses, duplicates, late datagrams, silence for a while.

What may live here: cases that play schedules of their own, whatever the network of the run is. What
the network loses here is lost for good; the suite sends nothing again that a client would not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from wirebook.conformance.cases.pygase.network_scripts import (
    BAD,
    DOUBLING,
    LOSING,
    OPENING,
    cut_off,
    drawn,
    late,
    reached,
    spoilt,
    window_of,
)
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.controls import control
from wirebook.conformance.drivers.pygase.model import TO_DELETE, acked_by, after, same
from wirebook.conformance.drivers.pygase.pace import BAD as SLOW
from wirebook.conformance.drivers.pygase.pace import GOOD, LEAST, expect_rate, until_rate
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect, pump
from wirebook.conformance.marks import feature, requires, slow
from wirebook.conformance.network import CaseNetwork, Script
from wirebook.conformance.verdicts import Violation

PATIENCE = 6.0
"""Seconds for what may have to be sent several times."""
HEALED_SECONDS = 1.0
"""After a connection time-out, the first package that goes through has to be answered by then."""

Behind = Callable[[Script], Player]
"""Makes a validated client behind a network that plays a script."""

again = pytest.mark.parametrize("turn", range(2))
"""Another schedule each time."""


@pytest.fixture
def witness(link: Link) -> Iterator[Player]:
    """Give a client with a perfect network."""
    with Player(replace(link, line=lambda: None)) as made:
        made.join()
        yield made


@pytest.fixture
def behind(network: CaseNetwork, players: MakePlayer) -> Behind:
    """Give a maker of clients on a bad network."""

    def make(script: Script) -> Player:
        network.play(script)
        player = players()
        player.join()
        return player

    return make


@feature("game-state")
@requires("PGS-SYN-003", "PGS-SYN-001", "PGS-SYN-005", "PGS-WIN-003")
def test_state_is_in_step_in_the_end(
    behind: Behind, witness: Player, key: str, rng: random.Random
) -> None:
    """After the last change, a client on a bad network holds the same state as one on a good."""
    both = [behind(drawn(rng, BAD)), witness]
    for number in range(14):
        changes = {f"at {number % 4}": number, "deep": {str(number): "x"}}
        gone = {f"at {(number + 2) % 4}": TO_DELETE, "deep": {str(number - 3): TO_DELETE}}
        witness.dispatch("UPDATE", {key: changes if number % 2 else {**changes, **gone}})
        pump(both, lambda: False, 0.08)
    witness.dispatch("UPDATE", {key: {"last": True}})
    expect(
        both,
        lambda: all(key in one.state and "last" in one.state[key] for one in both),
        "the last change to reach both clients",
        PATIENCE,
    )
    held, right = both[0].state, witness.state
    if not same(held, right):
        raise Violation(f"expected the state {right[key]} behind losses, got {held[key]}")


@feature("events")
@requires("PGS-WIN-003", "PGS-EVT-020", "PGS-WIN-005")
def test_handles_each_event_once(behind: Behind, rng: random.Random) -> None:
    """However often and late its package comes, an event is handled once, if it comes at all."""
    player = behind(drawn(rng, DOUBLING))
    sent = {player.dispatch("ECHO", number): number for number in range(40) if not _play(player)}
    player.pump_for(0.3)
    came = [event.args[0] for event in player.received("ECHO")]
    arrived = {number for sequence, number in sent.items() if sequence in _reached(player)}
    twice = sorted({number for number in came if came.count(number) > 1})
    if twice:
        raise Violation(f"expected each event to be handled once, got {twice} more than once")
    if missing := sorted(arrived - set(came)):
        raise Violation(f"expected every event that arrived to be handled, but not {missing}")


@feature("events")
@requires("PGS-EVT-013", "PGS-EVT-012", "PGS-ACK-004", "PGS-ACK-005")
def test_retries_until_the_event_has_arrived(behind: Behind, rng: random.Random) -> None:
    """With retries, an event comes through losses, and its ack callback runs once."""
    names = [f"watched {number}" for number in range(8)]
    player = behind(drawn(rng, LOSING))
    for name in names:
        player.dispatch("WATCH", name, 9)

    def acked() -> list[str]:
        return sorted(event.args[0] for event in player.received("ACKED"))

    player.expect(lambda: set(acked()) == set(names), f"an ack of all of {names}", PATIENCE)
    player.pump_for(0.2)
    heard = {event.args[0] for event in player.heard_events if event.type == "WATCHED"}
    if heard != set(names):
        raise Violation(f"expected no ack of what has not arrived, got one of {set(names) - heard}")
    if acked() != names:
        raise Violation(f"expected each ack callback to run once, got {acked()}")


@requires("PGS-ACK-002", "PGS-ACK-001", "PGS-WIN-001", "PGS-WIN-002", "PGS-WIN-003")
@again
def test_acks_what_has_arrived(behind: Behind, rng: random.Random, turn: int) -> None:
    """Acks name nothing that was lost, and in the end all that has come."""
    del turn
    player = behind(drawn(rng, BAD))
    player.pump_for(1.5)
    player.playing = False
    player.pump_for(0.15)
    player.expect_packages(2)
    arrived = set(_reached(player))
    for package in player.accepted:
        if unfounded := acked_by(package.ack, package.bits) - arrived:
            raise Violation(
                f"expected acks of what has arrived only, got {sorted(unfounded)} in {package}"
            )
    right, last = window_of(player.endpoint.line), player.accepted[-1]
    if (last.ack, last.bits) != (right.ack, right.bits):
        raise Violation(f"expected ack {right.ack} bits {right.bits:032b} in the end, got {last}")


@feature("events")
@requires("PGS-TIM-002", "PGS-CON-009")
@slow
def test_stands_a_short_silence(behind: Behind) -> None:
    """A network that is gone for two seconds ends no connection: it goes on where it was."""
    player = behind(cut_off(0.4, 2.6))
    player.pump_for(2.7)
    before = player.accepted[-1].sequence
    control(player)
    _check_goes_on(player, before)
    longest = max(b.at - a.at for a, b in zip(player.accepted, player.accepted[1:], strict=False))
    if longest > 1.0:
        raise Violation(f"expected packages all the while, got none for {longest:.1f} s")


@feature("events")
@requires("PGS-CON-010", "PGS-CON-009")
@slow
def test_resumes_after_a_long_silence(behind: Behind) -> None:
    """After its time-out, a connection is silent, and resumes as soon as the network is back."""
    player = behind(cut_off(0.3, 6.6))
    player.pump_for(5.9)
    heard = len(player.accepted)
    player.pump_for(0.4)
    if len(player.accepted) > heard:
        raise Violation("expected silence 5.6 s after the last package arrived, got packages")
    before = player.accepted[-1].sequence
    player.expect_packages(2, within=0.3 + HEALED_SECONDS)
    control(player)
    _check_goes_on(player, before)


@feature("events")
@requires("PGS-ERR-001", "PGS-HDR-002", "PGS-WIN-006")
def test_discards_what_was_damaged(behind: Behind, rng: random.Random) -> None:
    """A datagram whose protocol id is damaged counts as lost, and the connection lives on."""
    player = behind(spoilt(rng, 16))
    player.expect(lambda: player.sequence > OPENING + 50, "time to send what is damaged", PATIENCE)
    player.expect_packages(2)
    spoilt_ones = set(range(1, player.sequence)) - set(_reached(player))
    named = {one for package in player.accepted for one in acked_by(package.ack, package.bits)}
    if wrong := named & spoilt_ones:
        raise Violation(f"expected no ack of a damaged package, got {sorted(wrong)}")
    control(player)


@requires("PGS-CGA-002", "PGS-CGA-004", "PGS-CGA-005")
@slow
def test_slows_down_on_a_slow_network_and_recovers(behind: Behind, rng: random.Random) -> None:
    """While packages take long and some are lost, half as many are sent, and then all again."""
    player = behind(late(rng, 0.4, OPENING + 100))
    if not until_rate(player, lambda rate: rate < (GOOD + SLOW) / 2, 4.0):
        raise Violation("expected 20 packages per second on a slow network, got 40")
    if not until_rate(player, lambda rate: rate > LEAST * GOOD, 8.0):
        raise Violation("expected 40 packages per second when the network is fast again, got less")


@requires("PGS-TIM-001", "PGS-CGA-002")
def test_takes_no_loss_for_latency(behind: Behind, rng: random.Random) -> None:
    """A third of the packages is lost, none is slow: the rate stays as it is."""
    player = behind(drawn(rng, LOSING))
    player.pump_for(0.6)
    expect_rate(player, GOOD, "while a third of the packages is lost")


def _play(player: Player) -> bool:
    """Play for a moment, in which two packages are due at most."""
    return player.pump(lambda: False, 0.03)


def _reached(player: Player) -> list[int]:
    return reached(player.endpoint.line)


def _check_goes_on(player: Player, before: int) -> None:
    first = next(one for one in player.accepted if one.sequence == after(before))
    if first.full and player.time_order == 0:
        raise Violation(f"expected the connection to go on after package {before}, got {first}")
