"""Packets of the application: their order, their ids, and callbacks that fail.

What may live here: cases about active connections that work. What ends them is for others.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import (
    BROADCAST,
    BURST,
    ECHO,
    ECHOED,
    FAIL,
    ITEM,
    WHOAMI,
    YOU_ARE,
    say,
)
from wirebook.conformance.drivers.packetmq.stages import ORDER, Player, token
from wirebook.conformance.drivers.packetmq.verify import (
    check_violation,
    expect_leave,
    unharmed,
    until_told,
)
from wirebook.conformance.drivers.packetmq.waiting import expect
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import Reason, State

UNKNOWN = Reason.UNKNOWN_PACKET.value
TEXTS = ["", "x", "text", "\N{SNOWMAN}", "x" * 1000]


@requires("PMQ-EXC-001")
def test_answers_in_the_order_of_the_packets(player: Player, witness: Player) -> None:
    """Packets of several kinds are handled one after the other, as they came."""
    one, two = token(), token()
    with unharmed(witness):
        number = player.number()
        mark = len(player.packets)
        player.send(
            *(say(ECHO, one), say(BURST, 3), say(WHOAMI), say(ECHOED, 9), say(BURST, 2)),
            *(say(BROADCAST, one), say(ECHO, two)),
        )
        player.expect_value(ECHOED, two, since=mark)
    came = [(packet.id, packet.value) for packet in player.packets[mark:]]
    expected = [
        *((ECHOED, one), (ITEM, 0), (ITEM, 1), (ITEM, 2), (YOU_ARE, number)),
        *((ITEM, 0), (ITEM, 1), (ITEM, one), (ECHOED, two)),
    ]
    assert came == expected, f"expected {expected}, got {came}"


@requires("PMQ-EXC-001")
@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 1000, 5000])
def test_sends_as_many_packets_as_asked_for(player: Player, witness: Player, count: int) -> None:
    """What the application sends in one go arrives completely, in its order."""
    last = token()
    with unharmed(witness):
        mark = len(player.packets)
        player.say(BURST, count)
        player.say(ECHO, last)
        player.expect_value(ECHOED, last, since=mark)
    came = [packet.value for packet in player.received(ITEM, mark)]
    assert came == list(range(count)), f"expected {count} items in order, got {len(came)}"


@requires("PMQ-EXC-001")
def test_keeps_the_order_on_several_connections(players: MakePlayer) -> None:
    """Each of several busy connections gets its own answers, in its own order."""
    everyone = [players(State.CONFIRMED) for _ in range(8)]
    sent = {player: [token() for _ in range(200)] for player in everyone}
    marks = {player: len(player.packets) for player in everyone}
    for part in range(0, 200, 20):
        for player in everyone:
            player.send(*(say(ECHO, one) for one in sent[player][part : part + 20]))
    expect(
        everyone,
        lambda: all(len(one.received(ECHOED, marks[one])) >= 200 for one in everyone),
        "200 echoes on each of 8 connections",
    )
    for player in everyone:
        came = [packet.value for packet in player.received(ECHOED, marks[player])]
        assert came == sent[player], "expected the connection's own echoes in order, got others"


@requires("PMQ-MSG-001", "PMQ-EXC-001", "PMQ-MSG-013")
@pytest.mark.parametrize("text", TEXTS, ids=["empty", "letter", "word", "beyond-ascii", "long"])
def test_sends_a_text_that_is_the_whole_payload(player: Player, witness: Player, text: str) -> None:
    """A payload may be a text and nothing else."""
    with unharmed(witness):
        mark = len(player.packets)
        player.say(ECHO, text)
        player.expect_value(ECHOED, text, since=mark)


@requires("PMQ-EXC-002", "PMQ-ERR-002")
@pytest.mark.parametrize(
    "octets", [b"\xc1", b"", b"\xc0\xc0", b"\x91" * 90_000], ids=["c1", "none", "two", "deep"]
)
def test_looks_at_the_id_before_the_payload(player: Player, witness: Player, octets: bytes) -> None:
    """A packet with an unknown id and a malformed payload is an unknown packet."""
    check_violation(player, witness, UNKNOWN, frames.packet(9999, octets))


@requires("PMQ-EXC-002", "PMQ-IDS-001")
@pytest.mark.parametrize("name", frames.APPLICATION)
def test_does_not_know_the_ids_of_its_peer(player: Player, witness: Player, name: str) -> None:
    """The ids that an adaptive peer has announced mean nothing to an enforcing server."""
    check_violation(player, witness, UNKNOWN, say(frames.CLIENT_IDS[name], 1))


@requires("PMQ-IDS-001")
def test_ids_of_one_peer_change_nothing_for_another(players: MakePlayer) -> None:
    """Whatever id maps its peers send, the server has its own ids on every connection."""
    names, numbers = list(frames.APPLICATION), list(frames.APPLICATION.values())
    turned = dict(zip(names, numbers[1:] + numbers[:1], strict=True))
    everyone = [players() for _ in range(3)]
    everyone[1].ids = {**frames.INTERNAL, **turned}
    everyone[2].ids = {**frames.INTERNAL, "other:name": 17}
    for player in everyone:
        player.join()
    for player in (*everyone, players(State.CONFIRMED)):
        player.check_echo()
        told = player.expect_packet(frames.PUBIDS).value["idmap"]
        assert told == frames.SERVER_IDS, f"expected the server's own ids, got {told}"
        player.say(BURST, 1)
        player.expect_value(ITEM, 0)


@requires("PMQ-EXC-003")
@pytest.mark.parametrize("state", ORDER, ids=lambda state: state.name.lower())
def test_ignores_reserved_ids_among_others(
    players: MakePlayer, witness: Player, state: State
) -> None:
    """Packets for later versions may come between all others, in any number."""
    player = players(state)
    noise = b"".join(
        frames.packet(number, octets)
        for number in range(4, 16)
        for octets in (b"", b"\xc1", b"\x91", b"\x81\xa1a\x01", bytes(5000))
    )
    with unharmed(witness):
        while player.state is not State.CONFIRMED:
            player.send(noise)
            player.reach(ORDER[ORDER.index(player.state or state) + 1])
        player.send(noise, noise)
        player.check_echo()
    ids = {one.id for one in player.packets}
    known = {frames.INIT, frames.PUBIDS, frames.FINISH, ECHOED}
    assert ids <= known, f"expected no answer to reserved ids, got packets {ids - known}"


@requires("PMQ-EXC-004", "PMQ-ERR-001")
@pytest.mark.parametrize(
    "value", [None, 0, [1], {"k": 1}, b"x"], ids=["nil", "0", "array", "map", "bin"]
)
def test_goes_on_after_a_callback_that_fails(
    player: Player, witness: Player, value: object
) -> None:
    """A callback that fails costs its own packet only: the one behind it is handled."""
    before, behind = token(), token()
    with unharmed(witness):
        mark = len(player.packets)
        player.send(say(ECHO, before), say(FAIL, value), say(ECHO, behind))
        player.expect_value(ECHOED, behind, since=mark)
        player.send(say(FAIL, value) * 20, say(WHOAMI))
        player.expect_packet(YOU_ARE, since=mark)
    came = [one.value for one in player.received(ECHOED, mark)]
    assert came == [before, behind], f"expected two echoes, got {came}"


@requires("PMQ-EXC-004")
def test_a_failing_callback_is_no_loss(player: Player, witness: Player) -> None:
    """Nobody is told of a loss because a callback has failed."""
    number = player.number()
    with unharmed(witness):
        player.send(say(FAIL) * 3)
        player.check_echo()
        told = witness.told_of(number)
    assert told == [["made", number]], f"expected that {number} is made and no more, got {told}"


@requires("PMQ-EXC-004")
def test_a_callback_may_fail_before_the_confirmation(players: MakePlayer, witness: Player) -> None:
    """The handshake goes on after a callback that fails."""
    player = players(State.ACTIVE)
    with unharmed(witness):
        player.send(say(FAIL) * 3)
        player.join()


@requires("PMQ-EXC-005", "PMQ-HSK-007")
@pytest.mark.parametrize("state", [None, *ORDER[:2]], ids=["silent", "connmade", "idcheck"])
def test_sends_nothing_of_the_application_before_it_is_active(
    players: MakePlayer, witness: Player, state: State | None
) -> None:
    """A broadcast reaches nobody whose handshake has not come far enough."""
    player = players(state)
    sent = token()
    with unharmed(witness):
        witness.say(BROADCAST, sent)
        witness.expect_value(ITEM, sent)
        player.join()
    came = [one.value for one in player.received(ITEM)]
    assert sent not in came, "expected no packet before the connection is active, got an item"
    witness.say(BROADCAST, sent)
    player.expect_value(ITEM, sent)


@requires("PMQ-EXC-005", "PMQ-SFQ-001")
@pytest.mark.parametrize("way", ["application", "framing", "unknown"])
def test_sends_nothing_of_the_application_after_a_softquit(
    player: Player, witness: Player, way: str
) -> None:
    """A broadcast does not reach a connection that the server has left."""
    leaving = {"application": say(frames.LEAVE), "framing": bytes(4), "unknown": say(9999)}
    reason = {"application": Reason.UNKNOWN, "framing": Reason.FRAMING}
    sent = token()
    with unharmed(witness):
        player.send(leaving[way])
        player.expect_packet(frames.SOFTQUIT)
        witness.say(BROADCAST, sent)
        witness.expect_value(ITEM, sent)
        expect_leave(player, reason.get(way, Reason.UNKNOWN_PACKET).value)


@requires("PMQ-EXC-001")
def test_broadcast_reaches_everybody_who_is_active(players: MakePlayer, witness: Player) -> None:
    """What the application sends to all arrives at each of them, once."""
    everyone = [*(players(State.CONFIRMED) for _ in range(20)), witness]
    sent = token()
    witness.say(BROADCAST, sent)
    for player in everyone:
        player.expect_value(ITEM, sent)
        player.check_echo()
        came = [one.value for one in player.received(ITEM)].count(sent)
        assert came == 1, f"expected the item once, got it {came} times"


@requires("PMQ-LST-001")
def test_numbers_tell_connections_apart(players: MakePlayer, witness: Player) -> None:
    """Each connection has a number of its own, also one that comes after another has gone."""
    numbers = {witness.number()}
    for _ in range(5):
        player = players(State.CONFIRMED)
        number = player.number()
        assert number not in numbers, f"expected a new number, got {number} again"
        numbers.add(number)
        player.send(frames.softquit("reason.next"))
        player.expect_end()
    gone = numbers - {witness.number()}
    until_told(
        witness,
        lambda told: gone <= {one[1] for one in told if one[0] == "lost"},
        f"that the connections {gone} are lost",
    )
