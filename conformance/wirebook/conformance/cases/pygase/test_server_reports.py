"""Time orders that clients report, and what a server makes of them.

What may live here: cases in which the suite reports something else than it holds. The contents of
updates to a client that is in step are in `test_server_state.py`.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.controls import control
from wirebook.conformance.drivers.pygase.gaming import (
    CACHE,
    expect_full,
    reporting,
    set_to,
    steps_behind,
)
from wirebook.conformance.drivers.pygase.model import TO_DELETE, after, difference, merge, same
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Inconclusive

pytestmark = feature("game-state")


@requires("PGS-SYN-002")
def test_sends_the_full_state_as_long_as_none_is_reported(gamer: Player) -> None:
    """A client that goes back to reporting time order 0 is sent the full state again."""
    gamer.expect(lambda: not gamer.accepted[-1].full, "changes only, after a report")
    for package in reporting(gamer, lambda _: 0):
        expect_full(package)


@requires("PGS-SYN-004")
@pytest.mark.parametrize("behind", [10, 50, 90])
def test_sends_changes_only_to_a_client_behind(gamer: Player, behind: int) -> None:
    """A client that is up to 100 steps behind gets no attribute that has not changed since."""
    gamer.expect(lambda: gamer.accepted[-1].time_order > CACHE, "more than 100 steps", 4.0)
    reported = after(gamer.accepted[-1].time_order, -behind)
    for package in reporting(gamer, lambda _: reported):
        if difference(package.time_order, reported) > CACHE:
            raise Inconclusive("the client fell more than 100 steps behind")
        for name in ("greeting", "game_status"):
            assert name not in package.update, f"expected no {name}, got {package}"


@feature("events")
@requires("PGS-SYN-006", "PGS-SYN-003")
def test_sends_everything_to_a_client_far_behind(
    players: MakePlayer, gamer: Player, key: str
) -> None:
    """A client more than 100 steps behind gets every attribute, and deletions of what has gone."""
    gone, stays = f"{key}-gone", key
    set_to(gamer, gone, 1)
    set_to(gamer, stays, {"gone": 2, "stays": 3})
    observer = players()
    observer.join_game()
    held, reported = gamer.state, gamer.freeze()
    observer.dispatch("UPDATE", {gone: TO_DELETE, stays: {"gone": TO_DELETE}})
    expect(
        [observer, gamer],
        lambda: steps_behind(gamer, reported) > CACHE,
        "the state to be 101 steps ahead of the report",
        4.0,
    )
    package = gamer.accepted[-1]
    for name in observer.state:
        if name != "game_status":
            assert name in package.update, f"expected every attribute, also {name}, got {package}"
    found, expected = merge(held, package.attributes), observer.state
    assert same(found, expected), f"expected the update to lead to {expected}, got {found}"
    gamer.thaw()
    control(gamer)


@requires("PGS-SYN-007")
@pytest.mark.parametrize("ahead", [100, 1000, 32000])
def test_sends_the_full_state_for_a_report_from_the_future(gamer: Player, ahead: int) -> None:
    """A client that reports a time order newer than the state's is sent the full state."""
    for package in reporting(gamer, lambda newest: after(newest, ahead)):
        expect_full(package)


@requires("PGS-SYN-007")
@pytest.mark.parametrize("behind", [1100, 5000, 32000])
def test_sends_the_full_state_for_a_report_of_long_ago(gamer: Player, behind: int) -> None:
    """A client that reports a time order more than 1000 steps old is sent the full state."""
    for package in reporting(gamer, lambda newest: after(newest, -behind)):
        expect_full(package)


@requires("PGS-SYN-001")
def test_ignores_the_time_order_of_late_packages(gamer: Player) -> None:
    """The time order that a late package reports does not count."""
    late = gamer.skip()[0]
    gamer.expect_acked(gamer.send())
    gamer.playing = False
    gamer.send(sequence=late, time_order=0)
    gamer.expect_acked(late)
    for package in gamer.expect_packages(2):
        assert not package.full, (
            f"expected the late report of time order 0 to be ignored, got {package}"
        )


@requires("PGS-SYN-001")
def test_takes_the_time_order_of_newest_packages(gamer: Player) -> None:
    """The time order that a newest package reports counts from then on."""
    gamer.expect(lambda: not gamer.accepted[-1].full, "changes only, after a report")
    for package in reporting(gamer, lambda _: 0):
        assert package.full, f"expected the full state for time order 0, got {package}"
    gamer.playing = True
    gamer.send()
    gamer.expect(lambda: not gamer.accepted[-1].full, "changes only again")


@requires("PGS-ERR-002")
@pytest.mark.parametrize("why", ["malformed", "duplicate", "too-late"])
def test_ignores_the_time_order_of_discarded_packages(gamer: Player, why: str) -> None:
    """The time order in a package that has to be discarded does not count."""
    for _ in range(34):
        sequence = gamer.send()
    gamer.expect_acked(sequence)
    gamer.playing = False
    if why == "malformed":
        gamer.send_bad_block(b"\x00", time_order=0)
    elif why == "duplicate":
        gamer.send(sequence=sequence, time_order=0)
    else:
        gamer.send(sequence=after(sequence, -33), time_order=0)
    for package in gamer.expect_packages(4):
        assert not package.full, f"expected the report of time order 0 to be ignored, got {package}"
