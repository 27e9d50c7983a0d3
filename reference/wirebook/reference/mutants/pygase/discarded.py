"""What mutants do with packages that are malformed but for their header.

What may live here: finding such packages at both sides of a connection. Mutants that take notice of
them are in the modules of what they break.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from wirebook.reference.mutants.bank import override
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.window import Arrival
from wirebook.reference.pygase.errors import Malformed

Header: TypeAlias = tuple[int, int, int]
Act: TypeAlias = Callable[[Any, Header, bytes, float], None]


def malformed_body(parse: Callable[[bytes], object], data: bytes) -> Header | None:
    """Return the header of a package whose body is malformed, or None for anything else."""
    try:
        header = codec.parse_header(data)
    except Malformed:
        return None
    try:
        parse(data)
    except Malformed:
        return header
    return None


def on_malformed(act: Act) -> None:
    """Do something after each malformed package of a peer that would be newest or late."""

    @override(ServerCore, "receive_datagram")
    def at_server(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        peer = core.peers.get(address)
        if peer is not None and peer.alive:
            _notice(act, peer, codec.parse_client_package, data, now)

    @override(ClientCore, "receive_datagram")
    def at_client(
        original: Callable[..., None], core: ClientCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if address == core.address:
            _notice(act, core, codec.parse_server_package, data, now)


def _notice(
    act: Act, peer: Peer, parse: Callable[[bytes], object], data: bytes, now: float
) -> None:
    header = malformed_body(parse, data)
    if header and peer.window.judge(header[0]) in (Arrival.NEWEST, Arrival.LATE):
        act(peer, header, data, now)
