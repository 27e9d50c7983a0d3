"""Cases: administration, as far as it leaves users and games where they are.

What may live here: the requests of the admin but those that delete and shut down.
"""

from __future__ import annotations

import json
import time

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import ADMIN_PASSWORD, RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_INVITE,
    DEBUG,
    SAVE,
    SET_VERBOSE,
    SLEEP,
    Json,
    granted,
    refused,
)
from wirebook.conformance.drivers.pgnet.stream import expect
from wirebook.conformance.marks import feature, fresh_target, requires, slow
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.limits import SLEEP_MOST

EARLY = 0.02
"""Seconds by which two clocks may differ."""
SPARE = 1.0
"""Seconds that a response may take besides what it waits for."""


@requires("PGN-OPN-004", "PGN-ADM-001")
@feature("admin")
@pytest.mark.parametrize("name", ["Admin", "ADMIN", "admin ", "admin\0", "аdmin"])
def test_nobody_else_is_admin(visit: Visit, admin: RawClient, name: str) -> None:
    """Names that look like the admin's are nobody's, with the admin's password or without."""
    granted(admin.ask(DEBUG), "for debug")
    for password in (ADMIN_PASSWORD, ""):
        client = visit.traded()
        client.expect_turned_away(client.log_in(name, password), f"for the name {name!r}")


@requires("PGN-OPN-004")
@feature("admin")
def test_admin_with_an_invite_code(visit: Visit, admin: RawClient) -> None:
    """No invite code makes anybody admin: the admin is a known user."""
    code = granted(admin.ask(CREATE_INVITE), "for create_invite").payload["invite_code"]
    admin.leave()
    client = visit.traded(source="127.0.0.4")
    client.expect_turned_away(client.log_in("admin", "", code), "for admin with an invite code")


@requires("PGN-ADM-013")
@feature("admin")
def test_set_verbose(admin: RawClient, user: RawClient) -> None:
    """`set_verbose` is carried out, on and off; without the argument, off."""
    for payload in ({"set_as": True}, {"set_as": True}, {"set_as": False}, {}):
        granted(admin.ask(SET_VERBOSE, payload), f"for set_verbose {payload}")
        control(user)


@requires("PGN-ADM-014")
@feature("admin")
def test_debug_tells_no_secrets(visit: Visit, admin: RawClient) -> None:
    """`debug` shows neither passwords nor invite codes, and nothing of what was said."""
    secrets = {
        "the password of a user": "xyzzy-of-a-user",
        "the password of a game": "xyzzy-of-a-game",
        "a message": "xyzzy-as-a-message",
        "a payload": "xyzzy-in-a-payload",
        "the admin's password": ADMIN_PASSWORD,
    }
    user = visit.user(visit.new_name(), secrets["the password of a user"])
    visit.open_game(user, password=secrets["the password of a game"])
    granted(user.ask(secrets["a message"], {"x": secrets["a payload"]}), "for a request")
    for name in ("", visit.new_name()):
        response = granted(admin.ask(CREATE_INVITE, {"username": name}), "for create_invite")
        secrets[f"an invite code for {name or 'any'}"] = response.payload["invite_code"]
    response = granted(admin.ask(DEBUG), "for debug")
    shown = json.dumps(response.value)
    for what, secret in secrets.items():
        if secret in shown:
            raise Violation(f"expected no secrets in debug, got {what}")
    for form in ("$argon2", "$scrypt", "$2b$", "pbkdf2"):
        if form in shown:
            raise Violation(f"expected no hashes of passwords in debug, got one with {form}")


@requires("PGN-ADM-012")
@feature("admin")
@fresh_target
def test_nowhere_to_save(target_server: ServerHandle, admin: RawClient) -> None:
    """`save` is refused without a place to save to, and works again when there is one."""
    file = target_server.save_file
    if file is None:
        refused(admin.ask(SAVE), "for save without a save file")
        control(admin)
        return
    granted(admin.ask(SAVE), "for save")
    kept = file.rename(file.with_name("put aside by the suite"))
    file.mkdir()
    (file / "in the way").touch()
    refused(admin.ask(SAVE), "for save onto a folder that is not empty")
    control(admin)
    (file / "in the way").unlink()
    file.rmdir()
    kept.rename(file)
    granted(admin.ask(SAVE), "for save when the folder is gone")


@requires("PGN-ADM-015")
@feature("admin")
@pytest.mark.parametrize("seconds", [-1, -0.001, -1e300, -5e-324], ids=repr)
def test_sleep_of_negative_time(admin: RawClient, seconds: float) -> None:
    """`sleep` with a negative number is refused, and the connection goes on."""
    refused(admin.ask(SLEEP, {"seconds": seconds}), f"for sleep, {seconds} s")
    control(admin)


def slept(admin: RawClient, payload: Json, least: float) -> None:
    """Check that `sleep` takes its time and not much longer."""
    began = time.monotonic()
    admin.post(SLEEP, payload)
    response = admin.next_response("the response to sleep", least + SPARE)
    granted(response, "for sleep")
    passed = response.at - began
    if passed < least - EARLY:
        raise Violation(f"expected the response to sleep after {least} s, got it in {passed:.2f} s")


@requires("PGN-ADM-016")
@feature("admin")
@pytest.mark.parametrize("seconds", [0, 0.1, 0.3], ids=repr)
def test_sleep(admin: RawClient, seconds: float) -> None:
    """`sleep` is answered after the given time."""
    slept(admin, {"seconds": seconds}, seconds)


