"""Pages of prose as paragraphs with their attributes and headings.

This is as much of Markdown as the rules of the prose need: it knows fenced code, block quotes, HTML
comments and generated blocks, so as to leave them out. What may live here: reading pages; what a
paragraph means is for `requirements` and `artefacts` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

GENERATED = re.compile(r"<!-- generated: (?P<kind>[a-z-]+)(?: (?P<argument>[a-z-]+))? -->")
"""The line that opens a generated block."""
GENERATED_END = "<!-- end generated -->"

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"#{1,6}\s+(?P<text>.*?)\s*(?:\{[^}]*\}\s*)?$")
_ATTRIBUTES = re.compile(
    r"\s*\{:?(?P<inside>(?:\s*(?:#[^\s}]+|\.[\w-]+|[\w-]+=\"[^\"]*\"))+)\s*\}\s*"
)
_CHAPTER = re.compile(r"^\s*(?:\d+\.|[-*])\s+\[[^\]]*\]\((?P<page>[\w-]+)\.md[)#]", re.MULTILINE)
_ATTRIBUTE = re.compile(
    r"#(?P<id>[^\s}]+)|\.(?P<class>[\w-]+)|(?P<key>[\w-]+)=\"(?P<value>[^\"]*)\""
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of lines without an empty one, and the attributes that its last line gives it."""

    text: str
    """Its lines joined by spaces; "" if it has nothing but attributes."""
    line: int
    """Number of its first line."""
    heading: str
    """The heading that it stands under."""
    id: str = ""
    classes: frozenset[str] = frozenset()
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One file of prose."""

    file: str
    """`spec/pygase/terms.md`, for messages."""
    name: str
    """`pygase/terms`: the path under the prose, without its suffix."""
    title: str
    """Its first heading."""
    paragraphs: tuple[Paragraph, ...]


def chapters(folder: Path, book: str) -> Iterator[Page]:
    """Yield the pages of a book, or those that all books share for "", as the index orders them."""
    sources = {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / book).glob("*.md"))
    }
    linked = [match["page"] for match in _CHAPTER.finditer(sources.get("index", ""))]
    order = dict.fromkeys(["index", *linked, *sources])
    for stem in order:
        if stem in sources:
            yield read_page(sources[stem], Path(book, f"{stem}.md"))


def read_page(text: str, name: Path) -> Page:
    """Return the page whose source is `text`; `name` is its path under the prose."""
    paragraphs: list[Paragraph] = []
    title = heading = ""
    for line, run in _runs(text):
        if matched := _HEADING.fullmatch(run[0]):
            heading = matched["text"]
            title = title or heading
            paragraphs.append(Paragraph(heading, line, heading))
            if run[1:]:
                paragraphs.append(_paragraph(run[1:], line + 1, heading))
        else:
            paragraphs.append(_paragraph(run, line, heading))
    return Page(f"spec/{name}", str(name.with_suffix("")), title, tuple(paragraphs))


def _paragraph(lines: list[str], line: int, heading: str) -> Paragraph:
    matched = _ATTRIBUTES.fullmatch(lines[-1])
    if matched is None:
        return Paragraph(" ".join(part.strip() for part in lines), line, heading)
    found = [match.groupdict() for match in _ATTRIBUTE.finditer(matched["inside"])]
    return Paragraph(
        text=" ".join(part.strip() for part in lines[:-1]),
        line=line,
        heading=heading,
        id=next((part["id"] for part in found if part["id"]), ""),
        classes=frozenset(part["class"] for part in found if part["class"]),
        attributes={part["key"]: part["value"] for part in found if part["key"]},
    )


def _runs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of lines that count, each with the number of its first line."""
    run: list[str] = []
    for number, line in enumerate([*_relevant(text), ""], start=1):
        heading = _HEADING.fullmatch(line) is not None
        if run and (heading or not line.strip()):
            yield number - len(run), run
            run = []
        if line.strip():
            run.append(line)


def _relevant(text: str) -> Iterator[str]:
    """Yield the lines, emptied where they are code, quotation, comment or generated."""
    fence, generated = "", False
    for line in _without_comments(text).splitlines():
        opened = _FENCE.match(line)
        if generated:
            generated = line.strip() != GENERATED_END
            yield ""
        elif fence:
            if opened and opened[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            yield ""
        elif GENERATED.fullmatch(line.strip()):
            generated = True
            yield ""
        elif opened:
            fence = opened[1]
            yield ""
        else:
            yield "" if line.lstrip().startswith(">") else line


def _without_comments(text: str) -> str:
    """Return the text without HTML comments, but with all its lines and generated markers."""
    return re.sub(r"<!--(?! generated:| end generated).*?-->", _blank, text, flags=re.DOTALL)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
