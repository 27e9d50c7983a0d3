"""The injection cases find peers that break the rule.

Each mistake is one of a peer that was written from the book by hand, which listens on 127.0.0.1
only: its hosts are one network namespace, where that is allowed, or this machine's loopback.
Without a mistake the same peers pass every case: see the files named `test_by_hand_…`.
"""

from __future__ import annotations

import pytest

from tests.helpers_by_hand import Peer
from wirebook.conformance import hosts

PYGASE = Peer("pygase_by_hand", "pygase", "server", "PGS", ("game-state", "events"))
PACKETMQ = Peer("packetmq_by_hand", "packetmq", "server", "PMQ")
PGNET = Peer("pgnet_by_hand", "pgnet", "server", "PGN")

pytestmark = pytest.mark.skipif(bool(hosts.no_raw_sockets()), reason=hosts.no_raw_sockets())


@pytest.mark.parametrize(
    ("peer", "mistake", "case"),
    [
        (PYGASE, "roaming", "keeps_sessions_apart"),
        (PYGASE, "duplicate", "counts_once_what_passes_twice"),
        (PYGASE, "amplify", "amplifies_little"),
        (PACKETMQ, "twice", "is_told_of_a_forged_reset"),
        (PGNET, "stays", "frees_what_a_forged_end_leaves"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.book,
)
def test_mistake_is_found(peer: Peer, mistake: str, case: str) -> None:
    """A server that breaks a rule is found by the case that forges what it takes."""
    peer.finds(mistake, f"injection and {case}")
