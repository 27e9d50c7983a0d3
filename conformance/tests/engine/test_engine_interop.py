"""Interoperation: how a match goes, who meets whom, and the matrix."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wirebook import cli
from wirebook.commands import interop as command
from wirebook.conformance import entrants, library
from wirebook.conformance.errors import CommandError
from wirebook.conformance.interop import Match, Pairing, matches, play
from wirebook.conformance.library import Library
from wirebook.conformance.targets.description import Endpoint, Target

DRIVER = "drivers_of_toy.toy"


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    monkeypatch.syspath_prepend(str(toys))


@pytest.fixture
def target(toys: Path) -> Target:
    return Target(
        name="toy",
        protocol="toy",
        features=("echo",),
        server=Endpoint(command=("{python}", str(toys / "server.py"), "{port}")),
        client=Endpoint(command=("{python}", str(toys / "client.py"))),
    )


def pairing(client: Target, server: Target, name: str = "play") -> Pairing:
    return Pairing("toy", client, server, f"{DRIVER}.interop:{name}", f"{DRIVER}:probe")


def test_match_that_succeeds_has_all_steps(target: Target) -> None:
    """Each step is carried out in turn, and both live in the end."""
    match = play(pairing(target, replace(target, name="other")))
    assert (match.outcome, match.client, match.server) == ("ok", "toy", "other")
    assert match.steps == ("start", "ping", "echo", "alive")


def test_play_knows_what_both_can_do(target: Target) -> None:
    """A feature that one of them lacks is not played."""
    match = play(pairing(target, replace(target, features=())))
    assert (match.outcome, match.steps) == ("ok", ("start", "ping", "alive"))


@pytest.mark.parametrize(
    ("name", "failed", "reason"),
    [
        (
            "refused",
            "strange",
            "the client refused something strange: no request something strange",
        ),
        ("waiting", "patience", "no hundred messages within 0.05 s"),
        (
            "fatal",
            "poison",
            "the server ended with status 3: fatal: told to die (no answer)",
        ),
        ("clumsy", "stumble", "LookupError: no such thing"),
        ("deadly", "alive", "the client ended with status 4: client: told to die"),
        ("hushing", "alive", "the server does not answer any more"),
    ],
)
def test_match_that_fails_names_the_step(
    target: Target, name: str, failed: str, reason: str
) -> None:
    """The step that was being carried out, and why it failed, in one line."""
    match = play(pairing(target, target, name))
    assert (match.outcome, match.failed, match.reason) == (failed, failed, reason)
    assert failed not in match.steps


def test_what_is_not_supported_is_no_failure(target: Target) -> None:
    """The rest of such a play is left out."""
    match = play(pairing(target, target, "impossible"))
    assert (match.outcome, match.failed) == ("unsupported", "")
    assert match.reason == "no such feature here"


@pytest.mark.parametrize("role", ["client", "server"])
def test_target_that_does_not_start_is_unreachable(target: Target, role: str) -> None:
    """Nothing is said of the other one then."""
    broken = replace(target, **{role: Endpoint(command=("no-such-program",))})  # type: ignore[arg-type]
    match = play(pairing(broken, broken))
    assert match.outcome == "unreachable"
    assert match.reason == 'there is no program "no-such-program"'


def test_matches_come_in_their_order(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several at a time, in processes of their own, give the same as one after the other."""
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    pairings = [pairing(target, target, name) for name in ("play", "refused", "play")]
    assert [match.outcome for match in matches(pairings, 2)] == ["ok", "strange", "ok"]


# Who takes part


@pytest.fixture
def shelf(tmp_path: Path) -> Library:
    for name in ("reference", "one", "two"):
        write(tmp_path / "targets", name)
    write(tmp_path / "targets", "heavy", '[install]\npackages = ["heavy==1"]\n')
    write(tmp_path / "targets", "mute", protocol="other")
    return Library(books=("toy", "other"), targets=tmp_path / "targets", drivers="drivers_of_toy")


def write(folder: Path, name: str, more: str = "", protocol: str = "toy") -> Path:
    path = folder / name / "target.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'name = "{name}"\nprotocol = "{protocol}"\n[server]\ncommand = ["s"]\n'
        f'[client]\ncommand = ["c"]\n{more}'
    )
    return path


def met(found: tuple[Pairing, ...]) -> set[str]:
    return {f"{one.client.name}-{one.server.name}" for one in found}


