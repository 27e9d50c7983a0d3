"""Mutants of persistence: what becomes of a save file at the next start.

What may live here: reading the file. Writing it is in `saving`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import save_file
from wirebook.reference.pgnet.core.rooms import Rooms
from wirebook.reference.pgnet.core.server import Saved, ServerCore
from wirebook.reference.pgnet.errors import UnusableSaveFile
from wirebook.reference.pgnet.passwords import Kept

Original = Callable[..., Any]


def _restore(change: Callable[[Saved], Saved]) -> None:
    @override(ServerCore, "restore")
    def restore(original: Original, server: ServerCore, saved: Saved) -> None:
        original(server, change(saved))


@mutant(
    "PGN-M356",
    "PGN-SAV-002",
    "Registration is on at each start, whatever was saved.",
    role="server",
)
def registration_is_on_again() -> None:
    """Turn it on."""
    _restore(lambda saved: replace(saved, registration=True))


@mutant(
    "PGN-M357",
    "PGN-SAV-002",
    "Invite codes of before are for anybody after a start.",
    role="server",
)
def codes_are_set_free() -> None:
    """Forget the names."""
    _restore(lambda saved: replace(saved, invite_codes=dict.fromkeys(saved.invite_codes, "")))


@mutant("PGN-M358", "PGN-SAV-002", "Games are open to everybody after a start.", role="server")
def games_are_open_again() -> None:
    """Forget their passwords."""
    _restore(
        lambda saved: replace(
            saved, games=tuple(replace(game, password=None) for game in saved.games)
        )
    )


@mutant("PGN-M359", "PGN-SAV-002", "Users are unknown after a start.", role="server")
def users_are_forgotten() -> None:
    """Forget them."""
    _restore(lambda saved: replace(saved, users={}))


@mutant("PGN-M368", "PGN-SAV-006", "A save file that is broken is written over.", role="server")
def broken_files_are_lost() -> None:
    """Leave it where it is."""

    @override(save_file, "set_aside")
    def set_aside(_: Original, path: Path) -> Path:
        return path


@mutant("PGN-M369", "PGN-SAV-006", "A save file of a later version is used.", role="server")
def later_versions_are_used() -> None:
    """Read it like one of this version."""

    @override(save_file, "decode")
    def decode(original: Original, octets: bytes) -> Any:
        try:
            document = json.loads(octets)
        except ValueError:
            return original(octets)
        if isinstance(document, dict) and "version" in document:
            octets = json.dumps({**document, "version": save_file.VERSION}).encode()
        return original(octets)


@mutant("PGN-M370", "PGN-SAV-007", "Save files of the originals are not read.", role="server")
def no_old_files() -> None:
    """Take them for broken."""

    @override(save_file, "decode")
    def decode(original: Original, octets: bytes) -> Any:
        if b'"version"' not in octets:
            raise UnusableSaveFile("of an unknown version")
        return original(octets)


@mutant(
    "PGN-M371", "PGN-SAV-007", "Games of the originals have lost their passwords.", role="server"
)
def old_games_are_open() -> None:
    """Drop the passwords that are in clear."""

    @override(save_file, "decode")
    def decode(original: Original, octets: bytes) -> Any:
        return original(octets)[0], {}


@mutant("PGN-M373", "PGN-SAV-009", "Saved games begin anew when they are recreated.", role="server")
def games_without_their_past() -> None:
    """Give them nothing."""

    @override(Rooms, "resume")
    def resume(original: Original, rooms: Rooms, name: str, password: Kept, _: str) -> Any:
        return original(rooms, name, password, "")
