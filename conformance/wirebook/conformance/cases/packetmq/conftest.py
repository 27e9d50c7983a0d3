"""The fixtures of all cases for PacketMQ, gathered here because pytest looks for them here.

What may live here: imports. The fixtures themselves are beside this module, one file for each role.
"""

from __future__ import annotations

from wirebook.conformance.cases.link_fixture import link
from wirebook.conformance.cases.packetmq.packetmq_client_fixtures import client, raw_server
from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import (
    newcomer,
    player,
    players,
    witness,
)

__all__ = ["client", "link", "newcomer", "player", "players", "raw_server", "witness"]
