"""What fuzzing has found, tried on the server: each finding of the corpus is a case.

What may live here: the one case that plays them. A book without findings has no case here.
"""

from __future__ import annotations

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.corpus import Finding
from wirebook.conformance.corpus.playing import play
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.marks import requires


@requires("PGN-ERR-002")
def test_survives(visit: Visit, user: RawClient, finding: Finding) -> None:
    """A server lives through what has once ended one, or stopped it."""
    control(user)
    play(finding, visit.link, lambda: user.pump(lambda: False, 0.0))
    control(user)
    visit.user()
