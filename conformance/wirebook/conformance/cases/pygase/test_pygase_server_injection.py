"""Datagrams in the name of others: what belongs to a session, and what does not.

What may live here: cases with forged addresses and ports, with datagrams that pass twice, and with
damaged ones. Fragments are in a module of their own, and so is amplification.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases import injection
from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.cases.pygase.going_on import must_go_on
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.drivers.pygase.endpoint import Address
from wirebook.conformance.drivers.pygase.model import after, is_newer
from wirebook.conformance.drivers.pygase.packages import Event, client_package
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import RawClient, pump
from wirebook.conformance.marks import feature, fresh_target, requires
from wirebook.conformance.verdicts import Unsupported, Violation

scene = injection.scene
target_server = injection.target_server

WATCHED_FOR = 0.4
FAR = 1000
OTHER_PORT = 9999
"""None of those that the clients of the suite use."""
INVENTED = 1200
AT_ONCE = 40
NOWHERE = "203.0.113.9"
"""An address of RFC 5737, to which no route leads from the server."""
SHUTDOWN, STOP = b"shutdown", b"shut_me_down"


def forge(
    scene: Scene, source: Address, data: bytes, what: str, *, checksums: str = "good"
) -> None:
    """Send a package in the name of a source."""
    scene.injector.datagram(
        source, scene.address, data, message="client-package", what=what, checksums=checksums
    )


def check_forged_in_its_name(scene: Scene, player: Player) -> None:
    """Check that a forged datagram arrives: one in a player's name counts as the player's."""
    sequence = player.skip()[0]
    ack, bits = player.ack_fields
    data = client_package(sequence, ack=ack, bits=bits, time_order=player.time_order)
    forge(scene, player.local, data, "a package in the name of the player")
    player.expect_acked(sequence)


def others(scene: Scene, player: Player) -> dict[str, Address]:
    """Return sources that are like the player's, but not it."""
    host, port = player.local
    elsewhere = scene.site.attacker.address
    return {
        "other-port": (host, OTHER_PORT),
        "other-address": (elsewhere, OTHER_PORT),
        "same-port-elsewhere": (elsewhere, port),
    }


OTHERS = pytest.mark.parametrize("which", ["other-port", "other-address", "same-port-elsewhere"])


@requires("PGS-CON-006", "PGS-WIN-001")
def test_takes_what_comes_in_a_clients_name(scene: Scene, player: Player) -> None:
    """A connection is an address and a port, and nothing else: who forges both is the client."""
    check_forged_in_its_name(scene, player)


@requires("PGS-CON-006", "PGS-ERR-001")
@OTHERS
def test_keeps_sessions_apart(scene: Scene, player: Player, which: str) -> None:
    """Packages from another port or address leave a connection alone, however far ahead."""
    check_forged_in_its_name(scene, player)
    source = others(scene, player)[which]
    mark, ahead = len(player.accepted), after(player.sequence, FAR)
    for step in range(5):
        forge(scene, source, client_package(after(ahead, step)), f"a package far ahead, {which}")
    player.pump_for(WATCHED_FOR)
    taken = [one for one in player.accepted[mark:] if is_newer(one.ack, player.sequence)]
    if taken:
        raise Violation(
            f"expected acks of the player's own packages, up to {player.sequence}, got {taken[0]}"
        )
    check_forged_in_its_name(scene, player)


@feature("events")
@requires("PGS-CON-006", "PGS-EVT-022")
@OTHERS
def test_tells_sources_apart(scene: Scene, player: Player, which: str) -> None:
    """What an event from another port or address draws in answer does not go to the player."""
    check_forged_in_its_name(scene, player)
    token, source = player.token(), others(scene, player)[which]
    since = len(player.events)
    # The ack of 1 validates the forged connection, so that it would be answered.
    for sequence in (1, 2):
        events = [Event("ECHO", [token]), Event("WHOAMI")] if sequence == 2 else []
        data = client_package(sequence, ack=sequence - 1, events=events)
        forge(scene, source, data, f"an event, {which}")
        player.pump_for(0.1)
    player.pump_for(WATCHED_FOR)
    for answer in ("ECHO", "YOU_ARE"):
        if player.received(answer, since=since):
            raise Violation(f"expected {answer} to go to {source}, and the player got it")
    player.dispatch("WHOAMI")
    player.expect_event("YOU_ARE", list(player.local))


