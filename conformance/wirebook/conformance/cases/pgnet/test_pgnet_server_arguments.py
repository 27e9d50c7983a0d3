"""Cases: the arguments of requests, and the list of them that `help` gives.

What may live here: what is generated from the book's tables of requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    CREATE_INVITE,
    GAME_DIR,
    HEARTBEAT,
    HELP,
    JOIN_GAME,
    LEAVE_GAME,
    SLEEP,
    Json,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.requests import REQUESTS, Request

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "number": 0.5,
    "text": "text",
    "empty-text": "",
    "number-as-text": "1",
    "word-as-text": "true",
    "array": [],
    "array-of-it": ["text"],
    "object": {},
}
"""Values of each JSON type, and those that are easily taken for another."""

TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "float": (int, float)}
UNKNOWN = ["unknown", "Name", "", "self", "payload", "__class__", "password "]
CHECKED = {name: request for name, request in REQUESTS.items() if not request.any_payload}
OF_USERS = {name: request for name, request in CHECKED.items() if not request.admin}
OF_ADMIN = {name: request for name, request in CHECKED.items() if request.admin}


def is_of(value: object, kind: str) -> bool:
    """Tell whether a value is of an argument's type; true and false are no numbers."""
    return isinstance(value, TYPES[kind]) and (kind == "bool") == isinstance(value, bool)


def other_types(requests: dict[str, Request]) -> Iterator[object]:
    """Yield a case's parameters for each argument with each value of another type."""
    for name, request in requests.items():
        for argument, kind in request.arguments.items():
            for which, value in VALUES.items():
                if not is_of(value, kind):
                    word = name.removeprefix("__pgnet__.")
                    yield pytest.param(name, argument, value, id=f"{word}-{argument}-{which}")


def others(name: str, left_out: str) -> Json:
    """Return good values for the other arguments, so that only one is wrong."""
    good: Json = {"name": "Some game", "password": "", "username": "", "set_as": True}
    return {key: good[key] for key in REQUESTS[name].arguments if key != left_out}


@requires("PGN-ARG-002")
@pytest.mark.parametrize(("name", "argument", "value"), other_types(OF_USERS))
def test_argument_of_another_type(user: RawClient, name: str, argument: str, value: object) -> None:
    """An argument of another JSON type than the table's is refused, and nothing is done."""
    payload = {**others(name, argument), argument: value}
    refused(user.ask(name, payload), f"for {argument} {value!r}")
    expect_game(control(user), None, "afterwards")


@requires("PGN-ARG-002")
@feature("admin")
@pytest.mark.parametrize(("name", "argument", "value"), other_types(OF_ADMIN))
def test_argument_of_the_admin_of_another_type(
    admin: RawClient, name: str, argument: str, value: object
) -> None:
    """This holds for the requests of administration as well."""
    payload = {**others(name, argument), argument: value}
    response = refused(admin.ask(name, payload), f"for {argument} {value!r}")
    if response.payload.get("invite_code"):
        raise Violation(f"expected no code with a refusal, got {response}")
    control(admin)


@requires("PGN-ARG-001")
@pytest.mark.parametrize("argument", UNKNOWN)
@pytest.mark.parametrize("name", list(OF_USERS))
def test_unknown_argument(visit: Visit, user: RawClient, name: str, argument: str) -> None:
    """A payload with a member that is none of the request's arguments is refused."""
    in_game = name == LEAVE_GAME
    game = visit.open_game(user).game if in_game else None
    payload: Json = {argument: "x"}
    if "name" in REQUESTS[name].arguments:
        payload["name"] = "Some game"
    refused(user.ask(name, payload), f"for {name} with the unknown argument {argument!r}")
    expect_game(control(user), game, "afterwards")


@requires("PGN-ARG-001")
@feature("admin")
@pytest.mark.parametrize("name", list(OF_ADMIN))
def test_unknown_argument_of_the_admin(admin: RawClient, name: str) -> None:
    """This holds for the requests of administration as well, be they the end of the server."""
    payload = {**others(name, "seconds"), "unknown": 1}
    refused(admin.ask(name, payload), f"for {name} with an unknown argument")
    control(admin)


@requires("PGN-ARG-001", "PGN-HBT-004")
@pytest.mark.parametrize("argument", UNKNOWN)
def test_heartbeat_has_any_arguments(player: RawClient, argument: str) -> None:
    """The payload of a heartbeat is for the game, whatever is in it."""
    granted(player.ask(HEARTBEAT, {argument: [None, {"x": 1}]}), f"for a heartbeat, {argument!r}")


@requires("PGN-ARG-002", "PGN-ADM-016")
@feature("admin")
@pytest.mark.parametrize("seconds", [0, 0.0, 0.01, 1e-9, 1e-300], ids=repr)
def test_numbers_with_and_without_fraction(admin: RawClient, seconds: float) -> None:
    """A number is one with or without a fraction, be it very small."""
    granted(admin.ask(SLEEP, {"seconds": seconds}), f"for sleep, {seconds!r} s")


@requires("PGN-LOB-004", "PGN-LOB-006")
@pytest.mark.parametrize("name", [CREATE_GAME, JOIN_GAME])
@pytest.mark.parametrize("payload", [{}, {"password": "x"}], ids=str)
def test_game_without_a_name(user: RawClient, name: str, payload: Json) -> None:
    """A name that is left out is empty, and an empty name is not allowed."""
    refused(user.ask(name, payload), f"for {name} without a name")
    expect_game(control(user), None, "afterwards")


@requires("PGN-LOB-005", "PGN-LOB-001")
@pytest.mark.parametrize("name", [CREATE_GAME, JOIN_GAME])
def test_game_without_a_password(visit: Visit, user: RawClient, name: str) -> None:
    """A password that is left out is empty, and an empty one is none."""
    game = visit.new_game()
    granted(user.ask(name, {"name": game}), f"for {name} without a password")
    listed = granted(user.ask(GAME_DIR), "for game_dir").payload["games"][game]
    if listed["password_protected"] is not False:
        raise Violation(f"expected a game without password, got {listed}")


@requires("PGN-ADM-004")
@feature("admin")
def test_invite_without_a_name(visit: Visit, admin: RawClient) -> None:
    """An invite code without a name is for any."""
    code = granted(admin.ask(CREATE_INVITE), "for create_invite").payload["invite_code"]
    client = visit.traded()
    granted(client.log_in(visit.new_name(), "", code), "for a new user with the code")


@requires("PGN-HLP-001")
@pytest.mark.parametrize("who", ["user", "player"])
def test_help(request: pytest.FixtureRequest, who: str) -> None:
    """`help` has a member for each request but the heartbeat, with the types of its arguments."""
    client: RawClient = request.getfixturevalue(who)
    listed = granted(client.ask(HELP), "for help").payload
    expected = {name: dict(one.arguments) for name, one in REQUESTS.items() if name != HEARTBEAT}
    for name, types in expected.items():
        if listed.get(name) != types:
            raise Violation(f"expected {name} with {types} in help, got {listed.get(name)}")
    if more := set(listed) - set(expected):
        raise Violation(f"expected the requests of the tables in help, got {sorted(more)} besides")
