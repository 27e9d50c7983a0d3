"""Mutants of logins: what a refused one leaves behind, and how often a user is logged in.

What may live here: users, invite codes and names after a login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Login, Registry, Session
from wirebook.reference.pgnet.desk import Desk
from wirebook.reference.pgnet.messages import Response
from wirebook.reference.pgnet.passwords import LEAST_COST, keep
from wirebook.spec.pgnet.states import ADMIN, Text

_A_WHILE = 0.3


@mutant("PGN-M101", "PGN-OPN-007", "A refused login uses up its invite code.", role="server")
def code_is_used_up() -> None:
    """Forget the code of a new user at once."""

    @override(Registry, "_judge_new")
    def judge_new(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        outcome = original(users, login)
        if isinstance(outcome, Response):
            users.invite_codes.pop(login.invite_code, None)
        return outcome


@mutant(
    "PGN-M102",
    "PGN-OPN-007",
    "A user with a wrong invite code is refused, but registered.",
    role="server",
)
def registered_all_the_same() -> None:
    """Keep the name and the password."""
    _register_all_the_same(Text.WRONG_INVITE)


@mutant(
    "PGN-M103",
    "PGN-OPN-007",
    "A user whose name is not allowed is refused, but registered.",
    role="server",
)
def registered_under_any_name() -> None:
    """Keep the name and the password."""
    _register_all_the_same(Text.NAME_NOT_ALLOWED)


def _register_all_the_same(reason: Text) -> None:
    """Register a new user who is refused for a reason."""

    @override(Registry, "_judge_new")
    def judge_new(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        outcome = original(users, login)
        if isinstance(outcome, Response) and outcome.message == reason:
            users.users[login.username] = keep(login.password, LEAST_COST)
        return outcome


def _connect_twice(when: Callable[[Login], bool]) -> None:
    """Let users in who are connected; the connection that came last has the name."""

    @override(Registry, "judge")
    def judge(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        name = login.username if isinstance(login.username, str) else ""
        before = users.sessions.pop(name, None) if when(login) else None
        outcome = original(users, login)
        if before is not None:
            users.sessions.setdefault(name, before)
        return outcome

    @override(Registry, "end")
    def end(original: Callable[..., None], users: Registry, session: Session) -> None:
        if users.sessions.get(session.name) is session:
            original(users, session)
        session.live = False


@mutant("PGN-M104", "PGN-OPN-008", "A user can be connected more than once.", role="server")
def connected_twice() -> None:
    """Look for nobody."""
    _connect_twice(lambda _: True)


@mutant(
    "PGN-M105",
    "PGN-OPN-008",
    "Whether a user is connected is looked at before the password is checked only.",
    role="server",
)
def connected_at_the_same_time() -> None:
    """Look not again when it has been checked, which takes so long that others come meanwhile."""
    _connect_twice(lambda login: login.checked is not None or login.kept is not None)

    @override(Desk, "run")
    async def run(original: Callable[..., Any], desk: Desk, *rest: Any) -> Any:
        await asyncio.sleep(_A_WHILE)
        return await original(desk, *rest)


@mutant("PGN-M107", "PGN-OPN-008", "The admin can be connected more than once.", role="server")
def admin_connected_twice() -> None:
    """Look for other users only."""
    _connect_twice(lambda login: bool(login.username == ADMIN))
