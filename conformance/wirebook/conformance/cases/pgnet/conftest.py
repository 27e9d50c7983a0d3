"""The fixtures of all cases for PGNet, gathered here because pytest looks for them here.

What may live here: imports. The fixtures themselves are beside this module, one file for each role.
"""

from __future__ import annotations

from wirebook.conformance.cases.link_fixture import link
from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import client, raw_server
from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import (
    admin,
    player,
    user,
    visit,
)

__all__ = [
    "admin",
    "client",
    "link",
    "player",
    "raw_server",
    "user",
    "visit",
]
