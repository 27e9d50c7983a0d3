"""Mutants of persistence: what is saved, and how.

What may live here: writing the save file, and how passwords are kept. Reading it is in `loading`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl.pwhash import argon2id

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import passwords, save_file
from wirebook.reference.pgnet.core import server as core
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.outcomes import KeepPassword
from wirebook.reference.pgnet.core.registry import Login, Registry, Session
from wirebook.reference.pgnet.core.server import Saved, ServerCore
from wirebook.reference.pgnet.passwords import Cost, Kept, OldHash
from wirebook.reference.pgnet.server import Server

Original = Callable[..., Any]


def _save(change: Callable[[ServerCore, Saved], Saved]) -> None:
    @override(ServerCore, "saved")
    def saved(original: Original, server: ServerCore) -> Saved:
        return change(server, original(server))


@mutant("PGN-M351", "PGN-SAV-001", "A server that is shut down does not save.", role="server")
def no_saving_at_the_end() -> None:
    """Save only before the end."""

    @override(Server, "_save")
    async def save(original: Original, server: Server) -> Any:
        if server._stop is not None and server._stop.done():
            return True
        return await original(server)


@mutant("PGN-M352", "PGN-SAV-001", "A server saves every 600 s.", role="server")
def rare_saving() -> None:
    """Wait twice as long."""
    set_value(core, "AUTOSAVE_INTERVAL", 600.0)


@mutant("PGN-M353", "PGN-SAV-001", "Invite codes are not saved.", role="server")
def no_codes_in_the_file() -> None:
    """Leave them out."""
    _save(lambda _, saved: replace(saved, invite_codes={}))


@mutant("PGN-M354", "PGN-SAV-001", "It is not saved that registration is off.", role="server")
def registration_is_saved_as_on() -> None:
    """Say that it is on."""
    _save(lambda _, saved: replace(saved, registration=True))


@mutant(
    "PGN-M355",
    "PGN-SAV-001",
    "What is deleted after the first time is saved as before.",
    role="server",
)
def first_saving_counts() -> None:
    """Add to what was saved once."""
    before: dict[str, Kept] = {}

    def change(_: ServerCore, saved: Saved) -> Saved:
        before.update(saved.users)
        return replace(saved, users=dict(before))

    _save(change)


@mutant(
    "PGN-M360", "PGN-SAV-003", "Users' passwords are kept as one round of SHA-256.", role="server"
)
def fast_hashes() -> None:
    """Keep new ones as the originals do."""

    @override(Registry, "_judge_new")
    def judge_new(original: Original, registry: Registry, login: Login) -> Any:
        outcome = original(registry, login)
        if login.session is not None and login.password:
            digest = sha256(f"salt{login.password}".encode()).hexdigest()
            registry.users[login.username] = OldHash("salt", digest)
        return outcome


@mutant("PGN-M361", "PGN-SAV-003", "Games' passwords are kept in clear.", role="server")
def games_in_clear() -> None:
    """Keep them as they come."""

    @override(Lobby, "_create_game")
    def create_game(
        original: Original, lobby: Lobby, session: Session, name: str, password: str
    ) -> Any:
        outcome = original(lobby, session, name, password)
        return outcome.then(password) if isinstance(outcome, KeepPassword) else outcome

    @override(passwords, "proves")
    def proves(original: Original, kept: Kept, password: str) -> Any:
        return kept == password or original(kept, password)


@mutant("PGN-M362", "PGN-SAV-003", "All passwords are kept with the same salt.", role="server")
def one_salt_for_all() -> None:
    """Write the string with a salt that is always the same."""

    def text(octets: bytes) -> str:
        return b64encode(octets).decode().rstrip("=")

    @override(passwords, "keep")
    def keep(_: Original, password: str, cost: Cost) -> str | None:
        if not password:
            return None
        salt = b"the same for all"
        made = argon2id.kdf(
            32, password.encode(), salt, opslimit=cost.operations, memlimit=cost.memory
        )
        figures = f"m={cost.memory // 1024},t={cost.operations},p=1"
        return f"$argon2id$v=19${figures}${text(salt)}${text(made)}"


@mutant(
    "PGN-M363",
    "PGN-SAV-003",
    "By default a guess of a password costs next to nothing.",
    role="server",
)
def cheap_guesses() -> None:
    """Take the least cost that there is."""

    @override(Cost, "__init__")
    def init(
        original: Original,
        cost: Cost,
        operations: int = argon2id.OPSLIMIT_MIN,
        memory: int = argon2id.MEMLIMIT_MIN,
    ) -> None:
        original(cost, operations, memory)


@mutant("PGN-M364", "PGN-SAV-004", "The admin is saved like all other users.", role="server")
def admin_is_saved() -> None:
    """Save all users."""
    _save(lambda server, saved: replace(saved, users=dict(server.registry.users)))


@mutant("PGN-M365", "PGN-SAV-005", "The save file is written over where it is.", role="server")
def written_in_place() -> None:
    """Write into the old one."""

    @override(save_file, "write")
    def write(_: Original, path: Path, octets: bytes) -> None:
        path.write_bytes(octets)


@mutant(
    "PGN-M366",
    "PGN-SAV-005",
    "The old save file is deleted before the new one takes its name.",
    role="server",
)
def deleted_before() -> None:
    """Delete it."""

    @override(save_file, "write")
    def write(original: Original, path: Path, octets: bytes) -> None:
        path.unlink(missing_ok=True)
        original(path, octets)


@mutant(
    "PGN-M367",
    "PGN-SAV-005",
    "The new save file is not flushed to the disk before it takes the name.",
    role="server",
)
def not_flushed() -> None:
    """Write beside it, and rename at once."""

    @override(save_file, "write")
    def write(_: Original, path: Path, octets: bytes) -> None:
        beside = path.with_name(f".{path.name}.new")
        beside.write_bytes(octets)
        beside.replace(path)


@mutant(
    "PGN-M372",
    "PGN-SAV-008",
    "A user's password stays in the form of the originals after a login.",
    role="server",
)
def old_hashes_stay() -> None:
    """Keep it as it was."""

    @override(Registry, "_judge_known")
    def judge_known(original: Original, registry: Registry, login: Login) -> Any:
        before = registry.users[login.username]
        outcome = original(registry, login)
        if login.session is not None:
            registry.users[login.username] = before
        return outcome
