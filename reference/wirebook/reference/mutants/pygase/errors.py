"""Mutants that make too much of what has to be discarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.mutants.pygase.discarded import Header, on_malformed
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.codec import HEADER_SIZE, LENGTH_SIZE, PlainFields, WireEvent
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.peer import Address, Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.window import Arrival
from wirebook.reference.pygase.errors import Malformed
from wirebook.spec.pygase.states import ClientInput

_FIXED = HEADER_SIZE + LENGTH_SIZE


@mutant(
    "PGS-M150", "PGS-ERR-001", "A malformed package of anybody ends all connections.", role="server"
)
def malformed_ends_connections() -> None:
    """Forget all clients when a package with the protocol id is malformed."""

    @override(ServerCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ServerCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if data[:4] == codec.PROTOCOL_ID and _is_malformed(codec.parse_client_package, data):
            for peer in list(core.peers.values()):
                core._drop(peer)


@mutant("PGS-M151", "PGS-ERR-001", "A malformed package ends the connection.", role="client")
def malformed_disconnects() -> None:
    """Disconnect when something of the server is malformed."""

    @override(ClientCore, "receive_datagram")
    def receive(
        original: Callable[..., None], core: ClientCore, data: bytes, address: Address, now: float
    ) -> None:
        original(core, data, address, now)
        if address == core.address and _is_malformed(codec.parse_server_package, data):
            core._step(ClientInput.DISCONNECT, now)


@mutant("PGS-M152", "PGS-ERR-002", "The acks of a malformed package count.")
def acks_of_malformed_count() -> None:
    """Heed them."""

    @on_malformed
    def act(peer: Peer, header: Header, _data: bytes, now: float) -> None:
        peer._heed_acks(PlainFields(*header, []), now)


@mutant("PGS-M153", "PGS-ERR-002", "The events in front of a malformed one are handled.")
def events_before_malformed_count() -> None:
    """Handle them, as far as the package can be read."""

    @on_malformed
    def act(peer: Peer, header: Header, data: bytes, _now: float) -> None:
        begin = _FIXED
        if isinstance(peer, ClientCore):
            begin += int.from_bytes(data[HEADER_SIZE:_FIXED])
        peer._hand_over(PlainFields(*header, _good_events(data, begin)))


@mutant(
    "PGS-M154",
    "PGS-ERR-002",
    "The update of a package with a malformed event is applied.",
    role="client",
)
def update_of_malformed_counts() -> None:
    """Apply it."""

    @on_malformed
    def act(core: ClientCore, _header: Header, data: bytes, _now: float) -> None:
        end = _FIXED + int.from_bytes(data[HEADER_SIZE:_FIXED])
        if end <= len(data) and not _is_malformed(codec.parse_update, data[_FIXED:end]):
            core._update(codec.parse_update(data[_FIXED:end]))


@mutant("PGS-M155", "PGS-ERR-002", "The time order of a malformed package counts.", role="server")
def time_order_of_malformed_counts() -> None:
    """Take it for what the client reports."""

    @on_malformed
    def act(peer: ServerPeer, _header: Header, data: bytes, _now: float) -> None:
        peer.reported = int.from_bytes(data[HEADER_SIZE:_FIXED])


@mutant("PGS-M156", "PGS-ERR-002", "The events of a duplicate are handled.")
def events_of_duplicates_count() -> None:
    """Handle the events of a package that came before."""
    _on_duplicates(lambda peer, fields, _now: peer._hand_over(fields))


@mutant("PGS-M157", "PGS-ERR-002", "The acks of a duplicate count.")
def acks_of_duplicates_count() -> None:
    """Heed the acks of a package that came before."""
    _on_duplicates(lambda peer, fields, now: peer._heed_acks(fields, now))


def _is_malformed(parse: Callable[[bytes], object], data: bytes) -> bool:
    try:
        parse(data)
    except Malformed:
        return True
    return False


def _good_events(data: bytes, at: int) -> list[WireEvent]:
    """Return the events of a block up to the first that there is something wrong with."""
    events: list[WireEvent] = []
    while at < len(data):
        begin = at + LENGTH_SIZE
        at = begin + int.from_bytes(data[at:begin])
        if at > len(data) or _is_malformed(codec.parse_event, data[begin:at]):
            break
        events.append(codec.parse_event(data[begin:at]))
    return events


def _on_duplicates(act: Callable[[Any, Any, float], object]) -> None:
    """Do something with the packages that are duplicates."""

    @override(ServerCore, "_take")
    def at_server(
        original: Callable[..., None], core: ServerCore, peer: ServerPeer, fields: Any, *rest: Any
    ) -> None:
        again = peer.alive and peer.window.judge(fields.sequence) is Arrival.DUPLICATE
        original(core, peer, fields, *rest)
        if again:
            act(peer, fields, rest[-1])

    @override(ClientCore, "_read")
    def at_client(
        original: Callable[..., Any], core: ClientCore, data: bytes, address: Address, now: float
    ) -> Any:
        fields = original(core, data, address, now)
        if fields is None and not _is_malformed(codec.parse_server_package, data):
            again = codec.parse_server_package(data)
            if core.window.judge(again.sequence) is Arrival.DUPLICATE:
                act(core, again, now)
        return fields