@requires("PGS-CON-006", "PGS-CON-007")
def test_answers_the_address_in_the_datagram(scene: Scene, strangers: MakeStranger) -> None:
    """The answer to a package goes to its source address, from where the package was sent to."""
    stranger = strangers()
    forge(scene, stranger.local, client_package(7), "a package in the name of a stranger")
    package = stranger.expect_packages(1)[0]
    assert package.acks(7), f"expected an ack of the forged package 7, got {package}"
    assert not stranger.strays, f"expected answers of {scene.address}, got {stranger.strays}"


@feature("events")
@requires("PGS-WIN-003", "PGS-ERR-001")
@pytest.mark.parametrize("times", [1, 50])
def test_counts_once_what_passes_twice(scene: Scene, player: Player, times: int) -> None:
    """A datagram that the network delivers again is a duplicate: its event is handled once."""
    token = player.token()
    player.dispatch("BROADCAST", token)
    scene.injector.again(passed(scene, player, player.last_sent), times)
    player.expect_event("BROADCAST", [token])
    player.pump_for(WATCHED_FOR)
    check_once(player, token)
    check_forged_in_its_name(scene, player)


@feature("events")
@requires("PGS-WIN-004", "PGS-ERR-001")
@pytest.mark.parametrize("later", [33, 100])
def test_counts_once_what_passes_again_late(scene: Scene, player: Player, later: int) -> None:
    """A datagram that comes again after more than 32 newer ones changes nothing."""
    token = player.token()
    player.dispatch("BROADCAST", token)
    sent = player.last_sent
    player.expect_event("BROADCAST", [token])
    packet = passed(scene, player, sent)
    for _ in range(later):
        player.send()
    player.expect_acked(after(player.sequence, -1))
    scene.injector.again(packet, 2)
    player.pump_for(WATCHED_FOR)
    check_once(player, token)
    check_forged_in_its_name(scene, player)


@requires("PGS-CON-008", "PGS-ERR-001")
@pytest.mark.parametrize("checksums", ["bad", "bad-ip"], ids=["udp", "ip"])
def test_takes_nothing_damaged(scene: Scene, strangers: MakeStranger, checksums: str) -> None:
    """A package with a wrong checksum is no package: it is not answered, and opens nothing."""
    if checksums == "bad-ip" and not scene.injector.writes_ip_checksum:
        raise Unsupported("by this machine: on loopback, the system writes the checksum of IP")
    witness, stranger = strangers(), strangers()
    check_answered(scene, witness, 1)
    for sequence in range(1, 6):
        data = client_package(sequence)
        forge(scene, stranger.local, data, "a damaged package", checksums=checksums)
    pump([witness, stranger], lambda: False, WATCHED_FOR)
    assert not stranger.datagrams, f"expected silence, got {stranger.summary()}"
    check_answered(scene, stranger, 1)
    check_answered(scene, witness, 2)


@requires("PGS-CON-006")
def test_takes_datagrams_without_a_checksum(scene: Scene, strangers: MakeStranger) -> None:
    """UDP over IPv4 may leave its checksum out; such a package counts."""
    stranger = strangers()
    forge(scene, stranger.local, client_package(3), "without a checksum", checksums="none")
    package = stranger.expect_packages(1)[0]
    assert package.acks(3), f"expected an ack of package 3, got {package}"


