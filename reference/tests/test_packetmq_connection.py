"""One side of a connection, in virtual time: the handshake, packets, leaving, timers and limits."""

from typing import Any

import pytest

from tests.helpers_packetmq import (
    CLIENT_IDS,
    CLIENT_PUBIDS,
    HANDSHAKE_OF_CLIENT,
    HANDSHAKE_OF_SERVER,
    SERVER_PUBIDS,
    Side,
    active_client,
    active_server,
    leave,
    packet,
    packets_in,
)
from tests.helpers_reference import covers
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core.happenings import Carrier, Lost, Made, PacketReceived
from wirebook.reference.packetmq.core.internal import FINISH, INIT
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import NotActive, PacketTooLarge, Unencodable
from wirebook.spec.packetmq.states import INTERNAL, State

ECHO = packet(17, "hello")
LOST_FOR = [Lost("reason.bye")]


def pubids(adapt: object = False, **changes: int) -> bytes:
    """Return an id map of a server, with other ids for some names."""
    ids: dict[str, Any] = {**INTERNAL, "app:echo": 17, "app:note": 18}
    named = {name.replace("__", ":"): number for name, number in changes.items()}
    return packet(2, {"adapt": adapt, "idmap": {**ids, **named}})


def names(side: Side) -> list[str]:
    """Return the names of the packets that a side was given."""
    return [thing.name for thing in side.happened if isinstance(thing, PacketReceived)]


def test_two_sides_come_together() -> None:
    """Fed with what the other sends, both are active, and use the ids of the enforcing one."""
    server, client = Side(), Side(CLIENT_IDS, adaptive=True)
    told = {id(server): 0, id(client): 0}
    for _ in range(5):
        for one, other in ((server, client), (client, server)):
            fresh = one.octets[told[id(one)] :]
            told[id(one)] = len(one.octets)
            other.feed(fresh)
    for side in (server, client):
        assert (side.core.state, side.happened) == (State.CONFIRMED, [Made()])
        assert side.core.next_timer() is None
        assert side.core.ids.by_name == {"app:echo": 17, "app:note": 18}


@covers("PMQ-FRM-002")
def test_a_stream_means_the_same_however_it_arrives() -> None:
    """A whole session at once, octet by octet and cut at each place has one outcome."""
    session = HANDSHAKE_OF_CLIENT + ECHO + packet(7, None) + packet(18, [1]) + leave("reason.bye")
    whole = Side().feed(session)
    assert names(whole) == ["app:echo", "app:note"]
    cuts = [[session[:at], session[at:]] for at in range(len(session))]
    for chunks in (*cuts, [session[at : at + 1] for at in range(len(session))]):
        side = Side().feed(*chunks)
        assert (side.octets, side.happened) == (whole.octets, whole.happened)
        assert side.core.carrier is Carrier.FAREWELL


def test_ids_belong_to_the_connection() -> None:
    """What one server says changes nothing for another connection of the same client."""
    one, other = (Side(CLIENT_IDS, adaptive=True) for _ in range(2))
    one.feed(INIT, pubids(), FINISH, packet(18, None))
    other.feed(INIT, pubids(app__echo=18, app__note=17), FINISH, packet(18, None))
    assert (names(one), names(other)) == (["app:note"], ["app:echo"])
    assert CLIENT_IDS == {"app:echo": 40, "app:note": 41}


@pytest.mark.parametrize(
    "changes",
    [
        {"packetmq__softquit": 5},
        {"packetmq__handshake_init": 17},
        {"app__echo": 3},
        {"app__echo": 15},
        {"app__echo": 18},
        {"app__new": 0},
    ],
)
def test_hostile_id_maps_are_malformed(changes: dict[str, int]) -> None:
    """Ids that would hide others are not taken over, and nothing is."""
    side = Side(CLIENT_IDS, adaptive=True).feed(INIT, pubids(**changes))
    assert side.softquits() == ["reason.malformed"]
    assert side.core.ids.by_name == CLIENT_IDS
    assert [packet_id for packet_id, _ in side.sent()] == [0, 2, 1]


def test_an_enforcing_side_takes_any_map() -> None:
    """It does not compare, since it takes nothing over."""
    side = Side().feed(INIT, pubids(adapt=True, app__echo=1, other__name=1), FINISH)
    assert side.core.state is State.CONFIRMED


