"""Where programs take passwords and invite codes from: a file, the environment, or a prompt.

Never from the command line, where everybody on the machine can read them. What may live here: the
reading; nothing is printed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Final

PASSWORD_VARIABLE: Final = "PGNET_PASSWORD"  # noqa: S105 - where it may be found
INVITE_CODE_VARIABLE: Final = "PGNET_INVITE_CODE"
ADMIN_PASSWORD_VARIABLE: Final = "PGNET_ADMIN_PASSWORD"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a user proves their name with."""

    password: str = field(default="", repr=False)
    invite_code: str = field(default="", repr=False)


def password_from(path: Path) -> str:
    """Return the first line of a file; raise ValueError if there is nothing in it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise ValueError(f"{path} has no password in its first line")
    return lines[0]


def asked_for(
    path: Path | None = None, *, ask: bool = False, variable: str = PASSWORD_VARIABLE
) -> Secrets:
    """Return what a file, the environment or the user says; all of it may be empty."""
    if path is not None:
        password = password_from(path)
    elif ask:
        password = getpass("password: ")
    else:
        password = os.environ.get(variable, "")
    return Secrets(password, os.environ.get(INVITE_CODE_VARIABLE, ""))
