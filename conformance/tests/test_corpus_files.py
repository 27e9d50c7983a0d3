"""The files of the corpus: written in one step, kept short, and read with care."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.corpus import Finding, built_in, file_of, load, load_all, save
from wirebook.conformance.corpus import playing as corpus_playing
from wirebook.conformance.corpus.playing import played
from wirebook.conformance.errors import CommandError
from wirebook.spec import books, requirements

FINDING = Finding(
    book="pygase",
    role="server",
    way="live",
    signature="ValueError at codec.parse",
    what="It dies.",
    requirements=("PGS-ERR-001",),
    steps=({"do": "send", "peer": 0, "hex": "00ff"}, {"do": "wait", "seconds": 0.2}),
    script=(("join", {"peer": 1}), ("say", {"octets": {"hex": "00"}})),
    target="mine",
    seed=7,
    output="Traceback …\ud800",
)


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    """What is saved is loaded again, from a file of JSON that ends with a line feed."""
    path = save(tmp_path, FINDING)
    assert path == file_of(tmp_path, FINDING) == tmp_path / "pygase" / f"{FINDING.name}.json"
    assert load(path) == FINDING
    assert path.read_text().endswith("\n}\n")
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_output_names_no_places(tmp_path: Path) -> None:
    """Where somebody keeps their files is left out of the output, not which files these are."""
    told = 'File "/home/me/env/lib/site-packages/curio/kernel.py", line 7, in run; 1/2 a/b/c'
    path = save(tmp_path, replace(FINDING, output=told))
    assert load(path).output == 'File "curio/kernel.py", line 7, in run; 1/2 a/b/c'


def test_the_shorter_way_stays(tmp_path: Path) -> None:
    """Of two ways to break the same, the file keeps the shorter one."""
    longer = replace(FINDING, steps=FINDING.steps * 2, output="")
    shorter = replace(FINDING, steps=FINDING.steps[:1], output="x" * 999)
    path = save(tmp_path, FINDING)
    assert load(save(tmp_path, longer)) == FINDING
    assert load(save(tmp_path, replace(FINDING, seed=8))) == FINDING
    assert save(tmp_path, shorter) == path
    assert load(path) == shorter


def test_all_of_a_book(tmp_path: Path) -> None:
    """The findings of a book come in the order of their files; other books have their own."""
    found = [replace(FINDING, signature=name) for name in ("a", "b", "c")]
    for one in (*found, replace(FINDING, book="pgnet")):
        save(tmp_path, one)
    assert load_all(tmp_path, "pygase") == tuple(sorted(found, key=lambda one: one.name))
    assert [one.book for one in load_all(tmp_path, "pgnet")] == ["pgnet"]
    assert load_all(tmp_path, "packetmq") == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"book": None}, "book is not a text"),
        ({"role": "host"}, '"host" is not a role'),
        ({"seed": "7"}, "seed is not a number"),
        ({"requirements": "PGS-ERR-001"}, "requirements is not a list of IDs"),
        ({"steps": [{"peer": 0}]}, 'steps is not a list of objects with "do"'),
        ({"steps": [{"do": "send", "hex": ["00"]}]}, 'steps is not a list of objects with "do"'),
        ({"script": [["join"]]}, "script is not a list of names with their arguments"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
    ],
)
def test_bad_findings(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    """A file that holds something else is refused in one line that names it."""
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**FINDING.to_json(), **change}))
    with pytest.raises(CommandError, match="is no finding") as refused:
        load(path)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("[]", "it is not an object"), ("{}", "book is missing"), ("{", "is not JSON")],
)
def test_bad_files(tmp_path: Path, text: str, complaint: str) -> None:
    """So is one that holds no object at all, and one that is not there."""
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=complaint):
        load(path)
    with pytest.raises(CommandError, match="cannot open"):
        load(tmp_path / "none.json")


def test_what_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite plays what has steps, in the role; a later folder overrides an earlier one."""
    monkeypatch.setattr(corpus_playing, "built_in", lambda: tmp_path / "own")
    again = replace(FINDING, steps=FINDING.steps[:1])
    for folder, finding in {
        "own": FINDING,
        "theirs": again,
        "both": replace(FINDING, role="client"),
        "none": replace(FINDING, signature="without steps", steps=()),
    }.items():
        save(tmp_path / folder, finding)
    folders = [tmp_path / name for name in ("theirs", "both", "none")]
    assert played("pygase", "server") == (FINDING,)
    assert played("pygase", "server", folders) == (again,)
    assert played("packetmq", "server", folders) == ()


@pytest.mark.parametrize("book", books.names())
def test_own_corpus_is_in_order(book: str) -> None:
    """What comes with the suite bears its name, cites what there is, and can be played."""
    known = requirements.load()
    for path in sorted((built_in() / book).glob("[!.]*")):
        finding = load(path)
        assert path == file_of(built_in(), finding)
        assert finding.book == book
        assert finding.steps or finding.script
        assert set(finding.requirements) <= set(known), finding.requirements
