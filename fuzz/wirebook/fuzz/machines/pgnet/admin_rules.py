"""Rules of the server's machine: the admin, and the server's end and start.

What may live here: what the admin or the operator does.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies

from wirebook.conformance.drivers.pgnet.responses import request
from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.pgnet.messages import Json
from wirebook.fuzz.machines.pgnet.opening_rules import NAME, NOT_ALLOWED, WHO
from wirebook.fuzz.machines.pgnet.play import ServerPlay
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import PREFIX, CloseCode, ServerInput, ServerState

_USURPED: Final[tuple[tuple[str, Json], ...]] = (
    ("set_registration", {"set_as": False}),
    ("set_registration", {"set_as": True}),
    ("create_invite", {}),
    ("save", {}),
    ("set_verbose", {}),
    ("debug", {}),
    ("sleep", {"seconds": 0}),
    ("debug", {"extra": 1}),
)
_WORDS: Final[tuple[tuple[str, Json], ...]] = (
    ("set_registration", {"set_as": False}),
    ("set_registration", {"set_as": True}),
    ("set_registration", {}),
    ("set_verbose", {"set_as": True}),
    ("set_verbose", {"set_as": False}),
    ("save", {}),
    ("debug", {}),
    ("help", {}),
    ("game_dir", {}),
)
_NAPS: Final = (0.01, 0.5, 0.9, 1.0, 2.6, 4, 7.5, 60, 1e300)
_AUTOSAVED: Final = book.AUTOSAVE_INTERVAL + 12.0
"""Seconds after which everything has been saved, surely."""


class AdminRules(ServerPlay):
    """What the admin or the operator does."""

    @step(word=strategies.integers(0, len(_WORDS) - 1))
    def administer(self, word: int) -> None:
        """Turn registration or the logging on or off, save, or ask about the server."""
        name, payload = _WORDS[word]
        self._administer(name, dict(payload))

    @step(user=strategies.integers(-1, 5), wrong=strategies.integers(0, 3))
    def create_invite(self, user: int, wrong: int) -> None:
        """Make an invite code, perhaps for a name that is not allowed."""
        name = "" if user < 0 else self.subject.names.users[user]
        if wrong == 1:
            name = NOT_ALLOWED[user % len(NOT_ALLOWED)]
        self._administer("create_invite", {"username": name})

    @step(user=NAME, known=strategies.booleans())
    def delete_user(self, user: int, known: bool) -> None:
        """Delete a user, who may be connected or not be there."""
        if not self.settled:
            return
        name = self.subject.names.users[user] if known else NOT_ALLOWED[user]
        self._administer("delete_user", {"username": name})

    @step(game=NAME)
    def destroy_game(self, game: int) -> None:
        """Destroy a game, which may have users or not be there."""
        self._administer("destroy_game", {"name": self.subject.names.games[game]})

    @step(who=WHO, what=strategies.integers(0, len(_USURPED) - 1), user=NAME)
    def usurp(self, who: int, what: int, user: int) -> None:
        """Send a request of administration as somebody else (PGN-ADM-001)."""
        connection = self.pick_user(who)
        if connection is None or connection.name == book.ADMIN:
            return
        word, payload = _USURPED[what]
        self.ask(connection, word, payload)
        name = {"username": self.subject.names.users[user]}
        if connection in self.connections and self.settled:
            self.ask(connection, "delete_user", name)

    @step(nap=strategies.integers(-1, len(_NAPS) - 1))
    def sleep(self, nap: int) -> None:
        """Let the admin sleep (PGN-ADM-016), or refuse to."""
        admin = self.admin()
        if admin is None:
            return
        if nap < 0:
            self.ask(admin, "sleep", {"seconds": -0.5})
            return
        seconds = _NAPS[nap]
        began = self.subject.now()
        self.post(admin, request(PREFIX + "sleep", {"seconds": seconds}))
        admin.asleep = began, min(seconds, book.SLEEP_MOST)

    @step(asked=strategies.booleans())
    def restart(self, asked: bool) -> None:
        """End the server, by the admin or its operator, and start it again."""
        if "persistence" not in self.subject.features or not self.settled or self.restarted:
            return
        self.restarted = self.subject.live  # it takes its time
        admin = self.admin() if asked else None
        if any(one.asleep for one in self.connections):
            return
        if admin is not None:
            self.post(admin, request(PREFIX + "shutdown"))
            response = self.response(admin, "PGN-CON-005")
            if response["status"] or response["disconnecting"]:
                raise Broken("PGN-ADM-002", "shutdown is not answered with status 0", str(response))
            admin.step(ServerInput.REQUEST)
            admin.step(ServerInput.ANSWERED)
        elif asked:
            return
        self.world_is_saved_after(asked)

    @step()
    def crash(self) -> None:
        """End the server without a warning, when all was saved by itself."""
        if not self.subject.can_crash:
            return
        self.pass_time(_AUTOSAVED)
        self.settle()
        self.world.save()
        for connection in list(self.connections):
            self.over(connection)
        self.subject.crash()
        self._start()

    def world_is_saved_after(self, asked: bool) -> None:
        """Let the server end; everything is saved, and all connections are closed."""
        broken = "PGN-ADM-002" if asked else "PGN-CON-005"
        self.subject.steps.append({"do": "wait", "seconds": 0.5})
        self.subject.shut_down()
        for connection in list(self.connections):
            ended = self.subject.ended(connection.peer, self.subject.patience)
            if ended is None:
                raise Broken(broken, "a server that is shut down does not close a connection")
            connection.step(ServerInput.SHUTDOWN)
            self.expect_end(connection, "PGN-CON-005", CloseCode.GOING_AWAY)
        # The doomed were deleted when their connections ended.
        self.world.save()
        self._start()

    def _start(self) -> None:
        self.subject.start()
        attempts = self.world.attempts
        self.world = self.world.started()
        self.world.attempts |= {
            name: [(at, False) for at, _ in times] for name, times in attempts.items()
        }
        self.requests.world = self.world

    def _administer(self, word: str, payload: dict[str, Any]) -> None:
        admin = self.admin()
        if admin is not None and admin.state is not ServerState.DELETED:
            self.ask(admin, word, payload)
