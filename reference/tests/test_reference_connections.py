"""Connections of the cores: status, validation, limits, resumption, shutdown."""

from itertools import pairwise
from typing import Any

import pytest

from tests.helpers_reference import (
    DELAY,
    SERVER,
    Network,
    client_package,
    covers,
    event,
    server_package,
)
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.happenings import (
    ConnectionForgotten,
    ConnectionOpened,
    ConnectionResumed,
    ConnectionSuspended,
    ConnectionValidated,
    EventReceived,
    ShutdownRequested,
    StatusChanged,
    UpdateTooLarge,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.spec.pygase.states import ClientState, ServerState
from wirebook.spec.states import IllegalInput

STRANGER = ("203.0.113.7", 999)


def stranger(number: int) -> tuple[str, int]:
    """Return the address of somebody unknown."""
    return "203.0.113.7", 1000 + number


def flood(network: Network, count: int) -> None:
    """Let packages of unknown addresses arrive."""
    for number in range(count):
        network.inject(client_package(1), stranger(number))


@covers("PGS-CON-001")
def test_client_is_connected_once_it_hears_the_server() -> None:
    """Connecting from the call on, Connected with the first package."""
    network = Network()
    client = network.client()
    assert client.status is ClientState.CONNECTING
    network.run(0.1)
    seen = network.seen(StatusChanged, network.address_of(client))
    assert [happening.status for happening in seen] == [
        ClientState.CONNECTING,
        ClientState.CONNECTED,
    ]


@covers("PGS-CON-002", "PGS-TIM-002")
def test_client_gives_up_after_five_silent_seconds() -> None:
    """Five seconds without an accepted package end the connection; noise does not prolong it."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = lambda *_: []
    network.run(4.8)
    network.inject(server_package(1), SERVER, address)  # a duplicate
    network.inject(b"noise", SERVER, address)
    assert [happening.status for happening in network.seen(StatusChanged, address)][-1:] == [
        ClientState.CONNECTED
    ]
    network.run(0.3)
    assert client.status is ClientState.DISCONNECTED
    begin = network.now
    network.run(1.0)
    assert not network.sent_by(address, begin)


@covers("PGS-CON-003")
def test_client_begins_anew() -> None:
    """A client that connects again starts with sequence 1 and nothing received."""
    network = Network()
    network.publish(7, {"a": 1})
    client = network.connected()
    assert client.time_order == 7
    client.disconnect(network.now)
    network.run(0.1)
    begin = network.now
    client.connect(network.now)
    network.run(0.001)
    (first,) = network.sent_by(network.address_of(client), begin)
    assert codec.parse_client_package(first)[:3] == (1, 0, 0)
    assert codec.parse_client_package(first).time_order == 0


@covers("PGS-CON-004")
def test_client_listens_to_its_server_alone() -> None:
    """A package from another address is discarded."""
    network = Network()
    client = network.client()
    network.inject(server_package(1), STRANGER, network.address_of(client))
    assert client.status is ClientState.CONNECTING
    assert client.window.ack == 0


def test_connecting_twice_is_a_mistake() -> None:
    """A client that is connecting or connected has to disconnect first."""
    network = Network()
    client = network.client()
    with pytest.raises(IllegalInput):
        client.connect(network.now)


@covers("PGS-CON-006", "PGS-CON-008")
def test_only_packages_open_connections() -> None:
    """What the server discards neither opens a connection nor is answered."""
    network = Network()
    for data in (b"", b"noise", b"shutdown", b"shut_me_down", client_package(1)[:-1], bytes(2049)):
        network.inject(data, STRANGER)
    network.run(1.0)
    assert not network.server.peers
    assert not network.traffic


@covers("PGS-SEC-001", "PGS-SEC-002")
def test_one_datagram_draws_one_small_answer() -> None:
    """An address that never answers gets one package of at most three times the octets."""
    network = Network()
    network.publish(1, {"fill": "x" * 1000})
    network.inject(client_package(1), STRANGER)
    network.run(12.0)
    (answer,) = network.sent_by(SERVER)
    assert len(answer) <= 3 * len(client_package(1))


@covers("PGS-SEC-001", "PGS-SEC-002")
def test_unvalidated_clients_get_no_more_than_they_send() -> None:
    """Package by package and octet by octet, the server stays within what it was sent."""
    network = Network()
    network.publish(1, {"fill": "x" * 1000})
    sent = 0
    for sequence in range(1, 100):
        data = client_package(sequence)  # never an ack
        sent += len(data)
        network.inject(data, STRANGER)
        network.run(0.01)
        answers = network.sent_by(SERVER)
        assert len(answers) <= sequence
        assert sum(map(len, answers)) <= 3 * sent
        assert all(
            codec.parse_server_package(answer).update == {"time_order": 0} for answer in answers
        )


@covers("PGS-SEC-003")
def test_events_of_unvalidated_clients_count() -> None:
    """An event in the first package is handled; its answer waits until the client is validated."""
    network = Network()
    network.inject(client_package(1, 0, 0, 0, event("HELLO")), STRANGER)
    assert len(network.seen(EventReceived)) == 1
    network.server.dispatch(STRANGER, event("ANSWER"))
    network.run(0.05)
    assert not codec.parse_server_package(network.sent_by(SERVER)[-1]).events
    network.inject(client_package(2, 1), STRANGER)
    begin = network.now
    network.run(0.05)
    answers = network.sent_by(SERVER, begin)
    assert any(codec.parse_server_package(answer).events for answer in answers)


@covers("PGS-CON-009", "PGS-CON-012", "PGS-TIM-002")
def test_silent_clients_are_suspended_and_then_forgotten() -> None:
    """After 5 s of silence the server stops sending, after 5 more nothing is left."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    client.dispatch(event("E"))
    network.run(0.1)
    client.disconnect(network.now)
    heard = network.server.peers[address].heard_at
    network.run(heard + 5.01 - network.now)
    assert network.server.peers[address].state is ServerState.DISCONNECTED
    assert len(network.seen(ConnectionSuspended)) == 1
    begin = network.now
    network.run(heard + 9.99 - network.now)
    assert network.server.peers
    network.run(0.1)
    assert not network.server.peers
    assert len(network.seen(ConnectionForgotten)) == 1
    assert not network.sent_by(SERVER, begin)
    assert network.server.next_timer() is None


@covers("PGS-CON-010")
def test_newer_packages_resume_a_connection() -> None:
    """A client that comes back within the period goes on where it stopped."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    peer = network.server.peers[address]
    network.fate = lambda *_: []
    network.run(5.5)
    before = peer.sequence
    network.inject(client_package(client.sequence + 1, 0), address)  # it validates nothing
    network.run(0.1)
    assert network.server.peers[address] is peer
    assert peer.state is ServerState.CONNECTED
    assert peer.sequence > before
    assert len(network.seen(ConnectionResumed)) == 1


@covers("PGS-CON-011")
@pytest.mark.parametrize("sequence", [1, 2])
def test_older_packages_replace_a_connection(sequence: int) -> None:
    """A disconnected client that begins anew on the same port gets a new connection."""
    network = Network()
    network.inject(client_package(2), STRANGER)
    network.run(5.5)
    network.inject(client_package(sequence), STRANGER)
    network.run(0.01)
    assert len(network.seen(ConnectionOpened)) == 2
    assert codec.parse_server_package(network.sent_by(SERVER)[-1])[:2] == (1, sequence)


@covers("PGS-WIN-006", "PGS-ERR-002")
def test_discarded_packages_leave_no_trace() -> None:
    """A package with one bad event is not acked, and nothing in it counts."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = lambda *_: []
    peer = network.server.peers[address]
    ack, reported, flying = peer.window.ack, peer.reported, len(peer.flight)
    bad = client_package(ack + 1, peer.sequence, 0, 5, event("E"), b"\xc1")
    network.inject(bad, address)
    assert (peer.window.ack, peer.reported, len(peer.flight)) == (ack, reported, flying)
    assert not network.seen(EventReceived)


@covers("PGS-SYN-001")
def test_late_packages_report_no_state() -> None:
    """The time order of a late package is ignored; its events are not."""
    network = Network()
    network.inject(client_package(1), STRANGER)
    network.inject(client_package(3, 1, 0, 8), STRANGER)
    network.inject(client_package(2, 1, 0, 7, event("E")), STRANGER)
    assert network.server.peers[STRANGER].reported == 8
    assert len(network.seen(EventReceived)) == 1


@covers("PGS-LIM-001")
def test_connections_are_limited() -> None:
    """With all places taken by validated clients, nobody else gets in."""
    network = Network(Limits(connections=2))
    network.connected(1)
    network.connected(2)
    flood(network, 5)
    assert len(network.server.peers) == 2
    assert len(network.seen(ConnectionOpened)) == 2


@covers("PGS-LIM-002")
def test_the_oldest_unvalidated_connection_makes_room() -> None:
    """At the limit a newcomer replaces the oldest unvalidated connection, never a player."""
    network = Network(Limits(connections=3))
    player = network.connected()
    flood(network, 4)
    assert set(network.server.peers) == {network.address_of(player), stranger(2), stranger(3)}
    network.run(0.2)
    newcomer = network.connected(2)
    assert newcomer.status is ClientState.CONNECTED
    assert network.server.peers[network.address_of(player)].state is ServerState.CONNECTED


@covers("PGS-LIM-005")
def test_packages_of_one_peer_are_limited() -> None:
    """Of a thousand packages in a second, 400 are taken, and other clients notice nothing."""
    network = Network()
    client = network.connected()
    begin = network.now
    for sequence in range(1, 1001):
        network.inject(client_package(sequence, 0, 0, 0, event("E", sequence)), STRANGER)
        for happening in network.seen(EventReceived):
            assert happening.event.args[0] <= 400
    network.run(1.0)
    to_client = [
        data
        for when, _, goal, data in network.traffic
        if when >= begin and goal == network.address_of(client)
    ]
    assert len(to_client) == pytest.approx(40, abs=1)


@covers("PGS-SHD-001", "PGS-SHD-002", "PGS-SHD-003", "PGS-SHD-005")
def test_only_the_host_client_shuts_down() -> None:
    """The first validated client may stop the server; nobody else, and never with other words."""
    network = Network()
    network.inject(client_package(1), STRANGER)  # first, but never validated
    host, guest = network.connected(1), network.connected(2)
    assert network.server.host == network.address_of(host)
    for data, address in (
        (b"shutdown", STRANGER),
        (b"shutdown", network.address_of(guest)),
        (b"shut_me_down", network.address_of(host)),
        (b"shutdown ", network.address_of(host)),
    ):
        network.inject(data, address)
    assert not network.seen(ShutdownRequested)
    network.inject(b"shutdown", network.address_of(host))
    assert len(network.seen(ShutdownRequested)) == 1


@covers("PGS-SHD-001")
def test_a_disconnected_host_shuts_nothing_down() -> None:
    """The host client has to be connected at that moment."""
    network = Network()
    host = network.connected()
    address = network.address_of(host)
    host.disconnect(network.now)
    network.run(6.0)
    network.inject(b"shutdown", address)
    assert not network.seen(ShutdownRequested)


@covers("PGS-SHD-005", "PGS-SHD-002")
def test_nobody_follows_the_host_client() -> None:
    """Once the host client is gone for good, nobody else may stop the server."""
    network = Network()
    host = network.connected(1)
    address = network.address_of(host)
    host.disconnect(network.now)
    network.run(11.0)
    assert not network.server.peers
    newcomer = network.connected(2)
    network.inject(b"shutdown", network.address_of(newcomer))
    assert network.server.host == address
    assert not network.seen(ShutdownRequested)


@covers("PGS-SEC-004")
def test_shutdown_by_clients_can_be_switched_off() -> None:
    """An operator who does not want it is not asked."""
    network = Network(shutdown_by_client=False)
    network.inject(b"shutdown", network.address_of(network.connected()))
    assert not network.seen(ShutdownRequested)


@covers("PGS-SHD-006")
def test_client_asks_for_the_shutdown() -> None:
    """A client that is to take the server down with it sends the eight octets, and no more."""
    network = Network()
    client = network.connected()
    begin = network.now
    client.disconnect(network.now, shutdown_server=True)
    network.run(1.0)
    assert network.sent_by(network.address_of(client), begin) == [b"shutdown"]
    assert len(network.seen(ShutdownRequested)) == 1


@covers("PGS-SYN-011")
def test_operator_is_told_of_updates_that_do_not_fit() -> None:
    """A state that has outgrown the package is reported, though not with every package."""
    network = Network()
    network.publish(1, {"fill": "x" * 3000})
    network.connected()
    network.run(5.0)
    assert len(network.seen(UpdateTooLarge)) == 1
    network.run(10.0)
    assert len(network.seen(UpdateTooLarge)) == 2


@covers("PGS-SYN-012")
@pytest.mark.parametrize("event_octets", [300, 1500, 2017])
def test_events_and_updates_do_not_starve_each_other(event_octets: int) -> None:
    """With large events and large updates all the time, each gets every other package."""
    network = Network()
    network.publish(1, {"fill": "a" * 1900})
    client = network.connected()
    address = network.address_of(client)
    padding = event_octets - len(event("E", b"x" * 256)) + 256
    begin = network.now
    for step in range(2, 50):
        network.publish(step, {"fill": "abc"[step % 3] * 1900})
        network.server.dispatch(address, event("E", b"x" * padding))
        network.run(0.025)
    packages = [codec.parse_server_package(data) for data in network.sent_by(SERVER, begin)]
    for one, next_one in pairwise(packages[5:]):
        assert one.events or next_one.events
        assert len(one.update) > 1 or len(next_one.update) > 1
    assert client.time_order > 40


@covers("PGS-SYN-010", "PGS-SYN-012")
def test_update_takes_the_room_that_events_leave() -> None:
    """A small update travels together with events."""
    network = Network()
    network.publish(1, {"n": 1})
    client = network.connected()
    network.publish(2, {"n": 2})
    network.server.dispatch(network.address_of(client), event("E", b"x" * 1900))
    begin = network.now
    network.run(0.03)
    package = codec.parse_server_package(network.sent_by(SERVER, begin)[0])
    assert (len(package.events), package.update) == (1, {"n": 2, "time_order": 2})


def test_suspended_server_goes_on_with_its_clients() -> None:
    """A server that stops for a moment and runs again has not lost anybody."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.server.suspend(network.now)
    assert network.server.peers[address].state is ServerState.DISCONNECTED
    network.run(2.0)
    assert client.status is ClientState.CONNECTED
    assert network.server.peers[address].state is ServerState.CONNECTED
    assert len(network.seen(ConnectionValidated)) == 1


@covers("PGS-ERR-001")
@pytest.mark.parametrize("length", range(15))
def test_prefixes_of_a_package_are_discarded(length: int) -> None:
    """A datagram that ends early is no package, wherever it ends."""
    network = Network()
    network.inject(client_package(1, 0, 0, 0, event("E"))[:length] + b"", STRANGER)
    assert bool(network.server.peers) == (length == 14)


@covers("PGS-TIM-001")
def test_both_sides_send_forty_packages_a_second() -> None:
    """Whether or not there is anything to say, one package leaves in every interval."""
    network = Network()
    client = network.connected()
    network.run(DELAY)
    begin = network.now
    network.run(10.0)
    sides: tuple[Any, ...] = (SERVER, network.address_of(client))
    assert [len(network.sent_by(side, begin)) for side in sides] == pytest.approx([400] * 2, abs=1)
