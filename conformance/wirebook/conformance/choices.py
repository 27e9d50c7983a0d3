"""From what the user asked for to what is run: targets, roles, expectations.

What may live here: the options of a run and the sense that they make, or the one line that says why
they make none. Nothing is started here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

# Private, but there is no other way to tell a wrong expression before a run has begun, and it has
# been there under this name since pytest 5.4.
from _pytest.mark.expression import Expression

from wirebook.conformance import expectations, last_run
from wirebook.conformance.corpus import load_all
from wirebook.conformance.errors import CommandError
from wirebook.conformance.expectations import Expectation
from wirebook.conformance.library import Library
from wirebook.conformance.plan import CASE_SECONDS
from wirebook.conformance.targets import builtin
from wirebook.conformance.targets.address import local_address
from wirebook.conformance.targets.description import Endpoint, Target

DEFAULT_TARGET = "reference"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    books: tuple[str, ...] = ()
    target: str = ""
    server: str = ""
    role: str = ""
    keyword: str = ""
    jobs: int = 1
    seed: int = 0
    expect: str = ""
    strict: bool = False
    python: str = ""
    only: tuple[str, ...] = ()
    command: str = "wirebook check"
    case_seconds: float = CASE_SECONDS
    exit_first: bool = False
    network: str = ""
    """How bad the network is between suite and target, or what befalls it."""
    repeat: int = 1
    shard: tuple[int, int] | None = None
    stability: int = 0
    """How often each case runs, to see whether its verdict changes; 0 for not at all."""
    last_failed: bool = False
    last_report: Path | None = None
    """The directory of a report whose run counts as the last one."""
    last_seed: bool = False
    """Whether the seed is that of the last run."""
    keep: bool = False
    """Whether what fails is kept for `last_failed`."""
    audit: bool = False
    """Whether all cases of features that the target does not declare are tried."""
    corpus: Path | None = None
    """A folder of findings that are played beside those that come with the suite."""

    @property
    def runs(self) -> int:
        """How often each case runs."""
        return self.stability or self.repeat


def targets(options: Options, library: Library) -> tuple[Target, ...]:
    """Return the target of each book that is to be checked."""
    books = library.known(options.books)
    if not options.server:
        name = options.target or DEFAULT_TARGET
        return builtin.resolve(name, books, library.books, library.targets)
    local_address(options.server)
    endpoint = Endpoint(address=options.server)
    if options.target:
        found = builtin.resolve(options.target, books, library.books, library.targets)
        chosen = tuple(replace(target, server=endpoint, client=None) for target in found)
    else:
        chosen = tuple(
            Target(name=options.server, protocol=book, features=None, server=endpoint)
            for book in books or library.books
        )
    if len(chosen) != 1:
        raise CommandError(
            "a server speaks one protocol; which?",
            hint=f"wirebook check {chosen[0].protocol} --server {options.server}",
        )
    return chosen


def of_last_run(options: Options, targets: Sequence[Target]) -> Options:
    """Return the options with the cases that failed last time, where only these are wanted."""
    if not options.last_failed:
        return options
    last = last_run.recall(targets, options.last_report)
    if not last.failed:
        where = options.last_report or ", ".join(dict.fromkeys(one.name for one in targets))
        raise CommandError(
            f"nothing failed in the last run of {where}",
            hint="without --last-failed, all cases run",
        )
    # What nobody needs is not started.
    roles = {name.partition("/")[2].partition("_")[0] for name in last.failed}
    return replace(
        options,
        books=tuple(dict.fromkeys(name.partition("/")[0] for name in last.failed)),
        role=options.role or (roles.pop() if len(roles) == 1 and not options.server else ""),
        only=last.failed,
        seed=last.seed if options.last_seed else options.seed,
    )


def roles(options: Options, targets: Sequence[Target]) -> dict[str, tuple[str, ...]]:
    """Return the roles that are to be checked, for each book."""
    roles = {}
    for target in targets:
        chosen = (options.role,) if options.role else target.roles
        for role in chosen:
            if target.endpoint(role) is None:
                raise CommandError(
                    f"{target.name} has no {role} to check",
                    hint="with --server, only the role server is checked"
                    if options.server
                    else f"add a [{role}] table to {target.origin}",
                )
        roles[target.protocol] = chosen
    return roles


def with_python(target: Target, options: Options) -> Target:
    """Return the target with the interpreter that the user wants it to run on."""
    return replace(target, python=interpreter(options.python)) if options.python else target


def interpreter(path: str) -> str:
    """Return the absolute path of an interpreter, if it is there."""
    if not os.access(path, os.X_OK) or Path(path).is_dir():
        raise CommandError(
            f"{path} is not an interpreter", hint="e.g. --target-python venv/bin/python"
        )
    return str(Path(path).absolute())


def expected(options: Options, targets: Sequence[Target]) -> tuple[Expectation, ...]:
    """Return the entries of the expectations file that the user named."""
    if not options.expect:
        return ()
    if options.expect != "builtin":
        return expectations.load(Path(options.expect))
    paths = [Path(target.expect) for target in targets if target.expect]
    if not paths:
        raise CommandError(
            f"{targets[0].name} comes without expectations", hint="--expect takes a path, too"
        )
    return tuple(entry for path in paths for entry in expectations.load(path))


def corpus(options: Options, library: Library) -> tuple[Path, ...]:
    """Return the folder of findings that the user named, if they can be read."""
    folder = options.corpus
    if folder is None:
        return ()
    if not any(load_all(folder, book) for book in library.books):
        raise CommandError(
            f"no finding in {folder}", hint="wirebook fuzz writes them, as DIR/BOOK/NAME.json"
        )
    return (folder.absolute(),)


def check_keyword(keyword: str) -> None:
    """Say in one line what is wrong with the expression of `-k`, before any worker meets it."""
    try:
        Expression.compile(keyword)
    except SyntaxError as error:
        raise CommandError(
            f'-k "{keyword}" is not an expression: {error.msg}',
            hint='e.g. -k "window and not late"',
        ) from error


def target_options(options: Options) -> list[str]:
    """Return the options that name the same target on another command line."""
    given = {
        "--target": options.target,
        "--server": options.server,
        "--target-python": options.python,
        "--corpus": str(options.corpus or ""),
    }
    return [word for name, value in given.items() if value for word in (name, value)]
