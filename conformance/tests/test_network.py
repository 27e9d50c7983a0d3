"""Schedules of fates, and the relay that carries them out."""

from __future__ import annotations

import select
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wirebook.conformance.network import (
    DELIVERED,
    LOST,
    PERFECT,
    Fate,
    Schedule,
    Script,
    UdpRelay,
)

PATIENCE = 5.0


@contextmanager
def peer(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.bind((host, 0))
        opened.settimeout(PATIENCE)
        yield opened


def address_of(opened: socket.socket) -> tuple[str, int]:
    host, port = opened.getsockname()[:2]
    return host, port


def receive(opened: socket.socket, count: int) -> list[bytes]:
    return [opened.recv(65535) for _ in range(count)]


def nothing_waits(opened: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(opened, selectors.EVENT_READ)
        return not selector.select(0)


class TestSchedules:
    def test_a_schedule_is_read_back_from_its_text(self) -> None:
        """A printed schedule can be played again."""
        schedule = Schedule((DELIVERED, LOST, Fate((0.06,)), Fate((0.0, 0.02))))
        assert str(schedule) == "0 x 60 0+20"
        assert Schedule.parse(str(schedule)) == schedule

    def test_a_drawn_schedule_is_read_back_from_its_text(self) -> None:
        """What was drawn can be kept as text, too."""
        drawn = Schedule.random(1, length=200, loss=0.1, duplication=0.1, reordering=0.1)
        assert Schedule.parse(str(drawn)) == drawn

    def test_the_same_seed_gives_the_same_schedule(self) -> None:
        """A seed and rates stand for one schedule."""
        assert Schedule.random(7, loss=0.3) == Schedule.random(7, loss=0.3)

    def test_another_seed_gives_another_schedule(self) -> None:
        """The seed matters."""
        assert Schedule.random(7, loss=0.3) != Schedule.random(8, loss=0.3)

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
    def test_the_rate_of_loss_is_kept(self, share: float) -> None:
        """About as many datagrams are lost as was asked for."""
        drawn = Schedule.random(3, length=4000, loss=share)
        assert drawn.fates.count(LOST) / 4000 == pytest.approx(share, abs=0.03)

    def test_what_is_duplicated_has_two_copies(self) -> None:
        """With a rate of one, everything arrives twice."""
        drawn = Schedule.random(3, length=50, duplication=1.0)
        assert {len(fate.delays) for fate in drawn.fates} == {2}

    def test_what_is_reordered_is_held_back(self) -> None:
        """A datagram that is to be overtaken waits longer than the others."""
        drawn = Schedule.random(3, length=400, reordering=0.5, delay=0.01, hold=0.05)
        assert {round(fate.delays[0], 3) for fate in drawn.fates} == {0.01, 0.06}

    def test_a_change_of_one_rate_leaves_the_other_draws(self) -> None:
        """What is lost does not depend on how much is duplicated."""
        plain = Schedule.random(5, length=300, loss=0.2)
        doubled = Schedule.random(5, length=300, loss=0.2, duplication=0.5)
        assert [fate == LOST for fate in plain.fates] == [fate == LOST for fate in doubled.fates]

    def test_a_schedule_begins_anew_at_its_end(self) -> None:
        """A short schedule serves any number of datagrams."""
        schedule = Schedule.parse("0 x 5")
        assert [str(schedule[number]) for number in range(7)] == ["0", "x", "5", "0", "x", "5", "0"]

    def test_an_empty_schedule_is_refused(self) -> None:
        """A schedule says something about every datagram."""
        with pytest.raises(ValueError, match="without fates"):
            Schedule(())

    @pytest.mark.parametrize("text", ["-1", "y", "1+", "inf", "nan"])
    def test_an_unreadable_fate_is_refused(self, text: str) -> None:
        """A fate is `x` or delays in milliseconds."""
        with pytest.raises(ValueError, match=r"convert|delays a datagram"):
            Fate.parse(text)


class TestRelay:
    def test_datagrams_go_through_in_both_directions(self) -> None:
        """A perfect relay changes nothing."""
        with peer() as server, peer() as client, UdpRelay(address_of(server)) as relay:
            client.sendto(b"to the server", relay.address)
            data, source = server.recvfrom(100)
            server.sendto(b"to the client", source)
            answer, answerer = client.recvfrom(100)
            assert (data, answer) == (b"to the server", b"to the client")
            assert answerer == relay.address

    def test_a_lost_datagram_does_not_arrive(self) -> None:
        """What the schedule loses is lost, and what it delivers is delivered."""
        schedule = Schedule.parse("0 x x 0")
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), to_target=schedule) as relay,
        ):
            for text in (b"1", b"2", b"3", b"4"):
                client.sendto(text, relay.address)
            assert receive(server, 2) == [b"1", b"4"]
            assert relay.counts["to-target lost"] == 2

    def test_a_copied_datagram_arrives_twice(self) -> None:
        """Two delays are two copies."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), to_target=Schedule.parse("0+10")) as relay,
        ):
            client.sendto(b"twice", relay.address)
            assert receive(server, 2) == [b"twice", b"twice"]

    def test_a_held_datagram_is_overtaken(self) -> None:
        """A delay changes the order."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), to_target=Schedule.parse("50 0")) as relay,
        ):
            client.sendto(b"first", relay.address)
            client.sendto(b"second", relay.address)
            assert receive(server, 2) == [b"second", b"first"]

    def test_the_directions_have_schedules_of_their_own(self) -> None:
        """What befalls the answers is not what befalls the questions."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), from_target=Schedule.parse("x 0")) as relay,
        ):
            for _ in range(2):
                client.sendto(b"?", relay.address)
            source = [server.recvfrom(100)[1] for _ in range(2)][1]
            server.sendto(b"lost", source)
            server.sendto(b"kept", source)
            assert receive(client, 1) == [b"kept"]

    def test_the_server_can_tell_clients_apart(self) -> None:
        """Each client has an address of its own beyond the relay, and its own answers."""
        with (
            peer() as server,
            peer() as one,
            peer() as two,
            UdpRelay(address_of(server)) as relay,
        ):
            one.sendto(b"one", relay.address)
            two.sendto(b"two", relay.address)
            arrived = dict(server.recvfrom(100) for _ in range(2))
            for text, source in arrived.items():
                server.sendto(text, source)
            assert len(set(arrived.values())) == 2
            assert receive(one, 1) == [b"one"]
            assert receive(two, 1) == [b"two"]

    def test_each_client_has_the_schedule_for_itself(self) -> None:
        """No client's losses depend on what another one sends."""
        with (
            peer() as server,
            peer() as one,
            peer() as two,
            UdpRelay(address_of(server), to_target=Schedule.parse("x 0")) as relay,
        ):
            for client in (one, two):
                client.sendto(b"lost", relay.address)
                client.sendto(b"kept", relay.address)
            assert receive(server, 2) == [b"kept", b"kept"]

    def test_clients_beyond_the_limit_are_refused(self) -> None:
        """The relay opens no more sockets than it was allowed to."""
        with (
            peer() as server,
            peer() as one,
            peer() as two,
            UdpRelay(address_of(server), most_clients=1) as relay,
        ):
            one.sendto(b"one", relay.address)
            assert receive(server, 1) == [b"one"]
            two.sendto(b"two", relay.address)
            one.sendto(b"again", relay.address)
            assert receive(server, 1) == [b"again"]
            assert relay.counts["to-target refused"] == 1

    def test_datagrams_beyond_the_limit_of_waiting_ones_are_refused(self) -> None:
        """The relay holds back no more datagrams than it was allowed to."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(
                address_of(server), to_target=Schedule.parse("30 30 0"), most_waiting=1
            ) as relay,
        ):
            for text in (b"held", b"refused", b"at once"):
                client.sendto(text, relay.address)
            assert receive(server, 2) == [b"at once", b"held"]
            assert relay.counts["to-target refused"] == 1

    def test_a_stranger_cannot_speak_for_the_target(self) -> None:
        """Only what the target itself sends reaches a client."""
        with (
            peer() as server,
            peer() as client,
            peer() as stranger,
            UdpRelay(address_of(server)) as relay,
        ):
            client.sendto(b"?", relay.address)
            _, source = server.recvfrom(100)
            stranger.sendto(b"forged", source)
            server.sendto(b"true", source)
            assert receive(client, 1) == [b"true"]
            assert nothing_waits(client)

    def test_a_dead_target_leaves_the_relay_alive(self) -> None:
        """A port nobody listens on any more is no reason to stop relaying."""
        with peer() as client, peer() as server:
            target = address_of(server)
            with UdpRelay(target) as relay:
                server.close()
                client.sendto(b"into the void", relay.address)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
                    again.bind(target)
                    again.settimeout(PATIENCE)
                    client.sendto(b"still there", relay.address)
                    while again.recv(100) != b"still there":
                        pass

    def test_a_corrupt_datagram_has_one_bit_turned_over(self) -> None:
        """The script says which one; the other direction is as it was."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), Script.parse("udp to 0:0~1.0")) as relay,
        ):
            client.sendto(b"abc", relay.address)
            data, source = server.recvfrom(100)
            server.sendto(data, source)
            assert (data, receive(client, 1)) == (b"acc", [b"acc"])
            assert relay.counts["to-target corrupted"] == 1

    def test_a_partition_ends_with_the_last_datagram_of_its_span(self) -> None:
        """Nothing goes through for some datagrams, and then everything does."""
        with (
            peer() as server,
            peer() as client,
            UdpRelay(address_of(server), Script.parse("udp to 1-30:x")) as relay,
        ):
            for number in range(33):
                client.sendto(bytes([number]), relay.address)
            assert receive(server, 3) == [bytes([0]), bytes([31]), bytes([32])]

    def test_a_partition_in_seconds_heals(self) -> None:
        """Nothing goes through for a while, from the first datagram on, in neither direction."""
        script = Script.parse("udp to 0s-0.2s:x from 0s-0.2s:x")
        with peer() as server, peer() as client, UdpRelay(address_of(server), script) as relay:
            began = time.monotonic()
            while nothing_waits(server):
                client.sendto(b"?", relay.address)
                select.select([server], [], [], 0.01)
            assert time.monotonic() - began >= 0.2
            assert relay.counts["to-target lost"] >= 1

    def test_a_slow_line_makes_datagrams_wait(self) -> None:
        """They come in turn, one after the other."""
        script = Script.parse("udp to 0-99:rate=1000")
        with peer() as server, peer() as client, UdpRelay(address_of(server), script) as relay:
            began = time.monotonic()
            for number in range(3):
                client.sendto(bytes([number]) * 50, relay.address)
            assert [data[0] for data in receive(server, 3)] == [0, 1, 2]
            assert time.monotonic() - began >= 0.15

    @pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
    def test_a_target_of_the_newer_internet_protocol_is_reached(self) -> None:
        """The relay speaks the family of its target."""
        try:
            with (
                peer("::1") as server,
                peer("::1") as client,
                UdpRelay(address_of(server), from_target=PERFECT) as relay,
            ):
                client.sendto(b"six", relay.address)
                assert receive(server, 1) == [b"six"]
        except OSError as error:
            pytest.skip(f"no IPv6 loopback: {error}")
