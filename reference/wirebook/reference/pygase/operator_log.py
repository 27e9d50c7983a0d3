"""What is told to the operator: the logger, and a brake on complaints that repeat.

What may live here: logging. Nobody on the network can make the log grow faster than this allows.
"""

from __future__ import annotations

import logging
from typing import Final

from wirebook.reference import complaints

logger: Final = logging.getLogger("wirebook.pygase")


class Complaints(complaints.Complaints):
    """Complaints about failures, each thing at most once in ten seconds."""

    def __init__(self) -> None:
        super().__init__(logger)
