"""What the reports ask of the books: the texts of requirements, and messages read as fields.

What may live here: the shapes of those answers as reports use them, and the functions that get them
from `wirebook.spec` when a report first needs them. Everything can be replaced by a caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wirebook.spec.books import Book


class RequirementText(Protocol):
    """The parts of a requirement that reports show."""

    @property
    def text(self) -> str:
        """The requirement as Markdown, one paragraph."""

    @property
    def level(self) -> str:
        """The keyword: MUST, SHOULD NOT, …"""

    @property
    def chapter(self) -> str:
        """The title of the chapter it stands in."""

    @property
    def page(self) -> str:
        """The page of the book it stands on, without suffix."""

    @property
    def anchor(self) -> str:
        """The fragment that leads to it on its page."""


class DecodedField(Protocol):
    """One field of a message."""

    @property
    def offset(self) -> int:
        """Where it begins."""

    @property
    def length(self) -> int:
        """How many octets it takes."""

    @property
    def path(self) -> str:
        """Its name, with the names of what it lies in."""

    @property
    def value(self) -> object:
        """What it was decoded to."""

    @property
    def text(self) -> str:
        """The value, for people."""

    @property
    def doc(self) -> str:
        """One line on what the field means, in Markdown."""

    @property
    def structural(self) -> bool:
        """Whether it is a key, a length or a count, without a value of its own."""


class Rejection(Protocol):
    """Why a message is not valid."""

    @property
    def requirement(self) -> str:
        """The ID of the requirement it breaks."""

    @property
    def reason(self) -> str:
        """One line for people."""

    @property
    def offset(self) -> int:
        """Where the reader stopped."""


class DecodedMessage(Protocol):
    """A message read as far as it can be."""

    @property
    def fields(self) -> tuple[DecodedField, ...]:
        """The fields, in the order of their offsets."""

    @property
    def error(self) -> Rejection | None:
        """What is wrong with it, if anything."""


Dissect = Callable[[str, str, bytes], DecodedMessage]
"""`dissect(book, message, data)`."""

Requirements = Mapping[str, RequirementText]


def dissect_by_book(book: str, message: str, data: bytes) -> DecodedMessage:
    """Read a message by the schema that the book has for it."""
    return _book(book).dissect(message, data)


@cache
def _book(name: str) -> Book:
    from wirebook.spec import books

    return books.get(name)


@cache
def requirements_of_the_books() -> Requirements:
    """Return every requirement of every book."""
    from wirebook.spec import requirements

    return requirements.load()


def chapters_in_order(requirements: Requirements) -> tuple[str, ...]:
    """Return the titles of the chapters in the order in which the books have them."""
    return tuple(dict.fromkeys(requirement.chapter for requirement in requirements.values()))


def readable(load: Callable[[], Requirements]) -> Requirements:
    """Return the requirements; none when the books cannot be read.

    A book that is broken must not cost the verdicts: reports then show the bare IDs.
    """
    with suppress(Exception):
        return load()
    return {}
