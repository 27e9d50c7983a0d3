"""Datagrams that IP carries in fragments: whole, incomplete, and contradictory ones.

What may live here: cases about fragments. The largest package that the book allows takes two of
them on most links, so a server sees them whenever clients have much to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from wirebook.conformance.cases import injection
from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer
from wirebook.conformance.cases.pygase.test_pygase_server_injection import check_forged_in_its_name
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    SMALLEST,
    Event,
    client_package,
    filler,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation

scene = injection.scene
target_server = injection.target_server

SIZE = 512
"""Octets of a fragment, of an IP packet's payload."""
IP_HEADER = 20
WATCHED_FOR = 0.4
CONTENT = 1400
"""Characters in an event that takes three fragments."""

ORDERS: Mapping[str, Callable[[Sequence[bytes]], list[bytes]]] = {
    "in-order": list,
    "reversed": lambda pieces: list(reversed(pieces)),
    "last-first": lambda pieces: [pieces[-1], *pieces[:-1]],
    "each-twice": lambda pieces: [one for piece in pieces for one in (piece, piece)],
}
LACKS: Mapping[str, Callable[[Sequence[bytes]], list[bytes]]] = {
    "first": lambda pieces: list(pieces[1:]),
    "middle": lambda pieces: [*pieces[:1], *pieces[2:]],
    "last": lambda pieces: list(pieces[:-1]),
}


def largest(player: Player) -> tuple[int, bytes]:
    """Return a package of the largest size in a player's name, and its sequence."""
    sequence = player.skip()[0]
    ack, bits = player.ack_fields
    head = client_package(sequence, ack=ack, bits=bits, time_order=player.time_order)
    return sequence, head + filler(LARGEST - SMALLEST)


@requires("PGS-DGM-004", "PGS-ERR-001")
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_takes_fragments_in_any_order(
    scene: Scene, player: Player, order: Callable[[Sequence[bytes]], list[bytes]]
) -> None:
    """A package of 2048 octets counts, in whatever order its fragments arrive."""
    sequence, data = largest(player)
    packet = scene.injector.udp(player.local, scene.address, data)
    pieces = order(scene.injector.fragments(packet, SIZE))
    scene.injector.pieces(pieces, f"package {sequence} of {len(data)} octets, in fragments")
    player.expect_acked(sequence)


@requires("PGS-ERR-002", "PGS-ERR-001")
@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS)
def test_takes_no_part_of_a_package(
    scene: Scene,
    player: Player,
    players: MakePlayer,
    lack: Callable[[Sequence[bytes]], list[bytes]],
) -> None:
    """A package of which a fragment is missing does not count, and keeps nobody waiting."""
    check_forged_in_its_name(scene, player)
    missing, data = largest(player)
    packet = scene.injector.udp(player.local, scene.address, data)
    pieces = lack(scene.injector.fragments(packet, SIZE))
    scene.injector.pieces(pieces, f"package {missing}, in fragments of which one is missing")
    player.pump_for(WATCHED_FOR)
    if any(one.acks(missing) for one in player.accepted):
        raise Violation(f"expected package {missing} not to count without a fragment, got its ack")
    whole, data = largest(player)
    packet = scene.injector.udp(player.local, scene.address, data)
    scene.injector.pieces(scene.injector.fragments(packet, SIZE), f"package {whole}, in fragments")
    player.expect_acked(whole)
    players().join()


OVERLAPS: Mapping[str, Sequence[tuple[int, int, int]]] = {
    # Which of the two packages, and from which octet of its datagram to which.
    "inside": ((0, 0, 512), (0, 512, 1024), (1, 520, 1016), (0, 1024, 0)),
    "across": ((0, 0, 512), (1, 504, 1032), (0, 512, 1024), (0, 1024, 0)),
    "same-place": ((0, 0, 512), (0, 512, 1024), (1, 512, 1024), (0, 1024, 0)),
    "from-behind": ((0, 1024, 0), (1, 512, 1040), (0, 512, 1024), (0, 0, 512)),
    "past-the-end": ((0, 0, 512), (0, 1024, 0), (1, 1024, 2048), (0, 512, 1024)),
}


@feature("events")
@requires("PGS-ERR-002", "PGS-ERR-001")
@pytest.mark.parametrize("order", OVERLAPS.values(), ids=OVERLAPS)
def test_makes_no_third_package_of_two(
    scene: Scene, player: Player, players: MakePlayer, order: Sequence[tuple[int, int, int]]
) -> None:
    """Fragments that overlap and contradict each other make one of their packages, or none.

    Both packages have the same checksum, so that a mixture of them would have it, too.
    """
    check_forged_in_its_name(scene, player)
    sequence = player.skip()[0]
    texts = ["aabb" * (CONTENT // 4), "bbaa" * (CONTENT // 4)]
    packets = [
        scene.injector.udp(player.local, scene.address, contents(player, sequence, text))
        for text in texts
    ]
    # All belong to the first one's number, as if the second had been made to be mixed with it.
    bodies = [packet[IP_HEADER:] for packet in packets]
    pieces = [
        scene.injector.part(packets[0], start, stop, (bodies[which] * 2)[start:stop])
        for which, start, end in order
        for stop in [end or len(bodies[0])]
    ]
    since = len(player.events)
    scene.injector.pieces(pieces, f"package {sequence}, in fragments that contradict each other")
    player.pump_for(WATCHED_FOR)
    for event in player.received("BROADCAST", since=since):
        if event.args not in ([texts[0]], [texts[1]]):
            raise Violation("expected one package or none, got a mixture of two")
    check_forged_in_its_name(scene, player)
    players().join()


def contents(player: Player, sequence: int, text: str) -> bytes:
    """Return a package with a text for all."""
    ack, bits = player.ack_fields
    event = Event("BROADCAST", [text])
    return client_package(
        sequence, ack=ack, bits=bits, time_order=player.time_order, events=[event]
    )
