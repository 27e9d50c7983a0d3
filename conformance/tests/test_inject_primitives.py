"""Each kind of injected packet does what it says, seen on hosts of the suite's own.

These tests need root. Elsewhere they are skipped with the reason, as the cases are unsupported.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, UDP

from wirebook.conformance import hosts
from wirebook.conformance.drivers.pygase.own_ports import COUNT, FIRST, OwnPorts
from wirebook.conformance.hosts import NoHosts, Site
from wirebook.conformance.inject import Flow, Injector
from wirebook.conformance.rawsockets import Tap
from wirebook.conformance.recorder import Recorder

PORT = 4711
SOON = 5.0
NETWORK = Path("/proc/thread-self/ns/net")
OTHERS = ("198.18.0.3", "127.0.0.3")


@dataclass
class Lab:
    """A server's sockets, a client's, and an injector."""

    site: Site
    injector: Injector
    tap: Tap
    exchange: Recorder
    udp: socket.socket
    listening: socket.socket
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def target(self) -> tuple[str, int]:
        return self.site.target.address, PORT

    @property
    def client(self) -> tuple[str, int]:
        return self.site.client.address, 10_001

    def received(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Return what has arrived before a datagram that always does."""
        self.injector.datagram(self.client, self.target, b"last")
        found = []
        while (arrived := self.udp.recvfrom(65535))[0] != b"last":
            found.append(arrived)
        return found

    def connected(self) -> tuple[socket.socket, socket.socket, Flow]:
        """Return both ends of a connection, and what is known of it once each has said a word."""
        with self.site.client.inside():
            near = socket.create_connection(self.target, SOON)
        far, _ = self.listening.accept()
        self.sockets += [near, far]
        for one, other in ((near, far), (far, near)):
            other.settimeout(SOON)
            one.sendall(b"hello")
            assert other.recv(5) == b"hello"
        local = near.getsockname()[:2]
        return near, far, self.injector.flow(self.tap.packets(), local, self.target)

    def close(self) -> None:
        for one in (self.udp, self.listening, *self.sockets):
            one.close()


