"""What failed in the last run of a target, so that just this can be run again.

What may live here: the small file in the user's cache that keeps it, one for each target, and
finding the same in the directory of a report.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wirebook.conformance import earlier
from wirebook.conformance.errors import CommandError
from wirebook.conformance.report.files import write_atomically
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.install import cache_folder
from wirebook.conformance.verdicts import CaseResult, Verdict

FAILED = (Verdict.FAIL, Verdict.CRASH, Verdict.ERROR)
"""What is run again: a case that failed as expected is not."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What is kept of a run."""

    seed: int
    failed: tuple[str, ...]
    """IDs of cases."""


def keep(targets: Sequence[Target], seed: int, results: Iterable[CaseResult]) -> None:
    """Keep what a run of each target found; where it cannot be written, nothing is kept."""
    found = list(results)
    for target in targets:
        own = [result for result in found if result.book == target.protocol]
        if not own:
            continue
        data = {
            "target": target.name,
            "book": target.protocol,
            "seed": seed,
            "cases": {result.id: result.verdict.value for result in own if _failed(result.verdict)},
        }
        path = file_of(target)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, (json.dumps(data, indent=1) + "\n").encode())


def recall(targets: Sequence[Target], report: Path | None = None) -> LastRun:
    """Return what failed in the last run of the targets, or in the one that a report is of."""
    names = ", ".join(dict.fromkeys(target.name for target in targets))
    if report is not None and earlier.is_report(report):
        run = earlier.read(report)
        if not {*run.target.split(", ")} & {target.name for target in targets}:
            raise CommandError(
                f"the report in {report} is of {run.target}, not of {names}",
                hint="name that target, or another directory",
            )
        cases = {case.id: case.verdict for case in run.cases.values()}
        return LastRun(run.seed, _failed_among(cases, targets))
    kept = [found for target in targets if (found := _kept(target)) is not None]
    if not kept:
        raise CommandError(
            f"no last run of {names} is known", hint="run it once without --last-failed"
        )
    seed = kept[0].seed
    # One run has one seed; of targets that ran apart, the others' random cases may differ.
    return LastRun(seed, tuple(name for one in kept for name in one.failed))


def file_of(target: Target) -> Path:
    """Return where the last run of a target is kept."""
    server = target.server.address if target.server else ""
    key = json.dumps([target.name, target.protocol, target.origin, server])
    digest = hashlib.sha256(key.encode()).hexdigest()[:10]
    name = re.sub(r"[^\w.-]+", "-", target.name)
    return cache_folder() / "last-runs" / f"{name}-{target.protocol}-{digest}.json"


def _kept(target: Target) -> LastRun | None:
    try:
        data = json.loads(file_of(target).read_text(encoding="utf-8"))
        cases = {name: Verdict(verdict) for name, verdict in data["cases"].items()}
        return LastRun(int(data["seed"]), _failed_among(cases, [target]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # as good as none: it is a cache


def _failed_among(cases: dict[str, Verdict], targets: Sequence[Target]) -> tuple[str, ...]:
    books = {target.protocol for target in targets}
    return tuple(
        name
        for name, verdict in cases.items()
        if _failed(verdict) and name.partition("/")[0] in books
    )


def _failed(verdict: Verdict) -> bool:
    return verdict in FAILED
