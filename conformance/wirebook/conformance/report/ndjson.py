"""`events.ndjson`: every event as one line of JSON, on disk as soon as it happened.

What may live here: how an event is written as JSON, and the file it is appended to.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wirebook.conformance.verdicts import (
    CaseFinished,
    CasesCollected,
    Event,
    RunFinished,
    RunStarted,
)

_NAMES: dict[type[Event], str] = {
    RunStarted: "run-started",
    CasesCollected: "cases-collected",
    CaseFinished: "case-finished",
    RunFinished: "run-finished",
}


def as_json(event: Event) -> dict[str, Any]:
    """Return the event as plain JSON values; `event` holds its name."""
    name = _NAMES[type(event)]
    if isinstance(event, CaseFinished):
        return {"event": name, "result": event.result.to_json()}
    return {"event": name, **asdict(event)}


class EventLog:
    """The file of events; what was written stays there when the process is killed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="ascii", newline="\n")

    def write(self, event: Event) -> None:
        """Append the event and hand it to the operating system."""
        self._file.write(json.dumps(as_json(event), separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
