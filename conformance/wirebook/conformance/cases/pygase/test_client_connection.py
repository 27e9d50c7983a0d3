"""Cases: how a client's connection begins and ends when it is told so.

What may live here: status, addresses, disconnecting, connecting again. What takes its time is in
`test_client_timers.py`.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import after
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import SHUTDOWN
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

IN_FLIGHT_SECONDS = 0.06
"""What was sent before the client stopped may still arrive for so long."""
SILENCE_SECONDS = 0.25
FORGED = {"time_order": 7, "forged": True}


@requires("PGS-CON-001")
def test_status(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client is Connecting until it accepts a package of the server, and then Connected."""
    client.check_status("Disconnected", "before the call to connect")
    client.connect()
    client.check_status("Connecting", "before the server has answered")
    raw_server.expect_next(3)
    client.check_status("Connecting", "before the server has answered")
    raw_server.send()
    client.wait_status("Connected", "after a package of the server")


@requires("PGS-CON-001", "PGS-ERR-002")
def test_discarded_packages_connect_nobody(client: ClientUnderTest, raw_server: RawServer) -> None:
    """Discarded datagrams do not make a client Connected."""
    client.connect()
    good = raw_server.package(sequence=1)
    raw_server.send_octets(good + b"\x00")
    raw_server.send_octets(good[:13])
    raw_server.send_octets(b"\x00" + good)
    raw_server.send_octets(good, by=raw_server.stranger())
    for arrival in raw_server.expect_next(3):
        if arrival.ack:
            raise Violation(f"expected no ack of discarded packages, got {arrival}")
    client.check_status("Connecting", "after discarded datagrams only")
    raw_server.send()
    client.wait_status("Connected", "after a good package")


@pytest.mark.parametrize("where", ["other-port", "other-host"])
@requires("PGS-CON-004", "PGS-ERR-002", "PGS-WIN-006")
def test_other_address(client: ClientUnderTest, raw_server: RawServer, where: str) -> None:
    """A package from another address or port is discarded, however well it fits."""
    client.handle("N")
    client.open()
    other = (
        raw_server.stranger()
        if where == "other-port"
        else raw_server.stranger("127.0.0.2", raw_server.address[1])
    )
    forged = raw_server.package(Event("N", ["forged"]), update=FORGED)
    raw_server.send_octets(forged, by=other)
    # The good one has the same sequence: it is a duplicate for a client that took the other.
    sequence = raw_server.send(Event("N", ["good"]))
    client.wait_received(Event("N", ["good"]))
    raw_server.send_octets(forged, by=other)
    raw_server.send(Event("N", ["after"]))
    client.wait_received(Event("N", ["good"]), Event("N", ["after"]))
    raw_server.expect_acks(after(sequence), 3 << 30, "after packages from another address")
    client.wait_state({}, 0, "after an update from another address")


@requires("PGS-CON-005", "PGS-SHD-006")
def test_disconnect(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that is asked to disconnect stops sending at once, without a farewell."""
    client.open()
    raw_server.serving = True
    raw_server.expect_next(3)
    client.disconnect()
    check_silence(client, raw_server)
    farewell = [arrival for arrival in raw_server.arrivals if arrival.package is None]
    if farewell:
        raise Violation(f"expected nothing but packages, got {farewell[0]}")


@requires("PGS-CON-005", "PGS-CON-001")
def test_disconnect_while_connecting(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that is asked to disconnect before the server has answered stops sending, too."""
    client.connect()
    client.disconnect()
    check_silence(client, raw_server)


def check_silence(client: ClientUnderTest, server: RawServer) -> None:
    """Check that the client, which has disconnected, sends nothing any more."""
    server.pump(IN_FLIGHT_SECONDS)
    so_far = len(server.arrivals)
    server.pump(SILENCE_SECONDS)
    if server.arrivals[so_far:]:
        raise Violation(f"expected silence after disconnecting, got {server.arrivals[so_far]}")
    client.wait_status("Disconnected", "after disconnecting")


@requires("PGS-SHD-006", "PGS-CON-005")
def test_shutdown(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that is asked to shut the server down sends exactly `shutdown`, from its address."""
    client.open()
    address = raw_server.client
    client.disconnect(shutdown_server=True)
    arrival = raw_server.expect(lambda one: one.package is None, "a datagram that is no package")
    if arrival.data != SHUTDOWN:
        raise Violation(f"expected the eight octets of shutdown, got {arrival.data.hex(' ')}")
    if arrival.source != address:
        raise Violation(f"expected shutdown from {address}, got it from {arrival.source}")
    check_silence(client, raw_server)


@requires("PGS-CON-003", "PGS-SEQ-001", "PGS-ACK-001", "PGS-SYN-020")
def test_connect_again(client: ClientUnderTest, raw_server: RawServer) -> None:
    """A client that connects again begins anew: sequence 1, nothing received, no state."""
    client.handle("N")
    client.open()
    raw_server.send(Event("N", [1]), sequence=500, update={"time_order": 1000, "old": True})
    client.wait_state({"old": True}, 1000, "after the full state")
    client.disconnect()
    raw_server.pump(IN_FLIGHT_SECONDS)
    arrival = client.connect()
    begun = (arrival.sequence, arrival.ack, arrival.bits, arrival.time_order)
    if begun != (1, 0, 0, 0):
        raise Violation(f"expected sequence 1, ack 0, no bits and time order 0, got {arrival}")
    client.check_status("Connecting", "after connecting again")
    # All of this is older than what the first connection brought.
    raw_server.send(Event("N", [2]), sequence=499, update={"time_order": 999, "new": True})
    client.wait_received(Event("N", [1]), Event("N", [2]))
    client.wait_state({"new": True}, 999, "after the full state of the second connection")
    raw_server.expect_acks(499, 0, "after the first package of the second connection")
