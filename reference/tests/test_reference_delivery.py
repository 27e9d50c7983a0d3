"""Events of the core: order, acks, retries, and the limits of what may wait."""

from itertools import pairwise
from typing import Any

import pytest

from tests.helpers_reference import SERVER, Network, client_package, covers, event
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import (
    BroadcastRefused,
    EventAcked,
    EventLost,
    EventReceived,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.errors import PackageTooLarge, QueueFull, UnknownClient

STRANGER = ("203.0.113.7", 999)


def received(network: Network, address: Any = SERVER) -> list[Any]:
    """Return the first arguments of the events that arrived."""
    return [happening.event.args[0] for happening in network.seen(EventReceived, address)]


def sized(octets: int) -> bytes:
    """Return an event of so many octets."""
    empty = len(event("E", b"x" * 300)) - 300
    return event("E", b"x" * (octets - empty))


@covers("PGS-EVT-010", "PGS-BOD-004")
def test_events_arrive_in_order_five_to_a_package() -> None:
    """Twelve events travel in three packages, in the order in which they were given."""
    network = Network()
    client = network.connected()
    for number in range(12):
        client.dispatch(event("E", number))
    begin = network.now
    network.run(0.2)
    sent = [
        len(codec.parse_client_package(data).events)
        for data in network.sent_by(network.address_of(client), begin)
    ]
    assert [count for count in sent if count] == [5, 5, 2]
    assert received(network) == list(range(12))


@covers("PGS-EVT-010")
def test_large_events_wait_their_turn() -> None:
    """An event that finds no room waits, and those behind it do not overtake it."""
    network = Network()
    client = network.connected()
    client.dispatch(event("E", 1, b"x" * 1000))
    client.dispatch(event("E", 2, b"x" * 1500))
    client.dispatch(event("E", 3))
    network.run(0.2)
    assert received(network) == [1, 2, 3]


@covers("PGS-EVT-011")
@pytest.mark.parametrize(("side", "most"), [(ClientCore, 2032), (ServerPeer, 2017)])
def test_events_too_large_for_any_package_are_refused(side: Any, most: int) -> None:
    """The largest event of a client has 2032 octets, that of a server 2017."""
    side.check_size(sized(most))
    with pytest.raises(PackageTooLarge) as refused:
        side.check_size(sized(most + 1))
    assert refused.value.requirement == "PGS-EVT-011"


@covers("PGS-EVT-011")
def test_the_largest_events_arrive() -> None:
    """Events of the largest size get through, both ways, while there is a state."""
    network = Network()
    network.publish(65535, {"a": 1})
    client = network.connected()
    client.dispatch(sized(2032))
    network.server.broadcast(sized(2017))
    network.publish(1, {"a": 2})
    network.run(0.2)
    assert len(received(network)) == len(received(network, network.address_of(client))) == 1


@covers("PGS-EVT-012", "PGS-ACK-004")
def test_ack_is_reported_once() -> None:
    """The context of an event comes back once, when its package is acked."""
    network = Network()
    client = network.connected()
    client.dispatch(event("E", 1), context="mine")
    network.run(3.0)
    acked = network.seen(EventAcked, network.address_of(client))
    assert [happening.context for happening in acked] == ["mine"]


@covers("PGS-ACK-005", "PGS-EVT-013")
def test_without_retries_a_lost_event_is_reported_after_a_second() -> None:
    """An event whose package is not acked within 1.0 s is lost."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = lambda *_: []
    client.dispatch(event("E", 1), context="mine")
    network.run(1.0)
    assert not network.seen(EventLost, address)
    network.run(0.03)
    assert [happening.context for happening in network.seen(EventLost, address)] == ["mine"]


@covers("PGS-EVT-013")
def test_retries_are_new_events_in_new_packages() -> None:
    """With two retries an event is sent three times, a second apart, and then lost."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = lambda *_: []
    client.dispatch(event("E", 1), retries=2, context="mine")
    begin = network.now
    network.run(4.0)
    times = [
        when - begin
        for when, source, _, data in network.traffic
        if source == address and when >= begin and codec.parse_client_package(data).events
    ]
    assert len(times) == 3
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [1, 1]
    assert len(network.seen(EventLost, address)) == 1


@covers("PGS-EVT-013")
def test_retries_end_with_the_ack() -> None:
    """An event that gets through at the second attempt is not sent a third time."""
    network = Network()
    client = network.connected()
    network.fate = lambda *_: []
    client.dispatch(event("E", 1), retries=5, context="mine")
    network.run(0.5)
    network.fate = lambda *_: [0.005]
    network.run(5.0)
    assert received(network) == [1]
    assert len(network.seen(EventAcked, network.address_of(client))) == 1


@covers("PGS-ACK-006")
def test_ack_of_a_lost_package_is_ignored() -> None:
    """An ack that comes too late is none: the event has been reported lost."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = lambda *_: [0.7]
    client.dispatch(event("E", 1), context="mine")
    network.run(3.0)
    assert received(network) == [1]
    assert not network.seen(EventAcked, address)
    assert len(network.seen(EventLost, address)) == 1


@covers("PGS-ACK-006")
def test_ack_of_what_was_never_sent_is_ignored() -> None:
    """Made-up acks validate nothing and end nothing, and the rest of the package counts."""
    network = Network()
    network.inject(client_package(1, 4711, 0, 0, event("E", 1)), STRANGER)
    assert received(network) == [1]
    assert network.server.host is None


@covers("PGS-LIM-003")
def test_events_that_wait_to_be_sent_are_limited() -> None:
    """Dispatching fails once too many events, or too many octets of them, wait."""
    client = ClientCore(SERVER, Limits(events_to_send=3, octets_to_send=1000))
    for _ in range(3):
        client.dispatch(event("E"))
    with pytest.raises(QueueFull) as refused:
        client.dispatch(event("E"))
    assert refused.value.requirement == "PGS-LIM-003"
    other = ClientCore(SERVER, Limits(octets_to_send=1000))
    with pytest.raises(QueueFull):
        other.dispatch(sized(1001))


@covers("PGS-LIM-003")
def test_broadcast_leaves_out_who_has_too_many() -> None:
    """An event for all skips a client that too many wait for, and the operator is told."""
    network = Network(Limits(events_to_send=2))
    crowded, idle = network.connected(1), network.connected(2)
    address = network.address_of(crowded)
    for number in range(2):
        network.server.dispatch(address, event("E", number))
    network.server.broadcast(event("E", "all"))
    network.run(0.2)
    refused = network.seen(BroadcastRefused)
    assert [happening.peer.address for happening in refused] == [address]
    assert received(network, address) == [0, 1]
    assert received(network, network.address_of(idle)) == ["all"]


def test_events_for_unknown_clients_are_refused() -> None:
    """There must be a client at the address that an event is for."""
    with pytest.raises(UnknownClient):
        Network().server.dispatch(STRANGER, event("E"))


@covers("PGS-LIM-004")
@pytest.mark.parametrize("role", ["server", "client"])
def test_events_that_wait_to_be_handled_are_limited(role: str) -> None:
    """Packages beyond the limit are discarded, unacked, until handlers have caught up."""
    network = Network(Limits(events_to_handle=5))
    client = network.client(limits=Limits(events_to_handle=5))
    network.run(0.1)
    address = network.address_of(client)
    network.handle_events = False
    for number in range(6):
        if role == "server":
            client.dispatch(event("E", number), retries=1)
        else:
            network.server.dispatch(address, event("E", number), retries=1)
    goal = SERVER if role == "server" else address
    network.run(0.5)
    assert received(network, goal) == [0, 1, 2, 3, 4]
    receiver = network.server.peers[address] if role == "server" else client
    for _ in range(5):
        receiver.handled()
    network.run(1.0)
    assert received(network, goal) == [0, 1, 2, 3, 4, 5]
