"""Shapes of the values inside a body: the typed records of the dialect.

A shape says of a decoded value (from MessagePack or JSON) which type, range and keys it
has to have, and what each part of it is for. What may live here: shapes and their checks; nothing
that knows octets. They are plain data: `neutral` reads them, nothing derives from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from wirebook.spec.checks import Breach, Check, Rules

Keys = tuple[object, ...]


class Shape(Protocol):
    """What a value has to look like."""

    def check(self, value: object, keys: Keys) -> None:
        """Raise a Breach unless `value`, which stands at `keys`, has this shape."""


@dataclass(frozen=True, slots=True)
class Any:
    """Every value that the encoding has."""

    def check(self, value: object, keys: Keys) -> None:
        """Accept the value."""


@dataclass(frozen=True, slots=True)
class Nil:
    """Nothing."""

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not nil."""
        if value is not None:
            raise _other_type("nil", value, keys)


@dataclass(frozen=True, slots=True)
class Bool:
    """A truth value."""

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not a boolean."""
        if not isinstance(value, bool):
            raise _other_type("a boolean", value, keys)


@dataclass(frozen=True, slots=True)
class Str:
    """A text."""

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not a str."""
        if not isinstance(value, str):
            raise _other_type("a str", value, keys)


@dataclass(frozen=True, slots=True)
class Int:
    """An integer, perhaps within a range; a boolean is not one."""

    least: int | None = None
    most: int | None = None

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not an integer of the range."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise _other_type("an integer", value, keys)
        if self.least is not None and value < self.least:
            raise Breach(Check.RANGE, f"{value} is below {self.least}", keys=keys)
        if self.most is not None and value > self.most:
            raise Breach(Check.RANGE, f"{value} is above {self.most}", keys=keys)


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value of a shape, or nil."""

    shape: Shape

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is neither nil nor of the shape."""
        if value is not None:
            self.shape.check(value, keys)


@dataclass(frozen=True, slots=True)
class Array:
    """An array of any length."""

    items: Shape = field(default_factory=Any)

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not an array of such items."""
        if not isinstance(value, list):
            raise _other_type("an array", value, keys)
        for index, item in enumerate(value):
            self.items.check(item, (*keys, index))


@dataclass(frozen=True, slots=True)
class Map:
    """A map of any size whose keys are str."""

    values: Shape = field(default_factory=Any)

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not a map with str keys and such values."""
        if not isinstance(value, dict):
            raise _other_type("a map", value, keys)
        for key, item in value.items():
            _check_key(key, keys)
            self.values.check(item, (*keys, key))


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record: its name, the shape of its value, what it is for."""

    name: str
    shape: Shape
    doc: str
    required: bool = True
    rules: Rules = field(default_factory=dict)
    cites: tuple[str, ...] = ()
    """Requirements about it that no check of the schema serves."""
    default: tuple[object, ...] = ()
    """The value that a receiver takes instead, if the key may be left out and that is fixed."""


@dataclass(frozen=True, slots=True)
class Record:
    """A map with known keys, and perhaps others."""

    keys: tuple[Key, ...]
    others: Shape | None = None
    """The shape of the values under all other keys; None if there may be none."""
    others_doc: str = ""
    any_keys: bool = False
    """Whether the others may have keys that are not str."""
    ignores_others: bool = False
    """Whether a receiver ignores the others."""

    def check(self, value: object, keys: Keys) -> None:
        """Refuse what is not a map with these keys: its keys first, then the values."""
        if not isinstance(value, dict):
            raise _other_type("a map", value, keys)
        known = {key.name: key for key in self.keys}
        for name in value:
            if not self.any_keys:
                _check_key(name, keys)
            if name not in known and self.others is None:
                reason = f"unknown key {name!r}"
                raise Breach(Check.UNKNOWN, reason, keys=(*keys, name), about_key=True)
        for key in self.keys:
            self._check_known(key, value, keys)
        if self.others is not None:
            for name, item in value.items():
                if name not in known:
                    self.others.check(item, (*keys, name))

    def _check_known(self, key: Key, value: Mapping[object, object], keys: Keys) -> None:
        try:
            if key.name in value:
                key.shape.check(value[key.name], (*keys, key.name))
            elif key.required:
                raise Breach(Check.MISSING, f"no key {key.name!r}", keys=keys)
        except Breach as breach:
            breach.attribute(key.rules)
            raise


def doc_of(shape: Shape, keys: Keys) -> str:
    """Return what the part of `shape` at `keys` is for, or "" where nothing is said."""
    if not keys:
        return ""
    if isinstance(shape, Array):
        return doc_of(shape.items, keys[1:])
    if isinstance(shape, Map):
        return doc_of(shape.values, keys[1:])
    if isinstance(shape, Record):
        for key in shape.keys:
            if key.name == keys[0]:
                return doc_of(key.shape, keys[1:]) or key.doc
        return shape.others_doc
    return ""


def ignores(shape: Shape, keys: Keys) -> bool:
    """Return whether a receiver of `shape` ignores what stands at `keys`."""
    if not isinstance(shape, Record) or not keys:
        return False
    for key in shape.keys:
        if key.name == keys[0]:
            return ignores(key.shape, keys[1:])
    return shape.ignores_others


def _check_key(key: object, keys: Keys) -> None:
    if not isinstance(key, str):
        reason = f"key {key!r} is not a str"
        raise Breach(Check.TYPE, reason, keys=(*keys, key), about_key=True)


def _other_type(wanted: str, value: object, keys: Keys) -> Breach:
    return Breach(Check.TYPE, f"{type(value).__name__} instead of {wanted}", keys=keys)
