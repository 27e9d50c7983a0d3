"""Amplification: what a forged source address can have a server send to its owner.

What may live here: cases about addresses that have not shown to be real, with the attacker and the
victim on hosts of their own.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases import injection
from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.cases.pygase.amplification import (
    ACCEPTED,
    ATTACKS,
    FACTOR,
    measure,
    report,
)
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Violation

scene = injection.scene
target_server = injection.target_server

WATCHED_FOR = {"one package": 3.0, "twenty packages": 3.0}
"""Seconds; a server that sends at its own rate does so for five."""
WATCHED_SHORTLY = 1.5


@slow
@requires("PGS-SEC-002", "PGS-SEC-001")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.replace(" ", "-"))
def test_amplifies_little(
    scene: Scene, strangers: MakeStranger, players: MakePlayer, attack: str
) -> None:
    """The owner of a forged address gets three times the octets at most, and as many packages."""
    victim = strangers()
    packages = ATTACKS[attack]
    measured = measure(scene, victim, packages, WATCHED_FOR.get(attack, WATCHED_SHORTLY))
    scene.measured(report(scene.server.target.name, attack, measured))
    accepted = packages[: ACCEPTED.get(attack)]
    if measured.octets_out > FACTOR * sum(map(len, accepted)):
        raise Violation(
            f"expected at most {FACTOR * sum(map(len, accepted))} octets to an address that has "
            f"not answered, got {measured.octets_out}: amplification {measured}"
        )
    if measured.datagrams_out > len(accepted):
        raise Violation(
            f"expected at most {len(accepted)} packages to an address that has not answered, got "
            f"{measured.datagrams_out}"
        )
    # The attack has arrived: a server answers at least once, and still serves those who are real.
    assert measured.datagrams_out, "expected an answer to a valid package, got nothing"
    players().join()
