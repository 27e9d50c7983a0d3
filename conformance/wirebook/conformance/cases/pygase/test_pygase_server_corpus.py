"""What fuzzing has found, tried on the server: each finding of the corpus is a case.

What may live here: the one case that plays them. A book without findings has no case here.
"""

from __future__ import annotations

from wirebook.conformance.corpus import Finding
from wirebook.conformance.corpus.playing import play
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.controls import control, control_after_losses
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires


@feature("events")
@requires("PGS-ERR-001")
def test_survives(link: Link, player: Player, finding: Finding) -> None:
    """A server lives through what has once ended one, or stopped it."""
    control(player)
    play(finding, link, lambda: player.pump(lambda: False, 0.0))
    control_after_losses(player)
