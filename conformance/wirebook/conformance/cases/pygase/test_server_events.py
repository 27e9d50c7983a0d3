"""Events: their order, their arguments, and who gets them.

What may live here: cases about the events that a server sends and hands to handlers. What comes of
the handlers is in `test_server_handlers.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.drivers.pygase.controls import control, unharmed
from wirebook.conformance.drivers.pygase.model import same, single
from wirebook.conformance.drivers.pygase.packages import (
    FULL_EVENT,
    Event,
    entry,
    raw_event,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import expect
from wirebook.conformance.marks import feature, requires

pytestmark = feature("events")

ARGUMENTS: dict[str, list[Any]] = {
    "none": [],
    "scalars": [None, True, False, 0, -1, 2**40, "text", b"\x00\xff"],
    "floats": [0.5, single(0.1), -1.0],
    "containers": [[1, [2, []]], {"a": {"b": [{}]}}, [], {}],
    "like-a-deletion": [bytes.fromhex("d281e5ba"), {"k": bytes.fromhex("d281e5ba")}],
}
KEYWORDS: dict[str, dict[str, Any]] = {
    "one": {"name": 1},
    "several": {"a": "x", "b": b"y", "c": [1, {"d": None}], "e": 0.5},
    "odd-names": {"": 1, "two words": 2, "\N{SNOWMAN}": 3, "class": 4},
    "names-of-fields": {"type": 1, "handler_args": [2], "handler_kwargs": {"k": 3}},
}
UNKNOWN = {
    "other-name": "NOBODY_KNOWS_THIS",
    "empty": "",
    "long-and-not-ascii": "\N{SNOWMAN}" * 200,
}
TOO_LARGE = [FULL_EVENT + 3, 2032]
"""Octets of an event that a client's package has room for, and no server's, whatever its update."""


@requires("PGS-EVT-010")
@pytest.mark.parametrize("count", [2, 12, 40])
def test_sends_events_in_order(player: Player, count: int) -> None:
    """Events are sent in the order in which they were dispatched, also when they have to wait."""
    player.dispatch("BURST", count)
    player.expect_event("BURST", [count - 1])
    numbers = [event.args[0] for event in player.received("BURST")]
    assert numbers == list(range(count)), f"expected 0 to {count - 1} in order, got {numbers}"


@requires("PGS-EVT-010")
def test_keeps_the_order_of_large_and_small_events(player: Player) -> None:
    """An event that finds no room waits, and the smaller ones after it do not overtake it."""
    words = ["a", "b" * 1200, "c" * 1500, "d", "e" * 1900, "f"]
    for word in words:
        player.dispatch("ECHO", word)
    player.expect_event("ECHO", ["f"])
    came = [event.args[0][:1] for event in player.received("ECHO")]
    assert came == list("abcdef"), f"expected a, b, c, d, e, f in order, got {', '.join(came)}"


@requires("PGS-EVT-011", "PGS-DGM-002")
@pytest.mark.parametrize("octets", TOO_LARGE)
def test_refuses_an_event_that_no_package_has_room_for(player: Player, octets: int) -> None:
    """Dispatching an event that is too large for any package fails, and harms nothing else."""
    large = _echo_of(octets)
    with unharmed(player):
        player.send_block(large)
    largest = max(len(package.data) for package in player.packages)
    assert largest < octets, f"expected the event of {octets} octets to be refused, got it"


@requires("PGS-EVT-011", "PGS-EVT-010")
@pytest.mark.parametrize("octets", [FULL_EVENT - 1, FULL_EVENT])
def test_sends_an_event_that_fills_a_package(player: Player, octets: int) -> None:
    """An event that just fits into a package with an update that says nothing is sent."""
    player.send_block(_echo_of(octets))
    player.expect(
        lambda: any(len(one) == octets for package in player.accepted for one in package.entries()),
        f"an echo of {octets} octets",
    )
    control(player)


def _echo_of(octets: int) -> bytes:
    """Return an entry with an ECHO of that many octets."""
    empty = len(raw_event(args=b"\x91\xda" + bytes(2)))
    padding = octets - empty
    return entry(raw_event(args=b"\x91\xda" + padding.to_bytes(2) + b"x" * padding))


@requires("PGS-EVT-014", "PGS-EVT-020")
@pytest.mark.parametrize("args", list(ARGUMENTS.values()), ids=list(ARGUMENTS))
def test_sends_positional_arguments(player: Player, args: list[Any]) -> None:
    """Positional arguments reach the handler, and those of the answer come back, unchanged."""
    player.dispatch("ECHO", *args)
    event = player.expect_event("ECHO")
    assert same(event.args, args), f"expected ECHO of {args}, got {event}"
    assert not event.kwargs, f"expected no keyword arguments, got {event}"


@requires("PGS-EVT-014", "PGS-EVT-020")
@pytest.mark.parametrize("kwargs", list(KEYWORDS.values()), ids=list(KEYWORDS))
def test_sends_keyword_arguments(player: Player, kwargs: dict[str, Any]) -> None:
    """Keyword arguments reach the handler, and those of the answer come back, unchanged."""
    player.send(Event("ECHO", ["with keywords"], kwargs))
    event = player.expect_event("ECHO")
    assert same(event.args, ["with keywords"]), f"expected one argument, got {event}"
    assert same(event.kwargs, kwargs), f"expected the keywords {kwargs}, got {event}"


@requires("PGS-EVT-014")
def test_sends_an_event_to_one_client_only(players: MakePlayer) -> None:
    """An event for one client does not reach another."""
    one, other = players(), players()
    one.join()
    other.join()
    one.dispatch("ECHO", "for one")
    expect([one, other], lambda: one.received("ECHO", ["for one"]), "the echo")
    other.expect_packages(3)
    assert not other.received("ECHO", ["for one"]), "expected no event for another client"


@requires("PGS-EVT-014")
def test_sends_an_event_to_all_clients(players: MakePlayer) -> None:
    """An event for all clients reaches each of them once."""
    everyone = [players() for _ in range(4)]
    for player in everyone:
        player.join()
    token = everyone[0].token()
    everyone[0].dispatch("BROADCAST", token, 2)
    expect(
        everyone,
        lambda: all(player.received("BROADCAST", [token, 2]) for player in everyone),
        "the broadcast at each of four clients",
    )
    for player in everyone:
        player.expect_packages(2)
        assert len(player.received("BROADCAST", [token, 2])) == 1, "expected the broadcast once"


@requires("PGS-EVT-020")
def test_handles_events_in_the_order_of_the_package(player: Player) -> None:
    """The events of a package are handled in its order, one after the other."""
    player.send(
        Event("ECHO", ["first"]),
        Event("BURST", [3]),
        Event("ECHO", ["second"]),
        Event("WHOAMI"),
        Event("ECHO", ["last"]),
    )
    player.expect_event("ECHO", ["last"])
    came = [str(event.args[0]) if event.args else "" for event in player.events]
    expected = ["first", "0", "1", "2", "second", str(player.local[0]), "last"]
    assert came == expected, f"expected the answers {expected}, got {came}"


@requires("PGS-EVT-020")
def test_handles_the_events_of_packages_in_order(player: Player) -> None:
    """The events of packages that arrive in order are handled in that order."""
    for number in range(20):
        player.dispatch("ECHO", number)
    player.expect_event("ECHO", [19])
    came = [event.args[0] for event in player.received("ECHO")]
    assert came == list(range(20)), f"expected 0 to 19, got {came}"


@requires("PGS-EVT-021")
@pytest.mark.parametrize("name", list(UNKNOWN.values()), ids=list(UNKNOWN))
def test_drops_events_of_unknown_type(player: Player, name: str) -> None:
    """An event that no handler is registered for is dropped, the others of its package handled."""
    control(player)
    sequence = player.send(
        Event("ECHO", ["before"]),
        Event(name, [1, "two"], {"three": 3}),
        Event("ECHO", ["after"]),
    )
    player.expect_event("ECHO", ["before"])
    player.expect_event("ECHO", ["after"])
    player.expect_acked(sequence)
    # A game loop that minds does so some steps later.
    player.expect_packages(10)
    control(player)


@requires("PGS-EVT-022")
def test_tells_handlers_the_client_address(player: Player) -> None:
    """Handlers are given the address and port that the package came from."""
    player.dispatch("WHOAMI")
    event = player.expect_event("YOU_ARE")
    assert event.args == list(player.local), f"expected YOU_ARE{player.local}, got {event}"


@requires("PGS-EVT-022")
@pytest.mark.parametrize("forged", [["192.0.2.1", 4711], None, "192.0.2.1", {}])
def test_believes_no_forged_client_address(player: Player, forged: Any) -> None:
    """A `client_address` that the client sends is replaced by the true one."""
    player.send(Event("WHOAMI", [], {"client_address": forged}))
    event = player.expect_event("YOU_ARE")
    assert event.args == list(player.local), f"expected YOU_ARE{player.local}, got {event}"
