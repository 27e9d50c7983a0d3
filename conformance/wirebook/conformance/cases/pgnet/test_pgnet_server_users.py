"""Cases: the names of users, registration, and invite codes.

What may live here: who becomes a user.
"""

from __future__ import annotations

import math
import random

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_INVITE,
    DELETE_USER,
    SET_REGISTRATION,
    granted,
    refused,
)
from wirebook.conformance.marks import feature, fresh_target, requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet.limits import INVITE_CODE_BITS_LEAST

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CODES = 64

NOT_ALLOWED = {
    "one": "a",
    "two": "ab",
    "twenty-one": "a" * 21,
    "very-long": "a" * 5000,
    "a-space": "alice smith",
    "a-space-before": " alice",
    "a-space-behind": "alice ",
    "a-line-feed-behind": "alice\n",
    "a-line-feed-before": "\nalice",
    "a-nul-behind": "alice\0",
    "hyphen": "alice-smith",
    "underscore": "alice_smith",
    "point": "alice.smith",
    "at": "alice@home",
    "slash": "../alice",
    "quote": "alice'--",
    "umlaut": "älice",
    "sharp-s": "straße",
    "greek": "αβγδ",
    "cyrillic-a": "\u0430lice",
    "chinese": "名前名前",
    "fullwidth": "ａｌｉｃｅ",
    "arabic-digits": "١٢٣٤",
    "superscript": "alice²",
    "combining": "alice\u0301",
    "zero-width": "al\u200bice",
    "emoji": "alice😀",
    "admin-in-capitals": "ADMIN",
    "admin-mixed": "aDmIn",
    "admin-before": "admin2",
    "admin-inside": "theadmins",
    "admin-inside-mixed": "TheAdMiN",
}


@requires("PGN-USR-002", "PGN-OPN-004")
@pytest.mark.parametrize("which", list(NOT_ALLOWED))
def test_name_that_is_not_allowed(visit: Visit, which: str) -> None:
    """A new user with a name that is not allowed is refused."""
    client = visit.traded()
    response = client.log_in(NOT_ALLOWED[which])
    client.expect_turned_away(response, f"for a name with {which}")
    visit.user()


@requires("PGN-USR-002", "PGN-USR-001")
@pytest.mark.parametrize("kind", ["three", "twenty", "digits", "capitals", "mixed", "nearly admin"])
def test_name_that_is_allowed(visit: Visit, kind: str, rng: random.Random) -> None:
    """A new user with a name that is allowed is registered."""
    lengths = {"three": 3, "twenty": 20}
    alphabets = {"digits": LETTERS[-10:], "capitals": LETTERS[:26]}
    for _ in range(50):  # a name may be taken already, by this case in an earlier run
        letters = random.SystemRandom().choices(alphabets.get(kind, LETTERS), k=18)
        name = "".join(letters)[: lengths.get(kind, 18)].ljust(lengths.get(kind, 18), "z")
        if kind == "nearly admin":
            name = rng.choice(["adm1n", "admn", "dminA", "admiN"[:4]]) + name[:12]
        if "admin" in name.lower():
            continue
        client = visit.traded()
        response = client.log_in(name, f"new {name}")
        if kind == "three" and response.status:
            continue
        granted(response, f"for the name {name}")
        control(client)
        return
    raise Violation("expected a name of three letters to be allowed, and none of 50 was")


@requires("PGN-USR-003")
def test_upper_and_lower_case(visit: Visit) -> None:
    """Names that differ in upper and lower case only are two users."""
    name = visit.new_name()
    lower, upper = visit.user(name, "of the one"), visit.user(name.upper(), "of the other")
    control(lower)
    control(upper)
    lower.leave()
    wrong = visit.traded()
    response = wrong.log_in(name, "of the other")
    wrong.expect_turned_away(response, "for the password of a user in other case")
    visit.user(name, "of the one")


