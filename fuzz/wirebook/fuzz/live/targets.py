"""The target of a lot as the stand needs it: a command that is started again and again.

What may live here: making ready what a lot names, and refusing what cannot be fuzzed alive.
"""

from __future__ import annotations

import re
from dataclasses import replace

from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets import builtin, install
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.fuzz.lots import Lot
from wirebook.spec import books


def target_of(lot: Lot) -> Target:
    """Return the target of a lot, ready to be started; CommandError if it cannot be fuzzed alive.

    Without a target, it is the reference.
    """
    if lot.role != "server":
        raise CommandError(
            f"live fuzzing knows no role {lot.role}",
            hint="of a client, the machines play the server",
        )
    if lot.target is None:
        target = builtin.resolve("reference", (lot.book,), books.names())[0]
    else:
        target = Target.from_json(lot.target)
    endpoint = target.server
    if endpoint is None or endpoint.address:
        raise CommandError(
            f"{target.name} cannot be started again by the fuzzer",
            hint="live fuzzing needs a target whose description has a command",
        )
    if target.install and not target.python:
        target = replace(target, python=str(install.ensure(target, lambda _: None)))
    if endpoint.embedded:
        endpoint = _as_process(endpoint, lot)
    told = {**endpoint.env, "PYTHONFAULTHANDLER": "1"}
    return replace(target, server=replace(endpoint, env=told))


def _as_process(endpoint: Endpoint, lot: Lot) -> Endpoint:
    """Give an embedded server a process of its own."""
    program = ("{python}", "-m", "wirebook.fuzz.live.serving", endpoint.embedded)
    mutant = ("--mutant", lot.book, lot.mutant) if lot.mutant else ()
    command = (*program, "{host}", "{port}", *mutant)
    return replace(endpoint, embedded="", command=command)


def package_of(target: Target) -> str:
    """Return the name of the package that is tested, where it is an installed one."""
    if target.install is None:
        return ""
    found = re.match(r"[\w.-]+", target.install.packages[0])
    return found[0].lower().replace("-", "_") if found else ""
