"""The pages that list all requirements: of each book, and of all of them in one table.

What may live here: these tables; filtering them is for the reader's browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from wirebook.commands.evidence import Entry
from wirebook.spec import books
from wirebook.spec.artefacts.tables import short

_HEAD = (
    "| requirement | level | binds | cases | vectors | tests | begins |\n"
    "|---|---|---|---:|---:|---:|---|\n"
)

_WIDE = "---\nhide: [toc]\n---\n"
"""A page without a table of contents has more room for its table."""


def write(folder: Path, entries: Sequence[Entry]) -> None:
    """Write `requirements.md`, and one for each book into its folder."""
    _page(folder / "requirements.md", "All requirements", entries, "")
    for book in books.names():
        title = f"Requirements of {books.get(book).title}"
        of_book = [entry for entry in entries if entry.requirement.book == book]
        _page(folder / book / "requirements.md", title, of_book, "../")


def _page(path: Path, title: str, entries: Sequence[Entry], root: str) -> None:
    rows = "".join(f"{row}\n" for row in _rows(entries, root))
    introduction = (
        f"{len(entries)} requirements, with the number of cases, vectors and tests that check each."
        f" The same as data: [requirements.json]({root}downloads/requirements.json).\n"
    )
    table = f'<div class="req-index" markdown="1">\n\n{_HEAD}{rows}\n</div>\n'
    path.write_text(f"{_WIDE}# {title}\n\n{introduction}\n{table}", encoding="utf-8")


def _rows(entries: Iterable[Entry], root: str) -> Iterable[str]:
    for entry in entries:
        one = entry.requirement
        link = f"[{one.id}]({root}{one.page}.md#{one.id})"
        checks = (entry.cases, entry.vectors, entry.models or ())
        counts = " | ".join(str(len(found)) if found else "" for found in checks)
        yield f"| {link} | {one.level} | {', '.join(one.roles)} | {counts} | {short(one)} |"
