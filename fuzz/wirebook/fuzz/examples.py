"""The example database of a lot: what others found worth keeping, and what is new in this one.

Hypothesis keeps the inputs that failed or came far, and begins with them the next time. The lots of
a campaign share theirs by way of the campaign: no worker needs the files of another one. What may
live here: the database.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis.database import ExampleDatabase

from wirebook.fuzz.lots import Example


class Examples(ExampleDatabase):
    """An example database in memory that knows what was added to it."""

    def __init__(self, examples: Iterable[Example] = ()) -> None:
        super().__init__()
        self._values: dict[bytes, dict[bytes, None]] = {}
        for key, value in examples:
            self._values.setdefault(key, {})[value] = None
        self._gained: dict[Example, None] = {}

    def save(self, key: bytes, value: bytes) -> None:
        """Keep a value under a key."""
        values = self._values.setdefault(key, {})
        if value not in values:
            values[value] = None
            self._gained[key, value] = None

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the values under a key."""
        return list(self._values.get(key, ()))

    def delete(self, key: bytes, value: bytes) -> None:
        """Keep a value no longer."""
        self._values.get(key, {}).pop(value, None)
        self._gained.pop((key, value), None)

    def gained(self) -> tuple[Example, ...]:
        """Return what was added and is still there."""
        return tuple(self._gained)
