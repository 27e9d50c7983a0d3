"""Acks of a server's own packages, as its ack callbacks and retries show them.

What may live here: cases in which the suite decides which packages of the server to ack, and when.
"""

from __future__ import annotations

import random
import time

import pytest

from wirebook.conformance.drivers.pygase.controls import check_time, control
from wirebook.conformance.drivers.pygase.model import WINDOW, after, difference
from wirebook.conformance.drivers.pygase.packages import ServerPackage
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires, slow
from wirebook.conformance.verdicts import Inconclusive

pytestmark = feature("events")

TIME_OUT = 1.0
EARLIEST = 0.9
"""Seconds: no package of ours may be taken for lost before, measured at our end."""
LATEST = 1.4
"""Seconds: a loss shows by then in a new package, measured at our end."""


def brings_watched(package: ServerPackage) -> bool:
    """Tell whether a package carries an event whose ack the server watches."""
    return any(event.type == "WATCHED" for event in package.events)


def watch(player: Player, name: str, retries: int = 0) -> ServerPackage:
    """Have the server send a watched event; return the package that brought it, not acked yet."""
    player.admits = lambda package: not brings_watched(package)
    player.dispatch("WATCH", name, retries)
    return player.carrier("WATCHED", [name])


def seconds_since(package: ServerPackage) -> float:
    """Return how long ago a package arrived."""
    return time.monotonic() - package.at


def acks_of(player: Player, name: str) -> int:
    """Return how often the server has run the ack callback of that name."""
    return len(player.received("ACKED", [name]))


@requires("PGS-ACK-003", "PGS-EVT-012")
def test_ack_itself_acks(player: Player) -> None:
    """A package that `ack` names is acked."""
    carrier = watch(player, "ack")
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.fixed_ack = None
    player.expect_event("ACKED", ["ack"])


@requires("PGS-ACK-003")
@pytest.mark.parametrize("bit", [1, 2, 16, 31, 32])
def test_each_ack_bit_acks(player: Player, bit: int) -> None:
    """A package that one of the 32 ack bits names is acked, the 32nd as well as the first."""
    for attempt in range(3):
        name = f"bit {bit}, attempt {attempt}"
        carrier = watch(player, name)
        player.fixed_ack = player.ack_fields
        _wait_until_behind(player, carrier, bit)
        in_time = seconds_since(carrier) < EARLIEST
        player.fixed_ack = (after(carrier.sequence, bit), 1 << (WINDOW - bit))
        player.send()
        player.fixed_ack = None
        if in_time:
            player.expect_event("ACKED", [name])
            return
        control(player)
    raise Inconclusive(f"{bit} packages took longer than a package takes to be lost")


def _wait_until_behind(player: Player, package: ServerPackage, steps: int) -> None:
    # Only what has been sent can be acked, so the package has to get as old as the bit says.
    player.expect(
        lambda: difference(player.accepted[-1].sequence, package.sequence) >= steps,
        f"{steps} packages after the one to ack",
    )


@requires("PGS-ACK-003")
def test_acks_exactly_the_packages_that_the_bits_name(player: Player, rng: random.Random) -> None:
    """Of many packages, exactly those are acked whose bits are set."""
    player.fixed_ack = player.ack_fields
    names = [f"package {number}" for number in range(24)]
    for name in names:
        player.queue("WATCH", name, 0)
        player.expect_packages(1)
    player.expect_event("WATCHED", [names[-1]])
    newest = player.accepted[-1].sequence
    brought = {
        package.sequence: [event.args[0] for event in package.events]
        for package in player.accepted
        if brings_watched(package)
    }
    # What is older may be lost by now.
    recent = [sequence for sequence in brought if difference(newest, sequence) <= 24]
    chosen = {newest, *(sequence for sequence in recent if rng.random() < 0.5)}
    bits = sum(1 << (WINDOW - difference(newest, one)) for one in chosen if one != newest)
    player.fixed_ack = (newest, bits)
    player.send()
    expected = sorted(name for sequence in chosen for name in brought.get(sequence, []))
    for name in expected:
        player.expect_event("ACKED", [name])
    control(player)
    acked = sorted(event.args[0] for event in player.received("ACKED"))
    assert acked == expected, f"expected acks of {expected}, got {acked}"


@requires("PGS-ACK-004", "PGS-EVT-012")
def test_acks_a_package_once(player: Player) -> None:
    """The ack callback runs once, however many packages name the sequence."""
    player.dispatch("WATCH", "once", 0)
    carrier = player.carrier("WATCHED", ["once"])
    player.expect_event("ACKED", ["once"])
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.send()
    player.fixed_ack = None
    player.expect_packages(4)
    control(player)
    assert acks_of(player, "once") == 1, f"expected one ack, got {acks_of(player, 'once')}"


@requires("PGS-EVT-012", "PGS-ACK-003")
def test_runs_no_callback_without_an_ack(player: Player) -> None:
    """The ack callback does not run because later packages are acked."""
    watch(player, "never")
    player.expect_packages(6)
    control(player)
    assert acks_of(player, "never") == 0, "expected no ack of a package that was never named"


