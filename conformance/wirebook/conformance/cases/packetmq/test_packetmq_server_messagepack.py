"""MessagePack in application packets: what a server refuses, what it accepts and hands over.

What may live here: cases about single payloads. The payloads of internal packets are in
`test_packetmq_server_internal.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.messagepack_octets import (
    EXTENSIONS,
    FLOATS,
    INTEGERS,
    KEYS,
    double,
    single,
)
from wirebook.conformance.cases.packetmq.inputs import BREACHES, DEEP_ENOUGH, FORMATS, each
from wirebook.conformance.cases.packetmq.packetmq_server_fixtures import MakePlayer
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHO, ECHOED, packed
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import check_violation, unharmed
from wirebook.conformance.drivers.values import same
from wirebook.conformance.marks import requires
from wirebook.spec.packetmq.states import Reason, State

MALFORMED = Reason.MALFORMED.value


def _breach(requirement: str) -> pytest.MarkDecorator:
    return each(BREACHES[requirement])


def _check_breach(player: Player, witness: Player, octets: bytes) -> None:
    check_violation(player, witness, MALFORMED, frames.packet(ECHO, octets))


@requires("PMQ-MSG-002", "PMQ-ERR-003", "PMQ-ERR-004")
@_breach("PMQ-MSG-002")
def test_leaves_at_what_is_not_one_value(player: Player, witness: Player, octets: bytes) -> None:
    """A payload that is less or more than one value is a violation."""
    _check_breach(player, witness, octets)


@requires("PMQ-MSG-004", "PMQ-ERR-003")
@_breach("PMQ-MSG-004")
def test_leaves_at_the_reserved_octet(player: Player, witness: Player, octets: bytes) -> None:
    """The octet c1 in the place of a value is a violation."""
    _check_breach(player, witness, octets)


@requires("PMQ-MSG-005", "PMQ-ERR-003")
@_breach("PMQ-MSG-005")
def test_leaves_at_a_str_that_is_not_utf8(player: Player, witness: Player, octets: bytes) -> None:
    """A str that is not valid UTF-8 is a violation, as a key and as a value."""
    _check_breach(player, witness, octets)


@requires("PMQ-MSG-006", "PMQ-ERR-003")
@_breach("PMQ-MSG-006")
def test_leaves_at_a_key_twice(player: Player, witness: Player, octets: bytes) -> None:
    """A map with the same key twice is a violation; numbers are compared by value."""
    _check_breach(player, witness, octets)


@requires("PMQ-MSG-007", "PMQ-ERR-003")
@_breach("PMQ-MSG-007")
def test_leaves_at_keys_that_are_no_scalars(player: Player, witness: Player, octets: bytes) -> None:
    """A map with an array, a map or an extension value for a key is a violation."""
    _check_breach(player, witness, octets)


@requires("PMQ-MSG-009", "PMQ-ERR-003", "PMQ-ERR-001")
@_breach("PMQ-MSG-009")
def test_leaves_at_values_too_deep(player: Player, witness: Player, octets: bytes) -> None:
    """A value that is nested more than 32 deep is a violation, and no danger."""
    _check_breach(player, witness, octets)


@requires("PMQ-ERR-003", "PMQ-MSG-002")
@pytest.mark.parametrize("packet_id", sorted(frames.APPLICATION.values()))
def test_looks_into_every_packet(player: Player, witness: Player, packet_id: int) -> None:
    """A malformed payload is a violation in every packet, also in those that nothing answers."""
    check_violation(player, witness, MALFORMED, frames.packet(packet_id, b"\x91"))


@requires("PMQ-ERR-003", "PMQ-MSG-002")
def test_looks_into_packets_before_the_confirmation(players: MakePlayer, witness: Player) -> None:
    """A malformed payload is a violation as soon as the server is active."""
    player = players(State.ACTIVE)
    check_violation(player, witness, MALFORMED, frames.packet(ECHO, b"\xc1"))


def _check_echo(player: Player, witness: Player, octets: bytes, value: Any) -> None:
    with unharmed(witness):
        came = player.echo(octets)
        assert same(came, value), f"expected {value!r:.80}, got {came!r:.80}"
        player.check_echo()


@requires("PMQ-MSG-003")
@pytest.mark.parametrize("name", FORMATS)
def test_accepts_every_format(player: Player, witness: Player, name: str) -> None:
    """Every format that MessagePack has is taken, and the value handed over as it is."""
    octets, value = FORMATS[name]
    if name in EXTENSIONS:
        value = frames.read_packet(frames.packet(ECHO, octets), 0).value
    # In an array: not everybody can send a text that is the whole payload.
    _check_echo(player, witness, b"\x91" + octets, [value])


@requires("PMQ-MSG-003")
@pytest.mark.parametrize("octets", INTEGERS)
def test_accepts_integers_of_every_format(player: Player, witness: Player, octets: str) -> None:
    """An integer may come in a longer format than it needs."""
    _check_echo(player, witness, bytes.fromhex(octets), INTEGERS[octets])


@requires("PMQ-MSG-003")
@pytest.mark.parametrize("bits", [32, 64])
def test_accepts_floats_of_both_formats(player: Player, witness: Player, bits: int) -> None:
    """Floats are taken in both formats, infinities and NaN among them, and lose nothing."""
    octets = [single(one) if bits == 32 else double(one) for one in FLOATS]
    head = bytes([0x90 | len(octets)])
    sent = head + b"".join(octets)
    _check_echo(player, witness, sent, frames.read_packet(frames.packet(ECHO, sent), 0).value)


@requires("PMQ-MSG-003")
@pytest.mark.parametrize("name", KEYS)
def test_accepts_every_scalar_as_a_key(player: Player, witness: Player, name: str) -> None:
    """Maps may have keys of every scalar type."""
    value = {KEYS[name]: [1], "other": {KEYS[name]: 2}}
    _check_echo(player, witness, packed(value), value)


@requires("PMQ-MSG-003")
def test_accepts_large_maps(player: Player, witness: Player) -> None:
    """A map may have as many members as a frame has room for."""
    value = dict.fromkeys(range(20000))
    mark = len(player.packets)
    with unharmed(witness):
        player.say(ECHO, value)
        came = player.expect_packet(ECHOED, since=mark).value
    assert came == value, f"expected {len(value)} members back, got {len(came)}"


@requires("PMQ-MSG-008")
@each(DEEP_ENOUGH)
def test_accepts_depth_32(player: Player, witness: Player, octets: bytes) -> None:
    """A value that is nested 32 deep is handled, and its answer of the same depth sent."""
    with unharmed(witness):
        mark = len(player.packets)
        player.send(frames.packet(ECHO, octets))
        echoed = player.expect_packet(ECHOED, since=mark)
        assert echoed.octets == octets, f"expected {octets.hex()}, got {echoed.octets.hex()}"


@requires("PMQ-MSG-013")
@pytest.mark.parametrize(
    "value",
    [b"abc", "abc", b"", "", b"\xff", bytes(range(256)), {b"version": b"1"}, {"version": "1"}],
    ids=["bin", "str", "empty-bin", "empty-str", "ff", "octets", "map-of-bins", "map-of-strs"],
)
def test_keeps_bin_and_str_apart(player: Player, witness: Player, value: Any) -> None:
    """In packets of the application a bin stays a bin, and a str a str."""
    # Texts in an array, as above.
    sent = [value] if isinstance(value, str) else value
    _check_echo(player, witness, packed(sent), sent)


@requires("PMQ-MSG-013", "PMQ-MSG-006")
def test_takes_bin_and_str_for_different_keys(player: Player, witness: Player) -> None:
    """In packets of the application a bin and a str of the same octets are two keys."""
    _check_echo(player, witness, packed({"k": 1, b"k": 2}), {"k": 1, b"k": 2})


@requires("PMQ-MSG-001")
def test_answers_with_one_value(player: Player, witness: Player) -> None:
    """What the server makes up itself is one value, too: numbers, counts and lists."""
    with unharmed(witness):
        player.number()
        player.history()
        player.say(frames.BURST, 1)
        player.expect_value(frames.ITEM, 0)
    assert not player.malformed, f"expected well-formed packets only, got {player.outcome()}"
