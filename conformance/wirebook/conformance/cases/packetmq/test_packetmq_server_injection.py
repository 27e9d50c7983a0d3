"""Segments in the name of a peer: what the sequence numbers of TCP keep out, and what they do not.

What may live here: cases with forged resets, ends, data and beginnings of connections, damaged
segments, and segments that pass twice. An attacker off the path has to guess sequence numbers; one
on the path knows them, and can end a connection, but nothing else.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases import injection
from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq.frames import BROADCAST, ECHO, ITEM, say
from wirebook.conformance.drivers.packetmq.raw_client import End
from wirebook.conformance.drivers.packetmq.stages import Player, token
from wirebook.conformance.drivers.packetmq.verify import expect_lost, unharmed
from wirebook.conformance.marks import exact_network, requires
from wirebook.conformance.verdicts import Unsupported, Violation
from wirebook.spec.packetmq.states import Reason, State

pytestmark = exact_network("segments are forged in a connection, which a relay would cut in two")

scene = injection.scene
target_server = injection.target_server

GUESSES = 10
WATCHED_FOR = 0.3
HALF_OPEN = 300
NO_FRAME = bytes(4)
"""A length that no frame may have."""
OUTSIDE = {"behind": -100_000, "far-ahead": 100_000_000, "half-a-circle": 1 << 31}
"""Guesses that are outside of any window, in octets from the sequence that is due."""


def check_untouched(player: Player, witness: Player, number: int) -> None:
    """Check that a connection goes on, and that the application has not been told of its end."""
    player.check_echo()
    told = witness.told_of(number)
    if told != [["made", number]]:
        raise Violation(f"expected the connection {number} to be made and to stand, got {told}")


def end_by_reset(scene: Scene, player: Player, witness: Player, number: int) -> None:
    """End a connection by a forged reset with the right number: what is forged does arrive."""
    scene.injector.segment(scene.flow(player.local), "R", what="a reset with the right number")
    expect_lost(witness, number, None)


@requires("PMQ-ERR-001", "PMQ-LST-004")
@pytest.mark.parametrize("ahead", [*OUTSIDE.values(), 1000], ids=[*OUTSIDE, "in-the-window"])
def test_stands_off_path_resets(scene: Scene, player: Player, witness: Player, ahead: int) -> None:
    """A reset that does not have the very number that is due ends no connection."""
    number = player.number()
    with unharmed(witness):
        flow = scene.flow(player.local)
        for guess in range(GUESSES):
            scene.injector.segment(flow, "R", ahead=ahead + guess, what="a guessed reset")
        player.pump(lambda: player.over, WATCHED_FOR)
        check_untouched(player, witness, number)
    end_by_reset(scene, player, witness, number)


@requires("PMQ-LST-004", "PMQ-LST-001")
def test_is_told_of_a_forged_reset(scene: Scene, player: Player, witness: Player) -> None:
    """A reset by somebody on the path ends its connection, is told once, and leaves nothing."""
    number = player.number()
    with unharmed(witness):
        end_by_reset(scene, player, witness, number)
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, None]], (
        f"expected that {number} is made and lost once without a reason, got {told}"
    )
    # The peer has not heard of it; what it sends belongs to no connection any more.
    player.say(ECHO, token())
    player.expect_end(End.RST)


@requires("PMQ-LST-003", "PMQ-LST-001")
def test_is_told_of_a_forged_end(
    scene: Scene, player: Player, players: MakePlayer, witness: Player
) -> None:
    """The end of a stream, forged by somebody on the path, costs its own connection only."""
    number = player.number()
    with unharmed(witness):
        scene.injector.segment(scene.flow(player.local), "FA", what="the end of the stream")
        expect_lost(witness, number, None)
    players(State.CONFIRMED).check_echo()


@requires("PMQ-ERR-001", "PMQ-EXC-001")
@pytest.mark.parametrize("ahead", OUTSIDE.values(), ids=OUTSIDE)
def test_reads_no_off_path_data(scene: Scene, player: Player, witness: Player, ahead: int) -> None:
    """Data outside of the window is not read, and the connection goes on."""
    number, forged, mark = player.number(), token(), len(witness.packets)
    with unharmed(witness):
        flow = scene.flow(player.local)
        for guess in range(GUESSES):
            data = say(BROADCAST, forged)
            scene.injector.segment(flow, "PA", ahead=ahead + guess, data=data, what="guessed data")
        player.pump(lambda: player.over, WATCHED_FOR)
        check_untouched(player, witness, number)
        check_never_came(witness, forged, mark)
    # With the right number, it is the player's.
    flow, forged = scene.flow(player.local), token()
    scene.injector.segment(flow, "PA", data=say(BROADCAST, forged), what="data with the number due")
    witness.expect_value(ITEM, forged)


@requires("PMQ-ERR-001", "PMQ-ERR-002")
@pytest.mark.parametrize(
    "data", [NO_FRAME, b"\xff" * 4, say(9999), b"\xff" * 1400], ids=lambda data: f"{data[:6].hex()}"
)
def test_survives_a_violation_in_a_peers_name(
    scene: Scene, player: Player, players: MakePlayer, witness: Player, data: bytes
) -> None:
    """A violation that somebody on the path puts into a stream costs that connection only."""
    number = player.number()
    with unharmed(witness):
        scene.injector.segment(scene.flow(player.local), "PA", data=data, what="a violation")
        reason = Reason.UNKNOWN_PACKET if data == say(9999) else Reason.FRAMING
        expect_lost(witness, number, reason.value)
    players(State.CONFIRMED).check_echo()


@requires("PMQ-ERR-001")
def test_survives_data_ahead_of_what_is_due(
    scene: Scene, player: Player, players: MakePlayer, witness: Player
) -> None:
    """Guessed data in the window, which is read once the gap is filled, harms nobody else."""
    with unharmed(witness):
        flow = scene.flow(player.local)
        scene.injector.segment(flow, "PA", ahead=500, data=b"\xff" * 400, what="data in the window")
        for _ in range(100):
            player.say(ECHO, token())
            player.pump(lambda: False, 0.005)
            if player.over or player.left:
                break
        witness.check_echo()
    players(State.CONFIRMED).check_echo()


@requires("PMQ-EXC-001", "PMQ-ERR-001")
@pytest.mark.parametrize("times", [1, 20])
def test_counts_once_what_passes_twice(
    scene: Scene, player: Player, witness: Player, times: int
) -> None:
    """A segment that passes again, octet for octet, is no new data."""
    sent, mark = token(), len(witness.packets)
    frame = say(BROADCAST, sent)
    player.send(frame)
    witness.expect_value(ITEM, sent)
    packet = next(one for one in reversed(scene.tap.packets()) if one.endswith(frame))
    scene.injector.again(packet, times)
    player.pump(lambda: player.over, WATCHED_FOR)
    player.check_echo()
    witness.check_echo()
    came = [one for one in witness.received(ITEM, mark) if one.value == sent]
    if len(came) != 1:
        raise Violation(f"expected the broadcast once, got it {len(came)} times")


@requires("PMQ-ERR-001", "PMQ-EXC-001")
@pytest.mark.parametrize("checksums", ["bad", "bad-ip"], ids=["tcp", "ip"])
def test_reads_nothing_damaged(
    scene: Scene, player: Player, witness: Player, checksums: str
) -> None:
    """A segment with a wrong checksum is not read, though its number is the one that is due."""
    if checksums == "bad-ip" and not scene.injector.writes_ip_checksum:
        raise Unsupported("by this machine: on loopback, the system writes the checksum of IP")
    number, forged, mark = player.number(), token(), len(witness.packets)
    frame = say(BROADCAST, forged)
    with unharmed(witness):
        flow = scene.flow(player.local)
        scene.injector.segment(flow, "PA", data=frame, what="damaged data", checksums=checksums)
        scene.injector.segment(flow, "R", what="a damaged reset", checksums=checksums)
        player.pump(lambda: player.over, WATCHED_FOR)
        check_never_came(witness, forged, mark)
        check_untouched(player, witness, number)
    scene.injector.segment(scene.flow(player.local), "PA", data=frame, what="undamaged data")
    witness.expect_value(ITEM, forged)


@requires("PMQ-ERR-001")
@pytest.mark.parametrize("ahead", [0, 1000, 1 << 31], ids=["due", "in-the-window", "outside"])
def test_stands_forged_beginnings(
    scene: Scene, player: Player, witness: Player, ahead: int
) -> None:
    """A SYN with the ports of a connection that stands changes nothing about it."""
    number = player.number()
    with unharmed(witness):
        flow = scene.flow(player.local)
        scene.injector.segment(flow, "S", ahead=ahead, acknowledged=0, what="another beginning")
        player.pump(lambda: player.over, WATCHED_FOR)
        check_untouched(player, witness, number)
    end_by_reset(scene, player, witness, number)


@requires("PMQ-ERR-001")
def test_half_open_connections_shut_nobody_out(
    scene: Scene, player: Player, players: MakePlayer, witness: Player
) -> None:
    """Beginnings of connections in the name of hosts that never answer keep no newcomer out."""
    number = player.number()
    with unharmed(witness):
        scene.note(f"Injected: {HALF_OPEN} beginnings in the name of {scene.site.silent}.")
        for each in range(HALF_OPEN):
            scene.injector.beginning((scene.site.silent, 20_000 + each), scene.address)
        check_untouched(player, witness, number)
        players(State.CONFIRMED).check_echo()
    check_untouched(player, witness, number)


def check_never_came(witness: Player, forged: int, mark: int) -> None:
    """Check that a forged broadcast has not been handled."""
    witness.check_echo()
    if any(one.value == forged for one in witness.received(ITEM, mark)):
        raise Violation("expected the forged broadcast not to be read, and the witness got it")
