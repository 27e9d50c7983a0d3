"""The options of `wirebook check` and `replay` that choose again what runs, and how often.

What may live here: these options, and the one clear line where two of them make no sense together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from wirebook.conformance.errors import CommandError

SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="For everything random in the cases: 0, or with --last-failed that of the last run.",
    ),
]
LastFailedOption = Annotated[
    bool,
    typer.Option(
        "--last-failed",
        help="Run only what failed, crashed or erred in the target's last run, or in the one that "
        "the --report is of.",
    ),
]
NetworkOption = Annotated[
    str,
    typer.Option(
        "--network",
        metavar="SPEC",
        help='Put a bad network between suite and target: "loss=5%,duplicate=5%,reorder=5%", also '
        "with delay=20ms and seed=N; or a schedule as a failure prints it, or @FILE with one.",
    ),
]
RepeatOption = Annotated[
    int,
    typer.Option("--repeat", min=1, max=1000, metavar="N", help="Run each case so many times."),
]
ShardOption = Annotated[
    str,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Run one of N parts of the cases, split by their IDs: 1/4 on one machine, 2/4 on the "
        "next, …",
    ),
]
StabilityOption = Annotated[
    int | None,
    typer.Option(
        "--stability",
        min=2,
        max=1000,
        metavar="N",
        help="Run each case so many times, and report those whose verdict changes.",
    ),
]
AuditOption = Annotated[
    bool,
    typer.Option(
        "--audit",
        help="Try all cases of features that the target does not declare, instead of a few. What "
        "they find is told, and decides nothing.",
    ),
]

CorpusOption = Annotated[
    Path | None,
    typer.Option(
        "--corpus",
        metavar="DIR",
        help="Play the findings in this folder, too, as wirebook fuzz writes them there.",
    ),
]


def shard(text: str) -> tuple[int, int] | None:
    """Return the part that `--shard` names, and of how many."""
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise CommandError(
            f'--shard "{text}" is not a part of a whole', hint="the first of four is --shard 1/4"
        )
    return int(match[1]), int(match[2])


def refuse_together(given: Mapping[str, object]) -> None:
    """Say in one line which of the options that were given make no sense together."""
    for one, other, hint in _APART:
        if given.get(one) and given.get(other):
            raise CommandError(f"{one} and {other} cannot go together", hint=hint)


_APART = (
    # Which failures are expected is known at the end only, when stale entries are told too.
    ("--exit-first", "--expect", "drop one of them"),
    ("--exit-first", "--stability", "a run that ends early says nothing of the others"),
    ("--repeat", "--stability", "--stability N runs each case N times"),
    ("--last-failed", "CASE@SEED", "drop one of them"),
    ("--last-failed", "--shard", "the cases that failed are few; drop --shard"),
)
