"""What the suite has for each book: cases, a probe, built-in targets and requirements.

What may live here: finding these by the book's name, so that a new book means new folders and no
change in the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from wirebook.conformance.controller import Cited
from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.plan import CASES
from wirebook.conformance.targets.builtin import FOLDER

DRIVERS = "wirebook.conformance.drivers"


@dataclass(frozen=True, slots=True)
class Library:
    """The books and where their parts of the suite are."""

    books: tuple[str, ...]
    cases: Path = CASES
    """The folder that has a folder of case modules for each book."""
    targets: Path = FOLDER
    """The folder that has a folder for each built-in target."""
    drivers: str = DRIVERS
    """The package that has a package with the function `probe` for each book.

    The package of a book may have modules `doctor` and `interop`, too.
    """
    requirements: Mapping[str, Cited] = field(default_factory=dict)

    def probe(self, book: str) -> str:
        """Return the name of the function that asks a server whether it is there."""
        return f"{self.drivers}.{book}:probe"

    def play(self, book: str) -> str:
        """Return the name of the function that has a client play with a server."""
        return f"{self.drivers}.{book}.interop:play"

    def has_play(self, book: str) -> bool:
        """Tell whether the book has such a function."""
        try:
            return find_spec(f"{self.drivers}.{book}.interop") is not None
        except ModuleNotFoundError:  # not even a driver
            return False

    def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names, each once, if they are all books."""
        for name in names:
            if name not in self.books:
                raise CommandError(f'unknown book "{name}"', hint=did_you_mean(name, self.books))
        return tuple(dict.fromkeys(names))


def open_library() -> Library:
    """Return the library of the books that the specification has."""
    from wirebook.spec import books, requirements

    cited = {
        name: Cited(level=requirement.level, chapter=requirement.chapter)
        for name, requirement in requirements.load().items()
    }
    return Library(books=books.names(), requirements=cited)
