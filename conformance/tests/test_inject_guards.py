"""What the injector refuses, and what it says where it cannot be used."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from wirebook.conformance import hosts, inject, rawsockets
from wirebook.conformance.cases import injection
from wirebook.conformance.hosts import Host, Namespace, NoHosts
from wirebook.conformance.rawsockets import Forbidden, RawSender, Tap, allowed_destination
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetUnreachable, Unsupported

IN_NAMESPACE = Host(hosts.ATTACKER, hosts.LINK, "h", "h", namespace=Namespace.__new__(Namespace))
OUTSIDE = Host(hosts.ATTACKER, hosts.LINK)
ON_LOOPBACK = Host("127.0.0.3", "lo")
ALONE = Host("127.0.0.3", "lo", namespace=IN_NAMESPACE.namespace)


def packet(destination: str, source: str = "127.0.0.9") -> bytes:
    return inject.udp((source, 1), (destination, 2), b"x")


@pytest.mark.parametrize(
    ("host", "destination"),
    [
        (ON_LOOPBACK, "192.0.2.1"),
        (ON_LOOPBACK, hosts.TARGET),
        (ON_LOOPBACK, "10.0.0.1"),
        (ON_LOOPBACK, "255.255.255.255"),
        (ALONE, hosts.TARGET),
        (OUTSIDE, hosts.TARGET),
        (OUTSIDE, "127.0.0.1"),
        (IN_NAMESPACE, "192.0.2.1"),
        (IN_NAMESPACE, "198.18.0.77"),
        (IN_NAMESPACE, "198.19.0.1"),
        (IN_NAMESPACE, "127.0.0.1"),
        (IN_NAMESPACE, "224.0.0.1"),
    ],
)
def test_foreign_destinations_are_refused(host: Host, destination: str) -> None:
    """Nothing leads anywhere but to loopback or to the suite's own hosts."""
    with pytest.raises(Forbidden, match=destination):
        allowed_destination(packet(destination), host)


@pytest.mark.parametrize(
    ("host", "destination"),
    [
        (ON_LOOPBACK, "127.0.0.1"),
        (ALONE, "127.9.9.9"),
        (IN_NAMESPACE, hosts.TARGET),
        (IN_NAMESPACE, hosts.CLIENT),
    ],
)
def test_own_destinations_are_allowed(host: Host, destination: str) -> None:
    """What leads to the hosts of the case may go."""
    assert allowed_destination(packet(destination), host) == destination


def test_foreign_sources_are_refused_on_this_machine() -> None:
    """The answer to a forged packet would leave the machine, unless it is in a namespace."""
    foreign = packet("127.0.0.1", "192.0.2.7")
    with pytest.raises(Forbidden, match=r"192\.0\.2\.7"):
        allowed_destination(foreign, ON_LOOPBACK)
    assert allowed_destination(foreign, ALONE)


@pytest.mark.parametrize("octets", [b"", b"\x45" * 19, b"\x60" + bytes(39)])
def test_what_is_no_ipv4_is_refused(octets: bytes) -> None:
    """The guard lets nothing pass that it cannot read."""
    with pytest.raises(Forbidden, match="no IPv4"):
        allowed_destination(octets, ON_LOOPBACK)


class Sent:
    """A socket that sends nothing."""

    def __init__(self, *_: Any) -> None:
        self.packets: list[Any] = []

    def sendto(self, *arguments: Any) -> None:
        self.packets.append(arguments)

    def close(self) -> None:
        self.packets.clear()


@pytest.fixture
def no_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawsockets, "no_raw_sockets", lambda: "")
    monkeypatch.setattr(socket, "socket", Sent)


@pytest.mark.usefixtures("no_traffic")
def test_packets_are_bounded_in_count() -> None:
    """No case can send for ever."""
    sender = RawSender(ON_LOOPBACK, most=3)
    for _ in range(3):
        sender.send(packet("127.0.0.1"))
    with pytest.raises(Forbidden, match="more than 3"):
        sender.send(packet("127.0.0.1"))


