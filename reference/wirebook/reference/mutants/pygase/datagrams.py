"""Mutants of datagrams and of the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase import codec, endpoint
from wirebook.reference.pygase.codec import (
    HEADER_SIZE,
    MAX_DATAGRAM,
    PROTOCOL_ID,
    ClientFields,
    ServerFields,
)
from wirebook.reference.pygase.core.outbox import Outbox
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.errors import Malformed

_FIXED = HEADER_SIZE + codec.LENGTH_SIZE
_NO_UPDATE = b"\x81\xaatime_order\x00"
_FRAME = 1472
"""The octets of UDP that fit into one frame of Ethernet."""


@mutant("PGS-M050", "PGS-DGM-001", "Now and then two packages travel in one datagram.")
def two_in_one() -> None:
    """Put a package without events behind itself."""

    @override(Peer, "_launch")
    def launch(
        original: Callable[..., None], peer: Peer, datagram: bytes, events: Any, now: float
    ) -> None:
        double = peer.sequence % 8 == 4 and not events and 2 * len(datagram) <= MAX_DATAGRAM
        original(peer, 2 * datagram if double else datagram, events, now)


@mutant("PGS-M051", "PGS-DGM-002", "Datagrams may have up to 3000 octets.")
def sends_large_datagrams() -> None:
    """Take more events into a package than there is room for."""

    @override(Outbox, "take")
    def take(original: Callable[..., list[Any]], outbox: Outbox, room: int) -> list[Any]:
        return original(outbox, room + 3000 - MAX_DATAGRAM)

    @override(codec, "_check_size")
    def check(original: Callable[[int], None], size: int) -> None:
        original(size - 3000 + MAX_DATAGRAM)


@mutant("PGS-M052", "PGS-DGM-003", "Datagrams of more than 2048 octets are accepted.")
def reads_large_datagrams() -> None:
    """Check no size."""

    @override(codec, "_parse_header")
    def parse(original: Callable[..., Any], data: bytes, least: int) -> Any:
        return original(data[:MAX_DATAGRAM], least)


@mutant("PGS-M053", "PGS-DGM-003", "What comes after 2048 octets of a datagram is cut off.")
def cuts_large_datagrams() -> None:
    """Read into a buffer that is no larger than the largest package."""
    set_value(endpoint, "_READ_SIZE", MAX_DATAGRAM)


@mutant("PGS-M054", "PGS-DGM-004", "A package of exactly 2048 octets is discarded.")
def largest_is_discarded() -> None:
    """Discard what is not smaller than the limit."""
    _discard(lambda data: len(data) == MAX_DATAGRAM, "PGS-DGM-003")


@mutant(
    "PGS-M055", "PGS-DGM-004", "Packages that do not fit into a frame of 1472 octets are discarded."
)
def only_frames() -> None:
    """Discard what has more octets than a frame."""
    _discard(lambda data: len(data) > _FRAME, "PGS-DGM-003")


@mutant("PGS-M057", "PGS-DGM-005", "Packages of the other direction are accepted, too.")
def reads_both_kinds() -> None:
    """Read what is malformed once more, as what the other side is to read."""
    as_client, as_server = codec.parse_client_package, codec.parse_server_package

    @override(codec, "parse_client_package")
    def at_server(original: Callable[[bytes], ClientFields], data: bytes) -> ClientFields:
        try:
            return original(data)
        except Malformed:
            fields = as_server(data)
            return ClientFields(*fields[:4], fields.update["time_order"])

    @override(codec, "parse_server_package")
    def at_client(original: Callable[[bytes], ServerFields], data: bytes) -> ServerFields:
        try:
            return original(data)
        except Malformed:
            fields = as_client(data)
            return ServerFields(*fields[:4], {"time_order": fields.time_order})


@mutant("PGS-M058", "PGS-DGM-005", "Plain packages are accepted, too.")
def reads_plain_packages() -> None:
    """Read what is malformed once more, as a package without state."""

    @override(codec, "parse_client_package")
    def at_server(original: Callable[[bytes], ClientFields], data: bytes) -> ClientFields:
        try:
            return original(data)
        except Malformed:
            return ClientFields(*codec.parse_plain_package(data), 0)

    @override(codec, "parse_server_package")
    def at_client(original: Callable[[bytes], ServerFields], data: bytes) -> ServerFields:
        try:
            return original(data)
        except Malformed:
            return ServerFields(*codec.parse_plain_package(data), {"time_order": 0})


@mutant(
    "PGS-M059", "PGS-HDR-001", "The ack bits are sent with their least significant octet first."
)
def bits_in_host_order() -> None:
    """Write the octets of the bits in the other order."""
    _write(lambda ack, bits: (ack, int.from_bytes(bits.to_bytes(4, "little"))))


@mutant(
    "PGS-M060", "PGS-HDR-001", "An ack above 255 is sent with its least significant octet first."
)
def ack_in_host_order() -> None:
    """Write the octets of such an ack in the other order."""
    _write(
        lambda ack, bits: (ack if ack < 256 else int.from_bytes(ack.to_bytes(2, "little")), bits)
    )


@mutant(
    "PGS-M069",
    "PGS-HDR-001",
    "The time order is sent with its least significant octet first.",
    role="client",
)
def time_order_in_host_order() -> None:
    """Write the octets of the time order in the other order."""

    @override(codec, "build_client_package")
    def build(
        original: Callable[..., bytes],
        sequence: int,
        ack: int,
        bits: int,
        time_order: int,
        *events: Any,
    ) -> bytes:
        swapped = int.from_bytes(time_order.to_bytes(2, "little"))
        return original(sequence, ack, bits, swapped, *events)


@mutant("PGS-M061", "PGS-HDR-002", "The last octet of the protocol id is not looked at.")
def three_octets_of_the_id() -> None:
    """Compare three octets."""
    _take(lambda data: data[:3] == PROTOCOL_ID[:3], lambda data: PROTOCOL_ID + data[4:])


@mutant("PGS-M062", "PGS-HDR-002", "The octets of the protocol id are accepted in the other order.")
def id_in_host_order() -> None:
    """Accept the number of the id in both orders."""
    _take(lambda data: data[:4] == PROTOCOL_ID[::-1], lambda data: PROTOCOL_ID + data[4:])


@mutant(
    "PGS-M063",
    "PGS-HDR-003",
    "A package that ends before its time order, or inside, is accepted.",
    role="server",
)
def time_order_may_be_missing() -> None:
    """Read zeros where the package ends."""

    @override(codec, "parse_client_package")
    def parse(original: Callable[[bytes], Any], data: bytes) -> Any:
        return original(data.ljust(_FIXED, b"\x00") if len(data) >= HEADER_SIZE else data)


@mutant("PGS-M064", "PGS-HDR-003", "A package without an update is accepted.", role="client")
def update_may_be_missing() -> None:
    """Read an empty update where the package ends."""

    @override(codec, "parse_server_package")
    def parse(original: Callable[[bytes], Any], data: bytes) -> Any:
        if HEADER_SIZE <= len(data) < _FIXED:
            data = data[:HEADER_SIZE] + len(_NO_UPDATE).to_bytes(2) + _NO_UPDATE
        return original(data)


@mutant("PGS-M065", "PGS-HDR-003", "A header that ends inside of its ack bits is accepted.")
def bits_may_be_missing() -> None:
    """Read zeros, and an empty update, where the package ends."""
    body = {"client": b"\x00\x00", "server": len(_NO_UPDATE).to_bytes(2) + _NO_UPDATE}
    for side, rest in body.items():

        @override(codec, f"parse_{side}_package")
        def parse(original: Callable[[bytes], Any], data: bytes, rest: bytes = rest) -> Any:
            if HEADER_SIZE - 4 <= len(data) < HEADER_SIZE:
                data = data.ljust(HEADER_SIZE, b"\x00") + rest
            return original(data)


@mutant("PGS-M066", "PGS-HDR-004", "A package with sequence 0 is taken for one with sequence 1.")
def sequence_0_is_1() -> None:
    """Read sequence 1 instead."""
    _take(
        lambda data: data[4:6] == b"\x00\x00",
        lambda data: data[:4] + b"\x00\x01" + data[6:],
    )


@mutant("PGS-M067", "PGS-HDR-004", "Sequence 0 is a sequence like any other.")
def sequence_0_counts() -> None:
    """Leave the check out."""

    @override(codec, "_parse_header")
    def parse(original: Callable[..., Any], data: bytes, least: int) -> Any:
        if data[4:6] != b"\x00\x00":
            return original(data, least)
        _, *others = original(data[:4] + b"\x00\x01" + data[6:], least)
        return 0, *others


@mutant("PGS-M068", "PGS-DGM-001", "Now and then a package travels in two datagrams.")
def one_in_two() -> None:
    """Cut a package without events in two."""

    @override(Peer, "_launch")
    def launch(
        original: Callable[..., None], peer: Peer, datagram: bytes, events: Any, now: float
    ) -> None:
        half = len(datagram) // 2 if peer.sequence % 8 == 4 and not events else len(datagram)
        original(peer, datagram[:half], events, now)
        if datagram[half:]:
            peer._datagrams.append((datagram[half:], peer.address))


def _discard(bad: Callable[[bytes], bool], requirement: str) -> None:
    """Discard packages that there is nothing wrong with."""

    @override(codec, "_parse_header")
    def parse(original: Callable[..., Any], data: bytes, least: int) -> Any:
        if bad(data):
            raise Malformed(requirement, "a mutant does not want it")
        return original(data, least)


def _take(bad: Callable[[bytes], bool], instead: Callable[[bytes], bytes]) -> None:
    """Read the header of a datagram that has to be discarded as another one."""

    @override(codec, "_parse_header")
    def parse(original: Callable[..., Any], data: bytes, least: int) -> Any:
        return original(instead(data) if bad(data) else data, least)


def _write(change: Callable[[int, int], tuple[int, int]]) -> None:
    """Write other numbers into the headers of both sides."""
    for side in ("client", "server"):

        @override(codec, f"build_{side}_package")
        def build(
            original: Callable[..., bytes], sequence: int, ack: int, bits: int, *rest: Any
        ) -> bytes:
            return original(sequence, *change(ack, bits), *rest)
