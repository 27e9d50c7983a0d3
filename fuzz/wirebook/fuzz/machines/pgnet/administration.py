"""What becomes of a request of the admin, as the book has it.

What may live here: the requests of administration, but for `shutdown` and the time that `sleep`
takes, which are the machine's.
"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any, Final

from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet.messages import Json
from wirebook.fuzz.machines.pgnet.subjects import ServerSubject
from wirebook.fuzz.machines.pgnet.world import Outcome, World
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import ServerInput

_ANSWERED: Final = ServerInput.ANSWERED
_SECRET_LENGTH: Final = 6
"""Characters from which on a password is looked for in what `debug` tells."""


def outcomes(
    world: World, subject: ServerSubject, word: str, arguments: dict[str, Any]
) -> list[Outcome]:
    """Return what may become of a request of the admin with arguments of the right types."""
    match word:
        case "set_registration":
            effect = partial(setattr, world, "registration", arguments["set_as"])
            return [_done("PGN-ADM-003", word, effect)]
        case "create_invite":
            return [_create_invite(world, arguments["username"])]
        case "delete_user":
            return [_delete_user(world, arguments["username"])]
        case "destroy_game":
            return [_destroy_game(world, arguments["name"])]
        case "save" if "persistence" in subject.features:
            return [_done("PGN-ADM-012", word, partial(world.save, "PGN-SAV-001"))]
        case "save":
            return [_done("PGN-ADM-012", word), _refused("PGN-ADM-012", "there is no save file")]
        case "set_verbose":
            return [_done("PGN-ADM-013", word)]
        case "debug":
            check = partial(_check_debug, world)
            return [Outcome(0, "PGN-ADM-014", "debug is refused", _ANSWERED, check=check)]
        case "sleep" if arguments["seconds"] < 0:
            return [_refused("PGN-ADM-015", "the time is negative")]
        case "sleep":
            return [_done("PGN-ADM-016", word)]
    raise AssertionError(word)


def _create_invite(world: World, username: str) -> Outcome:
    if username and not book.user_name_allowed(username):
        return _refused("PGN-ADM-005", "the name is not allowed")

    def check(response: Json) -> None:
        code = response["payload"].get("invite_code")
        if not isinstance(code, str) or not code:
            raise Broken("PGN-ADM-004", "there is no invite code", str(response["payload"]))
        if (
            code in world.invites
            or code in world.spent
            or _bits(code) < book.INVITE_CODE_BITS_LEAST
        ):
            raise Broken("PGN-INV-003", "an invite code can be guessed", code)
        world.invites[code] = username

    claim = "create_invite is refused"
    return Outcome(0, "PGN-ADM-004", claim, _ANSWERED, check=check)


def _delete_user(world: World, username: str) -> Outcome:
    if username not in world.users:
        return _refused("PGN-ADM-007", "there is no such user")
    if username == book.ADMIN:
        return _refused("PGN-ADM-007", "the admin stays")
    if username in world.sessions:
        return _done("PGN-ADM-009", "delete_user", partial(world.doomed.add, username))
    return _done("PGN-ADM-008", "delete_user", partial(_forget, world, username))


def _forget(world: World, username: str) -> None:
    del world.users[username]


def _destroy_game(world: World, name: str) -> Outcome:
    if name not in world.games:
        return _refused("PGN-ADM-010", "there is no such game")

    def destroy() -> None:
        for user in world.games.pop(name).users:
            world.sessions[user] = None

    return _done("PGN-ADM-011", "destroy_game", destroy)


def _check_debug(world: World, response: Json) -> None:
    told = json.dumps(response["payload"], ensure_ascii=False)
    secrets = [user.password for user in world.users.values()]
    secrets += [room.password for room in world.games.values()]
    secrets = [secret for secret in secrets if len(secret) >= _SECRET_LENGTH]
    secrets += [*world.invites, "$argon2"]
    secrets += [line for room in world.games.values() for line in room.log]
    for secret in secrets:
        if secret in told:
            raise Broken("PGN-ADM-014", "debug tells a secret", secret)


def _done(requirement: str, word: str, effect: Any = lambda: None) -> Outcome:
    return Outcome(0, requirement, f"{word} is refused", _ANSWERED, effect)


def _refused(requirement: str, why: str) -> Outcome:
    claim = f"a request is not refused although {why}"
    return Outcome(2, requirement, claim, ServerInput.REFUSED)


def _bits(code: str) -> float:
    """Return how random a code may be at most, by its letters."""
    if all(letter in "0123456789" for letter in code):
        letters = 10
    elif all(letter in "0123456789abcdefABCDEF" for letter in code):
        letters = 16
    else:
        letters = 94
    return len(code) * math.log2(letters)
