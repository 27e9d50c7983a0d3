"""Kill vectors: which cases fail on which mutant, kept beside this module for each book.

What may live here: reading and writing the files. They are made by `wirebook mutants --record` and
tell a target's failures apart where the bank itself, a part of the reference, is not at hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wirebook.conformance.verdicts import Verdict

FOLDER = Path(__file__).with_name("vectors")
FAILED = (Verdict.FAIL, Verdict.CRASH, Verdict.NONSTRICT)


@dataclass(frozen=True, slots=True)
class Kill:
    """What the cases that cite a mutant's requirement said of it."""

    id: str
    requirement: str
    sentence: str
    failed: frozenset[str]
    passed: frozenset[str]


def load(book: str, folder: Path = FOLDER) -> tuple[Kill, ...]:
    """Return the kill vectors of a book; none if none were recorded."""
    path = folder / f"{book}.json"
    if not path.exists():
        return ()
    data = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Kill(
            identifier,
            one["requirement"],
            one["sentence"],
            frozenset(one["failed"]),
            frozenset(one["passed"]),
        )
        for identifier, one in data["mutants"].items()
    )


def save(book: str, vectors: Iterable[Kill], folder: Path = FOLDER) -> Path:
    """Write the kill vectors of a book in one step; return the path of the file."""
    known = {kill.id: kill for kill in vectors}
    data = {"mutants": {name: _to_json(known[name]) for name in sorted(known)}}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{book}.json"
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)
    return path


def _to_json(kill: Kill) -> Mapping[str, object]:
    return {
        "requirement": kill.requirement,
        "sentence": kill.sentence,
        "failed": sorted(kill.failed),
        "passed": sorted(kill.passed),
    }
