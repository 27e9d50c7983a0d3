"""Octets written by hand: the few pieces that the scripts of this folder are made of.

Here live the header, the event block and a MessagePack encoder of the book's profile, read off the
book's page, and the shape of values in JSON. Nothing of the schema, the reference or a MessagePack
library may be imported here: vectors that share code with what they check share its mistakes.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

PROTOCOL_ID = bytes.fromhex("ff d0 fa b9")
TO_DELETE = bytes.fromhex("d2 81 e5 ba")
LARGEST_DATAGRAM = 2048

# The pieces of the event that most tests are built around: ("", [], {}) but for one of them.
TYPE = bytes.fromhex("a4 74 79 70 65")
HANDLER_ARGS = bytes.fromhex("ac 68 61 6e 64 6c 65 72 5f 61 72 67 73")
HANDLER_KWARGS = bytes.fromhex("ae 68 61 6e 64 6c 65 72 5f 6b 77 61 72 67 73")
TIME_ORDER = bytes.fromhex("aa 74 69 6d 65 5f 6f 72 64 65 72")
GAME_STATUS = bytes.fromhex("ab 67 61 6d 65 5f 73 74 61 74 75 73")


def header(sequence: int = 1, ack: int = 0, bits: int = 0) -> bytes:
    """Return the 12 octets of a header."""
    return PROTOCOL_ID + struct.pack(">HHI", sequence, ack, bits)


def entry(octets: bytes) -> bytes:
    """Return `octets` behind their length: an entry of an event block, or an update."""
    return struct.pack(">H", len(octets)) + octets


def event(
    kind: bytes = b"\xa1E",
    args: bytes = b"\x90",
    kwargs: bytes = b"\x80",
) -> bytes:
    """Return the map of an event, its three values given in MessagePack."""
    return b"\x83" + TYPE + kind + HANDLER_ARGS + args + HANDLER_KWARGS + kwargs


def update(members: bytes = b"", count: int = 0, time_order: bytes = b"\x01") -> bytes:
    """Return an update of `time_order` and then `count` further members, given in MessagePack."""
    return bytes([0x81 + count]) + TIME_ORDER + time_order + members


def client(*events: bytes, time_order: int = 0, head: bytes | None = None) -> bytes:
    """Return a client package."""
    fixed = (header() if head is None else head) + struct.pack(">H", time_order)
    return fixed + b"".join(entry(octets) for octets in events)


def server(*events: bytes, state: bytes | None = None, head: bytes | None = None) -> bytes:
    """Return a server package; `state` is its update in MessagePack."""
    fixed = (header() if head is None else head) + entry(update() if state is None else state)
    return fixed + b"".join(entry(octets) for octets in events)


def plain(*events: bytes, head: bytes | None = None) -> bytes:
    """Return a plain package."""
    return (header() if head is None else head) + b"".join(entry(octets) for octets in events)


def header_value(sequence: int = 1, ack: int = 0, bits: int = 0) -> dict[str, Any]:
    """Return the value of a header."""
    return {"protocol_id": PROTOCOL_ID, "sequence": sequence, "ack": ack, "ack_bitfield": bits}


def event_value(
    kind: Any = "E", args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the value of an event."""
    return {"type": kind, "handler_args": list(args), "handler_kwargs": dict(kwargs or {})}


