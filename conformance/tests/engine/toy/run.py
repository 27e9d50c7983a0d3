"""Runs the engine on toys in a process of its own, as `wirebook check` would on a book."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wirebook.conformance.choices import Options
from wirebook.conformance.controller import Cited
from wirebook.conformance.errors import CommandError
from wirebook.conformance.library import Library
from wirebook.conformance.session import Session
from wirebook.conformance.verdicts import CaseFinished, Event

REQUIREMENTS = {
    "TOY-A-001": Cited("MUST", "Manners"),
    "TOY-A-002": Cited("SHOULD", "Manners"),
    "TOY-A-003": Cited("MUST NOT", "Sins"),
}


class Journal:
    """Stands for the reports: writes every event to a file at once."""

    def __init__(self, path: Path, any_case: bool) -> None:
        self._file = path.open("w")
        self._write("Opened", any_case=any_case)

    def handle(self, event: Event) -> None:
        if isinstance(event, CaseFinished):
            self._write("CaseFinished", **event.result.to_json())
        else:
            self._write(type(event).__name__, **asdict(event))

    def close(self) -> None:
        self._write("Closed")
        self._file.close()

    def _write(self, kind: str, **data: object) -> None:
        self._file.write(json.dumps({"event": kind, **data}) + "\n")
        self._file.flush()


def main(workspace: Path, given: dict[str, Any]) -> int:
    library = Library(
        books=("toy", "other"),
        cases=workspace / "cases",
        targets=workspace / "targets",
        drivers="drivers_of_toy",
        requirements=REQUIREMENTS,
    )
    options = Options(
        **{**given, "books": tuple(given.get("books", ())), "only": tuple(given.get("only", ()))}
    )
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)  # noqa: E731
    try:
        session = Session(options, library, say)
        outcome = session.run(lambda any_case: Journal(workspace / "events.ndjson", any_case))
    except CommandError as error:
        say(f"usage: {error}")
        return int(error.status)
    for problem in outcome.problems:
        say(f"problem: {problem}")
    return outcome.code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
