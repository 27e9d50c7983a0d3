"""What becomes of a request: a response, or something slow that comes first.

The lobby neither waits nor hashes. It says what is to be done and gives the function to go on with,
which looks at everything anew, since the world may be another one by then. What may live here:
these types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from wirebook.reference.pgnet.messages import Response

if TYPE_CHECKING:
    from wirebook.reference.pgnet.passwords import Kept


@dataclass(frozen=True, slots=True)
class KeepPassword:
    """Hash a password; go on with what is to be kept of it."""

    password: str = field(repr=False)
    then: Callable[[str | None], Outcome] = field(repr=False)
    busy: Callable[[], Response] = field(repr=False)
    """What to answer if too many wait for that already."""


@dataclass(frozen=True, slots=True)
class CheckPassword:
    """Check a password against what is kept; go on with whether it is right."""

    kept: Kept = field(repr=False)
    password: str = field(repr=False)
    then: Callable[[bool], Outcome] = field(repr=False)
    busy: Callable[[], Response] = field(repr=False)
    """What to answer if too many wait for that already."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, keeping only this user waiting; then go on."""

    seconds: float
    then: Callable[[], Outcome] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaveNow:
    """Save everything; go on with whether that worked."""

    then: Callable[[bool], Outcome] = field(repr=False)


Outcome: TypeAlias = Response | KeepPassword | CheckPassword | Pause | SaveNow
