"""Cases: what a server has again when it starts with its save file, and what is in the file.

What may live here: everything that starts the server again.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import ADMIN_PASSWORD, RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
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
    Json,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, fresh_target, requires
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Unsupported, Violation

pytestmark = [fresh_target, feature("persistence", "admin")]

ENDING = 5.0
ARGON2ID = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
SALT = "0123456789abcdef"


def file_of(server: ServerHandle) -> Path:
    """Return the save file of the server under test."""
    if server.save_file is None:
        raise Unsupported('the target declares "persistence", but its command has no {save_file}')
    return server.save_file


def saved(server: ServerHandle) -> Json:
    """Return what is in the save file, which has to be of the book's form."""
    try:
        value = json.loads(file_of(server).read_text("utf-8"))
    except OSError as error:
        raise Violation(f"expected a save file, got: {error.strerror}") from None
    except ValueError:
        raise Violation("expected a save file in JSON and UTF-8, got something else") from None
    members: dict[str, type] = {
        "version": int,
        "users": list,
        "games": list,
        "registration": bool,
        "invite_codes": dict,
    }
    for name, kind in members.items():
        if not isinstance(value, dict) or not isinstance(value.get(name), kind):
            raise Violation(f"expected the member {name} in the save file, as the book has it")
    if value["version"] != 2:
        raise Violation(f"expected version 2 in the save file, got {value['version']}")
    found: Json = value
    return found


def kept_of(content: Json, kind: str, name: str) -> Json:
    """Return what a save file has of a user or a game."""
    for entry in content[kind]:
        if isinstance(entry, dict) and entry.get("name") == name:
            return entry
    raise Violation(f"expected {name!r} among the {kind} of the save file, and it is not there")


def shut_down(server: ServerHandle, visit: Visit, admin: RawClient) -> None:
    """Have the admin shut the server down, and wait for its end."""
    server.expect_end()
    granted(admin.ask(SHUTDOWN), "for shutdown")
    visit.see_off(ENDING)
    if not server.wait_ended(ENDING):
        raise Violation(f"expected the server to end within {ENDING} s, but it goes on")


def start_again(server: ServerHandle, visit: Visit) -> None:
    """Start the server with the same save file."""
    server.restart()
    visit.move(server)


def start_with(server: ServerHandle, visit: Visit, content: bytes) -> None:
    """Start the server with a save file that has this content."""
    admin = visit.admin()
    shut_down(server, visit, admin)
    file_of(server).write_bytes(content)
    visit.link.exchange.note(
        f"The server is started again with a save file of {len(content)} octets"
    )
    start_again(server, visit)


