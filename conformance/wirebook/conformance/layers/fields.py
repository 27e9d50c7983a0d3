"""The fields of the layers: each piece of the dialect that has octets of its own.

What may live here: scapy fields, without any protocol's names. A field of a body keeps its octets,
since MessagePack and JSON have several ways to write a value, and shows what they mean.
"""

# What scapy calls in a subclass always gets the packet:
# ruff: noqa: ARG002

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scapy.fields import Field, PacketListField
from scapy.packet import Packet

from wirebook.spec import json_text, messagepack
from wirebook.spec.checks import Breach
from wirebook.spec.dissection import show

FORMATS = {1: "!B", 2: "!H", 4: "!I", 8: "!Q"}
"""How integers of these sizes are packed."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How the octets of a body and their value become each other."""

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]


class Uint(Field[int, int]):
    """An unsigned integer."""

    def __init__(self, name: str, size: int, default: int) -> None:
        super().__init__(name, default, FORMATS[size])


class Bits(Uint):
    """An unsigned integer that is shown bit by bit."""

    def i2repr(self, pkt: Packet | None, x: int) -> str:
        """Return the bits, the most significant one first."""
        return f"{x:0{8 * self.sz}b}"


class Octets(Field[bytes, bytes]):
    """Octets that never change."""

    def __init__(self, name: str, octets: bytes) -> None:
        super().__init__(name, octets, f"!{len(octets)}s")

    def i2repr(self, pkt: Packet | None, x: bytes) -> str:
        """Return the octets in hex."""
        return x.hex(" ")


class Length(Field[Any, int]):
    """The octets of the fields that it stands before; counted, unless it is given."""

    __slots__ = ("counted",)

    def __init__(self, name: str, size: int, counted: tuple[str, ...]) -> None:
        super().__init__(name, None, FORMATS[size])
        self.counted = counted

    def i2m(self, pkt: Packet | None, x: Any) -> int:
        """Return the length, counted if there is none."""
        if x is not None or pkt is None:
            return int(x or 0)
        parts = [(pkt.get_field(name), pkt.getfieldval(name)) for name in self.counted]
        return sum(len(field.addfield(pkt, b"", value)) for field, value in parts)


class Body(Field[Any, bytes]):
    """Octets up to the end of the message, or of the block that they are in, and their value."""

    __slots__ = ("before", "codec", "length", "size")

    def __init__(
        self, name: str, codec: Codec, *, size: int = 0, length: str = "", before: int = 0
    ) -> None:
        super().__init__(name, b"", "!s")
        self.codec = codec
        self.size = size
        """How many octets it always has; 0 if that depends."""
        self.length = length
        """The field that counts it; "" if it goes to the end."""
        self.before = before
        """How many other octets that field counts, too."""

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        """Take the octets that are the field's."""
        end = len(s)
        if self.size:
            end = self.size
        elif self.length:
            end = max(0, pkt.getfieldval(self.length) - self.before)
        return s[end:], s[:end]

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """Put the octets behind the others."""
        return s + self.i2m(pkt, val)

    def any2i(self, pkt: Packet | None, x: Any) -> bytes:
        """Return octets as they are, and encode anything else."""
        return x if isinstance(x, bytes) else self.codec.encode(x)

    def i2m(self, pkt: Packet | None, x: Any) -> bytes:
        """Return the octets."""
        return b"" if x is None else bytes(x)

    def i2h(self, pkt: Packet | None, x: Any) -> Any:
        """Return the value, or the octets where they have none."""
        try:
            return self.codec.decode(x) if x else x
        except (Breach, ValueError):
            return x

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Return the value in short."""
        value = self.i2h(pkt, x)
        return repr(value) if isinstance(value, dict | list) else show(value)

    def i2len(self, pkt: Packet | None, x: Any) -> int:
        """Return the number of octets."""
        return len(self.i2m(pkt, x))


class Remark(Field[Any, bytes]):
    """Something to be shown that has no octets."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None, "!0s")

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        """Take nothing."""
        return s, pkt.remark(self.name) if hasattr(pkt, "remark") else None

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """Add nothing."""
        return s

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Return it in short."""
        return "" if x is None else str(x)


class Items(PacketListField):
    """Items up to the end of the message."""

    def __init__(self, name: str, item: type[Packet]) -> None:
        super().__init__(name, [], item)


def message_pack(profile: dict[str, bool]) -> Codec:
    """Return the codec of a profile of MessagePack."""
    chosen = messagepack.Profile(**profile)
    return Codec(
        lambda octets: messagepack.Reader(octets, chosen).read(),
        lambda value: messagepack.encode(value, chosen),
    )


JSON = Codec(lambda octets: json_text.Reader(octets).read(), json_text.encode)


def _decoded(octets: bytes) -> bytes:
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


BASE64 = Codec(_decoded, base64.b64encode)
WORD = Codec(lambda octets: octets.decode("ascii"), lambda word: str(word).encode("ascii"))
