"""The pieces of PyGaSe's datagrams that the scripts of this folder are made of.

Here live the header, the event block and what stands in both; MessagePack is in `vectors.octets`.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from vectors.octets import float32 as float32
from vectors.octets import pack as pack
from vectors.octets import typed as typed
from vectors.octets import untyped as untyped

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
