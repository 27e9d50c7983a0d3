"""Cases: games are opened, joined and left.

What may live here: the lobby. What happens inside of a game is the matter of another module.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

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
    Response,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

MEMBERS = {"name": str, "users": int, "password_protected": bool, "info": str}

NOT_ALLOWED = {
    "empty": "",
    "two": "ab",
    "fifty-one": "g" * 51,
    "very-long": "g" * 10_000,
    "spaces-only": "     ",
    "a-space-before": " Game",
    "a-space-behind": "Game ",
    "a-line-feed-behind": "Game\n",
    "a-line-feed-inside": "Game\nTwo",
    "a-tab-inside": "Game\tTwo",
    "a-nul-behind": "Game\0",
    "a-hard-space-inside": "Game\u00a0Two",
    "hyphen": "Game-Two",
    "underscore": "Game_Two",
    "quote": "Game 'Two'",
    "markup": "<b>Game</b>",
    "umlaut": "Gäme",
    "cyrillic": "\u0413\u0430\u043c\u0435",
    "fullwidth": "Ｇａｍｅ",
    "arabic-digits": "Game ١٢",
    "emoji": "Game 🎲",
    "admin": "admin",
    "admin-inside": "The ADMIN Game",
}
ALLOWED: dict[str, Callable[[], str]] = {
    "three": lambda: secrets.token_hex(2)[:3],
    "fifty": lambda: f"{secrets.token_hex(20)}{'x' * 10}",
    "digits": lambda: str(10**12 + secrets.randbelow(10**12)),
    "several-spaces": lambda: f"a  b   {secrets.token_hex(5)}",
    "capitals": lambda: f"GAME {secrets.token_hex(5).upper()}",
    "admin-in-two-words": lambda: f"ad min {secrets.token_hex(5)}",
}


def games(client: RawClient) -> Json:
    """Return what `game_dir` says of all games."""
    listed = granted(client.ask(GAME_DIR), "for game_dir").payload.get("games")
    if not isinstance(listed, dict):
        raise Violation(f"expected the games in the payload of game_dir, got {listed!r}")
    return listed


def check_listed(client: RawClient, name: str, users: int, *, protected: bool = False) -> None:
    """Check what `game_dir` says of a game."""
    listed = games(client).get(name)
    if not isinstance(listed, dict) or set(listed) != set(MEMBERS):
        raise Violation(f"expected {list(MEMBERS)} of {name!r} in game_dir, got {listed}")
    for member, kind in MEMBERS.items():
        if not isinstance(listed[member], kind) or type(listed[member]) is bool is not kind:
            raise Violation(f"expected a {kind.__name__} as {member}, got {listed}")
    told = listed["name"], listed["users"], listed["password_protected"]
    if told != (name, users, protected):
        raise Violation(f"expected {(name, users, protected)} in game_dir, got {listed}")


def taken_in(response: Response, name: str) -> None:
    """Check that a user was taken into a game, and told the heartbeat rate."""
    granted(response, "for a request to go into a game")
    expect_game(response, name, "after it")
    rate = response.payload.get("heartbeat_rate")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate != 10:
        raise Violation(f"expected the game's heartbeat_rate 10, got {response}")


@requires("PGN-LOB-001")
def test_game_dir(visit: Visit, user: RawClient) -> None:
    """`game_dir` lists every game with its name, users, whether it has a password, and its info."""
    names = [visit.new_game() for _ in range(3)]
    for name in names:
        check_not_listed(user, name)
    players = [visit.player(names[0]), visit.player(names[1], "x"), visit.player(names[2])]
    check_listed(user, names[0], 1)
    check_listed(user, names[1], 1, protected=True)
    taken_in(visit.user().ask(JOIN_GAME, {"name": names[2]}), names[2])
    check_listed(user, names[2], 2)
    check_listed(players[0], names[0], 1)
    granted(players[0].ask(LEAVE_GAME), "for leave_game")
    check_listed(user, names[0], 0)


def check_not_listed(client: RawClient, name: str) -> None:
    """Check that there is no game of this name."""
    if name in games(client):
        raise Violation(f"expected no game {name!r} in game_dir, and there is one")


@requires("PGN-LOB-002", "PGN-LOB-004", "PGN-LOB-006")
@pytest.mark.parametrize("request_name", [CREATE_GAME, JOIN_GAME])
@pytest.mark.parametrize("which", list(NOT_ALLOWED))
def test_name_that_is_not_allowed(user: RawClient, which: str, request_name: str) -> None:
    """A game with a name that is not allowed is not opened, by either request."""
    name = NOT_ALLOWED[which]
    refused(user.ask(request_name, {"name": name}), f"for a name with {which}")
    expect_game(control(user), None, "afterwards")
    check_not_listed(user, name)


@requires("PGN-LOB-002", "PGN-LOB-005", "PGN-LOB-006", "PGN-LOB-009")
@pytest.mark.parametrize("request_name", [CREATE_GAME, JOIN_GAME])
@pytest.mark.parametrize("which", list(ALLOWED))
def test_name_that_is_allowed(visit: Visit, user: RawClient, which: str, request_name: str) -> None:
    """A game with a name that is allowed is opened, by either request."""
    for _ in range(50):  # a short name may be taken already
        name = ALLOWED[which]()
        if name not in games(user):
            taken_in(user.ask(request_name, {"name": visit.to_end(name)}), name)
            check_listed(user, name, 1)
            return
    raise Violation("expected one of 50 short names to be free")


@requires("PGN-LOB-005", "PGN-LOB-009")
@pytest.mark.parametrize("password", ["", "x", "pässwörd 名前", "p" * 1000])
def test_create_game(visit: Visit, user: RawClient, password: str) -> None:
    """`create_game` opens a game with the password, and takes the user in."""
    name = visit.new_game()
    taken_in(user.ask(CREATE_GAME, {"name": name, "password": password}), name)
    check_listed(user, name, 1, protected=bool(password))
    granted(user.ask("hello"), "for a request to the game")
    other = visit.user()
    taken_in(other.ask(JOIN_GAME, {"name": name, "password": password}), name)
    check_listed(other, name, 2, protected=bool(password))


@requires("PGN-LOB-004")
@pytest.mark.parametrize("password", ["", "theirs"], ids=["open", "protected"])
def test_name_that_is_taken(visit: Visit, user: RawClient, password: str) -> None:
    """A second game of the same name is refused, with its password too, or if nobody is in it."""
    name = visit.new_game()
    player = visit.player(name, password)
    for _ in range(2):
        for given in (password, "mine"):
            payload = {"name": name, "password": given}
            refused(user.ask(CREATE_GAME, payload), "for a name that is taken")
            expect_game(control(user), None, "afterwards")
        player.ask(LEAVE_GAME)
    check_listed(user, name, 0, protected=bool(password))
    if password:
        refused(user.ask(JOIN_GAME, {"name": name, "password": "mine"}), "for another password")
    taken_in(user.ask(JOIN_GAME, {"name": name, "password": password}), name)


@requires("PGN-LOB-004", "PGN-LOB-002")
def test_names_in_upper_and_lower_case(visit: Visit, user: RawClient) -> None:
    """Games are told apart by upper and lower case, since nothing says that they are not."""
    name = visit.new_game()
    other = visit.to_end(name.upper())
    visit.player(name)
    taken_in(user.ask(CREATE_GAME, {"name": other}), other)
    check_listed(user, name, 1)


@requires("PGN-LOB-003")
@pytest.mark.parametrize("request_name", [CREATE_GAME, JOIN_GAME])
@pytest.mark.parametrize("which", ["a new one", "another", "the same"])
def test_in_a_game_already(visit: Visit, player: RawClient, request_name: str, which: str) -> None:
    """Whoever is in a game can neither open nor join one, be it the same."""
    game = str(control(player).game)
    name = game if which == "the same" else visit.new_game()
    if which == "another":
        visit.player(name)
    refused(player.ask(request_name, {"name": name}), f"for {which}, in a game")
    expect_game(control(player), game, "afterwards")
    check_listed(player, game, 1)
    if which == "a new one":
        check_not_listed(player, name)


@requires("PGN-LOB-006", "PGN-LOB-009")
@pytest.mark.parametrize("password", ["", "secret"])
def test_join_opens_a_game(visit: Visit, user: RawClient, password: str) -> None:
    """`join_game` with a name that no game has opens the game, with the password."""
    name = visit.new_game()
    taken_in(user.ask(JOIN_GAME, {"name": name, "password": password}), name)
    check_listed(user, name, 1, protected=bool(password))
    if password:
        refused(visit.user().ask(JOIN_GAME, {"name": name}), "for join_game without the password")


@requires("PGN-LOB-007")
@pytest.mark.parametrize("given", [None, "", "Secret", "secret ", "secre", "secret\0"], ids=repr)
def test_join_with_another_password(visit: Visit, user: RawClient, given: str | None) -> None:
    """A game with a password is closed to whoever has another one or none."""
    name = visit.new_game()
    visit.player(name, "secret")
    payload = {"name": name} if given is None else {"name": name, "password": given}
    refused(user.ask(JOIN_GAME, payload), f"for join_game with {given!r} for 'secret'")
    expect_game(control(user), None, "afterwards")
    check_listed(user, name, 1, protected=True)
    taken_in(user.ask(JOIN_GAME, {"name": name, "password": "secret"}), name)


@requires("PGN-LOB-007", "PGN-LOB-008")
def test_password_for_who_opened_it(visit: Visit, user: RawClient) -> None:
    """Whoever opened a game needs its password to come back, too."""
    name = visit.new_game()
    visit.open_game(user, name, "secret")
    granted(user.ask(LEAVE_GAME), "for leave_game")
    for password in ("", "wrong"):
        payload = {"name": name, "password": password}
        refused(user.ask(JOIN_GAME, payload), f"for join_game with {password!r}")
    taken_in(user.ask(JOIN_GAME, {"name": name, "password": "secret"}), name)


@requires("PGN-LOB-008", "PGN-LOB-009", "PGN-LOB-007")
@pytest.mark.parametrize("given", ["", "anything"])
def test_join_without_password(visit: Visit, user: RawClient, given: str) -> None:
    """A game without a password is open to everybody; a given one is not looked at."""
    name = visit.new_game()
    visit.player(name)
    taken_in(user.ask(JOIN_GAME, {"name": name, "password": given}), name)
    check_listed(user, name, 2)


@requires("PGN-LOB-010")
def test_leave_game(visit: Visit, player: RawClient) -> None:
    """Whoever leaves a game is out of it, and can leave none after that."""
    name = str(control(player).game)
    expect_game(granted(player.ask(LEAVE_GAME), "for leave_game"), None, "after leave_game")
    refused(player.ask("hello"), "for a request to a game, in none")
    refused(player.ask(LEAVE_GAME), "for leave_game in the lobby")
    check_listed(player, name, 0)
    visit.open_game(player)


@requires("PGN-LOB-012")
def test_persistent_game_is_kept(visit: Visit, player: RawClient) -> None:
    """A persistent game that nobody is in is still there, with what happened in it."""
    name = str(control(player).game)
    granted(player.ask("remember"), "for a request to the game")
    granted(player.ask(LEAVE_GAME), "for leave_game")
    check_listed(player, name, 0)
    player.leave()
    other = visit.user()
    check_listed(other, name, 0)
    taken_in(other.ask(JOIN_GAME, {"name": name}), name)
    log = granted(other.ask(HEARTBEAT), "for a heartbeat").payload["log"]
    if log != [f"{player.name} says: 'remember'"]:
        raise Violation(f"expected the game as it was left, got the log {log}")


@requires("PGN-LOB-005", "PGN-LOB-004", "PGN-RSP-001")
def test_two_open_the_same_game(visit: Visit) -> None:
    """Of two users who open the same game at the same time, one gets it."""
    for _ in range(5):
        name, clients = visit.new_game(), [visit.user(), visit.user()]
        for client in clients:
            client.post(CREATE_GAME, {"name": name, "password": client.name})
        responses = [client.next_response("the response to create_game") for client in clients]
        winners = [
            one for one, response in zip(clients, responses, strict=True) if response.status == 0
        ]
        if len(winners) != 1:
            raise Violation(f"expected one of two to open a game, got {len(winners)}")
        check_listed(clients[0], name, 1, protected=True)
        loser = clients[0] if winners[0] is clients[1] else clients[1]
        expect_game(control(loser), None, "after the other was first")
        refused(loser.ask(JOIN_GAME, {"name": name, "password": loser.name}), "for join_game")
        taken_in(loser.ask(JOIN_GAME, {"name": name, "password": winners[0].name}), name)


@requires("PGN-LOB-006", "PGN-LOB-008")
def test_many_join_at_the_same_time(visit: Visit) -> None:
    """Users who join a game that no one has opened yet all come into the same one."""
    name, clients = visit.new_game(), [visit.user() for _ in range(8)]
    for client in clients:
        client.post(JOIN_GAME, {"name": name})
    for client in clients:
        taken_in(client.next_response("the response to join_game"), name)
    check_listed(clients[0], name, len(clients))
