"""The pages of the site: what is folded into them, what is generated, what can be downloaded."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from wirebook.commands.site import assemble, links
from wirebook.spec import books, requirements

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembled pages."""
    folder = tmp_path_factory.mktemp("pages")
    assemble(ROOT, folder)
    return folder


def test_every_requirement_has_its_fold(pages: Path) -> None:
    """Each requirement has one, right below its attributes, with its level."""
    found = []
    for page in pages.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        marked = re.findall(
            r'^\{ #(\S+) \.req data-level="[A-Z ]+" .*\}\n\n<details [^>]*data-for="(\S+?)">',
            text,
            re.MULTILINE,
        )
        assert all(identifier == fold for identifier, fold in marked)
        found += [identifier for identifier, _ in marked]
    assert sorted(found) == sorted(requirements.load())


def test_nothing_is_unchecked(pages: Path) -> None:
    """What nothing checks would stand out; no requirement does."""
    assert not [
        page for page in pages.rglob("*.md") if "req-unchecked" in page.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("book", books.names())
def test_index_links_every_requirement(pages: Path, book: str) -> None:
    """The list of a book has a row for each of its requirements, which leads to its page."""
    text = (pages / book / "requirements.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\S+)\]\(\.\./(\S+)\.md#(\S+)\) \|", text, re.MULTILINE)
    known = requirements.load().values()
    assert rows == [(one.id, one.page, one.id) for one in known if one.book == book]


def test_downloads_are_what_their_checksums_say(pages: Path) -> None:
    """The list of checksums names every file, and is right."""
    folder = pages / "downloads"
    lines = (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert sums.keys() == files
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    listed = json.loads((folder / "requirements.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in listed] == list(requirements.load())


def test_broken_links_are_found(tmp_path: Path) -> None:
    """Missing files and anchors, and what is fetched from elsewhere; a plain link out is none."""
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="b.html#there">2</a><a href="c.html">3</a>'
        '<a href="https://example.org">4</a><a href="#gone">5</a>'
        '<script src="https://example.org/x.js"></script><img src="no.png">',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text('<a name="there">', encoding="utf-8")
    assert links.problems(tmp_path) == [
        "a.html: c.html leads to no file",
        "a.html: #gone leads to no anchor",
        "a.html: fetches https://example.org/x.js from elsewhere",
        "a.html: no.png leads to no file",
    ]