@requires("PGS-ERR-001")
@pytest.mark.parametrize("source", ["no-route", "port-0"])
def test_survives_sources_without_a_way_back(
    scene: Scene, player: Player, players: MakePlayer, source: str
) -> None:
    """A package whose answer cannot be sent costs nobody else anything."""
    if source == "no-route" and not scene.site.isolated:
        raise Unsupported("by this machine: what is answered must not leave it")
    check_forged_in_its_name(scene, player)
    forged = (NOWHERE, 4711) if source == "no-route" else (scene.site.attacker.address, 0)
    for sequence in range(1, 21):
        # The ack makes it a validated connection, to which a server sends at its full rate.
        forge(scene, forged, client_package(sequence, ack=sequence - 1), f"from {forged}")
        player.pump_for(0.02)
    player.pump_for(WATCHED_FOR)
    check_forged_in_its_name(scene, player)
    players().join()


@requires("PGS-LIM-002", "PGS-ERR-001")
def test_invented_addresses_shut_nobody_out(
    scene: Scene, player: Player, players: MakePlayer
) -> None:
    """Packages from more sources than a server has connections for end no session, and bar none."""
    check_forged_in_its_name(scene, player)
    scene.note(
        f"Injected: a package from each of {INVENTED} ports of {scene.site.attacker.address}"
    )
    for start in range(0, INVENTED, AT_ONCE):
        for number in range(start, start + AT_ONCE):
            source = scene.site.attacker.address, 20_000 + number
            scene.injector.unrecorded(source, scene.address, client_package(1))
        player.pump_for(0.01)
    player.pump_for(WATCHED_FOR)
    check_forged_in_its_name(scene, player)
    players().join()


@fresh_target
@requires("PGS-SHD-002", "PGS-SHD-001")
@OTHERS
def test_takes_shutdown_from_its_host_client_only(scene: Scene, player: Player, which: str) -> None:
    """The datagram `shutdown` counts in the name of the host client, and in no other."""
    check_forged_in_its_name(scene, player)
    source = others(scene, player)[which]
    with must_go_on(scene.server):
        for _ in range(3):
            scene.injector.datagram(source, scene.address, SHUTDOWN, message="shutdown", what=which)
        player.pump_for(WATCHED_FOR)
        check_forged_in_its_name(scene, player)
    scene.server.expect_end()
    scene.injector.datagram(
        player.local, scene.address, SHUTDOWN, message="shutdown", what="in the host client's name"
    )
    assert scene.server.wait_ended(5.0), "expected the server to stop, and it goes on"


@requires("PGS-SHD-003", "PGS-ERR-001")
@pytest.mark.parametrize("which", ["host-client", "other-port", "other-address"])
def test_heeds_no_shut_me_down_in_any_name(scene: Scene, player: Player, which: str) -> None:
    """The datagram `shut_me_down` is discarded, even in the name of the host client."""
    check_forged_in_its_name(scene, player)
    source = player.local if which == "host-client" else others(scene, player)[which]
    with must_go_on(scene.server):
        for _ in range(3):
            scene.injector.datagram(source, scene.address, STOP, message="shutdown", what=which)
        player.pump_for(WATCHED_FOR)
        check_forged_in_its_name(scene, player)


def passed(scene: Scene, player: Player, data: bytes) -> bytes:
    """Return the packet with a datagram as soon as it has passed the client's interface."""
    found: list[bytes] = []

    def look() -> bool:
        found.extend(one for one in reversed(scene.tap.packets()) if one.endswith(data))
        return bool(found)

    player.expect(look, "a datagram of ours to leave our own interface")
    return found[0]


def check_once(player: Player, token: str) -> None:
    """Check that an event with a token was handled once."""
    came = player.received("BROADCAST", [token])
    if len(came) != 1:
        raise Violation(f"expected the event to be handled once, and it was {len(came)} times")


def check_answered(scene: Scene, client: RawClient, sequence: int) -> None:
    """Check that a forged package in the name of somebody is answered if it is undamaged."""
    forge(scene, client.local, client_package(sequence), "an undamaged package")
    client.expect(
        lambda: any(one.acks(sequence) for one in client.packages),
        f"an ack of the undamaged package {sequence}",
    )
