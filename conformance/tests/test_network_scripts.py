"""Scripts as text and as data, how they are drawn, and the network of a case."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirebook.conformance.errors import CommandError
from wirebook.conformance.network import (
    LOST,
    Carrier,
    CaseNetwork,
    Direction,
    Fate,
    Flip,
    NetworkOption,
    Rates,
    Schedule,
    Script,
    draw,
)

UDP = "udp to 3:x 12:0+60 20-29:x 1.5s-2.5s:x 40:0~17.3 0-999:rate=4000 from 7:x"
TCP = "tcp to 0-63:cut 70:stall=200 100-400:join 0-9999:rate=2000 from 512:reset"
BAD = Rates(loss=0.05, duplication=0.05, reordering=0.05)


@pytest.mark.parametrize("text", [UDP, TCP, "udp", "tcp", "udp from 0:5"])
def test_a_script_is_read_as_it_was_written(text: str) -> None:
    """Text and script say the same."""
    assert str(Script.parse(text)) == text


@pytest.mark.parametrize("carrier", Carrier)
def test_a_drawn_script_is_read_as_it_was_written(carrier: Carrier) -> None:
    """Nothing is lost in the text, however long it is."""
    script = draw(carrier, 7, BAD)
    assert Script.parse(str(script)) == script
    assert len(script.entries) >= 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sctp to 3:x",
        "udp 3:x",
        "udp to 3",
        "udp to x:3",
        "udp to 7-3:x",
        "udp to 3:y",
        "udp to 3:0~1.8",
        "udp to 3:rate=0",
        "udp to 3:stall=20",
        "tcp to 3:x",
        "tcp to 3:cut=1",
        "tcp to 3:stall",
        "tcp to 3:stall=-1",
        "tcp to 1s-2s:cut",
    ],
)
def test_an_unreadable_script_is_refused(text: str) -> None:
    """What says nothing is told, and not taken for something else."""
    with pytest.raises(ValueError, match=r"."):
        Script.parse(text)


def test_a_script_is_drawn_from_its_seed() -> None:
    """The same seed gives the same script, another one another."""
    assert draw(Carrier.UDP, "a/b", BAD) == draw(Carrier.UDP, "a/b", BAD)
    assert draw(Carrier.TCP, 1, BAD) == draw(Carrier.TCP, 1, BAD)
    assert draw(Carrier.UDP, 1, BAD) != draw(Carrier.UDP, 2, BAD)
    assert draw(Carrier.TCP, 1, BAD) != draw(Carrier.TCP, 2, BAD)


def test_dense_schedules_become_entries() -> None:
    """Only what befalls a datagram is an entry."""
    script = Script.of(Schedule.parse("0 x 0 5"), Schedule.parse("0+1 0"))
    assert str(script) == "udp to 1:x 3:5 from 0:0+1"


def test_a_corrupt_fate_turns_one_bit_over() -> None:
    """The octet is counted round and round in what is shorter."""
    fate = Fate.parse("0+20~5.7")
    assert fate == Fate((0.0, 0.02), Flip(5, 7))
    assert str(fate) == "0+20~5.7"
    assert fate.apply(b"abc") == bytes([ord("a"), ord("b"), ord("c") ^ 0x80])
    assert fate.apply(b"") == b""


def test_fates_are_found_by_number_span_and_time() -> None:
    """A single number outweighs a span; seconds count from the first datagram."""
    half = Script.parse("udp to 2:5 1-3:x 1s-2s:7").half(Direction.TO)
    course = half.course()
    fates = [str(course.next(100, 50.0 + at)) for at in (0.0, 0.1, 0.2, 0.3, 0.9, 1.5, 2.0)]
    assert fates == ["0", "x", "5", "x", "0", "7", "0"]


def test_a_rate_makes_datagrams_wait_for_each_other() -> None:
    """Each takes its time on the line, and what would have to wait for too long is lost."""
    course = Script.parse("udp to 0-9:rate=1000").half(Direction.TO).course()
    delays = [course.next(500, 0.0).delays for _ in range(4)]
    assert delays == [(0.5,), (1.0,), (1.5,), ()]
    assert course.next(500, 1.6) == Fate((0.5,))


def test_the_two_directions_are_apart() -> None:
    """What befalls one says nothing of the other."""
    script = Script.parse("udp to 0:x from 1:x")
    to, back = (script.half(direction).course() for direction in Direction)
    assert [to.next(1, 0.0), to.next(1, 0.0)] == [LOST, Fate()]
    assert [back.next(1, 0.0), back.next(1, 0.0)] == [Fate(), LOST]


class TestOption:
    def test_rates_are_read(self) -> None:
        """Shares, a delay and a seed."""
        option = NetworkOption.parse("loss=5%, duplicate=2.5%,reorder=10%,delay=20ms,seed=9")
        assert option.rates == Rates(0.05, 0.025, 0.1, 0.02)
        assert option.script_for(Carrier.UDP, 1, "c") == option.script_for(Carrier.UDP, 2, "c")

    def test_each_case_has_a_script_of_its_own(self) -> None:
        """Seed and case decide, and nothing else."""
        option = NetworkOption.parse("loss=5%")
        drawn = {
            str(option.script_for(Carrier.UDP, *one)) for one in ((1, "a"), (1, "b"), (2, "a"))
        }
        assert len(drawn) == 3
        assert option.script_for(Carrier.UDP, 1, "a") == option.script_for(Carrier.UDP, 1, "a")

    def test_a_schedule_is_played_on_its_carrier_only(self) -> None:
        """The other books of the run have a perfect network."""
        option = NetworkOption.parse("udp to 3:x")
        assert option.script_for(Carrier.UDP, 1, "a") == Script.parse("udp to 3:x")
        assert option.script_for(Carrier.TCP, 1, "a") is None

    def test_a_schedule_is_read_from_a_file(self, tmp_path: Path) -> None:
        """The text that goes on to the workers is the file's."""
        file = tmp_path / "schedule"
        file.write_text("tcp to\n 3:cut\n", encoding="utf-8")
        option = NetworkOption.parse(f"@{file}")
        assert option.script == Script.parse("tcp to 3:cut")
        assert NetworkOption.parse(option.text) == option

    @pytest.mark.parametrize(
        "text", ["", "loss", "loss=5", "loss=101%", "delay=3", "@/nowhere", "udp 3", "seed=1"]
    )
    def test_nonsense_is_told(self, text: str) -> None:
        """In one line, before anything runs."""
        with pytest.raises(CommandError):
            NetworkOption.parse(text)


