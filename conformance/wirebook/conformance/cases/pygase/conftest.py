"""The fixtures of all cases for PyGaSe, gathered here because pytest looks for them here.

What may live here: imports. The fixtures themselves are beside this module, one file for each role.
"""

from __future__ import annotations

from wirebook.conformance.cases.link_fixture import link
from wirebook.conformance.cases.pygase.client_fixtures import client, raw_server
from wirebook.conformance.cases.pygase.server_fixtures import (
    gamer,
    key,
    player,
    players,
    strangers,
)

__all__ = [
    "client",
    "gamer",
    "key",
    "link",
    "player",
    "players",
    "raw_server",
    "strangers",
]
