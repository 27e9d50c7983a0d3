"""The command line: help, misuse, and the commands that start nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wirebook import cli
from wirebook.spec import books

COMMANDS = [
    ["check"],
    ["replay"],
    ["interop"],
    ["doctor"],
    ["serve"],
    ["connect"],
    ["decode"],
    ["diff"],
    ["requirements"],
    ["target", "list"],
    ["target", "install"],
    ["target", "path"],
    ["book", "build"],
    ["book", "serve"],
]
PACKAGE = "ffd0fab9 0001 0000 00000000 0000"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command explains itself and shows how it is used."""
    assert cli.run([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"wirebook {' '.join(command)}" in shown


def test_help_starts_quickly() -> None:
    """The command line imports nothing that it does not need yet."""
    code = (
        "import sys\nfrom wirebook import cli\ncli.run(['--help'])\n"
        "heavy = {'pytest', 'rich', 'construct', 'msgpack', 'jinja2', 'asyncio', 'socket'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types nothing but the name learns what there is."""
    assert cli.run([]) == 0
    assert "Usage: wirebook" in capsys.readouterr().out


def test_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is that of the distribution."""
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("wirebook 0.")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["chekc"], "No such command 'chekc'"),
        (["check", "--tarlet", "x"], "No such option"),
        (["check", "--jobs", "many"], "Invalid value for"),
        (["check", "--jobs", "0"], "Invalid value for"),
        (["check", "pygaze"], 'unknown book "pygaze" (did you mean "pygase"?)'),
        (["check", "--role", "referee"], '"referee" is not a role'),
        (["check", "--target", "referense"], 'unknown target "referense" (did you mean'),
        (["check", "--target", "gone.toml"], "no target file gone.toml"),
        (["check", "pygase", "--server", "here"], '"here" is not HOST:PORT'),
        (["check", "pygase", "--server", "192.0.2.1:1"], "is not this machine"),
        (["check", "pygase", "--server", "127.0.0.1:1", "--role", "client"], "has no client"),
        (["check", "--expect", "gone.toml"], "no expectations file gone.toml"),
        (["check", "-k", "a and"], "is not an expression"),
        (["check", "--target-python", "/gone/python"], "/gone/python is not an interpreter"),
        (["check", "--exit-first", "--expect", "x"], "--exit-first and --expect cannot go"),
        (["check", "--repeat", "0"], "Invalid value for"),
        (["check", "--stability", "1"], "Invalid value for"),
        (["check", "--stability", "3", "--repeat", "2"], "--repeat and --stability cannot go"),
        (["check", "--stability", "3", "-x"], "--exit-first and --stability cannot go"),
        (["check", "--last-failed", "--shard", "1/2"], "--last-failed and --shard cannot go"),
        (["check", "--shard", "0/2"], '--shard "0/2" is not a part of a whole'),
        (["check", "--shard", "3/2"], '--shard "3/2" is not a part of a whole'),
        (["check", "--shard", "half"], '--shard "half" is not a part of a whole'),
        (["replay"], "replay what? (CASE@SEED from a report, or --last-failed)"),
        (["replay", "pygase/server_x/y@1", "--last-failed"], "--last-failed and CASE@SEED cannot"),
        (["replay", "pygase/server_window/x"], "is not CASE@SEED"),
        (["replay", "nobook/server_window/x@1"], 'unknown book "nobook"'),
        (["interop", "pygaze"], 'unknown book "pygaze"'),
        (["interop", "--target", "referense"], 'did you mean "reference"?'),
        (["interop", "--target-python", "toy=/gone"], "/gone is not an interpreter"),
        (["doctor", "gone.toml"], "no target file gone.toml"),
        (["doctor", "reference", "--target-python", "/gone"], "/gone is not an interpreter"),
        (["serve", "pygaze"], 'unknown book "pygaze"'),
        (["connect", "pygase", "here"], '"here" is not HOST:PORT'),
        (["decode", "not hex"], "neither hex nor a file nor a capture"),
        (["decode", "abc"], "an odd number of hex digits"),
        (["decode", "00", "--key", "c2VjcmV0"], "a --key is neither the base64 of 32 octets nor"),
        (["decode", "00", "--book", "pygaze"], 'unknown book "pygaze"'),
        (["decode", "00", "--message", "client-pakage"], 'did you mean "client-package"?'),
        (["requirements", "pygaze"], 'unknown book "pygaze"'),
        (["target", "path", "referense"], 'did you mean "reference"?'),
        (["target", "install", "nothing"], 'unknown target "nothing"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_one_line_with_status_2(
    command: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake on the command line is told in one line, and nothing else is printed."""
    assert cli.run(command) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")


def test_failure_of_our_own_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody foresaw is no traceback either, but says how to get one."""

    def fail() -> tuple[str, ...]:
        raise RuntimeError("the shelf broke")

    monkeypatch.setattr(books, "names", fail)
    assert cli.run(["target", "list"]) == 3
    error = capsys.readouterr().err
    assert error == "wirebook: RuntimeError: the shelf broke (WIREBOOK_DEBUG=1 shows where)\n"


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the traceback gets it."""
    monkeypatch.setenv("WIREBOOK_DEBUG", "1")
    with pytest.raises(Exception, match="no target file"):
        cli.run(["doctor", "gone.toml"])


def test_output_can_be_cut_off() -> None:
    """A reader that has had enough causes no complaint."""
    code = f"from wirebook import cli; cli.main(['decode', '{PACKAGE}', '--json'])"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert done.stderr == b""


def test_decode_shows_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Octets are shown field by field."""
    assert cli.run(["decode", PACKAGE]) == 0
    assert "header.sequence" in capsys.readouterr().out


def test_decode_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets the fields with their offsets."""
    assert cli.run(["decode", PACKAGE, "--json"]) == 0
    (reading,) = json.loads(capsys.readouterr().out)
    assert (reading["book"], reading["message"]) == ("pygase", "client-package")
    assert reading["fields"][1]["path"] == "header.sequence"
    assert reading["fields"][1]["offset"] == 4


def test_decode_names_what_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """A broken message has status 1, and the requirement that it breaks."""
    assert cli.run(["decode", "ffd0fab90001", "--message", "client-package", "--json"]) == 1
    (reading,) = json.loads(capsys.readouterr().out)
    assert reading["error"]["requirement"].startswith("PGS-")


def test_decode_reads_hex_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of hex digits is as good as digits."""
    path = tmp_path / "octets.hex"
    path.write_text(f"{PACKAGE}\n")
    assert cli.run(["decode", str(path)]) == 0
    assert "client-package" in capsys.readouterr().out


def test_requirements_are_listed_with_their_checks(capsys: pytest.CaptureFixture[str]) -> None:
    """Each requirement comes with all there is to know of it."""
    assert cli.run(["requirements", "pygase", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert {"id", "level", "role", "verify", "text", "cases", "vectors"} <= entries[0].keys()
    assert len({entry["id"] for entry in entries}) == len(entries)


def test_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The built-in targets are listed for a script, too."""
    assert cli.run(["target", "list", "--json"]) == 0
    names = [entry["name"] for entry in json.loads(capsys.readouterr().out)]
    assert "reference" in names


def test_target_path_leads_to_the_description(capsys: pytest.CaptureFixture[str]) -> None:
    """The description of a built-in target can be looked at."""
    assert cli.run(["target", "path", "reference"]) == 0
    paths = capsys.readouterr().out.splitlines()
    assert all(Path(path).is_file() for path in paths)


def test_command_that_exits_at_once_is_status_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A target that does not start is told in one line, with its last output."""
    path = tmp_path / "broken.toml"
    path.write_text(
        'name = "broken"\nprotocol = "pygase"\n[server]\n'
        'command = ["{python}", "-c", "raise SystemExit(\'no licence\')"]\n'
    )
    report = tmp_path / "report"
    assert cli.run(["check", "--target", str(path), "--report", str(report)]) == 4
    captured = capsys.readouterr()
    line = "broken (pygase): the server's command ended with status 1: no licence"
    assert (captured.err, captured.out) == (f"wirebook: {line}\n", "")
    assert line in (report / "summary.json").read_text() or (report / "index.html").exists()


def test_doctor_of_a_target_that_does_not_start_is_status_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor says in one line why there is nothing to examine."""
    path = tmp_path / "broken.toml"
    path.write_text('name = "x"\nprotocol = "pygase"\n[client]\ncommand = ["no-such-program"]\n')
    assert cli.run(["doctor", str(path)]) == 4
    assert capsys.readouterr().err == 'wirebook: there is no program "no-such-program"\n'


def test_port_that_nobody_listens_on_is_found_out_soon() -> None:
    """Whoever mistyped a port does not wait long for the answer."""
    began = time.monotonic()
    assert cli.run(["check", "pygase", "--server", "127.0.0.1:9"]) == 4
    assert time.monotonic() - began < 10