class TestCaseNetwork:
    def test_it_is_perfect_by_default(self) -> None:
        """Nothing stands in between."""
        network = CaseNetwork()
        assert network.line() is None
        assert network.reach(("127.0.0.1", 9)) == ("127.0.0.1", 9)
        assert network.slack == 0.0

    def test_a_case_plays_its_own_script(self) -> None:
        """Whatever the run's network is."""
        network = CaseNetwork(lambda carrier: draw(carrier, 1, BAD))
        own = Script.parse("udp to 0:x")
        assert network.play(own) == own
        assert network.script == own

    def test_a_forced_script_is_played_instead(self) -> None:
        """If it is for the same carrier."""
        forced = Script.parse("udp to 1:x")
        assert CaseNetwork(forced=forced).play(Script.parse("udp to 0:x")) == forced
        stream = Script.parse("tcp to 1:cut")
        assert CaseNetwork(forced=forced).play(stream) == stream

    def test_it_tells_what_was_played(self) -> None:
        """Entries for datagrams that were never sent did nothing."""
        network = CaseNetwork()
        network.play(Script.parse("udp to 0:x 1:x 2:x 5s-6s:x from 0:x"))
        line = network.line()
        assert line is not None
        for _ in range(2):
            line.send(b"x", lambda _: None, 0.0, told=False)
        assert str(network.played) == "udp to 0:x 1:x 5s-6s:x"


class TestLine:
    def test_what_a_case_sends_arrives_in_turn(self) -> None:
        """On a forgiving line it is late instead of lost, and overtakes nothing else like it."""
        came: list[bytes] = []
        network = CaseNetwork(lambda _: Script.parse("udp to 0:x 2:0+10"))
        line = network.line()
        assert line is not None
        for data in (b"lost", b"behind", b"twice"):
            line.send(data, came.append, 0.0, told=True)
        assert came == []
        line.flush(1.0)
        assert came == [b"lost", b"behind", b"twice", b"twice"]

    def test_what_a_peer_sends_by_itself_is_lost_for_good(self) -> None:
        """And overtakes what is held back."""
        came: list[bytes] = []
        line = CaseNetwork(lambda _: Script.parse("udp to 0:x 1:50")).line()
        assert line is not None
        befell = [line.send(data, came.append, 0.0, told=False) for data in (b"1", b"2", b"3")]
        line.flush(1.0)
        assert came == [b"3", b"2"]
        assert befell == ["is lost", "comes 50 ms late", ""]

    def test_a_line_of_a_case_forgives_nothing(self) -> None:
        """What a script of the case's own loses is lost, and the line tells what arrived."""
        network = CaseNetwork()
        network.play(Script.parse("udp to 0:x 1:0~0.0 from 0:x"))
        line = network.line()
        assert line is not None
        for data in (b"1", b"2"):
            line.send(data, lambda _: None, 0.0, told=True)
        assert line.reached == [b"3"]
        assert line.hears(10, 0.0, kept=True) == ()
        assert line.hears(10, 0.0, kept=True) == (0.0,)
