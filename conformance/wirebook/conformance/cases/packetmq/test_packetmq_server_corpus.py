"""What fuzzing has found, tried on the server: each finding of the corpus is a case.

What may live here: the one case that plays them. A book without findings has no case here.
"""

from __future__ import annotations

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.corpus import Finding
from wirebook.conformance.corpus.playing import play
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import unharmed
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import State


@requires("PMQ-ERR-001")
def test_survives(link: Link, players: MakePlayer, witness: Player, finding: Finding) -> None:
    """A server lives through what has once ended one, or stopped it."""
    with unharmed(witness):
        play(finding, link, lambda: witness.pump(lambda: False, 0.0))
    players(State.CONFIRMED).check_echo()
