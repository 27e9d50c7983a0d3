"""What a server has to live through, and whom it has to serve meanwhile.

What may live here: cases with rubbish, floods, crowds, and peers that are slow.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, ECHOED, say
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import expect_leave, unharmed
from wirebook.conformance.drivers.packetmq.waiting import expect, pump
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State

ROUNDS = 15
"""How often the witness is served while somebody else misbehaves."""
LARGE = frames.packet(ECHO, frames.packed(bytes(60_000)))


def random_octets(rng: random.Random) -> bytes:
    """Return octets without any meaning."""
    return rng.randbytes(rng.randrange(1, 400))


def random_frames(rng: random.Random) -> bytes:
    """Return a frame with octets in it that have no meaning."""
    return frames.frame(rng.randbytes(rng.randrange(2, 400)))


def random_payloads(rng: random.Random) -> bytes:
    """Return a packet that exists, with octets for its payload that have no meaning."""
    packet_id = rng.choice([*range(16), *range(17, 28)])
    return frames.packet(packet_id, rng.randbytes(rng.randrange(0, 100)))


def changed_packets(rng: random.Random) -> bytes:
    """Return packets of a handshake and of the application with some octets changed."""
    value = {"a": [1, "x", b"y", None, True, 0.5], "b": {"c": {}}}
    data = bytearray(frames.init() + frames.pubids() + frames.finish() + say(ECHO, value) * 2)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(0, len(data))
        what = rng.randrange(3)
        if what == 0:
            data[at] = rng.randrange(256)
        elif what == 1:
            del data[at : at + rng.randrange(1, 4)]
        else:
            data[at:at] = rng.randbytes(rng.randrange(1, 4))
    return bytes(data)


KINDS: Mapping[str, Callable[[random.Random], bytes]] = {
    "octets": random_octets,
    "frames": random_frames,
    "payloads": random_payloads,
    "changed-packets": changed_packets,
}
GREETINGS: Mapping[str, bytes] = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(194),
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "line-feed": b"\n",
    "nul": b"\x00",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "json": b'{"version": 1}\n',
}


@requires("PMQ-ERR-001")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
@pytest.mark.parametrize("kind", KINDS)
def test_survives_rubbish(
    players: MakePlayer, witness: Player, rng: random.Random, kind: str, state: State
) -> None:
    """A server lives on whatever octets come, on one connection after the other."""
    with unharmed(witness):
        for _ in range(15):
            player = players(state)
            for _ in range(3):
                player.send_chunk(KINDS[kind](rng))
            player.finish_sending()
            player.expect_end()
    players(State.CONFIRMED).check_echo()


@requires("PMQ-ERR-001")
@pytest.mark.parametrize("data", GREETINGS.values(), ids=GREETINGS)
def test_survives_peers_of_other_protocols(newcomer: Player, witness: Player, data: bytes) -> None:
    """A peer that speaks something else ends its own connection only."""
    with unharmed(witness):
        newcomer.send_chunk(data)
        witness.check_echo()
        newcomer.finish_sending()
        newcomer.expect_end()


@requires("PMQ-ERR-001", "PMQ-HSK-002")
def test_serves_a_crowd(players: MakePlayer, witness: Player) -> None:
    """A hundred connections at a time are made, and each of them works."""
    crowd = [players() for _ in range(100)]
    for player in crowd:
        player.send(frames.init(), frames.pubids(), frames.finish(), say(ECHO, 1))
    expect([*crowd, witness], lambda: all(one.received(ECHOED) for one in crowd), "100 echoes")
    witness.check_echo()
    for player in crowd:
        player.finish_sending()
    expect([*crowd, witness], lambda: all(one.over for one in crowd), "100 closes")
    witness.check_echo()


@requires("PMQ-ERR-001")
def test_serves_newcomers_beside_silent_connections(players: MakePlayer, witness: Player) -> None:
    """A hundred connections that never say anything keep nobody out."""
    silent = [players() for _ in range(100)]
    players(State.CONFIRMED).check_echo()
    witness.check_echo()
    assert not any(one.over for one in silent), "expected silent connections to last, got an end"


@requires("PMQ-ERR-001")
def test_survives_connections_that_come_and_go(players: MakePlayer, witness: Player) -> None:
    """Connections that are ended as soon as they stand cost nobody anything."""
    with unharmed(witness):
        for _ in range(150):
            players().close()
    players(State.CONFIRMED).check_echo()


def _served_beside(
    witness: Player, others: list[Player], go_on: Callable[[], object] = bool
) -> None:
    """Check that the witness gets answers, one after the other, while others do what they do."""
    for _ in range(ROUNDS):
        mark = len(witness.packets)
        witness.say(ECHO, token())
        expect(
            [witness, *others],
            partial(_answered, witness, mark, go_on),
            "an answer while others keep the server busy",
        )


def _answered(witness: Player, mark: int, go_on: Callable[[], object]) -> bool:
    go_on()
    return bool(witness.received(ECHOED, mark))


@requires("PMQ-LIM-004", "PMQ-ERR-001")
def test_serves_others_while_one_reads_nothing(players: MakePlayer, witness: Player) -> None:
    """A peer that asks for a lot and reads nothing is no reason to keep others waiting."""
    player = players(State.CONFIRMED, receive_space=4096)
    player.reading = False
    player.note("4.8 MB of packets to be echoed from here, which are not recorded")
    with unharmed(witness):
        player.send_unrecorded(LARGE * 80)
        _served_beside(witness, [player])


@requires("PMQ-LIM-004", "PMQ-ERR-001")
def test_serves_others_while_several_read_nothing(players: MakePlayer, witness: Player) -> None:
    """Several such peers together keep nobody waiting either, nor does a broadcast to them."""
    lazy = [players(State.CONFIRMED, receive_space=4096) for _ in range(5)]
    with unharmed(witness):
        for player in lazy:
            player.reading = False
            player.send_unrecorded(LARGE * 10)
        for _ in range(20):
            witness.say(frames.BROADCAST, bytes(20_000))
        _served_beside(witness, lazy)


class _Flood:
    """A peer that sends as fast as it can, for as long as it is pumped."""

    def __init__(self, player: Player, octets: bytes) -> None:
        self.player, self.octets = player, octets
        player.recorded = False
        player.note(f"packets of {len(octets)} octets from here as fast as possible, unrecorded")

    def pour(self) -> None:
        """Send more if most of the last is on its way, and forget the answers."""
        if self.player.unsent < 1_000_000 and not self.player.refused:
            self.player.send_unrecorded(self.octets)
        self.player.packets.clear()


@requires("PMQ-LIM-004", "PMQ-ERR-001")
@pytest.mark.parametrize(
    "octets",
    [say(ECHO, 1) * 1000, say(ECHO, bytes(90_000)), say(ECHOED, 1) * 5000, say(5, 1) * 5000],
    ids=["small-packets", "large-packets", "without-answers", "ignored"],
)
def test_serves_others_while_one_floods_it(
    players: MakePlayer, witness: Player, octets: bytes
) -> None:
    """A peer that sends as fast as it can does not take the turns of the others."""
    flood = _Flood(players(State.CONFIRMED), octets)
    with unharmed(witness):
        _served_beside(witness, [flood.player], flood.pour)


@requires("PMQ-LIM-004", "PMQ-FRM-002")
def test_serves_others_while_several_send_one_octet_at_a_time(
    players: MakePlayer, witness: Player
) -> None:
    """Peers that send one octet at a time cost no more than any others."""
    drops = [players(State.CONFIRMED) for _ in range(5)]
    numbers = {player: token() for player in drops}
    data = {player: say(ECHO, numbers[player]) for player in drops}
    with unharmed(witness):
        for at in range(max(map(len, data.values()))):
            for player in drops:
                player.send_chunk(data[player][at : at + 1])
            witness.check_echo()
        for player in drops:
            player.expect_value(ECHOED, numbers[player])


@requires("PMQ-LIM-004", "PMQ-ERR-001")
def test_serves_others_during_a_large_frame(players: MakePlayer, witness: Player) -> None:
    """A large frame that comes slowly keeps nobody waiting, and is handled when it is there."""
    player = players(State.CONFIRMED)
    data = frames.frame_of_length(99_999)
    player.note("a frame of 99 999 octets from here in 20 pieces")
    with unharmed(witness):
        for at in range(0, len(data), 5000):
            player.send_unrecorded(data[at : at + 5000])
            witness.check_echo()
        mark = len(player.packets)
        echoed = player.expect_packet(ECHOED, since=mark)
        assert echoed.octets == data[6:], f"expected 99 999 octets back, got {echoed}"


@requires("PMQ-ERR-001", "PMQ-LIM-004")
def test_promised_octets_cost_nothing(players: MakePlayer, witness: Player) -> None:
    """Many connections that announce large frames and send none keep nobody waiting."""
    everyone = [players(State.CONFIRMED) for _ in range(40)]
    for player in everyone:
        player.send_chunk((99_999).to_bytes(4))
    with unharmed(witness):
        pump([*everyone, witness], lambda: True, 0.0)
        players(State.CONFIRMED).check_echo()
    ended = [one.outcome() for one in everyone if one.over]
    if ended:
        raise Violation(f"expected all connections to wait for their frames, got {ended[0]}")


@requires("PMQ-ERR-001", "PMQ-ERR-002")
def test_leaves_many_at_a_time(players: MakePlayer, witness: Player) -> None:
    """Violations on many connections at once get their softquits, each its own."""
    everyone = [players(State.CONFIRMED) for _ in range(30)]
    wrong = [
        (bytes(4), Reason.FRAMING),
        (frames.packet(ECHO, b"\xc1"), Reason.MALFORMED),
        (say(9999), Reason.UNKNOWN_PACKET),
    ]
    with unharmed(witness):
        for number, player in enumerate(everyone):
            player.send(wrong[number % 3][0])
        for number, player in enumerate(everyone):
            expect_leave(player, wrong[number % 3][1].value)
