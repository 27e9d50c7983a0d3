"""What a user wants `wirebook fuzz` to attack, and what that means for a campaign.

What may live here: from options to a plan, or to the one line that says why they make no sense.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wirebook.commands import console
from wirebook.conformance.errors import CommandError, did_you_mean

if TYPE_CHECKING:
    from wirebook.conformance.choices import Options
    from wirebook.conformance.targets.description import Target
    from wirebook.fuzz.plan import Plan

SECONDS = 60.0
"""How long a campaign takes, if nothing is said of time and count."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is attacked, as the user said it."""

    book: str
    target: str
    server: str
    role: str
    python: str
    ways: tuple[str, ...]
    mutant: str

    def options(self) -> Options:
        """Return the same for the helpers of the suite."""
        from wirebook.conformance.choices import Options

        return Options(
            books=(self.book,),
            target=self.target,
            server=self.server,
            role=self.role,
            python=self.python,
        )


def plan_of(chosen: Chosen, seed: int, seconds: float | None, count: int | None) -> Plan:
    """Return the plan of a campaign; CommandError if what was chosen makes no sense."""
    from wirebook.fuzz import plan

    if chosen.role not in ("", "server", "client"):
        raise CommandError(f'"{chosen.role}" is not a role', hint="--role server or --role client")
    target = _target(chosen)
    kinds = plan.kinds(chosen.book, _roles(chosen, target), chosen.ways, target=target)
    return plan.Plan(
        chosen.book,
        kinds,
        seed,
        seconds=SECONDS if seconds is None and count is None else seconds,
        inputs=count,
        mutant=chosen.mutant,
    )


def _target(chosen: Chosen) -> Target | None:
    """Return the target, ready to be started; None for the reference in the workers themselves."""
    if not (chosen.target or chosen.server):
        return None
    from wirebook.conformance import choices
    from wirebook.conformance.library import open_library
    from wirebook.conformance.targets import install

    options = chosen.options()
    (found,) = choices.targets(options, open_library())
    choices.roles(options, (found,))
    ready = choices.with_python(found, options)
    if ready.install is not None and not ready.python:
        ready = replace(ready, python=str(install.ensure(ready, console.say)))
    return ready


def _roles(chosen: Chosen, target: Target | None) -> tuple[str, ...]:
    both = _roles_of_mutant(chosen) if chosen.mutant else ("server", "client")
    if chosen.role:
        return (chosen.role,)
    return target.roles if target is not None else both


def _roles_of_mutant(chosen: Chosen) -> tuple[str, ...]:
    from wirebook.reference import mutants

    try:
        broken = mutants.find(chosen.book, chosen.mutant)
    except LookupError as error:
        known = [one.id for one in mutants.mutants(chosen.book)]
        hint = did_you_mean(chosen.mutant, known)
        raise CommandError(str(error.args[0]), hint=hint) from error
    return ("server", "client") if broken.role == "both" else (broken.role,)


def seed_of(given: int | None, journal: Path | None) -> int:
    """Return the seed that was given, or that of the journal to go on with, or any."""
    if given is not None:
        return given
    if journal is not None:
        from wirebook.fuzz import journal as journals

        before = journals.seed(journal)
        if before is not None:
            return before
    return secrets.randbelow(1 << 32)
