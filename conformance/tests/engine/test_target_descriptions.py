"""Target files: what they mean, and the one line that says what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets import builtin, description
from wirebook.conformance.targets.address import local_address, parse_address
from wirebook.conformance.targets.description import Endpoint, Install, Target

PROTOCOLS = ("toy", "other")
WHOLE = """
name = "mine"
protocol = "toy"
features = ["a", "b"]
expect = "known.toml"
[server]
command = ["./serve", "{port}"]
cwd = "build"
ready = "listening on \\\\d+"
env = {LEVEL = "high"}
start_seconds = 3
[client]
embedded = "package.module:function"
[install]
packages = ["one==1"]
"""


def load(tmp_path: Path, text: str) -> Target:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return description.load(path, PROTOCOLS)


def test_whole_file_is_understood(tmp_path: Path) -> None:
    """Every key of a file has its place in the description."""
    assert load(tmp_path, WHOLE) == Target(
        name="mine",
        protocol="toy",
        features=("a", "b"),
        server=Endpoint(
            command=("./serve", "{port}"),
            ready=r"listening on \d+",
            cwd=str(tmp_path / "build"),
            env={"LEVEL": "high"},
            start_seconds=3,
        ),
        client=Endpoint(embedded="package.module:function", cwd=str(tmp_path)),
        install=Install(packages=("one==1",)),
        expect=str(tmp_path / "known.toml"),
        origin=str(tmp_path / "mine.toml"),
    )


def test_description_survives_the_way_to_a_worker(tmp_path: Path) -> None:
    """What a worker reads is what was written for it."""
    target = load(tmp_path, WHOLE)
    assert Target.from_json(target.to_json()) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "is not TOML"),
        ('protocol = "toy"\n[server]\naddress = "127.0.0.1:1"', "name is missing"),
        ('name = "x"\n[server]\naddress = "127.0.0.1:1"', "protocol is missing"),
        ('name = "x"\nprotocol = "toi"\n', 'unknown protocol "toi" (did you mean "toy"?)'),
        ('name = "x"\nprotocol = "toy"\n', "neither [server] nor [client]"),
        (
            'name = "x"\nprotocol = "toy"\nfeature = ["a"]\n',
            'unknown key "feature" at the top (did you mean "features"?)',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncomand = ["a"]\n',
            'unknown key "comand" in [server] (did you mean "command"?)',
        ),
        ('name = 1\nprotocol = "toy"\n', '"name" at the top is not a string'),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = "a b"\n',
            '"command" in [server] is not a list of strings',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\nready = "a"\n',
            "nothing to start in [server] (give one of command or address or embedded)",
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = ["a"]\naddress = "127.0.0.1:1"\n',
            "both command and address in [server]",
        ),
        (
            'name = "x"\nprotocol = "toy"\n[client]\naddress = "127.0.0.1:1"\n',
            'unknown key "address" in [client]',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\naddress = "localhost"\n',
            '"localhost" is not HOST:PORT',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\nembedded = "a.b"\n',
            '"embedded" in [server] is not a name',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = ["a"]\nready = "("\n',
            '"ready" in [server] is not a regular expression',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = ["a"]\nenv = {A = 1}\n',
            '"A" in [server.env] is not a string',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = ["a"]\nstart_seconds = -1\n',
            '"start_seconds" in [server] is not a number of seconds',
        ),
        (
            'name = "x"\nprotocol = "toy"\n[server]\ncommand = ["a"]\n[install]\n',
            "packages is missing in [install]",
        ),
    ],
)
def test_mistake_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    """Each mistake in a target file is told with its place, and a hint where there is one."""
    with pytest.raises(CommandError) as raised:
        load(tmp_path, text)
    assert message in str(raised.value)
    assert str(tmp_path / "mine.toml") in str(raised.value) or "HOST:PORT" in message
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.toml", "no target file"),
        ("folder", "is a folder"),
        ("binary.toml", "is not UTF-8"),
    ],
)
def test_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    """A path that leads to no text gets its line, too."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(CommandError, match=message):
        description.load(tmp_path / name, PROTOCOLS)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_address_is_split(text: str, address: tuple[str, int]) -> None:
    """Host and port are told apart, for IPv6 as well."""
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "host", "host:", ":1", "host:0", "host:65536", "::1:80"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """What is not host and port gets one line."""
    with pytest.raises(CommandError, match="is not HOST:PORT"):
        parse_address(text)