def client_value(
    *events: dict[str, Any], time_order: int = 0, head: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the value of a client package."""
    return {"header": head or header_value(), "time_order": time_order, "events": list(events)}


def server_value(
    *events: dict[str, Any],
    state: Mapping[str, Any] | None = None,
    head: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the value of a server package."""
    changes = {"time_order": 1} if state is None else dict(state)
    return {"header": head or header_value(), "update": changes, "events": list(events)}


def plain_value(*events: dict[str, Any], head: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the value of a plain package."""
    return {"header": head or header_value(), "events": list(events)}


def package(message: str, value: Mapping[str, Any]) -> bytes:
    """Encode a value of the given message, the members of every map in their order."""
    if message == "shutdown":
        command: str = value["command"]
        return command.encode("ascii")
    fields = value["header"]
    head = header(fields["sequence"], fields["ack"], fields["ack_bitfield"])
    events = [pack(item) for item in value["events"]]
    if message == "client-package":
        return client(*events, time_order=value["time_order"], head=head)
    if message == "server-package":
        return server(*events, state=pack(value["update"]), head=head)
    return plain(*events, head=head)


def pack(value: Any) -> bytes:
    """Encode a value by the sender's rules of the MessagePack profile.

    Of two shortest formats for a positive integer, the unsigned one is taken.
    """
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _pack_int(value)
    if isinstance(value, float):
        return b"\xca" + float32(value)
    if isinstance(value, str):
        text = value.encode()
        return _pack_length(len(text), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + text
    if isinstance(value, bytes):
        return _pack_length(len(value), None, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, list | tuple):
        items = b"".join(pack(item) for item in value)
        return _pack_length(len(value), (0x90, 15), (None, 0xDC, 0xDD)) + items
    if isinstance(value, dict):
        members = b"".join(pack(key) + pack(item) for key, item in value.items())
        return _pack_length(len(value), (0x80, 15), (None, 0xDE, 0xDF)) + members
    raise TypeError(f"no MessagePack for {value!r}")


def float32(value: float) -> bytes:
    """Round to the 32-bit format by exact fractions, ties to even (PGS-MSG-001)."""
    sign = 0x80000000 if math.copysign(1.0, value) < 0 else 0
    if math.isinf(value):
        return struct.pack(">I", sign | 0x7F800000)
    magnitude = abs(value)
    if magnitude == 0:
        return struct.pack(">I", sign)
    exponent = max(math.frexp(magnitude)[1] - 1, -126)
    significand = round(Fraction(magnitude) / Fraction(2) ** (exponent - 23))
    bits = ((exponent + 126) << 23) + significand  # the leading one carries into the exponent
    if bits >= 0x7F800000:
        raise OverflowError(f"{value!r} exceeds the 32-bit format")
    return struct.pack(">I", sign | bits)


def typed(value: Any) -> Any:
    """Write a value in JSON, as the book's conformance application does."""
    if isinstance(value, float):
        if math.isnan(value):
            return {"$float": "nan"}
        if math.isinf(value):
            return {"$float": "inf" if value > 0 else "-inf"}
        return {"$float": value}
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"$int": str(value)}
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: typed(item) for key, item in value.items()}
        return {"$map": [[typed(key), typed(item)] for key, item in value.items()]}
    return value


def untyped(value: Any) -> Any:
    """Read a value from JSON, where `typed` wrote it."""
    if isinstance(value, list):
        return [untyped(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$float": number}:
            return float(number)
        case {"$bin": digits}:
            return bytes.fromhex(digits)
        case {"$int": digits}:
            return int(digits)
        case {"$map": members}:
            return {untyped(key): untyped(item) for key, item in members}
    return {key: untyped(item) for key, item in value.items()}


def _pack_int(value: int) -> bytes:
    if -32 <= value <= 127:
        return struct.pack(">b", value)
    formats = (
        ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"))
        if value >= 0
        else ((0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q"))
    )
    for lead, layout in formats:
        try:
            return bytes([lead]) + struct.pack(layout, value)
        except struct.error:
            continue
    raise OverflowError(f"{value} is no integer of MessagePack")


def _pack_length(
    length: int, fixed: tuple[int, int] | None, leads: tuple[int | None, int, int]
) -> bytes:
    if fixed is not None and length <= fixed[1]:
        return bytes([fixed[0] | length])
    if leads[0] is not None and length < 1 << 8:
        return bytes([leads[0], length])
    if length < 1 << 16:
        return bytes([leads[1]]) + struct.pack(">H", length)
    return bytes([leads[2]]) + struct.pack(">I", length)