@pytest.mark.usefixtures("no_traffic")
def test_packets_are_bounded_in_time() -> None:
    """No case can go on sending."""
    sender = RawSender(ON_LOOPBACK, seconds=-1.0)
    with pytest.raises(Forbidden, match="time"):
        sender.send(packet("127.0.0.1"))


@pytest.mark.usefixtures("no_traffic")
def test_the_guard_is_in_the_sender() -> None:
    """Nothing is handed to the system that the guard has not seen."""
    sender = RawSender(ON_LOOPBACK)
    with pytest.raises(Forbidden):
        sender.send(packet("192.0.2.1"))
    assert not sender.sent


def test_without_scapy_cases_are_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what to install."""
    monkeypatch.delitem(sys.modules, "wirebook.conformance.inject")
    monkeypatch.delattr("wirebook.conformance.inject")
    for name in [one for one in sys.modules if one.partition(".")[0] == "scapy"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unsupported, match=r"by this machine: scapy .*wirebook\[inject\]"):
        injection.load()


class NoRawSocket:
    """A socket that nobody may open."""

    def __init__(self, *_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")


def unprivileged(*_: Any) -> None:
    raise NoHosts("network namespaces need root (unshare: Operation not permitted)")


@pytest.fixture
def without_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_call", unprivileged)
    monkeypatch.setattr(socket, "socket", NoRawSocket)


def handle(**endpoint: Any) -> ServerHandle:
    target = Target("t", "pygase", (), server=Endpoint(**endpoint))
    return ServerHandle(target, lambda _address, _timeout: 0.0)


@pytest.mark.usefixtures("without_rights")
def test_without_rights_cases_are_unsupported() -> None:
    """The reason names both ways that are closed: namespaces, and raw sockets on loopback."""
    with pytest.raises(Unsupported, match=r"by this machine: .*namespaces.*and on loopback, raw"):
        injection.served(handle(command=("server", "{host}", "{port}")))


@pytest.mark.usefixtures("without_rights")
@pytest.mark.parametrize("make", [RawSender, lambda host: Tap(host, 1)])
def test_without_rights_nothing_is_opened(make: Callable[[Host], object]) -> None:
    """A raw socket that cannot be had is the machine's business, not the target's."""
    with pytest.raises(Unsupported, match="by this machine: raw sockets need root"):
        make(ON_LOOPBACK)


def test_without_the_program_ip_there_are_no_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named."""
    monkeypatch.setenv("PATH", "")
    for make in (hosts.several, hosts.one):
        with pytest.raises(NoHosts, match="iproute2"):
            make()


def test_elsewhere_there_are_no_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems have no namespaces and no raw sockets of this kind."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoHosts, match="darwin"):
        hosts.several()
    assert "darwin" in hosts.no_raw_sockets()


def test_a_server_elsewhere_is_not_injected_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is an address gets raw packets only if it is on this machine's loopback."""
    monkeypatch.setenv("WIREBOOK_ALLOW_REMOTE", "1")
    with pytest.raises(Unsupported, match=r"192\.0\.2\.1"):
        injection.served(handle(address="192.0.2.1:4711"))


def test_a_fresh_server_cannot_be_an_address() -> None:
    """What somebody else runs has seen others before."""
    with pytest.raises(Unsupported, match="newly started"):
        injection.served(handle(address="127.0.0.1:4711"), fresh=True)


def test_a_server_that_starts_nowhere_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hosts can be had, but no server on them, the last attempt is on this machine."""
    monkeypatch.setattr(hosts, "several", unprivileged)
    monkeypatch.setattr(hosts, "one", unprivileged)
    monkeypatch.setattr(hosts, "no_raw_sockets", lambda: "")
    with pytest.raises(TargetUnreachable, match="no program"):
        injection.served(handle(command=("no-such-program", "{host}", "{port}")))


def test_the_addresses_are_nobodys() -> None:
    """All own hosts are in the range of RFC 2544."""
    for text in (hosts.TARGET, hosts.CLIENT, hosts.ATTACKER, hosts.SILENT):
        assert not ip_address(text).is_global
