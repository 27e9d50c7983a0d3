"""Hypothesis strategies for the messages of a book, made from the neutral form of its schemas.

    >>> from wirebook.fuzz import strategies
    >>> strategies.near_valid("pygase", "event").example()  # doctest: +SKIP
    Faulty(message='event', octets=b'…', fault='key-type', path='handler_kwargs', certain=True)

`values` and `octets` are valid: as a sender sends them, or with `taken=True` as a receiver has to
take them, in any encoding and with members that nobody knows. `near_valid` is almost valid: octets
with one fault, which has a name, and the path of the part that is wrong. Everywhere `book` is the
name of a book or a neutral form; no book is known here, and a new one gets its strategies by having
a `wire.json`. What may live here: the strategies; what they draw is made in `schemas`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from wirebook.fuzz.schemas import Dice, Faulty, Plan, message_of, octets_of, text_of
from wirebook.fuzz.schemas.dice import BLOCK
from wirebook.spec import neutral

__all__ = [
    "Book",
    "Faulty",
    "faults",
    "messages",
    "names",
    "near_valid",
    "near_valid_octets",
    "octets",
    "octets_of",
    "plan",
    "streams",
    "values",
]

Book = str | Mapping[str, Any]
"""The name of a book, or its neutral form."""


def values(book: Book, message: str, *, taken: bool = False) -> SearchStrategy[Any]:
    """Return a strategy for the values of a message, as the book's `build` takes them.

    Half of them are anything; the others have one part at an extreme, the least or the most of it.
    With `taken` they are what a receiver has to accept, even if no sender may send it.
    """
    return _values(plan(book, message, taken=taken))


def octets(book: Book, message: str, *, taken: bool = False) -> SearchStrategy[bytes]:
    """Return a strategy for valid messages, as senders write them.

    With `taken` they are in any encoding that a receiver has to accept: integers longer than need
    be, white space, escapes, a bin for a text where a book says so.
    """
    return _octets(plan(book, message, taken=taken), taken)


def near_valid(book: Book, message: str) -> SearchStrategy[Faulty]:
    """Return a strategy for what is almost a message, with the name and the path of the fault."""
    return _near_valid(plan(book, message))


def near_valid_octets(book: Book, message: str) -> SearchStrategy[bytes]:
    """Return a strategy for what is almost a message."""
    return near_valid(book, message).map(_of_faulty)


def messages(
    book: Book,
    *,
    of: Callable[[Book, str], SearchStrategy[Any]] = octets,
    parts: bool = False,
) -> SearchStrategy[tuple[str, Any]]:
    """Return a strategy for the name of a message and what `of` gives for it.

        messages("pygase", of=near_valid_octets)

    Only messages that travel on their own are drawn, unless `parts` asks for all.
    """
    return st.one_of(
        [st.tuples(st.just(name), of(book, name)) for name in names(book, parts=parts)]
    )


def streams(
    book: Book,
    *,
    of: Callable[[Book, str], SearchStrategy[bytes]] = octets,
    max_size: int = 5,
) -> SearchStrategy[list[bytes]]:
    """Return a strategy for messages one after the other, cut into segments at any octet."""
    several = st.lists(messages(book, of=of), max_size=max_size)
    return _segments(several)


def names(book: Book, *, parts: bool = False) -> tuple[str, ...]:
    """Return the names of the messages, or also of the parts that have schemas of their own."""
    forms = _document(book)["messages"]
    return tuple(name for name, form in forms.items() if parts or form["datagram"])


def faults(book: Book, message: str) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the faults of each part of a message, by its path."""
    found = plan(book, message).faults
    return {text_of(path): tuple(fault.name for fault in each) for path, each in found.items()}


def plan(book: Book, message: str, *, taken: bool = False) -> Plan:
    """Return what a message's strategies draw from, for those who draw without Hypothesis.

    plan("pygase", "event").near_valid(Dice(random.Random(1).randbytes))
    """
    if isinstance(book, str):
        return _plan(book, message, taken)
    return Plan(message_of(book, message, taken=taken))


@cache
def _plan(book: str, message: str, taken: bool) -> Plan:
    return Plan(message_of(neutral.load(book), message, taken=taken))


def _document(book: Book) -> Mapping[str, Any]:
    return neutral.load(book) if isinstance(book, str) else book


_BLOCKS = st.binary(min_size=BLOCK, max_size=BLOCK)


def _dice(draw: DrawFn) -> Dice:
    return Dice(lambda _: draw(_BLOCKS))


@st.composite
def _values(draw: DrawFn, of: Plan) -> Any:
    return of.varied(_dice(draw))


@st.composite
def _octets(draw: DrawFn, of: Plan, taken: bool) -> bytes:
    return of.octets(_dice(draw), varied=taken)


@st.composite
def _near_valid(draw: DrawFn, of: Plan) -> Faulty:
    return of.near_valid(_dice(draw))


@st.composite
def _segments(draw: DrawFn, several: SearchStrategy[list[tuple[str, bytes]]]) -> list[bytes]:
    stream = b"".join(octets for _, octets in draw(several))
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=5).map(sorted))
    borders = [0, *cuts, len(stream)]
    return [stream[start:end] for start, end in pairwise(borders)]


def _of_faulty(faulty: Faulty) -> bytes:
    return faulty.octets
