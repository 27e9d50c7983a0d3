"""Positive controls: proof that the server works, before and after something that it must ignore.

What may live here: what a case does around its claim so that a server which ignores everything does
not pass for one that ignores what it has to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wirebook.conformance.drivers.pygase.packages import Event, entry, packed
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import PATIENCE, WORST_LAG, RawClient, expect
from wirebook.conformance.verdicts import Inconclusive, Violation

POISON = Event("ECHO", ["part of a discarded package"])
"""An event that goes into packages which must be discarded; an answer shows that it was handled."""
POISON_ENTRY = entry(packed(POISON.value()))


@dataclass(frozen=True, slots=True)
class Probe:
    """An event that is on its way to the server and back."""

    player: Player
    token: str
    sequence: int

    @classmethod
    def send(cls, player: Player) -> Probe:
        """Send an event that the server has to answer."""
        token = player.token()
        return cls(player, token, player.dispatch("ECHO", token))

    @property
    def answered(self) -> bool:
        """Whether the answer has come."""
        return bool(self.player.received("ECHO", [self.token]))

    def check(self) -> None:
        """Check that the event is answered."""
        self.player.expect_event("ECHO", [self.token])


def control(player: Player) -> None:
    """Check that an event goes to the server and its answer comes back."""
    Probe.send(player).check()


def control_after_losses(player: Player) -> None:
    """Check the same where datagrams may still be lost, because more were sent than are read."""
    end = time.monotonic() + player.link.deadline(PATIENCE)
    while not _answered_soon(player) and time.monotonic() < end:
        pass
    control(player)


def _answered_soon(player: Player) -> bool:
    probe = Probe.send(player)
    return player.pump(lambda: probe.answered, 0.2)


def check_time(client: RawClient, low: float, seconds: float, high: float, what: str) -> None:
    """Check that something took the time it should; give up if our own loop may be to blame."""
    if low <= seconds <= high:
        return
    # Both ends of a time may be late, but no more than our loop was; twice that is to be generous.
    explained = max(low - seconds, seconds - high) <= 4 * client.pace.worst
    if client.pace.worst > WORST_LAG and explained:
        raise Inconclusive(f"{what}: {seconds:.2f} s, but our own loop was {client.pace}")
    raise Violation(f"expected {low:.1f} s to {high:.1f} s {what}, got {seconds:.2f} s")


@contextmanager
def unharmed(player: Player) -> Iterator[None]:
    """Check that the connection works before and after, and that nothing bad in between counted.

    Bad is what `send_bad` and `send_bad_block` send: it must not be acked, nor `POISON` answered.
    """
    before, bad, spoilt = Probe.send(player), len(player.bad), len(player.malformed)
    yield
    after = Probe.send(player)
    # Both are on their way at once: the server answers in turn, and the case takes half the time.
    player.expect(
        lambda: (before.answered and after.answered) or len(player.malformed) > spoilt,
        "the answers to the events before and after what has to be discarded",
    )
    if len(player.malformed) > spoilt:
        reason = player.malformed[spoilt][1].reason
        raise Violation(
            f"expected nothing of a discarded package back, got a package with {reason}"
        )
    # What the server says of the bad ones in between shows as soon as it has acked the last one. An
    # ack of the first one is not asked for: whether a gap loses it is the business of other cases.
    player.expect_acked(after.sequence)
    expect_discarded(player, player.bad[bad:])


def expect_discarded(player: Player, sequences: list[int]) -> None:
    """Check that the server has neither acked these packages nor handled what was in them."""
    for package in player.accepted:
        for sequence in sequences:
            if package.acks(sequence):
                raise Violation(
                    f"expected package {sequence} to be discarded, got an ack of it: {package}"
                )
    if player.received(POISON.type, POISON.args):
        raise Violation("expected no event of a discarded package to be handled, got its answer")


def expect_silence(stranger: RawClient, witness: Player) -> None:
    """Check that nothing has come back to a stranger although the server answers a witness.

    The witness sends after the stranger, so the server has had the stranger's datagrams before.
    """
    control(witness)
    # What the server has to say to anybody, it says within its slowest interval.
    heard = len(witness.accepted)
    expect(
        [witness, stranger],
        lambda: stranger.datagrams or len(witness.accepted) >= heard + 3,
        "further packages",
    )
    if stranger.datagrams:
        raise Violation(
            f"expected no answer to what must be discarded, got {stranger.datagrams} datagram(s): "
            f"{stranger.summary()}"
        )
