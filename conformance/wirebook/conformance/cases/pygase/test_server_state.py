"""The contents of updates: the full state, and what leads from one state to another.

What may live here: cases in which attributes change. They compare states, never the way that these
were reached.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.gaming import (
    CACHE,
    GONE,
    expect_full,
    expect_value,
    said,
    set_to,
    steps_behind,
)
from wirebook.conformance.drivers.pygase.model import TO_DELETE, merge, same
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Inconclusive

pytestmark = feature("game-state")

CHANGES: dict[str, tuple[Any, Any, Any]] = {
    "value-replaced": (1, 2, 2),
    "type-replaced": (1, "1", "1"),
    "number-by-its-equal": (1, True, True),
    "str-by-bin": ("x", b"x", b"x"),
    "array-replaced": ([1, 2, 3], [4], [4]),
    "array-emptied": ([1], [], []),
    "member-added": ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    "member-replaced": ({"a": 1, "b": 1}, {"b": 2}, {"a": 1, "b": 2}),
    "member-deleted": ({"a": 1, "b": 1}, {"a": TO_DELETE}, {"b": 1}),
    "last-member-deleted": ({"a": 1}, {"a": TO_DELETE}, {}),
    "deep-member": ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 1, "d": 2}}}),
    "deep-member-deleted": (
        {"a": {"b": {"c": 1}}},
        {"a": {"b": {"c": TO_DELETE}}},
        {"a": {"b": {}}},
    ),
    "map-for-a-value": (1, {"a": 1}, {"a": 1}),
    "value-for-a-map": ({"a": 1}, 1, 1),
    "nil-for-a-map": ({"a": 1}, None, None),
    "empty-map-for-a-value": (1, {}, {}),
}
"""An attribute's value, what UPDATE gives for it, and its value then."""

DETOURS: dict[str, tuple[Any, list[Any], Any]] = {
    "map-deleted-and-set-again": ({"a": 1, "b": 2}, [TO_DELETE, {"c": 3}], {"c": 3}),
    "map-deleted-and-set-with-an-old-key": ({"a": 1, "b": 2}, [TO_DELETE, {"a": 1}], {"a": 1}),
    "map-deleted-and-set-empty": ({"a": 1}, [TO_DELETE, {}], {}),
    "map-replaced-and-set-again": ({"a": 1, "b": 2}, [7, {"c": 3}], {"c": 3}),
    "inner-map-deleted-and-set-again": (
        {"m": {"a": 1, "b": 2}, "n": 1},
        [{"m": TO_DELETE}, {"m": {"c": 3}}],
        {"m": {"c": 3}, "n": 1},
    ),
    "value-deleted-and-set-again": (1, [TO_DELETE, 2], 2),
    "value-deleted": (1, [TO_DELETE], GONE),
    "value-changed-twice": (1, [2, 3], 3),
    "value-changed-and-back": (1, [2, 1], 1),
    "map-for-a-while": (1, [{"a": 1, "b": 2}, 1], 1),
    "new-key-for-a-while": ({"a": 1}, [{"b": 2}, {"b": TO_DELETE}], {"a": 1}),
}
"""An attribute's value, what UPDATE gives for it in turn, and its value in the end."""


@requires("PGS-SYN-002")
def test_sends_the_full_state_to_a_newcomer(player: Player) -> None:
    """A validated client that reports time order 0 is sent every attribute."""
    player.expect(lambda: player.time_order, "a full state")
    first = next(package for package in player.accepted if package.time_order)
    expect_full(first)
    assert 1 <= first.time_order <= 65535, f"expected a time order, got {first.time_order}"


@requires("PGS-SYN-002", "PGS-SYN-003")
def test_full_state_is_the_state(players: MakePlayer, gamer: Player, key: str) -> None:
    """A newcomer gets the same state that a client in step holds."""
    set_to(gamer, key, {"a": [1, {"b": b"x"}], "c": None})
    newcomer = players()
    newcomer.join_game()
    expect([gamer, newcomer], lambda: key in newcomer.state, "the attribute at the newcomer")
    assert same(newcomer.state, gamer.state), (
        f"expected the state {gamer.state}, got {newcomer.state}"
    )


@requires("PGS-SYN-003", "PGS-EVT-024")
@pytest.mark.parametrize(
    ("before", "change", "expected"), list(CHANGES.values()), ids=list(CHANGES)
)
def test_sends_changes(gamer: Player, key: str, before: Any, change: Any, expected: Any) -> None:
    """A change of an attribute reaches a client that is in step."""
    set_to(gamer, key, before)
    gamer.dispatch("UPDATE", {key: change})
    expect_value(gamer, key, expected)


