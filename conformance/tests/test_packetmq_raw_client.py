"""The raw client for PacketMQ and the claims that cases make with it.

The server of these tests is a plain socket, so that nothing happens but what a test makes happen.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames, probe
from wirebook.conformance.drivers.packetmq.raw_client import End, RawClient
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import (
    check_ignored,
    check_violation,
    expect_close,
    expect_leave,
    until_told,
)
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import TargetDied, Violation
from wirebook.spec.packetmq.states import State

MALFORMED = "reason.malformed"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(5.0)
        yield made


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(listening: socket.socket, recorder: Recorder) -> Iterator[RawClient]:
    with RawClient(Link(listening.getsockname(), recorder)) as made:
        yield made


@pytest.fixture
def peer(listening: socket.socket, client: RawClient) -> Iterator[socket.socket]:
    made, _ = listening.accept()
    with made:
        made.settimeout(5.0)
        yield made


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_puts_frames_together(client: RawClient, peer: socket.socket) -> None:
    """Frames are the same in whatever pieces they come."""
    data = frames.init() + frames.say(frames.ECHOED, [1, "x"]) + frames.finish()
    for at in range(len(data)):
        peer.sendall(data[at : at + 1])
        client.drain()
    peer.sendall(data)
    client.expect(lambda: len(client.packets) == 6, "six packets")
    assert [one.id for one in client.packets] == [0, frames.ECHOED, 3] * 2
    assert client.packets[1].value == client.packets[4].value == [1, "x"]


def test_keeps_bad_frames_apart(client: RawClient, peer: socket.socket) -> None:
    """A frame that its sender must not send is no packet, and the reading goes on."""
    peer.sendall(frames.packet(frames.ECHOED, b"\xc1") + frames.finish())
    client.expect_packet(frames.FINISH)
    ((data, malformed),) = client.malformed
    assert (data[6:], malformed.requirement) == (b"\xc1", "PMQ-MSG-004")


@pytest.mark.parametrize(("end", "how"), [(socket.socket.close, End.FIN), (reset, End.RST)])
def test_tells_close_from_reset(
    client: RawClient, peer: socket.socket, end: Callable[[socket.socket], None], how: End
) -> None:
    """The two ends of a connection are not the same, and each has a name in the reason."""
    end(peer)
    client.expect_end(how)
    assert ("reset" in client.outcome()) is (how is End.RST)


def test_notices_a_reset_when_it_sends(client: RawClient, peer: socket.socket) -> None:
    """What is sent to nobody shows as a reset, also if nothing has been read."""
    client.reading = False
    reset(peer)

    def sent_in_vain() -> bool:
        client.send(b"x")
        return client.refused

    assert client.pump(sent_in_vain, 5.0)
    client.read_on()
    client.expect_end(End.RST)


def test_sends_what_the_peer_does_not_take_yet(client: RawClient, peer: socket.socket) -> None:
    """Sending never blocks; the end of the stream comes behind all that was sent before."""
    data = bytes(20_000_000)
    client.send_unrecorded(data)
    client.finish_sending()
    assert client.unsent
    taken = 0
    while piece := peer.recv(1 << 20):
        taken += len(piece)
        client.drain()
    assert taken == len(data)


def test_records_frames_chunks_and_ends(
    client: RawClient, peer: socket.socket, recorder: Recorder
) -> None:
    """Whole frames are recorded with their schema, other octets without, and both ends."""
    client.send(frames.init(), frames.say(frames.ECHO, 1), b"\x00\x00")
    client.send_chunk(frames.finish())
    peer.sendall(frames.softquit() + b"\x00")
    client.expect_packet(frames.SOFTQUIT)
    peer.close()
    client.expect_end()
    client.close()
    seen = [(one.direction, one.message, one.data) for one in recorder.transfers()]
    assert seen == [
        ("to-target", "handshake-init", frames.init().hex()),
        ("to-target", "application-packet", frames.say(frames.ECHO, 1).hex()),
        ("to-target", "", "0000"),
        ("to-target", "", frames.finish().hex()),
        ("from-target", "softquit", frames.softquit().hex()),
        ("from-target", "", "00"),
        *((("close", "rst", ""), ("close", "fin", "")) if seen[-2][1] == "rst" else ()),
        *((("close", "fin", ""), ("close", "fin", "")) if seen[-2][1] == "fin" else ()),
    ]
    assert {one.transport for one in recorder.transfers()} == {"tcp"}


def test_silence_of_a_living_server_is_a_violation(client: RawClient, peer: socket.socket) -> None:
    """The reason says what came last, and whether others are served."""
    peer.sendall(frames.init())
    with pytest.raises(Violation, match="silence, and nobody else is served"):
        client.expect(lambda: False, "anything", 0.2)


def test_silence_of_a_dead_server_is_a_crash(listening: socket.socket) -> None:
    """A server that is gone is not a server that breaks a rule."""
    dead = Link(listening.getsockname(), alive=lambda: False)
    with RawClient(dead) as client, pytest.raises(TargetDied):
        client.expect(lambda: False, "anything", 5.0)


def test_refused_connections_are_told(listening: socket.socket) -> None:
    """Nobody there is a crash if the target is gone, and else a violation."""
    address = listening.getsockname()
    listening.close()
    with pytest.raises(TargetDied):
        RawClient(Link(address, alive=lambda: False))
    with pytest.raises(Violation, match="expected a TCP connection"):
        RawClient(Link(address))


def test_leave_needs_the_reason(client: RawClient, peer: socket.socket) -> None:
    """Another reason than the rule's is a violation, and so are none and a mere close."""
    peer.sendall(frames.softquit("reason.framing"))
    with pytest.raises(Violation, match=r"expected softquit reason\.malformed"):
        expect_leave(client, MALFORMED)


