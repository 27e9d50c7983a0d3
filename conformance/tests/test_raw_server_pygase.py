"""The raw server for PyGaSe, and the handle that cases steer a client under test by.

The client of these tests is a plain socket, so that nothing happens but what a test makes happen.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase import raw_server_loop
from wirebook.conformance.drivers.pygase.packages import (
    Event,
    client_package,
    packed,
    read_server_package,
)
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival, Rate, acks_text
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.verdicts import Inconclusive, TargetDied, Unsupported, Violation

SOURCE = ("127.0.0.1", 4711)
N = Event("N", [1, "two"], {"k": b"\x03"})


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(recorder: Recorder) -> Iterator[RawServer]:
    with RawServer(recorder) as made:
        yield made


@pytest.fixture
def peer(server: RawServer) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.connect(server.address)
        made.settimeout(5.0)
        yield made


@pytest.fixture
def met(server: RawServer, peer: socket.socket) -> RawServer:
    """Give the server after it has got the first package of the peer."""
    peer.send(client_package(1, time_order=7))
    server.expect_next()
    return server


def package_to(peer: socket.socket) -> Any:
    return read_server_package(peer.recv(65535), 0.0)


class TestSending:
    def test_nobody_to_send_to(self, server: RawServer) -> None:
        """Before the client has sent anything, the case cannot go on."""
        with pytest.raises(Inconclusive):
            server.send()

    def test_left_out_is_as_it_should_be(self, met: RawServer, peer: socket.socket) -> None:
        """Without more words a package acks what has arrived, and its update says nothing new."""
        assert met.send(N) == 1
        package = package_to(peer)
        assert (package.sequence, package.ack, package.bits) == (1, 1, 0)
        assert package.update == {"time_order": 7}
        assert package.events == (N,)

    def test_said_is_sent(self, met: RawServer, peer: socket.socket) -> None:
        """Every field can be given."""
        met.send(sequence=9, ack=40, bits=5, update={"time_order": 8, "a": 1})
        package = package_to(peer)
        assert (package.sequence, package.ack, package.bits) == (9, 40, 5)
        assert package.update == {"time_order": 8, "a": 1}

    def test_own_ack_has_no_bits(self, met: RawServer, peer: socket.socket) -> None:
        """The bits that belong to the true ack are not set beside another one."""
        peer.send(client_package(2))
        met.expect_next()
        met.send(ack=1)
        assert package_to(peer).bits == 0

    def test_sequence_goes_on_from_the_newest(self, met: RawServer) -> None:
        """An older sequence that a case gives leaves the count alone; a newer one moves it."""
        assert met.send(sequence=30000) == 30000
        assert met.send(sequence=29999) == 29999
        assert met.send() == 30001

    def test_octets_go_as_they_are(self, met: RawServer, peer: socket.socket) -> None:
        """Any octets can be sent."""
        met.send_octets(b"\xff\xd0")
        assert peer.recv(65535) == b"\xff\xd0"

    def test_stranger_has_another_address(self, met: RawServer, recorder: Recorder) -> None:
        """A stranger's datagrams come from its own port, and are recorded so."""
        stranger = met.stranger()
        met.send_octets(b"x", by=stranger)
        host, port = stranger.getsockname()
        assert port != met.address[1]
        assert recorder.transfers()[-1].local == f"{host}:{port}"

    def test_stranger_of_impossible_address(self, met: RawServer) -> None:
        """An address that this machine does not have makes the case unsupported."""
        with pytest.raises(Unsupported):
            met.stranger("203.0.113.1")