class Remembered:
    """A user, two games, a code and more, which a server has to have again."""

    def __init__(self, visit: Visit, admin: RawClient) -> None:
        self.visit = visit
        self.name, self.password = visit.new_name(), "pässwörd of a user"
        self.game, self.closed = visit.new_game(), visit.new_game()
        self.game_password = "pässwörd of a game"  # noqa: S105 - nobody's
        user = visit.user(self.name, self.password)
        visit.open_game(user, self.game)
        for line in ("first", "second"):
            granted(user.ask(line), "for a request to the game")
        granted(user.ask(LEAVE_GAME), "for leave_game")
        visit.open_game(user, self.closed, self.game_password)
        granted(user.ask("third"), "for a request to the game")
        self.plain = visit.new_name()
        visit.user(self.plain).leave()
        self.invited = visit.new_name()
        self.code = self._invite(admin, "")
        self.bound = self._invite(admin, self.invited)
        self.used = self._invite(admin, "")
        client = visit.traded()
        granted(client.log_in(visit.new_name(), "", self.used), "for a new user with a code")
        user.leave()

    def _invite(self, admin: RawClient, username: str) -> str:
        response = granted(admin.ask(CREATE_INVITE, {"username": username}), "for create_invite")
        return str(response.payload["invite_code"])

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be in the save file."""
        return self.password, self.game_password, ADMIN_PASSWORD

    def check(self, *, registration: bool) -> None:
        """Check that the server has all of it again."""
        visit = self.visit
        wrong = visit.traded()
        response = wrong.log_in(self.name, "wrong")
        wrong.expect_turned_away(response, "for a wrong password after the start")
        user = visit.user(self.name, self.password)
        control(visit.user(self.plain))
        self.check_games(user)
        stranger = visit.traded()
        response = stranger.log_in(visit.new_name())
        if registration:
            granted(response, "for a new user, with registration on as before")
        else:
            stranger.expect_turned_away(response, "for a new user, with registration off as before")
        for name, code, good in (
            (visit.new_name(), self.used, False),
            (visit.new_name(), self.bound, False),
            (self.invited, self.bound, True),
            (visit.new_name(), self.code, True),
            (visit.new_name(), self.code, False),
        ):
            client = visit.traded()
            response = client.log_in(name, "", code)
            if good:
                granted(response, "for a new user with a code of before")
            else:
                client.expect_turned_away(response, "for a code that is used or bound")

    def check_games(self, user: RawClient) -> None:
        """Check that the games are there, with passwords and logs."""
        listed = granted(user.ask(GAME_DIR), "for game_dir").payload["games"]
        for game, protected in ((self.game, False), (self.closed, True)):
            entry = listed.get(game)
            if not entry or entry["users"] or entry["password_protected"] is not protected:
                raise Violation(f"expected {game!r} again as it was, got {entry}")
        refused(user.ask(JOIN_GAME, {"name": self.closed}), "for join_game without the password")
        payload = {"name": self.closed, "password": self.game_password}
        granted(user.ask(JOIN_GAME, payload), "for join_game with the password")
        self.check_log(user, "third")
        granted(user.ask(LEAVE_GAME), "for leave_game")
        granted(user.ask(JOIN_GAME, {"name": self.game}), "for join_game")
        self.check_log(user, "first", "second")
        granted(user.ask(LEAVE_GAME), "for leave_game")

    def check_log(self, user: RawClient, *lines: str) -> None:
        """Check that a game has got back what it saved."""
        log = granted(user.ask(HEARTBEAT), "for a heartbeat").payload["log"]
        if log != [f"{self.name} says: '{line}'" for line in lines]:
            raise Violation(f"expected the lines {lines} of before, got the log {log}")


@requires("PGN-SAV-001", "PGN-SAV-002", "PGN-SAV-009", "PGN-ADM-012")
@pytest.mark.parametrize("how", ["save", "shutdown"])
@pytest.mark.parametrize("registration", [True, False], ids=["open", "closed"])
def test_everything_is_back(
    target_server: ServerHandle, visit: Visit, admin: RawClient, registration: bool, how: str
) -> None:
    """Users, games, registration and codes are saved when asked for and at shutdown."""
    remembered = Remembered(visit, admin)
    granted(admin.ask(SET_REGISTRATION, {"set_as": registration}), "for set_registration")
    if how == "save":
        granted(admin.ask(SAVE), "for save")
        saved(target_server)
        asked_for = file_of(target_server).read_bytes()
        granted(admin.ask(SET_REGISTRATION, {"set_as": not registration}), "for set_registration")
    shut_down(target_server, visit, admin)
    if how == "save":  # what was saved at the shutdown is put aside: this is about `save`
        file_of(target_server).write_bytes(asked_for)
    start_again(target_server, visit)
    remembered.check(registration=registration)


@requires("PGN-SAV-001", "PGN-SAV-002")
def test_second_save(target_server: ServerHandle, visit: Visit, admin: RawClient) -> None:
    """What has changed since the first time is saved the second time, also what has gone."""
    remembered = Remembered(visit, admin)
    granted(admin.ask(SAVE), "for save")
    granted(admin.ask(DELETE_USER, {"username": remembered.plain}), "for delete_user")
    granted(admin.ask(DESTROY_GAME, {"name": remembered.game}), "for destroy_game")
    later = visit.new_name()
    visit.user(later, "later").leave()
    granted(admin.ask(SAVE), "for save")
    shut_down(target_server, visit, admin)
    start_again(target_server, visit)
    user = visit.user(later, "later")
    games = granted(user.ask(GAME_DIR), "for game_dir").payload["games"]
    if remembered.game in games or remembered.closed not in games:
        raise Violation(f"expected the games of the second save, got {list(games)}")
    control(visit.user(remembered.plain, "a new password"))


@requires("PGN-SAV-003", "PGN-SAV-004", "PGN-SAV-001")
def test_save_file(target_server: ServerHandle, visit: Visit, admin: RawClient) -> None:
    """The file has all users but the admin, with Argon2id strings and without any password."""
    remembered = Remembered(visit, admin)
    granted(admin.ask(SAVE), "for save")
    content = saved(target_server)
    users: dict[str, Any] = {user.get("name"): user.get("password") for user in content["users"]}
    games: dict[str, Any] = {game.get("name"): game for game in content["games"]}
    if "admin" in users:
        raise Violation("expected the admin not to be saved, and it is")
    if remembered.plain not in users or users[remembered.plain] is not None:
        raise Violation("expected null for an empty password in the save file")
    for game in (remembered.game, remembered.closed):
        if game not in games or not isinstance(games[game].get("data"), str):
            raise Violation(f"expected {game!r} with its save string as data, got {games}")
    if games[remembered.game].get("password") is not None:
        raise Violation("expected null for a game without password in the save file")
    hashes = {
        "the user": users.get(remembered.name),
        "the game": games[remembered.closed].get("password"),
    }
    for whose, kept in hashes.items():
        if not isinstance(kept, str) or not ARGON2ID.fullmatch(kept):
            raise Violation(f"expected an Argon2id string for the password of {whose}, got {kept}")
    codes = {remembered.code: "", remembered.bound: remembered.invited}
    if content["invite_codes"] != codes:
        raise Violation("expected the codes that are not used, with the names they are bound to")
    text = json.dumps(content, ensure_ascii=False)
    for secret in remembered.secrets:
        if secret in text or json.dumps(secret)[1:-1] in text:
            raise Violation("expected no password in the save file, and there is one in clear")


@requires("PGN-SAV-003")
def test_same_passwords_look_different(
    target_server: ServerHandle, visit: Visit, admin: RawClient
) -> None:
    """Two users with the same password have different strings: each has a salt of its own."""
    names = [visit.new_name(), visit.new_name()]
    for name in names:
        visit.user(name, "the same password")
    granted(admin.ask(SAVE), "for save")
    content = saved(target_server)
    one, other = (kept_of(content, "users", name).get("password") for name in names)
    if one == other:
        raise Violation("expected different strings for two users with the same password")


BROKEN = {
    "cut-off": b'{"version": 2, "users": [{"name": "alice", "pass',
    "empty": b"",
    "no-json": b"users: alice\n",
    "no-utf8": b'{"version": 2, "users": ["\xff"]}',
    "no-object": b"[]",
    "users-of-another-type": b'{"version": 2, "users": {}, "games": [], "registration": true, '
    b'"invite_codes": {}}',
    "user-without-name": b'{"version": 2, "users": [{"password": null}], "games": [], '
    b'"registration": true, "invite_codes": {}}',
    "members-missing": b'{"version": 2, "users": []}',
    "later-version": b'{"version": 99, "users": [], "games": [], "registration": true, '
    b'"invite_codes": {}}',
}


@requires("PGN-SAV-006")
@pytest.mark.parametrize("which", list(BROKEN))
def test_broken_file_is_kept_aside(target_server: ServerHandle, visit: Visit, which: str) -> None:
    """A save file that is not whole or not of the form is kept, and the server starts without."""
    content = BROKEN[which]
    start_with(target_server, visit, content)
    name = visit.new_name()
    visit.user(name, "new").leave()
    granted(visit.admin().ask(SAVE), "for save after the start")
    users = [user.get("name") for user in saved(target_server)["users"]]
    if users != [name]:
        raise Violation(f"expected the one new user in the save file, got {users}")
    folder = file_of(target_server).parent
    if not any(one.read_bytes() == content for one in folder.iterdir() if one.is_file()):
        there = sorted(one.name for one in folder.iterdir())
        raise Violation(f"expected the broken file under another name, there are only {there}")


def of_the_original(name: str, password: str, game: str, game_password: str, code: str) -> bytes:
    """Return a save file of the original's form."""
    digest = hashlib.sha256(f"{SALT}{password}".encode()).hexdigest()
    lines = f"{name} says: 'one'\n{name} says: 'two'"
    value = {
        "users": [{"name": name, "salt": SALT, "password": digest}],
        "games": [{"name": game, "password": game_password, "data": lines}],
        "registration": False,
        "invite_codes": {code: ""},
    }
    return json.dumps(value).encode()


