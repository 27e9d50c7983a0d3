"""Putting the pages together: the prose, what is folded into it, and the pages that are generated.

What may live here: which page comes from where.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from wirebook.commands import evidence
from wirebook.commands.site import decoder, downloads, folds, indexes
from wirebook.conformance.mutation import kills
from wirebook.conformance.mutation.kills import Kill
from wirebook.spec import books, requirements

_LEFT_OUT = shutil.ignore_patterns("wirebook", "tests", "vectors", "decoder", "__pycache__")


def assemble(checkout: Path, folder: Path) -> None:
    """Write all pages, and what they refer to, into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(checkout / "spec", folder, ignore=_LEFT_OUT)
    cases, vectors, tests = evidence.checks(books.names())
    known = requirements.load()
    entries = {
        entry.requirement.id: entry
        for entry in evidence.entries(list(known.values()), cases, vectors, tests)
    }
    mutants: dict[str, list[Kill]] = {}
    for book in books.names():
        for kill in kills.load(book):
            mutants.setdefault(kill.requirement, []).append(kill)
    for page in folder.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        depth = len(page.relative_to(folder).parts) - 1
        page.write_text(folds.folded(text, entries, mutants, "../" * depth), encoding="utf-8")
    decoder.write(folder, known.values())
    indexes.write(folder, list(entries.values()))
    downloads.write(checkout, folder, list(entries.values()))
