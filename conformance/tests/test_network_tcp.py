"""The relay for streams: everything that a script says of them, on real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from wirebook.conformance.network import Script, TcpRelay

PATIENCE = 10.0
RST = struct.pack("ii", 1, 0)
MUCH = 1 << 20


class Ends:
    """Both ends of a connection that goes through a relay."""

    def __init__(self, near: socket.socket, far: socket.socket, relay: TcpRelay) -> None:
        self.near, self.far, self.relay = near, far, relay
        for each in (near, far):
            each.settimeout(PATIENCE)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def connected(text: str = "tcp", host: str = "127.0.0.1", **options: bool) -> Iterator[Ends]:
    """Connect by a relay that plays a script."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        listening.settimeout(PATIENCE)
        address = listening.getsockname()[:2]
        with (
            TcpRelay(address, Script.parse(text), **options) as relay,
            socket.create_connection(relay.address, PATIENCE) as near,
            listening.accept()[0] as far,
        ):
            yield Ends(near, far, relay)


def exactly(one: socket.socket, count: int) -> bytes:
    """Return so many octets."""
    data = b""
    while len(data) < count and (more := one.recv(count - len(data))):
        data += more
    return data


def first_octet(address: tuple[str, int]) -> bytes:
    """Connect, and return what comes first."""
    with socket.create_connection(address, PATIENCE) as near:
        return near.recv(1)


def seconds(what: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.monotonic()
    what()
    return time.monotonic() - began


def test_octets_go_through_in_both_directions() -> None:
    """A perfect relay changes nothing, however much it is."""
    data = bytes(range(256)) * 400
    with connected() as ends:
        ends.near.sendall(data)
        assert exactly(ends.far, len(data)) == data
        ends.far.sendall(data)
        assert exactly(ends.near, len(data)) == data


def test_a_cut_ends_a_segment() -> None:
    """What was sent together goes on in pieces, where the script says so."""
    with connected("tcp to 2:cut 5:cut") as ends:
        ends.near.sendall(b"abcdefgh")
        assert exactly(ends.far, 8) == b"abcdefgh"
        assert ends.relay.counts["to pieces"] == 3


def test_a_range_of_cuts_lets_octets_through_one_by_one() -> None:
    """Each octet of it begins a segment."""
    with connected("tcp from 0-3:cut") as ends:
        ends.far.sendall(b"abcdef")
        assert exactly(ends.near, 6) == b"abcdef"
        assert ends.relay.counts["from pieces"] == 4


def test_joined_octets_arrive_together() -> None:
    """What was sent apart is read at once."""
    with connected("tcp to 2-7:join") as ends:
        ends.near.sendall(b"ab")
        assert exactly(ends.far, 2) == b"ab"
        for data in (b"cd", b"ef", b"gh"):
            ends.near.sendall(data)
        assert ends.far.recv(100) == b"cdefgh"


def test_what_is_to_be_joined_does_not_wait_for_ever() -> None:
    """Neither for octets that never come, nor behind the end of the stream."""
    with connected("tcp to 0-7:join from 0-7:join") as ends:
        ends.near.sendall(b"ab")
        assert ends.far.recv(100) == b"ab"
        ends.far.sendall(b"cd")
        ends.far.shutdown(socket.SHUT_WR)
        assert ends.near.recv(100) == b"cd"
        assert ends.near.recv(100) == b""


def test_a_stall_holds_back_what_is_behind_it() -> None:
    """The octets before it go on at once."""
    with connected("tcp to 3:stall=150") as ends:
        ends.near.sendall(b"abcdef")
        assert exactly(ends.far, 3) == b"abc"
        assert seconds(lambda: exactly(ends.far, 3)) > 0.1


def test_a_rate_limits_how_much_goes_on() -> None:
    """A tenth of a second for a tenth of the octets of a second, and no less."""
    with connected("tcp to 0-99999:rate=2000") as ends:
        ends.near.sendall(bytes(300))
        assert seconds(lambda: exactly(ends.far, 300)) > 0.1


@pytest.mark.parametrize("way", ["to", "from"])
def test_a_reset_ends_both_sides(way: str) -> None:
    """After exactly so many octets."""
    with connected(f"tcp {way} 3:reset") as ends:
        sender, receiver = (ends.near, ends.far) if way == "to" else (ends.far, ends.near)
        sender.sendall(b"abcdef")
        with contextlib.suppress(ConnectionResetError):
            assert exactly(receiver, 6) == b"abc"
        with pytest.raises(ConnectionResetError):
            sender.recv(1)


def test_the_target_may_be_the_one_that_connects() -> None:
    """Then what the listener sends goes to it."""
    with connected("tcp to 1:cut 2:cut", target_connects=True) as ends:
        ends.far.sendall(b"abc")
        assert exactly(ends.near, 3) == b"abc"
        ends.near.sendall(b"abc")
        assert exactly(ends.far, 3) == b"abc"
        counts = ends.relay.counts
        assert (counts["to pieces"], counts["from pieces"]) == (3, 1)


def test_an_end_is_passed_on_behind_the_octets() -> None:
    """One direction may end before the other does."""
    with connected("tcp to 2:stall=50") as ends:
        ends.near.sendall(b"abcd")
        ends.near.shutdown(socket.SHUT_WR)
        assert exactly(ends.far, 10) == b"abcd"
        ends.far.sendall(b"still there")
        assert exactly(ends.near, 11) == b"still there"


def test_a_reset_of_a_peer_is_passed_on() -> None:
    """As a reset, not as an end."""
    with connected() as ends:
        ends.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        ends.near.close()
        with pytest.raises(ConnectionResetError):
            ends.far.recv(1)


def test_a_reader_that_does_not_read_is_felt() -> None:
    """The relay keeps little: the sender's system fills up."""
    with connected() as ends:
        ends.near.settimeout(0.3)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 64 * MUCH:
                sent += ends.near.send(bytes(65536))
        assert sent < 16 * MUCH
        assert exactly(ends.far, sent) == bytes(sent)


def test_a_listener_that_is_gone_is_a_reset() -> None:
    """The relay itself goes on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    with TcpRelay(address) as relay:
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                first_octet(relay.address)
        assert relay.counts["refused"] == 2


def test_every_connection_has_the_script_for_itself() -> None:
    """What befell the first one befalls the second one, too."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        with TcpRelay(listening.getsockname(), Script.parse("tcp to 1:cut")) as relay:
            for _ in range(2):
                with (
                    socket.create_connection(relay.address, PATIENCE) as near,
                    listening.accept()[0] as far,
                ):
                    near.sendall(b"ab")
                    assert exactly(far, 2) == b"ab"
            assert relay.counts["to pieces"] == 4


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_a_listener_of_the_newer_internet_protocol_is_reached() -> None:
    """The relay speaks the family of the listener."""
    try:
        with connected("tcp to 1:cut", "::1") as ends:
            ends.near.sendall(b"ab")
            assert exactly(ends.far, 2) == b"ab"
            assert ends.relay.counts["to pieces"] == 2
    except OSError as error:
        pytest.skip(f"no IPv6 loopback: {error}")
