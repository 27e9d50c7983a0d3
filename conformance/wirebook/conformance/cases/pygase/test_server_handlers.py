"""Handlers of events: those of the game loop, and all of them when they fail.

What may live here: cases about what comes of a handler, as the events after it and the state show.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.controls import control
from wirebook.conformance.drivers.pygase.model import same
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

FAILING = {
    "in-the-server": Event("RAISE", ["server"]),
    "too-few-arguments": Event("WATCH", []),
    "too-many-arguments": Event("BURST", [1, 2, 3, 4, 5]),
    "unknown-keyword": Event("BURST", [1], {"unknown": 1}),
    "argument-of-another-type": Event("BURST", ["many"]),
    "keyword-like-a-position": Event("BURST", [1], {"n": 2}),
}
FAILING_IN_THE_GAME = {
    "in-the-step": Event("RAISE", ["step"]),
    "too-few-arguments": Event("COUNT", []),
    "argument-of-another-type": Event("UPDATE", [7]),
    "unknown-keyword": Event("FILL", [0], {"unknown": 1}),
}


def _each(events: dict[str, Event]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("event", list(events.values()), ids=list(events))


@requires("PGS-EVT-023")
@_each(FAILING)
def test_survives_handlers_that_fail(player: Player, event: Event) -> None:
    """A handler that fails harms neither the connection nor the other events of the package."""
    control(player)
    sequence = player.send(Event("ECHO", ["before"]), event, Event("ECHO", ["after"]))
    player.expect_event("ECHO", ["before"])
    player.expect_event("ECHO", ["after"])
    player.expect_acked(sequence)
    control(player)


@feature("game-state")
@requires("PGS-EVT-023", "PGS-EVT-024")
@_each(FAILING_IN_THE_GAME)
def test_survives_steps_that_fail(gamer: Player, key: str, event: Event) -> None:
    """A handler that fails in the game loop leaves the loop running, and other events handled."""
    control(gamer)
    gamer.send(Event("UPDATE", [{key: "before"}]), event)
    gamer.expect(lambda: gamer.state.get(key) == "before", "the change before the failure")
    before = gamer.time_order
    gamer.expect(lambda: gamer.time_order != before, "further steps of the game loop")
    gamer.dispatch("UPDATE", {key: "after"})
    gamer.expect(lambda: gamer.state.get(key) == "after", "a change after the failure")
    control(gamer)


def expect_count(gamer: Player, key: str, count: int) -> None:
    """Play until a counter of the application has a value, and check that it has not passed it."""
    gamer.expect(lambda: gamer.state["counts"].get(key, 0) >= count, f"a count of {count}")
    found = gamer.state["counts"][key]
    assert found == count, f"expected a count of {count}, got {found}"


@feature("game-state")
@requires("PGS-EVT-024")
def test_handles_events_in_the_next_step(gamer: Player, key: str) -> None:
    """What a handler of the game loop returns becomes part of the state, call by call."""
    for count in range(1, 4):
        gamer.dispatch("COUNT", key)
        expect_count(gamer, key, count)


@feature("game-state")
@requires("PGS-EVT-024", "PGS-EVT-020")
def test_calls_the_handler_of_the_game_for_each_event(gamer: Player, key: str) -> None:
    """Several events of one package are handled each, in order, and their returns merged."""
    # A step may begin between two events and hide a mistake, so there are several rounds.
    for number in range(5):
        gamer.send(
            Event("COUNT", [key]),
            Event("UPDATE", [{key: {"a": number, "b": 0}}]),
            Event("COUNT", [key]),
            Event("UPDATE", [{key: {"b": number, "c": number}}]),
            Event("COUNT", [key]),
        )
        expect_count(gamer, key, 3 * number + 3)
        expected = {"a": number, "b": number, "c": number}
        expect_members(gamer, key, expected)


def expect_members(gamer: Player, key: str, expected: dict[str, int]) -> None:
    """Check that an attribute has the members that the changes before have given it."""
    gamer.expect(lambda: gamer.state.get(key, {}).get("c") == expected["c"], "the last change")
    found = gamer.state[key]
    assert same(found, expected), f"expected the merged changes {expected}, got {found}"


@feature("game-state")
@requires("PGS-EVT-023", "PGS-EVT-024")
def test_other_clients_survive_a_handler_that_fails(players: MakePlayer, key: str) -> None:
    """After a failure in the server and one in the game loop, another client plays on."""
    one, other = players(), players()
    one.join_game()
    other.join_game()
    one.dispatch("RAISE", "server")
    one.dispatch("RAISE", "step")
    one.expect_packages(2)
    other.dispatch("UPDATE", {key: 1})
    other.expect(lambda: other.state.get(key) == 1, "a change for another client")
    control(other)
    control(one)
