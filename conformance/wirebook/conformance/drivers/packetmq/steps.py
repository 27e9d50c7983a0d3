"""The player of steps for PacketMQ: octets on any number of streams.

What may live here: what each step does on the wire. What to do is for others.
"""

from __future__ import annotations

import contextlib
import time

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq.raw_client import RawClient
from wirebook.conformance.drivers.packetmq.waiting import pump
from wirebook.conformance.drivers.steps import Step, StepPlayer
from wirebook.conformance.verdicts import TargetDied, Violation

__all__ = ["Player", "Step"]


class _Stream(RawClient):
    """A connection that keeps octets as they came, until they are fetched."""

    def __init__(self, link: Link, *, recorded: bool) -> None:
        self.came: list[bytes] = []
        super().__init__(link)
        self.recorded = recorded

    def _take(self, data: bytes) -> None:
        self.came.append(data)
        if self.recorded:  # whole frames go into the record
            super()._take(data)
            self.packets.clear()
            self.malformed.clear()


class Player(StepPlayer):
    """Sends octets; each peer is a connection, opened when it is first used."""

    def __init__(self, link: Link, *, recorded: bool = True) -> None:
        super().__init__(link, recorded=recorded)
        self._streams: dict[int, _Stream | None] = {}
        self._doings["reset"] = lambda peer, _: self.reset(peer)

    def send(self, peer: int, octets: bytes) -> None:
        """Send octets on the stream."""
        if (stream := self._usable(peer)) is not None:
            stream.send(octets) if self.recorded else stream.send_unrecorded(octets)

    def end(self, peer: int) -> None:
        """End our direction of the stream."""
        if (stream := self._usable(peer)) is not None:
            stream.finish_sending()

    def reset(self, peer: int) -> None:
        """Abort the connection; what the peer does afterwards is lost."""
        if (stream := self._streams.get(peer)) is not None:
            stream.reset()

    def wait(self, seconds: float) -> None:
        """Let time pass, and take what comes."""
        streams = [one for one in self._streams.values() if one is not None and one.fileno() >= 0]
        if streams:
            with contextlib.suppress(TargetDied):
                pump(streams, lambda: False, seconds)
            self.take()
        else:
            time.sleep(seconds)

    def take(self) -> None:
        """Take what has arrived, without waiting."""
        for peer, stream in self._streams.items():
            if stream is None:
                continue
            if stream.fileno() >= 0:
                stream.drain()
            self._came += [(peer, octets) for octets in stream.came]
            stream.came.clear()

    def closed(self, peer: int) -> bool:
        """Tell whether the target has ended the connection, or refused it."""
        stream = self._streams.get(peer)
        return peer in self._streams and (stream is None or stream.over or stream.refused)

    def close(self) -> None:
        """Give all sockets back; a stream that was not ended ends with a close."""
        for stream in self._streams.values():
            if stream is not None:
                stream.close()
        self._streams.clear()

    def _usable(self, peer: int) -> _Stream | None:
        if peer not in self._streams:
            try:
                self._streams[peer] = _Stream(self.link, recorded=self.recorded)
            except (Violation, TargetDied):
                self._streams[peer] = None
        stream = self._streams[peer]
        return stream if stream is not None and stream.fileno() >= 0 else None