@pytest.fixture(params=["several", "one"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    make: Callable[[], Site] = getattr(hosts, request.param)
    try:
        made = make()
    except NoHosts as error:
        pytest.skip(str(error))
    exchange = Recorder()
    with made as site, contextlib.ExitStack() as stack:
        with site.target.inside():
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((site.target.address, PORT))
            udp.settimeout(SOON)
            listening = socket.create_server((site.target.address, PORT))
            listening.settimeout(SOON)
        injector = stack.enter_context(Injector(site.attacker, exchange))
        tap = stack.enter_context(Tap(site.client, PORT))
        ready = Lab(site, injector, tap, exchange, udp, listening)
        stack.callback(ready.close)
        yield ready


def test_source_is_the_one_that_is_claimed(lab: Lab) -> None:
    """The target sees the forged address and port."""
    for source in (lab.client, (lab.client[0], 1), ("203.0.113.5", 7), (lab.client[0], 0)):
        lab.injector.datagram(source, lab.target, b"x")
        assert lab.received() == [(b"x", source)]


def test_every_datagram_is_recorded(lab: Lab) -> None:
    """What is injected is in the evidence, in the name of the one who is said to have sent it."""
    lab.injector.datagram(lab.client, lab.target, b"x", message="m", what="a try")
    note, sent = lab.exchange.transfers()
    assert note.message == "Injected: a try."
    assert (sent.data, sent.message, sent.local) == ("78", "m", f"{lab.client[0]}:10001")


@pytest.mark.parametrize(("checksums", "arrives"), [("bad", 0), ("bad-ip", 0), ("none", 1)])
def test_checksums_are_wrong_as_told(lab: Lab, checksums: str, arrives: int) -> None:
    """A wrong checksum is on the wire, and the system of the target takes it for one."""
    assert lab.injector.writes_ip_checksum
    with Tap(lab.site.attacker, PORT) as tap:
        lab.injector.datagram(lab.client, lab.target, b"damaged", checksums=checksums)
        assert len(lab.received()) == arrives
        (seen,) = [one for one in tap.packets() if one.endswith(b"damaged")]
    read, right = IP(seen), IP(seen)
    del right.chksum, right[UDP].chksum
    right = IP(bytes(right))
    assert (read.chksum != right.chksum) == (checksums == "bad-ip")
    assert (read[UDP].chksum != right[UDP].chksum) == (checksums in ("bad", "none"))


@pytest.mark.parametrize("order", [1, -1])
def test_fragments_are_put_together(lab: Lab, order: int) -> None:
    """Fragments arrive as one datagram, in whatever order they were sent."""
    data = bytes(range(250)) * 8
    pieces = lab.injector.fragments(lab.injector.udp(lab.client, lab.target, data), 512)
    offsets = [IP(piece).frag * 8 for piece in pieces]
    assert offsets == [0, 512, 1024, 1536]
    assert ["MF" in str(IP(piece).flags) for piece in pieces] == [True, True, True, False]
    lab.injector.pieces(pieces[::order], "fragments")
    assert lab.received() == [(data, lab.client)]


def test_a_missing_fragment_keeps_a_datagram_out(lab: Lab) -> None:
    """Without one of its fragments nothing arrives, and with it everything does."""
    data = b"x" * 1400
    pieces = lab.injector.fragments(lab.injector.udp(lab.client, lab.target, data), 512)
    lab.injector.pieces(pieces[:1] + pieces[2:], "all but one")
    assert lab.received() == []
    lab.injector.pieces(pieces[1:2], "the missing one")
    assert lab.received() == [(data, lab.client)]


def test_large_datagrams_go_in_fragments(lab: Lab) -> None:
    """What is larger than a link's packets is cut, as a system would."""
    lab.injector.datagram(lab.client, lab.target, b"y" * 5000)
    assert lab.received() == [(b"y" * 5000, lab.client)]


def test_a_fragment_can_have_other_contents(lab: Lab) -> None:
    """A fragment in the place of another changes the datagram, whose checksum tells."""
    packet = lab.injector.udp(lab.client, lab.target, b"aabb" * 300)
    first, *rest = lab.injector.fragments(packet, 512)
    forged = lab.injector.part(packet, 512, 1024, b"c" * 512)
    lab.injector.pieces([first, forged, *rest[1:]], "one other")
    assert lab.received() == []
    # The same sum, of other octets.
    packet = lab.injector.udp(lab.client, lab.target, b"aabb" * 300)
    first, *rest = lab.injector.fragments(packet, 512)
    forged = lab.injector.part(packet, 512, 1024, b"bbaa" * 128)
    lab.injector.pieces([first, forged, *rest[1:]], "one other")
    ((data, _),) = lab.received()
    assert data == b"aabb" * 126 + b"bbaa" * 128 + b"aabb" * 46


def test_a_packet_passes_again(lab: Lab) -> None:
    """What the client has sent arrives once more, as often as it is injected."""
    with lab.site.client.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((lab.site.client.address, 10_002))
        own.sendto(b"genuine", lab.target)
    assert lab.received() == [(b"genuine", (lab.site.client.address, 10_002))]
    (packet,) = [one for one in lab.tap.packets() if one.endswith(b"genuine")]
    lab.injector.again(packet, 3)
    assert [data for data, _ in lab.received()] == [b"genuine"] * 3


def test_a_claimed_length_counts(lab: Lab) -> None:
    """A datagram that says to be longer than its packet is none."""
    lab.injector.datagram(lab.client, lab.target, b"abcdef", claim=2)
    assert lab.received() == []


def test_flow_is_what_the_next_segment_has(lab: Lab) -> None:
    """Sequence numbers, window and timestamps are those that the target waits for."""
    near, far, flow = lab.connected()
    near.sendall(b"next")
    assert far.recv(4) == b"next"
    (packet,) = [one for one in lab.tap.packets() if one.endswith(b"next")]
    segment = IP(packet)[TCP]
    assert (segment.seq, segment.ack) == (flow.sequence, flow.acknowledged)
    assert flow.window > 1000
    assert flow.times is not None


def test_a_flow_that_was_not_seen_is_none(lab: Lab) -> None:
    """Nothing is known of a connection that has not passed the tap."""
    with pytest.raises(LookupError, match="no connection"):
        lab.injector.flow(lab.tap.packets(), lab.client, lab.target)


def test_resets_count_with_the_right_number_only(lab: Lab) -> None:
    """Outside of the window, and in it, a reset does nothing; with the right number it ends all."""
    near, far, flow = lab.connected()
    for ahead in (-1000, 1 << 31, flow.window + 1_000_000, 1, 1000):
        lab.injector.segment(flow, "R", ahead=ahead, what="a guess")
    near.sendall(b"still")
    assert far.recv(5) == b"still"
    flow = lab.injector.flow(lab.injector.others(lab.tap.packets()), flow.client, lab.target)
    lab.injector.segment(flow, "R", what="the right one")
    with pytest.raises(ConnectionResetError):
        far.recv(1)


def test_data_counts_with_the_right_number_only(lab: Lab) -> None:
    """Data outside of the window is dropped; with the right number it is the client's."""
    _, far, flow = lab.connected()
    lab.injector.segment(flow, "PA", ahead=-50_000, data=b"old", what="a guess")
    lab.injector.segment(flow, "PA", ahead=1 << 31, data=b"far", what="a guess")
    lab.injector.segment(flow, "PA", data=b"bad", checksums="bad", what="damaged")
    lab.injector.segment(flow, "PA", data=b"right", what="the right number")
    assert far.recv(100) == b"right"


def test_an_end_is_an_end(lab: Lab) -> None:
    """A forged FIN with the right number ends the stream."""
    _, far, flow = lab.connected()
    lab.injector.segment(flow, "FA", what="an end")
    assert far.recv(100) == b""


def test_a_beginning_makes_no_connection(lab: Lab) -> None:
    """A SYN that nobody goes on with is answered, and accepted by nobody."""
    with (
        Tap(lab.site.target, PORT)
        if lab.site.on_loopback
        else Tap(
            hosts.Host(lab.target[0], "attacker", namespace=lab.site.target.namespace), PORT
        ) as tap
    ):
        lab.injector.beginning((OTHERS[lab.site.on_loopback], 20_000), lab.target)
        end = time.monotonic() + SOON
        while not (answers := [one for one in tap.packets() if str(IP(one)[TCP].flags) == "SA"]):
            assert time.monotonic() < end, "the beginning was not answered"
            select.select([], [], [], 0.01)
    assert IP(answers[0]).dst == OTHERS[lab.site.on_loopback]
    lab.listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        lab.listening.accept()


def test_the_attacker_sees_nothing_off_the_path(lab: Lab) -> None:
    """On hosts of their own, nothing of client and target passes the attacker."""
    with Tap(lab.site.attacker, PORT) as tap:
        lab.connected()
        assert bool(tap.packets()) == lab.site.on_loopback


def test_sites_do_not_meet(lab: Lab) -> None:
    """Two sites with the same addresses are apart from each other, and from this machine."""
    with (
        hosts.several() as other,
        other.target.inside(),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound,
    ):
        bound.bind((other.target.address, PORT))
        bound.setblocking(False)
        lab.injector.datagram(lab.client, lab.target, b"x")
        assert lab.received() == [(b"x", lab.client)]
        with pytest.raises(BlockingIOError):
            bound.recv(1)
    own = NETWORK.readlink()
    with lab.site.client.inside():
        assert NETWORK.readlink() != own
    assert NETWORK.readlink() == own


def test_a_thread_comes_back_after_an_error(lab: Lab) -> None:
    """Whatever happens inside of a host, this thread is where it was."""
    own = NETWORK.readlink()
    with pytest.raises(KeyboardInterrupt), lab.site.client.inside():
        raise KeyboardInterrupt
    assert NETWORK.readlink() == own


ABANDON = """
    import os, sys, time
    from wirebook.conformance import hosts
    from wirebook.conformance.targets.process import OwnedProcess
    site = hosts.several()
    with site.target.inside():
        own = OwnedProcess([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
    inodes = []
    for host in (site.target, site.client, site.attacker):
        with host.inside():
            inodes.append(__import__("os").readlink("/proc/thread-self/ns/net"))
    print(*inodes, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_behind(lab: Lab, number: signal.Signals) -> None:
    """However a run ends, its hosts and the processes on them go with it."""
    word = f"left-behind-{os.getpid()}-{number}"
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ABANDON), word],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        inodes = set(child.stdout.readline().split())
        assert len(inodes) == 3
        child.send_signal(number)
    end = time.monotonic() + 20.0
    while traces(word) or inodes & namespaces():
        assert time.monotonic() < end, (traces(word), inodes & namespaces())
        select.select([], [], [], 0.05)


def traces(word: str) -> list[str]:
    """Return the processes with a word in their command line, but not this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
    return found


def namespaces() -> set[str]:
    """Return the network namespaces that any process is in or holds."""
    found = set()
    for path in [*Path("/proc").glob("[0-9]*/ns/net"), *Path("/proc").glob("[0-9]*/fd/*")]:
        with contextlib.suppress(OSError):
            found.add(str(path.readlink()))
    return found


def test_ports_on_other_hosts_are_not_claimed(lab: Lab) -> None:
    """A port that is taken on a host of its own says nothing of this machine's, nor holds it."""
    ports = OwnPorts()
    with lab.site.client.inside():
        taken = [ports.take() for _ in range(300)]
    assert len(set(taken)) == 300
    assert set(taken) <= set(range(FIRST, FIRST + COUNT))
    assert not ports._claims
