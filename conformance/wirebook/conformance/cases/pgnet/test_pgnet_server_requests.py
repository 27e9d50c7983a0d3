"""Cases: the members of a request.

What may live here: members that are missing, of other types, or unknown. Arguments inside of the
payload are the matter of another module.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    Json,
    granted,
    request,
    short,
)
from wirebook.conformance.drivers.pgnet.violations import Stage, expect_violation
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

STAGES = list(Stage)
ABSENT = ...
"""Stands for a member that is not there."""

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "number": 1.5,
    "text": "text",
    "empty-text": "",
    "array": [],
    "array-of-pairs": [["a", 1]],
    "object": {},
}
"""A value of each JSON type, and those that are easily taken for another."""

OTHER_TYPES = [
    *(("message", ABSENT, "missing"),),
    *(("message", value, name) for name, value in VALUES.items() if not isinstance(value, str)),
    *(("payload", value, name) for name, value in VALUES.items() if not isinstance(value, dict)),
    *(
        ("created_on", value, name)
        for name, value in VALUES.items()
        if not isinstance(value, str | None)
    ),
]


def changed(text: bytes, /, **members: object) -> bytes:
    """Return the JSON of a request with members changed, added, or taken away."""
    value = {**json.loads(text), **members}
    return json.dumps({key: item for key, item in value.items() if item is not ABSENT}).encode()


@requires("PGN-REQ-003", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize(
    ("member", "value"),
    [pytest.param(member, value, id=f"{member}-{name}") for member, value, name in OTHER_TYPES],
)
@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.LOGGED_IN])
def test_member_of_another_type(visit: Visit, stage: Stage, member: str, value: object) -> None:
    """A request without a message, or with a member of another type, is a violation."""

    def act(client: RawClient) -> None:
        valid = request(GAME_DIR, {} if stage is Stage.LOGGED_IN else client.offer())
        client.send_json(changed(valid, **{member: value}))

    what = f"a request without {member}" if value is ABSENT else f"{member} {short(value)}"
    expect_violation(visit.link, stage, visit.new_name(), act, what, 1007)


@requires("PGN-REQ-003", "PGN-ERR-001", "PGN-ERR-003")
@pytest.mark.parametrize(("member", "value"), [("message", None), ("payload", [])])
def test_login_with_a_member_of_another_type(visit: Visit, member: str, value: object) -> None:
    """This holds for a login as well, which nobody is logged in or registered by."""
    name = visit.new_name()

    def act(client: RawClient) -> None:
        client.send_json(changed(request("handshake", {"username": name}), **{member: value}))

    what = f"a login with {member} {short(value)}"
    expect_violation(visit.link, Stage.TRADED, name, act, what, 1007)
    visit.user(name, "a new user's")


@requires("PGN-REQ-003", "PGN-ERR-003")
def test_bad_member_has_no_effect(visit: Visit) -> None:
    """A request that is a violation is not carried out."""
    name, game = visit.new_name(), visit.new_game()

    def act(client: RawClient) -> None:
        client.send_json(changed(request(CREATE_GAME, {"name": game}), created_on=1))

    expect_violation(visit.link, Stage.LOGGED_IN, name, act, "a number as created_on", 1007)
    games = granted(visit.user(name).ask(GAME_DIR), "for game_dir").payload["games"]
    if game in games:
        raise Violation("expected no effect of a violation, but it has opened a game")


UNKNOWN: dict[str, Json] = {
    "one": {"x": 1},
    "several": {"a": None, "b": [1, {"c": "d"}], "": {}},
    "of-a-response": {"status": 1, "disconnecting": True, "game": "nothing"},
    "like-a-known-one": {"Message": 1, "payload ": 1, "user_name": "admin"},
    "large": {"x": "y" * 10_000},
    "a-dunder": {"__class__": "x", "self": "y"},
}


@requires("PGN-REQ-002")
@pytest.mark.parametrize("name", list(UNKNOWN))
def test_unknown_members(visit: Visit, name: str) -> None:
    """Members that no request has are ignored, in a key trade, a login and later."""
    members = UNKNOWN[name]
    client = visit.opened()
    what = f"with {short(members)}"
    client.send_json(changed(request("key_trade", client.offer()), **members))
    client.take_key(client.next_response(f"the response to a key trade {what}"))
    client.send_json(changed(request("handshake", {"username": visit.new_name()}), **members))
    granted(client.next_response("the response to the login"), f"for a login {what}")
    client.send_json(changed(request(GAME_DIR), **members))
    granted(client.next_response("the response to game_dir"), f"for a request {what}")


@requires("PGN-REQ-004")
def test_no_payload(player: RawClient) -> None:
    """A request without payload has an empty one."""
    player.send_json(b'{"message": "without"}')
    granted(player.next_response("the response"), "for a request without payload to the game")
    player.send_json(changed(request(HEARTBEAT), payload=ABSENT))
    line = f"{player.name} says: 'without'"
    heartbeat = granted(player.next_response("the response"), "for a heartbeat without payload")
    if line not in heartbeat.payload.get("log", ()):
        raise Violation(f"expected {line!r} in the log of the game, got {heartbeat}")
    player.send_json(changed(request(GAME_DIR), payload=ABSENT))
    granted(player.next_response("the response"), "for game_dir without payload")


@requires("PGN-REQ-004", "PGN-KEY-003")
def test_key_trade_without_payload(visit: Visit) -> None:
    """A first request without payload is one without a key, not a violation."""
    client = visit.opened()
    client.send_json(b'{"message": "key_trade"}')
    client.expect_turned_away(client.next_response("the response"), "without a key")


@requires("PGN-REQ-005")
@pytest.mark.parametrize(
    "username",
    [ABSENT, "admin", "somebody", "", None, 1, True, ["admin"], {"name": "admin"}],
    ids=repr,
)
def test_username_of_a_request(player: RawClient, username: object) -> None:
    """The `username` of a request is ignored: the user is the one who logged in."""
    player.send_json(changed(request("whoami"), username=username))
    granted(player.next_response("the response"), "for a request to the game")
    log = granted(player.ask(HEARTBEAT), "for a heartbeat").payload["log"]
    if log != [f"{player.name} says: 'whoami'"]:
        raise Violation(f"expected the game to be told {player.name}, got the log {log}")


@requires("PGN-REQ-005", "PGN-ADM-001")
def test_username_makes_no_admin(user: RawClient) -> None:
    """Nobody is admin by the `username` of a request."""
    user.send_json(request("__pgnet__.debug", username="admin"))
    response = user.next_response("the response")
    if response.status != 2 or response.disconnecting:
        raise Violation(f"expected status 2 for debug by a user, got {response}")


MOMENTS = {
    "missing": ABSENT,
    "null": None,
    "empty": "",
    "a-word": "yesterday",
    "past": "0001-01-01T00:00:00+00:00",
    "future": "9999-12-31T23:59:59.999999+00:00",
    "no-offset": "2026-11-20T10:00:00",
    "zulu": "2026-11-20T10:00:00Z",
    "number": "1763632800",
    "impossible": "2026-13-45T25:61:61+99:99",
    "beyond-ascii": "昨日",
    "long": "2026" * 1000,
}


@requires("PGN-REQ-006")
@pytest.mark.parametrize("name", list(MOMENTS))
def test_any_created_on(visit: Visit, name: str) -> None:
    """No message is rejected because of when it says that it was made."""
    moment = MOMENTS[name]
    client = visit.opened()
    client.send_json(changed(request("k", client.offer()), created_on=moment))
    client.take_key(client.next_response("the server's key"))
    login = request("handshake", {"username": visit.new_name()})
    client.send_json(changed(login, created_on=moment))
    granted(client.next_response("the response to the login"), f"for created_on {short(moment)}")
    client.send_json(changed(request(GAME_DIR), created_on=moment))
    granted(client.next_response("the response"), f"for created_on {short(moment)}")


@requires("PGN-CON-001")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("handshake", "key_trade"),
        ("", ""),
        ("__pgnet__.shutdown", "__pgnet__.help"),
        ("名前", "\0"),
        ("script.fail", "script.fail"),
    ],
)
def test_opening_by_any_name(visit: Visit, first: str, second: str) -> None:
    """The first request is the key trade and the second the login, whatever they are called."""
    client = visit.opened()
    client.trade(first)
    client.post(second, {"username": visit.new_name(), "password": "", "invite_code": ""})
    response = client.next_response("the response to the login")
    granted(response, f"for a login that is called {second!r}")
    granted(client.ask(GAME_DIR), "for game_dir")