def test_packets_before_a_violation_count_and_none_behind_it() -> None:
    """The first packet is handled, the unknown one is not, nor is what follows."""
    side = active_server().feed(ECHO + packet(999, 1) + ECHO + b"\xff\xff\xff\xff")
    assert names(side) == ["app:echo"]
    assert side.happened[-1] == Lost("reason.unknownpacket")
    assert side.softquits() == ["reason.unknownpacket"]
    assert side.core.carrier is Carrier.FAREWELL


def test_after_a_softquit_everything_is_dropped_unread() -> None:
    """No packet, violation or softquit makes a difference any more, and nothing is kept."""
    side = active_server()
    side.core.leave("reason.bye")
    side.settle()
    before = side.octets
    side.feed(ECHO, b"\xff\xff\xff\xff", leave("reason.other"), b"\0\1", b"\0" * 1000)
    assert (side.octets, side.happened) == (before, [Made(), *LOST_FOR])
    assert side.core.kept == 0
    assert not side.core.has_work


@covers("PMQ-LST-002")
@pytest.mark.parametrize(
    "how",
    [
        lambda side: side.core.leave("reason.bye"),
        lambda side: side.core.receive_data(packet(999, 1)),
        lambda side: side.core.receive_data(b"\xff\xff\xff\xff"),
        lambda side: side.core.receive_data(leave("reason.bye")),
        lambda side: side.core.receive_end(),
    ],
)
def test_what_the_callback_sends_goes_out_before_the_end(how: Any) -> None:
    """While the application is told, the connection still sends; afterwards it does not."""
    side = active_server()
    begun = len(side.octets)
    how(side)
    assert isinstance(side.core.advance(side.now), Lost)
    side.core.send(17, b"\xc0")
    side.settle()
    sent = packets_in(side.octets[begun:])
    assert sent[0] == (17, None)
    assert len(sent) == (2 if side.softquits() else 1)
    with pytest.raises(NotActive) as refused:
        side.core.send(17, b"\xc0")
    assert refused.value.requirement == "PMQ-EXC-005"


def test_packets_are_refused_before_it_is_active() -> None:
    """Up to its own handshake_finish a side refuses, and then it need not wait for the peer's."""
    side = Side()
    for frame in (b"", INIT):
        side.feed(frame)
        with pytest.raises(NotActive):
            side.core.send(17, b"\xc0")
    side.feed(CLIENT_PUBIDS).core.send(17, b"\xc0")
    assert side.settle().sent()[-1] == (17, None)


def test_deadline_of_the_handshake() -> None:
    """4.9 s are in time, 5 s are not, whether nothing came or all but the last packet."""
    for begin in (b"", INIT, INIT + CLIENT_PUBIDS):
        side = Side().feed(begin).wait(4.9)
        assert not side.softquits()
        side.wait(0.2)
        assert (side.softquits(), side.happened) == (["reason.timeout"], [Lost("reason.timeout")])
    assert not active_server().wait(1000.0).softquits()


def test_farewell_period() -> None:
    """The peer has 5 s to close; if it has closed, what waits has the rest of them."""
    side = active_server().feed(packet(999, 1)).wait(4.9)
    assert side.core.carrier is Carrier.FAREWELL
    assert side.wait(0.2).core.carrier is Carrier.ABORT
    side = active_server().feed(packet(999, 1)).wait(1.0).end()
    assert (side.core.carrier, side.core.state) == (Carrier.CLOSE, State.CLOSED)
    assert side.wait(4.1).core.carrier is Carrier.ABORT
    assert side.core.next_timer() is None


def test_a_softquit_is_not_answered() -> None:
    """The application gets the reason, what waits is sent, and the connection is closed."""
    side = active_server()
    before = side.octets
    side.feed(leave("reason.bye"))
    assert (side.octets, side.happened) == (before, [Made(), *LOST_FOR])
    assert side.core.carrier is Carrier.FAREWELL
    assert side.feed(ECHO).wait(4.0).end().core.carrier is Carrier.CLOSE
    assert side.wait(1.0).core.carrier is Carrier.ABORT
    assert side.happened == [Made(), *LOST_FOR]


def test_the_end_of_the_stream() -> None:
    """Whole packets count, the beginning of one does not, and there is no reason."""
    side = active_server().feed(ECHO + ECHO[:-1]).end()
    assert (names(side), side.happened[-1]) == (["app:echo"], Lost(None))
    assert side.core.carrier is Carrier.CLOSE