def test_suite_keeps_to_this_machine() -> None:
    """A server elsewhere is only attacked by somebody who says that it is theirs."""
    with pytest.raises(CommandError, match="is not this machine"):
        local_address("192.0.2.1:80")


def test_own_server_elsewhere_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says that a server elsewhere is theirs is believed."""
    monkeypatch.setenv("WIREBOOK_ALLOW_REMOTE", "1")
    assert local_address("192.0.2.1:80") == ("192.0.2.1", 80)


def write(folder: Path, name: str, protocol: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text(
        f'name = "{name}"\nprotocol = "{protocol}"\n[server]\naddress = "127.0.0.1:1"\n'
    )


def test_new_builtin_target_is_one_new_folder(tmp_path: Path) -> None:
    """A folder with a target.toml is a built-in target, whatever else lies in it."""
    write(tmp_path / "mine" / "target.toml", "mine-1.0", "toy")
    (tmp_path / "mine" / "expected.toml").write_text("")
    assert [target.name for target in builtin.all_targets(PROTOCOLS, tmp_path)] == ["mine-1.0"]


def test_one_name_can_stand_for_several_protocols(tmp_path: Path) -> None:
    """A folder with a file for each protocol gives each book its target."""
    write(tmp_path / "all" / "toy.toml", "all", "toy")
    write(tmp_path / "all" / "other.toml", "all", "other")
    found = builtin.resolve("all", ["other"], PROTOCOLS, tmp_path)
    assert [(target.name, target.protocol) for target in found] == [("all", "other")]


def test_path_is_a_target_too(tmp_path: Path) -> None:
    """What is no built-in name is the path of a file."""
    write(tmp_path / "mine.toml", "mine", "toy")
    (found,) = builtin.resolve(str(tmp_path / "mine.toml"), [], PROTOCOLS, tmp_path)
    assert found.name == "mine"


def test_unknown_name_gets_a_hint(tmp_path: Path) -> None:
    """A name that is nearly right is put right."""
    write(tmp_path / "mine" / "target.toml", "reference", "toy")
    with pytest.raises(CommandError, match='did you mean "reference"'):
        builtin.resolve("referense", [], PROTOCOLS, tmp_path)


def test_reference_is_builtin_for_every_book() -> None:
    """Every book has its reference as a built-in target."""
    from wirebook.spec import books

    found = builtin.resolve("reference", books.names(), books.names())
    assert [target.protocol for target in found] == list(books.names())


def test_target_of_a_book_to_come_is_passed_over(tmp_path: Path) -> None:
    """A target may be there before its book; whoever names its file learns what is missing."""
    write(tmp_path / "soon" / "target.toml", "soon-1.0", "unwritten")
    write(tmp_path / "mine" / "target.toml", "mine-1.0", "toy")
    assert [target.name for target in builtin.all_targets(PROTOCOLS, tmp_path)] == ["mine-1.0"]
    with pytest.raises(CommandError, match='unknown protocol "unwritten"'):
        builtin.resolve(str(tmp_path / "soon" / "target.toml"), (), PROTOCOLS, tmp_path)


def test_broken_builtin_target_is_named(tmp_path: Path) -> None:
    """Only another protocol is a reason to pass a target over."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "target.toml").write_text("name = ")
    with pytest.raises(CommandError, match="is not TOML"):
        builtin.all_targets(PROTOCOLS, tmp_path)
