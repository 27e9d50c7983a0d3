"""Traffic that no socket would send: forged, cut, damaged, repeated, and guessed at.

What may live here: packets made with scapy, the injector that sends them from the attacker's host,
and what an eavesdropper learns of a TCP connection. This module needs the extra `inject`, so it is
imported only where something is injected: see `load` in `cases/injection.py`. Where packets may go
is guarded in `rawsockets.py`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

# It complains of interfaces that nobody asked it about.
logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

from scapy.layers.inet import IP, TCP, UDP, in4_chksum  # noqa: E402
from scapy.packet import Packet, Raw  # noqa: E402

from wirebook.conformance.hosts import Host  # noqa: E402
from wirebook.conformance.rawsockets import RawSender  # noqa: E402
from wirebook.conformance.recorder import Recorder  # noqa: E402

__all__ = ["Address", "Flow", "Injector", "flow", "fragments", "part", "tcp", "udp"]

Address = tuple[str, int]

CHECKSUMS = ("good", "bad", "none", "bad-ip")
"""All right, that of UDP or TCP wrong or left out, that of IP wrong."""
FRAGMENT_UNIT = 8
"""Fragments begin at multiples of this."""
_LARGEST_PACKET = 1500
_SHORTEST = 20
_UDP = 17
_WINDOW = 0x7FFF
_MODULUS = 1 << 32
_LATER = 250
"""What a clock of milliseconds goes on until an ack that is still held back has gone out, too."""
_IP_CHECKSUM, _UDP_CHECKSUM, _TCP_CHECKSUM = 10, 6, 16
"""Where the checksums stand in their headers."""


def udp(
    source: Address,
    target: Address,
    data: bytes,
    *,
    checksums: str = "good",
    claim: int = 0,
) -> bytes:
    """Return a packet with a datagram; `checksums` are one of `CHECKSUMS`.

    `claim` is added to the length that the datagram says it has.
    """
    payload = UDP(sport=source[1], dport=target[1]) / Raw(data)
    if claim:
        payload[UDP].len = len(data) + 8 + claim
    return _finished(source, target, payload, _UDP_CHECKSUM, checksums)


def tcp(
    source: Address,
    target: Address,
    flags: str,
    sequence: int,
    *,
    acknowledged: int = 0,
    data: bytes = b"",
    times: tuple[int, int] | None = None,
    checksums: str = "good",
) -> bytes:
    """Return a packet with a TCP segment; `flags` are letters: `S`, `A`, `R`, `PA`, `FA`."""
    options = [("NOP", None), ("NOP", None), ("Timestamp", times)] if times else []
    head = TCP(
        sport=source[1],
        dport=target[1],
        flags=flags,
        seq=sequence % _MODULUS,
        ack=acknowledged % _MODULUS,
        window=_WINDOW,
        options=options,
    )
    payload = head / Raw(data) if data else head
    return _finished(source, target, payload, _TCP_CHECKSUM, checksums)


def fragments(packet: bytes, size: int) -> list[bytes]:
    """Cut a packet into fragments with that many octets of payload each, in their order."""
    total = len(packet) - _header_length(packet)
    starts = range(0, total, size - size % FRAGMENT_UNIT)
    return [part(packet, start, min(start + starts.step, total)) for start in starts]


def part(packet: bytes, start: int, end: int, data: bytes = b"") -> bytes:
    """Return the fragment from one octet of the payload to another, or one with other octets."""
    read = IP(packet)
    payload = packet[_header_length(packet) :]
    head = IP(
        src=read.src,
        dst=read.dst,
        id=read.id,
        proto=read.proto,
        flags="MF" if end < len(payload) else "",
        frag=start // FRAGMENT_UNIT,
    )
    return bytes(head / Raw(data or payload[start:end]))


@dataclass(frozen=True, slots=True)
class Flow:
    """What an eavesdropper knows of a TCP connection, of its next segment from client to server."""

    client: Address
    server: Address
    sequence: int
    """The sequence number that the server expects next."""
    acknowledged: int
    """The one that the client expects next."""
    window: int
    """How many octets from `sequence` on the server would take."""
    times: tuple[int, int] | None
    """The timestamps that the next segment would have."""


def flow(packets: Iterable[bytes], client: Address, server: Address) -> Flow:
    """Return what the packets tell of a connection; LookupError if they have none of it."""
    sequence = acknowledged = window = None
    scale = 0
    times: tuple[int, int] | None = None
    for packet in packets:
        read = IP(packet)
        if TCP not in read:
            continue
        segment = read[TCP]
        ends = (read.src, segment.sport), (read.dst, segment.dport)
        opens, closes = bool(segment.flags.S), bool(segment.flags.F)
        data = len(packet) - _header_length(packet) - segment.dataofs * 4
        end = (segment.seq + data + opens + closes) % _MODULUS
        if ends == (client, server):
            # What is sent again does not set it back.
            if sequence is None or (end - sequence) % _MODULUS < _MODULUS // 2:
                sequence = end
            times = _times(segment, times)
        elif ends == (server, client):
            if opens:
                scale = int(dict(segment.options).get("WScale", 0))
            window = segment.window << (0 if opens else scale)
            acknowledged = end
    if sequence is None or acknowledged is None or window is None:
        raise LookupError(f"no connection from {client} to {server} was seen")
    return Flow(client, server, sequence, acknowledged, window, times)


class Injector:
    """Sends forged packets from a host, and leaves a trace of each in the record of the case."""

    udp = staticmethod(udp)
    fragments = staticmethod(fragments)
    part = staticmethod(part)
    flow = staticmethod(flow)

    def __init__(self, host: Host, exchange: Recorder | None = None) -> None:
        self._sender = RawSender(host)
        self._exchange = exchange or Recorder()

    @property
    def writes_ip_checksum(self) -> bool:
        """Whether a packet's IP checksum is ours, and not the system's."""
        return self._sender.writes_frames

    def others(self, packets: Iterable[bytes]) -> list[bytes]:
        """Return the packets that were not sent from here."""
        return [packet for packet in packets if packet not in self._sender.sent]

    def datagram(
        self,
        source: Address,
        target: Address,
        data: bytes,
        *,
        message: str = "",
        what: str = "a forged datagram",
        checksums: str = "good",
        claim: int = 0,
    ) -> None:
        """Send a datagram in somebody's name."""
        self._exchange.note(f"Injected: {what}.")
        self._exchange.sent(data, message=message, local=source, remote=target)
        self._send(udp(source, target, data, checksums=checksums, claim=claim))

    def unrecorded(self, source: Address, target: Address, data: bytes) -> None:
        """Send one of very many datagrams, which a note in the record stands for."""
        self._send(udp(source, target, data))

    def pieces(self, pieces: Sequence[bytes], what: str) -> None:
        """Send packets or fragments, in the order in which they are given."""
        self._exchange.note(f"Injected: {what}.")
        for piece in pieces:
            self._sender.send(piece)

    def again(self, packet: bytes, times: int = 1) -> None:
        """Send a whole packet of UDP or TCP that has passed before, octet for octet."""
        self._exchange.note(f"Injected: a packet that has passed before, {times} times.")
        copy = _completed(packet)
        for _ in range(times):
            self._sender.send(copy)

    def segment(
        self,
        flow: Flow,
        flags: str,
        *,
        ahead: int = 0,
        data: bytes = b"",
        what: str,
        acknowledged: int | None = None,
        checksums: str = "good",
    ) -> None:
        """Send a segment in the client's name, so far ahead of the sequence that is due."""
        self._exchange.note(f"Injected: {what} (flags {flags}, {len(data)} octets, {ahead:+d}).")
        self._sender.send(
            tcp(
                flow.client,
                flow.server,
                flags,
                flow.sequence + ahead,
                acknowledged=flow.acknowledged if acknowledged is None else acknowledged,
                data=data,
                times=flow.times,
                checksums=checksums,
            )
        )

    def beginning(self, source: Address, target: Address) -> None:
        """Send the first segment of a connection that nobody goes on with."""
        self._sender.send(tcp(source, target, "S", secrets.randbelow(_MODULUS)))

    def close(self) -> None:
        """Close the raw socket."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, packet: bytes) -> None:
        """Send a packet as a system would: in fragments, if it is too large for a link."""
        room = _LARGEST_PACKET - _header_length(packet)
        whole = len(packet) <= _LARGEST_PACKET
        for piece in [packet] if whole else fragments(packet, room):
            self._sender.send(piece)


def _finished(
    source: Address, target: Address, payload: Packet, offset: int, checksums: str
) -> bytes:
    """Return the packet; `offset` is where the checksum stands in the payload."""
    if checksums not in CHECKSUMS:
        raise ValueError(f"checksums are one of {', '.join(CHECKSUMS)}, not {checksums}")
    # A number of our own: 0 would have the system put one in, in each fragment another.
    head = IP(src=source[0], dst=target[0], id=1 + secrets.randbelow(0xFFFF))
    packet = bytearray(bytes(head / payload))
    at = _header_length(packet) + offset
    if checksums in ("bad", "none"):
        found = int.from_bytes(packet[at : at + 2])
        packet[at : at + 2] = (0 if checksums == "none" else _wrong(found)).to_bytes(2)
    if checksums == "bad-ip":
        found = int.from_bytes(packet[_IP_CHECKSUM : _IP_CHECKSUM + 2])
        packet[_IP_CHECKSUM : _IP_CHECKSUM + 2] = _wrong(found).to_bytes(2)
    return bytes(packet)


def _completed(packet: bytes) -> bytes:
    """Return a packet with its checksum, which a tap sees before the card has put it in."""
    head, read = _header_length(packet), IP(packet[:_SHORTEST])
    at = head + (_UDP_CHECKSUM if read.proto == _UDP else _TCP_CHECKSUM)
    payload = packet[head:at] + bytes(2) + packet[at + 2 :]
    checksum = in4_chksum(read.proto, read, payload) or 0xFFFF
    return packet[:at] + checksum.to_bytes(2) + packet[at + 2 :]


def _wrong(checksum: int) -> int:
    """Return another checksum, and not the one that means "none"."""
    return checksum ^ 0x5555 or 0x1111


def _header_length(packet: bytes | bytearray) -> int:
    return (packet[0] & 0x0F) * 4


def _times(segment: Packet, before: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the timestamps of the segment after this one, or those before if it has none."""
    found = [value for name, value in segment.options if name == "Timestamp"]
    return (int(found[0][0]) + _LATER, int(found[0][1])) if found else before
