"""`wirebook replay FILE.json`: what fuzzing has found, tried again.

What may live here: which way a finding is tried again, and what is said of it. The suite plays what
has steps; scripts, and what concerns the reference's own code, are played by the fuzz part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wirebook.commands import console
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.choices import Options
    from wirebook.conformance.corpus import Finding

ENDING = ".json"


def replay(path: Path, options: Options, run: Callable[[Options], int], *, mutant: str = "") -> int:
    """Try the finding in a file again, on the target of the options; return the exit status.

    `run` runs a session of the suite. With a mutant, the reference becomes that one.
    """
    from wirebook.conformance.corpus import load
    from wirebook.fuzz import lots, replaying

    finding = load(path)
    if mutant:
        if options.target or options.server:
            raise CommandError("a mutant is one of the reference", hint="drop --target")
        try:
            lots.become(finding.book, mutant)
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error
    console.say(f"{finding.way} found this on {finding.target}: {finding.what}")
    chosen = bool(options.target or options.server)
    if replaying.asks_targets(finding) and not options.server:
        target = _target(finding, options) if chosen else None
        return _told(finding, replaying.still_breaks(finding, target))
    if not chosen and replaying.in_process(finding):
        return _told(finding, replaying.still_breaks(finding))
    if not finding.steps or finding.role != "server":
        raise CommandError(
            f"{path} has nothing that could be played on a target", hint="drop --target"
        )
    return _played(path, finding, options, run)


def _told(finding: Finding, broken: str) -> int:
    if broken:
        console.say(f"{finding.name} still breaks: {broken}")
        return int(ExitStatus.VIOLATIONS)
    console.say(f"{finding.name} breaks nothing now")
    return int(ExitStatus.CONFORMS)


def _played(path: Path, finding: Finding, options: Options, run: Callable[[Options], int]) -> int:
    from wirebook.conformance.corpus import file_of, save

    with tempfile.TemporaryDirectory(prefix="wirebook-") as folder:
        case = f"{finding.book}/server_corpus/survives[{finding.name}]"
        beside = path.absolute().parents[1]
        if path.absolute() == file_of(beside, finding):
            corpus = beside  # so that what the reports tell to run again is there
        else:
            corpus = Path(folder)
            save(corpus, finding)
        role = "" if options.server else "server"
        return run(replace(options, books=(finding.book,), role=role, only=(case,), corpus=corpus))


def _target(finding: Finding, options: Options) -> dict[str, Any]:
    from wirebook.conformance import choices
    from wirebook.conformance.library import open_library
    from wirebook.conformance.targets import install

    wanted = replace(options, books=(finding.book,), role=finding.role)
    (target,) = choices.targets(wanted, open_library())
    choices.roles(wanted, (target,))
    target = choices.with_python(target, wanted)
    if target.install is not None and not target.python:
        target = replace(target, python=str(install.ensure(target, console.say)))
    return target.to_json()
