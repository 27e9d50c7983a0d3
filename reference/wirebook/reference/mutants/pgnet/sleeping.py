"""Mutants of `sleep`: how long the admin waits, and who else.

What may live here: that request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet.core import administration
from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.outcomes import Pause
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.messages import refusal
from wirebook.spec.pgnet.states import SLEEP_MOST

Original = Callable[..., Any]


@mutant("PGN-M321", "PGN-ADM-015", "`sleep` takes a negative number for zero.", role="server")
def sleeps_for_nothing() -> None:
    """Take it for zero."""

    @override(Administration, "_sleep")
    def sleep(original: Original, admin: Administration, session: Session, seconds: float) -> Any:
        return original(admin, session, max(0, seconds))


@mutant("PGN-M322", "PGN-ADM-016", "`sleep` is answered at once.", role="server")
def never_sleeps() -> None:
    """Wait for nothing."""

    @override(Administration, "_sleep")
    def sleep(original: Original, admin: Administration, session: Session, seconds: float) -> Any:
        outcome = original(admin, session, seconds)
        return outcome.then() if isinstance(outcome, Pause) else outcome


@mutant("PGN-M323", "PGN-ADM-016", "`sleep` counts whole seconds only.", role="server")
def whole_seconds() -> None:
    """Drop the fraction."""

    @override(Administration, "_sleep")
    def sleep(original: Original, admin: Administration, session: Session, seconds: float) -> Any:
        return original(admin, session, seconds if seconds < 0 else seconds // 1)


@mutant("PGN-M324", "PGN-ADM-016", "`sleep` lasts up to a minute.", role="server")
def long_sleep() -> None:
    """Allow more."""
    set_value(administration, "SLEEP_MOST", 60.0)


@mutant("PGN-M325", "PGN-ADM-016", "`sleep` for more than five seconds is refused.", role="server")
def no_long_sleep() -> None:
    """Refuse it."""

    @override(Administration, "_sleep")
    def sleep(original: Original, admin: Administration, session: Session, seconds: float) -> Any:
        if seconds > SLEEP_MOST:
            return refusal("That is too long.")
        return original(admin, session, seconds)


@mutant("PGN-M326", "PGN-ADM-017", "Everybody waits while the admin sleeps.", role="server")
def all_sleep() -> None:
    """Sleep with the whole server."""

    @override(Administration, "_sleep")
    def sleep(original: Original, admin: Administration, session: Session, seconds: float) -> Any:
        outcome = original(admin, session, seconds)
        if isinstance(outcome, Pause):
            time.sleep(outcome.seconds)
            return outcome.then()
        return outcome
