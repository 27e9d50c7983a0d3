"""Cases: what is handed to a game, and what becomes of its answers.

What may live here: requests to the example game, heartbeats, and games that fail.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    LEAVE_GAME,
    Json,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.requests import REQUESTS, Text

MESSAGES = {
    "a-word": "hello",
    "empty": "",
    "beyond-ascii": "名前 😀",
    "with-a-nul": "a\0b",
    "long": "long " * 2000,
    "like-a-request": "help",
    "unknown-request": "__pgnet__.fly",
    "prefix-only": "__pgnet__.",
    "other-case": "__PGNET__.help",
    "other-case-of-the-word": "__pgnet__.Help",
    "space-behind": "__pgnet__.help ",
    "of-python": "__pgnet__.__init__",
    "two-prefixes": "__pgnet__.__pgnet__.help",
    "of-the-opening": "handshake",
}
PLAIN = ["hello", "move 1 2", "__pgnet__.fly", "handshake", "x" * 500]
"""Messages that a log shows in the same way in every language."""

PAYLOADS: dict[str, Json] = {
    "empty": {},
    "all-types": {"a": [1, -2.5, None, True, "名前", {"b": {}}]},
    "names-of-arguments": {"name": 1, "password": 2, "username": "admin"},
    "large": {"fill": "x" * 100_000},
    "many": {str(number): number for number in range(1000)},
}


def log_of(client: RawClient, payload: Json | None = None) -> list[Any]:
    """Return the last lines of the log of the game that a user is in."""
    response = granted(client.ask(HEARTBEAT, payload), "for a heartbeat")
    log = response.payload.get("log")
    if not isinstance(log, list):
        raise Violation(f"expected the log in the payload of a heartbeat, got {response}")
    return log


@requires("PGN-GAM-001")
@pytest.mark.parametrize("which", list(MESSAGES))
def test_message_to_the_game(player: RawClient, which: str) -> None:
    """A request that is none of the tables' goes to the game, and its answer comes back."""
    game = control(player).game
    response = granted(player.ask(MESSAGES[which]), f"for a message that is {which}")
    expect_game(response, game, "afterwards")
    if response.message != "Message added." or response.payload:
        raise Violation(f"expected what the game answers, got {response}")
    if len(log_of(player)) != 1:
        raise Violation(f"expected one line in the log of the game, got {log_of(player)}")


@requires("PGN-GAM-001")
def test_what_the_game_is_told(player: RawClient) -> None:
    """The game is told the message as it is, and the user's name."""
    for message in PLAIN:
        granted(player.ask(message), "for a request to the game")
    lines = [f"{player.name} says: '{message}'" for message in PLAIN]
    if log_of(player) != lines:
        raise Violation(f"expected the log {lines}, got {log_of(player)}")


@requires("PGN-GAM-001")
@pytest.mark.parametrize("which", list(PAYLOADS))
def test_payload_to_the_game(player: RawClient, which: str) -> None:
    """The payload of a request to the game may have any members."""
    granted(player.ask("hello", PAYLOADS[which]), f"for a payload that is {which}")


@requires("PGN-GAM-001", "PGN-RSP-001")
def test_two_users_in_a_game(visit: Visit, player: RawClient) -> None:
    """Two users in a game see what both have done, with their own names."""
    other = visit.user()
    granted(other.ask(JOIN_GAME, {"name": control(player).game}), "for join_game")
    lines = []
    for number in range(4):
        for client in (player, other):
            granted(client.ask(f"number {number}"), "for a request to the game")
            lines.append(f"{client.name} says: 'number {number}'")
    for client in (player, other):
        if log_of(client) != lines:
            raise Violation(f"expected the log {lines}, got {log_of(client)}")


@requires("PGN-GAM-001", "PGN-RSP-001")
def test_two_users_at_the_same_time(visit: Visit, player: RawClient) -> None:
    """Requests of two users that come at the same time are all handed to the game."""
    other = visit.user()
    granted(other.ask(JOIN_GAME, {"name": control(player).game}), "for join_game")
    for number in range(5):
        for client in (player, other):
            client.post(f"number {number}")
    for client in (player, other):
        for number in range(5):
            granted(client.next_response(f"response {number}"), "for a request to the game")
    log = log_of(player)
    for client in (player, other):
        mine = [line for line in log if line.startswith(client.name)]
        if mine != [f"{client.name} says: 'number {number}'" for number in range(5)]:
            raise Violation(f"expected the lines of {client.name} in their order, got {log}")


@requires("PGN-GAM-001")
def test_games_do_not_mix(visit: Visit, player: RawClient) -> None:
    """What is said in a game is said in no other."""
    other = visit.player()
    granted(player.ask("here"), "for a request to the game")
    granted(other.ask("there"), "for a request to the game")
    if log_of(player) != [f"{player.name} says: 'here'"]:
        raise Violation(f"expected what was said in this game, got {log_of(player)}")


