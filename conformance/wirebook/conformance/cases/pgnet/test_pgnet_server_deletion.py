"""Cases: users and games are deleted, also while they are in use.

What may live here: `delete_user` and `destroy_game`.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    DELETE_USER,
    DESTROY_GAME,
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    LEAVE_GAME,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.requests import Text

pytestmark = feature("admin")


@requires("PGN-ADM-007")
@pytest.mark.parametrize("name", ["nobody12345", "", "admin", "ADMIN", "x!", "名前", "a\0b"])
def test_no_such_user(visit: Visit, admin: RawClient, name: str) -> None:
    """A name that no user has cannot be deleted, and the admin cannot either."""
    refused(admin.ask(DELETE_USER, {"username": name}), f"for delete_user of {name!r}")
    control(admin)
    admin.leave()
    control(visit.admin())


@requires("PGN-ADM-007")
def test_no_name(admin: RawClient) -> None:
    """Without a name nobody is deleted."""
    refused(admin.ask(DELETE_USER), "for delete_user without a name")


@requires("PGN-ADM-008", "PGN-ADM-007", "PGN-USR-001")
def test_user_who_is_not_connected(visit: Visit, admin: RawClient) -> None:
    """A user who is not connected is deleted at once: the name is free, and nobody's."""
    name = visit.new_name()
    visit.user(name, "before").leave()
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user")
    refused(admin.ask(DELETE_USER, {"username": name}), "for delete_user of nobody")
    control(visit.user(name, "after"))


@requires("PGN-ADM-008", "PGN-USR-003")
def test_user_in_other_case(visit: Visit, admin: RawClient) -> None:
    """The user whose name differs in case only stays."""
    name = visit.new_name()
    visit.user(name, "lower").leave()
    refused(admin.ask(DELETE_USER, {"username": name.upper()}), "for delete_user of nobody")
    visit.user(name.upper(), "upper").leave()
    granted(admin.ask(DELETE_USER, {"username": name.upper()}), "for delete_user")
    control(visit.user(name, "lower"))


@requires("PGN-ADM-009", "PGN-OPN-004")
@pytest.mark.parametrize("how", ["request", "close", "drop", "reset", "violation"])
def test_user_who_is_connected(visit: Visit, admin: RawClient, how: str) -> None:
    """A connected user is deleted when the connection ends, in whatever way."""
    client = visit.player()
    name, game = client.name, control(client).game
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user")
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user a second time")
    early = visit.traded()
    early.expect_turned_away(early.log_in(name, "after"), "for a user about to be deleted")
    if how == "request":
        response = client.ask("hello")
        if response.status != 0 or not response.disconnecting:
            raise Violation(f"expected status 0 and disconnecting, got {response}")
        client.expect_closed("after the response with disconnecting", 1000)
    elif how == "close":
        client.leave()
    elif how == "drop":
        client.drop()
    elif how == "reset":
        client.abort()
    else:
        client.send_text(b"no box")
        client.expect_closed("after a violation", 1007)
    control(visit.user(name, "after"))
    listed = granted(admin.ask(GAME_DIR), "for game_dir").payload["games"][game]
    if listed["users"]:
        raise Violation(f"expected nobody in the game of a deleted user, got {listed}")


@requires("PGN-ADM-009", "PGN-RSP-004")
def test_game_of_a_deleted_user(visit: Visit, admin: RawClient) -> None:
    """The others in the game of a deleted user stay, and so does the game."""
    client, other = visit.player(), visit.user()
    game = control(client).game
    granted(other.ask(JOIN_GAME, {"name": game}), "for join_game")
    granted(admin.ask(DELETE_USER, {"username": client.name}), "for delete_user")
    expect_game(control(other), game, "for the other user")
    client.ask(HEARTBEAT)
    client.expect_closed("after the response with disconnecting", 1000)
    expect_game(granted(other.ask("hello"), "for a request to the game"), game, "for the other")


