"""Where the layers are found in packets: in datagrams, in segments, and in WebSocket messages.

What may live here: telling by their octets which message of which book something is, since none of
the protocols has a port of its own, and telling scapy so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

# What captures begin with, so that they can be read at all.
from scapy.layers import inet6, l2  # noqa: F401
from scapy.layers.inet import TCP, UDP
from scapy.packet import Packet, Raw, bind_bottom_up

from wirebook.conformance.capture.websocket import is_upgrade
from wirebook.conformance.layers import websocket
from wirebook.conformance.layers.messages import BookMessage, classes, first_of, unread
from wirebook.conformance.layers.tunnel import KEYRING
from wirebook.conformance.shelf import Reader, readers
from wirebook.spec import books
from wirebook.spec.dissection import Malformed

_ENOUGH = 4
"""Octets that tell what a stream is."""

Classes = Mapping[str, Mapping[str, type[Packet]]]


class Datagram(Packet):
    """Whatever UDP carries: a message of a book, or something else."""

    @classmethod
    def dispatch_hook(cls, _pkt: bytes = b"", *_: Any, **__: Any) -> type[Packet]:
        """Return the class of a datagram's content."""
        return class_of(_pkt, of_carrier("UDP")) or Raw


class Segment(Packet):
    """Whatever TCP carries: messages of a book, WebSocket frames, or something else."""

    @classmethod
    def dispatch_hook(cls, _pkt: bytes = b"", *_: Any, **__: Any) -> type[Packet]:
        """Return the class of a segment's content."""
        if websocket.is_frame(_pkt):
            return websocket.Frame
        if _pkt.startswith(b"HTTP/") or is_upgrade(_pkt):
            return Raw
        return class_of(_pkt, of_carrier("TCP")) or Raw

    @classmethod
    def tcp_reassemble(cls, data: bytes, *_context: Any) -> Packet | None:
        """Return what a stream begins with, once it is whole: see scapy's TCPSession."""
        if len(data) < _ENOUGH:
            return None
        if websocket.is_frame(data):
            return websocket.whole(data)
        for reader in of_carrier("TCP"):
            if reader.split is not None and class_of(data, (reader,)):
                with contextlib.suppress(Malformed):
                    _, rest = reader.split(data)
                    if rest:
                        return None
        return cls(data)


class WebSocketMessage(Packet):
    """Whatever a WebSocket frame carries."""

    @classmethod
    def dispatch_hook(cls, _pkt: bytes = b"", *_: Any, **__: Any) -> type[Packet]:
        """Return the class of a message."""
        return class_of(_pkt, of_carrier("WebSocket")) or Raw


def bind(keys: Sequence[bytes] = ()) -> Classes:
    """Make the classes, tell scapy of them, and keep the keys."""
    KEYRING.add(*keys)
    return _bound()


def class_of(octets: bytes, candidates: Sequence[Reader]) -> type[Packet] | None:
    """Return the class of the message that the octets begin with, `Unread`, or None if neither."""
    reasons = []
    for reader in candidates:
        own = first_of(octets, reader)
        guesses = reader.book.guess(own)
        for name in guesses:
            error = reader.book.dissect(name, own).error
            if error is None:
                return message_class(reader.name, name)
            reasons.append((error.offset, str(error)))
    if not reasons:
        return None
    # Of several that it is like, the one that it is like the longest.
    _, reason = max(reasons, key=itemgetter(0))
    return unread(reason)


def message_class(book: str, message: str) -> type[BookMessage]:
    """Return the class of a message."""
    return _made()[book][message]


@cache
def of_carrier(carrier: str) -> tuple[Reader, ...]:
    """Return the books that travel in something."""
    return tuple(one for one in readers(books.names()) if one.carrier == carrier)


@cache
def _made() -> dict[str, dict[str, type[BookMessage]]]:
    return {book: classes(book) for book in books.names()}


@cache
def _bound() -> Classes:
    made = _made()
    # Behind what scapy finds by ports, and before what is left over.
    bind_bottom_up(UDP, Datagram)
    bind_bottom_up(TCP, Segment)
    bind_bottom_up(websocket.Frame, WebSocketMessage)
    return MappingProxyType({book: MappingProxyType(each) for book, each in made.items()})