def test_leave_needs_a_softquit(client: RawClient, peer: socket.socket) -> None:
    """A close without a softquit is not taking leave."""
    peer.close()
    with pytest.raises(Violation, match=r"got a close"):
        expect_leave(client, MALFORMED)


def test_nothing_may_follow_a_softquit(client: RawClient, peer: socket.socket) -> None:
    """A packet behind the softquit is found."""
    peer.sendall(frames.softquit(MALFORMED) + frames.finish())
    peer.close()
    client.expect_end(End.FIN)
    with pytest.raises(Violation, match="expected nothing after a softquit"):
        expect_leave(client, MALFORMED)


def test_leave_may_have_to_end_with_a_close(client: RawClient, peer: socket.socket) -> None:
    """Where the softquit could get lost, a reset is a violation."""
    peer.sendall(frames.softquit(MALFORMED))
    client.expect_packet(frames.SOFTQUIT)
    reset(peer)
    with pytest.raises(Violation, match=r"expected a close, got .* reset"):
        expect_leave(client, MALFORMED, how=(End.FIN,))


def test_close_must_not_be_a_softquit(client: RawClient, peer: socket.socket) -> None:
    """A softquit in answer to a softquit is found."""
    peer.sendall(frames.softquit())
    peer.close()
    with pytest.raises(Violation, match="without a softquit"):
        expect_close(client)


def test_probe_wants_a_frame(listening: socket.socket) -> None:
    """A listening socket is not a server; what closes or is silent does not answer."""
    address = listening.getsockname()
    with pytest.raises(TimeoutError):
        probe(address, 0.1)
    answered = threading.Thread(target=_answer, args=(listening, 2))
    answered.start()
    with pytest.raises(OSError, match=r"closed the connection|reset"):
        probe(address, 5.0)
    assert 0 < probe(address, 5.0) < 5.0
    answered.join()


def _answer(listening: socket.socket, last: int) -> None:
    """Close the first connections, and say something on the last."""
    silent, _ = listening.accept()
    silent.close()
    for number in range(1, last + 1):
        peer, _ = listening.accept()
        with peer:
            peer.recv(1 << 16)
            if number == last:
                peer.sendall(frames.init())


