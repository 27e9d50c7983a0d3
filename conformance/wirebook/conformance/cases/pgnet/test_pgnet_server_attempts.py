"""Cases: how often a password can be tried.

What may live here: the limit on attempts, whom it hits and whom it spares.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import CREATE_INVITE, Json, granted
from wirebook.conformance.marks import feature, requires
from wirebook.spec.pgnet.limits import ATTEMPTS_MOST

ELSEWHERE = "127.0.0.2"


def attempt(visit: Visit, login: Json, what: str, *, source: str = "") -> None:
    """Make an attempt that has to be refused."""
    client = visit.traded(source=source)
    client.expect_turned_away(client.log_in_with(login), what)
    client.close()


def known(visit: Visit) -> str:
    """Return the name of a user who is not connected, with the password `right`."""
    name = visit.new_name()
    visit.user(name, "right").leave()
    return name


def use_up(visit: Visit, login: Json, count: int = ATTEMPTS_MOST) -> None:
    """Make so many attempts that have to be refused for what is in them."""
    for number in range(count):
        attempt(visit, login, f"for wrong attempt {number + 1}")


@requires("PGN-SEC-002")
def test_right_password_after_too_many(visit: Visit) -> None:
    """After ten wrong passwords even the right one is refused."""
    name = known(visit)
    use_up(visit, {"username": name, "password": "wrong"})
    for password in ("right", "wrong"):
        attempt(visit, {"username": name, "password": password}, "after too many attempts")


@requires("PGN-SEC-002", "PGN-OPN-003")
def test_right_password_before_too_many(visit: Visit) -> None:
    """After nine wrong passwords the right one is accepted."""
    name = known(visit)
    use_up(visit, {"username": name, "password": "wrong"}, ATTEMPTS_MOST - 1)
    control(visit.user(name, "right"))


@requires("PGN-SEC-002")
def test_success_does_not_make_them_undone(visit: Visit) -> None:
    """A login that is accepted in between changes nothing: ten within 60 s are too many."""
    name = known(visit)
    use_up(visit, {"username": name, "password": "wrong"}, ATTEMPTS_MOST - 1)
    visit.user(name, "right").leave()
    use_up(visit, {"username": name, "password": "wrong"}, 1)
    attempt(visit, {"username": name, "password": "right"}, "after too many attempts")


@requires("PGN-SEC-002", "PGN-OPN-003")
def test_other_names_are_spared(visit: Visit) -> None:
    """Attempts count for their name only."""
    name = known(visit)
    use_up(visit, {"username": name, "password": "wrong"})
    attempt(visit, {"username": name, "password": "right"}, "after too many attempts")
    control(visit.user())
    control(visit.user(known(visit), "right"))
    control(visit.user(name.upper(), "other"))


@requires("PGN-SEC-002", "PGN-OPN-003")
def test_other_addresses_are_spared(visit: Visit) -> None:
    """Attempts count for their address only: nobody can lock out somebody else."""
    name = known(visit)
    login = {"username": name, "password": "wrong"}
    for _ in range(ATTEMPTS_MOST):
        attempt(visit, login, "for a wrong password", source=ELSEWHERE)
    attempt(visit, {**login, "password": "right"}, "after too many attempts", source=ELSEWHERE)
    control(visit.user(name, "right"))


@requires("PGN-SEC-002", "PGN-OPN-003")
def test_one_who_is_connected_is_spared(visit: Visit) -> None:
    """Whoever is connected already stays so, and what is refused for that does not count."""
    name = visit.new_name()
    client = visit.user(name, "right")
    use_up(visit, {"username": name, "password": "wrong"}, ATTEMPTS_MOST + 2)
    control(client)
    client.leave()
    control(visit.user(name, "right"))


@requires("PGN-SEC-002")
@feature("admin")
@pytest.mark.parametrize("bound", [False, True], ids=["for-anybody", "for-one"])
def test_invite_codes_count(visit: Visit, admin: RawClient, bound: bool) -> None:
    """Wrong invite codes count like wrong passwords: after ten, a right one is refused."""
    name = visit.new_name()
    payload = {"username": name if bound else ""}
    response = granted(admin.ask(CREATE_INVITE, payload), "for create_invite")
    code = response.payload["invite_code"]
    use_up(visit, {"username": name, "invite_code": "wrong"})
    attempt(visit, {"username": name, "invite_code": code}, "after too many attempts")
    attempt(visit, {"username": name}, "after too many attempts, without a code")
    if not bound:
        other = visit.traded()
        granted(other.log_in(visit.new_name(), "", code), "for another name with the same code")


@requires("PGN-SEC-002")
def test_passwords_and_codes_count_together(visit: Visit) -> None:
    """Both kinds of attempts on one name add up."""
    name = visit.new_name()
    use_up(visit, {"username": name, "invite_code": "wrong"}, ATTEMPTS_MOST // 2)
    visit.user(name, "right").leave()
    use_up(visit, {"username": name, "password": "wrong"}, ATTEMPTS_MOST // 2)
    attempt(visit, {"username": name, "password": "right"}, "after too many attempts")


@requires("PGN-SEC-002", "PGN-OPN-003")
def test_other_refusals_do_not_count(visit: Visit) -> None:
    """What is refused for another reason than a wrong password or code is no attempt."""
    name = visit.new_name()
    use_up(visit, {"username": name, "password": 1}, ATTEMPTS_MOST + 2)
    control(visit.user(name, "right"))


@requires("PGN-SEC-002")
def test_attempts_at_the_same_time(visit: Visit) -> None:
    """Attempts that come together are no way around: the right password comes too late."""
    name = known(visit)
    clients = [visit.traded() for _ in range(ATTEMPTS_MOST + 5)]
    for client in clients:
        client.post("handshake", {"username": name, "password": "wrong"})
    for client in clients:
        response = client.next_response("the response to the login")
        client.expect_turned_away(response, "for a wrong password")
    attempt(visit, {"username": name, "password": "right"}, "after too many attempts")


@requires("PGN-SEC-002")
@feature("admin")
def test_admin_password(visit: Visit) -> None:
    """The admin's password is guarded in the same way."""
    login = {"username": "admin", "password": "wrong"}
    for _ in range(ATTEMPTS_MOST):
        attempt(visit, login, "for a wrong password", source="127.0.0.3")
    right = {"username": "admin", "password": "wirebook-admin"}
    attempt(visit, right, "after too many attempts", source="127.0.0.3")
    control(visit.admin())