@requires("PGN-ADM-016")
@feature("admin")
def test_sleep_without_argument(admin: RawClient) -> None:
    """Without the argument it is one second."""
    slept(admin, {}, 1.0)


@slow
@requires("PGN-ADM-016", "PGN-ADM-017")
@feature("admin")
@pytest.mark.parametrize("seconds", [1e300, 5], ids=["forever", "five"])
def test_sleep_is_limited(visit: Visit, admin: RawClient, seconds: float) -> None:
    """After five seconds it is over; all the while the others are served."""
    player = visit.player()
    began = time.monotonic()
    admin.post(SLEEP, {"seconds": seconds})
    slowest = 0.0
    while time.monotonic() < began + SLEEP_MOST - 0.5:
        asked = time.monotonic()
        granted(player.ask("are you awake"), "for a request to the game while the admin sleeps")
        slowest = max(slowest, time.monotonic() - asked)
        expect([player], lambda: player.quiet_for > 0.05, "some time to pass")
    response = admin.next_response("the response to sleep", SLEEP_MOST + SPARE)
    granted(response, "for sleep")
    if response.at - began < SLEEP_MOST - EARLY:
        raise Violation(f"expected the response after 5 s, got it in {response.at - began:.2f} s")


@requires("PGN-ADM-017")
@feature("admin")
def test_sleep_delays_nobody(visit: Visit, user: RawClient, admin: RawClient) -> None:
    """While the admin sleeps, users are served, and new ones come in."""
    player = visit.player()
    # On a bad network, users take longer as well.
    admin.post(SLEEP, {"seconds": min(visit.link.deadline(1.0), SLEEP_MOST - 0.5)})
    for _ in range(5):
        control(user)
        granted(player.ask("hello"), "for a request to the game")
        visit.user().leave()
    admin.drain()
    if admin.waiting:
        raise Violation("expected the others to be served while the admin sleeps, not after it")
    granted(admin.next_response("the response to sleep", SLEEP_MOST), "for sleep")


@requires("PGN-ADM-017", "PGN-CON-004")
@feature("admin")
def test_end_while_sleeping(visit: Visit, user: RawClient, admin: RawClient) -> None:
    """An admin whose connection ends in the middle of `sleep` can come back."""
    admin.post(SLEEP, {"seconds": 0.5})
    admin.drop()
    control(user)
    granted(visit.admin().ask(DEBUG), "for debug after the admin has come back")


@requires("PGN-SEC-006", "PGN-ADM-013")
@fresh_target
@feature("admin")
def test_output_tells_no_secrets(
    target_server: ServerHandle, visit: Visit, admin: RawClient
) -> None:
    """What a server prints and logs, also when it is verbose, has no secrets in it."""
    secrets = {
        "the password of a user": "xyzzy-of-a-user",
        "a wrong password": "xyzzy-a-wrong-one",
        "a password that is no string": "xyzzy-in-an-array",
        "an unknown invite code": "xyzzy-as-a-code",
        "what else is in a login": "xyzzy-in-a-login",
        "the password of a game": "xyzzy-of-a-game",
        "a wrong password of a game": "xyzzy-not-of-a-game",
        "the admin's password": ADMIN_PASSWORD,
    }
    granted(admin.ask(SET_VERBOSE, {"set_as": True}), "for set_verbose")
    response = granted(admin.ask(CREATE_INVITE), "for create_invite")
    secrets["an invite code"] = code = response.payload["invite_code"]
    name, invited, game = visit.new_name(), visit.new_name(), visit.new_game()
    user = visit.user(name, secrets["the password of a user"])
    visit.open_game(user, game, secrets["the password of a game"])
    for login in (
        {"username": name, "password": secrets["the password of a user"]},
        {"username": visit.new_name(), "invite_code": secrets["an unknown invite code"]},
        {"username": visit.new_name(), "password": [secrets["a password that is no string"]]},
        {"username": "x!", "more": secrets["what else is in a login"], "invite_code": code},
    ):
        client = visit.traded()
        client.expect_turned_away(client.log_in_with(login), "for a login that is refused")
    client = visit.traded()
    more = {"more": secrets["what else is in a login"]}
    granted(client.log_in_with({"username": invited, "invite_code": code, **more}), "for a login")
    for password in (secrets["a wrong password of a game"], secrets["the password of a game"]):
        client.ask("__pgnet__.join_game", {"name": game, "password": password})
    user.leave()
    wrong = visit.traded()
    response = wrong.log_in(name, secrets["a wrong password"])
    wrong.expect_turned_away(response, "for a wrong password")
    admin.ask("__pgnet__.create_game", {"password": secrets["the password of a game"], "x": 1})
    granted(admin.ask(SET_VERBOSE, {"set_as": False}), "for set_verbose")
    control(admin)
    check_output(target_server, secrets)


@requires("PGN-SEC-006")
@fresh_target
@feature("admin")
def test_start_tells_no_password(target_server: ServerHandle, admin: RawClient) -> None:
    """What a server prints when it starts does not have the admin's password in it."""
    control(admin)
    check_output(target_server, {"the admin's password": ADMIN_PASSWORD})


def check_output(server: ServerHandle, secrets: dict[str, str]) -> None:
    """Check that none of the secrets is in what the server has written."""
    server.restart()  # so that all of its output has come
    output = server.output()
    for what, secret in secrets.items():
        if secret in output:
            line = next(line for line in output.splitlines() if secret in line)
            raise Violation(f"expected no secrets in the output, got {what} in: {line[:80]}")
