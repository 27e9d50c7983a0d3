"""The journal of a campaign: which lots were begun and which are finished, one line of JSON each.

A campaign that has ended, in whatever way, goes on from its journal: no lot whose harvest came home
runs again. What may live here: the file, and reading it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError
from wirebook.fuzz.lots import Harvest, Lot

Known = tuple[str, str, str]
"""The way, the role and the signature of a finding."""


class Journal:
    """An append-only file; each line is written at once, so that no other can get into it."""

    def __init__(self, path: Path, campaign: Mapping[str, Any]) -> None:
        """Begin the journal of a campaign, or go on with it; CommandError if it is of another."""
        self.finished: set[int] = set()
        """The numbers of the lots that are finished."""
        self.known: set[Known] = set()
        """What was found in them."""
        lines = _lines(path)
        if lines:
            _same(path, lines[0].get("campaign"), campaign)
        for line in lines:
            if "finished" in line:
                self.finished.add(line["finished"])
                self.known |= {(way, role, told) for way, role, told in line["findings"]}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror}") from error
        if not lines:
            self._write({"campaign": dict(campaign)})
        elif not path.read_bytes().endswith(b"\n"):
            os.write(self._file, b"\n")  # somebody was killed in the middle of a line

    def begun(self, number: int, lot: Lot) -> None:
        """Write that a lot is given to a worker."""
        self._write({"begun": number, "way": lot.way, "role": lot.role, "seed": lot.seed})

    def done(self, number: int, harvest: Harvest) -> None:
        """Write that the harvest of a lot is at home, and its findings are saved."""
        self.finished.add(number)
        self._write(
            {
                "finished": number,
                "seed": harvest.lot.seed,
                "inputs": harvest.inputs,
                "seconds": round(harvest.seconds, 3),
                "findings": [[one.way, one.role, one.signature] for one in harvest.findings],
            }
        )

    def failed(self, number: int, error: str) -> None:
        """Write that a lot has brought nothing; it is tried again when the campaign goes on."""
        self._write({"failed": number, "error": error})

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, line: Mapping[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


def seed(path: Path) -> int | None:
    """Return the seed of the campaign that a journal is of, if there is one."""
    lines = _lines(path)
    if not lines:
        return None
    campaign = lines[0].get("campaign", {})
    found = campaign.get("seed") if isinstance(campaign, dict) else None
    return found if isinstance(found, int) else None


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    read = []
    for line in text.split("\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue  # the rest of a line whose writer was killed
        if isinstance(value, dict):
            read.append(value)
    if text.strip() and (not read or "campaign" not in read[0]):
        raise CommandError(f"{path} is no journal of a campaign", hint="name another file")
    return read


def _same(path: Path, before: Any, now: Mapping[str, Any]) -> None:
    # As JSON, since a tuple has become a list in the file.
    if before != json.loads(json.dumps(dict(now))):
        before = before if isinstance(before, dict) else {}
        other = next((key for key in now if before.get(key) != now[key]), "campaign")
        raise CommandError(
            f"{path} is the journal of another campaign: its {other} was {before.get(other)}",
            hint="name another file, or give the same options",
        )
