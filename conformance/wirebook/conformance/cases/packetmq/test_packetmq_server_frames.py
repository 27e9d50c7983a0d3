"""Frames: how a server cuts the stream, which lengths it takes, and what it writes itself.

What may live here: cases about lengths, borders and packet ids. What is in a frame is for others.
"""

from __future__ import annotations

import random

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import (
    check_violation,
    expect_leave,
    unharmed,
)
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import Reason, State

FRAMING = Reason.FRAMING.value
SAMPLE = frames.say(frames.ECHO, [1, "two", b"three", None, 4.5, {"six": 6}])
HELLO = frames.init() + frames.pubids() + frames.finish()
LENGTHS = [
    *range(3, 24),
    *(255, 256, 257, 258, 259, 260, 261, 262, 263, 264, 1000, 4095, 4096, 4097),
    *(16_383, 16_384, 65_534, 65_535, 65_536, 65_537, 65_538, 65_539, 65_540, 65_541),
    *(80_000, 99_990, 99_997, 99_998, 99_999),
]
TOO_LONG = [100_000, 100_001, 0x20000, 0x1000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
TOO_LONG += [int.from_bytes(b"GET "), int.from_bytes(b"\x16\x03\x01\x02"), 0x0100000C]
TOO_SHORT = {
    "length-0": frames.frame(b""),
    "length-0-twice": frames.frame(b"") * 2,
    "length-1": frames.frame(b"\x00"),
    "length-1-of-an-application-packet": frames.frame(b"\x11"),
}


def _cut(data: bytes, at: int, player: Player, witness: Player) -> None:
    """Send octets in two pieces, the first of which the server has read before the second comes."""
    player.send_chunk(data[:at])
    witness.check_echo()
    player.send_chunk(data[at:])


@requires("PMQ-FRM-002")
@pytest.mark.parametrize("at", range(1, len(SAMPLE)))
def test_reads_a_frame_cut_at_any_octet(player: Player, witness: Player, at: int) -> None:
    """A frame that arrives in two pieces is the same as in one, wherever it is cut."""
    with unharmed(witness):
        mark = len(player.packets)
        _cut(SAMPLE, at, player, witness)
        echoed = player.expect_packet(frames.ECHOED, since=mark)
        assert echoed.octets == SAMPLE[6:], f"expected {SAMPLE[6:].hex()}, got {echoed}"
        player.check_echo()


@requires("PMQ-FRM-002")
@pytest.mark.parametrize("at", [*range(1, 40), *range(40, len(HELLO) - 12, 37), *range(-12, 0)])
def test_reads_a_handshake_cut_at_any_octet(newcomer: Player, witness: Player, at: int) -> None:
    """The packets of the handshake may be cut at any octet, and travel in one piece otherwise."""
    _cut(HELLO, at, newcomer, witness)
    newcomer.expect_packet(frames.FINISH)
    newcomer.state = State.CONFIRMED
    newcomer.check_echo()


@requires("PMQ-FRM-002")
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_reads_a_conversation_in_small_pieces(newcomer: Player, witness: Player, size: int) -> None:
    """A handshake and packets behind it may come a few octets at a time."""
    numbers = [token() for _ in range(3)]
    data = HELLO + b"".join(frames.say(frames.ECHO, one) for one in numbers)
    newcomer.note(f"{len(data)} octets from here in pieces of {size}")
    with unharmed(witness):
        for at in range(0, len(data), size):
            newcomer.send_unrecorded(data[at : at + size])
            newcomer.drain()
        newcomer.expect_value(frames.ECHOED, numbers[-1])
    echoed = [one.value for one in newcomer.received(frames.ECHOED)]
    assert echoed == numbers, f"expected echoes of {numbers}, got {echoed}"


@requires("PMQ-FRM-002", "PMQ-EXC-001")
@pytest.mark.parametrize("count", [2, 3, 10, 255, 256, 257, 1000, 3000])
def test_reads_many_frames_at_a_time(player: Player, witness: Player, count: int) -> None:
    """Frames that arrive together are all handled, in their order."""
    numbers = [token() for _ in range(count)]
    with unharmed(witness):
        mark = len(player.packets)
        player.send(*(frames.say(frames.ECHO, one) for one in numbers))
        player.expect_value(frames.ECHOED, numbers[-1], since=mark)
    echoed = [one.value for one in player.received(frames.ECHOED, mark)]
    assert echoed == numbers, f"expected {count} echoes in their order, got {len(echoed)}"


@requires("PMQ-FRM-002")
def test_reads_a_whole_handshake_at_once(newcomer: Player, witness: Player) -> None:
    """A client may send everything it has to say without waiting for the server's part."""
    with unharmed(witness):
        newcomer.send(HELLO, SAMPLE, SAMPLE)
        newcomer.expect(lambda: len(newcomer.received(frames.ECHOED)) == 2, "two echoes")
    said = [one.id for one in newcomer.packets]
    expected = [frames.INIT, frames.PUBIDS, frames.FINISH, frames.ECHOED, frames.ECHOED]
    assert said == expected, f"expected packets {expected}, got {said}"


@requires("PMQ-FRM-002")
def test_reads_frames_cut_by_chance(player: Player, witness: Player, rng: random.Random) -> None:
    """However a stream of frames of all sizes is cut, the packets are the same."""
    sent = [rng.randbytes(rng.choice([0, 1, 5, 40, 300, 5000])) for _ in range(60)]
    data = b"".join(frames.say(frames.ECHO, one) for one in sent)
    player.note(f"{len(data)} octets from here in pieces of all sizes")
    with unharmed(witness):
        mark = len(player.packets)
        while data:
            size = rng.choice([1, 2, 3, 4, 5, 6, 7, 50, 1460, 5000])
            player.send_unrecorded(data[:size])
            data = data[size:]
            player.drain()
        player.expect(lambda: len(player.received(frames.ECHOED, mark)) >= len(sent), "all echoes")
    echoed = [one.value for one in player.received(frames.ECHOED, mark)]
    assert echoed == sent, "expected every packet back as it was, in order, got others"


@requires("PMQ-FRM-004", "PMQ-FRM-001")
@pytest.mark.parametrize("length", LENGTHS)
def test_accepts_every_length(player: Player, witness: Player, length: int) -> None:
    """A frame of any length from 3 to 99 999 is taken, and one like it sent."""
    data = frames.frame_of_length(length)
    with unharmed(witness):
        mark = len(player.packets)
        player.send(data)
        echoed = player.expect_packet(frames.ECHOED, since=mark)
        assert echoed.octets == data[6:], f"expected {length - 2} octets back, got {echoed}"
        player.check_echo()


@requires("PMQ-FRM-004")
@pytest.mark.parametrize("length", [2, 3, 1000, 99_999])
def test_accepts_every_length_of_what_it_ignores(
    player: Player, witness: Player, length: int
) -> None:
    """The frame of a packet that is ignored has to be skipped to its end, however long it is."""
    octets = bytes(length - 2)
    with unharmed(witness):
        player.send(frames.packet(7, octets), frames.packet(15, octets))
        player.check_echo()


@requires("PMQ-FRM-005", "PMQ-ERR-002", "PMQ-ERR-004")
@pytest.mark.parametrize("length", TOO_LONG)
def test_leaves_at_a_length_above_99999(player: Player, witness: Player, length: int) -> None:
    """A length above 99 999 is a violation."""
    check_violation(player, witness, FRAMING, length.to_bytes(4) + b"\x00\x11\xc0")


@requires("PMQ-FRM-005")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
@pytest.mark.parametrize("length", [100_000, 0xFFFFFFFF])
def test_leaves_before_the_content_comes(
    players: MakePlayer, witness: Player, state: State, length: int
) -> None:
    """Four octets are enough to see that a frame is too long: nothing more has to come."""
    player = players(state)
    with unharmed(witness):
        player.send(length.to_bytes(4))
        expect_leave(player, FRAMING)


@requires("PMQ-FRM-005")
def test_waits_for_all_octets_of_a_length(player: Player, witness: Player) -> None:
    """Three octets of a length say nothing yet; with the fourth, it is too long."""
    player.send_chunk(b"\x00\x01\x86")
    witness.check_echo()
    assert not player.received(frames.SOFTQUIT), f"expected nothing yet, got {player.outcome()}"
    with unharmed(witness):
        player.send_chunk(b"\xa0")
        expect_leave(player, FRAMING)


@requires("PMQ-FRM-006", "PMQ-ERR-002", "PMQ-ERR-004")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
@pytest.mark.parametrize("data", TOO_SHORT.values(), ids=TOO_SHORT)
def test_leaves_at_a_length_below_2(
    players: MakePlayer, witness: Player, state: State, data: bytes
) -> None:
    """A length that leaves no room for a packet id is a violation in every state."""
    check_violation(players(state), witness, FRAMING, data)


@requires("PMQ-FRM-001", "PMQ-PID-001", "PMQ-PID-002", "PMQ-MSG-001")
def test_sends_well_formed_frames(player: Player, witness: Player) -> None:
    """Everything that a server says is a frame with an id and one value."""
    with unharmed(witness):
        player.say(frames.ECHO, {"a": [1, 2.5, None, True, "x", b"y"]})
        player.say(frames.ECHO, bytes(4000))
        player.say(frames.WHOAMI)
        player.say(frames.BURST, 300)
        player.say(frames.HISTORY)
        player.say(frames.LEAVE, "reason.enough")
        expect_leave(player, "reason.enough")
    said = [one.id for one in player.packets]
    assert said[:3] == [frames.INIT, frames.PUBIDS, frames.FINISH], f"expected 0, 2, 3, got {said}"
    assert said.count(frames.ITEM) == 300, f"expected 300 items, got {said.count(frames.ITEM)}"


@requires("PMQ-PID-002", "PMQ-IDS-001")
def test_keeps_its_ids_whatever_an_id_map_says(players: MakePlayer, witness: Player) -> None:
    """An adaptive peer's id map changes neither the internal ids nor those of the application."""
    player = players()
    # Softquit and finish are swapped, and the echo has the id of a handshake packet.
    player.ids = {
        **frames.CLIENT_IDS,
        "packetmq:softquit": 3,
        "packetmq:handshake_finish": 1,
        "conformance:echoed": 2,
    }
    with unharmed(witness):
        player.join()
        player.check_echo()
        player.say(frames.LEAVE, "reason.ids")
        expect_leave(player, "reason.ids")
