"""What reading a message yields besides its value: where each field stands, or what is wrong.

What may live here: the plain data that a dissection is made of, and how a value is shown in short.
Little is imported here, and that late, so that `books` costs nothing until a schema is used.
"""

from __future__ import annotations

from dataclasses import dataclass

from wirebook.spec.extension import Ext

SHOWN = 60
"""The most characters that the short form of a value has."""


class Malformed(ValueError):
    """A message that its receiver has to refuse."""

    def __init__(self, requirement: str, reason: str, offset: int) -> None:
        super().__init__(requirement, reason, offset)
        self.requirement = requirement
        """The ID of the requirement that says so."""
        self.reason = reason
        self.offset = offset
        """Where the offending octets begin, or where missing ones would."""

    def __str__(self) -> str:
        return f"{self.requirement}: {self.reason} (at octet {self.offset})"


class Unencodable(ValueError):
    """A value that the schema has no octets for."""

    def __init__(self, path: str, reason: str, requirement: str = "") -> None:
        super().__init__(path, reason, requirement)
        self.path = path
        self.reason = reason
        self.requirement = requirement
        """The ID of the requirement that says so, where one does."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@dataclass(frozen=True, slots=True)
class Field:
    """A run of octets with one meaning."""

    offset: int
    length: int
    path: str
    """`header.ack`, `events[0].type`; structure has a suffix: `:key`, `:length`, `:map` …"""
    value: object
    text: str
    """The value in short."""
    doc: str
    """What the field is for, in one line; "" for what the application put there."""
    structural: bool = False
    """Whether it is a key, a length or the head of a container, with no value of its own."""
    ignored: bool = False
    """Whether its receiver ignores it."""


@dataclass(frozen=True, slots=True)
class Dissection:
    """A message, field by field; without an error, its fields cover it without gaps."""

    fields: tuple[Field, ...]
    """In the order of the octets, as far as the message could be read."""
    error: Malformed | None = None

    def span(self, path: str) -> tuple[int, int]:
        """Return offset and length of the value at `path`, without its key and its length.

        Raises LookupError if nothing stands there.
        """
        inside = [field for field in self.fields if _belongs(field.path, path)]
        if not inside:
            raise LookupError(f"there is no {path!r}")
        start = inside[0].offset
        return start, inside[-1].offset + inside[-1].length - start


def _belongs(inner: str, outer: str) -> bool:
    if not inner.startswith(outer):
        return False
    rest = inner[len(outer) :]
    return not rest or (rest[0] in ".[:" and rest not in (":key", ":length"))


def show(value: object) -> str:
    """Return `value` in one short line."""
    if value is None:
        text = "nil"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, bytes):
        text = value[:SHOWN].hex(" ") or "(empty)"
    elif isinstance(value, Ext):
        text = f"extension {value.code}: {show(value.data)}"
    elif isinstance(value, str):
        import json

        text = json.dumps(value, ensure_ascii=False)
    else:
        text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
