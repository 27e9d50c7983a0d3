"""`pcap/<case>.pcap`: a case's exchange as a capture file that opens in Wireshark.

What may live here: the classic capture format, and which packets there are. The suite sees what is
sent, not packets: addresses, ports, times and payloads are real, the rest is made up as a
well-behaved stack would have sent it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from wirebook.conformance.report import packets
from wirebook.conformance.report.packets import LONGEST_DATAGRAM, Endpoint
from wirebook.conformance.report.streams import Sent, Stream
from wirebook.conformance.verdicts import Transfer

_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD_HEADER = struct.Struct("<IIII")

_MAGIC_MICROSECONDS = 0xA1B2C3D4
_LINKTYPE_RAW = 101  # packets begin with their IPv4 or IPv6 header
_SNAPLEN = 0x40000

_Packet = tuple[float, bytes, int]
"""Seconds since the case began, the packet, and how many octets are cut off its end."""


def capture(exchange: Iterable[Transfer], *, began: float, role: str = "server") -> bytes | None:
    """Return what was sent as a capture file; None when there is nothing.

    `began` is the time of the case's beginning, in seconds since 1970 (UTC), and `role` that of the
    target: a client connects to the suite, to a server the suite connects.
    """
    transfers = [transfer for transfer in exchange if transfer.direction != "note"]
    header = _FILE_HEADER.pack(_MAGIC_MICROSECONDS, 2, 4, 0, 0, _SNAPLEN, _LINKTYPE_RAW)
    lines = _Lines(target_connects=role == "client")
    records = [_record(packet, began) for packet in lines.packets(transfers)]
    return header + b"".join(records) if records else None


class _Lines:
    """Everything that goes over the wire in one case."""

    def __init__(self, *, target_connects: bool) -> None:
        self._target_connects = target_connects
        self._streams: dict[tuple[str, str, str], Stream] = {}
        self._number = 0

    def packets(self, transfers: Iterable[Transfer]) -> Iterator[_Packet]:
        """Yield the packets of the transfers, and at last those that end what is half open."""
        at = 0.0
        for transfer in transfers:
            at = transfer.at
            if transfer.transport == "udp":
                yield from self._datagram(transfer)
            else:
                yield from self._in_stream(transfer)
        for (_, local, remote), stream in self._streams.items():
            yield from self._segments(at, local, remote, stream.end())

    def _datagram(self, transfer: Transfer) -> Iterator[_Packet]:
        if transfer.carries:
            payload = bytes.fromhex(transfer.data)
            kept = payload[:LONGEST_DATAGRAM]
            ends = _turned(transfer.local, transfer.remote, transfer.direction == "to-target")
            packet = packets.udp(self._next_number(), *ends, kept)
            yield transfer.at, packet, len(payload) - len(kept)

    def _in_stream(self, transfer: Transfer) -> Iterator[_Packet]:
        name = transfer.transport, transfer.local, transfer.remote
        suite = transfer.direction == "to-target" or transfer.by == "suite"
        stream = self._streams.get(name)
        closing = transfer.direction == "close"
        if stream is not None and closing and not stream.open_for(suite=suite):
            return  # noted twice
        if stream is None or not stream.open_for(suite=suite):
            before, stream = stream, self._stream(transfer, stream)
            self._streams[name] = stream
            if before is not None:
                yield from self._segments(transfer.at, *name[1:], before.end())
        data = bytes.fromhex(transfer.data)
        if closing:
            segments = stream.close(transfer.message, suite=suite)
        elif transfer.transport == "websocket":
            segments = stream.carry_message(data, suite=suite)
        else:
            segments = stream.carry(data, suite=suite)
        yield from self._segments(transfer.at, *name[1:], segments)

    def _stream(self, transfer: Transfer, after: Stream | None) -> Stream:
        ends = packets.endpoint(transfer.local), packets.endpoint(transfer.remote)
        return Stream(*ends, target_connects=self._target_connects, after=after)

    def _segments(
        self, at: float, local: str, remote: str, segments: Iterable[Sent]
    ) -> Iterator[_Packet]:
        for suite, segment, data in segments:
            ends = _turned(local, remote, suite)
            yield at, packets.tcp(self._next_number(), *ends, segment, data), 0

    def _next_number(self) -> int:
        self._number += 1
        return self._number


def _turned(local: str, remote: str, to_target: bool) -> tuple[Endpoint, Endpoint]:
    suite, target = packets.endpoint(local), packets.endpoint(remote)
    return (suite, target) if to_target else (target, suite)


def _record(packet: _Packet, began: float) -> bytes:
    at, data, cut = packet
    seconds, microseconds = divmod(max(0, round((began + at) * 1_000_000)), 1_000_000)
    return _RECORD_HEADER.pack(seconds, microseconds, len(data), len(data) + cut) + data
