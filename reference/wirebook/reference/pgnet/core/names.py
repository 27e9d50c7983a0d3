"""Which names users and games may have.

What may live here: the two rules.
"""

from __future__ import annotations

import re
from typing import Final

from wirebook.spec.pgnet.states import ADMIN

_USER: Final = re.compile("[A-Za-z0-9]{3,20}")
_GAME: Final = re.compile("[A-Za-z0-9][A-Za-z0-9 ]{1,48}[A-Za-z0-9]")


def is_user_name(name: str) -> bool:
    """Tell whether a user may be called so (PGN-USR-002)."""
    return _USER.fullmatch(name) is not None and ADMIN not in name.lower()


def is_game_name(name: str) -> bool:
    """Tell whether a game may be called so (PGN-LOB-002)."""
    return _GAME.fullmatch(name) is not None and ADMIN not in name.lower()