@requires("PGS-SYN-003")
@pytest.mark.parametrize(
    ("before", "changes", "expected"), list(DETOURS.values()), ids=list(DETOURS)
)
def test_leads_from_the_reported_state_to_its_own(
    gamer: Player, key: str, before: Any, changes: list[Any], expected: Any
) -> None:
    """An update over several changes turns the reported state into the newest one."""
    set_to(gamer, key, before)
    gamer.freeze()
    state: dict[str, Any] = {key: before}
    for change in changes:
        gamer.dispatch("UPDATE", {key: change})
        state = merge(state, {key: change})
        expect_value(gamer, key, state.get(key, GONE))
    # The update is the sum of all changes now; one step later it has to be right still.
    gamer.expect_packages(2)
    found = gamer.state.get(key, GONE)
    assert same(found, expected), f"expected {said(expected)} in the end, got {said(found)}"


@requires("PGS-SYN-003")
@pytest.mark.parametrize(
    ("before", "changes", "expected"), list(DETOURS.values()), ids=list(DETOURS)
)
def test_leads_from_the_states_between_as_well(
    gamer: Player, key: str, before: Any, changes: list[Any], expected: Any
) -> None:
    """An update leads to the newest state also from states that the client has not reported yet."""
    set_to(gamer, key, before)
    gamer.lag()
    state: dict[str, Any] = {key: before}
    for change in changes:
        gamer.dispatch("UPDATE", {key: change})
        state = merge(state, {key: change})
        expect_value(gamer, key, state.get(key, GONE))
    gamer.thaw()
    gamer.expect_packages(2)
    found = gamer.state.get(key, GONE)
    assert same(found, expected), f"expected {said(expected)} in the end, got {said(found)}"


@requires("PGS-SYN-003", "PGS-SYN-002")
def test_leads_from_one_full_state_to_the_next(
    players: MakePlayer, gamer: Player, key: str
) -> None:
    """A newcomer who has a full state, but has not said so yet, loses what has gone since."""
    set_to(gamer, key, {"a": 1})
    newcomer = players()
    newcomer.lag()
    newcomer.join_game()
    newcomer.expect(lambda: key in newcomer.state, "the attribute at the newcomer")
    gamer.dispatch("UPDATE", {key: TO_DELETE})
    expect([gamer, newcomer], lambda: key not in gamer.state, "the attribute to go")
    expect([gamer, newcomer], lambda: key not in newcomer.state, "it to go at the newcomer")


@requires("PGS-SYN-003")
def test_stays_in_step_over_many_changes(gamer: Player, key: str, rng: random.Random) -> None:
    """A client that misses most packages has the right state after many changes."""
    names = ["a", "b", "c"]
    values = [0, "x", [1], {"p": 1}, {"q": {"r": 2}}, TO_DELETE]
    model: dict[str, Any] = {key: {"round": 0}}
    set_to(gamer, key, model[key])
    for number in range(1, 25):
        change = {key: {"round": number, rng.choice(names): rng.choice(values)}}
        gamer.freeze()
        gamer.dispatch("UPDATE", change)
        model = merge(model, change)
        _expect_round(gamer, key, number)
        gamer.thaw()
        assert same(gamer.state[key], model[key]), (
            f"expected {model[key]} after change {number} ({change[key]}), got {gamer.state[key]}"
        )


def _expect_round(gamer: Player, key: str, number: int) -> None:
    gamer.expect(lambda: gamer.state[key]["round"] == number, f"change {number}")


@requires("PGS-SYN-004")
def test_sends_changed_attributes_only(gamer: Player, key: str) -> None:
    """A change is sent without the attributes that have not changed since the report."""
    set_to(gamer, key, 1)
    reported = gamer.freeze()
    gamer.dispatch("COUNT", key)
    gamer.expect(lambda: key in gamer.state["counts"], "the count")
    newest = gamer.accepted[-1]
    if steps_behind(gamer, reported) > CACHE:
        raise Inconclusive("the client fell more than 100 steps behind at once")
    for name in ("greeting", "game_status", key):
        assert name not in newest.update, f"expected an update without {name}, got {newest}"


@requires("PGS-SYN-005")
def test_sends_nothing_but_time_orders_while_nothing_changes(gamer: Player) -> None:
    """A client in step with a state that does not change gets empty updates."""
    gamer.expect_packages(3)
    for package in gamer.expect_packages(12):
        assert list(package.update) == ["time_order"], f"expected only time_order, got {package}"
