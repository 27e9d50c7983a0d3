"""The files of a corpus: a folder for each book, and a file of JSON for each finding.

What may live here: where the corpus is that comes with the suite, and reading and writing findings.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from wirebook.conformance.corpus.finding import Finding
from wirebook.conformance.errors import CommandError
from wirebook.conformance.report.files import write_atomically

ENDING = ".json"
ROLES = ("server", "client")

_TEXTS = ("book", "role", "way", "signature", "what", "message", "target", "output")
_PATH = re.compile(r"(?<![\w./])(?:/[\w.@+-]+)+/(?=[\w.@+-]+/[\w.@+-]+)")
"""An absolute path, but for its last two parts."""
_NEEDED = ("book", "role", "way", "signature", "what", "requirements")
_STEP_VALUES = (str, int, float)


def built_in() -> Path:
    """Return the folder of the corpus that comes with the suite."""
    here = Path(__file__)
    packaged = here.with_name("entries")
    return packaged if packaged.is_dir() else here.parents[4] / "fuzz" / "corpus"


def file_of(folder: Path, finding: Finding) -> Path:
    """Return the path of a finding's file, whether it is there or not."""
    return folder / finding.book / f"{finding.name}{ENDING}"


def save(folder: Path, finding: Finding) -> Path:
    """Write a finding into its book's folder, and return the path of its file.

    A file that is there already stays as it is, unless the finding is a shorter way to the same.
    Where the files of the target's output were on the machine that found it is left out.
    """
    finding = replace(finding, output=_PATH.sub("", finding.output))
    path = file_of(folder, finding)
    if path.exists() and _length(load(path)) <= _length(finding):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(finding.to_json(), indent=1) + "\n"
    write_atomically(path, text.encode())
    return path


def load(path: Path) -> Finding:
    """Return the finding that a file holds."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"cannot open {path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path} is not JSON: {error}", hint="a finding is") from error
    problem = _problem(data)
    if problem:
        raise CommandError(
            f"{path} is no finding: {problem}", hint="wirebook fuzz writes them, as BOOK/NAME.json"
        )
    try:
        return Finding.from_json(data)
    except TypeError as error:
        raise CommandError(f"{path} is no finding: {error}") from error


def load_all(folder: Path, book: str) -> tuple[Finding, ...]:
    """Return the findings of a book, in the order of their names; a bad file is an error."""
    return tuple(load(path) for path in sorted((folder / book).glob(f"*{ENDING}")))


def _length(finding: Finding) -> int:
    return len(json.dumps([finding.steps, finding.script]))


def _problem(data: Any) -> str:
    """Return what is wrong with the values of a file, or nothing."""
    if not isinstance(data, dict):
        return "it is not an object"
    missing = [name for name in _NEEDED if name not in data]
    if missing:
        return f"{missing[0]} is missing"
    for name in _TEXTS:
        if not isinstance(data.get(name, ""), str):
            return f"{name} is not a text"
    if data["role"] not in ROLES:
        return f'"{data["role"]}" is not a role'
    if not isinstance(data.get("seed", 0), int):
        return "seed is not a number"
    cited = data["requirements"]
    if not isinstance(cited, list) or not all(isinstance(one, str) for one in cited):
        return "requirements is not a list of IDs"
    if not isinstance(data.get("steps", []), list) or not all(map(_is_step, data.get("steps", []))):
        return 'steps is not a list of objects with "do"'
    script = data.get("script", [])
    if not isinstance(script, list) or not all(map(_is_rule, script)):
        return "script is not a list of names with their arguments"
    return ""


def _is_step(step: Any) -> bool:
    return (
        isinstance(step, dict)
        and isinstance(step.get("do"), str)
        and all(isinstance(value, _STEP_VALUES) for value in step.values())
    )


def _is_rule(rule: Any) -> bool:
    match rule:
        case [str(), dict()]:
            return True
    return False
