"""What becomes of a request of a user, as the book has it.

What may live here: the requests of users and games. Those of the admin are in `administration`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet import administration
from wirebook.fuzz.machines.pgnet.messages import Json
from wirebook.fuzz.machines.pgnet.subjects import ServerSubject
from wirebook.fuzz.machines.pgnet.world import Outcome, Room, World
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import PREFIX, REQUESTS, ServerInput

HEARTBEAT_RATE: Final = 10
"""That of the conformance application's games."""
_SHOWN: Final = 10
CLAIMED: Final = "somebody"
"""Who requests say that they are of, which counts for nothing."""
SCRIPTS: Final = ("script.fail", "script.leave", "script.rubbish")


class Requests:
    """The way from a request to its outcome."""

    def __init__(self, world: World, subject: ServerSubject) -> None:
        self.world = world
        self._subject = subject

    def outcomes(self, name: str, message: str, payload: Json) -> list[Outcome]:
        """Return what may become of a request of a user who is not to be deleted."""
        request = REQUESTS.get(message)
        if request is None or message == book.HEARTBEAT:
            return [self._of_a_game(name, message, payload)]
        if request.admin and name != book.ADMIN:
            return [refused("PGN-ADM-001", "a request of administration is a user's")]
        for argument in payload:
            if argument not in request.arguments:
                return [refused("PGN-ARG-001", "an argument is unknown")]
        if not request.accepts(payload):
            return [refused("PGN-ARG-002", "an argument is of another type")]
        word = message.removeprefix(PREFIX)
        arguments = {
            one: payload.get(one, book.DEFAULTS[kind]) for one, kind in request.arguments.items()
        }
        if request.admin:
            return administration.outcomes(self.world, self._subject, word, arguments)
        found: list[Outcome] = getattr(self, f"_{word}")(name, **arguments)
        return found

    def _help(self, _: str) -> list[Outcome]:
        expected = {
            one.name: dict(one.arguments) for one in REQUESTS.values() if one.name != book.HEARTBEAT
        }

        def check(response: Json) -> None:
            if response["payload"] != expected:
                raise Broken("PGN-HLP-001", "help lists other requests", str(response["payload"]))

        return [answered("PGN-HLP-001", "help is refused", check=check)]

    def _game_dir(self, _: str) -> list[Outcome]:
        return [answered("PGN-LOB-001", "game_dir is refused", check=self._check_games)]

    def _check_games(self, response: Json) -> None:
        games = response["payload"].get("games")
        if not isinstance(games, dict):
            raise Broken("PGN-LOB-001", "game_dir has no games", str(response["payload"]))
        for name in self._subject.names.games:
            self._check_game(name, games.get(name))

    def _check_game(self, name: str, listed: Json | None) -> None:
        room = self.world.games.get(name)
        if room is None and listed is not None:
            broken = "PGN-LOB-001" if self._subject.persistent(name) else "PGN-LOB-011"
            raise Broken(broken, "a game is listed that is not there", name)
        if room is None:
            return
        if listed is None:
            broken = room.requirement if not room.users else "PGN-LOB-001"
            raise Broken(broken, "a game is not listed", name)
        info = self._subject.info(len(room.log))
        expected = {
            "name": name,
            "users": len(room.users),
            "password_protected": bool(room.password),
            "info": listed.get("info") if info is None else info,
        }
        if listed != expected or not isinstance(listed["info"], str):
            wrong = ", ".join(key for key in expected if listed.get(key) != expected[key])
            broken = "PGN-CON-004" if wrong == "users" else "PGN-LOB-001"
            if wrong == "info" and isinstance(listed.get("info"), str):
                broken = room.requirement if room.requirement != "PGN-LOB-012" else "PGN-LOB-001"
            raise Broken(broken, f"a game is listed with other {wrong}", f"{listed}, {expected}")

    def _create_game(self, user: str, name: str, password: str) -> list[Outcome]:
        if name in self.world.games and self.world.sessions[user] is None:
            return [refused("PGN-LOB-004", "a game has that name")]
        return self._open(user, name, password, "PGN-LOB-005")

    def _join_game(self, user: str, name: str, password: str) -> list[Outcome]:
        room = self.world.games.get(name)
        if room is None:
            return self._open(user, name, password, "PGN-LOB-006")
        if self.world.sessions[user] is not None:
            return [refused("PGN-LOB-003", "the user is in a game")]
        if room.password not in ("", password):
            broken = "PGN-LOB-007"
            if room.requirement not in ("PGN-LOB-012", "PGN-LOB-005"):
                broken = room.requirement
            return [refused(broken, "the password is another one")]
        enter = partial(self._enter, user, name)
        return [self._entered("PGN-LOB-008", "a user may not join a game", enter)]

    def _open(self, user: str, name: str, password: str, requirement: str) -> list[Outcome]:
        world, limits = self.world, self.world.limits
        if world.sessions[user] is not None:
            return [refused("PGN-LOB-003", "the user is in a game")]
        if not book.game_name_allowed(name):
            return [refused("PGN-LOB-002", "the name is not allowed")]
        full = refused("PGN-LIM-002", "there are too many games")
        if limits is not None and len(world.games) >= limits.games:
            return [full]

        def open_it() -> None:
            world.games[name] = Room(password, self._subject.persistent(name))
            self._enter(user, name)

        opened = self._entered(requirement, "a game may not be opened", open_it)
        return [opened, full] if self._subject.crowded else [opened]

    def _enter(self, user: str, name: str) -> None:
        self.world.games[name].users.add(user)
        self.world.sessions[user] = name

    def _entered(self, requirement: str, claim: str, effect: Callable[[], None]) -> Outcome:
        def check(response: Json) -> None:
            rate = response["payload"].get("heartbeat_rate")
            if isinstance(rate, bool) or rate != HEARTBEAT_RATE:
                raise Broken("PGN-LOB-009", "the heartbeat rate is not the game's", str(rate))

        return Outcome(0, requirement, claim, ServerInput.ENTERED, effect, check)

    def _leave_game(self, user: str) -> list[Outcome]:
        if self.world.sessions[user] is None:
            return [refused("PGN-LOB-010", "the user is in no game")]
        leave = partial(self.world.leave, user)
        claim = "a user may not leave the game"
        return [answered("PGN-LOB-010", claim, leave, given=ServerInput.LEFT)]

    def _of_a_game(self, user: str, message: str, payload: Json) -> Outcome:
        game = self.world.sessions[user]
        if game is None:
            return refused("PGN-GAM-002", "the user is in no game", book.Text.NO_GAME)
        room = self.world.games[game]
        if message == book.HEARTBEAT:
            return self._heartbeat(room, payload)
        if message in SCRIPTS and "scripted-game" in self._subject.features:
            return self._scripted(user, message)

        def say() -> None:
            room.log.append(f"{user} says: {message!r}")

        def check(response: Json) -> None:
            if response["message"] != "Message added.":
                broken = "PGN-GAM-001"
                raise Broken(broken, "the answer is not the game's", response["message"][:80])

        claim = "the game does not get a request"
        return answered("PGN-GAM-001", claim, say, check, ServerInput.GAME_ANSWERED)

    def _heartbeat(self, room: Room, payload: Json) -> Outcome:
        if payload.get("fail") is True and "scripted-game" in self._subject.features:
            claim = "the game's heartbeat does not fail"
            return Outcome(2, "PGN-HBT-004", claim, ServerInput.FAILED)

        def check(response: Json) -> None:
            found, expected = response["payload"].get("log"), room.log[-_SHOWN:]
            if found == expected:
                return
            detail = f"{found}, {expected}"
            if not isinstance(found, list):
                raise Broken("PGN-HBT-004", "a heartbeat is not answered by its handler", detail)
            broken = room.requirement if not found else "PGN-GAM-001"
            if any(str(line).startswith(f"{CLAIMED} says") for line in found):
                broken = "PGN-REQ-005"
            raise Broken(broken, "the game has another log", detail)

        claim = "a heartbeat is not handed to the game"
        return answered("PGN-HBT-004", claim, check=check, given=ServerInput.GAME_ANSWERED)

    def _scripted(self, user: str, message: str) -> Outcome:
        if message == "script.leave":
            leave, given = partial(self.world.leave, user), ServerInput.GAME_DISMISSED
            return answered("PGN-GAM-004", "the game may not dismiss a user", leave, given=given)
        claim = "a game that fails is not answered with status 2"
        return Outcome(2, "PGN-GAM-003", claim, ServerInput.FAILED)


def refused(requirement: str, why: str, text: str = "") -> Outcome:
    """Return that a request is refused, and has no effect."""
    claim = f"a request is not refused although {why}"
    return Outcome(2, requirement, claim, ServerInput.REFUSED, text=text)


def answered(
    requirement: str,
    claim: str,
    effect: Callable[[], None] = lambda: None,
    check: Callable[[Json], None] = lambda _: None,
    given: ServerInput = ServerInput.ANSWERED,
) -> Outcome:
    """Return that a request is carried out."""
    return Outcome(0, requirement, claim, given, effect, check)
