"""`wirebook fuzz`: a campaign against an implementation, or against the reference itself.

What may live here: the options, what they mean for a campaign, and how it is told what came of it.
What a campaign does is in `wirebook.fuzz`.
"""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.commands.check import PythonOption, ServerOption, TargetOption
from wirebook.commands.fuzz_plan import Chosen, plan_of, seed_of
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.corpus import Finding
    from wirebook.fuzz.plan import Plan
    from wirebook.fuzz.tally import Tally
    from wirebook.fuzz.workers import Workers

INTERRUPTED = 130


def fuzz(
    book: Annotated[str, typer.Argument(metavar="BOOK", show_default=False)],
    target: TargetOption = "",
    server: ServerOption = "",
    role: Annotated[
        str, typer.Option("--role", metavar="server|client", help="Attack one role only.")
    ] = "",
    ways: Annotated[
        list[str] | None,
        typer.Option(
            "--way",
            metavar="WAY",
            help="octets, machine, differential or live; may be given several times. All that "
            "make sense, in turns.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--time", min=1.0, metavar="S", help="Seconds; 60, if nothing else is said."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", min=1, metavar="N", help="Inputs to try, instead of a time."),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=1, max=256, metavar="N", help="Processes; several need Dask."
        ),
    ] = 1,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="For everything random; drawn and told."),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            metavar="DIR",
            help="Where to save what is found; fuzz/corpus in a checkout, else corpus; a folder "
            "of its own for a mutant.",
            show_default=False,
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            metavar="FILE",
            help="Write down which lots are finished. If it is there, the campaign goes on.",
        ),
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option("--scheduler", metavar="URL", help="Use the workers of a Dask scheduler."),
    ] = "",
    mutant: Annotated[
        str,
        typer.Option("--mutant", metavar="ID", help="Attack the reference with one rule broken."),
    ] = "",
    exit_first: Annotated[
        bool, typer.Option("--exit-first", "-x", help="End the campaign at the first finding.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
    python: PythonOption = "",
) -> None:
    """Attack an implementation with what is almost valid, and save what breaks it.

    Without a target, it is the reference. What is found is saved in the corpus, which the suite
    plays from then on; wirebook replay FILE plays one finding.

    \b
    Examples:
      wirebook fuzz pygase
      wirebook fuzz pygase --role server --way octets --time 600 --jobs 2
      wirebook fuzz packetmq --target my-server.toml --time 300
      wirebook fuzz pgnet --server 127.0.0.1:8765 --exit-first
      wirebook fuzz pygase --count 50000 --seed 1 --json
      wirebook fuzz pygase --time 28800 --jobs 2 --journal night.jsonl
      wirebook fuzz pygase --scheduler tcp://10.0.0.1:8786 --time 3600
      wirebook fuzz pygase --mutant PGS-M001

    \b
    Exit status:
      0  nothing was found
      1  something was
      2  the command makes no sense
      3  the harness failed, in some lots at least
      4  the target, or the scheduler, cannot be reached
      130  interrupted; what was found is saved all the same
    """
    if mutant and (target or server or scheduler):
        raise CommandError(
            "--mutant is of the reference in this process's workers",
            hint="drop --target, --server and --scheduler",
        )
    if scheduler and jobs > 1:
        raise CommandError("--scheduler brings its own workers", hint="drop --jobs")
    chosen = Chosen(
        book=console.known_book(book),
        target=target,
        server=server,
        role=role,
        python=python,
        ways=tuple(dict.fromkeys(ways or ())),
        mutant=mutant,
    )
    plan = plan_of(chosen, seed_of(seed, journal), seconds, count)
    if jobs > 1 and server:
        console.say("one job at a time: several could not tell whose lot ended the server")
        jobs = 1
    result = _Result(plan, chosen, corpus or _corpus(mutant))
    raise typer.Exit(_run(result, journal, jobs, scheduler, exit_first, as_json))


@dataclass(frozen=True, slots=True)
class _Result:
    """How to tell what came of a campaign."""

    plan: Plan
    chosen: Chosen
    corpus: Path

    @property
    def name(self) -> str:
        """The name of what is attacked."""
        if self.chosen.mutant:
            return f"reference as {self.chosen.mutant}"
        return self.chosen.server or self.chosen.target or "reference"

    def named(self, finding: Finding) -> Finding:
        """Return a finding that says which mutant it is of: the reference itself may be fine."""
        return replace(finding, target=self.name) if self.chosen.mutant else finding

    def again(self, path: Path) -> str:
        """Return the command that plays a finding again."""
        from wirebook.conformance import choices

        options = choices.target_options(self.chosen.options())
        if self.chosen.mutant:
            options = ["--mutant", self.chosen.mutant]
        return shlex.join(["wirebook", "replay", _short(path), *options])

    def to_json(self, tally: Tally) -> dict[str, Any]:
        """Return the result for a script."""
        told = tally.to_json()
        for finding, (_, path) in zip(told["findings"], tally.found, strict=True):
            finding.update(path=_short(path), replay=self.again(path))
        return {
            "book": self.plan.book,
            "target": self.name,
            "roles": list(dict.fromkeys(kind.role for kind in self.plan.kinds)),
            "seed": self.plan.seed,
            **told,
        }


def _corpus(mutant: str) -> Path:
    if mutant:  # what breaks one is no concern of the corpus that all have to survive
        return Path(tempfile.mkdtemp(prefix="wirebook-fuzz-"))
    checkout = console.checkout()
    return checkout / "fuzz" / "corpus" if checkout else Path("corpus")


def _short(path: Path) -> str:
    """Return a path as it is shortest from here."""
    here = Path.cwd()
    absolute = path.absolute()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def _run(
    result: _Result,
    journal: Path | None,
    jobs: int,
    scheduler: str,
    exit_first: bool,
    as_json: bool,
) -> int:
    from wirebook.conformance.corpus import save
    from wirebook.fuzz.campaign import Campaign
    from wirebook.fuzz.journal import Journal
    from wirebook.fuzz.status import Status

    plan = result.plan
    mute = as_json and not sys.stderr.isatty()
    status = Status(sys.stderr, plan, result.again, details=console.debugging(), mute=mute)
    with ExitStack() as ending:
        ending.enter_context(_interrupted_once())
        book = Journal(journal, _campaign(result)) if journal else None
        if book is not None:
            ending.enter_context(closing(book))
        if not mute:
            console.say(_beginning(result))
        workers = ending.enter_context(closing(_workers(jobs, scheduler)))
        ending.enter_context(status.showing())
        campaign = Campaign(
            plan,
            workers,
            lambda finding: save(result.corpus, result.named(finding)),
            status,
            journal=book,
            exit_first=exit_first,
        )
        tally = campaign.run()
    if as_json:
        console.print_json(result.to_json(tally))
    else:
        _show(result, tally)
    return _status(tally)


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Let the first Ctrl-C end the campaign, and no other one disturb its end."""
    from wirebook.conformance.signals import interrupt_at_most_once

    before = signal.getsignal(signal.SIGINT)
    interrupt_at_most_once()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _campaign(result: _Result) -> dict[str, Any]:
    """Return what makes a campaign the same one."""
    plan = result.plan
    kinds = [f"{kind.way} {kind.role}" for kind in plan.kinds]
    return {"book": plan.book, "target": result.name, "seed": plan.seed, "kinds": kinds}


def _workers(jobs: int, scheduler: str) -> Workers:
    if jobs == 1 and not scheduler:
        from wirebook.fuzz.workers import OneProcess

        return OneProcess()
    from wirebook.fuzz import cluster

    return cluster.remote(scheduler) if scheduler else cluster.local(jobs)


def _beginning(result: _Result) -> str:
    plan = result.plan
    ways = ", ".join(dict.fromkeys(kind.way for kind in plan.kinds))
    roles = " and ".join(dict.fromkeys(kind.role for kind in plan.kinds))
    return f"Fuzzing {result.name} by {plan.book}, as {roles}: {ways}; seed {plan.seed}"


def _show(result: _Result, tally: Tally) -> None:
    from wirebook.conformance.report.text import duration, number_of, one_line
    from wirebook.fuzz import status

    screen = status.console(sys.stdout)
    screen.print()
    screen.print(status.summary(tally))
    if tally.found:
        screen.print()
    for finding, path in tally.found:
        cited = [one for one in finding.requirements if one not in finding.what]
        which = ", ".join([finding.way + " " + finding.role, *cited])
        screen.print(one_line(f"{finding.what} ({which})"), soft_wrap=True)
        screen.print(f"  {result.again(path)}", soft_wrap=True)
    found = number_of(len(tally.found), "finding") if tally.found else "nothing found"
    ended = ", interrupted" if tally.interrupted else ""
    screen.print(f"\n{found} in {duration(tally.seconds)}{ended}; seed {result.plan.seed}")


def _status(tally: Tally) -> int:
    if tally.interrupted:
        return INTERRUPTED
    if tally.unreachable and not tally.found:
        return int(ExitStatus.UNREACHABLE)
    if tally.problems and not tally.unreachable:
        return int(ExitStatus.HARNESS)
    return int(ExitStatus.VIOLATIONS if tally.found else ExitStatus.CONFORMS)
