"""The player and its helpers, against a socket that answers what a test tells it to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase import probe
from wirebook.conformance.drivers.pygase.controls import POISON, control, expect_discarded
from wirebook.conformance.drivers.pygase.pace import expect_rate
from wirebook.conformance.drivers.pygase.packages import BOOK, Event, server_package
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import pump
from wirebook.conformance.verdicts import TargetDied, Violation


class FakeServer:
    """A server without a mind: `step` takes what has come, `say` sends a package."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()
        self.got: list[dict[str, Any]] = []
        self.client: Any = None
        self.sequence = 0

    def step(self) -> bool:
        """Take what has come; false, so that it can be part of a condition."""
        while True:
            try:
                data, self.client = self.socket.recvfrom(65536)
            except BlockingIOError:
                return False
            self.got.append(BOOK.parse("client-package", data))

    def say(self, *events: Event, sequence: int = 0, **update: Any) -> None:
        """Send a package that acks the newest one, with an update if one is given."""
        self.sequence = sequence or self.sequence + 1
        ack = self.got[-1]["header"]["sequence"] if self.got else 0
        content = {"time_order": 0, **update}
        self.socket.sendto(
            server_package(self.sequence, ack=ack, update=content, events=events), self.client
        )

    def echo(self, count: int) -> None:
        """Answer events with themselves until there have been so many."""
        while count:
            before = len(self.got)
            self.step()
            for package in self.got[before:]:
                events = [Event(e["type"], e["handler_args"]) for e in package["events"]]
                count -= len(events)
                self.say(*events)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    made = FakeServer()
    yield made
    made.socket.close()


@pytest.fixture
def player(server: FakeServer) -> Iterator[Player]:
    """A player that has sent its first package."""
    with Player(Link(server.address)) as made:
        made.pump(lambda: server.step() or server.got, 1.0)
        yield made


def last_sent(server: FakeServer, player: Player) -> dict[str, Any]:
    """Return the player's next package."""
    before = len(server.got)
    assert player.pump(lambda: server.step() or len(server.got) > before, 1.0)
    return server.got[-1]


def acks(package: dict[str, Any]) -> tuple[int, str]:
    header = package["header"]
    return header["ack"], f"{header['ack_bitfield']:032b}".rstrip("0")


def test_player_sends_forty_packages_per_second(server: FakeServer, player: Player) -> None:
    """A player keeps the rate of the book, in even intervals."""
    before = len(server.got)
    player.pump(server.step, 0.5)
    assert 17 <= len(server.got) - before <= 22
    sequences = [package["header"]["sequence"] for package in server.got]
    assert sequences == list(range(1, len(sequences) + 1))


def test_player_acks_what_it_gets(server: FakeServer, player: Player) -> None:
    """A player acks what has arrived, gaps and late packages included."""
    for sequence in (1, 2, 5, 4):
        server.say(sequence=sequence)
    player.expect_packages(4)
    assert acks(last_sent(server, player)) == (5, "1011")


def test_player_can_overlook_packages(server: FakeServer, player: Player) -> None:
    """A package that is not admitted is not acked, but its events are seen."""
    player.admits = lambda package: not package.events
    server.say()
    server.say(Event("HELLO"))
    server.say()
    player.expect_packages(3)
    assert acks(last_sent(server, player)) == (3, "01")
    assert player.received("HELLO")


def test_player_can_hold_back_acks(server: FakeServer, player: Player) -> None:
    """With a delay, a package is acked that much later."""
    player.ack_delay = 0.2
    server.say()
    player.expect_packages(1)
    assert acks(last_sent(server, player)) == (0, "")
    began = time.monotonic()
    player.expect(lambda: server.step() or acks(server.got[-1]) == (1, ""), "the ack")
    assert time.monotonic() - began > 0.1


def test_player_holds_the_state(server: FakeServer, player: Player) -> None:
    """Updates are merged and their time order reported."""
    server.say(time_order=5, m={"a": 1}, game_status=1)
    server.say(time_order=6, m={"b": 2})
    player.expect_packages(2)
    assert player.state == {"m": {"a": 1, "b": 2}, "game_status": 1}
    assert last_sent(server, player)["time_order"] == 6


def test_frozen_player_applies_each_update_to_the_same_state(
    server: FakeServer, player: Player
) -> None:
    """While the report is frozen, no update can lean on the one before it."""
    server.say(time_order=5, a=1)
    player.expect_packages(1)
    player.freeze()
    server.say(time_order=6, b=1)
    server.say(time_order=7, c=1)
    player.expect_packages(2)
    assert player.state == {"a": 1, "c": 1}
    assert last_sent(server, player)["time_order"] == 5
    player.thaw()
    assert last_sent(server, player)["time_order"] == 7


