"""What the commands share: talking to the person, and calling what is named by text.

What may live here: small helpers without a command of their own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.verdicts import ExitStatus


def debugging() -> bool:
    """Tell whether tracebacks are wanted."""
    return bool(os.environ.get("WIREBOOK_DEBUG"))


def say(text: str) -> None:
    """Tell the person something that is not the result of the command."""
    print(text, file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Tell the person in one line what went wrong."""
    # A reason may quote a target, whose output must not steer the terminal.
    from wirebook.conformance.report.text import one_line

    say(f"wirebook: {one_line(text)}")


def print_json(value: object) -> None:
    """Print a result for a script."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def checkout() -> Path | None:
    """Return the folder of the sources, where the commands run from a checkout of the project."""
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "mkdocs.yml").exists() or (folder / "reference").is_dir() else None


def known_book(name: str) -> str:
    """Return the name if it is that of a book."""
    from wirebook.spec import books

    if name not in books.names():
        raise CommandError(f'unknown book "{name}"', hint=did_you_mean(name, books.names()))
    return name


def part_of(book: str, module: str, function: str) -> Callable[..., Any]:
    """Return a function of the reference by its name, since not every book has every part."""
    name = f"wirebook.reference.{known_book(book)}.{module}"
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(name), function)
    except (ImportError, AttributeError) as error:
        if debugging():
            raise
        raise CommandError(
            f"the reference of {book} has no {module}.{function}: {error}",
            status=ExitStatus.HARNESS,
        ) from error
    return found
