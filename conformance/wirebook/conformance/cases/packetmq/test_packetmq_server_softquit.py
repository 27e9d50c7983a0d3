"""Softquits: sent and received, what is delivered before the end, and how the end comes about.

What may live here: cases about taking leave. Packets after a softquit are in
`test_packetmq_server_handshake.py`, the farewell period in `test_packetmq_server_timers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import BURST, ECHO, ECHOED, ITEM, LEAVE, say
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

REASONS: Mapping[str, str] = {
    "own": "reason.of.mine",
    "protocols": "reason.timeout",
    "no-dots": "bye",
    "empty": "",
    "spaces": " reason . bye ",
    "beyond-ascii": "reason.\N{SNOWMAN}",
    "controls": "reason.\x00\x1b[31m\r\n",
    "long": "reason." + "x" * 5000,
}
VIOLATIONS: Mapping[str, tuple[str, bytes]] = {
    "framing": ("reason.framing", (100_000).to_bytes(4)),
    "framing-0": ("reason.framing", bytes(4)),
    "malformed": ("reason.malformed", frames.packet(ECHO, b"\xc1")),
    "unknown-packet": ("reason.unknownpacket", say(9999)),
    "malformed-internal": ("reason.malformed", frames.packet(frames.INIT, b"\xc0")),
}
SMALL = 4096
"""A receive buffer, in octets, that makes a server's data wait at the server."""
LARGE = 60_000
"""Octets of a payload, several of which no system takes at once with such a buffer at our end."""


@requires("PMQ-LST-006", "PMQ-LST-001", "PMQ-SFQ-005")
@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_hands_over_any_reason(player: Player, witness: Player, reason: str) -> None:
    """The reason of a softquit reaches the application as it is, known or not."""
    number = player.number()
    with unharmed(witness):
        player.send(frames.softquit(reason))
        expect_close(player)
        about = expect_lost(witness, number, reason)
    assert about == [["made", number], ["lost", number, reason]], (
        f"expected that {number} is made and lost once, got {about!r:.200}"
    )


@requires("PMQ-LST-005", "PMQ-INT-004")
@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_sends_the_reason_of_the_application(player: Player, witness: Player, reason: str) -> None:
    """A softquit of the application has the application's reason."""
    number = player.number()
    with unharmed(witness):
        player.say(LEAVE, reason)
        expect_leave(player, reason)
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, reason]], (
        f"expected that {number} is made and lost once, got {told!r:.200}"
    )


@requires("PMQ-LST-005", "PMQ-LST-001")
def test_sends_reason_unknown_where_none_is_given(player: Player, witness: Player) -> None:
    """Without a reason of the application the softquit says `reason.unknown`."""
    with unharmed(witness):
        player.say(LEAVE, None)
        expect_leave(player, Reason.UNKNOWN.value)


@requires("PMQ-LST-001", "PMQ-ERR-002")
@pytest.mark.parametrize("name", VIOLATIONS)
def test_tells_the_application_of_a_violation(player: Player, witness: Player, name: str) -> None:
    """The application is told once that the connection is lost, with the reason that was sent."""
    reason, octets = VIOLATIONS[name]
    number = player.number()
    with unharmed(witness):
        player.send(octets)
        expect_leave(player, reason)
        expect_lost(witness, number, reason)
        witness.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, reason]], (
        f"expected that {number} is made and lost once, got {told}"
    )


@requires("PMQ-LST-001", "PMQ-LST-005")
def test_tells_the_application_before_the_peer(player: Player, witness: Player) -> None:
    """When the softquit is there, the application has been told already."""
    number = player.number()
    player.say(LEAVE, "reason.first")
    player.expect_packet(frames.SOFTQUIT)
    told = witness.told_of(number)
    assert told[-1:] == [["lost", number, "reason.first"]], (
        f"expected that {number} is lost by then, got {told}"
    )
    expect_leave(player, "reason.first")


@requires("PMQ-SFQ-004", "PMQ-ERR-002")
@pytest.mark.parametrize("amount", [1, 10_000, 1_000_000], ids=["octet", "10-kb", "1-mb"])
@pytest.mark.parametrize("name", VIOLATIONS)
def test_softquit_arrives_although_more_is_on_its_way(
    player: Player, witness: Player, name: str, amount: int
) -> None:
    """What the peer goes on to send must not make the server reset the connection."""
    reason, octets = VIOLATIONS[name]
    player.note(f"{amount} octets from here behind the violation")
    with unharmed(witness):
        player.send(octets)
        player.send_unrecorded(bytes(amount))
        player.expect_packet(frames.SOFTQUIT)
        # The server may be at it still: it reads and drops, and closes after us.
        player.expect(lambda: not player.unsent or player.refused, "the octets to be taken")
        witness.check_echo()
        player.send_unrecorded(bytes(amount))
        player.expect(lambda: not player.unsent or player.refused, "the octets to be taken")
        expect_leave(player, reason, how=(End.FIN,))
    assert not player.refused, "expected what comes after a softquit to be dropped, got a reset"


