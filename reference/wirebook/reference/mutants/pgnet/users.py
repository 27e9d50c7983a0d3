"""Mutants of users, their names, registration and invite codes.

What may live here: whom a server takes in. Who may not log in is the matter of another module.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import server
from wirebook.reference.pgnet.core import names
from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.registry import Login, Registry, refused
from wirebook.spec.pgnet.states import ADMIN, Text

Original = Callable[..., Any]


@mutant(
    "PGN-M201",
    "PGN-USR-001",
    "A new user is registered, but without the password of the login.",
    role="server",
)
def registers_without_the_password() -> None:
    """Keep the empty password."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        outcome = original(registry, login)
        if login.session is not None:
            registry.users[login.username] = None
        return outcome


@mutant(
    "PGN-M202",
    "PGN-USR-001",
    "A new user is let in, but not registered: the next one can have the name.",
    role="server",
)
def lets_in_without_registering() -> None:
    """Forget the user."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        outcome = original(registry, login)
        if login.session is not None:
            registry.users.pop(login.username, None)
        return outcome


@mutant(
    "PGN-M203",
    "PGN-USR-002",
    "User names may have the letters and digits of any script.",
    role="server",
)
def user_names_of_any_script() -> None:
    """Ask Unicode what a letter is."""

    @override(names, "is_user_name")
    def is_user_name(_: Original, name: str) -> bool:
        return 3 <= len(name) <= 20 and name.isalnum() and ADMIN not in name.lower()


@mutant(
    "PGN-M204", "PGN-USR-002", "User names may have 21 letters and more, up to 32.", role="server"
)
def longer_user_names() -> None:
    """Look at the first twenty letters."""

    @override(names, "is_user_name")
    def is_user_name(original: Original, name: str) -> bool:
        return len(name) <= 32 and original(name[:20]) and original(name[-20:])


@mutant(
    "PGN-M205",
    "PGN-USR-002",
    "`admin` is looked for in user names in lower case only.",
    role="server",
)
def admin_in_capitals() -> None:
    """Take capitals for other letters."""

    @override(names, "is_user_name")
    def is_user_name(original: Original, name: str) -> bool:
        return ADMIN not in name and original(name.lower().replace(ADMIN, "x" * len(ADMIN)))


@mutant("PGN-M206", "PGN-USR-002", "User names of 20 letters are refused.", role="server")
def shorter_user_names() -> None:
    """Count one too many."""

    @override(names, "is_user_name")
    def is_user_name(original: Original, name: str) -> bool:
        return len(name) < 20 and original(name)


@mutant("PGN-M207", "PGN-USR-002", "User names that begin with a digit are refused.", role="server")
def user_names_begin_with_a_letter() -> None:
    """Want a letter in front."""

    @override(names, "is_user_name")
    def is_user_name(original: Original, name: str) -> bool:
        return name[:1].isalpha() and original(name)


@mutant(
    "PGN-M208",
    "PGN-USR-003",
    "A user is known in upper and in lower case alike: both are the same user.",
    role="server",
)
def one_user_in_both_cases() -> None:
    """Fold the case of names."""

    @override(Login, "username")
    def username(original: Original, login: Login) -> Any:
        name = original(login)
        return name.lower() if isinstance(name, str) else name


@mutant(
    "PGN-M209",
    "PGN-USR-003",
    "A new user is refused whose name another one has in other case.",
    role="server",
)
def name_taken_in_other_case() -> None:
    """Fold the case of names where they are to be new."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        if login.username.lower() in map(str.lower, registry.users):
            return refused(Text.NAME_NOT_ALLOWED)
        return original(registry, login)


@mutant(
    "PGN-M210",
    "PGN-INV-001",
    "While registration is off, invite codes are not accepted either.",
    role="server",
)
def registration_off_means_off() -> None:
    """Look at registration first."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        if not registry.registration:
            return refused(Text.REGISTRATION_BLOCKED)
        return original(registry, login)


@mutant(
    "PGN-M211", "PGN-INV-001", "While registration is on, invite codes are refused.", role="server"
)
def no_codes_while_registration_is_on() -> None:
    """Take codes only where they are needed."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        if registry.registration and login.invite_code:
            return refused(Text.WRONG_INVITE)
        return original(registry, login)


@mutant(
    "PGN-M212", "PGN-INV-001", "Codes that are bound to a name are not accepted.", role="server"
)
def no_bound_codes() -> None:
    """Take only codes that are for anybody."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        if registry.invite_codes.get(login.invite_code):
            return refused(Text.WRONG_INVITE)
        return original(registry, login)


def _use_again(*, bound: bool) -> None:
    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        name = registry.invite_codes.get(login.invite_code)
        outcome = original(registry, login)
        if name is not None and bool(name) is bound:
            registry.invite_codes[login.invite_code] = name
        return outcome


@mutant("PGN-M213", "PGN-INV-002", "Codes for anybody can be used again and again.", role="server")
def codes_for_anybody_work_twice() -> None:
    """Keep codes that are not bound."""
    _use_again(bound=False)


@mutant(
    "PGN-M214",
    "PGN-INV-002",
    "A code that is bound to a name works again once its user has been deleted.",
    role="server",
)
def bound_codes_work_twice() -> None:
    """Keep codes that are bound."""
    _use_again(bound=True)


@mutant(
    "PGN-M215",
    "PGN-INV-002",
    "Several users who come with one code at the same time all get in.",
    role="server",
)
def codes_are_checked_too_early() -> None:
    """Look at the code before the password is hashed, and not afterwards."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        if login.kept is not None and login.invite_code:
            registry.invite_codes.setdefault(login.invite_code, "")
        return original(registry, login)


@mutant("PGN-M216", "PGN-INV-003", "Invite codes have 64 bits.", role="server")
def short_codes() -> None:
    """Make eight octets of them."""
    set_value(server, "_INVITE_CODE_OCTETS", 8)


@mutant("PGN-M217", "PGN-INV-003", "Invite codes are counted up.", role="server")
def codes_in_a_row() -> None:
    """Make codes that look long."""
    serial = itertools.count(0x5EED << 96)

    @override(Administration, "__init__")
    def init(original: Original, administration: Administration, *parts: Any) -> None:
        original(administration, *parts[:-1], lambda: f"{next(serial):032x}")
