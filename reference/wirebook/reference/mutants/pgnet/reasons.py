"""Mutants of the order of the reasons against a login.

What may live here: what is looked at first. Each mutant has one reason in another place.
"""

from __future__ import annotations

from collections.abc import Callable

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.names import is_user_name
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Login, Registry, refused
from wirebook.spec.pgnet.states import Text

Reason = Callable[[Registry, Login], Text | None]


def _first(reason: Reason, method: str = "judge") -> None:
    """Have a reason looked for before all others of a list."""

    @override(Registry, method)
    def judge(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        found = None if login.abandoned else reason(users, login)
        return original(users, login) if found is None else refused(found)


def _name(login: Login) -> str:
    return login.username if isinstance(login.username, str) else ""


@mutant(
    "PGN-M110",
    "PGN-OPN-005",
    "The types of password and code count before the name.",
    role="server",
)
def types_before_the_name() -> None:
    """Look at them first."""

    def types(_: Registry, login: Login) -> Text | None:
        are_right = isinstance(login.password, str) and isinstance(login.invite_code, str)
        return None if are_right else Text.WRONG_PASSWORD

    _first(types)


@mutant(
    "PGN-M111",
    "PGN-OPN-005",
    "That the user is connected counts before too many attempts.",
    role="server",
)
def connected_before_attempts() -> None:
    """Look at it first."""
    _first(
        lambda users, login: (
            Text.ALREADY_CONNECTED
            if _is_sound(login) and _name(login) in users.sessions.keys() - users.doomed
            else None
        )
    )


@mutant(
    "PGN-M112",
    "PGN-OPN-005",
    "The deletion of the user counts before too many attempts.",
    role="server",
)
def deletion_before_attempts() -> None:
    """Look at it first."""
    _first(
        lambda users, login: (
            Text.USER_DELETED if _is_sound(login) and _name(login) in users.doomed else None
        )
    )


@mutant(
    "PGN-M113",
    "PGN-OPN-005",
    "That the user is connected counts before the deletion.",
    role="server",
)
def connected_before_deletion() -> None:
    """Look at it where attempts are not too many."""

    def connected(users: Registry, login: Login) -> Text | None:
        too_many = users._attempts.are_too_many(_name(login), login.address, login.now)
        here = _is_sound(login) and _name(login) in users.doomed and not too_many
        return Text.ALREADY_CONNECTED if here else None

    _first(connected)


@mutant(
    "PGN-M114",
    "PGN-OPN-005",
    "Of a known user, too, the invite code has to be known.",
    role="server",
)
def code_of_a_known_user() -> None:
    """Look at it before the password."""

    def code(users: Registry, login: Login) -> Text | None:
        known = not login.invite_code or login.invite_code in users.invite_codes
        return None if known else Text.WRONG_INVITE

    _first(code, "_judge_known")


@mutant(
    "PGN-M115",
    "PGN-OPN-005",
    "That the name is not allowed counts before the invite code.",
    role="server",
)
def name_before_code() -> None:
    """Look at it first, of a new user."""
    _first(
        lambda _, login: None if is_user_name(login.username) else Text.NAME_NOT_ALLOWED,
        "_judge_new",
    )


@mutant(
    "PGN-M116",
    "PGN-OPN-005",
    "That registration is off counts before a wrong invite code.",
    role="server",
)
def registration_before_code() -> None:
    """Look at it first, unless the code is right."""

    def blocked(users: Registry, login: Login) -> Text | None:
        right = users.invite_codes.get(login.invite_code) in ("", login.username)
        return None if users.registration or right else Text.REGISTRATION_BLOCKED

    _first(blocked, "_judge_new")


@mutant("PGN-M117", "PGN-OPN-005", "A name that is not allowed is none.", role="server")
def any_name() -> None:
    """Take it for a missing one, unless it is that of a user."""

    def none(users: Registry, login: Login) -> Text | None:
        fine = not _name(login) or _name(login) in users.users or is_user_name(_name(login))
        return None if fine else Text.NO_USERNAME

    _first(none)


@mutant("PGN-M118", "PGN-OPN-005", "A password that is required is asked for last.", role="server")
def password_is_required_last() -> None:
    """Look at the name before it."""

    def name(users: Registry, login: Login) -> Text | None:
        code = login.invite_code
        right = users.invite_codes.get(code) in ("", login.username) if code else users.registration
        bad = right and users._require_password and not is_user_name(login.username)
        return Text.NAME_NOT_ALLOWED if bad else None

    _first(name, "_judge_new")


def _is_sound(login: Login) -> bool:
    """Tell whether neither of the first two reasons is there."""
    parts = (login.username, login.password, login.invite_code)
    return all(isinstance(part, str) for part in parts) and bool(login.username)
