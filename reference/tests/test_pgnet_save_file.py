"""The save file: its form, those of the original, broken ones, and crashes while saving."""
# The passwords here protect nothing.
# ruff: noqa: ARG002, S106

import asyncio
import json
import os
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.helpers_pgnet import Log, PersistentLog, World
from tests.helpers_reference import covers
from wirebook.reference.pgnet import ExampleGame, Server, save_file
from wirebook.reference.pgnet.core.server import Saved, SavedGame
from wirebook.reference.pgnet.errors import UnusableSaveFile
from wirebook.reference.pgnet.passwords import LEAST_COST, OldHash, is_argon2id, keep
from wirebook.spec.pgnet.states import AUTOSAVE_INTERVAL

KEPT = keep("pä$$", LEAST_COST)
SAVED = Saved(
    {"alice": KEPT, "bob": None, "carol": OldHash("5a17", "ab" * 32)},
    (SavedGame("Game 1", KEPT, "line\n\u2028ü\0"), SavedGame("Game 2", None, "x")),
    False,
    {"code1": "dave", "code2": ""},
)
OLD: dict[str, Any] = {
    "users": [
        {"name": "alice", "salt": "5a17", "password": sha256("5a17pä$$".encode()).hexdigest()},
        {"name": "bob", "salt": "77", "password": sha256(b"77").hexdigest()},
        {"name": "admin", "salt": "1", "password": sha256(b"1admin").hexdigest()},
    ],
    "games": [
        {"name": "Game 1", "password": "sec", "data": "alice says: 'hello'"},
        {"name": "Game 2", "password": "", "data": "x"},
    ],
    "registration": False,
    "invite_codes": {"1a2b": "dave", "3c4d": ""},
}
GOOD: dict[str, Any] = {
    "version": 2,
    "users": [],
    "games": [],
    "registration": True,
    "invite_codes": {},
}


def server_with(path: Path, **options: Any) -> Server:
    """Return a server with a save file."""
    return Server(ExampleGame, save_file=path, password_cost=LEAST_COST, **options)


def save(server: Server) -> dict[str, Any]:
    """Let a server save, and return what is in the file."""
    assert asyncio.run(server._save())
    assert server._save_file is not None
    document: dict[str, Any] = json.loads(server._save_file.read_bytes())
    return document


def test_what_is_saved_is_read() -> None:
    """A state comes back equal."""
    assert save_file.decode(save_file.encode(SAVED)) == (SAVED, {})


@covers("PGN-SAV-003")
def test_form() -> None:
    """The members are those of the book, and passwords are hashed."""
    document = json.loads(save_file.encode(SAVED))
    assert list(document) == ["version", "users", "games", "registration", "invite_codes"]
    assert document["users"] == [
        {"name": "alice", "password": KEPT},
        {"name": "bob", "password": None},
        {"name": "carol", "salt": "5a17", "password": "ab" * 32},
    ]
    assert document["games"][1] == {"name": "Game 2", "password": None, "data": "x"}


@covers("PGN-SAV-001")
def test_autosave() -> None:
    """It is time to save every 300 s, if there is a save file."""
    world = World(can_save=True)
    world.run(3 * AUTOSAVE_INTERVAL + 1.0)
    assert world.saves == 3
    world = World()
    world.run(AUTOSAVE_INTERVAL + 1.0)
    assert world.saves == 0


@covers("PGN-SAV-003")
def test_what_a_server_saves() -> None:
    """Users but the admin, persistent games with something to save, and no password in clear."""
    world = World(PersistentLog)
    admin, alice = world.admin(), world.user("alice", "secret1")
    bob = world.user("bob")
    code = admin.ask("/create_invite", username="dave")["payload"]["invite_code"]
    admin.ask("/set_registration", set_as=False)
    alice.ask("/create_game", name="Game 1", password="secret2")
    bob.ask("/create_game", name="Game 2")
    Log.instances[1].lines.clear()
    saved = world.server.saved()
    assert list(saved.users) == ["alice", "bob"]
    assert [(game.name, game.data) for game in saved.games] == [("Game 1", "+alice")]
    assert (saved.registration, saved.invite_codes) == (False, {code: "dave"})
    octets = save_file.encode(saved)
    assert b"secret" not in octets
    assert is_argon2id(str(saved.users["alice"]))
    assert is_argon2id(str(saved.games[0].password))


def test_everything_is_there_again() -> None:
    """Users, games with their save strings and passwords, registration, codes."""
    world = World(PersistentLog)
    world.server.restore(SAVED)
    assert [(game.name, game.save_string) for game in Log.instances] == [
        ("Game 1", "line\n\u2028ü\0"),
        ("Game 2", "x"),
    ]
    alice, bob = world.user("alice", "pä$$"), world.user("bob")
    assert alice.ask("/join_game", name="Game 1", password="pä$$")["status"] == 0
    assert bob.ask("/join_game", name="Game 1", password="x")["status"] == 2
    assert world.user("dave", invite_code="code1")


