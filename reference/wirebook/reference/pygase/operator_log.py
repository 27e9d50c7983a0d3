"""What is told to the operator: the logger, and a brake on complaints that repeat.

What may live here: logging. Nobody on the network can make the log grow faster than this allows.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

logger: Final = logging.getLogger("wirebook.pygase")

_EVERY: Final = 10.0
"""Seconds between two complaints about the same thing."""
_REMEMBERED: Final = 256
"""Things that are told apart."""


class Complaints:
    """Complaints about failures, each thing at most once in ten seconds."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def failed(self, what: str) -> None:
        """Log the exception that is being handled; `what` failed."""
        now = monotonic()
        if now - self._told.get(what, -_EVERY) < _EVERY:
            self._untold[what] = self._untold.get(what, 0) + 1
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
            self._untold.clear()
        self._told[what] = now
        more = self._untold.pop(what, 0)
        suffix = f" (and {more} times since the last report)" if more else ""
        logger.exception("%s failed%s", what, suffix)
