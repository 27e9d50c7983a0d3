"""What a server knows, as the book has it: users, invite codes, failed attempts, and games.

The model of the server's machine. What may live here: state, and what becomes of a login. What
becomes of requests is in `requests`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from wirebook.fuzz.machines.pgnet.messages import Json
from wirebook.fuzz.machines.pgnet.subjects import Limits
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import ServerInput

ADMIN_PASSWORD: Final = "wirebook-admin"  # noqa: S105 - the conformance application's
_EDGE: Final = 0.5
"""Seconds around the end of the period in which an attempt may count or not."""


def nothing(*_: Any) -> None:
    """Have no effect, or nothing to check."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What may become of a request or login."""

    status: int
    requirement: str
    """What is broken if it does not come to this."""
    claim: str
    """What is said then."""
    given: ServerInput
    """The second input of the state table."""
    effect: Callable[[], None] = nothing
    """Makes the world what it is afterwards."""
    check: Callable[[Json], None] = nothing
    """Raises Broken if the response says something else."""
    text: str = ""
    """The book's text for it."""


@dataclass(slots=True)
class User:
    """A user whom the server knows."""

    password: str
    requirement: str = "PGN-USR-001"
    """What is broken if the user is not known with this password."""


@dataclass(slots=True)
class Room:
    """A game."""

    password: str
    persistent: bool
    users: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    requirement: str = "PGN-LOB-012"
    """What is broken if it is not there, or not with this log and password."""


