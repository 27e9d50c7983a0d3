"""Mutants of payloads.

What may live here: MessagePack, and what the book makes of it. What internal packets contain is in
`internal.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgpack

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.packetmq import codec, extensions
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import PacketReceived
from wirebook.reference.packetmq.errors import Malformed, Unencodable
from wirebook.spec.extension import Ext

_STR_32 = 0xDB
_EXT_8 = 0xC7
_TIME = -1
_HEADS = 2
"""Octets that begin a payload, and an array that is one."""

Pairs = Sequence[tuple[Any, Any]]


@mutant("PMQ-M023", "PMQ-MSG-001", "A text that is the whole payload is sent as its octets.")
def bare_text() -> None:
    """Take the head of the str away."""

    @override(Connection, "send")
    def send(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        value = codec.unpack(payload)
        original(one, packet_id, value.encode() if isinstance(value, str) else payload)


@mutant("PMQ-M024", "PMQ-MSG-001", "Behind the value of a payload stands a nil.")
def a_nil_behind() -> None:
    """Put it there, behind arrays."""

    @override(Connection, "send")
    def send(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        is_array = isinstance(codec.unpack(payload), list)
        original(one, packet_id, payload + b"\xc0" if is_array else payload)


@mutant("PMQ-M025", "PMQ-MSG-002", "An octet behind the value of a payload is ignored.")
def ignores_an_octet_behind() -> None:
    """Try without it."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        try:
            return original(octets)
        except Malformed as malformed:
            if malformed.requirement != "PMQ-MSG-002" or not octets:
                raise
            return original(octets[:-1])


@mutant("PMQ-M026", "PMQ-MSG-002", "An empty payload is nil.")
def empty_is_nil() -> None:
    """Read it so."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        return original(octets or b"\xc0")


@mutant("PMQ-M027", "PMQ-MSG-003", "A str with a length in four octets is malformed.")
def refuses_str_32() -> None:
    """Refuse it as a whole payload, or as the first value of an array."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        if _STR_32 in octets[:_HEADS]:
            raise Malformed("PMQ-MSG-002", "a long str")
        return original(octets)


@mutant("PMQ-M028", "PMQ-MSG-003", "An extension value with a length of its own is malformed.")
def refuses_ext_8() -> None:
    """Refuse it as a whole payload, or as the first value of an array."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        if _EXT_8 in octets[:_HEADS]:
            raise Malformed("PMQ-MSG-002", "an extension value")
        return original(octets)


@mutant("PMQ-M029", "PMQ-MSG-004", "The octet c1 is read as nil.")
def reserved_octet_is_nil() -> None:
    """Read it so where it is the whole payload."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        return original(b"\xc0" if octets == b"\xc1" else octets)


@mutant("PMQ-M030", "PMQ-MSG-005", "Octets of a str that are not UTF-8 are replaced by a mark.")
def replaces_bad_utf8() -> None:
    """Let the library do so."""

    @override(codec, "unpack")
    def unpack(original: Callable[..., Any], octets: bytes) -> Any:
        try:
            return original(octets)
        except Malformed as malformed:
            if malformed.requirement != "PMQ-MSG-005":
                raise
            return msgpack.unpackb(octets, strict_map_key=False, unicode_errors="replace")


@mutant("PMQ-M031", "PMQ-MSG-006", "Of two members with the same key, the last one counts.")
def last_member_counts() -> None:
    """Make a map of them as Python does."""

    @override(codec, "_map")
    def make_map(original: Callable[..., Any], pairs: Pairs) -> Any:
        try:
            return original(pairs)
        except Malformed as malformed:
            if malformed.requirement != "PMQ-MSG-006":
                raise
            return dict(pairs)


@mutant("PMQ-M134", "PMQ-MSG-006", "The integer 1 and true are different keys.")
def kinds_of_keys() -> None:
    """Compare keys with their types."""

    @override(codec, "_map")
    def make_map(original: Callable[..., Any], pairs: Pairs) -> Any:
        try:
            return original(pairs)
        except Malformed as malformed:
            if malformed.requirement != "PMQ-MSG-006":
                raise
            if len({(type(key), key) for key, _ in pairs}) < len(pairs):
                raise
            return dict(pairs)


@mutant("PMQ-M032", "PMQ-MSG-007", "A map may have an extension value for a key.")
def extension_as_a_key() -> None:
    """Overlook it."""

    @override(codec, "_inspect")
    def inspect(original: Callable[..., None], value: Any, depth: int) -> None:
        if type(value) is dict:
            value = {key: part for key, part in value.items() if type(key) is not Ext}
        original(value, depth)


@mutant("PMQ-M033", "PMQ-MSG-007", "A map may have an array for a key.")
def array_as_a_key() -> None:
    """Make something of it that can be one."""

    @override(codec, "_map")
    def make_map(original: Callable[..., Any], pairs: Pairs) -> Any:
        return original([(tuple(key) if type(key) is list else key, value) for key, value in pairs])


@mutant("PMQ-M034", "PMQ-MSG-008", "Values may be nested 31 deep.")
def depth_31() -> None:
    """Let the limit be lower."""
    set_value(codec, "MAX_DEPTH", codec.MAX_DEPTH - 1)


@mutant("PMQ-M035", "PMQ-MSG-009", "Values may be nested 33 deep.")
def depth_33() -> None:
    """Let the limit be higher."""
    set_value(codec, "MAX_DEPTH", codec.MAX_DEPTH + 1)


@mutant("PMQ-M036", "PMQ-MSG-010", "Values that are nested too deep are sent.")
def sends_too_deep() -> None:
    """Let them pass where it is checked what is sent."""

    @override(codec, "check_payload")
    def check_payload(original: Callable[..., Any], octets: bytes) -> Any:
        try:
            return original(octets)
        except Unencodable as unencodable:
            if not unencodable.reason.startswith("deeper"):
                raise
            return None


@mutant("PMQ-M037", "PMQ-MSG-012", "Bins in internal packets are read as texts, but not as keys.")
def bin_keys() -> None:
    """Leave the keys alone."""

    @override(codec, "_as_text")
    def as_text(original: Callable[..., Any], value: Any) -> Any:
        if type(value) is dict:
            return {key: as_text(original, part) for key, part in value.items()}
        return original(value)


@mutant("PMQ-M038", "PMQ-MSG-012", "Bins in internal packets are read as keys, but not as values.")
def bin_values() -> None:
    """Leave the values alone."""

    @override(codec, "_as_text")
    def as_text(original: Callable[..., Any], value: Any) -> Any:
        read = original(value)
        if type(value) is dict:
            kept = [part if type(part) is bytes else None for part in value.values()]
            return {
                key: read[key] if part is None else part
                for key, part in zip(read, kept, strict=True)
            }
        return read


@mutant("PMQ-M039", "PMQ-MSG-013", "A bin of an application packet becomes a text if it can.")
def bin_becomes_text() -> None:
    """Treat it as one of an internal packet."""

    @override(Connection, "_take_application_packet")
    def take(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        original(one, packet_id, payload)
        last = one._happenings[-1] if one._happenings else None
        if isinstance(last, PacketReceived):
            one._happenings[-1] = replace(last, value=codec.unpack_internal(payload))


@mutant("PMQ-M040", "PMQ-SEC-002", "An extension value that MessagePack calls a time becomes one.")
def times() -> None:
    """Let the library make it."""

    @override(extensions, "read")
    def read(original: Callable[..., Any], octets: bytes, make_map: Any) -> Any:
        value = original(octets, make_map)
        if type(value) is Ext and value.code == _TIME:
            return msgpack.Timestamp(0)
        return value
