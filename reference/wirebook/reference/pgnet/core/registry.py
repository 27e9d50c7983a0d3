"""The users of a server: who may log in, who may register, and who is connected.

Theory of operation. A login is judged by the book's list of reasons, from the first to the last.
Where a password has to be hashed or checked, the judge says so and is asked again afterwards; it
then begins with the first reason anew, because the world may have changed meanwhile. So the last
look at everything and its effect are one step, and two logins of a name cannot both succeed. What
may live here: users, registration, invite codes and logins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from wirebook.reference.pgnet.core.attempts import Attempts
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.names import is_user_name
from wirebook.reference.pgnet.core.outcomes import CheckPassword, KeepPassword, Outcome
from wirebook.reference.pgnet.messages import Response, Status
from wirebook.reference.pgnet.passwords import Kept, OldHash
from wirebook.spec.pgnet.states import ServerInput, Text

TOO_BUSY: Final = "Too many passwords wait to be checked."


@dataclass(eq=False, slots=True)
class Session:
    """A user's connection, from its login to its end."""

    name: str
    happen: Callable[[ServerInput], object] = field(repr=False)
    """Tells the connection of what others have brought about."""
    game: str | None = None
    """The game that the user is in."""
    live: bool = True
    """False once the connection has ended."""


@dataclass(eq=False, slots=True)
class Login:
    """One attempt to log in."""

    address: str
    payload: dict[str, Any] = field(repr=False)
    now: float
    """When it is judged, the last time."""
    happen: Callable[[ServerInput], object] = field(repr=False)
    """For the session."""
    session: Session | None = None
    """Where it has led to, once it is accepted."""
    abandoned: bool = False
    """Whether the connection has ended before there was an answer."""
    checked: tuple[Kept, bool] | None = field(default=None, repr=False)
    """What the password was checked against, and whether it is right."""
    kept: tuple[str | None] | None = field(default=None, repr=False)
    """What is to be kept of the password."""

    @property
    def username(self) -> Any:
        """Who wants to log in."""
        return self.payload.get("username")

    @property
    def password(self) -> Any:
        """With which password (PGN-OPN-002)."""
        return self.payload.get("password", "")

    @property
    def invite_code(self) -> Any:
        """With which invite code (PGN-OPN-002)."""
        return self.payload.get("invite_code", "")


class Registry:
    """Users by name, and what lets new ones in."""

    def __init__(self, limits: Limits, *, registration: bool, require_password: bool) -> None:
        self.registration = registration
        self.users: dict[str, Kept] = {}
        """What is kept of the password of each user, the admin among them if there is one."""
        self.invite_codes: dict[str, str] = {}
        """The name that each invite code is bound to, or an empty str."""
        self.sessions: dict[str, Session] = {}
        """Who is connected."""
        self.doomed: set[str] = set()
        """Connected users who are to be deleted."""
        self._limits = limits
        self._require_password = require_password
        self._attempts = Attempts()

    def end(self, session: Session) -> None:
        """Free a user's name; delete the user if that was wanted (PGN-CON-004, PGN-ADM-009)."""
        session.live = False
        del self.sessions[session.name]
        if session.name in self.doomed:
            self.doomed.discard(session.name)
            self.users.pop(session.name, None)

    def delete(self, name: str) -> None:
        """Delete a user at once, or when the connection ends (PGN-ADM-008, PGN-ADM-009)."""
        if name in self.sessions:
            self.doomed.add(name)
            self.sessions[name].happen(ServerInput.DELETION)
        else:
            del self.users[name]

    def judge(self, login: Login) -> Outcome:
        """Return what becomes of a login (PGN-OPN-005)."""
        if login.abandoned:
            return refused("The connection has ended.")  # nobody is there to read it
        if not isinstance(login.username, str) or not login.username:
            return refused(Text.NO_USERNAME)
        if not isinstance(login.password, str) or not isinstance(login.invite_code, str):
            return refused(Text.WRONG_PASSWORD)
        if self._attempts.are_too_many(login.username, login.address, login.now):
            return refused(Text.TOO_MANY_ATTEMPTS)
        if login.username in self.doomed:
            return refused(Text.USER_DELETED)
        if login.username in self.sessions:  # PGN-OPN-008
            return refused(Text.ALREADY_CONNECTED)
        known = login.username in self.users
        return self._judge_known(login) if known else self._judge_new(login)

    def _judge_known(self, login: Login) -> Outcome:
        kept = self.users[login.username]
        if login.checked is None or login.checked[0] is not kept:

            def checked(right: bool) -> Outcome:
                login.checked = kept, right
                return self.judge(login)

            return CheckPassword(kept, login.password, checked, _busy)
        if not login.checked[1]:
            return self._fail(login, Text.WRONG_PASSWORD)
        if isinstance(kept, OldHash):  # PGN-SAV-008
            if login.kept is None:
                return self._keep(login)
            self.users[login.username] = login.kept[0]
        return self._accept(login)

    def _judge_new(self, login: Login) -> Outcome:
        code = login.invite_code
        if code and self.invite_codes.get(code) not in ("", login.username):
            return self._fail(login, Text.WRONG_INVITE)
        if not code and not self.registration:
            return refused(Text.REGISTRATION_BLOCKED)
        if self._require_password and not login.password:
            return refused(Text.PASSWORD_REQUIRED)
        if not is_user_name(login.username):
            return refused(Text.NAME_NOT_ALLOWED)
        if len(self.users) >= self._limits.users:  # PGN-LIM-002
            return refused(Text.REGISTRATION_BLOCKED)
        if login.kept is None:
            return self._keep(login)
        self.users[login.username] = login.kept[0]  # PGN-USR-001
        self.invite_codes.pop(code, None)  # PGN-INV-002
        return self._accept(login)

    def _keep(self, login: Login) -> KeepPassword:
        def kept(made: str | None) -> Outcome:
            login.kept = (made,)
            return self.judge(login)

        return KeepPassword(login.password, kept, _busy)

    def _accept(self, login: Login) -> Response:
        login.session = Session(login.username, login.happen)
        self.sessions[login.username] = login.session
        return Response(Text.AUTHENTICATED)

    def _fail(self, login: Login, text: str) -> Response:
        self._attempts.fail(login.username, login.address, login.now)  # PGN-SEC-002
        return refused(text)


def refused(text: str) -> Response:
    """Return the response to a login that is refused (PGN-OPN-004)."""
    return Response(text, status=Status.BAD, disconnecting=True)


def _busy() -> Response:
    return refused(TOO_BUSY)
