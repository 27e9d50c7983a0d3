"""Datagrams and headers, as a server reads and writes them.

What may live here: cases about the size of datagrams, the protocol id and the twelve octets.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pygase.server_fixtures import MakePlayer, MakeStranger
from wirebook.conformance.drivers.pygase.controls import (
    POISON,
    POISON_ENTRY,
    control,
    expect_silence,
    unharmed,
)
from wirebook.conformance.drivers.pygase.packages import (
    LARGEST,
    PROTOCOL_ID,
    SMALLEST,
    Event,
    client_package,
    entry,
    filler,
    packed,
    raw_header,
    server_package,
)
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.marks import feature, requires
from wirebook.conformance.verdicts import Violation

pytestmark = feature("events")

WRONG_IDS = {
    "first-octet": bytes.fromhex("fed0fab9"),
    "second-octet": bytes.fromhex("ffd1fab9"),
    "third-octet": bytes.fromhex("ffd0fbb9"),
    "last-octet": bytes.fromhex("ffd0fab8"),
    "reversed": bytes.fromhex("b9fad0ff"),
    "zeros": bytes(4),
}
NO_PACKAGES = {
    "empty": b"",
    "one-octet": b"\xff",
    "three-octets-of-the-id": PROTOCOL_ID[:3],
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "like-shutdown": b"shutdown\n",
    "id-not-at-the-beginning": b"\x00" + client_package(1),
}
TOO_SHORT = {
    "id-alone": PROTOCOL_ID,
    "half-a-sequence": PROTOCOL_ID + b"\x00",
    "other-half-a-sequence": PROTOCOL_ID + b"\x01",
    "sequence": PROTOCOL_ID + b"\x00\x01",
    "header": raw_header(1),
    "half-a-time-order": raw_header(1) + b"\x00",
}


@requires("PGS-HDR-001", "PGS-SEQ-001")
def test_writes_integers_in_network_byte_order(players: MakePlayer) -> None:
    """The most significant octet of sequence, ack and bits comes first."""
    player = players(first_sequence=0x0102)
    player.join()
    player.expect(lambda: len(player.accepted) >= 3, "three packages")
    first, *_, last = player.accepted
    assert first.data[4:6] == b"\x00\x01", f"expected the octets 00 01 for sequence 1, got {first}"
    sent = range(0x0102, player.sequence)
    assert last.ack in sent, f"expected an ack from 258 to {sent[-1]}, got {last}"
    assert last.bits >> 31, f"expected the most significant bit for the sequence before, got {last}"


@requires("PGS-SEQ-001")
def test_numbers_its_packages_one_by_one(player: Player) -> None:
    """The first package has the sequence 1, and each further one the successor."""
    player.expect_packages(10)
    sequences = [package.sequence for package in player.packages]
    expected = list(range(1, len(sequences) + 1))
    assert sequences == expected, f"expected the sequences {expected}, got {sequences}"


@requires("PGS-DGM-001")
def test_sends_one_package_in_each_datagram(player: Player) -> None:
    """Every datagram is one well-formed server package and nothing else."""
    player.dispatch("BURST", 12)
    player.expect_event("BURST", [11])
    player.expect_packages(10)
    if player.malformed:
        data, malformed = player.malformed[0]
        raise Violation(f"expected server packages only, got {data.hex()} ({malformed.reason})")


@requires("PGS-DGM-002", "PGS-EVT-010")
def test_sends_no_datagram_above_2048_octets(player: Player) -> None:
    """Events that do not fit into one package of 2048 octets together are spread over several."""
    words = [f"{number}" + "x" * 900 for number in range(6)]
    # At once, so that more answers wait for a package than it has room for.
    for word in words:
        player.dispatch("ECHO", word)
    for word in words:
        player.expect_event("ECHO", [word])
    largest = max(len(package.data) for package in player.packages)
    assert largest <= LARGEST, f"expected at most {LARGEST} octets, got a datagram of {largest}"


@requires("PGS-DGM-003")
@pytest.mark.parametrize("octets", [2049, 2050, 3000, 9000, 65507])
def test_discards_large_datagrams(player: Player, octets: int) -> None:
    """A datagram of more than 2048 octets that is well-formed otherwise is discarded."""
    with unharmed(player):
        rest = octets - SMALLEST - len(POISON_ENTRY)
        player.send_bad_block(POISON_ENTRY + filler(rest))


@requires("PGS-DGM-003")
@pytest.mark.parametrize("octets", [2049, 3000])
def test_discards_large_datagrams_whose_beginning_is_a_package(player: Player, octets: int) -> None:
    """A package of exactly 2048 octets is discarded if the datagram goes on after it."""
    with unharmed(player):
        rest = LARGEST - SMALLEST - len(POISON_ENTRY)
        player.send_bad_block(POISON_ENTRY + filler(rest) + bytes(octets - LARGEST))


@requires("PGS-DGM-004")
@pytest.mark.parametrize("octets", [500, 1472, 1473, 2047, 2048])
def test_accepts_packages_of_every_size(player: Player, octets: int) -> None:
    """A well-formed package is accepted whatever its size, up to 2048 octets."""
    echo = entry(packed(Event("ECHO", ["in a large package"]).value()))
    player.expect_acked(player.send_block(filler(octets - SMALLEST - len(echo)) + echo))
    player.expect_event("ECHO", ["in a large package"])


@requires("PGS-DGM-004")
def test_accepts_the_smallest_package(player: Player) -> None:
    """A package of 14 octets, without events, is accepted."""
    player.expect_acked(player.send())


@requires("PGS-DGM-005")
def test_does_not_read_server_packages(player: Player) -> None:
    """A server package that arrives at a server is discarded: its body is no client package's."""
    with unharmed(player):
        sequence = player.skip()[0]
        player.bad.append(sequence)
        ack, bits = player.ack_fields
        player.send_raw(
            server_package(sequence, ack=ack, bits=bits, update={"time_order": 0}, events=[POISON]),
            "server-package",
        )


