"""The marked blocks of the prose: finding them, filling them, saying which are not current.

What may live here: the kinds of blocks and what each is filled with, by calling the renderings.
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
from wirebook.spec.artefacts import tables
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
        return self._state_table(name).markdown(self._requirement_link)

    def figure(self, name: str) -> str:
        return f"```mermaid\n{self._state_table(name).mermaid()}\n```"

    def requirements(self, _: str) -> str:
        return tables.requirements_table(self.found.values(), self._requirement_link)

    def vectors(self, _: str) -> str:
        return tables.vectors_table(vectors.load(self.book))

    def _state_table(self, name: str) -> StateTable[Any, Any, Any]:
        states = import_module(f"wirebook.spec.{self.book}.states")
        found: StateTable[Any, Any, Any] = states.TABLES[name]
        return found

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
        return f"{relpath(f'{page}.md', PurePosixPath(self.page).parent)}#{anchor}"


_KINDS: dict[str, Callable[[_Source, str], str]] = {
    "table": _Source.table,
    "states": _Source.states,
    "figure": _Source.figure,
    "requirements": _Source.requirements,
    "vectors": _Source.vectors,
}


def filled(folder: Path, path: Path) -> str:
    """Return the page at `path` with all its blocks filled, or raise BlockError."""
    name = path.relative_to(folder).with_suffix("")
    book = str(name.parent) if name.parent != Path() else requirements.COMMON
    text = path.read_text(encoding="utf-8")
    if "<!-- generated:" not in text:
        return text
    source = _Source(folder, book, name.as_posix(), requirements.extract(folder, book))
    return "\n".join(_lines(path, text, source)) + "\n"


def stale(folder: Path) -> list[Path]:
    """Return the pages under `folder` whose blocks are not current."""
    return [
        path for path in _pages(folder) if filled(folder, path) != path.read_text(encoding="utf-8")
    ]


def write(folder: Path) -> list[Path]:
    """Fill the blocks of all pages under `folder`; return the pages that changed."""
    changed = stale(folder)
    for path in changed:
        neutral.write_atomically(path, filled(folder, path))
    return changed


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