@requires("PGN-SAV-007", "PGN-SAV-002", "PGN-SAV-009")
@pytest.mark.parametrize("password", ["secret", "", "pässwörd"], ids=["word", "none", "beyond"])
def test_file_of_the_original(target_server: ServerHandle, visit: Visit, password: str) -> None:
    """A save file of the original is read: users, games, registration and codes."""
    name, game = visit.new_name(), visit.new_game()
    content = of_the_original(name, password, game, password and "game", "a1b2")
    start_with(target_server, visit, content)
    wrong = visit.traded()
    wrong.expect_turned_away(wrong.log_in(name, f"{password}x"), "for a wrong password")
    user = visit.user(name, password)
    if password:
        refused(user.ask(JOIN_GAME, {"name": game}), "for join_game without the password")
    granted(user.ask(JOIN_GAME, {"name": game, "password": password and "game"}), "for join_game")
    log = granted(user.ask(HEARTBEAT), "for a heartbeat").payload["log"]
    if log != [f"{name} says: 'one'", f"{name} says: 'two'"]:
        raise Violation(f"expected the log of the original's file, got {log}")
    stranger = visit.traded()
    stranger.expect_turned_away(stranger.log_in(visit.new_name()), "while registration is off")
    client = visit.traded()
    granted(client.log_in(visit.new_name(), "", "a1b2"), "for a code of the original")


