"""The names that the documentation has in `util`.

What may live here: imports, and turning logs on and off.
"""

from __future__ import annotations

import logging

from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response, Status
from wirebook.reference.pgnet.operator_log import logger, traffic
from wirebook.spec.pgnet.states import PORT

__all__ = ["DEFAULT_PORT", "Game", "Packet", "Response", "Status", "enable_logging"]

DEFAULT_PORT = PORT
"""The port of servers that are not told otherwise."""


def enable_logging(enable: bool = True, /) -> None:
    """Turn the logs of this package on or off; they come from the logger `wirebook.pgnet`."""
    logger.disabled = traffic.disabled = not enable
    if enable:
        logger.setLevel(logging.DEBUG)
        if not logger.hasHandlers():
            logging.basicConfig()
