"""The numbered requirements, read from the prose of the books.

The prose is their only source. A requirement is one paragraph with one key word of RFC 2119 and a
line of attributes; everything that could make the two disagree with each other is an error here,
with file and line. What may live here: finding the prose, reading requirements and tombstones out
of it, and the rules they have to keep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wirebook.spec import books
from wirebook.spec.pages import Page, Paragraph, chapters

ROLES = ("sender", "receiver", "server", "client", "both")
"""Whom a requirement can bind."""
VERIFY = ("vector", "wire", "model", "inspection")
"""How a requirement can be checked."""
LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")
"""How strongly a requirement can bind."""
COMMON = "common"
"""The name under which the chapters that all books share are loaded."""
COMMON_PREFIX = "COM"

_KEYWORD = re.compile(
    r"\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD"
    r"|NOT RECOMMENDED|RECOMMENDED|REQUIRED|MAY|OPTIONAL)\b"
)
_INLINE_CODE = re.compile(r"(`+).+?\1")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable claim."""

    id: str
    book: str
    """Name of the book, or `common`."""
    text: str
    """Markdown, one paragraph."""
    level: str
    """One of `LEVELS`."""
    roles: tuple[str, ...]
    verify: tuple[str, ...]
    reason: str
    """Why nothing but inspection will do, for those."""
    chapter: str
    """Title of the chapter."""
    page: str
    """`pygase/wire-format`: the path of the chapter under the prose, without its suffix."""
    heading: str
    """The heading that it stands under."""
    line: int

    @property
    def anchor(self) -> str:
        """The anchor of the paragraph on its page."""
        return self.id


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the prose."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class ExtractionError(ValueError):
    """The prose breaks the rules; says where, one line for each problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def load(book: str | None = None) -> dict[str, Requirement]:
    """Return the requirements of a book, of `common`, or of everything, by ID in reading order."""
    found: dict[str, Requirement] = {}
    for name in (COMMON, *books.names()) if book is None else (book,):
        found |= extract(prose_folder(), name)
    return found


@cache
def prose_folder() -> Path:
    """Return the folder with the prose: that of the checkout, or else the packaged copy."""
    here = Path(__file__).resolve()
    for folder in (*here.parents[:3], here.parent / "prose"):
        if (folder / "notation.md").is_file():
            return folder
    raise FileNotFoundError(f"no prose near {here}")


def extract(folder: Path, book: str) -> dict[str, Requirement]:
    """Return the requirements of a book whose prose is under `folder`, or raise ExtractionError."""
    common = book == COMMON
    extraction = _Extraction(book, COMMON_PREFIX if common else books.get(book).prefix)
    for page in chapters(folder, "" if common else book):
        extraction.read(page)
    if extraction.problems:
        raise ExtractionError(sorted(extraction.problems, key=_place))
    return extraction.found


def _place(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line


class _Extraction:
    """What has been read of one book so far."""

    def __init__(self, book: str, prefix: str) -> None:
        self.book = book
        self.id = re.compile(rf"{prefix}-[A-Z]{{3}}-\d{{3}}")
        self.found: dict[str, Requirement] = {}
        self.problems: list[Problem] = []
        self._places: dict[str, str] = {}
        self._removed: set[str] = set()

    def read(self, page: Page) -> None:
        for paragraph in page.paragraphs:
            if "req" in paragraph.classes:
                self._requirement(page, paragraph)
                continue
            if "removed" in paragraph.classes:
                self._tombstone(page, paragraph)
            for keyword in _keywords(paragraph.text):
                self._wrong(page, paragraph, f"{keyword} outside of a requirement")

    def _requirement(self, page: Page, paragraph: Paragraph) -> None:
        given = paragraph.attributes
        roles = tuple(given.get("data-role", "").split())
        verify = tuple(given.get("data-verify", "").split())
        reason = given.get("data-reason", "")
        problems = [*_shape_problems(roles, verify, reason), *_text_problems(paragraph.text)]
        problems += self._identity_problems(page, paragraph)
        for problem in problems:
            self._wrong(page, paragraph, f"{paragraph.id or 'a requirement'}: {problem}")
        if problems:
            return
        (level,) = _keywords(paragraph.text)
        self.found[paragraph.id] = Requirement(
            id=paragraph.id,
            book=self.book,
            text=paragraph.text,
            level=level,
            roles=roles,
            verify=verify,
            reason=reason,
            chapter=page.title,
            page=page.name,
            heading=paragraph.heading,
            line=paragraph.line,
        )

    def _tombstone(self, page: Page, paragraph: Paragraph) -> None:
        if not paragraph.text:
            self._wrong(page, paragraph, f"{paragraph.id}: a tombstone has to say why")
        for problem in self._identity_problems(page, paragraph):
            self._wrong(page, paragraph, f"{paragraph.id or 'a tombstone'}: {problem}")
        self._removed.add(paragraph.id)

    def _identity_problems(self, page: Page, paragraph: Paragraph) -> list[str]:
        name = paragraph.id
        if not self.id.fullmatch(name):
            return [f"the ID has to look like {self.id.pattern}"]
        place = f"{page.file}:{paragraph.line}"
        before = self._places.setdefault(name, place)
        if before == place:
            return []
        if name in self._removed or "removed" in paragraph.classes:
            return [f"the ID has a tombstone and is never used again, see {before}"]
        return [f"the ID is already used at {before}"]

    def _wrong(self, page: Page, paragraph: Paragraph, text: str) -> None:
        self.problems.append(Problem(page.file, paragraph.line, text))


def _shape_problems(roles: tuple[str, ...], verify: tuple[str, ...], reason: str) -> list[str]:
    problems = []
    if not roles:
        problems.append("no data-role")
    if not verify:
        problems.append("no data-verify")
    problems += [f"unknown role {role!r}" for role in roles if role not in ROLES]
    problems += [f"unknown way to verify {way!r}" for way in verify if way not in VERIFY]
    if "inspection" in verify and not reason:
        problems.append("inspection needs a data-reason")
    return problems


def _text_problems(text: str) -> list[str]:
    if not text:
        return ["attributes without a paragraph"]
    keywords = _keywords(text)
    if not keywords:
        return ["no key word"]
    if len(keywords) > 1:
        return [f"more than one key word: {', '.join(keywords)}"]
    if keywords[0] not in LEVELS:
        return [f"{keywords[0]} is not among the levels {', '.join(LEVELS)}"]
    return []


def _keywords(text: str) -> list[str]:
    return _KEYWORD.findall(_INLINE_CODE.sub("", text))