@requires("PMQ-SFQ-004", "PMQ-ERR-002")
@pytest.mark.parametrize("name", VIOLATIONS)
def test_softquit_arrives_at_a_peer_that_reads_late(
    players: MakePlayer, witness: Player, name: str
) -> None:
    """A peer that reads only after it has sent a lot still finds the softquit."""
    reason, octets = VIOLATIONS[name]
    player = players(State.CONFIRMED, receive_space=SMALL)
    player.reading = False
    player.note("300 000 octets from here behind the violation")
    with unharmed(witness):
        player.send(octets)
        player.send_unrecorded(bytes(300_000))
        player.expect(lambda: not player.unsent or player.refused, "the octets to be taken")
        witness.check_echo()
        player.read_on()
        expect_leave(player, reason, how=(End.FIN,))


@requires("PMQ-SFQ-004", "PMQ-ERR-004", "PMQ-SFQ-001")
@pytest.mark.parametrize("name", VIOLATIONS)
def test_answers_arrive_before_a_softquit(players: MakePlayer, witness: Player, name: str) -> None:
    """Whatever waits to be sent when a violation is found goes out before the softquit."""
    reason, octets = VIOLATIONS[name]
    player = players(State.CONFIRMED, receive_space=SMALL)
    payload = bytes(LARGE)
    player.reading = False
    with unharmed(witness):
        player.send(say(ECHO, payload) * 10, octets)
        player.pump(lambda: not player.unsent, 0.2)
        witness.check_echo()
        player.read_on()
        expect_leave(player, reason, how=(End.FIN,))
    came = [one.value for one in player.received(ECHOED)[1:]]
    assert came == [payload] * 10, f"expected 10 large echoes, got {len(came)}"


@requires("PMQ-SFQ-005", "PMQ-SFQ-006")
@pytest.mark.parametrize("count", [1, 10, 1000, 5000])
def test_sends_what_waits_before_it_closes(player: Player, witness: Player, count: int) -> None:
    """Everything that was asked for before a softquit arrives before the close."""
    with unharmed(witness):
        player.send(say(BURST, count), frames.softquit())
        expect_close(player)
    came = [one.value for one in player.received(ITEM)]
    assert came == list(range(count)), f"expected {count} items, got {len(came)}"


@requires("PMQ-SFQ-005")
@pytest.mark.parametrize("late", [False, True], ids=["at-once", "late"])
def test_sends_what_waits_to_a_slow_reader(
    players: MakePlayer, witness: Player, *, late: bool
) -> None:
    """What waits because the peer is slow to read is not lost by the peer's softquit."""
    player = players(State.CONFIRMED, receive_space=SMALL)
    payload = bytes(LARGE)
    player.reading = False
    with unharmed(witness):
        player.send(say(ECHO, payload) * 10)
        if late:
            player.pump(lambda: not player.unsent, 0.2)
            witness.check_echo()
        player.send(frames.softquit("reason.enough"))
        player.pump(lambda: not player.unsent, 0.2)
        witness.check_echo()
        player.read_on()
        expect_close(player)
    came = [one.value for one in player.received(ECHOED)[1:]]
    assert came == [payload] * 10, f"expected 10 large echoes, got {len(came)}"


@requires("PMQ-SFQ-005", "PMQ-LST-001")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
def test_handles_nothing_behind_a_softquit(
    players: MakePlayer, witness: Player, state: State
) -> None:
    """A peer that has taken its leave is not listened to any more."""
    player = players(state)
    sent = token()
    with unharmed(witness):
        player.send(
            frames.softquit(),
            *(frames.init(), frames.pubids(), frames.finish()),
            *(say(ECHO, sent), say(frames.BROADCAST, sent), frames.softquit("reason.again")),
        )
        expect_close(player)
    echoed = [one.value for one in player.received(ECHOED)]
    items = [one.value for one in witness.received(ITEM)]
    assert sent not in echoed + items, "expected nothing behind a softquit to count, got an answer"


@requires("PMQ-SFQ-006", "PMQ-SFQ-001")
@pytest.mark.parametrize("name", VIOLATIONS)
def test_two_softquits_may_cross(player: Player, witness: Player, name: str) -> None:
    """A softquit that comes after the server's own is no reason for another one."""
    reason, octets = VIOLATIONS[name]
    number = player.number()
    with unharmed(witness):
        behind = b"" if name == "framing" else frames.softquit("reason.crossed")
        player.send(octets, behind)
        expect_leave(player, reason)
        told = witness.told_of(number)
    assert told == [["made", number], ["lost", number, reason]], (
        f"expected that {number} is lost once, with the first reason, got {told}"
    )


@requires("PMQ-SFQ-005")
def test_a_softquit_ends_its_own_connection_only(players: MakePlayer, witness: Player) -> None:
    """Others at the same time, from the same address, are not touched."""
    everyone = [players(State.CONFIRMED) for _ in range(6)]
    for player in everyone[::2]:
        player.send(frames.softquit())
    for player in everyone[::2]:
        expect_close(player)
    for player in (*everyone[1::2], witness):
        player.check_echo()
