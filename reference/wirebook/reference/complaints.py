"""A brake on complaints that repeat: nobody on the network makes a log grow faster than it allows.

What may live here: what all references share of telling things to the operator.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

_EVERY: Final = 10.0
"""Seconds between two complaints about the same thing."""
_REMEMBERED: Final = 256
"""Things that are told apart."""


class Complaints:
    """Complaints about failures, each thing at most once in ten seconds."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
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
        self._logger.exception("%s failed%s", what, suffix)
