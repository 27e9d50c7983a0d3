"""Cases: which of several reasons against a login counts, and in which words it is given.

What may live here: logins with two reasons against them. Only the texts tell them apart: where a
target has others, the order cannot be seen, and the case is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_INVITE,
    DELETE_USER,
    SET_REGISTRATION,
    Json,
    granted,
)
from wirebook.conformance.marks import feature, fresh_target, requires
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.pgnet.limits import ATTEMPTS_MOST
from wirebook.spec.pgnet.requests import Text

Login = Callable[[Visit], Json]

TEXTS: dict[Text, Login] = {
    Text.NO_USERNAME: lambda _: {"username": ""},
    Text.WRONG_PASSWORD: lambda visit: {"username": known(visit), "password": "wrong"},
    Text.ALREADY_CONNECTED: lambda visit: {"username": visit.user().name},
    Text.WRONG_INVITE: lambda visit: {"username": visit.new_name(), "invite_code": "none"},
    Text.NAME_NOT_ALLOWED: lambda _: {"username": "x!"},
}
"""Logins with one reason against them that needs no admin."""


def known(visit: Visit) -> str:
    """Return the name of a user who is not connected, with the password `right`."""
    name = visit.new_name()
    visit.user(name, "right").leave()
    return name


def doomed(visit: Visit, admin: RawClient) -> str:
    """Return the name of a user who is connected and about to be deleted."""
    name = visit.new_name()
    visit.user(name, "right")
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user")
    return name


def locked_out(visit: Visit) -> str:
    """Return the name of a user who has had too many attempts, and is not connected."""
    name = known(visit)
    fail(visit, name)
    return name


def fail(visit: Visit, name: str) -> None:
    """Make as many attempts as are allowed, all of them wrong."""
    for _ in range(ATTEMPTS_MOST):
        client = visit.traded()
        client.expect_turned_away(client.log_in(name, "wrong"), "for a wrong password")
        client.close()


def reason(visit: Visit, login: Json) -> str:
    """Return the text with which a login is refused."""
    client = visit.traded()
    response = client.log_in_with(login)
    return client.expect_turned_away(response, f"for {login}").message


def expect_reason(visit: Visit, login: Json, expected: str, other: str) -> None:
    """Check that of two reasons the one that is looked for first is given."""
    text = reason(visit, login)
    if text == other:
        raise Violation(f"expected the reason {expected!r}, got {text!r}, which comes later")
    if text != expected:
        raise Inconclusive(f"the reason {text!r} is none of the book's texts")


@requires("PGN-OPN-006")
@pytest.mark.parametrize("text", list(TEXTS), ids=lambda text: text.name)
def test_texts(visit: Visit, text: Text) -> None:
    """A login is refused with the text of the table."""
    got = reason(visit, TEXTS[text](visit))
    if got != text:
        raise Violation(f"expected the text {text.value!r}, got {got!r}")


@requires("PGN-OPN-006")
def test_text_of_admission(user: RawClient) -> None:
    """A login is accepted with the text that the book names."""
    text = user.responses[1].message
    if text != Text.AUTHENTICATED:
        raise Violation(f"expected the text {Text.AUTHENTICATED.value!r}, got {text!r}")


@requires("PGN-OPN-006", "PGN-SEC-002")
def test_text_of_too_many_attempts(visit: Visit) -> None:
    """So it is when there were too many attempts."""
    got = reason(visit, {"username": locked_out(visit), "password": "right"})
    if got != Text.TOO_MANY_ATTEMPTS:
        raise Violation(f"expected the text {Text.TOO_MANY_ATTEMPTS.value!r}, got {got!r}")


@requires("PGN-OPN-006")
@feature("admin")
def test_text_of_deletion(visit: Visit, admin: RawClient) -> None:
    """So it is when the user is about to be deleted."""
    got = reason(visit, {"username": doomed(visit, admin), "password": "right"})
    if got != Text.USER_DELETED:
        raise Violation(f"expected the text {Text.USER_DELETED.value!r}, got {got!r}")


@requires("PGN-OPN-006")
@fresh_target
@feature("admin")
def test_text_of_blocked_registration(visit: Visit, admin: RawClient) -> None:
    """So it is when registration is off."""
    granted(admin.ask(SET_REGISTRATION, {"set_as": False}), "for set_registration")
    got = reason(visit, {"username": visit.new_name()})
    if got != Text.REGISTRATION_BLOCKED:
        raise Violation(f"expected the text {Text.REGISTRATION_BLOCKED.value!r}, got {got!r}")


@requires("PGN-OPN-005")
@pytest.mark.parametrize("password", [None, 5, ["x"]], ids=repr)
def test_name_before_types(visit: Visit, password: object) -> None:
    """A missing name counts before a password that is no string."""
    login = {"username": 5, "password": password}
    expect_reason(visit, login, Text.NO_USERNAME, Text.WRONG_PASSWORD)


BEHIND_TYPES: dict[str, tuple[Login, Text]] = {
    "connected": (lambda visit: {"username": visit.user().name}, Text.ALREADY_CONNECTED),
    "invite-code": (lambda visit: {"username": visit.new_name()}, Text.WRONG_INVITE),
    "not-allowed": (lambda _: {"username": "x!"}, Text.NAME_NOT_ALLOWED),
    "too-many": (lambda visit: {"username": locked_out(visit)}, Text.TOO_MANY_ATTEMPTS),
}


@requires("PGN-OPN-005")
@pytest.mark.parametrize("which", list(BEHIND_TYPES))
def test_types_before_all_others(visit: Visit, which: str) -> None:
    """A password that is no string counts before what is known of the name."""
    make, other = BEHIND_TYPES[which]
    login = {**make(visit), "password": 5, "invite_code": "none"}
    expect_reason(visit, login, Text.WRONG_PASSWORD, other)


@requires("PGN-OPN-005")
@feature("admin")
def test_types_before_deletion(visit: Visit, admin: RawClient) -> None:
    """It counts before the deletion of the user."""
    login = {"username": doomed(visit, admin), "password": 5}
    expect_reason(visit, login, Text.WRONG_PASSWORD, Text.USER_DELETED)


@requires("PGN-OPN-005", "PGN-SEC-002")
def test_attempts_before_being_connected(visit: Visit) -> None:
    """Too many attempts count before that the user is connected (from another address)."""
    name = locked_out(visit)
    visit.user(name, "right", source="127.0.0.2")
    login = {"username": name, "password": "right"}
    expect_reason(visit, login, Text.TOO_MANY_ATTEMPTS, Text.ALREADY_CONNECTED)


@requires("PGN-OPN-005", "PGN-SEC-002")
@feature("admin")
def test_attempts_before_deletion(visit: Visit, admin: RawClient) -> None:
    """Too many attempts count before the deletion of the user."""
    name = locked_out(visit)
    visit.user(name, "right", source="127.0.0.2")
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user")
    login = {"username": name, "password": "right"}
    expect_reason(visit, login, Text.TOO_MANY_ATTEMPTS, Text.USER_DELETED)


@requires("PGN-OPN-005", "PGN-SEC-002")
def test_attempts_before_the_password(visit: Visit) -> None:
    """Too many attempts count before the password is looked at."""
    login = {"username": locked_out(visit), "password": "wrong"}
    expect_reason(visit, login, Text.TOO_MANY_ATTEMPTS, Text.WRONG_PASSWORD)


@requires("PGN-OPN-005")
@feature("admin")
@pytest.mark.parametrize("password", ["right", "wrong"])
def test_deletion_before_being_connected(visit: Visit, admin: RawClient, password: str) -> None:
    """The deletion counts before that the user is still connected, and before the password."""
    login = {"username": doomed(visit, admin), "password": password}
    expect_reason(visit, login, Text.USER_DELETED, Text.ALREADY_CONNECTED)


@requires("PGN-OPN-005")
def test_being_connected_before_the_password(visit: Visit) -> None:
    """That the user is connected counts before the password."""
    name = visit.new_name()
    visit.user(name, "right")
    login = {"username": name, "password": "wrong"}
    expect_reason(visit, login, Text.ALREADY_CONNECTED, Text.WRONG_PASSWORD)


@requires("PGN-OPN-005")
def test_known_user_with_a_code(visit: Visit) -> None:
    """Of a known user only the password counts: an unknown invite code is not looked at."""
    name = known(visit)
    login = {"username": name, "password": "wrong", "invite_code": "none"}
    expect_reason(visit, login, Text.WRONG_PASSWORD, Text.WRONG_INVITE)
    client = visit.traded()
    granted(client.log_in(name, "right", "none"), "for a known user with an unknown code")


@requires("PGN-OPN-005")
def test_code_before_the_name(visit: Visit) -> None:
    """An unknown invite code counts before a name that is not allowed."""
    login = {"username": "x!", "invite_code": "none"}
    expect_reason(visit, login, Text.WRONG_INVITE, Text.NAME_NOT_ALLOWED)


@requires("PGN-OPN-005", "PGN-ADM-004")
@feature("admin")
def test_good_code_and_a_bad_name(visit: Visit, admin: RawClient) -> None:
    """With a code for any name, a name that is not allowed is what counts."""
    code = granted(admin.ask(CREATE_INVITE), "for create_invite").payload["invite_code"]
    login = {"username": "x!", "invite_code": code}
    expect_reason(visit, login, Text.NAME_NOT_ALLOWED, Text.WRONG_INVITE)


@requires("PGN-OPN-005")
@fresh_target
@feature("admin")
def test_order_while_registration_is_off(visit: Visit, admin: RawClient) -> None:
    """An unknown code counts before registration that is off, and that before a bad name."""
    granted(admin.ask(SET_REGISTRATION, {"set_as": False}), "for set_registration")
    login = {"username": visit.new_name(), "invite_code": "none"}
    expect_reason(visit, login, Text.WRONG_INVITE, Text.REGISTRATION_BLOCKED)
    expect_reason(visit, {"username": "x!"}, Text.REGISTRATION_BLOCKED, Text.NAME_NOT_ALLOWED)
