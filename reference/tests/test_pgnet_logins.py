"""Logins: the reasons to refuse one, registration, invite codes, attempts, and who is admin."""

import itertools
import json
from typing import Any

import pytest

from tests.helpers_pgnet import Peer, World
from tests.helpers_reference import covers
from wirebook.reference.pgnet.core.attempts import Attempts
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.names import is_game_name, is_user_name
from wirebook.reference.pgnet.passwords import OldHash
from wirebook.spec.pgnet.states import Text


def attempt(world: World, name: object, password: object = "", **members: Any) -> str:
    """Log in, log out if that worked, and return the text of the response."""
    peer = world.peer()
    peer.trade_keys()
    answer = peer.login(name, password, **members)
    accepted = answer["status"] == 0
    assert accepted == (answer["message"] == Text.AUTHENTICATED)
    assert accepted == (not answer["disconnecting"])
    assert (peer.close_code is None) == accepted
    if accepted:
        peer.lose()
    return str(answer["message"])


def test_registration_and_login() -> None:
    """The first login registers, and later ones need the same password."""
    world = World()
    assert attempt(world, "alice", "pä$$") == Text.AUTHENTICATED
    assert attempt(world, "alice", "pä$$") == Text.AUTHENTICATED
    for wrong in ("", "pa$$", "pä$$ ", "x" * 100_000):
        assert attempt(world, "alice", wrong) == Text.WRONG_PASSWORD
    assert attempt(world, "Alice", "another") == Text.AUTHENTICATED
    assert attempt(world, "empty") == Text.AUTHENTICATED
    assert attempt(world, "empty", "x") == Text.WRONG_PASSWORD


def test_members_that_are_missing() -> None:
    """Password and invite code may be left out."""
    peer = World().peer()
    peer.trade_keys()
    assert peer.say({"message": "", "payload": {"username": "alice"}})["status"] == 0


@pytest.mark.parametrize("name", [None, "", 1, True, ["alice"], {}])
def test_names_that_are_none(name: object) -> None:
    """A name is a str that is not empty."""
    assert attempt(World(), name) == Text.NO_USERNAME


@pytest.mark.parametrize("wrong", [None, 1, False, [], {}])
def test_passwords_and_codes_that_are_none(wrong: object) -> None:
    """Other types are wrong passwords."""
    assert attempt(World(), "alice", wrong) == Text.WRONG_PASSWORD
    assert attempt(World(), "alice", "", invite_code=wrong) == Text.WRONG_PASSWORD


@covers("PGN-OPN-005")
def test_reasons_come_in_order() -> None:
    """A login with many things wrong is refused for the first of the book's reasons."""
    world = World(registration=False, require_password=True)
    world.server.registry.users |= {"known": OldHash("", ""), "gone": None, "here": None}
    admin, gone = world.admin(), world.user("gone")
    here = world.user("here")
    admin.ask("/delete_user", username="gone")
    for _ in range(10):
        attempt(world, "tired", "", invite_code="bad")
    reasons = [
        (("", 1), Text.NO_USERNAME),
        (("tired", 1), Text.WRONG_PASSWORD),
        (("tired", ""), Text.TOO_MANY_ATTEMPTS),
        (("gone", "wrong"), Text.USER_DELETED),
        (("here", "wrong"), Text.ALREADY_CONNECTED),
        (("known", "wrong"), Text.WRONG_PASSWORD),
        (("admin?", "", "bad"), Text.WRONG_INVITE),
        (("admin?", ""), Text.REGISTRATION_BLOCKED),
    ]
    for (name, password, *code), text in reasons:
        assert attempt(world, name, password, invite_code=(code or [""])[0]) == text
    world.server.registry.registration = True
    assert attempt(world, "admin?", "") == Text.PASSWORD_REQUIRED
    assert attempt(world, "admin?", "x") == Text.NAME_NOT_ALLOWED
    assert (gone.close_code, here.close_code) == (None, None)


@covers("PGN-OPN-005")
def test_every_pair_of_reasons() -> None:
    """Of two reasons for a new user, the one that is first in the book is told."""
    texts = [
        Text.WRONG_INVITE,
        Text.REGISTRATION_BLOCKED,
        Text.PASSWORD_REQUIRED,
        Text.NAME_NOT_ALLOWED,
    ]
    for wrong in itertools.product([False, True], repeat=4):
        invite, blocked, no_password, bad_name = wrong
        world = World(registration=not blocked, require_password=True)
        code = "bad" if invite else ""
        text = attempt(
            world,
            "admins" if bad_name else "alice",
            "" if no_password else "x",
            invite_code=code,
        )
        expected = next((t for t, bad in zip(texts, wrong, strict=True) if bad), Text.AUTHENTICATED)
        assert text == expected


def test_invite_codes() -> None:
    """A code registers one user, whether or not registration is on, and is used up by that."""
    world = World(registration=False)
    admin = world.admin()
    anybody = admin.ask("/create_invite")["payload"]["invite_code"]
    answer = admin.ask("/create_invite", username="bob")
    bobs = answer["payload"]["invite_code"]
    assert answer["message"].endswith(bobs)
    assert attempt(world, "carol", "", invite_code=bobs) == Text.WRONG_INVITE
    assert attempt(world, "admins", "", invite_code=anybody) == Text.NAME_NOT_ALLOWED
    assert attempt(world, "carol", "", invite_code=anybody) == Text.AUTHENTICATED
    assert attempt(world, "dave", "", invite_code=anybody) == Text.WRONG_INVITE
    assert attempt(world, "carol", "", invite_code="rubbish") == Text.AUTHENTICATED
    admin.ask("/set_registration", set_as=True)
    assert attempt(world, "bob", "", invite_code=bobs) == Text.AUTHENTICATED
    assert world.server.registry.invite_codes == {}
    assert attempt(world, "eve") == Text.AUTHENTICATED