def invite(admin: RawClient, username: str = "") -> str:
    """Return a new invite code."""
    response = granted(admin.ask(CREATE_INVITE, {"username": username}), "for create_invite")
    code = response.payload.get("invite_code")
    if not isinstance(code, str) or not code:
        raise Violation(f"expected a code as invite_code in the payload, got {response}")
    return code


@requires("PGN-INV-001", "PGN-ADM-004")
@feature("admin")
@pytest.mark.parametrize("bound", [False, True], ids=["for-anybody", "for-one"])
def test_code_while_registration_is_on(visit: Visit, admin: RawClient, bound: bool) -> None:
    """An invite code registers a new user while registration is on."""
    name = visit.new_name()
    code = invite(admin, name if bound else "")
    client = visit.traded()
    granted(client.log_in(name, "a password", code), "for a new user with an invite code")
    control(client)
    client.leave()
    visit.user(name, "a password")


@requires("PGN-INV-001", "PGN-ADM-003", "PGN-ADM-004")
@fresh_target
@feature("admin")
def test_code_while_registration_is_off(visit: Visit, admin: RawClient) -> None:
    """While registration is off, a new user gets in by an invite code only, a known one as ever."""
    known = visit.user(visit.new_name(), "known")
    known.leave()
    codes = {"": invite(admin), "bound": invite(admin, bound := visit.new_name())}
    granted(admin.ask(SET_REGISTRATION, {"set_as": False}), "for set_registration")
    codes["later"] = invite(admin)
    stranger = visit.traded()
    response = stranger.log_in(visit.new_name())
    stranger.expect_turned_away(response, "for a new user while registration is off")
    for kind, code in codes.items():
        client = visit.traded()
        name = bound if kind == "bound" else visit.new_name()
        granted(client.log_in(name, "", code), "for a new user with an invite code")
        client.leave()
        control(visit.user(name))
    control(visit.user(known.name, "known"))
    granted(admin.ask(SET_REGISTRATION, {"set_as": True}), "for set_registration")
    visit.user()


@requires("PGN-ADM-003")
@fresh_target
@feature("admin")
def test_registration_off_and_on(visit: Visit, admin: RawClient) -> None:
    """Registration is as the admin has set it; without the argument, off."""
    for payload, on in (({}, False), ({"set_as": True}, True), ({"set_as": False}, False)):
        for _ in range(2):  # also if it is so already
            granted(admin.ask(SET_REGISTRATION, payload), "for set_registration")
        client = visit.traded()
        response = client.log_in(visit.new_name())
        if on:
            granted(response, "for a new user while registration is on")
        else:
            client.expect_turned_away(response, "for a new user while registration is off")


@requires("PGN-INV-002")
@feature("admin")
@pytest.mark.parametrize("bound", [False, True], ids=["for-anybody", "for-one"])
def test_code_works_once(visit: Visit, admin: RawClient, bound: bool) -> None:
    """A code that has registered a user is worth nothing, even if that user is deleted."""
    name = visit.new_name()
    code = invite(admin, name if bound else "")
    client = visit.traded()
    granted(client.log_in(name, "", code), "for a new user with an invite code")
    client.leave()
    other = visit.traded()
    response = other.log_in(visit.new_name(), "", code)
    other.expect_turned_away(response, "for a code that was used")
    granted(admin.ask(DELETE_USER, {"username": name}), "for delete_user")
    again = visit.traded()
    again.expect_turned_away(again.log_in(name, "", code), "for the same name and code again")
    visit.user(name)


@requires("PGN-INV-002", "PGN-OPN-008")
@feature("admin")
def test_code_used_by_many_at_once(visit: Visit, admin: RawClient) -> None:
    """Of several new users who come with one code at the same time, one gets in."""
    code = invite(admin)
    clients = [visit.traded() for _ in range(8)]
    logins = []
    for client in clients:
        client.name = visit.new_name()
        login = {"username": client.name, "invite_code": code}
        logins.append(client.prepare("handshake", login))
    for log_in in logins:
        log_in()
    responses = [client.next_response("the response to the login") for client in clients]
    admitted = [response for response in responses if response.status == 0]
    if len(admitted) != 1:
        raise Violation(f"expected one code to register one user, got {len(admitted)}")


