"""Timers: the handshake deadline, the farewell period, and connections without any.

What may live here: the few cases that have to wait for a timer of five seconds.
"""

from __future__ import annotations

import time

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, ECHOED, SOFTQUIT, say
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import expect_leave, unharmed
from wirebook.conformance.drivers.packetmq.waiting import pump
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.packetmq.states import (
    FAREWELL_PERIOD,
    HANDSHAKE_DEADLINE,
    Reason,
    State,
)

pytestmark = slow

EARLY, LATE = 0.1, 1.0
"""Seconds by which a timer may seem to be off, measured at our end."""
NO_TIMER = HANDSHAKE_DEADLINE + 1.5
"""Seconds after which a connection that has no timer shows that it has none."""
WORST_LAG = 0.3


def _check_time(player: Player, least: float, seconds: float, most: float, what: str) -> None:
    if least <= seconds <= most:
        return
    if player.worst_lag > WORST_LAG:
        raise Inconclusive(f"{what} after {seconds:.2f} s, but we were {player.worst_lag:.2f} late")
    raise Violation(f"expected {what} after {least:.1f} s to {most:.1f} s, got {seconds:.2f} s")


@requires("PMQ-HSK-012", "PMQ-LST-001")
def test_leaves_a_handshake_that_takes_too_long(players: MakePlayer, witness: Player) -> None:
    """A connection that is not confirmed 5.0 s after it was made is left, in whatever state."""
    silent, busy = players(), players(State.CONN_MADE)
    everyone = [silent, busy, *(players(state) for state in ORDER[:3])]
    end = time.monotonic() + witness.link.deadline(HANDSHAKE_DEADLINE + LATE)
    noise = frames.say(7, None) + frames.finish() + say(ECHO, 1)

    def left() -> bool:
        # What is ignored, and half a frame, do not count as a handshake.
        if not busy.received(SOFTQUIT) and time.monotonic() - busy.sent_at > 0.5:
            busy.send(noise)
        return all(one.received(SOFTQUIT) or one.over for one in everyone)

    pump([*everyone, witness], left, end - time.monotonic())
    for player in everyone:
        if not player.received(SOFTQUIT):
            raise Violation(f"expected softquit reason.timeout, got {player.outcome()}")
        took = player.received(SOFTQUIT)[0].at - player.began
        most = witness.link.deadline(HANDSHAKE_DEADLINE + LATE)
        _check_time(player, HANDSHAKE_DEADLINE - EARLY, took, most, "a softquit")
        expect_leave(player, Reason.TIMEOUT.value)
    # The witness is confirmed, and older than all of them.
    witness.check_echo()
    timeouts = [one for one in witness.history() if one[2:] == [Reason.TIMEOUT.value]]
    assert len(timeouts) >= len(everyone), f"expected {len(everyone)} losses, got {timeouts}"


@requires("PMQ-LIM-005", "PMQ-HSK-012", "PMQ-ERR-001")
def test_waits_for_a_slow_frame(players: MakePlayer, witness: Player) -> None:
    """An active connection may be silent, or take its time in the middle of a frame."""
    cuts = [0, 2, 4, 5, 6, 8]
    everyone = [players(State.CONFIRMED) for _ in cuts]
    numbers = [token() for _ in cuts]
    for player, number, cut in zip(everyone, numbers, cuts, strict=True):
        player.send_chunk(say(ECHO, number)[:cut])
    with unharmed(witness):
        pump([*everyone, witness], lambda: any(one.over for one in everyone), NO_TIMER)
        for player, number, cut in zip(everyone, numbers, cuts, strict=True):
            player.send_chunk(say(ECHO, number)[cut:])
            player.expect_value(ECHOED, number)


@requires("PMQ-SFQ-003", "PMQ-SFQ-004")
@pytest.mark.parametrize(
    "octets", [bytes(4), say(frames.LEAVE, None)], ids=["violation", "application"]
)
def test_closes_when_the_peer_does_not(players: MakePlayer, witness: Player, octets: bytes) -> None:
    """A peer that does not close has 5.0 s; then the server closes, whatever still comes."""
    quiet, talking = players(State.CONFIRMED), players(State.CONFIRMED)
    for player in (quiet, talking):
        player.send(octets)
        player.expect_packet(SOFTQUIT)
    began = time.monotonic()
    gone: dict[Player, float] = {}

    def over() -> bool:
        now = time.monotonic()
        # Only what we send shows that a server which has sent FIN takes nothing any more.
        if now - talking.sent_at > 0.1 and not talking.refused:
            talking.send(say(ECHO, 1))
        if talking.refused:
            gone.setdefault(talking, now)
        if quiet.over:
            gone.setdefault(quiet, now)
        return len(gone) == 2

    most = witness.link.deadline(FAREWELL_PERIOD + LATE)
    with unharmed(witness):
        pump([quiet, talking, witness], over, most)
    for player in (quiet, talking):
        if player not in gone:
            raise Violation(
                f"expected a close within {most:.1f} s of a softquit, got {player.outcome()}, "
                "and what we send is still taken"
            )
        took = gone[player] - began
        _check_time(player, 0.0, took, most, "a close")
        assert len(player.received(SOFTQUIT)) == 1, f"expected one softquit: {player.outcome()}"


@requires("PMQ-SFQ-003", "PMQ-SFQ-004")
def test_leaves_the_peer_time_to_read(players: MakePlayer, witness: Player) -> None:
    """A softquit reaches a peer that goes on sending and reads only seconds later."""
    player = players(State.CONFIRMED, receive_space=4096)
    with unharmed(witness):
        player.reading = False
        player.send(bytes(4))

        def tells_on() -> bool:
            if time.monotonic() - player.sent_at > 0.1 and not player.refused:
                player.send(say(ECHO, 1))
            return False

        pump([player, witness], tells_on, FAREWELL_PERIOD - 1.5)
        player.read_on()
        expect_leave(player, Reason.FRAMING.value)