@pytest.mark.parametrize("begin", [b"", HANDSHAKE_OF_CLIENT, HANDSHAKE_OF_CLIENT + b"\0\0"])
def test_a_reset_is_told_once(begin: bytes) -> None:
    """In whatever state, the application is told, and that is that."""
    side = Side().feed(begin)
    for _ in range(2):
        side.core.reset()
        side.settle()
    assert side.happened[-1:] == [Lost(None)]
    assert side.happened.count(Lost(None)) == 1
    assert side.core.next_timer() is None
    side.core.leave("reason.bye")
    side.settle()
    assert side.happened.count(Lost("reason.bye")) == 0


def test_a_reset_in_the_farewell_period_is_not_told() -> None:
    """The application knows already."""
    side = active_server().feed(packet(999, 1))
    side.core.reset()
    side.settle()
    assert side.happened == [Made(), Lost("reason.unknownpacket")]


def test_leaving_before_there_is_a_connection() -> None:
    """A connection that is not made yet ends without a word."""
    side = Side(made=False)
    side.core.leave("reason.bye")
    side.settle()
    assert (side.octets, side.happened) == (b"", LOST_FOR)
    assert side.core.carrier is Carrier.ABORT


@covers("PMQ-LIM-001")
def test_one_connection_too_many() -> None:
    """It gets a softquit and nothing else, whatever it sends."""
    side = Side(too_many=True).feed(HANDSHAKE_OF_CLIENT + ECHO)
    assert side.sent() == [(1, {"reason": "reason.toomany"})]
    assert side.happened == [Lost("reason.toomany")]


@covers("PMQ-LIM-003")
@pytest.mark.parametrize("backlog", [0, 900])
def test_too_much_that_waits_ends_the_connection(backlog: int) -> None:
    """Whether it waits here or with the system; nothing of it is sent, and nobody can add to it."""
    side = active_server(limits=Limits(octets_to_send=1000))
    for _ in range((1000 - backlog) // len(ECHO)):
        side.core.send(17, codec.pack("hello"))
        side.core.note_backlog(backlog)
    assert not side.core.is_ending
    side.core.send(17, codec.pack("hello"))
    side.core.note_backlog(backlog)
    assert side.core.carrier is Carrier.ABORT
    with pytest.raises(NotActive):
        side.core.send(17, codec.pack("hello"))
    assert side.settle().happened == [Made(), Lost("reason.overflow")]
    assert side.core.data_to_send() == b""


@covers("PMQ-LIM-002")
def test_a_length_is_a_promise() -> None:
    """Nothing is set aside for a frame that is announced, and no more kept than has come."""
    side = active_server().feed(b"\0\1\x86\x9f\0\x11")
    assert side.core.kept == 6


def test_each_call_deals_with_one_packet() -> None:
    """So the owner of many connections decides whose turn it is, even if nothing happens."""
    side = active_server()
    side.core.receive_data(packet(9, None) * 3 + ECHO)
    happened = [side.core.advance(side.now) for _ in range(4)]
    assert happened[:3] == [None] * 3
    assert isinstance(happened[3], PacketReceived)
    assert not side.core.has_work


def test_confirmed_only_once_and_by_the_rules() -> None:
    """handshake_finish counts once, and not before the id map."""
    assert Side().feed(FINISH * 3).core.state is State.CONN_MADE
    assert active_client().feed(FINISH * 3).happened == [Made()]
    assert active_client().feed(HANDSHAKE_OF_SERVER, INIT, SERVER_PUBIDS).happened == [Made()]


@pytest.mark.parametrize("value", [{"adapt": False, "idmap": 5}, None, {"adapt": 0, "idmap": {}}])
def test_shapes_are_checked_in_every_state(value: object) -> None:
    """Even a packet that its state ignores has to be what it is called."""
    for side in (Side(), active_server(), active_client()):
        assert side.feed(packet(2, value)).softquits() == ["reason.malformed"]


def test_reasons_are_checked_before_anything_happens() -> None:
    """What is no text is the caller's mistake, and the connection lives."""
    side = active_server()
    reason: Any
    for reason, error in ((b"reason.bye", Unencodable), ("x" * 100_000, PacketTooLarge)):
        with pytest.raises(error):
            side.core.leave(reason)
    assert side.settle().happened == [Made()]


def test_registries_that_no_frame_can_hold_are_refused() -> None:
    """That many names cannot be told."""
    with pytest.raises(PacketTooLarge):
        Side({f"app:{number:040}": number for number in range(16, 3000)})
