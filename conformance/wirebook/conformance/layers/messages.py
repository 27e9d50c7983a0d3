"""From the neutral form of a book to the classes of its messages.

What may live here: the translation of pieces into fields, generic over the dialect, and what the
classes have in common: each takes whole valid messages only, and makes anything else `Unread`.
"""

# What scapy calls in a subclass always gets the packet:
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from scapy.base_classes import Packet_metaclass
from scapy.fields import Field, StrField
from scapy.packet import Packet, Raw

from wirebook.conformance.layers.fields import (
    BASE64,
    JSON,
    WORD,
    Bits,
    Body,
    Codec,
    Items,
    Length,
    Octets,
    Remark,
    Uint,
    message_pack,
)
from wirebook.conformance.layers.tunnel import KEYRING
from wirebook.conformance.shelf import Reader, readers
from wirebook.spec import neutral
from wirebook.spec.dissection import Malformed

Json = Mapping[str, Any]

UNDERSTOOD = 1
"""The version of the neutral form that is translated here."""
_BODIES = ("messagepack", "json", "base64", "word")


class _LikeRaw(Packet_metaclass):
    """Has scapy find a class where Raw is asked for: `packet[Raw]`, `Raw in packet`."""

    def __eq__(self, other: object) -> bool:
        return self is other or other is Raw

    def __hash__(self) -> int:
        return hash(Raw)


class Unread(Raw, metaclass=_LikeRaw):
    """Octets that are like a message, with the reason why they are none."""

    name = "Raw"
    reason: ClassVar[str] = ""
    fields_desc: ClassVar[list[Any]] = [Remark("why"), StrField("load", b"")]

    def remark(self, _name: str) -> str:
        """Return the reason, for whoever looks at the packet."""
        return self.reason

    def mysummary(self) -> str:
        """Return the reason in the summary of a packet."""
        return f"Raw ({self.reason})"


@lru_cache(maxsize=1024)
def unread(reason: str) -> type[Packet]:
    """Return the class of octets that are no message for a reason."""
    return _LikeRaw("Unread", (Unread,), {"reason": reason, "__module__": __name__})


class BookMessage(Packet):
    """A message of a book."""

    reader: ClassVar[Reader]
    message: ClassVar[str]

    @classmethod
    def error(cls, octets: bytes) -> Malformed | None:
        """Return what is wrong with the octets, of which a stream has more behind the message."""
        return cls.reader.book.dissect(cls.message, first_of(octets, cls.reader)).error

    def post_dissection(self, pkt: Packet) -> None:
        """Remember the key that the message offers."""
        tunnel = self.reader.tunnel
        if tunnel is not None and not tunnel.is_box(self.original):
            KEYRING.saw(tunnel, self.original)

    def remark(self, _name: str) -> Packet | None:
        """Return what is in the box, as a layer, for whoever has the key."""
        tunnel = self.reader.tunnel
        opened = tunnel and KEYRING.opened(tunnel, self.original)
        return self.guess_payload_class(opened)(opened) if opened else None

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """Return what follows in a stream: another message of the book."""
        from wirebook.conformance.layers.binding import class_of

        return class_of(payload, (self.reader,)) or Raw


def first_of(octets: bytes, reader: Reader) -> bytes:
    """Return the first message of a stream's octets; all, if it is no stream or it is not whole."""
    if reader.split is None:
        return octets
    try:
        messages, _ = reader.split(octets)
    except Malformed as malformed:
        messages, _ = reader.split(octets[: malformed.offset])
    return messages[0] if messages else octets


class Part(Packet):
    """A part of a message that comes several times."""

    name = "entry"

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes | None]:
        """Leave what is behind to the next one."""
        return b"", s


def classes(book: str) -> dict[str, type[BookMessage]]:
    """Return the classes of all messages of a book that travel on their own."""
    document = neutral.load(book)
    if document["version"] != UNDERSTOOD:
        raise ValueError(f"the neutral form of {book} has the version {document['version']}")
    reader = readers([book])[0]
    made = {}
    for name, message in document["messages"].items():
        if message["datagram"]:
            fields = _Translation(document).message(name, message)
            if reader.tunnel is not None and message["type"] == "layout":
                fields.append(Remark("opened"))
            members = {
                "name": f"{document['title']} {name}",
                "__doc__": message["doc"],
                "__module__": __name__,
                "fields_desc": fields,
                "reader": reader,
                "message": name,
                # scapy looks for it in the class itself.
                "dispatch_hook": classmethod(_checked),
            }
            made[name] = type(_camel(book, name), (BookMessage,), members)
    return made


def _checked(cls: type[BookMessage], _pkt: bytes | None = None, *_: Any, **__: Any) -> type[Packet]:
    """Return the class, or `Unread` for octets that are no such message."""
    error = None if _pkt is None else cls.error(_pkt)
    return unread(str(error)) if error else cls


class _Translation:
    """Turns the pieces of one book's messages into fields."""

    def __init__(self, document: Json) -> None:
        self._messages: Json = document["messages"]

    def message(self, name: str, message: Json) -> list[Field[Any, Any]]:
        """Return the fields of a message."""
        return list(self._piece(name, message, ""))

    def _piece(self, name: str, piece: Json, length: str) -> Iterator[Field[Any, Any]]:
        kind = piece["type"]
        if kind == "message":
            yield from self._piece(name, self._messages[piece["message"]], length)
        elif kind == "layout":
            yield from self._layout(piece, length)
        elif kind == "uint":
            yield Uint(_free(name), piece["size"], piece["least"])
        elif kind == "bits":
            yield Bits(_free(name), piece["size"], piece["least"])
        elif kind == "magic":
            yield Octets(_free(name), bytes.fromhex(piece["hex"]))
        elif kind == "block":
            yield from self._block(name, piece)
        elif kind == "until-end":
            inside = list(self._piece("value", piece["items"], ""))
            yield Items(_free(name), type("Entry", (Part,), {"fields_desc": inside, "name": name}))
        elif kind in _BODIES:
            yield Body(_free(name), _codec(piece), size=piece.get("size") or 0, length=length)
        else:
            raise ValueError(f"{kind} has no scapy field")

    def _layout(self, piece: Json, length: str) -> Iterator[Field[Any, Any]]:
        before = 0
        for one in piece["fields"]:
            for field in self._piece(one["name"], one, length):
                if isinstance(field, Body) and length:
                    field.before = before
                before += getattr(field, "sz", 0) if not isinstance(field, Body | Items) else 0
                yield field

    def _block(self, name: str, piece: Json) -> Iterator[Field[Any, Any]]:
        length = _free(f"{name}_length")
        inside = list(self._piece(name, piece["content"], length))
        counted = tuple(field.name for field in inside)
        yield Length(length, piece["length"]["size"], counted)
        yield from inside


def _codec(piece: Json) -> Codec:
    if piece["type"] == "messagepack":
        return message_pack(piece["profile"])
    return {"json": JSON, "base64": BASE64, "word": WORD}[piece["type"]]


def _free(name: str) -> str:
    """Return a name for a field that is no attribute of every packet."""
    plain = name.replace("-", "_")
    return f"{plain}_" if hasattr(Packet, plain) or plain in _OWN else plain


_OWN = frozenset(Packet.__slots__)


def _camel(*words: str) -> str:
    return "".join(part.capitalize() for word in words for part in word.split("-"))
