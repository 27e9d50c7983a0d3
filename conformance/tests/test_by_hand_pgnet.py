"""The suite against a PGNet server that was written from the book, without and with mistakes.

What may live here: the proof that a correct stranger passes and that each mistake is found by a
case that cites the rule it breaks.
"""

from __future__ import annotations

import pytest

from tests.helpers_by_hand import Peer

PEER = Peer("pgnet_by_hand", "pgnet", "server", "PGN", ("admin", "scripted-game"))
MISTAKES = PEER.mistakes()


def test_correct_stranger_conforms() -> None:
    """A server that follows the book passes every case, whatever else it does."""
    others = PEER.conforms()
    lacking = (one for one in others if one.startswith("pgnet/server_persistence/"))
    assert others == dict.fromkeys(lacking, "unsupported")


def test_there_are_enough_mistakes() -> None:
    """A dozen mistakes are the least that this file is about."""
    assert len(MISTAKES) >= 12


@pytest.mark.parametrize(("mistake", "requirement"), MISTAKES.items())
def test_mistake_is_found(mistake: str, requirement: str) -> None:
    """A mistake makes a case fail, or the server end, where the broken rule is cited."""
    PEER.finds(mistake, requirement)
