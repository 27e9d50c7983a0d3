"""Cases: logins that are accepted, and what a login that is refused leaves behind.

What may live here: the second request. In which order reasons are looked for, the names of users
and invite codes are the matter of other modules.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import ADMIN_PASSWORD, RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_INVITE,
    DEBUG,
    DELETE_USER,
    Json,
    expect_game,
    granted,
    refused,
)
from wirebook.conformance.drivers.pgnet.stream import expect
from wirebook.conformance.marks import exact_network, feature, requires
from wirebook.conformance.verdicts import Violation

AT_ONCE = 12
ROUNDS = 3

PASSWORDS = {
    "empty": "",
    "one-character": "x",
    "beyond-ascii": "pässwörd 名前 😀",
    "long": "long " * 60,
    "with-a-nul": "a\0b",
    "white-space": " \t\n",
    "not-normalised": "e\u0301",
}


@requires("PGN-OPN-003", "PGN-USR-001")
@pytest.mark.parametrize("which", list(PASSWORDS))
def test_registers_with_the_password(visit: Visit, which: str) -> None:
    """A new user is registered with the password of the login, and gets in by it again."""
    name, password = visit.new_name(), PASSWORDS[which]
    visit.user(name, password).leave()
    wrong = visit.traded()
    response = wrong.log_in(name, password + "x")
    wrong.expect_turned_away(response, "for another password")
    expect_game(control(visit.user(name, password)), None, "after the login")


@requires("PGN-OPN-004", "PGN-RSP-005")
@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ("secret", ""),
        ("", "secret"),
        ("secret", "Secret"),
        ("secret", "secret "),
        ("secret", "secre"),
        ("secret\0one", "secret\0two"),
        ("secret", "secret\0"),
        ("x" * 80, "x" * 79 + "y"),
        ("\u00e9", "e\u0301"),
    ],
)
def test_another_password(visit: Visit, kept: str, given: str) -> None:
    """A known user with another password is refused, however alike the two are."""
    name = visit.new_name()
    visit.user(name, kept).leave()
    client = visit.traded()
    client.expect_turned_away(client.log_in(name, given), f"for {given!r} instead of {kept!r}")
    control(visit.user(name, kept))


@requires("PGN-OPN-002")
@pytest.mark.parametrize("left_out", ["password", "invite_code", "both"])
def test_left_out_is_empty(visit: Visit, left_out: str) -> None:
    """A login without password or invite code has an empty one."""
    name = visit.new_name()
    login: Json = {"username": name, "password": "", "invite_code": ""}
    for member in ("password", "invite_code") if left_out == "both" else (left_out,):
        del login[member]
    for when in ("a new", "a known"):
        client = visit.traded()
        granted(client.log_in_with(login), f"for {when} user without {left_out}")
        client.leave()
    visit.user(name)


@requires("PGN-OPN-003")
def test_more_members_in_a_login(visit: Visit) -> None:
    """A login may have more in its payload than the server looks at."""
    client = visit.traded()
    login = {"username": visit.new_name(), "password": "", "invite_code": "", "colour": ["red"]}
    granted(client.log_in_with(login), "for a login with more in its payload")


BAD_LOGINS: dict[str, Json] = {
    "nothing": {},
    "no-username": {"password": "", "invite_code": ""},
    "empty-username": {"username": ""},
    "null": {"username": None},
    "number": {"username": 123456},
    "true": {"username": True},
    "array": {"username": ["alice"]},
    "object": {"username": {"name": "alice"}},
}


@requires("PGN-OPN-004", "PGN-RSP-005")
@pytest.mark.parametrize("which", list(BAD_LOGINS))
def test_no_username(visit: Visit, user: RawClient, which: str) -> None:
    """A login without a user's name is refused, not a violation."""
    control(user)
    client = visit.traded()
    client.expect_turned_away(client.log_in_with(BAD_LOGINS[which]), f"for {which}")
    control(user)


OTHER_TYPES: dict[str, Any] = {
    "null": None,
    "number": 1,
    "false": False,
    "array": [],
    "object": {},
}


