"""What a reader makes of octets, and where two readers part.

What may live here: readings as plain data, and comparing them. Who reads is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wirebook.spec.vectors import same

UNSEEN: Final = object()
"""The value of octets that were taken by a reader that does not show for what."""

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader makes of the octets of a message."""

    taken: bool
    value: Any = UNSEEN
    """What they were taken for."""
    requirement: str = ""
    """The ID of the requirement that octets which are refused break, if the reader names one."""
    reason: str = ""
    """Why they were refused."""
    failed: str = ""
    """The signature of what ended the reader, or stopped it, instead of an answer."""
    output: str = ""
    """The traceback or the last output of a reader that failed."""

    def __str__(self) -> str:
        if self.failed:
            return f"fails: {self.failed}"
        if not self.taken:
            return f"refuses it: {self.requirement} {self.reason}".strip()
        return "takes it" if self.value is UNSEEN else f"reads {self.value!r:.{_SHOWN}}"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Readers that part over the same octets."""

    signature: str
    """Who does what, without the values of this time."""
    what: str
    requirements: tuple[str, ...]
    failed: bool = False
    """Whether one of them has failed to read them at all."""
    output: str = ""


def disagreement(message: str, readings: Mapping[str, Reading]) -> Disagreement | None:
    """Return how readers part over the octets of a message; None if they agree.

    Readers that refuse octets need not agree why: there may be more than one reason.
    """
    told = "; ".join(f"{name} {reading}" for name, reading in readings.items())
    for name, reading in readings.items():
        if reading.failed:
            claim = f"{name} fails to read a {message}: {reading.failed}"
            broken = (reading.requirement,) if reading.requirement else ()
            return Disagreement(claim, f"{message}: {told}", broken, True, reading.output)
    refusing = [name for name, reading in readings.items() if not reading.taken]
    taking = [name for name, reading in readings.items() if reading.taken]
    if refusing and taking:
        named = [one for name in refusing if (one := readings[name].requirement)]
        because = f"{named[0]}: " if named else ""
        claim = f"{because}{_all(taking)} a {message} that {_all(refusing, 'refuse')}"
        return Disagreement(claim, f"{message}: {told}", tuple(dict.fromkeys(named)))
    seen = [name for name in taking if readings[name].value is not UNSEEN]
    for other in seen[1:]:
        values = readings[seen[0]].value, readings[other].value
        if not alike(*values):
            kind = difference(*values)
            claim = f"{seen[0]} and {other} read a {message} as different values: {kind}"
            return Disagreement(claim, f"{message}: {told}", ())
    return None


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values are one to the protocol; what no protocol has is like nothing."""
    try:
        return same(one, other)
    except TypeError:
        return False


def difference(one: Any, other: Any) -> str:
    """Return in what two values differ, in words that are the same for other such values."""
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return "arrays of different lengths"
        return _first(zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        if len(one) != len(other):
            return "maps of different sizes"
        pairs = []
        for key, value in one.items():
            match = next((found for found in other if alike(key, found)), UNSEEN)
            if match is UNSEEN:
                return f"a key of {_kind(key)} that one of them lacks"
            pairs.append((value, other[match]))
        return _first(pairs)
    if type(one) is type(other):
        return f"two of {_kind(one)}"
    return f"{_kind(one)} and {_kind(other)}"


def _first(pairs: Any) -> str:
    return next(difference(one, other) for one, other in pairs if not alike(one, other))


def _kind(value: Any) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            return "float (not finite)"
        return "float (zero)" if value == 0 else "float"
    return type(value).__name__


def _all(names: Sequence[str], verb: str = "take") -> str:
    plural = "" if len(names) > 1 else "s"
    return f"{' and '.join(names)} {verb}{plural}"
