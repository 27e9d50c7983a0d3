"""Mistakes that the user can put right: one line, a hint, an exit status.

What may live here: the exceptions that the command line shows instead of a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from wirebook.conformance.verdicts import ExitStatus


class CommandError(Exception):
    """Ends a command with one clear line, a hint where there is one, and an exit status."""

    def __init__(
        self, message: str, *, hint: str = "", status: ExitStatus = ExitStatus.USAGE
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest of the known words, or all of them."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"known: {', '.join(words)}" if words else ""