@requires("PGN-OPN-004", "PGN-OPN-007")
@pytest.mark.parametrize("which", list(OTHER_TYPES))
@pytest.mark.parametrize("member", ["password", "invite_code"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_password_or_code_of_another_type(
    visit: Visit, known: bool, member: str, which: str
) -> None:
    """A password or invite code that is no string is refused, also where it would be empty."""
    name = visit.new_name()
    if known:
        visit.user(name).leave()
    client = visit.traded()
    login = {"username": name, "password": "", "invite_code": "", member: OTHER_TYPES[which]}
    client.expect_turned_away(client.log_in_with(login), f"for a {member} that is {which}")
    if not known:
        check_unknown(visit, name)


def check_unknown(visit: Visit, name: str) -> None:
    """Check that a name is still free: it can be registered with any password."""
    password = "new " + name
    visit.user(name, password).leave()
    visit.user(name, password)


@requires("PGN-OPN-008", "PGN-OPN-004")
def test_one_connection_per_user(visit: Visit, user: RawClient) -> None:
    """A user who is connected cannot log in again, until the connection has ended."""
    for _ in range(2):
        second = visit.traded()
        second.expect_turned_away(second.log_in(user.name), "for a user who is connected")
        control(user)
    user.leave()
    control(visit.user(user.name))


@requires("PGN-OPN-008")
@feature("admin")
def test_one_connection_of_the_admin(visit: Visit, admin: RawClient) -> None:
    """This holds for the admin, too."""
    second = visit.traded()
    second.expect_turned_away(second.log_in("admin", ADMIN_PASSWORD), "while admin is connected")
    granted(admin.ask(DEBUG), "for debug by the admin")


@requires("PGN-OPN-008", "PGN-OPN-004", "PGN-USR-001")
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@exact_network("many clients open one after the other, and the first may not wait for the last")
def test_logins_at_the_same_time(visit: Visit, known: bool) -> None:
    """Of logins of one name that come together, one is accepted; it has the password."""
    for _ in range(ROUNDS):  # one race may end well by chance
        _race(visit, known)


def _race(visit: Visit, known: bool) -> None:
    name = visit.new_name()
    passwords = [f"password {number if not known else 0}" for number in range(AT_ONCE)]
    if known:
        visit.user(name, passwords[0]).leave()
    clients = [visit.traded() for _ in range(AT_ONCE)]
    logins = []
    for client, password in zip(clients, passwords, strict=True):
        client.name, client.password = name, password
        logins.append(client.prepare("handshake", {"username": name, "password": password}))
    for log_in in logins:
        log_in()
    expect(
        clients,
        lambda: all(client.waiting or client.closed for client in clients),
        "an answer to each login",
    )
    admitted = []
    for client in clients:
        response = client.next_response("the response to the login")
        if response.status == 0:
            admitted.append(client)
        else:
            client.expect_turned_away(response, "for one of several logins at the same time")
    if len(admitted) != 1:
        raise Violation(f"expected one of {AT_ONCE} logins to be accepted, got {len(admitted)}")
    control(admitted[0])
    admitted[0].leave()
    control(visit.user(name, admitted[0].password))


@requires("PGN-OPN-007")
@pytest.mark.parametrize("why", ["unknown code", "no string", "not allowed"])
def test_refused_login_registers_nobody(visit: Visit, why: str) -> None:
    """A login that is refused does not register its user."""
    name = visit.new_name()
    login: Json = {"username": name, "password": "first", "invite_code": ""}
    if why == "unknown code":
        login["invite_code"] = "no such code"
    elif why == "no string":
        login["invite_code"] = 1
    else:
        name = f"admin{name[:10]}"
        login["username"] = name
    client = visit.traded()
    client.expect_turned_away(client.log_in_with(login), f"for a new user with {why}")
    if why == "not allowed":
        again = visit.traded()
        again.expect_turned_away(again.log_in(name, "first"), "for a name that is not allowed")
    else:
        check_unknown(visit, name)


@requires("PGN-OPN-007", "PGN-ADM-007")
@feature("admin")
def test_refused_user_is_unknown_to_the_admin(visit: Visit, admin: RawClient) -> None:
    """The admin cannot delete a user whose login was refused: there is none."""
    name = visit.new_name()
    client = visit.traded()
    response = client.log_in(name, invite_code="no such code")
    client.expect_turned_away(response, "for an unknown invite code")
    refused(admin.ask(DELETE_USER, {"username": name}), "for delete_user of nobody")


@requires("PGN-OPN-007")
@feature("admin")
def test_refused_login_keeps_the_code(visit: Visit, admin: RawClient) -> None:
    """A login that is refused does not use up its invite code."""
    code = granted(admin.ask(CREATE_INVITE), "for create_invite").payload["invite_code"]
    name = visit.new_name()
    for login in (
        {"username": "x!", "invite_code": code},
        {"username": "theadmin", "invite_code": code},
        {"username": name, "password": None, "invite_code": code},
        {"username": visit.user().name, "invite_code": code},
    ):
        client = visit.traded()
        client.expect_turned_away(client.log_in_with(login), f"for {login['username']}")
    client = visit.traded()
    granted(client.log_in(name, "", code), "for a new user with a code that is still unused")
