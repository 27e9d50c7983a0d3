"""What a run is to do, handed to every process that takes part in it.

What may live here: plain data and its way through a file of JSON. The workers of a parallel run are
processes of their own; they know nothing but this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets.description import Target

CASE_SECONDS = 60.0
CASES = Path(__file__).parent / "cases"
_AGAIN = re.compile(r"@run(?P<number>\d+)$")
_MODULE = r"test_(?:{book}_)?(?P<role>server|client)_(?P<topic>\w+)\.py"


@dataclass(frozen=True, slots=True)
class CaseModule:
    """A file of cases and what its name says of them."""

    path: Path
    book: str
    role: str
    topic: str

    def case_id(self, name: str) -> str:
        """Return the ID of a case from the name of its function, with the parameter if any."""
        plain = _AGAIN.sub("", name).removeprefix("test_")
        return f"{self.book}/{self.role}_{self.topic}/{plain}"


@dataclass(frozen=True, slots=True)
class BookPlan:
    """The part of a run that one book has."""

    book: str
    roles: tuple[str, ...]
    target: Target
    probe: str
    """`package.module:function` that asks a server whether it is there."""


@dataclass(frozen=True, slots=True)
class Audit:
    """How far a run of cases goes that the target's features leave out."""

    features: tuple[str, ...] = ()
    """The features that the target does not declare, and that are taken for declared here."""
    cases: int = 0
    """How many of each feature are tried; 0 for all of them."""
    seconds: float = 0.0
    """After how long no further one begins; 0 for never."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    books: tuple[BookPlan, ...]
    cases: Path
    """The folder that has a folder of case modules for each book."""
    seed: int = 0
    keyword: str = ""
    only: tuple[str, ...] = ()
    """IDs of the cases to run, where it is not all of them."""
    case_seconds: float = CASE_SECONDS
    exit_first: bool = False
    """Whether the first violation ends the run."""
    repeat: int = 1
    """How often each case runs."""
    shard: tuple[int, int] | None = None
    """Which part of the cases to run, of how many: the first of two is `(1, 2)`."""
    network: str = ""
    """How bad the network is between suite and target, or what befalls it; perfect if empty."""
    audit: Audit | None = None
    """Set where the run tries cases of features that the target does not declare."""
    corpus: tuple[Path, ...] = ()
    """Folders of findings that are played beside those that come with the suite."""

    def modules(self) -> tuple[CaseModule, ...]:
        """Return the case modules of the chosen books and roles, in a stable order."""
        return tuple(
            module
            for book in self.books
            for module in modules_of(book.book, self.cases)
            if module.role in book.roles and self._wants(module)
        )

    def _wants(self, module: CaseModule) -> bool:
        prefix = module.case_id("")
        return not self.only or any(name.startswith(prefix) for name in self.only)

    def write(self, path: Path) -> None:
        """Write the plan for the processes of the run."""
        data = {
            "books": [_book_to_json(book) for book in self.books],
            "cases": str(self.cases),
            "seed": self.seed,
            "keyword": self.keyword,
            "only": self.only,
            "case_seconds": self.case_seconds,
            "exit_first": self.exit_first,
            "repeat": self.repeat,
            "shard": self.shard,
            "network": self.network,
            "audit": asdict(self.audit) if self.audit else None,
            "corpus": [str(folder) for folder in self.corpus],
        }
        path.write_text(json.dumps(data), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read what `write` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **{
                **data,
                "books": tuple(_book_from_json(book) for book in data["books"]),
                "cases": Path(data["cases"]),
                "only": tuple(data["only"]),
                "shard": tuple(data["shard"]) if data["shard"] else None,
                "audit": _audit_from_json(data["audit"]) if data["audit"] else None,
                "corpus": tuple(map(Path, data["corpus"])),
            }
        )


def named_again(name: str, number: int) -> str:
    """Return the name of a case's function for a further run of it."""
    return f"{name}@run{number}"


def number_of_run(name: str) -> int:
    """Return which run of its case a function of this name is."""
    match = _AGAIN.search(name)
    return int(match["number"]) if match else 1


def modules_of(book: str, cases: Path = CASES) -> tuple[CaseModule, ...]:
    """Return all case modules of a book."""
    found = []
    named = re.compile(_MODULE.format(book=re.escape(book)))
    for path in sorted((cases / book).glob("test_*.py")):
        match = named.fullmatch(path.name)
        if match is None:
            raise CommandError(f"{path}: a case module is named test_ROLE_TOPIC.py")
        found.append(CaseModule(path, book, match["role"], match["topic"]))
    return tuple(found)


def _audit_from_json(data: Mapping[str, Any]) -> Audit:
    return Audit(**{**data, "features": tuple(data["features"])})


def _book_to_json(book: BookPlan) -> dict[str, Any]:
    return {
        "book": book.book,
        "roles": book.roles,
        "target": book.target.to_json(),
        "probe": book.probe,
    }


def _book_from_json(data: Mapping[str, Any]) -> BookPlan:
    return BookPlan(
        book=data["book"],
        roles=tuple(data["roles"]),
        target=Target.from_json(data["target"]),
        probe=data["probe"],
    )
