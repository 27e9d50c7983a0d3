"""How much a server sends to an address that has never answered, and what others send there.

What may live here: the attacks, the measure of amplification, and the figures of known
implementations, which the report puts beside those of the target.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    SMALLEST,
    Event,
    client_package,
    filler,
)
from wirebook.conformance.drivers.pygase.raw_client import RawClient

FACTOR = 3
"""PGS-SEC-002: octets to an unvalidated address, for each octet that was accepted from it."""
BETWEEN = 0.025
"""Seconds between two datagrams of an attacker who sends several."""

TEMPTING = [Event("BURST", [200]), Event("ECHO", ["x" * 500])]

ATTACKS = {
    "one package": [client_package(1)],
    "twenty packages": [client_package(sequence) for sequence in range(1, 21)],
    "the same package twenty times": [client_package(1)] * 20,
    "a package with events": [client_package(1, events=TEMPTING)],
    "the largest package": [client_package(1) + filler(LARGEST - SMALLEST)],
    "acks of what was never sent": [
        client_package(sequence, ack=20_000 + sequence, bits=0xFFFFFFFF)
        for sequence in range(1, 21)
    ],
}
"""What an attacker sends in the name of a victim who never says a word."""
ACCEPTED = {"the same package twenty times": 1}
"""How many of them a server accepts, where it is not all."""


@dataclass(frozen=True, slots=True)
class Amplification:
    """What came out for what went in: datagrams, and octets of their UDP payloads."""

    datagrams_in: int
    octets_in: int
    datagrams_out: int
    octets_out: int
    seconds: float

    @property
    def factor(self) -> float:
        """Octets out for each octet in."""
        return self.octets_out / self.octets_in

    def __str__(self) -> str:
        return (
            f"{self.factor:.2f} (octets of UDP payload: {self.octets_out} out for "
            f"{self.octets_in} in; datagrams: {self.datagrams_out} for {self.datagrams_in}; "
            f"watched for {self.seconds:g} s)"
        )


KNOWN: Mapping[str, Mapping[str, str]] = {
    "pygase-0.3.1": {
        "one package": "568 (7949 octets in 115 datagrams)",
        "twenty packages": "33.9 (9493 octets in 137 datagrams)",
        "the same package twenty times": "ends the server",
        "a package with events": "22.7 (13758 octets in 60 datagrams)",
        "the largest package": "2.0 (4071 octets in 59 datagrams)",
        "acks of what was never sent": "19.5 (5451 octets in 79 datagrams)",
    },
    "reference": {
        "one package": "1.93 (27 octets in 1 datagram)",
        "twenty packages": "1.93 (540 octets in 20 datagrams)",
        "the same package twenty times": "0.10 (27 octets in 1 datagram)",
        "a package with events": "0.04 (27 octets in 1 datagram)",
        "the largest package": "0.01 (27 octets in 1 datagram)",
        "acks of what was never sent": "1.93 (540 octets in 20 datagrams)",
    },
}
"""For each implementation what it was measured at, by the kind of attack.

Measured by the cases in `test_pygase_server_injection_amplification.py` themselves, on one machine
with little else to do: `wirebook check pygase --target NAME --role server -k amplification`. Such a
figure depends a little on the machine where what is sent until the time is over counts; the
original goes on for five seconds, of which the cases watch three or less.
"""


def measure(
    scene: Scene, victim: RawClient, packages: Sequence[bytes], seconds: float
) -> Amplification:
    """Send packages in the name of a victim who never sends anything, and count what it gets."""
    for package in packages:
        scene.injector.datagram(
            victim.local,
            scene.address,
            package,
            message="client-package",
            what="a package in the name of a victim",
        )
        victim.pump_for(BETWEEN)
    sent = time.monotonic()
    victim.pump_for(seconds)
    return Amplification(
        datagrams_in=len(packages),
        octets_in=sum(map(len, packages)),
        datagrams_out=victim.datagrams,
        octets_out=victim.octets,
        seconds=round(time.monotonic() - sent, 1),
    )


def report(name: str, attack: str, measured: Amplification) -> str:
    """Say in a line what was measured, with the figures of other implementations beside it."""
    others = [
        f"{other} {figures[attack]}"
        for other, figures in KNOWN.items()
        if other != name and attack in figures
    ]
    beside = f"; for comparison: {', '.join(others)}" if others else ""
    return f"amplification before validation, {attack}: {measured}{beside}"
