"""The books: which there are, and how the messages of one are read, written and taken apart.

What may live here: finding the sub-packages that are books, and the one door through which every
other part uses a book's schemas. Importing this module is cheap: construct, msgpack and a book's
schemas are loaded when a message is first used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from wirebook.spec.dissection import Dissection, Field, Malformed, Unencodable

if TYPE_CHECKING:
    from typing import Any

    from wirebook.spec.dialect import Message

__all__ = [
    "Book",
    "BookInfo",
    "Dissection",
    "Field",
    "Malformed",
    "Unencodable",
    "UnknownBookError",
    "UnknownMessageError",
    "get",
    "names",
]


class UnknownBookError(LookupError):
    """There is no book of that name."""


class UnknownMessageError(LookupError):
    """The book has no message of that name."""


@dataclass(frozen=True, slots=True)
class BookInfo:
    """What a book's sub-package says of it, as `BOOK`."""

    name: str
    title: str
    prefix: str
    """The first part of the IDs of its requirements."""
    carrier: str
    """What its messages travel in."""


@dataclass(frozen=True, slots=True)
class Book:
    """One protocol's schemas."""

    info: BookInfo

    @property
    def name(self) -> str:
        """The name that commands and folders use."""
        return self.info.name

    @property
    def title(self) -> str:
        """The name that people use."""
        return self.info.title

    @property
    def prefix(self) -> str:
        """The first part of the IDs of its requirements."""
        return self.info.prefix

    @property
    def messages(self) -> Mapping[str, Message]:
        """The schemas by the names of their messages."""
        schemas: Mapping[str, Message] = import_module(f"{__package__}.{self.name}.wire").MESSAGES
        return schemas

    def parse(self, message: str, data: bytes) -> dict[str, Any]:
        """Return the value of `data`, which has to be one whole message; else raise Malformed."""
        return self._read(message, data, None)

    def build(self, message: str, value: dict[str, Any]) -> bytes:
        """Return the octets of `value`, or raise Unencodable."""
        schema = self._schema(message)
        from wirebook.spec.checks import Breach

        try:
            built: bytes = schema.build(value)
        except Breach as breach:
            raise Unencodable(breach.where, breach.reason, breach.requirement) from None
        return built

    def dissect(self, message: str, data: bytes) -> Dissection:
        """Return the fields of `data`, up to the first error if there is one."""
        fields: list[Field] = []
        try:
            self._read(message, data, fields)
        except Malformed as malformed:
            return Dissection(tuple(fields), malformed)
        return Dissection(tuple(fields))

    def guess(self, data: bytes) -> tuple[str, ...]:
        """Return the names of the messages that the datagram could be, likely ones first.

        If it is a whole one of none, these are the messages that it begins like. A message is the
        less likely, the more there is that its receiver ignores.
        """
        seen = {
            name: self.dissect(name, data)
            for name, schema in self.messages.items()
            if schema.datagram
        }
        likely = sorted(seen, key=lambda name: sum(field.ignored for field in seen[name].fields))
        whole = tuple(name for name in likely if seen[name].error is None)
        return whole or tuple(name for name in likely if seen[name].fields)

    def _read(self, message: str, data: bytes, trace: list[Field] | None) -> dict[str, Any]:
        schema = self._schema(message)
        from wirebook.spec.checks import Breach

        try:
            value: dict[str, Any] = schema.parse(data, trace=trace)
        except Breach as breach:
            raise Malformed(breach.requirement, breach.reason, breach.offset) from None
        return value

    def _schema(self, message: str) -> Message:
        schemas = self.messages
        if message not in schemas:
            known = ", ".join(schemas)
            raise UnknownMessageError(f"{self.title} has no message {message!r}; it has {known}")
        return schemas[message]


def names() -> tuple[str, ...]:
    """Return the names of all books: the sub-packages that have schemas."""
    from pathlib import Path

    folder = Path(__file__).parent
    return tuple(sorted(path.parent.name for path in folder.glob("*/wire.py")))


def get(name: str) -> Book:
    """Return the book of that name, or raise UnknownBookError with a hint."""
    known = names()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise UnknownBookError(f"there is no book {name!r}; {hint}")
    info: BookInfo = import_module(f"{__package__}.{name}").BOOK
    return Book(info)
