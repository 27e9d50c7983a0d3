"""States and updates that do not fit into a package.

What may live here: cases in which the state grows too large. They start the server anew, so that a
server which does not recover spoils no other case.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.controls import control
from wirebook.conformance.drivers.pygase.model import difference, is_newer
from wirebook.conformance.drivers.pygase.packages import LARGEST, ServerPackage, packed
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect
from wirebook.conformance.marks import feature, fresh_target, requires

pytestmark = [feature("game-state"), fresh_target]

LONGEST_TIME_ORDER = 3
"""Octets of a time order above 255."""
TOO_MUCH = [2100, 5000, 100_000]
"""Octets of an attribute that no package has room for."""


def fill(player: Player, octets: int) -> None:
    """Have the application grow its state by an attribute of that many octets, or delete it."""
    player.dispatch("FILL", octets)


@pytest.fixture
def emptied(gamer: Player) -> Iterator[Player]:
    """Give a client that holds the state, and make the state small again after the case."""
    yield gamer
    fill(gamer, 0)


def check_empty(player: Player) -> None:
    """Check that the newest packages neither change anything nor are larger than they may be."""
    for package in player.expect_packages(3):
        assert list(package.update) == ["time_order"], f"expected the empty update, got {package}"
        assert not is_newer(package.time_order, player.reported), (
            f"expected no time order newer than {player.reported}, got {package}"
        )
        assert len(package.data) <= LARGEST, f"expected 2048 octets at most, got {package}"


def has(player: Player, name: str) -> bool:
    """Tell whether an attribute is in the state that a client holds."""
    return name in player.state


def stand_still(player: Player) -> None:
    """Play until the time order that the server sends does not grow any more."""
    before = len(player.accepted)

    def still() -> bool:
        recent = player.accepted[before + 2 :]
        return len(recent) >= 4 and len({package.time_order for package in recent[-4:]}) == 1

    player.expect(still, "packages whose time orders stop before the state that does not fit")


@requires("PGS-SYN-010")
@pytest.mark.parametrize("octets", TOO_MUCH)
def test_sends_empty_updates_to_a_newcomer_who_has_no_room(
    emptied: Player, players: MakePlayer, octets: int
) -> None:
    """While the full state does not fit, a newcomer gets empty updates with time order 0."""
    fill(emptied, octets)
    stand_still(emptied)
    newcomer = players()
    newcomer.join()
    newcomer.expect_packages(2)
    check_empty(newcomer)
    assert newcomer.accepted[-1].time_order == 0, (
        f"expected time order 0, got {newcomer.accepted[-1]}"
    )


@feature("events")
@requires("PGS-SYN-010", "PGS-ERR-001")
def test_serves_events_while_the_state_does_not_fit(emptied: Player, players: MakePlayer) -> None:
    """While the state is too large, old and new clients keep their connections and events."""
    fill(emptied, TOO_MUCH[0])
    stand_still(emptied)
    control(emptied)
    newcomer = players()
    newcomer.join()
    control(newcomer)


@requires("PGS-SYN-010")
def test_sends_the_empty_update_to_a_client_in_step(emptied: Player) -> None:
    """A client in step gets empty updates once nothing newer fits."""
    fill(emptied, TOO_MUCH[0])
    stand_still(emptied)
    check_empty(emptied)
    assert "fill" not in emptied.state, "expected no part of what does not fit"


@requires("PGS-SYN-010")
def test_serves_everybody_when_the_state_has_become_small(
    emptied: Player, players: MakePlayer
) -> None:
    """As soon as the state fits again, everybody gets it."""
    fill(emptied, TOO_MUCH[0])
    stand_still(emptied)
    newcomer = players()
    newcomer.join()
    fill(emptied, 0)
    stopped = emptied.time_order
    expect([emptied, newcomer], lambda: newcomer.time_order, "the full state for the newcomer")
    expect([emptied, newcomer], lambda: emptied.time_order != stopped, "newer states again")
    assert "fill" not in emptied.state, "expected the attribute to have gone"
    assert "greeting" in newcomer.state, f"expected the full state, got {newcomer.state}"


@requires("PGS-SYN-010")
def test_sends_what_just_fits(emptied: Player, players: MakePlayer) -> None:
    """A state that fits into a package is sent, however large."""
    full = check_fits(emptied, players(), 1900)
    left = LARGEST - len(full.data) - (LONGEST_TIME_ORDER - len(packed(full.time_order)))
    check_fits(emptied, players(), 1900 + left)


def check_fits(player: Player, newcomer: Player, octets: int) -> ServerPackage:
    """Fill the state, check that a newcomer gets all of it, and return the package with it."""
    fill(player, octets)
    player.expect(lambda: len(player.state.get("fill", "")) == octets, f"{octets} octets more")
    newcomer.join_game()
    found = len(newcomer.state.get("fill", ""))
    assert found == octets, f"expected a full state with {octets} octets more, got {found}"
    return next(package for package in newcomer.accepted if package.full)


@requires("PGS-SYN-010", "PGS-SYN-003")
def test_catches_up_in_several_packages(emptied: Player, players: MakePlayer, key: str) -> None:
    """An update that does not fit is replaced by the one to the newest time order that does."""
    late, observer = emptied, players()
    observer.join_game()
    late.freeze()
    both = [late, observer]
    states: list[int] = []
    for number in range(3):
        before = observer.accepted[-1].time_order
        name = f"{key}-{number}"
        observer.dispatch("UPDATE", {name: str(number) * 900})
        expect(both, partial(has, observer, name), "a change")
        states += [before, observer.accepted[-1].time_order]
    late.expect_packages(2)
    package = late.accepted[-1]
    names = [name for name in package.update if name.startswith(key)]
    assert names == [f"{key}-0", f"{key}-1"], f"expected the first two changes, got {package}"
    assert difference(package.time_order, states[4]) >= 0, (
        f"expected time order {states[4]} at least, which fits too, got {package}"
    )
    assert difference(states[5], package.time_order) > 0, (
        f"expected a time order before {states[5]}, got {package}"
    )
    late.thaw()
    late.expect(lambda: f"{key}-2" in late.state, "the last change after the others")
