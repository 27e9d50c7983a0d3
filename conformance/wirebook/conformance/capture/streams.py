"""TCP streams: the octets of each direction of each connection, in their order.

What may live here: putting segments back in order. What the octets mean is for others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from wirebook.conformance.capture.layers import Segment

_NUMBERS = 1 << 32


@dataclass(slots=True)
class Stream:
    """One direction of a connection."""

    connection: int
    """The same number for both directions."""
    source: str
    destination: str
    data: bytearray = field(default_factory=bytearray)
    """Everything from the first octet on that follows without a gap."""
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    """How much of `data` was there after which packet: its length, and the packet's number."""
    lost: int = 0
    """How many octets are missing after `data`; what came after them is left out."""
    opened: bool = False
    """Whether the capture has its beginning."""

    def completed(self, end: int) -> int:
        """Return the number of the packet that completed the octets up to `end`."""
        place = bisect_left(self.arrivals, end, key=lambda arrival: arrival[0])
        return self.arrivals[min(place, len(self.arrivals) - 1)][1]


class _Direction:
    """Puts the segments of one direction in order, whatever order they came in."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._next: int | None = None
        self._early: dict[int, bytes] = {}

    def begin(self, sequence: int) -> None:
        """Take the sequence number of the SYN."""
        self._next = (sequence + 1) % _NUMBERS
        self.stream.opened = True

    def add(self, segment: Segment) -> None:
        """Take a segment; what has been there already counts no second time."""
        if not segment.data:
            return
        if self._next is None:  # the capture began in the middle
            self._next = segment.sequence
        if len(segment.data) > len(self._early.get(segment.sequence, b"")):
            self._early[segment.sequence] = segment.data
        if _ahead(segment.sequence, self._next) <= 0 and self._take(self._next):
            self.stream.arrivals.append((len(self.stream.data), segment.number))

    def end(self) -> None:
        """Note the gap that keeps back what came early, if there is one."""
        if self._early and self._next is not None:
            self.stream.lost = min(_ahead(each, self._next) for each in self._early)

    def _take(self, position: int) -> bool:
        """Move what follows the position without a gap to the stream; tell whether it grew."""
        before = len(self.stream.data)
        for sequence in sorted(self._early, key=lambda each: _ahead(each, position)):
            ahead = _ahead(sequence, position)
            if ahead > 0:
                break
            new = self._early.pop(sequence)[-ahead:]
            self.stream.data += new
            position = (position + len(new)) % _NUMBERS
        self._next = position
        return len(self.stream.data) > before


def reassemble(segments: Iterable[Segment]) -> list[Stream]:
    """Return the streams of all segments, in the order in which they began."""
    streams: list[Stream] = []
    all_directions: list[_Direction] = []
    directions: dict[tuple[str, str], _Direction] = {}
    connections: dict[tuple[str, str], int] = {}
    for segment in segments:
        ends = segment.source, segment.destination
        back = ends[::-1]
        if segment.opens and ends in directions and directions[ends].stream.data:
            # The ports are used again: both directions begin anew.
            directions.pop(ends)
            directions.pop(back, None)
            connections.pop(ends)
            connections.pop(back, None)
        if ends not in directions:
            number = connections.get(back, len(streams))
            connections[ends] = number
            stream = Stream(number, *ends)
            streams.append(stream)
            directions[ends] = _Direction(stream)
            all_directions.append(directions[ends])
        direction = directions[ends]
        if segment.opens:
            direction.begin(segment.sequence)
        direction.add(segment)
    for direction in all_directions:
        direction.end()
    return streams


def _ahead(sequence: int, position: int) -> int:
    """Return how far a sequence number is ahead of a position; negative if it is behind."""
    return (sequence - position + _NUMBERS // 2) % _NUMBERS - _NUMBERS // 2