def both_checking(world: World, name: str, **members: Any) -> list[Peer]:
    """Return two peers whose logins of one name wait for their passwords."""
    world.carries_out = False
    peers = []
    for _ in range(2):
        peer = world.peer()
        peer.trade_keys()
        payload = {"username": name, "password": "pw", **members}
        peer.send(json.dumps({"message": "", "payload": payload}))
        peers.append(peer)
    return peers


@pytest.mark.parametrize("known", [False, True])
def test_two_logins_at_a_time(known: bool) -> None:
    """Of two logins of a name, one is accepted, whether it registers or not."""
    world = World()
    if known:
        attempt(world, "alice", "pw")
    peers = both_checking(world, "alice")
    for peer in reversed(peers):
        world.carry_out(peer.core)
    texts = [peer.take()[0]["message"] for peer in peers]
    assert texts == [Text.ALREADY_CONNECTED, Text.AUTHENTICATED]
    assert list(world.server.registry.sessions) == ["alice"]


def test_two_logins_of_which_the_first_is_over() -> None:
    """The second login finds the user registered, and proves the password."""
    world = World()
    first, second = both_checking(world, "alice")
    world.carry_out(first.core)
    first.lose()
    world.carry_out(second.core)
    assert second.take()[0]["message"] == Text.AUTHENTICATED


def test_two_logins_with_one_code() -> None:
    """A code that two use at a time registers one."""
    world = World(registration=False)
    code = world.admin().ask("/create_invite")["payload"]["invite_code"]
    (first, _), (_, other) = (
        both_checking(world, name, invite_code=code) for name in ("alice", "bob")
    )
    for peer in (first, other):
        world.carry_out(peer.core)
    assert first.take()[0]["message"] == Text.AUTHENTICATED
    assert other.take()[0]["message"] == Text.WRONG_INVITE


def test_attempts_are_limited() -> None:
    """After ten wrong ones, not even the right password is looked at, for a minute."""
    world = World()
    attempt(world, "alice", "right")
    for _ in range(10):
        assert attempt(world, "alice", "wrong") == Text.WRONG_PASSWORD
        world.run(1.0)
    assert attempt(world, "alice", "right") == Text.TOO_MANY_ATTEMPTS
    assert attempt(world, "bob", "right") == Text.AUTHENTICATED
    elsewhere = world.peer("192.0.2.2")
    elsewhere.trade_keys()
    assert elsewhere.login("alice", "right")["status"] == 0
    elsewhere.lose()
    world.run(50.1)
    assert attempt(world, "alice", "right") == Text.AUTHENTICATED


def test_attempts_in_parallel_count() -> None:
    """Those that were under way when the tenth failed are refused as well."""
    world = World()
    attempt(world, "alice", "pw")
    world.carries_out = False
    peers = []
    for number in range(12):
        peer = world.peer()
        peer.trade_keys()
        payload = {"username": "alice", "password": "pw" if number > 9 else "wrong"}
        peer.send(json.dumps({"message": "", "payload": payload}))
        peers.append(peer)
    for peer in peers:
        world.carry_out(peer.core)
    texts = [peer.take()[0]["message"] for peer in peers]
    assert texts == [Text.WRONG_PASSWORD] * 10 + [Text.TOO_MANY_ATTEMPTS] * 2


def test_attempts_are_forgotten() -> None:
    """What is older than a minute takes no memory."""
    attempts = Attempts()
    for number in range(1000):
        attempts.fail(f"user {number}", "192.0.2.1", float(number))
    assert len(attempts._failed) == 60
    assert not attempts.are_too_many("x" * 1_000_000, "192.0.2.1", 1000.0)


@covers("PGN-SEC-004")
@pytest.mark.parametrize("password", ["", "admin", "password", "None"])
def test_nobody_is_admin_without_a_password(password: str) -> None:
    """Unless the operator has set a password, no login of admin is accepted."""
    for registration in (False, True):
        world = World(admin_password=None, registration=registration)
        assert attempt(world, "admin", password) != Text.AUTHENTICATED
        world.server.registry.invite_codes["code"] = "admin"
        assert attempt(world, "admin", password, invite_code="code") != Text.AUTHENTICATED
        assert "admin" not in world.server.registry.users


@covers("PGN-LIM-002")
def test_too_many_users() -> None:
    """Registration is refused when there are too many users; those there are can log in."""
    world = World(limits=Limits(users=3))
    assert [attempt(world, name) for name in ("alice", "bob", "carol", "bob")] == [
        Text.AUTHENTICATED,
        Text.AUTHENTICATED,
        Text.REGISTRATION_BLOCKED,
        Text.AUTHENTICATED,
    ]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *((name, True) for name in ("abc", "A1b", "123", "x" * 20, "admi", "adm1n")),
        *((name, False) for name in ("ab", "x" * 21, "a b", "a-b", "abc\n", "ädd", "٣٤٥", "")),
        *((name, False) for name in ("admin", "Admin", "xADMINx", "badminton")),
    ],
)
def test_names_of_users(name: str, allowed: bool) -> None:
    """3 to 20 ASCII letters and digits, without admin in them."""
    assert is_user_name(name) == allowed


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *((name, True) for name in ("abc", "a b", "My Game 1", "x" * 50, "a  b")),
        *((name, False) for name in ("ab", "x" * 51, " ab", "ab ", "   ", "a\tb", "a_b", "ünï")),
        *((name, False) for name in ("admin", "The aDmIn Game", "abc\n")),
    ],
)
def test_names_of_games(name: str, allowed: bool) -> None:
    """3 to 50 ASCII letters, digits and inner spaces, without admin in them."""
    assert is_game_name(name) == allowed
