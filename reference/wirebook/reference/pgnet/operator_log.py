"""What is told to the operator: the logger, and how a peer's words are made fit for it.

What may live here: logging. Nothing that is a secret may come here (PGN-SEC-006).
"""

from __future__ import annotations

import logging
from typing import Final

from wirebook.reference import complaints

logger: Final = logging.getLogger("wirebook.pgnet")

traffic: Final = logger.getChild("traffic")
"""Requests and their responses, which are logged only while a server is verbose."""
traffic.setLevel(logging.INFO)  # whoever makes a server verbose wants to see them

_LONGEST: Final = 400
"""Characters of a message that are logged."""


class _WithoutTraffic(logging.LoggerAdapter[logging.Logger]):
    """A logger for the WebSocket library, which would log messages as they are.

    A login that is sent in clear by mistake is among them (PGN-SEC-006).
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the library's name
        """Let warnings and errors through, however verbose the log is."""
        return level >= logging.WARNING and super().isEnabledFor(level)


library_logger: Final = _WithoutTraffic(logger.getChild("websockets"))
"""What the WebSocket library logs to."""


class Complaints(complaints.Complaints):
    """Complaints about failures, each thing at most once in ten seconds."""

    def __init__(self) -> None:
        super().__init__(logger)


def readable(value: object) -> str:
    """Return what a peer said as the log may have it: ASCII in quotes, and not too long."""
    text = ascii(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