@requires("PGS-ACK-006")
@pytest.mark.parametrize("ahead", [1, 33, 1000, 20000])
def test_ignores_acks_of_what_was_never_sent(player: Player, ahead: int) -> None:
    """An ack of what the server has not sent is ignored, and the rest of the package counts."""
    carrier = watch(player, "unsent")
    player.fixed_ack = (after(player.accepted[-1].sequence, ahead + 4), 0)
    token = player.token()
    player.dispatch("ECHO", token)
    player.fixed_ack = None
    player.expect_event("ECHO", [token])
    assert acks_of(player, "unsent") == 0, "expected no ack by a sequence that was never sent"
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.fixed_ack = None
    player.expect_event("ACKED", ["unsent"])
    control(player)


@requires("PGS-ACK-006", "PGS-ACK-005")
def test_ignores_acks_of_what_is_lost(player: Player) -> None:
    """An ack that comes after a package was lost has no effect."""
    carrier = watch(player, "lost")
    player.fixed_ack = player.ack_fields
    player.pump_for(carrier.at + TIME_OUT + 0.3 - time.monotonic())
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.fixed_ack = None
    control(player)
    player.expect_packages(2)
    assert acks_of(player, "lost") == 0, "expected no ack callback 1.3 s after the package was sent"


@requires("PGS-ACK-005", "PGS-EVT-013", "PGS-EVT-012")
@pytest.mark.parametrize("playing", [True, False], ids=["playing", "silent"])
def test_takes_a_package_as_lost_after_one_second(player: Player, playing: bool) -> None:
    """A retried event comes again 1.0 s after its package, also to a client that is silent."""
    first = watch(player, "again", 1)
    player.playing = playing
    player.pace.begin()
    player.expect(
        lambda: len(player.received("WATCHED", ["again"])) >= 2, "the event a second time", 2.5
    )
    second = [package for package in player.accepted if brings_watched(package)][-1]
    passed = second.at - first.at
    assert second.sequence != first.sequence, f"expected a new package, got {second}"
    check_time(player, EARLIEST, passed, LATEST, "until the event comes again")
    player.fixed_ack = (second.sequence, 0)
    player.send()
    player.fixed_ack = None
    player.expect_event("ACKED", ["again"])
    control(player)
    assert acks_of(player, "again") == 1, f"expected one ack, got {acks_of(player, 'again')}"


@requires("PGS-EVT-013")
@slow
def test_sends_an_event_as_often_as_it_has_retries(player: Player) -> None:
    """An event with n retries that is never acked is sent n + 1 times, and no more."""
    player.admits = lambda package: not brings_watched(package)
    for retries in range(3):
        player.dispatch("WATCH", f"{retries} retries", retries)

    def times(retries: int) -> int:
        return len(player.received("WATCHED", [f"{retries} retries"]))

    player.expect(lambda: times(2) == 3, "the event with two retries three times", 4.0)
    player.pump_for(LATEST)
    control(player)
    for retries in range(3):
        assert times(retries) == retries + 1, (
            f"expected the event with {retries} retries {retries + 1} times, got {times(retries)}"
        )


@requires("PGS-EVT-013")
def test_does_not_send_an_acked_event_again(player: Player) -> None:
    """An event that is acked at the first time is not sent again, whatever retries it has left."""
    player.dispatch("WATCH", "acked", 3)
    player.expect_event("ACKED", ["acked"])
    player.pump_for(LATEST)
    control(player)
    times = len(player.received("WATCHED", ["acked"]))
    assert times == 1, f"expected an acked event not to be sent again, got it {times} times"


@requires("PGS-WIN-003", "PGS-ERR-002")
def test_heeds_no_ack_of_a_duplicate(player: Player) -> None:
    """The ack in a package whose sequence has been received already does not count."""
    carrier = watch(player, "duplicate")
    sequence = player.send()
    player.fixed_ack = (carrier.sequence, 0)
    player.send(sequence=sequence)
    player.fixed_ack = None
    control(player)
    player.expect_packages(2)
    assert acks_of(player, "duplicate") == 0, "expected no ack by a duplicate"
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.fixed_ack = None
    player.expect_event("ACKED", ["duplicate"])


@requires("PGS-ERR-002", "PGS-WIN-006")
def test_heeds_no_ack_of_a_malformed_package(player: Player) -> None:
    """The ack in a package that has to be discarded does not count."""
    carrier = watch(player, "malformed")
    player.fixed_ack = (carrier.sequence, 0)
    player.send_bad_block(b"\x00")
    player.fixed_ack = None
    control(player)
    player.expect_packages(2)
    assert acks_of(player, "malformed") == 0, "expected no ack by a malformed package"
    player.fixed_ack = (carrier.sequence, 0)
    player.send()
    player.fixed_ack = None
    player.expect_event("ACKED", ["malformed"])
