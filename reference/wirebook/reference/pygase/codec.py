"""Datagrams to fields and back, written by hand from the book, with struct and the C msgpack.

Every check of the wire format is made here, in one pass, and every refusal names its requirement.
It shares nothing with the schemas of the book: the two readings of the page check each other.
What may live here: octets and plain values; no windows, no connections, no API classes.

Two properties of a value, depth and timestamps, cost a walk in Python; it is only taken when the
octets show that there could be one at all (`_inspect`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple

from msgpack import Timestamp, packb, unpackb
from msgpack.exceptions import FormatError, StackError

from wirebook.reference.pygase.errors import (
    Malformed,
    PackageTooLarge,
    ProtocolIDMismatchError,
    Unencodable,
)

PROTOCOL_ID: Final = b"\xff\xd0\xfa\xb9"
MAX_DATAGRAM: Final = 2048
MAX_DEPTH: Final = 32
HEADER_SIZE: Final = 12
LENGTH_SIZE: Final = 2

_HEADER = struct.Struct(">4sHHI")
_LENGTH = struct.Struct(">H")
_SINGLE = struct.Struct(">f")


class WireEvent(NamedTuple):
    """An event as it travels."""

    type: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


class PlainFields(NamedTuple):
    """The fields of a package without state."""

    sequence: int
    ack: int
    ack_bits: int
    """The 32 bits before `ack`, the most significant first."""
    events: Sequence[WireEvent]


class ClientFields(NamedTuple):
    """The fields of a client package."""

    sequence: int
    ack: int
    ack_bits: int
    events: Sequence[WireEvent]
    time_order: int


class ServerFields(NamedTuple):
    """The fields of a server package."""

    sequence: int
    ack: int
    ack_bits: int
    events: Sequence[WireEvent]
    update: dict[str, Any]


def parse_plain_package(data: bytes) -> PlainFields:
    """Return the fields of a plain package, or raise Malformed."""
    header = _parse_header(data, HEADER_SIZE)
    return PlainFields(*header, _parse_events(data, HEADER_SIZE))


def parse_client_package(data: bytes) -> ClientFields:
    """Return the fields of a client package, or raise Malformed."""
    header = _parse_header(data, HEADER_SIZE + LENGTH_SIZE)
    (time_order,) = _LENGTH.unpack_from(data, HEADER_SIZE)
    return ClientFields(*header, _parse_events(data, HEADER_SIZE + LENGTH_SIZE), time_order)


def parse_server_package(data: bytes) -> ServerFields:
    """Return the fields of a server package, or raise Malformed."""
    header = _parse_header(data, HEADER_SIZE + LENGTH_SIZE)
    (size,) = _LENGTH.unpack_from(data, HEADER_SIZE)
    begin = HEADER_SIZE + LENGTH_SIZE
    end = begin + size
    if end > len(data):
        raise Malformed("PGS-BOD-001", f"the update's {size} octets run past the end")
    update = parse_update(data[begin:end])
    return ServerFields(*header, _parse_events(data, end), update)


def build_plain_package(
    sequence: int, ack: int, ack_bits: int, events: Iterable[bytes] = ()
) -> bytes:
    """Return the datagram of a plain package with encoded events."""
    return _datagram(_HEADER.pack(PROTOCOL_ID, sequence, ack, ack_bits), events)


def build_client_package(
    sequence: int, ack: int, ack_bits: int, time_order: int, events: Iterable[bytes] = ()
) -> bytes:
    """Return the datagram of a client package with encoded events."""
    header = _HEADER.pack(PROTOCOL_ID, sequence, ack, ack_bits)
    return _datagram(header + _LENGTH.pack(time_order), events)


def build_server_package(
    sequence: int, ack: int, ack_bits: int, update: bytes, events: Iterable[bytes] = ()
) -> bytes:
    """Return the datagram of a server package with an encoded update and encoded events."""
    header = _HEADER.pack(PROTOCOL_ID, sequence, ack, ack_bits)
    _check_size(HEADER_SIZE + LENGTH_SIZE + len(update))
    return _datagram(header + _LENGTH.pack(len(update)) + update, events)


def parse_header(data: bytes) -> tuple[int, int, int]:
    """Return sequence, ack and ack bits of a datagram, whatever its body is."""
    return _parse_header(data, HEADER_SIZE)


def parse_event(octets: bytes) -> WireEvent:
    """Return the event that the octets of an entry are, or raise Malformed."""
    value = unpack(octets)
    if type(value) is not dict or len(value) != 3:
        raise Malformed("PGS-EVT-001", "an event is a map with exactly three keys")
    try:
        event = WireEvent(value["type"], value["handler_args"], value["handler_kwargs"])
    except KeyError as missing:
        raise Malformed("PGS-EVT-001", f"the event lacks {missing}") from None
    if type(event.type) is not str:
        raise Malformed("PGS-EVT-002", "the type of an event is a str")
    if type(event.args) is not list:
        raise Malformed("PGS-EVT-002", "handler_args is an array")
    if type(event.kwargs) is not dict or not all(type(key) is str for key in event.kwargs):
        raise Malformed("PGS-EVT-002", "handler_kwargs is a map with str keys")
    return event


def build_event(event_type: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
    """Return the octets of an event, or raise Unencodable."""
    if not isinstance(event_type, str):
        raise Unencodable(f"the type of an event is a str, not {event_type!r}", "PGS-EVT-002")
    if not all(isinstance(key, str) for key in kwargs):
        raise Unencodable("the names of keyword arguments are str", "PGS-EVT-002")
    return pack({"type": event_type, "handler_args": list(args), "handler_kwargs": dict(kwargs)})


def parse_update(octets: bytes) -> dict[str, Any]:
    """Return the update that the octets are, or raise Malformed."""
    value = unpack(octets)
    if type(value) is not dict or not all(type(key) is str for key in value):
        raise Malformed("PGS-UPD-001", "an update is a map with str keys")
    time_order = value.get("time_order")
    if type(time_order) is not int or not 0 <= time_order <= 65535:
        raise Malformed("PGS-UPD-002", "time_order is an integer from 0 to 65535")
    if "game_status" in value:
        status = value["game_status"]
        if type(status) is not int or status not in (0, 1):
            raise Malformed("PGS-UPD-003", "game_status is 0 or 1")
    return value


def unpack(octets: bytes) -> Any:
    """Return the one MessagePack value that the octets are, or raise Malformed."""
    try:
        value = unpackb(
            octets, strict_map_key=False, object_pairs_hook=_map, ext_hook=_refuse_extension
        )
    except Malformed:
        raise
    except FormatError:
        raise Malformed("PGS-MSG-009", "the octet c1 begins no value") from None
    except StackError:
        raise Malformed("PGS-MSG-015", f"deeper than {MAX_DEPTH}") from None
    except UnicodeDecodeError:
        raise Malformed("PGS-MSG-010", "a str is not valid UTF-8") from None
    except ValueError as error:
        if "timestamp" in str(error):  # one of a length that timestamps do not have
            raise Malformed("PGS-MSG-008", "an extension type") from None
        raise Malformed("PGS-BOD-003", f"not exactly one value: {error}") from None
    if octets.translate(None, _ALL_BUT_EXTENSIONS) or (
        len(octets.translate(None, _ALL_BUT_CONTAINERS)) > MAX_DEPTH
    ):
        _inspect(value, 0)
    return value


def pack(value: object) -> bytes:
    """Return the octets of a value, or raise Unencodable for one that a receiver would discard."""
    packed = pack_checked(value)
    if any(infinity in packed for infinity in _INFINITIES) and _has_overflow(value):
        raise Unencodable("a finite float exceeds the 32-bit format", "PGS-MSG-002")
    try:
        unpack(packed)
    except Malformed as malformed:
        raise Unencodable(malformed.reason, malformed.requirement) from None
    return packed


def pack_checked(value: object) -> bytes:
    """Return the octets of a value that is known to keep to the profile."""
    try:
        # PGS-MSG-001: floats in 32 bits. PGS-MSG-007: tuples are arrays to msgpack.
        packed: bytes = packb(value, use_single_float=True)
    except OverflowError as error:
        requirement = "PGS-MSG-002" if "float" in str(error) else ""
        raise Unencodable(str(error), requirement) from None
    except (TypeError, ValueError) as error:
        raise Unencodable(str(error)) from None
    return packed


def fits_single(number: float) -> bool:
    """Tell whether the 32-bit format has the number, rounded (PGS-MSG-002)."""
    try:
        _SINGLE.pack(number)
    except OverflowError:
        return False
    return True


def parse(message: str, data: bytes) -> dict[str, Any]:
    """Return the value of a datagram in the shape that schemas and vectors use."""
    if message == "shutdown":
        return {"command": _parse_shutdown(data)}
    if message == "client-package":
        client = parse_client_package(data)
        return {**_shape(client), "time_order": client.time_order}
    if message == "server-package":
        server = parse_server_package(data)
        return {**_shape(server), "update": server.update}
    if message == "package":
        return _shape(parse_plain_package(data))
    raise LookupError(f"PyGaSe has no message {message!r}")


def build(message: str, value: Mapping[str, Any]) -> bytes:
    """Return the datagram of a value in the shape that schemas and vectors use."""
    if message == "shutdown":
        return _build_shutdown(value["command"])
    header = value["header"]
    if header["protocol_id"] != PROTOCOL_ID:
        raise Unencodable("another protocol ID", "PGS-HDR-002")
    if header["sequence"] == 0:
        raise Unencodable("sequence 0", "PGS-HDR-004")
    numbers = (header["sequence"], header["ack"], header["ack_bitfield"])
    events = [
        build_event(event["type"], event["handler_args"], event["handler_kwargs"])
        for event in value["events"]
    ]
    try:
        if message == "client-package":
            return build_client_package(*numbers, value["time_order"], events)
        if message == "server-package":
            update = pack(value["update"])
            parse_update(update)
            return build_server_package(*numbers, update, events)
        if message == "package":
            return build_plain_package(*numbers, events)
    except struct.error as error:
        raise Unencodable(str(error)) from None
    except Malformed as malformed:
        raise Unencodable(malformed.reason, malformed.requirement) from None
    raise LookupError(f"PyGaSe has no message {message!r}")


_SHUTDOWNS: Final = {b"shutdown": "shutdown", b"shut_me_down": "shut_me_down"}


def _parse_shutdown(data: bytes) -> str:
    try:
        return _SHUTDOWNS[data]
    except KeyError:
        raise Malformed("PGS-HDR-002", "not a shutdown datagram") from None


def _build_shutdown(command: str) -> bytes:
    if command not in _SHUTDOWNS.values():
        raise Unencodable(f"no such command: {command!r}")
    return command.encode()


def _shape(fields: PlainFields | ClientFields | ServerFields) -> dict[str, Any]:
    return {
        "header": {
            "protocol_id": PROTOCOL_ID,
            "sequence": fields.sequence,
            "ack": fields.ack,
            "ack_bitfield": fields.ack_bits,
        },
        "events": [
            {"type": event.type, "handler_args": event.args, "handler_kwargs": event.kwargs}
            for event in fields.events
        ],
    }


def _parse_header(data: bytes, least: int) -> tuple[int, int, int]:
    if len(data) < least:
        raise Malformed("PGS-HDR-003", f"{len(data)} octets; the fixed part has {least}")
    if len(data) > MAX_DATAGRAM:
        raise Malformed("PGS-DGM-003", f"{len(data)} octets are more than {MAX_DATAGRAM}")
    protocol_id, sequence, ack, ack_bits = _HEADER.unpack_from(data)
    if protocol_id != PROTOCOL_ID:
        raise ProtocolIDMismatchError
    if sequence == 0:
        raise Malformed("PGS-HDR-004", "sequence 0")
    return sequence, ack, ack_bits


def _parse_events(data: bytes, at: int) -> list[WireEvent]:
    events = []
    while at < len(data):
        begin = at + LENGTH_SIZE
        if begin > len(data):
            raise Malformed("PGS-BOD-002", "the datagram ends inside an entry's length")
        at = begin + _LENGTH.unpack_from(data, at)[0]
        if at > len(data):
            raise Malformed("PGS-BOD-002", "an entry runs past the end of the datagram")
        events.append(parse_event(data[begin:at]))
    return events


def _datagram(fixed: bytes, events: Iterable[bytes]) -> bytes:
    parts = [fixed]
    for event in events:
        parts += (_LENGTH.pack(len(event)), event)
    datagram = b"".join(parts)
    _check_size(len(datagram))
    return datagram


def _check_size(size: int) -> None:
    if size > MAX_DATAGRAM:
        raise PackageTooLarge(
            f"{size} octets; a package has at most {MAX_DATAGRAM}", requirement="PGS-DGM-002"
        )


def _map(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    try:
        value = dict(pairs)
    except TypeError:
        raise Malformed("PGS-MSG-013", "a map has an array or a map as a key") from None
    if len(value) != len(pairs):
        # Equal numbers and booleans are the same key to Python as well as to the book.
        raise Malformed("PGS-MSG-011", "a map has the same key twice")
    return value


def _refuse_extension(code: int, _: bytes) -> Any:
    raise Malformed("PGS-MSG-008", f"an extension type ({code})")


def _inspect(value: Any, depth: int) -> None:
    """Refuse timestamps, which msgpack decodes without asking the hook, and depth."""
    kind = type(value)
    if kind is list or kind is dict:
        if depth == MAX_DEPTH:
            raise Malformed("PGS-MSG-015", f"deeper than {MAX_DEPTH}")
        for part in value:
            if type(part) in _NOT_PLAIN:
                _inspect(part, depth + 1)
        if kind is dict:
            for part in value.values():
                if type(part) in _NOT_PLAIN:
                    _inspect(part, depth + 1)
    elif kind is Timestamp:
        raise Malformed("PGS-MSG-008", "an extension type (timestamp)")


_NOT_PLAIN: Final = frozenset((list, dict, Timestamp))


def _has_overflow(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value) and not fits_single(value)
    if isinstance(value, Mapping):
        return any(_has_overflow(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(_has_overflow(part) for part in value)


_EXTENSIONS: Final = bytes([0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8])
_CONTAINERS: Final = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
_ALL_BUT_EXTENSIONS: Final = bytes(set(range(256)) - set(_EXTENSIONS))
_ALL_BUT_CONTAINERS: Final = bytes(set(range(256)) - set(_CONTAINERS))
_INFINITIES: Final = (b"\xca\x7f\x80\x00\x00", b"\xca\xff\x80\x00\x00")
