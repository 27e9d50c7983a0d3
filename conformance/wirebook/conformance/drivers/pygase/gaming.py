"""What a player does with the game state, and what its updates have to be.

What may live here: the changes that a case has the conformance application make, and the looks that
it takes at updates. It needs the feature `game-state`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.conformance.drivers.pygase.model import TO_DELETE, difference, same
from wirebook.conformance.drivers.pygase.packages import ServerPackage
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.verdicts import Violation

CACHE = 100
"""Steps that a client may be behind and still get nothing but changes."""
GONE = TO_DELETE
"""Stands for the value of an attribute that the state does not have."""


def set_to(gamer: Player, key: str, value: Any) -> None:
    """Set an attribute and wait until our own copy has it."""
    gamer.dispatch("UPDATE", {key: value})
    expect_value(gamer, key, value)


def expect_value(gamer: Player, key: str, value: Any) -> None:
    """Play until our copy of the state has a value for a key."""
    before = gamer.state.get(key, GONE)
    gamer.expect(
        lambda: same(gamer.state.get(key, GONE), value),
        f"a key to change from {said(before)} to {said(value)}",
    )


def said(value: Any) -> str:
    """Say what value an attribute has."""
    return "gone" if value == GONE else repr(value)


def steps_behind(gamer: Player, reported: int) -> int:
    """Return how many steps the newest package is ahead of a time order."""
    return difference(gamer.accepted[-1].time_order, reported)


def reporting(gamer: Player, time_order: Callable[[int], int]) -> list[ServerPackage]:
    """Report a time order that is made of the newest one, and return the packages that it draws."""
    gamer.playing = False
    newest = gamer.accepted[-1].time_order
    sequence = gamer.send(time_order=time_order(newest))
    gamer.expect_acked(sequence)
    answers = [package for package in gamer.accepted if package.acks(sequence)]
    return answers + gamer.expect_packages(1)


def expect_full(package: ServerPackage) -> None:
    """Check that an update is a full state of the application."""
    lacking = [name for name in ("greeting", "counts", "game_status") if name not in package.update]
    if lacking:
        raise Violation(f"expected the full state, but {', '.join(lacking)} are not in {package}")
    if package.update["greeting"] != "conformance" or package.update["game_status"] != 1:
        raise Violation(f"expected greeting conformance, game_status 1, got {package.update}")