@requires("PGN-ADM-009", "PGN-RSP-001")
def test_requests_that_are_on_their_way(visit: Visit, admin: RawClient) -> None:
    """Of requests that a deleted user sends without waiting, the first is the last."""
    client = visit.user()
    game = visit.new_game()
    granted(admin.ask(DELETE_USER, {"username": client.name}), "for delete_user")
    for _ in range(3):
        client.post(CREATE_GAME, {"name": game})
    response = client.next_response("the response to the first request")
    if not response.disconnecting:
        raise Violation(f"expected disconnecting, got {response}")
    client.expect_closed("after the response with disconnecting", 1000)
    if game in granted(admin.ask(GAME_DIR), "for game_dir").payload["games"]:
        raise Violation("expected no effect of a deleted user's request, but it opened a game")


@requires("PGN-ADM-009")
def test_text_of_the_last_response(visit: Visit, admin: RawClient) -> None:
    """The text of the last response says why it is the last."""
    client = visit.user()
    granted(admin.ask(DELETE_USER, {"username": client.name}), "for delete_user")
    response = client.ask(GAME_DIR)
    if response.message != Text.USER_DELETED:
        raise Violation(f"expected the text {Text.USER_DELETED.value!r}, got {response}")


@requires("PGN-ADM-010")
@pytest.mark.parametrize("name", ["No such game", "", "admin", "x" * 5000, "名前"])
def test_no_such_game(admin: RawClient, name: str) -> None:
    """A name that no game has cannot be destroyed."""
    refused(admin.ask(DESTROY_GAME, {"name": name[:60]}), f"for destroy_game of {name[:60]!r}")


@requires("PGN-ADM-010")
def test_no_name_of_a_game(admin: RawClient) -> None:
    """Without a name no game is destroyed."""
    refused(admin.ask(DESTROY_GAME), "for destroy_game without a name")


@requires("PGN-ADM-011", "PGN-RSP-004")
def test_game_in_use(visit: Visit, admin: RawClient) -> None:
    """A game that is destroyed is gone, and its users are in the lobby and stay connected."""
    player, other, elsewhere = visit.player(), visit.user(), visit.player()
    game = control(player).game
    granted(other.ask(JOIN_GAME, {"name": game}), "for join_game")
    granted(player.ask("hello"), "for a request to the game")
    response = granted(admin.ask(DESTROY_GAME, {"name": game}), "for destroy_game")
    expect_game(response, None, "for the admin, in no game")
    expect_game(refused(player.ask("hello"), "for a request for a game, in none"), None, "then")
    expect_game(refused(other.ask(LEAVE_GAME), "for leave_game in the lobby"), None, "then")
    if game in granted(player.ask(GAME_DIR), "for game_dir").payload["games"]:
        raise Violation("expected a destroyed game to be gone from game_dir, and it is there")
    refused(admin.ask(DESTROY_GAME, {"name": game}), "for destroy_game of no game")
    granted(elsewhere.ask("hello"), "for a request to another game")
    granted(player.ask(CREATE_GAME, {"name": game, "password": "new"}), "for create_game again")
    log = granted(player.ask(HEARTBEAT), "for a heartbeat").payload["log"]
    if log:
        raise Violation(f"expected a new game of the name, got the log {log}")
    refused(other.ask(JOIN_GAME, {"name": game}), "for join_game without the new password")


@requires("PGN-ADM-011", "PGN-RSP-004")
def test_game_of_the_admin(visit: Visit, admin: RawClient) -> None:
    """The admin can destroy the game that the admin is in."""
    game = visit.open_game(admin).game
    response = granted(admin.ask(DESTROY_GAME, {"name": game}), "for destroy_game")
    expect_game(response, None, "after destroy_game of the own game")
    expect_game(control(admin), None, "afterwards")


@requires("PGN-ADM-011")
def test_game_that_nobody_is_in(visit: Visit, admin: RawClient) -> None:
    """A persistent game that nobody is in can be destroyed."""
    player = visit.player("", "secret")
    game = control(player).game
    granted(player.ask(LEAVE_GAME), "for leave_game")
    granted(admin.ask(DESTROY_GAME, {"name": game}), "for destroy_game")
    if game in granted(player.ask(GAME_DIR), "for game_dir").payload["games"]:
        raise Violation("expected a destroyed game to be gone from game_dir, and it is there")
