"""Mutants of ids that are taken over, and of packets that are exchanged.

What may live here: what happens while a connection is active, and the ids that packets have then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.packetmq.rows import ACTIVE, react
from wirebook.reference.packetmq import codec, packetprotocol
from wirebook.reference.packetmq.core import connection, ids
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.errors import Malformed
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.peer import Peer
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    INTERNAL,
    Action,
    Input,
    Reason,
    State,
)

IdMap = Mapping[str, int]


@mutant("PMQ-M095", "PMQ-IDS-001", "The ids of a server go into the registry.", role="client")
def into_the_registry() -> None:
    """Let it have them for the connections to come."""

    @override(PacketProtocol, "data_received")
    def data_received(original: Callable[..., None], one: Any, data: bytes) -> None:
        original(one, data)
        if one.core.adaptive and one.core.state in ACTIVE:
            registry = one.parent.registry
            registry._ids.update(one.core.ids.by_name)
            registry._names = {number: name for name, number in registry._ids.items()}


@mutant("PMQ-M096", "PMQ-IDS-001", "The ids of the newest server hold for all.", role="client")
def for_every_connection() -> None:
    """Let the others have them."""

    @override(PacketProtocol, "data_received")
    def data_received(original: Callable[..., None], one: Any, data: bytes) -> None:
        before = one.core.ids
        original(one, data)
        if one.core.ids is not before:
            for other in one.parent.factory:
                other.core.ids = one.core.ids


@mutant(
    "PMQ-M097",
    "PMQ-IDS-001",
    "An enforcing side knows packets by the ids of its peer as well.",
    role="server",
)
def ids_of_the_peer() -> None:
    """Add them to the own ones."""

    @override(Connection, "_take_pubids")
    def take_pubids(original: Callable[..., None], one: Any, payload: bytes) -> None:
        original(one, payload)
        _, id_map = one.offered
        more = {number: name for name, number in id_map.items() if name in one.ids.by_name}
        one.ids.by_id = {**more, **one.ids.by_id}


@mutant(
    "PMQ-M098",
    "PMQ-IDS-002",
    "An id map that gives two packets the same id is taken over.",
    role="client",
)
def same_id_for_two() -> None:
    """Look at one of them only."""

    @override(ids, "usable")
    def usable(original: Callable[..., bool], id_map: IdMap) -> bool:
        by_id = {number: name for name, number in id_map.items()}
        return original({name: number for number, name in by_id.items()})


@mutant(
    "PMQ-M099",
    "PMQ-IDS-002",
    "An id map that gives an application packet an id below 16 is taken over.",
    role="client",
)
def application_below_16() -> None:
    """Look at the others only."""

    @override(ids, "usable")
    def usable(original: Callable[..., bool], id_map: IdMap) -> bool:
        small = set(range(APPLICATION_LEAST)) - set(INTERNAL.values())
        return original({name: id_map[name] for name in id_map if id_map[name] not in small})


@mutant(
    "PMQ-M100",
    "PMQ-IDS-002",
    "An id map that gives an internal packet another id is taken over.",
    role="client",
)
def other_internal_ids() -> None:
    """Look at the others only."""

    @override(ids, "usable")
    def usable(original: Callable[..., bool], id_map: IdMap) -> bool:
        return original({name: id_map[name] for name in id_map if name not in INTERNAL})


@mutant("PMQ-M101", "PMQ-EXC-001", "Of the packets that come together, the last is handled first.")
def last_first() -> None:
    """Put it before the others."""

    @override(Connection, "receive_data")
    def receive_data(original: Callable[..., None], one: Any, data: bytes) -> None:
        original(one, data)
        if one.state is State.CONFIRMED:
            one._packets.rotate(1)


@mutant("PMQ-M102", "PMQ-EXC-002", "A packet with an id that no name has is ignored.")
def ignores_unknown_packets() -> None:
    """Go on with the next one."""
    react(*ACTIVE, to=Input.PACKET_UNKNOWN, by=Action.IGNORE)


@mutant("PMQ-M103", "PMQ-EXC-002", "An id that no name has closes the connection without a word.")
def closes_at_unknown_packets() -> None:
    """Treat it as if the peer had taken its leave."""
    react(*ACTIVE, to=Input.PACKET_UNKNOWN, by=Action.FLUSH, next_state=State.CLOSED)


@mutant("PMQ-M104", "PMQ-EXC-003", "A packet with the id 15 is a violation.")
def id_15() -> None:
    """Treat it as one of the application that is not known."""

    @override(Connection, "_take")
    def take(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        if packet_id == APPLICATION_LEAST - 1:
            one._step(Input.PACKET_UNKNOWN)
        else:
            original(one, packet_id, payload)


@mutant("PMQ-M105", "PMQ-EXC-003", "The payload of a packet for later versions is read.")
def reads_what_is_for_later() -> None:
    """Notice what is malformed."""

    @override(Connection, "_take")
    def take(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        later = max(INTERNAL.values()) < packet_id < APPLICATION_LEAST
        try:
            if later:
                codec.unpack(payload)
        except Malformed:
            one._step(Input.MALFORMED)
        else:
            original(one, packet_id, payload)


@mutant("PMQ-M106", "PMQ-EXC-004", "A callback that fails takes the connection with it.")
def failure_ends_a_connection() -> None:
    """Take leave of the peer."""

    @override(Peer, "recvEncoded")
    def recv_encoded(original: Callable[..., None], one: Peer, data: bytes, conn: Any) -> None:
        try:
            original(one, data, conn)
        except Exception:
            one.softquit(conn, Reason.GENERIC.value)
            raise


@mutant("PMQ-M107", "PMQ-EXC-004", "A callback that fails takes the next packets with it.")
def failure_drops_packets() -> None:
    """Forget those that have come already."""

    @override(Peer, "recvEncoded")
    def recv_encoded(original: Callable[..., None], one: Peer, data: bytes, conn: Any) -> None:
        try:
            original(one, data, conn)
        except Exception:
            one.peerObj(conn).core._packets.clear()
            raise


@mutant("PMQ-M108", "PMQ-EXC-005", "Packets are sent while the ids are still compared.")
def sends_early() -> None:
    """Call this state active."""
    set_value(connection, "_SENDING", (State.IDCHECK, *ACTIVE))
    states = dict.fromkeys((State.IDCHECK, *ACTIVE), "active")
    set_value(packetprotocol, "_STATES", states)
