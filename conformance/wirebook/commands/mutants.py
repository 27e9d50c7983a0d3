"""`wirebook mutants`: the suite on the reference with one rule broken at a time."""

from __future__ import annotations

import time
from typing import Annotated

import typer


def mutants(
    which: Annotated[list[str] | None, typer.Argument(metavar="BOOK|ID")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, metavar="N")] = 2,
    seconds: Annotated[float, typer.Option("--seconds")] = 60.0,
) -> None:
    """Run the suite on each mutant of the reference."""
    from wirebook.conformance import catalog
    from wirebook.conformance.library import open_library
    from wirebook.conformance.mutation.trial import Broken, Running, Trial, citing, start
    from wirebook.reference import mutants as bank

    library = open_library()
    wanted = set(which or library.books)
    waiting = []
    for book in library.books:
        checks = [(one.name, one.requirements) for one in catalog.cases(book)]
        for one in bank.mutants(book):
            if wanted & {book, one.id}:
                broken = Broken(one.id, book, one.requirement, one.sentence, one.role)
                cases = citing(one.requirement, checks)
                waiting.append(Trial(broken, "wirebook.reference.mutants:apply", cases))
    running: list[tuple[Running, float]] = []
    while waiting or running:
        while waiting and len(running) < 2 * jobs:
            trial = waiting.pop(0)
            if not trial.cases:
                print(trial.mutant.id, trial.mutant.requirement, "no case cites it")
                continue
            running.append((start(trial, library), time.monotonic()))
        time.sleep(0.05)
        for run, began in list(running):
            late = time.monotonic() - began > seconds
            if run.process.is_alive() and not late:
                continue
            running.remove((run, began))
            found = run.findings()
            bad = [f for f in found if f.verdict == "fail"]
            by = [f for f in bad if run.trial.mutant.requirement in f.requirements]
            other = sorted({f.verdict for f in found} - {"pass", "fail"})
            word = "killed" if by else "SURVIVES"
            took = time.monotonic() - began
            print(
                f"{word} {run.trial.mutant.id} {run.trial.mutant.requirement} by {len(by)} of "
                f"{len(found)} in {took:.1f} s {'LATE' if late else ''} {other or ''}"
            )
            for f in [f for f in found if f.verdict != "pass"][:3]:
                print(f"    {f.verdict} {f.case}: {f.reason}")
            if text := run.output():
                print(text[-2000:])
            run.close()
