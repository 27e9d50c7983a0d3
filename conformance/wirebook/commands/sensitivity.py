"""The page of the site that says what the suite detects, and its data.

What may live here: making `spec/sensitivity.md` and `spec/data/mutants.json` from the kill vectors
that `wirebook mutants --record` keeps. The page is never written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirebook.conformance.mutation.kills import Kill
    from wirebook.spec.requirements import Requirement

PAGE = Path("spec", "sensitivity.md")
DATA = Path("spec", "data", "mutants.json")

_INTRODUCTION = """\
<!-- written by `wirebook mutants --record` -->
# What the suite detects

A conformance suite is worth what it detects.
To find out, the reference is broken on purpose.
Each *mutant* breaks one requirement, in a few lines, and keeps all others.
A mutant is *killed* if a case that cites the broken requirement fails on it.
A crash, a hang or the failure of another case does not count:
they find something, but not what was looked for.

Every mandatory requirement that shows on the wire, or on the core of the reference, has a mutant.
Where it does not show from outside, tests of the reference's core take the place of cases.
`wirebook mutants` runs the bank, and `wirebook serve BOOK --mutant ID` one mutant to try things on.
The same as data, with the verdict of each case: [mutants.json](data/mutants.json).

A run of the suite on any implementation compares its failures with those of the mutants.
Where they are alike, the report says so: it *behaves like* a mutant.
The distance tells how alike, from 0 (the same cases fail) to 1 (none of the same).
"""
_OF_BOOK = """
## {title}

{killed} of {all} mutants are killed.

| mutant | breaks | what it does | checks that fail |
|---|---|---|---|
"""


def write(checkout: Path) -> tuple[Path, ...]:
    """Write the page and its data into a checkout; return the paths of both."""
    texts = {PAGE: page(), DATA: data()}
    for path, text in texts.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        beside = checkout / path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(checkout / path)
    return tuple(texts)


def page() -> str:
    """Return the page."""
    from wirebook.spec import books, requirements

    known = requirements.load()
    parts = [_INTRODUCTION]
    for book, mutants in _by_book().items():
        killed = sum(bool(one.failed) for one in mutants)
        parts.append(
            _OF_BOOK.format(title=books.get(book).info.title, killed=killed, all=len(mutants))
        )
        parts += [_row(one, known[one.requirement]) for one in mutants]
    return "".join(parts)


def data() -> str:
    """Return the matrix as JSON."""
    matrix = {
        one.id: {
            "book": book,
            "requirement": one.requirement,
            "sentence": one.sentence,
            "killed": bool(one.failed),
            "cases": {
                **dict.fromkeys(sorted(one.failed), "fail"),
                **dict.fromkeys(sorted(one.passed), "pass"),
            },
        }
        for book, mutants in _by_book().items()
        for one in mutants
    }
    return json.dumps(matrix, indent=1, ensure_ascii=False) + "\n"


def _by_book() -> Mapping[str, Sequence[Kill]]:
    from wirebook.conformance.mutation import kills
    from wirebook.spec import books

    return {book: kills.load(book) for book in books.names()}


def _row(kill: Kill, requirement: Requirement) -> str:
    link = f"[{kill.requirement}]({requirement.page}.md#{kill.requirement})"
    sentence = kill.sentence.replace("|", "\\|")
    ran = len(kill.failed) + len(kill.passed)
    return f"| `{kill.id}` | {link} | {sentence} | {len(kill.failed)} of {ran} |\n"
