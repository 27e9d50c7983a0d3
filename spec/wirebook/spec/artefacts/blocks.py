"""The marked blocks of the prose: finding them, filling them, saying which are not current.

What may live here: the kinds of blocks and what each is filled with, by calling the renderings; and
where the files stand that a block refers to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from os.path import relpath
from pathlib import Path, PurePosixPath
from typing import Any

from wirebook.spec import books, neutral, requirements, vectors
from wirebook.spec.artefacts import figures, octet_figures, tables
from wirebook.spec.pages import GENERATED, GENERATED_END
from wirebook.spec.states import StateTable

_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*$")


class BlockError(ValueError):
    """A marked block that cannot be filled; says which file and line."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What the blocks of one page are filled from."""

    folder: Path
    book: str
    page: str
    """`pygase/states`: the path of the page under the prose, without its suffix."""
    found: dict[str, requirements.Requirement]
    """The requirements of the book."""

    def table(self, message: str) -> str:
        form = neutral.load(self.book)["messages"]
        sizes = {n: m["least"] for n, m in form.items() if m["least"] == m["most"]}
        return tables.message_table({**form[message], "sizes": sizes}, self._message_link)

    def states(self, name: str) -> str:
        return _state_table(self.book, name).markdown(self._requirement_link)

    def figure(self, name: str) -> str:
        text = figures.alternative(_state_table(self.book, name))
        return f"![{text}]({self._relative(_figure_path(self.book, name))})"

    def octets(self, name: str) -> str:
        text = octet_figures.alternative(neutral.load(self.book), name)
        return f"![{text}]({self._relative(_octets_path(self.book, name))})"

    def requirements(self, _: str) -> str:
        return tables.requirements_table(self.found.values(), self._requirement_link)

    def vectors(self, _: str) -> str:
        return tables.vectors_table(vectors.load(self.book))

    def _requirement_link(self, name: str) -> str:
        return f"[{name}]({self._target(self.found[name].page, name)})"

    def _message_link(self, name: str) -> str:
        for path in sorted((self.folder / self.book).glob("*.md")):
            heading = ""
            for line in path.read_text(encoding="utf-8").splitlines():
                if matched := _HEADING.fullmatch(line):
                    heading = matched[1]
                elif line.strip() == f"<!-- generated: table {name} -->":
                    slug = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
                    return f"[{name}]({self._target(f'{self.book}/{path.stem}', slug)})"
        return name

    def _target(self, page: str, anchor: str) -> str:
        if page == self.page:
            return f"#{anchor}"
        return f"{self._relative(f'{page}.md')}#{anchor}"

    def _relative(self, path: str) -> str:
        return relpath(path, PurePosixPath(self.page).parent)


_KINDS: dict[str, Callable[[_Source, str], str]] = {
    "table": _Source.table,
    "states": _Source.states,
    "figure": _Source.figure,
    "octets": _Source.octets,
    "requirements": _Source.requirements,
    "vectors": _Source.vectors,
}


def filled(folder: Path, path: Path) -> str:
    """Return the page at `path` with all its blocks filled, or raise BlockError."""
    text = path.read_text(encoding="utf-8")
    if "<!-- generated:" not in text:
        return text
    book, name = _book(folder, path), path.relative_to(folder).with_suffix("").as_posix()
    source = _Source(folder, book, name, requirements.extract(folder, book))
    return "\n".join(_lines(path, text, source)) + "\n"


def stale(folder: Path) -> list[Path]:
    """Return the pages under `folder` whose blocks are not current, and the figures likewise."""
    return list(_due(folder))


def write(folder: Path) -> list[Path]:
    """Fill the blocks of all pages under `folder`, and draw their figures; return what changed."""
    changed = _due(folder)
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        neutral.write_atomically(path, text)
    return list(changed)


def _due(folder: Path) -> dict[Path, str]:
    """Return the files that are not current, with what they have to contain."""
    due = {}
    for page in _pages(folder):
        text = filled(folder, page)
        due[page] = text
        for block in GENERATED.finditer(text):
            if block["kind"] == "figure":
                book, name = _book(folder, page), block["argument"]
                due[folder / _figure_path(book, name)] = figures.svg(_state_table(book, name))
            elif block["kind"] == "octets":
                book, name = _book(folder, page), block["argument"]
                due[folder / _octets_path(book, name)] = octet_figures.svg(neutral.load(book), name)
    return {
        path: text
        for path, text in due.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def _book(folder: Path, page: Path) -> str:
    parent = page.relative_to(folder).parent
    return str(parent) if parent != Path() else requirements.COMMON


def _state_table(book: str, name: str) -> StateTable[Any, Any, Any]:
    states = import_module(f"wirebook.spec.{book}.states")
    found: StateTable[Any, Any, Any] = states.TABLES[name]
    return found


def _figure_path(book: str, name: str) -> str:
    return f"assets/{book}/figure-{name}.svg"


def _octets_path(book: str, name: str) -> str:
    return f"assets/{book}/octets-{name}.svg"


def _pages(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.md"))
    for book in books.names():
        yield from sorted((folder / book).glob("*.md"))


def _lines(path: Path, text: str, source: _Source) -> Iterator[str]:
    inside = 0
    for number, line in enumerate(text.splitlines(), start=1):
        opened = GENERATED.fullmatch(line.strip())
        if inside:
            if opened:
                raise BlockError(f"{path}:{inside}: the block has no {GENERATED_END}")
            if line.strip() != GENERATED_END:
                continue
            inside = 0
        yield line
        if opened:
            inside = number
            yield f"\n{_content(opened, f'{path}:{number}', source)}\n"
    if inside:
        raise BlockError(f"{path}:{inside}: the block has no {GENERATED_END}")


def _content(opened: re.Match[str], place: str, source: _Source) -> str:
    kind, argument = opened["kind"], opened["argument"] or ""
    if kind not in _KINDS:
        raise BlockError(f"{place}: no kind {kind!r}; there are {', '.join(_KINDS)}")
    try:
        return _KINDS[kind](source, argument)
    except KeyError as error:
        raise BlockError(f"{place}: {kind} {argument}: there is no {error}") from None
