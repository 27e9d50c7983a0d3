"""The save file: its form, reading it, and replacing it in one step.

What may live here: everything that touches the file.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

from wirebook.reference.pgnet import strict_json
from wirebook.reference.pgnet.core.server import Saved, SavedGame
from wirebook.reference.pgnet.errors import Malformed, UnusableSaveFile
from wirebook.reference.pgnet.passwords import Kept, OldHash, is_argon2id
from wirebook.spec.pgnet.states import ADMIN

VERSION: Final = 2
"""The form that is written; files without a version are of the original."""


def encode(saved: Saved) -> bytes:
    """Return the octets of a save file."""
    document = {
        "version": VERSION,
        "users": [_user_to_save(name, kept) for name, kept in saved.users.items()],
        "games": [
            {"name": game.name, "password": game.password, "data": game.data}
            for game in saved.games
        ],
        "registration": saved.registration,
        "invite_codes": saved.invite_codes,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def decode(octets: bytes) -> tuple[Saved, dict[str, str]]:
    """Return what a save file says; raise UnusableSaveFile if it is not one.

    Passwords of games that are saved in clear, as the original does, are not among it: they come
    second, by the name of their game, and are to be hashed.
    """
    try:
        document = strict_json.read(octets)
    except Malformed as error:
        raise UnusableSaveFile(error.reason) from None
    old = "version" not in document  # PGN-SAV-007
    if not old and document["version"] != VERSION:
        raise UnusableSaveFile("of an unknown version")
    users: dict[str, Kept] = {}
    for user in _list_of(document, "users"):
        name = _str_of(user, "name")
        if not name or name in users:
            raise UnusableSaveFile("a user without a name, or the same twice")
        users[name] = _password_of_user(user)
    users.pop(ADMIN, None)  # PGN-SAV-004
    games: dict[str, SavedGame] = {}
    clear: dict[str, str] = {}
    for game in _list_of(document, "games"):
        name = _str_of(game, "name")
        if not name or name in games:
            raise UnusableSaveFile("a game without a name, or the same twice")
        password = game.get("password")
        if old:
            if not isinstance(password, str | None):
                raise UnusableSaveFile("the password of a game is a str")
            if password:
                clear[name] = password
            password = None
        elif password is not None and not (isinstance(password, str) and is_argon2id(password)):
            raise UnusableSaveFile("the password of a game is not of Argon2id")
        games[name] = SavedGame(name, password, _str_of(game, "data"))
    registration = document.get("registration")
    codes = document.get("invite_codes")
    if not isinstance(registration, bool):
        raise UnusableSaveFile("registration is a bool")
    if not isinstance(codes, dict) or not all(isinstance(name, str) for name in codes.values()):
        raise UnusableSaveFile("invite_codes is an object of strs")
    return Saved(users, tuple(games.values()), registration, codes), clear


def read(path: Path) -> bytes | None:
    """Return what a file has, or None if it does not exist; raise OSError if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path: Path, octets: bytes) -> None:
    """Replace a file in one step (PGN-SAV-005); raise OSError if that fails."""
    path = path.resolve()  # of a link, the file behind it is replaced
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _flush_folder(path.parent)


def set_aside(path: Path) -> Path:
    """Keep a file under another name that nothing had so far, and return it (PGN-SAV-006)."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.broken-{number}")
        try:
            aside.touch(0o600, exist_ok=False)
        except FileExistsError:
            continue
        path.replace(aside)
        _flush_folder(path.parent)
        return aside
    raise AssertionError  # numbers do not end


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user_to_save(name: str, kept: Kept) -> dict[str, Any]:
    if isinstance(kept, OldHash):  # PGN-SAV-008
        return {"name": name, "salt": kept.salt, "password": kept.password}
    return {"name": name, "password": kept}


def _password_of_user(user: dict[str, Any]) -> Kept:
    password = user.get("password", "")
    if "salt" in user:
        return OldHash(_str_of(user, "salt"), _str_of(user, "password"))
    if password is None or (isinstance(password, str) and is_argon2id(password)):
        return password
    raise UnusableSaveFile("the password of a user is not of Argon2id")


def _list_of(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UnusableSaveFile(f"{name} is an array of objects")
    return found


def _str_of(item: dict[str, Any], name: str) -> str:
    found = item.get(name)
    if not isinstance(found, str):
        raise UnusableSaveFile(f"{name} is a str")
    return found
