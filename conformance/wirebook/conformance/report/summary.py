"""`summary.json`: the figures of a run, for scripts.

What may live here: the one function that makes them. Keys are added, never renamed or removed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from wirebook.conformance.report.run import Run


def of(run: Run) -> dict[str, Any]:
    """Return the summary of a finished run as plain JSON values."""
    if run.started is None or run.finished is None:
        raise ValueError("a summary needs a run that was started and finished")
    conclusion = run.conclusion()
    return {
        "counts": run.counts,
        "counts_by_book": run.counts_by_book(),
        "cases": [
            {
                "id": result.id,
                "requirements": list(result.requirements),
                "verdict": result.verdict.value,
                "seconds": round(result.seconds, 6),
                "reason": result.reason,
                "run": result.run,
            }
            for result in run.cases()
        ],
        "conforms": conclusion.conforms,
        "conclusion": conclusion.sentence,
        "status": int(run.finished.status),
        "interrupted": run.finished.interrupted,
        "expected": run.expected,
        "stale": list(run.finished.stale),
        "problems": list(run.finished.problems),
        "diagnosis": [asdict(likeness) for likeness in run.finished.likenesses],
        "stability": _stability(run),
        "undeclared_features": [asdict(one) for one in run.finished.audit],
        "target": run.started.target,
        "books": list(run.started.books),
        "roles": list(run.started.roles),
        "seed": run.started.seed,
        "started": run.started.started,
        "seconds": round(run.finished.seconds, 6),
        "version": run.started.version,
        "command": run.started.command,
    }


def _stability(run: Run) -> dict[str, Any] | None:
    if run.started is None or not run.started.stability:
        return None
    changed = [
        {
            "id": one.id,
            "requirements": list(one.requirements),
            "verdicts": [verdict.value for verdict in one.verdicts],
        }
        for one in run.changing()
    ]
    return {"runs": run.started.stability, "changed": changed}
