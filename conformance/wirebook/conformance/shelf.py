"""The books as a reader of captures takes them: schemas, how streams are cut, how boxes are opened.

What may live here: the two modules that a book may have beside its schemas, found by name.

- `wirebook.spec.<book>.stream` has `split(data)`, which returns the whole messages at the beginning
  of a stream's octets and the rest, and may raise Malformed, with the offset that it got to. A book
  without it is one whose messages come one in each datagram or WebSocket message.
- `wirebook.spec.<book>.tunnel` has `open_box(text, private_key, public_key)`, which returns what is
  in an encrypted message or raises Malformed, `is_box(data)`, which tells by its form whether a
  message is one, and `offered_key(data)`, which returns the public key that a message in clear
  offers, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from wirebook.spec.books import Dissection

Split = Callable[[bytes], tuple[list[bytes], bytes]]


class Schemas(Protocol):
    """What is asked of a book; `wirebook.spec.books.Book` has it."""

    @property
    def name(self) -> str:
        """The name of the book."""

    def guess(self, data: bytes) -> tuple[str, ...]:
        """Return the messages that the octets could be."""

    def dissect(self, message: str, data: bytes) -> Dissection:
        """Return the fields of a message."""


class Tunnel(Protocol):
    """How a book's encrypted messages are told and opened."""

    def open_box(self, text: str, private_key: bytes, public_key: bytes) -> bytes:
        """Return what is in an encrypted message, or raise Malformed."""

    def is_box(self, data: bytes) -> bool:
        """Tell whether a message is encrypted."""

    def offered_key(self, data: bytes) -> bytes | None:
        """Return the public key that a message in clear offers."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One book, ready to read with."""

    book: Schemas
    carrier: str
    """What carries the messages: `UDP`, `TCP` or `WebSocket`."""
    split: Split | None = None
    tunnel: Tunnel | None = None

    @property
    def name(self) -> str:
        """The name of the book."""
        return self.book.name


def readers(names: Sequence[str]) -> tuple[Reader, ...]:
    """Return the books of these names."""
    from wirebook.spec import books

    found = []
    for name in names:
        stream, tunnel = _module(name, "stream"), _module(name, "tunnel")
        book = books.get(name)
        split: Split | None = stream.split if stream else None
        opener: Tunnel | None = cast("Tunnel", tunnel) if tunnel else None
        found.append(Reader(book, book.info.carrier, split, opener))
    return tuple(found)


def _module(book: str, name: str) -> ModuleType | None:
    full = f"wirebook.spec.{book}.{name}"
    return import_module(full) if find_spec(full) else None