@requires("PGN-INV-001", "PGN-OPN-004")
@feature("admin")
def test_code_of_somebody_else(visit: Visit, admin: RawClient) -> None:
    """A code that is bound to a name registers nobody else, and still works for that name."""
    name = visit.new_name()
    code = invite(admin, name)
    for other in (visit.new_name(), name.upper(), f"{name}x"):
        client = visit.traded()
        client.expect_turned_away(client.log_in(other, "", code), f"for {other} with a bound code")
    client = visit.traded()
    granted(client.log_in(name, "", code), "for the name that the code is bound to")


@requires("PGN-INV-001", "PGN-OPN-004")
@feature("admin")
@pytest.mark.parametrize("change", ["cut", "longer", "case", "space", "another"])
def test_code_that_is_nearly_right(visit: Visit, admin: RawClient, change: str) -> None:
    """A code that is not exactly right is unknown."""
    code = invite(admin)
    wrong = {
        "cut": code[:-1],
        "longer": f"{code}0",
        "case": code.swapcase(),
        "space": f" {code}",
        "another": code[:-1] + ("0" if code[-1] != "0" else "1"),
    }[change]
    if wrong != code:
        client = visit.traded()
        response = client.log_in(visit.new_name(), "", wrong)
        client.expect_turned_away(response, f"for a code that is not right ({change})")
    client = visit.traded()
    granted(client.log_in(visit.new_name(), "", code), "for the code itself")


@requires("PGN-INV-003")
@feature("admin")
def test_codes_cannot_be_guessed(admin: RawClient) -> None:
    """Codes are long enough for 80 bits, by the letters that are seen in them, and all differ."""
    codes = [invite(admin) for _ in range(CODES)]
    if len(set(codes)) < CODES:
        raise Violation(f"expected {CODES} different codes, got {len(set(codes))}")
    shortest = min(map(len, codes))
    columns = [{code[at] for code in codes} for at in range(shortest)]
    changing = [letters for letters in columns if len(letters) > 1]
    alphabet = set[str]().union(*changing)
    bits = len(changing) * math.log2(len(alphabet))
    if bits < INVITE_CODE_BITS_LEAST - 0.5:
        raise Violation(
            f"expected codes of {INVITE_CODE_BITS_LEAST} bits, got {len(changing)} places "
            f"of {len(alphabet)} letters, which is {bits:.0f} bits at most"
        )


@requires("PGN-ADM-005")
@feature("admin")
@pytest.mark.parametrize("which", list(NOT_ALLOWED))
def test_no_code_for_a_name_that_is_not_allowed(admin: RawClient, which: str) -> None:
    """There is no invite code for a name that nobody may have."""
    response = admin.ask(CREATE_INVITE, {"username": NOT_ALLOWED[which]})
    refused(response, f"for create_invite for a name with {which}")
    if "invite_code" in response.payload:
        raise Violation(f"expected no code with a refusal, got {response}")


@requires("PGN-ADM-005")
@feature("admin")
def test_no_code_for_admin(admin: RawClient) -> None:
    """Nor for the admin's."""
    refused(admin.ask(CREATE_INVITE, {"username": "admin"}), "for create_invite for admin")


@requires("PGN-ADM-006")
@feature("admin")
def test_text_ends_with_the_code(admin: RawClient) -> None:
    """The text of the response ends with the code, for clients that show nothing else."""
    response = granted(admin.ask(CREATE_INVITE), "for create_invite")
    code = response.payload.get("invite_code")
    if not isinstance(code, str) or not response.message.endswith(code):
        raise Violation(f"expected a text that ends with the code, got {response}")
