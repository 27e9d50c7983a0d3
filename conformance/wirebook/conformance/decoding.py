"""From octets, of a capture or of a person's, to messages of the books.

What may live here: cutting what was given into messages, opening those that are encrypted, and
telling which message of which book each of them is. Nothing is printed here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wirebook.conformance import capture
from wirebook.conformance.shelf import Reader
from wirebook.spec.dissection import Malformed

if TYPE_CHECKING:
    from wirebook.spec.books import Dissection


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets that are to be read as one message."""

    data: bytes
    title: str = ""
    """Where they come from."""
    order: int = 0
    """Of the packet that completed them."""
    connection: frozenset[str] = frozenset()
    """The addresses of both ends, where they are known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece that was read as a message."""

    piece: Piece
    book: str
    message: str
    others: tuple[str, ...]
    """Other messages that the octets could be as well."""
    dissection: Dissection
    box: bytes = b""
    """The encrypted message that the piece's data was in."""
    sealed: bool = False
    """Whether it is encrypted and has not been opened."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What could be read, and what not."""

    readings: tuple[Reading, ...]
    passed_over: int = 0
    """How many datagrams, streams and messages of a capture are of no book."""
    problems: tuple[str, ...] = ()
    """What is wrong with the capture, one line each."""


class Decoder:
    """Reads by the books that are asked for, and with the keys that were given."""

    def __init__(
        self, readers: Sequence[Reader], *, message: str = "", keys: Sequence[bytes] = ()
    ) -> None:
        self._readers = readers
        self._message = message
        self._keyring = _Keyring(keys)

    def octets(self, data: bytes) -> tuple[Reading, ...]:
        """Read octets that a person gave: one message, or several of a stream; () if of no book."""
        candidates = []
        for reader in self._readers:
            parts = [data] if self._message else _cut(reader, data)
            found = [self._read(Piece(part), reader) for part in parts]
            if None not in found:
                candidates.append([reading for reading in found if reading])
        # Of several books, the one that the octets are whole messages of.
        return tuple(min(candidates, key=_broken, default=[]))

    def captured(self, data: bytes) -> Findings:
        """Read a capture; CaptureError if it is none."""
        contents = capture.read(data)
        problems = [contents.problem] if contents.problem else []
        datagrams = map(_of_datagram, contents.datagrams)
        found = [self._read_by(piece, "UDP") for piece in datagrams]
        messages = []
        for websocket in contents.websockets:
            for message in websocket.messages:
                piece = _of_stream(websocket.stream, message.data, message.end)
                if message.problem:
                    problems.append(f"{piece.title}: {message.problem}")
                else:
                    messages.append(piece)
            problems += _gap(websocket.stream)
        # In their order, since the keys of one side open what the other side sends later.
        messages.sort(key=lambda piece: piece.order)
        found += [self._read_by(piece, "WebSocket") for piece in messages]
        for stream in contents.streams:
            found += self._stream(stream)
            problems += _gap(stream)
        readings = [reading for reading in found if reading]
        return Findings(
            readings=tuple(sorted(readings, key=lambda reading: reading.piece.order)),
            passed_over=len(found) - len(readings),
            problems=tuple(problems),
        )

    def _stream(self, stream: capture.Stream) -> list[Reading | None]:
        for reader in self._readers:
            if reader.carrier == "TCP":
                found, end = [], 0
                for part in _cut(reader, bytes(stream.data)):
                    end += len(part)
                    found.append(self._read(_of_stream(stream, part, end), reader))
                if any(reading and not reading.dissection.error for reading in found):
                    return found
        return [None]

    def _read_by(self, piece: Piece, carrier: str) -> Reading | None:
        """Read a piece by the first book that it is a whole message of, or else begins like."""
        read = (self._read(piece, one) for one in self._readers if one.carrier == carrier)
        found = [reading for reading in read if reading]
        return min(found, key=lambda reading: _broken([reading]), default=None)

    def _read(self, piece: Piece, reader: Reader) -> Reading | None:
        opened, sealed = self._keyring.open(piece, reader)
        guesses = (self._message,) if self._message else reader.book.guess(opened.data)
        if not guesses:
            return None
        # Of messages that it is none of as a whole, the one that it is like the longest.
        dissections = {name: reader.book.dissect(name, opened.data) for name in guesses}
        best = max(guesses, key=lambda name: _extent(dissections[name]))
        return Reading(
            piece=opened,
            book=reader.name,
            message=best,
            others=tuple(name for name in guesses if name != best),
            dissection=dissections[best],
            box=piece.data if opened is not piece else b"",
            sealed=sealed,
        )


class _Keyring:
    """The keys that were given, and those that the messages offer."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)
        self._offered: dict[frozenset[str], list[bytes]] = {}

    def open(self, piece: Piece, reader: Reader) -> tuple[Piece, bool]:
        """Return the piece, opened if it can be, and whether it is still sealed."""
        tunnel = reader.tunnel
        if tunnel is None:
            return piece, False
        offered = self._offered.setdefault(piece.connection, [])
        if not tunnel.is_box(piece.data):
            key = tunnel.offered_key(piece.data)
            if key is not None and key not in offered:
                offered.append(key)
            return piece, False
        text = piece.data.decode("ascii", "replace")
        for private in self._keys:
            for public in (*offered, *self._keys):
                try:
                    return replace(piece, data=tunnel.open_box(text, private, public)), False
                except Malformed:
                    continue
        return piece, True


def _cut(reader: Reader, data: bytes) -> list[bytes]:
    """Return the messages in a stream's octets; what is no whole one is the last of them."""
    if reader.split is None:
        return [data]
    try:
        whole, rest = reader.split(data)
    except Malformed as malformed:
        whole, _ = reader.split(data[: malformed.offset])
        rest = data[malformed.offset :]
    return [*whole, rest] if rest or not whole else whole


def _extent(dissection: Dissection) -> float:
    """Return how many octets make sense."""
    return math.inf if dissection.error is None else dissection.error.offset


def _broken(readings: Iterable[Reading]) -> int:
    """Return how many of the readings are no valid messages."""
    return sum(reading.dissection.error is not None for reading in readings)


def _of_datagram(datagram: capture.Datagram) -> Piece:
    cut = f", {datagram.cut} octets cut off" if datagram.cut else ""
    return _piece(datagram.data, datagram.source, datagram.destination, datagram.number, cut)


def _of_stream(stream: capture.Stream, data: bytes, end: int) -> Piece:
    return _piece(data, stream.source, stream.destination, stream.completed(end))


def _piece(data: bytes, source: str, destination: str, number: int, remark: str = "") -> Piece:
    title = f"{number}: {source} → {destination}{remark}"
    return Piece(data, title, number, frozenset((source, destination)))


def _gap(stream: capture.Stream) -> list[str]:
    if not stream.lost:
        return []
    where = f"{stream.source} → {stream.destination}"
    return [f"{where}: {stream.lost} octets are missing, and what follows is left out"]
