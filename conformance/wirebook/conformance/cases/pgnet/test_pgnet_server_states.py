"""Cases: every request in every state of a connection, by a user and by the admin.

The requests are those of the book's own tables. What may live here: what each of them is answered
with in the lobby, in a game, and while the user is being deleted; who may send it.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    CREATE_INVITE,
    DELETE_USER,
    DESTROY_GAME,
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    LEAVE_GAME,
    SAVE,
    SET_REGISTRATION,
    SHUTDOWN,
    SLEEP,
    Json,
    Response,
    expect_game,
    expect_status,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.requests import REQUESTS, Request

ANOTHER = "another"
"""A request that is none of the tables'."""
EVERY = [*REQUESTS, ANOTHER]
ADMINS = [name for name, request in REQUESTS.items() if request.admin]
OF_THE_LOBBY = {CREATE_GAME: 0, JOIN_GAME: 0, LEAVE_GAME: 2, HEARTBEAT: 2, ANOTHER: 2}
OF_A_GAME = {CREATE_GAME: 2, JOIN_GAME: 2, LEAVE_GAME: 0, HEARTBEAT: 0, ANOTHER: 0}
"""The status of what depends on the state; all others are answered with status 0."""
RULES = {
    CREATE_GAME: ("PGN-LOB-003", "PGN-LOB-005"),
    JOIN_GAME: ("PGN-LOB-003", "PGN-LOB-006"),
    LEAVE_GAME: ("PGN-LOB-010",),
    HEARTBEAT: ("PGN-HBT-004", "PGN-GAM-002"),
    ANOTHER: ("PGN-GAM-001", "PGN-GAM-002"),
    "__pgnet__.help": ("PGN-HLP-001",),
    GAME_DIR: ("PGN-LOB-001",),
    SET_REGISTRATION: ("PGN-ADM-003",),
    CREATE_INVITE: ("PGN-ADM-004",),
    DELETE_USER: ("PGN-ADM-008",),
    DESTROY_GAME: ("PGN-ADM-011",),
    SAVE: ("PGN-ADM-012",),
    "__pgnet__.set_verbose": ("PGN-ADM-013",),
    "__pgnet__.debug": ("PGN-ADM-014",),
    SLEEP: ("PGN-ADM-016",),
}

VALUES: dict[str, Any] = {"str": "", "bool": False, "float": 0.01}


def short_name(name: str) -> str:
    """Return the name of a request without what all of them begin with."""
    return name.removeprefix("__pgnet__.")


def cited(name: str) -> object:
    """Return a case's parameter for a request, with the requirements on it."""
    marks = requires(*RULES[name], "PGN-RSP-004")
    return pytest.param(name, id=short_name(name), marks=marks)


def arguments(request: Request) -> Json:
    """Return a value of the right type for each argument."""
    return {name: VALUES[kind] for name, kind in request.arguments.items()}


def good_payload(visit: Visit, name: str) -> Json:
    """Return arguments with which a request can be carried out."""
    if name in (CREATE_GAME, JOIN_GAME):
        return {"name": visit.new_game(), "password": ""}
    if name == DELETE_USER:
        user = visit.user()
        user.leave()
        return {"username": user.name}
    if name == DESTROY_GAME:
        player = visit.player()
        return {"name": control(player).game}
    if name == SET_REGISTRATION:
        return {"set_as": True}
    return arguments(REQUESTS[name]) if name in REQUESTS else {"any": ["thing"]}


def expected_game(name: str, payload: Json, state: str, before: str | None) -> str | None:
    """Return the game that a user is in after a request that was carried out or refused."""
    if state == "lobby":
        return payload["name"] if name in (CREATE_GAME, JOIN_GAME) else None
    return None if name == LEAVE_GAME else before


@pytest.mark.parametrize("state", ["lobby", "game"])
@pytest.mark.parametrize("name", [cited(name) for name in EVERY if name not in ADMINS])
def test_request_of_a_user(visit: Visit, user: RawClient, name: str, state: str) -> None:
    """Each request of a user is carried out or refused as its state has it."""
    before = visit.open_game(user).game if state == "game" else None
    payload = good_payload(visit, name)
    response = user.ask(name, payload)
    statuses = OF_THE_LOBBY if state == "lobby" else OF_A_GAME
    expect_status(response, statuses.get(name, 0), f"for {short_name(name)} in the {state}")
    after = expected_game(name, payload, state, before)
    expect_game(response, after, f"after {short_name(name)} in the {state}")
    expect_game(control(user), after, f"one request after {short_name(name)} in the {state}")