class Careless:
    """A server that goes through the handshake, echoes, and does nothing about anything else."""

    def __init__(self, reactions: dict[int, bytes]) -> None:
        self.reactions = reactions
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.threads: list[threading.Thread] = []
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self) -> None:
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(peer,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, peer: socket.socket) -> None:
        with peer:
            peer.sendall(frames.init())
            seen, left = b"", False
            while data := peer.recv(1 << 16):
                whole, seen = frames.whole_frames(seen + data)
                for one in whole:
                    answer = b"" if left else self.answer(int.from_bytes(one[4:6]), one[6:])
                    left = left or b"reason" in answer
                    peer.sendall(answer)

    def answer(self, packet_id: int, octets: bytes) -> bytes:
        if packet_id in self.reactions:
            return self.reactions[packet_id]
        if packet_id == frames.ECHO:
            return frames.packet(frames.ECHOED, octets)
        known = {frames.INIT: frames.pubids(adapt=False), frames.PUBIDS: frames.finish()}
        return known.get(packet_id, b"")

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for thread in (self.accepting, *self.threads):
            thread.join(5.0)


Playing = Callable[[dict[int, bytes]], tuple[Player, Player]]


@pytest.fixture
def playing() -> Iterator[Playing]:
    """Give a player and a witness of a careless server with some reactions of its own."""
    made: list[Player] = []
    servers: list[Careless] = []

    def make(reactions: dict[int, bytes]) -> tuple[Player, Player]:
        servers.append(Careless(reactions))
        link = Link(servers[-1].listening.getsockname())
        for _ in range(2):
            made.append(Player(link))
            made[-1].join()
        return made[-2], made[-1]

    yield make
    for player in made:
        player.close()
    for server in servers:
        server.close()


def test_an_ignored_violation_shows_at_once(playing: Playing) -> None:
    """A server that goes on behind a violation answers what comes behind."""
    player, witness = playing({})
    with pytest.raises(Violation, match="it was ignored"):
        check_violation(player, witness, MALFORMED, frames.packet(9999, b"\xc1"))


def test_a_violation_must_not_be_answered_otherwise(playing: Playing) -> None:
    """Anything but an echo and the softquit is too much."""
    player, witness = playing({9999: frames.finish() + frames.softquit(MALFORMED)})
    with pytest.raises(Violation, match="expected an echo and a softquit"):
        check_violation(player, witness, MALFORMED, frames.packet(9999, b"\xc1"))


def test_what_is_ignored_must_not_be_answered(playing: Playing) -> None:
    """A server that answers what it has to ignore is found, and one that ignores it passes."""
    player, witness = playing({7: frames.say(frames.ITEM, 1) + frames.finish()})
    check_ignored(player, witness, frames.say(8, 1))
    with pytest.raises(Violation, match="and nothing else"):
        check_ignored(player, witness, frames.say(7, 1))


def test_what_is_ignored_must_not_end_the_connection(playing: Playing) -> None:
    """A softquit for what has to be ignored is found."""
    player, witness = playing({7: frames.softquit("reason.framing")})
    with pytest.raises(Violation, match=r"softquit"):
        check_ignored(player, witness, frames.say(7, 1))


def test_history_is_waited_for(playing: Playing) -> None:
    """The application has some time to be told; then it is a violation."""
    _, witness = playing({frames.HISTORY: frames.say(frames.HAPPENED, [["made", 0]])})
    assert until_told(witness, lambda told: ["made", 0] in told, "that 0 is made") == [["made", 0]]
    with pytest.raises(Violation, match="expected the application to be told that 0 is lost"):
        until_told(witness, lambda told: ["lost", 0, None] in told, "that 0 is lost")


def test_players_stop_where_they_are_told(playing: Playing) -> None:
    """A player takes the server to a state and no further."""
    player, _ = playing({})
    with Player(player.link) as other:
        other.reach(State.IDCHECK)
        assert [one.id for one in other.packets] == [frames.INIT, frames.PUBIDS]
        other.reach(State.ACTIVE)
        other.check_echo()
