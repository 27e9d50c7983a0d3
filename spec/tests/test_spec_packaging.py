"""The house: the namespace package, and what importing costs."""

import subprocess
import sys
from pathlib import Path

import wirebook

ROOT = Path(__file__).parents[2]


def test_wirebook_is_a_namespace_package() -> None:
    """No source root has a `wirebook/__init__.py`, so each can hold its part of the package."""
    assert wirebook.__file__ is None
    assert not list(ROOT.glob("*/wirebook/__init__.py"))


def test_importing_books_loads_no_schema_library() -> None:
    """`import wirebook.spec.books` is cheap: construct and msgpack wait for the first message."""
    code = (
        "import sys; from wirebook.spec import books; books.get('pygase');"
        "print([name for name in ('construct', 'msgpack', 'json') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