@requires("PGS-DGM-005")
def test_does_not_read_plain_packages(player: Player) -> None:
    """A plain package that arrives at a server is discarded: its event is no time order."""
    with unharmed(player):
        player.send_bad(lambda header: header + POISON_ENTRY)


@requires("PGS-HDR-002")
@pytest.mark.parametrize("protocol_id", list(WRONG_IDS.values()), ids=list(WRONG_IDS))
def test_discards_other_protocol_ids(player: Player, protocol_id: bytes) -> None:
    """A datagram that is a package but for its first four octets is discarded."""
    with unharmed(player):
        player.send_bad(lambda header: protocol_id + header[4:] + b"\x00\x00" + POISON_ENTRY)


@requires("PGS-HDR-002", "PGS-HDR-003")
@pytest.mark.parametrize("data", list(NO_PACKAGES.values()), ids=list(NO_PACKAGES))
def test_discards_what_is_no_package(player: Player, data: bytes) -> None:
    """A datagram without the protocol id does nothing."""
    with unharmed(player):
        player.send_raw(data)


@requires("PGS-HDR-003")
@pytest.mark.parametrize("octets", range(4, 14))
def test_discards_truncated_packages(player: Player, octets: int) -> None:
    """A datagram that ends inside the header or the time order is discarded."""
    with unharmed(player):
        player.send_bad(lambda header: (header + b"\x00\x00")[:octets])


@requires("PGS-HDR-003", "PGS-CON-008")
@pytest.mark.parametrize("data", list(TOO_SHORT.values()), ids=list(TOO_SHORT))
def test_opens_no_connection_for_truncated_packages(
    player: Player, strangers: MakeStranger, data: bytes
) -> None:
    """A datagram that is too short draws no answer from an unknown address either."""
    stranger = strangers()
    stranger.send_raw(data)
    expect_silence(stranger, player)
    control(player)


@requires("PGS-HDR-004")
def test_discards_sequence_0(player: Player) -> None:
    """A package with sequence 0 is discarded."""
    with unharmed(player):
        ack, bits = player.ack_fields
        player.send_raw(raw_header(0, ack, bits) + b"\x00\x00" + POISON_ENTRY)


@requires("PGS-HDR-004", "PGS-CON-008")
def test_opens_no_connection_for_sequence_0(player: Player, strangers: MakeStranger) -> None:
    """A package with sequence 0 draws no answer from an unknown address either."""
    stranger = strangers()
    stranger.send_raw(raw_header(0) + b"\x00\x00")
    expect_silence(stranger, player)