@dataclass(slots=True)
class World:
    """The users and games of a server."""

    limits: Limits | None
    users: dict[str, User] = field(default_factory=dict)
    registration: bool = True
    invites: dict[str, str] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    """Invite codes that have registered somebody."""
    tried: set[str] = field(default_factory=set)
    """Invite codes and names that came with logins that were refused."""
    sessions: dict[str, str | None] = field(default_factory=dict)
    """Who is connected, and the game that they are in."""
    doomed: set[str] = field(default_factory=set)
    games: dict[str, Room] = field(default_factory=dict)
    attempts: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)
    """When logins of a name have failed, and whether it is sure that this counts."""
    saved: World | None = None
    """What is in the save file."""

    def end(self, name: str) -> None:
        """End a user's connection (PGN-CON-004)."""
        self.leave(name)
        del self.sessions[name]
        if name in self.doomed:
            self.doomed.discard(name)
            self.users.pop(name, None)

    def leave(self, name: str) -> None:
        """Take a user out of their game."""
        game = self.sessions[name]
        self.sessions[name] = None
        if game is not None:
            room = self.games[game]
            room.users.discard(name)
            if not room.users and not room.persistent:
                del self.games[game]

    def save(self, requirement: str = "PGN-SAV-001") -> None:
        """Take note of what is saved; `requirement` is broken if it is not there afterwards."""
        users = {
            name: User(user.password, requirement)
            for name, user in self.users.items()
            if name != book.ADMIN
        }
        games = {
            name: Room(room.password, True, log=list(room.log), requirement=requirement)
            for name, room in self.games.items()
            if room.persistent and room.log
        }
        kept = World(self.limits, users, self.registration, dict(self.invites), games=games)
        kept.spent, kept.tried = set(self.spent), set(self.tried)
        self.saved = kept

    def started(self) -> World:
        """Return the world after a start with what is saved."""
        world = self.saved or World(self.limits)
        world.users[book.ADMIN] = User(ADMIN_PASSWORD, "PGN-OPN-003")
        world.attempts = {
            name: [(at, False) for at, _ in times] for name, times in self.attempts.items()
        }
        world.saved = None
        world.save()
        return world

    def logins(self, payload: Json, now: float) -> list[Outcome]:
        """Return what may become of a login (PGN-OPN-005)."""
        name = payload.get("username")
        password, code = payload.get("password", ""), payload.get("invite_code", "")
        if not isinstance(name, str) or not name:
            return [self._refused("PGN-OPN-005", "there is no user name", book.Text.NO_USERNAME)]
        if not isinstance(password, str) or not isinstance(code, str):
            why = "password or code is not a string"
            miss = lambda: self._missed(name, now, sure=False)  # noqa: E731
            return [self._refused("PGN-OPN-005", why, book.Text.WRONG_PASSWORD, miss)]
        sure, maybe = self._failed(name, now)
        locked = self._refused("PGN-SEC-002", "10 attempts failed", book.Text.TOO_MANY_ATTEMPTS)
        if sure >= book.ATTEMPTS_MOST:
            return [locked]
        found = self._judged(name, password, code, now)
        return [found, locked] if maybe >= book.ATTEMPTS_MOST else [found]

    def _judged(self, name: str, password: str, code: str, now: float) -> Outcome:
        text = book.Text
        if name in self.doomed:
            return self._refused(
                "PGN-ADM-009", "the user is about to be deleted", text.USER_DELETED
            )
        if name in self.sessions:
            return self._refused("PGN-OPN-008", "the user is connected", text.ALREADY_CONNECTED)
        user = self.users.get(name)
        if user is None:
            return self._judged_new(name, password, code, now)
        if user.password != password:
            miss = lambda: self._missed(name, now)  # noqa: E731
            why = "the password is another one"
            broken = user.requirement if name != book.ADMIN else "PGN-OPN-005"
            return self._refused(broken, why, text.WRONG_PASSWORD, miss)

        def proven() -> None:
            user.requirement = "PGN-OPN-003"
            self.sessions[name] = None

        return self._admitted(user.requirement, "the password is right", proven)

    def _judged_new(self, name: str, password: str, code: str, now: float) -> Outcome:
        text = book.Text

        def turned_away() -> None:
            self.tried.update({name, code} - {""})

        if code and self.invites.get(code) not in ("", name):
            broken = "PGN-INV-002" if code in self.spent else "PGN-OPN-005"

            def missed() -> None:
                turned_away()
                self._missed(name, now)

            return self._refused(broken, "the invite code is not valid", text.WRONG_INVITE, missed)
        if not code and not self.registration:
            why = "registration is off"
            return self._refused("PGN-ADM-003", why, text.REGISTRATION_BLOCKED, turned_away)
        if not book.user_name_allowed(name):
            why = "the name is not allowed"
            broken = "PGN-OPN-007" if name in self.tried else "PGN-USR-002"
            return self._refused(broken, why, text.NAME_NOT_ALLOWED, turned_away)
        if self.limits is not None and len(self.users) >= self.limits.users:
            return self._refused("PGN-LIM-002", "there are too many users", "", turned_away)

        def registered() -> None:
            self.users[name] = User(password)
            self.sessions[name] = None
            if code:
                self.invites.pop(code, None)
                self.spent.add(code)

        return self._admitted(self._why_new(name, code), "the user is new", registered)

    def _why_new(self, name: str, code: str) -> str:
        """Return what is broken if a new user is refused."""
        if {name, code} & self.tried:
            return "PGN-OPN-007"
        if code:
            return "PGN-INV-001"
        if name.lower() in {known.lower() for known in self.users}:
            return "PGN-USR-003"
        return "PGN-USR-002"

    def _admitted(self, requirement: str, why: str, effect: Callable[[], None]) -> Outcome:
        claim = f"a login is refused although {why}"
        return Outcome(0, requirement, claim, ServerInput.ADMITTED, effect)

    def _refused(
        self, requirement: str, why: str, text: str, effect: Callable[[], None] = nothing
    ) -> Outcome:
        claim = f"a login is accepted although {why}"
        return Outcome(1, requirement, claim, ServerInput.NOT_ADMITTED, effect, text=text)

    def _missed(self, name: str, now: float, *, sure: bool = True) -> None:
        self.attempts.setdefault(name, []).append((now, sure))

    def _failed(self, name: str, now: float) -> tuple[int, int]:
        """Return how many attempts count surely, and at most."""
        since = now - book.ATTEMPTS_PERIOD
        times = [(at, sure) for at, sure in self.attempts.get(name, ()) if at > since - 1]
        self.attempts[name] = times
        surely = sum(sure and at > since + _EDGE for at, sure in times)
        return surely, sum(at > since - _EDGE for at, _ in times)
