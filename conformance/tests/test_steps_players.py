"""The players of steps, each on the reference of its book.

What is tested is what a step does on the wire, as the target's answers show it.
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames as packets
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.responses import GAME_DIR, request
from wirebook.conformance.drivers.pygase.packages import (
    Event,
    client_package,
    read_server_package,
)
from wirebook.conformance.drivers.steps import Step, StepPlayer
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.embedded import EmbeddedServer

SECONDS = 10.0


@dataclass
class Play:
    """A player, what it has been given, and the target at its other end."""

    player: StepPlayer
    recorder: Recorder
    server: EmbeddedServer

    def do(self, do: str, peer: int = 0, **more: Any) -> None:
        """Do a step; octets are given as they are."""
        told = {key: one.hex() if isinstance(one, bytes) else one for key, one in more.items()}
        step: Step = {"do": do, "peer": peer, **told}
        self.player.do(step)

    def until(self, holds: Callable[[list[tuple[int, bytes]]], object]) -> list[tuple[int, bytes]]:
        """Take what comes until something holds of it, and return it."""
        came: list[tuple[int, bytes]] = []
        deadline = time.monotonic() + SECONDS
        while not holds(came):
            assert time.monotonic() < deadline, f"got {came}"
            self.do("wait", seconds=0.01)
            came += self.player.drain()
        return came


Maker = Callable[..., Play]


@pytest.fixture
def play() -> Iterator[Maker]:
    """Return a function that gives a player of a book on the book's reference."""
    made: list[Play] = []

    def make(book: str, *, recorded: bool = True) -> Play:
        server = EmbeddedServer(f"wirebook.reference.{book}.app:serve", "127.0.0.1")
        recorder = Recorder()
        steps = importlib.import_module(f"wirebook.conformance.drivers.{book}.steps")
        player = steps.Player(Link(("127.0.0.1", server.port), recorder), recorded=recorded)
        made.append(Play(player, recorder, server))
        return made[-1]

    yield make
    for one in made:
        one.player.close()
        one.server.stop()


def _package(sequence: int = 1, ack: int = 0) -> bytes:
    return client_package(sequence, ack=ack, events=[Event("WHOAMI")] if ack else ())


def _port(on: Play, peer: int, sequence: int = 1) -> int:
    """Return the port that a peer has, as the server says once the peer has acked a package."""
    on.do("send", peer, hex=_package(sequence))
    on.until(lambda came: any(who == peer for who, _ in came))
    on.do("send", peer, hex=_package(sequence + 1, ack=1))

    def ports(came: list[tuple[int, bytes]]) -> list[int]:
        read = [read_server_package(data, 0.0) for who, data in came if who == peer]
        return [event.args[1] for one in read for event in one.events if event.type == "YOU_ARE"]

    return ports(on.until(ports))[0]


def test_pygase_peers_have_addresses_of_their_own(play: Maker) -> None:
    """Each peer is an address, which it keeps until it is to forget it."""
    on = play("pygase")
    first, other = _port(on, 0), _port(on, 1)
    assert first != other
    assert _port(on, 0, sequence=3) == first
    on.do("end", 0)
    assert _port(on, 0) not in (first, other)
    assert not on.player.closed(0)


def test_packetmq_streams(play: Maker) -> None:
    """A peer is a stream; octets arrive as they are, in the pieces in which they are given."""
    on = play("packetmq")
    opening = packets.init() + packets.pubids() + packets.finish()
    for at in range(0, len(opening), 7):
        on.do("send", 0, hex=opening[at : at + 7])
    on.do("send", 0, hex=packets.say(packets.ECHO, "a"))
    wanted = packets.say(packets.ECHOED, "a")
    on.until(lambda came: wanted in b"".join(octets for _, octets in came))
    assert not on.player.closed(0)
    on.do("end", 0)
    on.until(lambda _: on.player.closed(0))
    on.do("send", 0, hex=b"lost")


def test_packetmq_reset_and_violation(play: Maker) -> None:
    """What a target does about one peer leaves the others alone; what is reset is left alone."""
    on = play("packetmq")
    on.do("send", 0, hex=packets.init())
    on.do("send", 1, hex=packets.frame(b"", claim=1 << 20))
    on.until(lambda _: on.player.closed(1))
    assert not on.player.closed(0)
    on.do("reset", 0)
    on.do("send", 0, hex=b"lost")


def test_pgnet_log_in_and_boxes(play: Maker) -> None:
    """A peer trades keys and logs in; what is sealed for it is answered in its tunnel."""
    on = play("pgnet")
    on.do("log in", 0, user="alice")
    on.do("seal", 0, hex=request(GAME_DIR))
    came = on.until(lambda came: len(came) == 3)
    assert [json.loads(clear)["status"] for _, clear in came] == [0, 0, 0]
    on.do("reset", 0)
    on.do("log in", 1, user="alice")
    came = on.until(lambda came: len(came) >= 2)
    assert json.loads(came[-1][1])["status"] == 0


def test_pgnet_texts_and_frames(play: Maker) -> None:
    """Texts in the clear and raw frames go out as they are given."""
    on = play("pgnet")
    on.do("send", 0, hex=b"no JSON")
    on.do("trade", 1)
    on.do("frame", 1, hex=frames.frame(frames.BINARY, b"x"))
    on.do("trade", 2)
    on.until(lambda _: on.player.closed(0) and on.player.closed(1))
    assert not on.player.closed(2)
    on.do("end", 2)


@pytest.mark.parametrize("book", ["packetmq", "pgnet"])
def test_refused_connection_is_no_error(play: Maker, book: str) -> None:
    """A target that is not there any more closes all peers."""
    on = play(book)
    on.server.stop()
    on.do("send", 0, hex=b"x")
    assert on.player.closed(0)
    on.do("wait", seconds=0.01)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("book", ["pygase", "packetmq", "pgnet"])
def test_record_is_optional(play: Maker, book: str, recorded: bool) -> None:
    """The exchange is kept as evidence, or not at all."""
    on = play(book, recorded=recorded)
    first = {"pygase": _package(), "packetmq": packets.init(), "pgnet": request(GAME_DIR)}[book]
    on.do("send", 0, hex=first)
    on.until(lambda came: came or on.player.closed(0))
    assert bool(on.recorder.transfers()) is recorded


def test_unknown_step(play: Maker) -> None:
    """What a book has no step for is said so."""
    with pytest.raises(ValueError, match="no such step: 'seal'"):
        play("pygase").do("seal", hex=b"x")
