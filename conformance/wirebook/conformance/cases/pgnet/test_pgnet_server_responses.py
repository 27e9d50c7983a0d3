"""Cases: what a response looks like, and that each request gets one.

What may live here: the members of responses, their order, and the boxes that a server makes.
"""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control, traded
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    HELP,
    JOIN_GAME,
    LEAVE_GAME,
    Response,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.drivers.pgnet.stream import expect
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet import tunnel

MEMBERS = {"message", "payload", "status", "created_on", "disconnecting", "game"}
STANDARD = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
PIPELINED = 100
BOXES = 60


def check_members(response: Response, what: str) -> None:
    """Check that a response has all members and no others."""
    missing, unknown = MEMBERS - set(response.value), set(response.value) - MEMBERS
    if missing or unknown:
        wrong = [f"without {name}" for name in sorted(missing)]
        wrong += [f"with {name}" for name in sorted(unknown)]
        raise Violation(f"expected the members of a response {what}, got one {', '.join(wrong)}")


def all_kinds(visit: Visit, player: RawClient) -> dict[str, Response]:
    """Return responses of all kinds: of the opening, granted and refused, and of the game."""
    stranger, nobody = visit.opened(), visit.opened()
    return {
        "to a key trade": stranger.trade(),
        "to a login": stranger.log_in(visit.new_name()),
        "to a request that is granted": stranger.ask(HELP),
        "to a request that is refused": stranger.ask(LEAVE_GAME),
        "to a request for a game, in none": stranger.ask("hello"),
        "to a request for the game": player.ask("hello"),
        "to a heartbeat": player.ask(HEARTBEAT),
        "to a key trade without a key": nobody.ask("key_trade"),
        "to a login that is refused": visit.traded().log_in(player.name),
    }


@requires("PGN-RSP-003")
def test_members_of_responses(visit: Visit, player: RawClient) -> None:
    """Every response has all six members, and no others."""
    for what, response in all_kinds(visit, player).items():
        check_members(response, what)


@requires("PGN-REQ-007")
def test_created_on_of_responses(visit: Visit, player: RawClient) -> None:
    """The `created_on` of a response is a date and time of ISO 8601 with an offset from UTC."""
    for what, response in all_kinds(visit, player).items():
        moment = response.value.get("created_on")
        try:
            aware = isinstance(moment, str) and datetime.fromisoformat(moment).tzinfo is not None
        except ValueError:
            aware = False
        if not aware:
            raise Violation(f"expected a time with an offset {what}, got created_on {moment!r}")


@requires("PGN-RSP-001")
def test_one_response_each_in_order(player: RawClient) -> None:
    """Requests that are sent without waiting are answered one by one, in their order."""
    for number in range(PIPELINED):
        player.post(f"number {number}")
        player.post(HEARTBEAT)
    for number in range(PIPELINED):
        granted(player.next_response(f"response {2 * number}"), "for a request to the game")
        log = granted(player.next_response(f"response {2 * number + 1}"), "for a heartbeat")
        line = f"{player.name} says: 'number {number}'"
        if log.payload["log"][-1:] != [line]:
            raise Violation(f"expected the log to end in {line!r} at this heartbeat, got {log}")
    control(player)
    if player.waiting:
        raise Violation(f"expected one response for each request, got {player.waiting} more")


@requires("PGN-RSP-001")
def test_quick_ones_wait_for_slow_ones(admin: RawClient) -> None:
    """A request that takes time is answered before those that came after it."""
    admin.post("__pgnet__.sleep", {"seconds": 0.2})
    admin.post(HELP)
    admin.post("__pgnet__.sleep", {"seconds": 0.01})
    admin.post(LEAVE_GAME)
    granted(admin.next_response("the response to sleep"), "for sleep")
    listed = granted(admin.next_response("the response to help"), "for help, which came second")
    if HELP not in listed.payload:
        raise Violation(f"expected the response to help as the second, got {listed}")
    granted(admin.next_response("the response to sleep"), "for sleep, which came third")
    refused(admin.next_response("the response to leave_game"), "for leave_game in the lobby")


@requires("PGN-RSP-001", "PGN-RSP-005")
def test_opening_without_waiting(visit: Visit) -> None:
    """What follows a refused key trade gets no answer; the connection is closed."""
    client = visit.opened()
    client.post("key_trade", {"pubkey": "none"})
    client.post("handshake", {"username": visit.new_name()})
    client.post(GAME_DIR)
    client.expect_turned_away(client.next_response("the response"), "without a usable key")


