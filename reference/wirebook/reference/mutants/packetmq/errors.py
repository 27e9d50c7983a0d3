"""Mutants of violations, limits and security.

What may live here: what a side does about a bad input, whatever it is, and what a peer may cost it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.packetmq.rows import ACTIVE, CONNECTED, react
from wirebook.reference.packetmq import codec, operator_log
from wirebook.reference.packetmq.codec import FrameReader
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Carrier
from wirebook.reference.packetmq.packetprotocol import PacketProtocol
from wirebook.reference.packetmq.peer import Peer
from wirebook.spec.packetmq.states import APPLICATION_LEAST, REASONS, Action, Input, Reason, State

_SLOW_SECONDS = 3.0


@mutant("PMQ-M119", "PMQ-ERR-001", "A bad length ends the connections of all peers.")
def bad_length_ends_all() -> None:
    """Abort the others."""

    @override(Peer, "tell_lost")
    def tell_lost(original: Callable[..., None], one: Peer, lost: Any, reason: Any) -> None:
        original(one, lost, reason)
        if reason == Reason.FRAMING.value:
            for other in one.factory:
                other.abort()


@mutant("PMQ-M120", "PMQ-ERR-002", "A bad length closes the connection without a softquit.")
def no_word() -> None:
    """Send nothing."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        if row.action is Action.LEAVE_FRAMING:
            one._softquit = b""
        original(one, row, now)


@mutant("PMQ-M121", "PMQ-ERR-002", "The connection does not end behind the softquit.")
def no_end() -> None:
    """Leave it open until the farewell period is over, if there was a violation."""

    @override(Connection, "_end")
    def end(original: Callable[..., None], one: Any, row: Any, now: float) -> None:
        original(one, row, now)
        if row.action in REASONS:
            one.carrier = Carrier.OPEN


@mutant("PMQ-M122", "PMQ-ERR-003", "What is malformed is left with reason.framing.")
def vague() -> None:
    """Use the reason of another rule."""
    react(
        *CONNECTED,
        to=Input.MALFORMED,
        by=Action.LEAVE_FRAMING,
        next_state=State.SOFTQUITTED,
    )


@mutant("PMQ-M123", "PMQ-ERR-003", "What is malformed is ignored once a connection is active.")
def ignores_malformed() -> None:
    """Go on with the next packet."""
    react(*ACTIVE, to=Input.MALFORMED, by=Action.IGNORE)


@mutant(
    "PMQ-M124", "PMQ-ERR-004", "Packets before a bad length are not handled if they came with it."
)
def nothing_before() -> None:
    """Drop them."""

    @override(Connection, "receive_data")
    def receive_data(original: Callable[..., None], one: Any, data: bytes) -> None:
        original(one, data)
        if one._violation:
            one._packets.clear()


@mutant("PMQ-M125", "PMQ-ERR-004", "Packets behind a violation are handled if they came with it.")
def packets_behind() -> None:
    """Handle all that there are before leaving."""

    @override(Connection, "_lose")
    def lose(original: Callable[..., None], one: Any, row: Any, reason: str | None) -> None:
        behind = list(one._packets) if row.action in REASONS else []
        one._packets.clear()
        for packet_id, payload in behind:
            if packet_id >= APPLICATION_LEAST and packet_id in one.ids.by_id:
                one._take_application_packet(packet_id, payload)
        original(one, row, reason)


@mutant("PMQ-M126", "PMQ-LIM-001", "There is no limit to connections.", role="server")
def any_number_of_connections() -> None:
    """Begin with all of them."""

    @override(Connection, "made")
    def made(original: Callable[..., None], one: Any, now: float, **_: bool) -> None:
        original(one, now)


class _Reserving(FrameReader):
    """Sets memory aside for the frames that it is promised."""

    def __init__(self) -> None:
        super().__init__()
        self._room = bytearray()

    def feed(self, data: bytes) -> Any:
        """Take octets."""
        found = super().feed(data)
        begun = bytes(self._begun)
        size = codec.LENGTH_SIZE if len(begun) >= codec.LENGTH_SIZE else 0
        self._room = bytearray(size + int.from_bytes(begun[:size]))
        return found

    @property
    def kept(self) -> int:
        """How many octets are kept."""
        return max(super().kept, len(self._room))


@mutant("PMQ-M127", "PMQ-LIM-002", "Memory is set aside for a frame as soon as its length is read.")
def sets_memory_aside() -> None:
    """Believe the length."""
    set_value(codec, "FrameReader", _Reserving)


@mutant("PMQ-M128", "PMQ-LIM-003", "There is no limit to what waits to be sent.")
def any_backlog() -> None:
    """Wait with all of it."""

    @override(Connection, "note_backlog")
    def note_backlog(_: Callable[..., None], one: Connection, octets: int) -> None:
        """Do not look at it."""


@mutant(
    "PMQ-M129",
    "PMQ-LIM-004",
    "While one peer does not read, nothing is read from the others.",
    role="server",
)
def waits_for_one() -> None:
    """Let all of them wait."""

    @override(PacketProtocol, "pause_writing")
    def pause_writing(original: Callable[..., None], one: Any) -> None:
        original(one)
        for other in one.parent.factory:
            other._clogged = one._clogged

    @override(PacketProtocol, "resume_writing")
    def resume_writing(original: Callable[..., None], one: Any) -> None:
        for other in one.parent.factory:
            if other is not one:
                original(other)
        original(one)


@mutant("PMQ-M130", "PMQ-LIM-005", "A frame that takes longer than 3 s closes the connection.")
def no_slow_frames() -> None:
    """Abort it."""

    @override(PacketProtocol, "data_received")
    def data_received(original: Callable[..., None], one: Any, data: bytes) -> None:
        def look() -> None:
            if one.core.kept:
                one.abort()

        original(one, data)
        if one.core.kept and one.core.state is State.CONFIRMED:
            one.parent.reactor.loop.call_later(_SLOW_SECONDS, look)


@mutant("PMQ-M131", "PMQ-SEC-001", "Connections in the handshake cannot be seen.", role="server")
def hides_some() -> None:
    """Leave them out."""

    @override(Peer, "connections")
    def connections(original: Callable[..., Any], one: Peer) -> Any:
        every = original(one)
        return {number: every[number] for number in every if every[number].was_made}


@mutant("PMQ-M132", "PMQ-SEC-003", "The log has 1000 characters of a reason.")
def long_reasons() -> None:
    """Let it have more."""
    set_value(operator_log, "_LONGEST", 1000)


@mutant("PMQ-M133", "PMQ-SEC-003", "The log has the control characters of a reason.")
def any_characters() -> None:
    """Write them as they are."""

    @override(operator_log, "readable")
    def readable(_: Callable[..., str], reason: object) -> str:
        return str(reason)[:200]
