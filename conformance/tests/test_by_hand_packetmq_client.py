"""The suite against a PacketMQ client that was written from the book, without and with mistakes.

What may live here: the proof that a correct stranger passes and that each mistake is found by a
case that cites the rule it breaks.
"""

from __future__ import annotations

import pytest

from tests.helpers_by_hand import Peer

PEER = Peer("packetmq_client_by_hand", "packetmq", "client", "PMQ")
TIMED = {"PMQ-HSK-012", "PMQ-SFQ-003", "PMQ-LIM-005"}
"""What only the cases show that take seconds."""
MISTAKES = PEER.mistakes()


def test_correct_stranger_conforms() -> None:
    """A client that follows the book passes every case, whatever else it does."""
    assert PEER.conforms() == {}


def test_there_are_enough_mistakes() -> None:
    """A dozen mistakes are the least that this file is about."""
    assert len(MISTAKES) >= 12


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the client end, where the broken rule is cited."""
    timed = "" if requirement in TIMED else " and not client_timers"
    PEER.finds(mistake, requirement + timed)
