"""What is told to the operator: the logger, and how a peer's words are made fit for it.

What may live here: logging. Nobody on the network can make the log grow faster than the brake on
complaints allows, or write into it what is not text (PMQ-SEC-003).
"""

from __future__ import annotations

import logging
from typing import Final

from wirebook.reference import complaints

logger: Final = logging.getLogger("wirebook.packetmq")

_LONGEST: Final = 200
"""Characters of a reason that are logged."""


class Complaints(complaints.Complaints):
    """Complaints about failures, each thing at most once in ten seconds."""

    def __init__(self) -> None:
        super().__init__(logger)


def readable(reason: object) -> str:
    """Return a reason as the log may have it: printable, and not too long."""
    text = str(reason)[:_LONGEST]
    escaped = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    return escaped[:_LONGEST]