@requires("PGN-RSP-002")
def test_says_nothing_by_itself(visit: Visit, player: RawClient) -> None:
    """Whatever goes on around a user, nothing is sent that is not the response to a request."""
    other = visit.user()
    game = granted(player.ask(HEARTBEAT), "for a heartbeat").game
    silent, stranger = visit.user(), visit.opened()
    granted(silent.ask(JOIN_GAME, {"name": game}), "for join_game")
    for number in range(5):
        granted(player.ask(f"number {number}"), "for a request to the game")
    granted(other.ask(JOIN_GAME, {"name": game}), "for join_game")
    granted(other.ask("hello"), "for a request to the game")
    granted(player.ask(LEAVE_GAME), "for leave_game")
    other.leave()
    # A game is updated every 0.1 s: what it had to say by itself, it would have said.
    quiet = [silent, stranger, player]
    expect(quiet, lambda: silent.quiet_for > 0.25, "some time to pass")
    for client in quiet:
        if client.waiting or client.malformed:
            raise Violation(f"expected nothing without a request, got {client.summary()}")
    if stranger.closed:
        raise Violation(f"expected a new connection to be waited for, got {stranger.closed}")
    control(silent)
    stranger.trade()


@requires("PGN-RSP-004")
def test_game_in_every_response(visit: Visit, user: RawClient) -> None:
    """Every response says which game the user is in after the request, or null."""
    name = visit.new_game()
    for message in (GAME_DIR, HELP, LEAVE_GAME, HEARTBEAT, "hello", "__pgnet__.debug"):
        expect_game(user.ask(message), None, f"after {message} in the lobby")
    expect_game(user.ask(CREATE_GAME, {"name": "x"}), None, "after a create_game that is refused")
    expect_game(user.ask(CREATE_GAME, {"name": name}), name, "after create_game")
    for message in (GAME_DIR, HELP, HEARTBEAT, "hello", "__pgnet__.debug", CREATE_GAME, JOIN_GAME):
        expect_game(user.ask(message), name, f"after {message} in a game")
    expect_game(user.ask(HELP, {"unknown": 1}), name, "after a request with unknown arguments")
    expect_game(user.ask(LEAVE_GAME), None, "after leave_game")
    expect_game(user.ask(JOIN_GAME, {"name": name}), name, "after join_game")


@requires("PGN-RSP-004")
def test_game_of_a_new_login(visit: Visit) -> None:
    """The response to a login says null: nobody is in a game yet."""
    player = visit.player()
    player.leave()
    client = visit.user(player.name)
    expect_game(client.responses[-1], None, "after a login")


@requires("PGN-RSP-005", "PGN-ERR-001")
@pytest.mark.parametrize("what", ["no key", "refused login"])
def test_closes_after_disconnecting(visit: Visit, what: str) -> None:
    """After a response with `disconnecting` true comes close code 1000, without more words."""
    if what == "no key":
        client = visit.opened()
        client.post("key_trade")
    else:
        client = visit.traded()
        client.post("handshake", {"username": ""})
    client.expect_turned_away(client.next_response("the response"), f"for {what}")


@requires("PGN-TUN-001")
def test_boxes_of_the_server(player: RawClient) -> None:
    """Everything after the key trade comes as strict base64 of a nonce and a box."""
    for size in range(12):  # so that each length of padding comes
        granted(player.ask("x" * size), "for a request to the game")
        granted(player.ask(HEARTBEAT), "for a heartbeat")
    for response in player.responses[1:]:
        if not STANDARD.fullmatch(response.text):
            raise Violation(f"expected base64 with padding, got {response.text[:80]!r}")
        if response.text == response.clear:
            raise Violation("expected a response in a box, got one in clear")


@requires("PGN-TUN-002")
def test_new_nonce_each_time(visit: Visit) -> None:
    """No nonce comes twice, and none that we have used: in one connection, and in the next one.

    The client keeps its key pair, as deployed clients do: so the pair of keys is the same.
    """
    seen: dict[bytes, str] = {}
    name, private_key = visit.new_name(), b""
    for connection in ("the first", "the second"):
        with traded(visit.link, private_key=private_key or None) as client:
            private_key = client.private_key
            granted(client.log_in(name), "for a login")
            for _ in range(BOXES):
                control(client)
            for text in client.boxes:
                seen[tunnel.split(text)[0]] = "of ours"
            for response in client.responses[1:]:
                nonce = tunnel.split(response.text)[0]
                if nonce in seen:
                    raise Violation(
                        f"expected a new nonce for each box, got one {seen[nonce]} again"
                    )
                seen[nonce] = f"of {connection} connection"
            client.leave()
