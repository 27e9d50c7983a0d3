"""Connections that end without a softquit: the end of a stream, and resets.

What may live here: cases about half-open and broken connections, and what the application is told.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, ECHOED, say
from wirebook.conformance.drivers.packetmq.raw_client import End
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import (
    expect_close,
    expect_leave,
    expect_lost,
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import Reason, State

STATES = pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
UNFINISHED: Mapping[str, bytes] = {
    "half-a-length": b"\x00\x00",
    "length-alone": b"\x00\x00\x00\x05",
    "length-and-id": b"\x00\x00\x00\x05\x00\x11",
    "all-but-one-octet": say(ECHO, [1, 2, 3])[:-1],
    "large": frames.frame_of_length(99_999)[:50_000],
    "softquit": frames.softquit()[:-1],
    "length-2-of-5": b"\x00\x00\x00\x05\xff",
}

LARGE = frames.packet(ECHO, frames.packed(bytes(60_000)))
"""A packet to be echoed, several of which no system takes at once from a server for us."""


@requires("PMQ-LST-003", "PMQ-LST-001")
@STATES
def test_closes_at_the_end_of_a_stream(players: MakePlayer, witness: Player, state: State) -> None:
    """A peer that ends its stream without a softquit is closed, in every state, without one."""
    player = players(state)
    with unharmed(witness):
        player.finish_sending()
        expect_close(player)


@requires("PMQ-LST-003", "PMQ-LST-001")
def test_tells_of_a_stream_that_ended(player: Player, witness: Player) -> None:
    """The application is told once of a connection that ended without a softquit, with nil."""
    number = player.number()
    with unharmed(witness):
        player.finish_sending()
        expect_close(player)
        expect_lost(witness, number, None)
        witness.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, None]], (
        f"expected that {number} is made and lost once without a reason, got {told}"
    )


@requires("PMQ-LST-003")
@pytest.mark.parametrize("count", [1, 2, 100, 2000])
def test_answers_before_it_closes(player: Player, witness: Player, count: int) -> None:
    """Packets that came before the end of a stream are answered, and then comes the close."""
    numbers = [token() for _ in range(count)]
    with unharmed(witness):
        mark = len(player.packets)
        player.send(*(say(ECHO, one) for one in numbers))
        player.finish_sending()
        expect_close(player)
    came = [one.value for one in player.received(ECHOED, mark)]
    assert came == numbers, f"expected {count} echoes before the close, got {len(came)}"


@requires("PMQ-LST-003")
@pytest.mark.parametrize("count", [1, 2, 10])
def test_sends_what_waits_after_the_end_of_a_stream(
    players: MakePlayer, witness: Player, count: int
) -> None:
    """What waits to be sent goes out to a peer that has only ended its own direction."""
    player = players(State.CONFIRMED, receive_space=4096)
    player.reading = False
    with unharmed(witness):
        mark = len(player.packets)
        player.send(LARGE * count)
        player.finish_sending()
        player.pump(lambda: not player.unsent, 1.0)
        # What the system has taken from us the server has not read yet: while the witness gets its
        # answers, it does, up to the end. Else nothing might wait when it comes to the end.
        for _ in range(4 * count):
            witness.check_echo()
        player.read_on()
        expect_close(player)
    came = [one.octets for one in player.received(ECHOED, mark)]
    assert came == [LARGE[6:]] * count, f"expected {count} echoes before the close, got {len(came)}"


@requires("PMQ-LST-003")
@pytest.mark.parametrize("octets", UNFINISHED.values(), ids=UNFINISHED)
def test_drops_an_unfinished_frame(player: Player, witness: Player, octets: bytes) -> None:
    """A frame that is not complete when the stream ends is dropped; those before it count."""
    number, sent = player.number(), token()
    with unharmed(witness):
        mark = len(player.packets)
        player.send(say(ECHO, sent), octets)
        player.finish_sending()
        expect_close(player)
        expect_lost(witness, number, None)
    came = [(one.id, one.value) for one in player.packets[mark:]]
    assert came == [(ECHOED, sent)], f"expected one echo and a close, got {came}"


@requires("PMQ-LST-003", "PMQ-ERR-002")
@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (frames.packet(ECHO, b"\xc1"), Reason.MALFORMED),
        (bytes(4), Reason.FRAMING),
        (b"\xff\xff\xff\xff", Reason.FRAMING),
        (say(9999), Reason.UNKNOWN_PACKET),
    ],
    ids=["malformed", "length-0", "too-long", "unknown-packet"],
)
def test_leaves_at_a_violation_before_the_end_of_a_stream(
    player: Player, witness: Player, octets: bytes, reason: Reason
) -> None:
    """A violation right before the end of a stream is answered like any other."""
    with unharmed(witness):
        player.send(octets)
        player.finish_sending()
        expect_leave(player, reason.value, how=(End.FIN,))


@requires("PMQ-LST-003", "PMQ-LST-006")
def test_a_softquit_counts_before_the_end_of_a_stream(player: Player, witness: Player) -> None:
    """A softquit and the end of the stream together are one loss, with the softquit's reason."""
    number = player.number()
    with unharmed(witness):
        player.send(frames.softquit("reason.both"))
        player.finish_sending()
        expect_close(player)
        expect_lost(witness, number, "reason.both")
        witness.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, "reason.both"]], (
        f"expected that {number} is lost once with reason.both, got {told}"
    )