@feature("admin")
@pytest.mark.parametrize("state", ["lobby", "game"])
@pytest.mark.parametrize("name", [cited(name) for name in EVERY if name != SHUTDOWN])
def test_request_of_the_admin(
    visit: Visit, target_server: ServerHandle, admin: RawClient, name: str, state: str
) -> None:
    """The admin has the requests of a user, in the same states, and those of administration."""
    before = visit.open_game(admin).game if state == "game" else None
    payload = good_payload(visit, name)
    response = admin.ask(name, payload)
    statuses = dict(OF_THE_LOBBY if state == "lobby" else OF_A_GAME)
    if target_server.save_file is None:
        statuses[SAVE] = 2
    expect_status(response, statuses.get(name, 0), f"for {short_name(name)} in the {state}")
    after = expected_game(name, payload, state, before)
    expect_game(response, after, f"after {short_name(name)} in the {state}")
    expect_game(control(admin), after, f"one request after {short_name(name)} in the {state}")


@requires("PGN-ADM-001")
@pytest.mark.parametrize("arguments_are", ["good", "missing", "unknown", "of other types"])
@pytest.mark.parametrize("state", ["lobby", "game"])
@pytest.mark.parametrize("name", ADMINS, ids=short_name)
def test_admin_request_of_a_user(
    visit: Visit, user: RawClient, name: str, state: str, arguments_are: str
) -> None:
    """A request of administration is refused to every user, whatever its arguments."""
    before = visit.open_game(user).game if state == "game" else None
    payloads: dict[str, Json] = {
        "good": arguments(REQUESTS[name]),
        "missing": {},
        "unknown": {"unknown": 1},
        "of other types": {argument: [] for argument in REQUESTS[name].arguments},
    }
    response = user.ask(name, payloads[arguments_are])
    refused(response, f"for {short_name(name)} by a user")
    expect_game(control(user), before, "afterwards")


@requires("PGN-ADM-001")
@feature("admin")
@pytest.mark.parametrize("name", ["delete_user", "destroy_game", "create_invite"])
def test_admin_request_of_a_user_has_no_effect(
    visit: Visit, player: RawClient, user: RawClient, name: str
) -> None:
    """What is refused to a user is not done."""
    victim = visit.user("", "theirs")
    victim.leave()
    game = control(player).game
    payload = {"name": game} if name == "destroy_game" else {"username": victim.name}
    response = refused(user.ask(f"__pgnet__.{name}", payload), f"for {name} by a user")
    if "invite_code" in response.payload:
        raise Violation(f"expected no code for a user, got {response}")
    control(visit.user(victim.name, "theirs"))
    expect_game(control(player), game, "afterwards")
    granted(player.ask("still here"), "for a request to the game")


def delete(visit: Visit, admin: RawClient, state: str) -> tuple[RawClient, str | None]:
    """Return a user who is about to be deleted, and the game that they are in."""
    client = visit.user("", "before")
    game = visit.open_game(client).game if state == "game" else None
    granted(admin.ask(DELETE_USER, {"username": client.name}), "for delete_user")
    return client, game


def check_dismissed(client: RawClient, response: Response, what: str) -> None:
    """Check that a user who is deleted was told so, and the connection closed."""
    if response.status != 0 or not response.disconnecting:
        raise Violation(f"expected status 0 and disconnecting {what}, got {response}")
    client.expect_closed(f"after the response with disconnecting {what}", 1000)


@requires("PGN-ADM-009", "PGN-RSP-005")
@feature("admin")
@pytest.mark.parametrize("state", ["lobby", "game"])
@pytest.mark.parametrize("name", EVERY, ids=short_name)
def test_request_of_a_user_to_be_deleted(
    visit: Visit, admin: RawClient, name: str, state: str
) -> None:
    """The next request of a user who is to be deleted is the last one, and has no effect."""
    client, game = delete(visit, admin, state)
    payload = good_payload(visit, name)
    check_dismissed(client, client.ask(name, payload), f"for {short_name(name)}")
    games = granted(admin.ask(GAME_DIR), "for game_dir").payload["games"]
    if name in (CREATE_GAME, JOIN_GAME) and payload["name"] in games:
        raise Violation(f"expected no effect of {short_name(name)}, but it has opened a game")
    if name == ANOTHER and game:
        granted(admin.ask(JOIN_GAME, {"name": game}), "for join_game")
        log = granted(admin.ask(HEARTBEAT), "for a heartbeat").payload["log"]
        if log:
            raise Violation(f"expected no effect in the game, got the log {log}")
    control(visit.user(client.name, "after"))


@requires("PGN-ADM-009", "PGN-ARG-001")
@feature("admin")
def test_bad_request_of_a_user_to_be_deleted(visit: Visit, admin: RawClient) -> None:
    """So it is if the request would be refused, too."""
    client, _ = delete(visit, admin, "lobby")
    response = client.ask(CREATE_GAME, {"name": 1, "unknown": 2})
    check_dismissed(client, response, "for a request that would be refused")
    control(visit.user(client.name, "after"))
