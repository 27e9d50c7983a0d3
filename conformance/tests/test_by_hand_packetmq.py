"""The suite against a PacketMQ server that was written from the book, without and with mistakes.

What may live here: the proof that a correct stranger passes and that each mistake is found by a
case that cites the rule it breaks.
"""

from __future__ import annotations

import pytest

from tests.helpers_by_hand import Peer

PEER = Peer("packetmq_by_hand", "packetmq", "server", "PMQ")
MISTAKES = PEER.mistakes()


def test_correct_stranger_conforms() -> None:
    """A server that follows the book passes every case, whatever else it does."""
    assert PEER.conforms() == {}


def test_there_are_enough_mistakes() -> None:
    """A dozen mistakes are the least that this file is about."""
    assert len(MISTAKES) >= 12


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the server end, where the broken rule is cited."""
    # The pairs of the state table are many, and each of those that fail takes its time.
    PEER.finds(mistake, f"{requirement} and not of_the_table")
