"""Mutants of frames and packet ids.

What may live here: lengths, ids, and how a stream is cut into packets. What a registry takes for an
id is in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.codec import FrameReader
from wirebook.reference.packetmq.core import internal
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.errors import Malformed, PacketTooLarge
from wirebook.spec.packetmq.states import APPLICATION_LEAST, HANDSHAKE_FINISH

_LONG = 256
_ONE_READ = 64

Packets = list[tuple[int, bytes]]
Fed = tuple[Packets, Malformed | None]


@mutant("PMQ-M001", "PMQ-FRM-001", "The length of a long packet is sent with its last octet first.")
def last_octet_of_length_first() -> None:
    """Turn the length of application packets that are not short."""

    @override(codec, "frame")
    def frame(original: Callable[..., bytes], packet_id: int, payload: bytes) -> bytes:
        whole = original(packet_id, payload)
        if packet_id < APPLICATION_LEAST or len(payload) < _LONG:
            return whole
        return whole[:4][::-1] + whole[4:]


@mutant("PMQ-M002", "PMQ-FRM-001", "Long packets are sent with a length that counts itself, too.")
def length_counts_itself() -> None:
    """Add four to the length of application packets that are not short."""

    @override(codec, "frame")
    def frame(original: Callable[..., bytes], packet_id: int, payload: bytes) -> bytes:
        whole = original(packet_id, payload)
        if packet_id < APPLICATION_LEAST or len(payload) < _LONG:
            return whole
        return len(whole).to_bytes(4) + whole[4:]


@mutant("PMQ-M003", "PMQ-FRM-002", "A length of which only a part has come is forgotten.")
def forgets_a_part_of_a_length() -> None:
    """Keep nothing of fewer than four octets."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        found = original(reader, data)
        if reader.kept < codec.LENGTH_SIZE:
            reader._begun.clear()
        return found


@mutant("PMQ-M004", "PMQ-FRM-002", "Of the frames that come together, only 64 count.")
def only_some_of_one_read() -> None:
    """Drop the others."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        packets, violation = original(reader, data)
        return packets[:_ONE_READ], violation


@mutant("PMQ-M005", "PMQ-FRM-003", "Frames with a length of more than 99 999 are sent.")
def sends_too_long_frames() -> None:
    """Build them without a look at their length."""

    @override(codec, "frame")
    def frame(original: Callable[..., bytes], packet_id: int, payload: bytes) -> bytes:
        try:
            return original(packet_id, payload)
        except PacketTooLarge:
            content = packet_id.to_bytes(codec.ID_SIZE) + payload
            return len(content).to_bytes(codec.LENGTH_SIZE) + content


@mutant("PMQ-M006", "PMQ-FRM-004", "A frame with the length 99 999 is one too long.")
def refuses_the_largest_frame() -> None:
    """Refuse it once it is there."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        packets, violation = original(reader, data)
        for at, (_, payload) in enumerate(packets):
            if codec.ID_SIZE + len(payload) == codec.MAX_LENGTH:
                return packets[:at], Malformed("PMQ-FRM-005", "the largest length")
        return packets, violation


@mutant("PMQ-M135", "PMQ-FRM-004", "A frame with the length 3 is too short.")
def refuses_the_smallest_frame() -> None:
    """Refuse it once it is there."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        packets, violation = original(reader, data)
        for at, (packet_id, payload) in enumerate(packets):
            if len(payload) == 1 and packet_id >= APPLICATION_LEAST:
                return packets[:at], Malformed("PMQ-FRM-006", "a length of 3")
        return packets, violation


@mutant("PMQ-M007", "PMQ-FRM-005", "A frame with the length 100 000 is taken.")
def takes_a_longer_frame() -> None:
    """Be generous by one octet, in what is received."""
    most = codec.MAX_LENGTH
    set_value(codec, "MAX_LENGTH", most + 1)

    @override(codec, "frame")
    def frame(original: Callable[..., bytes], packet_id: int, payload: bytes) -> bytes:
        if codec.ID_SIZE + len(payload) > most:
            raise PacketTooLarge("beyond the limit of what is sent", "PMQ-FRM-003")
        return original(packet_id, payload)


@mutant("PMQ-M008", "PMQ-FRM-005", "A length that is too great is noticed when 99 999 octets came.")
def waits_for_content() -> None:
    """Say nothing of it until then."""
    found: dict[int, tuple[FrameReader, Malformed, int]] = {}

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: FrameReader, data: bytes) -> Fed:
        if id(reader) in found:
            _, violation, missing = found[id(reader)]
            found[id(reader)] = reader, violation, missing - len(data)
            return [], violation if missing <= len(data) else None
        packets, violated = original(reader, data)
        if violated is None or violated.requirement != "PMQ-FRM-005":
            return packets, violated
        found[id(reader)] = reader, violated, codec.MAX_LENGTH
        return packets, None


@mutant("PMQ-M009", "PMQ-FRM-006", "A length of 0 is a sign of life, and ignored.")
def ignores_empty_frames() -> None:
    """Read on behind it."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        stream, all_packets = bytes(reader._begun) + data, Packets()
        while True:
            packets, violation = original(reader, data)
            all_packets += packets
            at = sum(codec.LENGTH_SIZE + codec.ID_SIZE + len(payload) for _, payload in packets)
            behind = at + codec.LENGTH_SIZE
            if violation is None or any(stream[at:behind]):
                return all_packets, violation
            stream = data = stream[behind:]


@mutant("PMQ-M010", "PMQ-FRM-006", "A length of 1 stands for a packet with an id below 256.")
def takes_short_ids() -> None:
    """Treat it as if the packet were one that is kept for later versions."""

    @override(FrameReader, "feed")
    def feed(original: Callable[..., Fed], reader: Any, data: bytes) -> Fed:
        packets, violation = original(reader, data)
        if violation is not None and violation.reason == "a length of 1":
            return [*packets, (APPLICATION_LEAST - 1, b"\xc0")], None
        return packets, violation


@mutant("PMQ-M011", "PMQ-PID-001", "The id of a softquit is sent with its last octet first.")
def last_octet_of_id_first() -> None:
    """Turn it."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        whole = original(reason)
        return whole[:4] + whole[4:6][::-1] + whole[6:]


@mutant("PMQ-M012", "PMQ-PID-001", "The id of a long packet takes four octets.")
def long_ids() -> None:
    """Put two octets before it."""

    @override(codec, "frame")
    def frame(original: Callable[..., bytes], packet_id: int, payload: bytes) -> bytes:
        if packet_id < APPLICATION_LEAST or len(payload) < _LONG:
            return original(packet_id, payload)
        return original(0, packet_id.to_bytes(codec.ID_SIZE) + payload)


@mutant("PMQ-M013", "PMQ-PID-002", "`handshake_finish` is sent with the id that the peer gives it.")
def internal_id_of_the_peer() -> None:
    """Look into the peer's id map."""

    @override(Connection, "_put")
    def put(original: Callable[..., None], one: Connection, octets: bytes) -> None:
        if octets == internal.FINISH and one.offered is not None:
            number = one.offered[1].get("packetmq:handshake_finish", HANDSHAKE_FINISH)
            octets = codec.frame(number, octets[6:])
        original(one, octets)


@mutant("PMQ-M014", "PMQ-PID-002", "The id of a softquit is 4.")
def softquit_is_4() -> None:
    """Send it so."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        return codec.frame(4, original(reason)[6:])