def chosen(shelf: Library, *names: str, **given: Any) -> tuple[Pairing, ...]:
    options = {"books": (), "pythons": (), "say": lambda _: None, **given}
    return entrants.pairings(shelf, names=names, **options)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREBOOK_CACHE", str(tmp_path / "cache"))


def test_everyone_at_hand_meets_everyone(shelf: Library) -> None:
    """What would have to be installed does not take part by itself."""
    names = ("one", "reference", "two")
    assert met(chosen(shelf)) == {f"{a}-{b}" for a in names for b in names}


def test_named_targets_meet_each_other(shelf: Library) -> None:
    """Only those that were named take part."""
    assert met(chosen(shelf, "one", "two")) == {"one-one", "one-two", "two-one", "two-two"}


def test_one_alone_meets_the_reference(shelf: Library, tmp_path: Path) -> None:
    """Whoever names their own target wants to know how it gets along with others."""
    path = str(write(tmp_path, "mine"))
    pairs = {"mine-mine", "mine-reference", "reference-mine", "reference-reference"}
    assert met(chosen(shelf, path)) == pairs


def test_interpreter_stands_for_an_environment(shelf: Library) -> None:
    """A target that has an interpreter of its own need not be installed, named or not."""
    given = [f"heavy={sys.executable}"]
    found = chosen(shelf, pythons=given)
    assert "heavy-reference" in met(found)
    assert {one.client.python for one in found if one.client.name == "heavy"} == {sys.executable}
    assert {one.client.python for one in found if one.client.name == "one"} == {""}
    found = chosen(shelf, "heavy", pythons=[sys.executable])
    assert {one.server.python for one in found} == {sys.executable}


def test_role_that_a_target_lacks_is_left_out(shelf: Library, tmp_path: Path) -> None:
    """A client without a server still plays with others."""
    path = tmp_path / "half.toml"
    path.write_text('name = "half"\nprotocol = "toy"\n[client]\ncommand = ["c"]\n')
    assert met(chosen(shelf, "one", str(path))) == {"one-one", "half-one"}


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (("nobody",), {}, 'unknown target "nobody"'),
        (("one",), {"books": ["novel"]}, 'unknown book "novel"'),
        (("one",), {"books": ["other"]}, 'target "one" speaks toy, not other'),
        (("mute",), {}, "other has no play of a client with a server yet"),
        (("one",), {"pythons": ["/gone"]}, "/gone is not an interpreter"),
    ],
)
def test_choice_that_makes_no_sense_is_one_line(
    shelf: Library, names: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    """A mistake is told before anything is started."""
    with pytest.raises(CommandError, match=re.escape(message)):
        chosen(shelf, *names, **given)


# The command

OK = Match("toy", "one", "two", ("start",), 0.5)
FAILED = replace(OK, client="two", failed="echo", reason="no answer")
ABSENT = replace(OK, server="one", reason="there is no program", unreachable=True)
OTHER = replace(OK, server="one", reason="no feature")


@pytest.mark.parametrize(
    ("played", "status"),
    [((OK,), 0), ((OK, OTHER), 0), ((OK, FAILED), 1), ((OK, FAILED, ABSENT), 4)],
)
def test_exit_status_tells_how_it_went(
    played: tuple[Match, ...],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All get along, a step failed, or a target was not there."""
    monkeypatch.setattr(entrants, "pairings", lambda *_, **__: played)
    monkeypatch.setattr("wirebook.conformance.interop.matches", lambda found, _: iter(found))
    monkeypatch.setattr(library, "open_library", lambda: None)
    assert cli.run(["interop", "--json"]) == status
    printed = json.loads(capsys.readouterr().out)
    assert [entry["outcome"] for entry in printed] == [match.outcome for match in played]


def test_matrix_names_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each client, a column for each server, and a line for each failure."""
    command._show([OK, OTHER, FAILED])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:5] == [
        ["toy"],
        ["client", "\\", "server", "two", "one"],
        ["one", "ok", "unsupported"],
        ["two", "echo"],
    ]
    assert rows[5] == ["client", "one,", "server", "one:", "unsupported:", "no", "feature"]
    assert rows[6] == ["client", "two,", "server", "two:", "echo:", "no", "answer"]


def test_references_get_along_with_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    """The play of a book is carried out on the reference."""
    assert cli.run(["interop", "pygase", "--target", "reference", "--json"]) == 0
    (match,) = json.loads(capsys.readouterr().out)
    assert (match["outcome"], match["book"]) == ("ok", "pygase")
    assert {"connect", "echo", "ack", "state", "disconnect"} <= set(match["steps"])