def test_files_of_the_original(tmp_path: Path) -> None:
    """They are read; a password is kept anew when it is proven, and the old one until then."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps(OLD, indent=4))
    server = server_with(path)
    assert not server.registration_enabled
    document = save(server)
    assert document["version"] == 2
    assert document["users"] == [
        {name: user[name] for name in ("name", "salt", "password")} for user in OLD["users"][:2]
    ]
    assert is_argon2id(document["games"][0]["password"])
    assert document["games"][1]["password"] is None
    assert document["invite_codes"] == OLD["invite_codes"]
    saved, _ = save_file.decode(path.read_bytes())
    world = World()
    world.server.restore(saved)
    wrong = world.peer()
    wrong.trade_keys()
    assert wrong.login("alice", "wrong")["status"] == 1
    world.user("alice", "pä$$").lose()
    world.user("bob").lose()
    users = world.server.saved().users
    assert is_argon2id(str(users["alice"]))
    assert users["bob"] is None
    assert world.user("alice", "pä$$")


def changed(**members: Any) -> dict[str, Any]:
    """Return a good document with some members changed; None leaves them out."""
    document = {**GOOD, **members}
    return {name: value for name, value in document.items() if value is not None}


BROKEN: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    json.dumps(GOOD).encode()[:-1],
    json.dumps(GOOD).encode() + b"x",
    b'{"version": 2, "version": 2}',
    *(
        json.dumps(document).encode()
        for document in (
            changed(version=3),
            changed(version="2"),
            changed(users=None),
            changed(games=None),
            changed(registration=None),
            changed(invite_codes=None),
            changed(users={}),
            changed(users=[1]),
            changed(users=[{"name": "alice"}]),
            changed(users=[{"password": None}]),
            changed(users=[{"name": "alice", "password": "in clear"}]),
            changed(users=[{"name": "", "password": None}]),
            changed(users=[{"name": "alice", "password": None}] * 2),
            changed(users=[{"name": "alice", "salt": 1, "password": ""}]),
            changed(games=[{"name": "Game 1", "password": "in clear", "data": ""}]),
            changed(games=[{"name": "Game 1", "password": None}]),
            changed(games=[{"name": "Game 1", "password": None, "data": ""}] * 2),
            changed(registration=1),
            changed(invite_codes=[]),
            changed(invite_codes={"code": None}),
            {**changed(games=[{"name": "Game 1", "password": 1, "data": ""}]), "version": None},
        )
    ),
]


@pytest.mark.parametrize("octets", BROKEN)
def test_broken_files(octets: bytes) -> None:
    """What is not whole, or of another form, is refused in whole."""
    with pytest.raises(UnusableSaveFile):
        save_file.decode(octets)


def test_broken_files_pile_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each is kept under a name of its own, and the server starts without it."""
    path = tmp_path / "state.json"
    for number in range(1, 4):
        path.write_bytes(b"broken %d" % number)
        assert server_with(path).registration_enabled
        assert not path.exists()
    assert [
        entry.read_bytes() for entry in sorted(tmp_path.iterdir()) if "broken" in entry.name
    ] == [b"broken 1", b"broken 2", b"broken 3"]
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3


def test_games_that_cannot_be_recreated_keep_their_data(tmp_path: Path) -> None:
    """A mistake in the game costs nobody what was saved."""

    class Unmade(ExampleGame):
        def __init__(self, name: str, save_string: str | None = None) -> None:
            raise ValueError("on purpose")

    path = tmp_path / "state.json"
    path.write_bytes(save_file.encode(SAVED))
    server = Server(Unmade, save_file=path, password_cost=LEAST_COST)
    assert save(server)["games"] == json.loads(save_file.encode(SAVED))["games"]


def test_games_that_cannot_be_saved_keep_what_was_saved() -> None:
    """A game that fails, or says half a character, is saved as it was before."""

    class Unsaved(PersistentLog):
        def get_save_string(self) -> str:
            if self.name == "Game 1":
                raise ValueError("on purpose")
            return "\ud800"

    world = World(Unsaved)
    world.server.restore(SAVED)
    assert world.server.saved().games == SAVED.games


def test_files_are_for_the_operator_alone(tmp_path: Path) -> None:
    """Others on the machine cannot read the hashes; folders are made; links stay."""
    path = tmp_path / "new" / "state.json"
    save(server_with(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link = tmp_path / "link.json"
    link.symlink_to(path)
    server = server_with(link)
    server.registration_enabled = False
    assert save(server)["registration"] is False
    assert link.is_symlink()
    assert json.loads(path.read_bytes())["registration"] is False


def test_saving_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs nothing but the new state."""
    path = tmp_path / "state.json"
    server = server_with(path)
    before = save(server)

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    server.registration_enabled = False
    assert not asyncio.run(server._save())
    assert json.loads(path.read_bytes()) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """They are not taken for broken: the operator has to see to it."""
    with pytest.raises(OSError, match=r"."):
        server_with(tmp_path)


@covers("PGN-SAV-005")
def test_the_old_file_stays_until_the_new_one_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old octets are there until all of the new ones are flushed; the folder is flushed too."""
    path = tmp_path / "state.json"
    save_file.write(path, b"old")
    flushed: list[tuple[str, bytes | None]] = []
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        flush(descriptor)
        what = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        flushed.append((what, path.read_bytes() if path.exists() else None))

    monkeypatch.setattr(os, "fsync", fsync)
    save_file.write(path, b"new")
    assert flushed == [("file", b"old"), ("folder", b"new")]


@covers("PGN-SAV-005")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_crashes_while_saving(tmp_path: Path) -> None:
    """However often a server is killed while it saves, there is a whole file, old or new."""
    program = Path(__file__).with_name("helpers_pgnet_saver.py")
    ended = subprocess.run(
        [sys.executable, str(program), str(tmp_path), "200"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    times, most = map(int, ended.stdout.split())
    assert times == 200
    assert most > 10
