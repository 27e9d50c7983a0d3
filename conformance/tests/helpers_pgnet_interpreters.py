"""Interpreters that find a package `pgnet`, though the original is in no package registry.

What may live here: the stand-in for the original, and the reference under the original's name, as
what `--target-python` takes.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

STAND_IN = Path(__file__).parent / "peers" / "pgnet_as_deployed"

_ALIAS = """\
import sys

from wirebook.reference import pgnet

sys.modules["pgnet"], sys.modules["pgnet.examples"] = pgnet, pgnet.examples
"""


def stand_in(folder: Path) -> Path:
    """Return an interpreter that imports the stand-in; `folder` is for its files."""
    return _interpreter(folder / "python-with-the-stand-in", STAND_IN)


def alias(folder: Path) -> Path:
    """Return an interpreter that imports the reference as `pgnet`; `folder` is for its files."""
    package = folder / "alias" / "pgnet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_ALIAS, encoding="utf-8")
    return _interpreter(folder / "python-with-the-reference", package.parent)


def _interpreter(path: Path, packages: Path) -> Path:
    found = shlex.quote(str(packages))
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={found} exec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8"
    )
    path.chmod(0o755)
    return path
