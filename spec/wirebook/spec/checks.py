"""The checks that the pieces of a schema make, and how one that fails is told.

What may live here: the names of the checks and the exception that carries one outwards. Each piece
of the dialect raises a `Breach` without a requirement; the innermost part of the schema that has a
rule for this check gives it one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from construct import ConstructError


class Check(Enum):
    """What a piece of a schema can find wrong."""

    SHORT = auto()
    """The input ends too early."""
    LONG = auto()
    """The input goes on too long."""
    CONSTANT = auto()
    """Fixed octets differ."""
    RANGE = auto()
    """A number is outside of its range."""
    OVERRUN = auto()
    """A length claims more octets than there are."""
    UNDERRUN = auto()
    """A length claims fewer octets than there have to be."""
    LEFT_OVER = auto()
    """Octets are left over behind a message."""
    VALUE = auto()
    """The octets are not exactly one value: none, an incomplete one, or some are left over."""
    RESERVED = auto()
    """An octet that the encoding reserves begins a value."""
    EXTENSION = auto()
    """A value has an extension type."""
    UTF8 = auto()
    """A text is not valid UTF-8."""
    SURROGATE = auto()
    """A text has an unpaired surrogate."""
    BASE64 = auto()
    """A text is not base64 with padding in the standard alphabet."""
    DUPLICATE = auto()
    """A map has the same key twice."""
    CONTAINER_KEY = auto()
    """A map has an array or a map as a key."""
    DEPTH = auto()
    """Arrays and maps are nested too deep."""
    FLOAT = auto()
    """A finite float is beyond the format that it would be sent in."""
    MAGNITUDE = auto()
    """A number is beyond what a receiver can hold."""
    TOO_LARGE = auto()
    """A message has more octets than may be sent."""
    TYPE = auto()
    """A value has another type."""
    MISSING = auto()
    """A required key is not there."""
    UNKNOWN = auto()
    """A key is there that no rule knows."""


Rules = Mapping[Check, str]
"""Which requirement each check serves."""


class Breach(ConstructError):  # type: ignore[misc]  # construct has no types
    """A check failed, while parsing or building."""

    def __init__(
        self,
        check: Check,
        reason: str,
        *,
        offset: int = 0,
        keys: tuple[object, ...] = (),
        about_key: bool = False,
    ) -> None:
        super().__init__(reason)
        self.check = check
        self.reason = reason
        self.offset = offset
        """Where in the input; 0 while building."""
        self.keys = keys
        """The way from the outermost value of a body to the one that is wrong."""
        self.about_key = about_key
        """Whether the last of `keys` itself is wrong, not what it leads to."""
        self.where = ""
        """The path of the part of the schema, for a reader."""
        self.requirement = ""

    def attribute(self, rules: Rules) -> None:
        """Name the requirement, if `rules` have one and nobody further inside had."""
        if not self.requirement:
            self.requirement = rules.get(self.check, "")


def path_text(base: str, keys: tuple[object, ...]) -> str:
    """Return `base` extended by `keys`, as in `events[0].handler_kwargs.name`."""
    for key in keys:
        if isinstance(key, str) and key.isidentifier():
            base += f".{key}" if base else key
        else:
            base += f"[{key!r}]"
    return base