@requires("PGN-GAM-002", "PGN-HBT-004")
@pytest.mark.parametrize("message", ["hello", "", HEARTBEAT, "__pgnet__.fly", "__pgnet__."])
def test_in_no_game(user: RawClient, message: str) -> None:
    """A request for a game is refused in the lobby; the payload lists what a user may ask for."""
    response = refused(user.ask(message, {"any": "thing"}), f"for {message!r} in the lobby")
    expect_game(response, None, "in the lobby")
    users = [name for name, one in REQUESTS.items() if not one.admin and name != HEARTBEAT]
    listed = json.dumps(response.payload)
    if missing := [name for name in users if json.dumps(name) not in listed]:
        raise Violation(f"expected {missing} to be listed in the payload, got {response}")


@requires("PGN-GAM-002")
def test_text_in_no_game(user: RawClient) -> None:
    """The text says what to do."""
    response = refused(user.ask("hello"), "for a request for a game, in none")
    if response.message != Text.NO_GAME:
        raise Violation(f"expected the text {Text.NO_GAME.value!r}, got {response}")


@requires("PGN-HBT-004")
@pytest.mark.parametrize("which", list(PAYLOADS))
def test_heartbeat(player: RawClient, which: str) -> None:
    """A heartbeat goes to the game's handler of heartbeats, whatever its payload."""
    granted(player.ask("hello"), "for a request to the game")
    if log_of(player, PAYLOADS[which]) != [f"{player.name} says: 'hello'"]:
        raise Violation(f"expected the log of the game, got {log_of(player)}")


@requires("PGN-HBT-004")
@feature("scripted-game")
def test_payload_of_a_heartbeat(player: RawClient) -> None:
    """The game is given the payload of a heartbeat, and does what it says."""
    granted(player.ask(HEARTBEAT, {"fail": False}), "for a heartbeat")
    refused(player.ask(HEARTBEAT, {"fail": True}), "for a heartbeat that makes the game fail")
    granted(player.ask(HEARTBEAT), "for a heartbeat")


@requires("PGN-HBT-004", "PGN-GAM-001")
def test_heartbeat_is_no_message(player: RawClient) -> None:
    """A heartbeat is not handed to the game as a message, and a long log comes back cut."""
    for number in range(12):
        granted(player.ask(f"number {number}"), "for a request to the game")
        granted(player.ask(HEARTBEAT), "for a heartbeat")
    lines = [f"{player.name} says: 'number {number}'" for number in range(2, 12)]
    if log_of(player) != lines:
        raise Violation(f"expected the last ten lines, got {log_of(player)}")


@requires("PGN-GAM-003", "PGN-RSP-004", "PGN-ERR-002")
@feature("scripted-game")
@pytest.mark.parametrize(
    ("message", "payload"),
    [("script.fail", {}), ("script.rubbish", {}), (HEARTBEAT, {"fail": True})],
    ids=["message", "rubbish", "heartbeat"],
)
def test_game_that_fails(visit: Visit, player: RawClient, message: str, payload: Json) -> None:
    """A game that fails is answered for with status 2, and everything goes on."""
    game = str(control(player).game)
    other, elsewhere = visit.user(), visit.player()
    granted(other.ask(JOIN_GAME, {"name": game}), "for join_game")
    for _ in range(3):
        response = refused(player.ask(message, payload), "for a game that fails")
        expect_game(response, game, "after the game has failed")
        for client in (player, other, elsewhere):
            granted(client.ask("still here"), "for a request to a game")
            granted(client.ask(HEARTBEAT), "for a heartbeat")
    granted(player.ask(LEAVE_GAME), "for leave_game")
    granted(player.ask(JOIN_GAME, {"name": game}), "for join_game")


@requires("PGN-GAM-003", "PGN-RSP-001")
@feature("scripted-game")
def test_game_that_fails_in_a_row(player: RawClient) -> None:
    """Each request of a game that fails gets its response, in order."""
    for number in range(10):
        player.post("script.fail")
        player.post(f"number {number}")
    for number in range(10):
        refused(player.next_response("the response"), f"for failure {number}")
        granted(player.next_response("the response"), f"for request {number}")


@requires("PGN-GAM-004", "PGN-RSP-004")
@feature("scripted-game")
def test_game_that_sends_a_user_away(visit: Visit, player: RawClient) -> None:
    """`disconnecting` of a game takes the user out of the game, and is not passed on."""
    game = str(control(player).game)
    other = visit.user()
    granted(other.ask(JOIN_GAME, {"name": game}), "for join_game")
    response = player.ask("script.leave")
    if response.disconnecting:
        raise Violation(f"expected disconnecting false, got {response}")
    expect_game(response, None, "after the game has sent the user away")
    refused(player.ask("hello"), "for a request for a game, in none")
    expect_game(control(other), game, "for the other user of the game")
    users = granted(other.ask(GAME_DIR), "for game_dir").payload["games"][game]["users"]
    if users != 1:
        raise Violation(f"expected one user in the game, got {users}")
    expect_game(player.ask(JOIN_GAME, {"name": game}), game, "after join_game")
    granted(player.ask(LEAVE_GAME), "for leave_game")
    visit.open_game(player)
    refused(player.ask(CREATE_GAME, {"name": game}), "for create_game in a game")