@requires("PGN-SAV-008", "PGN-SAV-003", "PGN-SAV-007")
def test_password_is_kept_anew_after_the_login(target_server: ServerHandle, visit: Visit) -> None:
    """A password of the original's form is kept in the book's from the first right login on."""
    name, game = visit.new_name(), visit.new_game()
    start_with(target_server, visit, of_the_original(name, "secret", game, "of the game", "a1b2"))
    admin = visit.admin()
    wrong = visit.traded()
    wrong.expect_turned_away(wrong.log_in(name, "wrong"), "for a wrong password")
    granted(admin.ask(SAVE), "for save before the login")
    content = saved(target_server)
    before = kept_of(content, "users", name)
    digest = hashlib.sha256(f"{SALT}secret".encode()).hexdigest()
    if before != {"name": name, "salt": SALT, "password": digest}:
        raise Violation("expected a user who has not logged in to be saved as before")
    if not ARGON2ID.fullmatch(str(kept_of(content, "games", game).get("password"))):
        raise Violation("expected an Argon2id string for the password of the game")
    visit.user(name, "secret").leave()
    granted(admin.ask(SAVE), "for save after the login")
    after = kept_of(saved(target_server), "users", name)
    if "salt" in after or not ARGON2ID.fullmatch(str(after.get("password"))):
        raise Violation(f"expected an Argon2id string after the login, got {sorted(after)}")
    shut_down(target_server, visit, admin)
    start_again(target_server, visit)
    wrong = visit.traded()
    wrong.expect_turned_away(wrong.log_in(name, "wrong"), "for a wrong password")
    control(visit.user(name, "secret"))


@requires("PGN-SAV-004", "PGN-SEC-004")
def test_admin_of_a_file(target_server: ServerHandle, visit: Visit) -> None:
    """A user `admin` in a file, as nobody should have written it, does not become the admin."""
    content = {
        "users": [
            {
                "name": "admin",
                "salt": SALT,
                "password": hashlib.sha256(f"{SALT}theirs".encode()).hexdigest(),
            }
        ],
        "games": [],
        "registration": True,
        "invite_codes": {},
    }
    start_with(target_server, visit, json.dumps(content).encode())
    thief = visit.traded(source="127.0.0.5")
    thief.expect_turned_away(thief.log_in("admin", "theirs"), "for a password from the file")
    control(visit.admin())