@requires("PMQ-LST-004", "PMQ-ERR-001")
@STATES
@pytest.mark.parametrize("octets", [b"", b"\x00\x00\x00\x20\x00"], ids=["idle", "in-mid-frame"])
def test_lives_on_after_a_reset(
    players: MakePlayer, witness: Player, state: State, octets: bytes
) -> None:
    """A reset costs its own connection only, in every state, also in the middle of a frame."""
    player = players(state)
    with unharmed(witness):
        player.send_chunk(octets)
        witness.check_echo()
        player.reset()
        witness.check_echo()
    players(State.CONFIRMED).check_echo()


@requires("PMQ-LST-004", "PMQ-LST-001")
@pytest.mark.parametrize("octets", [b"", b"\x00\x00\x00\x20\x00"], ids=["idle", "in-mid-frame"])
def test_tells_of_a_reset(player: Player, witness: Player, octets: bytes) -> None:
    """The application is told once of a connection that was reset, with nil for the reason."""
    number = player.number()
    with unharmed(witness):
        player.send_chunk(octets)
        witness.check_echo()
        player.reset()
        expect_lost(witness, number, None)
        witness.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, None]], (
        f"expected that {number} is made and lost once without a reason, got {told}"
    )


@requires("PMQ-LST-004", "PMQ-ERR-001")
@pytest.mark.parametrize("count", [1, 10])
def test_lives_on_after_a_reset_while_it_sends(
    players: MakePlayer, witness: Player, count: int
) -> None:
    """A peer may go away while a lot is on its way to it."""
    player = players(State.CONFIRMED, receive_space=4096)
    number = player.number()
    player.reading = False
    with unharmed(witness):
        player.send(LARGE * count)
        player.pump(lambda: not player.unsent, 1.0)
        witness.check_echo()
        player.reset()
        expect_lost(witness, number, None)


@requires("PMQ-LST-004", "PMQ-SFQ-004", "PMQ-LST-001")
def test_lives_on_after_a_reset_behind_a_softquit(player: Player, witness: Player) -> None:
    """A peer that resets the connection when it is left is no second loss."""
    number = player.number()
    with unharmed(witness):
        player.send(bytes(4))
        player.expect_packet(frames.SOFTQUIT)
        player.reset()
        witness.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, Reason.FRAMING.value]], (
        f"expected that {number} is lost once, with the softquit's reason, got {told}"
    )


@requires("PMQ-LST-004", "PMQ-ERR-001")
def test_lives_on_after_many_resets(players: MakePlayer, witness: Player) -> None:
    """Connections that are reset as soon as they stand cost nobody anything."""
    with unharmed(witness):
        for _ in range(100):
            players().reset()
        witness.check_echo()
    players(State.CONFIRMED).check_echo()