class TestReceiving:
    def test_everything_is_recorded(self, met: RawServer, recorder: Recorder) -> None:
        """Both directions are recorded, with the schema to read them by."""
        met.send()
        seen = [(one.direction, one.message) for one in recorder.transfers()]
        assert seen == [("from-target", "client-package"), ("to-target", "server-package")]

    def test_malformed_datagram_of_the_client(self, met: RawServer, peer: socket.socket) -> None:
        """It is kept, and whoever looks into it finds a violation."""
        peer.send(b"\x01\x02\x03")
        (arrival,) = met.expect_next()
        with pytest.raises(Violation, match="no client package: 01 02 03"):
            _ = arrival.sequence

    def test_datagram_of_somebody_else(self, met: RawServer) -> None:
        """What is no package and not from the client is nobody's."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"\x01\x02\x03", met.address)
            met.pump(0.05)
        assert len(met.arrivals) == 1

    def test_shutdown(self, met: RawServer, peer: socket.socket) -> None:
        """The text is kept and named as what it is."""
        peer.send(b"shutdown")
        (arrival,) = met.expect_next()
        assert (arrival.message, arrival.package) == ("shutdown", None)

    def test_begin_forgets(self, met: RawServer) -> None:
        """After `begin` there is no client, and sequences start again."""
        met.send()
        met.begin()
        assert (met.client, met.sequence, met.window.ack, met.arrivals) == (None, 0, 0, [])

    def test_withheld_acks(self, met: RawServer, peer: socket.socket) -> None:
        """Packages that are withheld do not get into the acks."""
        met.withholds = lambda arrival: arrival.sequence == 2
        for sequence in (2, 3):
            peer.send(client_package(sequence))
        met.expect_next(2)
        package = read_server_package(met.package(), 0.0)
        assert (package.ack, package.bits) == (3, 1 << 30)

    def test_delayed_acks(self, met: RawServer, peer: socket.socket) -> None:
        """Arrivals get into the acks after the delay, not before."""
        met.ack_delay = 0.1
        peer.send(client_package(2))
        met.expect_next()
        assert read_server_package(met.package(), 0.0).ack == 1
        met.pump(0.1)
        assert read_server_package(met.package(), 0.0).ack == 2


class TestWaiting:
    def test_what_does_not_come_is_a_violation(self, met: RawServer) -> None:
        """It says what was expected and what came last."""
        with pytest.raises(Violation, match="expected a miracle, got no datagram at all"):
            met.expect(lambda _: True, "a miracle", seconds=0.01, since=1)

    def test_prompt_is_counted_in_packages(
        self, met: RawServer, peer: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A client that sends on and on is not waited for, however long the time-out."""
        monkeypatch.setattr(raw_server_loop, "PROMPT_PACKAGES", 3)
        sequences = iter(range(2, 100))

        def never() -> None:
            peer.send(client_package(next(sequences)))

        with pytest.raises(Violation, match="too late"):
            met.until(never, 3600.0, lambda: "too late", prompt=True)
        assert len(met.arrivals) <= 6

    def test_backlog_does_not_count(
        self, met: RawServer, peer: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What had arrived before the wait began does not shorten it."""
        monkeypatch.setattr(raw_server_loop, "PROMPT_PACKAGES", 3)
        for sequence in range(2, 12):
            peer.send(client_package(sequence))
        looks = iter([None, None, True])
        assert met.until(lambda: next(looks), 5.0, lambda: "too late", prompt=True)

    def test_serves_forty_packages_a_second(self, met: RawServer, peer: socket.socket) -> None:
        """A serving server sends one package in every interval."""
        met.serving = True
        met.pump(0.5)
        assert 10 <= met.sequence <= 21
        assert package_to(peer).sequence == 1

    def test_serves_in_no_bursts(self, met: RawServer) -> None:
        """Intervals that were missed are not made up for."""
        for now in (100.0, 101.0, 101.001, 101.026):
            met._serve(now)
        assert met.sequence == 3

    def test_measures_what_comes_meanwhile(self, met: RawServer, peer: socket.socket) -> None:
        """What had arrived before the measurement does not count; what is called meanwhile does."""
        sequences = iter(range(2, 100))
        for _ in range(10):
            peer.send(client_package(next(sequences)))
        rate = met.rate(0.5, lambda: peer.send(client_package(next(sequences))))
        assert 10 <= rate.per_second <= 21
        assert rate.lag >= 0


class TestArrivals:
    def test_entries(self) -> None:
        """The octets of each event are cut out."""
        data = client_package(1, events=[N, Event("M")])
        entries = Arrival.read(0.0, data, SOURCE).entries
        assert entries == [packed(N.value()), packed(Event("M").value())]

    @pytest.mark.parametrize(
        ("gap", "nominal", "kept"),
        [(1 / 40, 40, True), (1 / 20, 40, False), (1 / 43, 40, False), (1 / 35, 40, True)],
    )
    def test_rate(self, gap: float, nominal: int, kept: bool) -> None:
        """The rate is that between the first and the last arrival."""
        data = client_package(1)
        rate = Rate.of([Arrival.read(number * gap, data, SOURCE) for number in range(50)])
        assert rate.per_second == pytest.approx(1 / gap)
        assert rate.keeps(nominal) is kept
        assert rate.bunched == 0

    def test_bursts(self) -> None:
        """Packages in pairs keep the average, but not the interval."""
        data = client_package(1)
        times = [number // 2 / 20 for number in range(60)]
        rate = Rate.of([Arrival.read(at, data, SOURCE) for at in times])
        assert rate.per_second == pytest.approx(40, rel=0.05)
        assert not rate.keeps(40)
        assert "in bursts" in str(rate)

    def test_silence_has_no_rate(self) -> None:
        """Nothing, or a single package, is no rate."""
        assert Rate.of([]).per_second == 0

    @pytest.mark.parametrize(
        ("bits", "text"), [(0, "0…"), (7 << 27, "00111…"), (1, "0" * 31 + "1")]
    )
    def test_acks_text(self, bits: int, text: str) -> None:
        """Bits are written from the newest on."""
        assert acks_text(6, bits) == f"ack 6 bits {text}"


class Adapter:
    """Stands for the engine's handle: answers what it is told to."""

    def __init__(self) -> None:
        self.replies: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.lives = True

    def request(self, message: dict[str, Any], _timeout: float) -> dict[str, Any]:
        self.requests.append(message)
        return {"id": len(self.requests), "ok": True, **self.replies.get(message["do"], {})}

    def alive(self) -> bool:
        return self.lives

    def how_ended(self) -> str:
        return "ended with status 3"


@pytest.fixture
def adapter() -> Adapter:
    return Adapter()


@pytest.fixture
def client(adapter: Adapter, met: RawServer) -> ClientUnderTest:
    handle: Any = adapter
    return ClientUnderTest(handle, met, lambda seconds: min(seconds, 0.05))


class TestClientUnderTest:
    def test_values_are_typed(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """What JSON lacks is written as the control protocol says."""
        client.dispatch(Event("E", [0.5, b"\x01"], {"k": 2**60}), retries=2, tag="t")
        assert adapter.requests == [
            {
                "do": "dispatch",
                "type": "E",
                "args": [{"$float": 0.5}, {"$bin": "01"}],
                "kwargs": {"k": {"$int": str(2**60)}},
                "retries": 2,
                "tag": "t",
            }
        ]

    def test_refusal_is_a_violation(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """A request that is not carried out names the adapter's reason."""
        adapter.replies["dispatch"] = {"ok": False, "error": "too large"}
        assert client.try_to_dispatch(N) == "too large"
        with pytest.raises(Violation, match="too large"):
            client.dispatch(N)

    def test_state(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """The attributes are the state without what is the protocol's own."""
        state = {"time_order": 3, "game_status": 1, "a": {"$float": 1.0}}
        adapter.replies["state"] = {"state": state}
        client.wait_state({"a": 1.0}, 3, "after nothing")
        with pytest.raises(Violation, match="after nothing: expected the state"):
            client.wait_state({"a": 1}, 3, "after nothing")

    def test_impossible_value(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """A value that the protocol does not have is the client's fault, not the suite's."""
        adapter.replies["state"] = {"state": {"a": {"$unknown": "x"}}}
        with pytest.raises(Violation, match="unknown typed value"):
            client.state()

    def test_received(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """Exactly the expected events have to be handled, in their order."""
        adapter.messages.append({"event": "received", "type": "N", "args": [1], "kwargs": {}})
        client.wait_received(Event("N", [1]))
        for wrong in ([Event("N", [True])], [Event("N", [1]), Event("N", [1])]):
            with pytest.raises(Violation, match="to be handled, got N"):
                client.wait_received(*wrong)

    def test_acked(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """A callback that runs twice is one too many."""
        adapter.messages.append({"event": "acked", "tag": "t"})
        client.wait_acked("t", "an ack")
        adapter.messages.append({"event": "acked", "tag": "t"})
        with pytest.raises(Violation, match="an ack: expected the ack callback to run 1 times"):
            client.wait_acked("t", "an ack")

    def test_dead_adapter(self, client: ClientUnderTest, adapter: Adapter) -> None:
        """An adapter that has ended is not waited for."""
        adapter.lives = False
        with pytest.raises(TargetDied, match="ended with status 3"):
            client.wait_received(N)
