"""Cases: the end of a server.

What may live here: `shutdown`, and what becomes of the connections.
"""

from __future__ import annotations

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import SHUTDOWN, granted, refused
from wirebook.conformance.drivers.pgnet.stream import expect
from wirebook.conformance.marks import feature, fresh_target, requires
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Violation

pytestmark = [fresh_target, feature("admin")]

STOPPING = 15.0
"""Seconds that a server may take to end after it was told to."""


def check_ended(server: ServerHandle, visit: Visit) -> None:
    """Check that the server ends, with exit code 0 where that can be seen."""
    if not server.wait_ended(visit.link.deadline(STOPPING)):
        raise Violation(f"expected the server to end within {STOPPING} s, but it goes on")
    how = server.how_ended()
    if how.startswith("ended with") and not how.startswith("ended with status 0"):
        raise Violation(f"expected the server to end with exit code 0, but it {how}")


@requires("PGN-ADM-002", "PGN-CON-005")
def test_shutdown(target_server: ServerHandle, visit: Visit, admin: RawClient) -> None:
    """The server answers `shutdown` with status 0, closes all connections with 1001, and ends."""
    user, player = visit.user(), visit.player()
    opened, traded = visit.opened(), visit.traded()
    for client in (user, player, admin):
        control(client)
    target_server.expect_end()
    granted(admin.ask(SHUTDOWN), "for shutdown")
    clients = [admin, user, player, traded, opened]
    expect(
        clients,
        lambda: all(client.closed for client in clients),
        "all connections to be closed",
        STOPPING,
    )
    for client in clients:
        who = client.name or "a connection in the opening"
        client.expect_closed(f"at the shutdown, for {who}", 1001)
    visit.see_off(STOPPING)
    check_ended(target_server, visit)


@requires("PGN-CON-005", "PGN-RSP-001")
def test_owes_nobody_a_response(
    target_server: ServerHandle, visit: Visit, admin: RawClient
) -> None:
    """What a server has begun to answer it has answered before it closes the connection."""
    player = visit.player()
    control(player)
    for number in range(20):
        player.post(f"number {number}")
    granted(player.next_response("the first response"), "for a request to the game")
    target_server.expect_end()
    admin.post(SHUTDOWN)
    clients = [admin, player]
    expect(
        clients,
        lambda: all(client.closed for client in clients),
        "all connections to be closed",
        STOPPING,
    )
    granted(admin.next_response("the response to shutdown"), "for shutdown")
    while player.waiting:
        granted(player.next_response("a response"), "for a request to the game")
    for client in clients:
        if client.malformed or client.closed is None or client.closed.code != 1001:
            raise Violation(f"expected whole responses and close code 1001, got {client.summary()}")
    visit.see_off(STOPPING)
    check_ended(target_server, visit)


@requires("PGN-ADM-001", "PGN-ADM-002", "PGN-ARG-001")
def test_goes_on_after_a_refused_shutdown(visit: Visit, admin: RawClient, user: RawClient) -> None:
    """A shutdown that is refused, to a user or for its arguments, ends nothing."""
    for client, payload in ((user, {}), (user, {"x": 1}), (admin, {"x": 1})):
        refused(client.ask(SHUTDOWN, payload), f"for shutdown {payload}")
    for client in (user, admin, visit.user()):
        control(client)


@requires("PGN-ADM-002", "PGN-ERR-002")
def test_shutdown_while_others_are_silent(
    target_server: ServerHandle, visit: Visit, admin: RawClient
) -> None:
    """Neither those who do not read nor those who are half-way in keep a server from ending."""
    deaf = visit.player()
    deaf.reading = False
    half = visit.opened()
    half.write(b"\x81\xfe")
    for _ in range(50):
        deaf.post("hello", {"x": "y" * 1000})
    target_server.expect_end()
    granted(admin.ask(SHUTDOWN), "for shutdown")
    check_ended(target_server, visit)