def test_player_hears_events_once(server: FakeServer, player: Player) -> None:
    """A package that comes twice brings its events once."""
    server.say(Event("HELLO"), sequence=1)
    server.say(Event("HELLO"), sequence=1)
    player.expect_packages(2)
    assert len(player.received("HELLO")) == 1


def test_player_sends_queued_events_five_at_a_time(server: FakeServer, player: Player) -> None:
    """Events wait for the package that has room for them."""
    for number in range(7):
        player.queue("E", number)
    player.queue("E", "x" * 1970)
    counts = [len(last_sent(server, player)["events"]) for _ in range(3)]
    assert counts == [5, 2, 1]


def test_player_reports_what_is_no_package(server: FakeServer, player: Player) -> None:
    """A datagram that is malformed, or somebody else's, is kept but does not count."""
    server.socket.sendto(b"rubbish", server.client)
    player.pump(lambda: player.malformed, 1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(b"rubbish", server.client)
        player.pump(lambda: player.strays, 1.0)
    assert (len(player.malformed), len(player.strays), player.packages) == (1, 1, [])


def test_control_is_an_event_there_and_back(server: FakeServer, player: Player) -> None:
    """A server that echoes passes the positive control."""
    thread = threading.Thread(target=server.echo, args=(2,))
    thread.start()
    control(player)
    control(player)
    thread.join()
    assert len(player.received("ECHO")) == 2


def test_discarded_packages_must_not_be_acked(server: FakeServer, player: Player) -> None:
    """An ack of a bad package, or an answer to it, is a violation."""
    sequence = player.send_bad_block(b"\x00")
    server.say()
    player.expect_packages(1)
    expect_discarded(player, [sequence])
    server.got[-1]["header"]["sequence"] = sequence
    server.say()
    player.expect_packages(1)
    with pytest.raises(Violation, match=f"expected package {sequence} to be discarded"):
        expect_discarded(player, [sequence])
    server.say(POISON)
    player.expect_packages(1)
    with pytest.raises(Violation, match="got its answer"):
        expect_discarded(player, [])


def test_missing_answer_is_a_violation(player: Player) -> None:
    """A server that lives and does not answer breaks what was expected of it."""
    with pytest.raises(Violation, match=r"expected an answer within 0.1 s, got nothing"):
        player.expect(lambda: False, "an answer", 0.1)


def test_missing_answer_of_a_dead_server_is_its_death() -> None:
    """A server that is gone is told apart from one that does not answer, and at once."""
    began = time.monotonic()
    with Player(Link(("127.0.0.1", 9), alive=lambda: False)) as player, pytest.raises(TargetDied):
        player.expect(lambda: False, "an answer", 5.0)
    assert time.monotonic() - began < 2.0


def test_wrong_rate_is_a_violation(server: FakeServer, player: Player) -> None:
    """A server that sends half as fast as it should is found out."""
    sent_at = [0.0]

    def tick(now: float) -> None:
        server.step()
        if now - sent_at[0] >= 0.05:
            sent_at[0] = now
            server.say()

    player.tick = tick  # type: ignore[method-assign]
    player.due = lambda: time.monotonic() + 0.005  # type: ignore[method-assign]
    expect_rate(player, 20, "in this test")
    with pytest.raises(Violation, match="expected 40 packages per second in this test"):
        expect_rate(player, 40, "in this test")


def test_several_players_share_one_loop(server: FakeServer) -> None:
    """Two players play at the same time, from addresses of their own."""
    with Player(Link(server.address)) as one, Player(Link(server.address)) as other:
        pump([one, other], lambda: server.step() or len(server.got) >= 10, 1.0)
        sequences = [package["header"]["sequence"] for package in server.got]
        assert sorted(sequences)[:6] == [1, 1, 2, 2, 3, 3]
        assert one.local != other.local


def test_probe_times_the_answer(server: FakeServer) -> None:
    """The probe asks from a fresh address and never acks: it is nobody's client."""

    def answer() -> None:
        while not server.got:
            server.step()
        server.say()

    thread = threading.Thread(target=answer)
    thread.start()
    seconds = probe(server.address, 2.0)
    thread.join()
    assert 0 < seconds < 2.0
    assert server.got[0]["header"] | {"protocol_id": b""} == {
        "protocol_id": b"",
        "sequence": 1,
        "ack": 0,
        "ack_bitfield": 0,
    }


def test_probe_of_nobody_times_out(server: FakeServer) -> None:
    """Silence is a time-out, and so is an answer to somebody else."""
    with pytest.raises(TimeoutError, match="no answer from"):
        probe(server.address, 0.1)
