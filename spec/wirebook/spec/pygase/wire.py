"""The schemas of PyGaSe: every octet of its datagrams, and the requirement behind each check.

What may live here: schemas in the dialect, without behaviour. See `dialect` for what each piece
reads and writes.
"""

from __future__ import annotations

from wirebook.spec.checks import Check
from wirebook.spec.dialect import (
    Bits,
    Block,
    Field,
    Layout,
    Magic,
    Message,
    MessagePack,
    Uint,
    UntilEof,
    Word,
)
from wirebook.spec.shapes import Any, Array, Int, Key, Map, Record, Str

DATAGRAM_MOST = 2048
HEADER_SIZE = 12
TO_DELETE = bytes.fromhex("d2 81 e5 ba")
"""The value that deletes the key it is assigned to (PGS-MRG-003)."""

PROFILE = {
    Check.VALUE: "PGS-BOD-003",
    Check.FLOAT: "PGS-MSG-002",
    Check.EXTENSION: "PGS-MSG-008",
    Check.RESERVED: "PGS-MSG-009",
    Check.UTF8: "PGS-MSG-010",
    Check.DUPLICATE: "PGS-MSG-011",
    Check.CONTAINER_KEY: "PGS-MSG-013",
    Check.DEPTH: "PGS-MSG-015",
}
"""The requirements that hold for every MessagePack value."""

DATAGRAM = {
    Check.SHORT: "PGS-HDR-003",
    Check.LONG: "PGS-DGM-003",
    Check.TOO_LARGE: "PGS-DGM-002",
}
"""The requirements on the size of a package."""

HEADER = Layout(
    Field(
        "protocol_id",
        Magic(bytes.fromhex("ff d0 fa b9")),
        "Marks the datagram as a package.",
        {Check.CONSTANT: "PGS-HDR-002"},
    ),
    Field(
        "sequence",
        Uint(2, least=1),
        "Number of this package within its direction of the connection.",
        {Check.RANGE: "PGS-HDR-004"},
        cites=["PGS-SEQ-001", "PGS-SEQ-002"],
    ),
    Field(
        "ack",
        Uint(2),
        "Newest sequence received from the peer; 0 while there is none.",
        cites=["PGS-ACK-001"],
    ),
    Field(
        "ack_bitfield",
        Bits(4),
        "Which of the 32 sequences before `ack` were received; bit 31 stands for `ack` − 1.",
        cites=["PGS-ACK-002"],
    ),
    rules={Check.SHORT: "PGS-HDR-003"},
)

EVENT = MessagePack(
    Record(
        (
            Key(
                "type",
                Str(),
                "Name of the event; the receiver looks up its handler by it.",
                rules={Check.TYPE: "PGS-EVT-002"},
                cites=("PGS-EVT-020",),
            ),
            Key(
                "handler_args",
                Array(),
                "Positional arguments of the handler.",
                rules={Check.TYPE: "PGS-EVT-002"},
            ),
            Key(
                "handler_kwargs",
                Map(),
                "Keyword arguments of the handler.",
                rules={Check.TYPE: "PGS-EVT-002"},
            ),
        )
    ),
    rules=PROFILE
    | {
        Check.TYPE: "PGS-EVT-001",
        Check.MISSING: "PGS-EVT-001",
        Check.UNKNOWN: "PGS-EVT-001",
    },
)

UPDATE = MessagePack(
    Record(
        (
            Key(
                "time_order",
                Int(0, 65535),
                "Version of the game state that the update leads to; 0 is never applied.",
                rules={
                    Check.TYPE: "PGS-UPD-002",
                    Check.RANGE: "PGS-UPD-002",
                    Check.MISSING: "PGS-UPD-002",
                },
                cites=("PGS-SYN-021",),
            ),
            Key(
                "game_status",
                Int(0, 1),
                "0 while the game is paused, 1 while it is active.",
                required=False,
                rules={Check.TYPE: "PGS-UPD-003", Check.RANGE: "PGS-UPD-003"},
                cites=("PGS-SYN-009",),
            ),
        ),
        others=Any(),
        others_doc="An attribute of the game state: merged if a map, deleted if `d2 81 e5 ba`.",
    ),
    rules=PROFILE | {Check.TYPE: "PGS-UPD-001"},
)

EVENTS = Field(
    "events",
    UntilEof(Block(2, EVENT, "Octets that the event takes.")),
    "The event block: any number of events, each after its length.",
    {Check.SHORT: "PGS-BOD-002", Check.OVERRUN: "PGS-BOD-002"},
    cites=["PGS-BOD-003", "PGS-BOD-005"],
)

_HEADER = Field("header", HEADER, "The header, the same in every package.")

PACKAGE = Message(
    "A package without a time order or an update, for peers that synchronise no state.",
    Layout(_HEADER, EVENTS),
    least=HEADER_SIZE,
    most=DATAGRAM_MOST,
    rules=DATAGRAM,
)

CLIENT_PACKAGE = Message(
    "What a client sends to its server.",
    Layout(
        _HEADER,
        Field(
            "time_order",
            Uint(2),
            "Time order of the game state that the client holds; 0 while it holds none.",
            cites=["PGS-SYN-001", "PGS-SYN-020"],
        ),
        EVENTS,
    ),
    least=HEADER_SIZE + 2,
    most=DATAGRAM_MOST,
    rules=DATAGRAM,
)

SERVER_PACKAGE = Message(
    "What a server sends to a client.",
    Layout(
        _HEADER,
        Field(
            "update",
            Block(2, UPDATE, "Octets that the update takes."),
            "The game state update, after its length.",
            {Check.OVERRUN: "PGS-BOD-001"},
            cites=["PGS-BOD-003", "PGS-SYN-003"],
        ),
        EVENTS,
    ),
    least=HEADER_SIZE + 2,
    most=DATAGRAM_MOST,
    rules=DATAGRAM,
)

SHUTDOWN = Message(
    "A datagram in plain text that asks the server to stop.",
    Layout(
        Field(
            "command",
            Word("shutdown", "shut_me_down"),
            "`shutdown` counts if it comes from the host client, `shut_me_down` never.",
            {Check.CONSTANT: "PGS-HDR-002"},
            cites=["PGS-SHD-001", "PGS-SHD-002", "PGS-SHD-003"],
        )
    ),
    least=len("shutdown"),
    most=len("shut_me_down"),
    rules={Check.SHORT: "PGS-HDR-002", Check.LONG: "PGS-HDR-002"},
)

MESSAGES = {
    "client-package": CLIENT_PACKAGE,
    "server-package": SERVER_PACKAGE,
    "package": PACKAGE,
    "shutdown": SHUTDOWN,
    "header": Message(
        "What every package begins with.",
        HEADER,
        least=HEADER_SIZE,
        most=HEADER_SIZE,
        rules={Check.SHORT: "PGS-HDR-003", Check.LONG: "PGS-HDR-003"},
        datagram=False,
    ),
    "update": Message(
        "A game state update: a map in MessagePack.",
        UPDATE,
        least=0,
        most=DATAGRAM_MOST - HEADER_SIZE - 2,
        rules=DATAGRAM,
        datagram=False,
    ),
    "event": Message(
        "An event: a map in MessagePack.",
        EVENT,
        least=0,
        most=DATAGRAM_MOST - HEADER_SIZE - 2,
        rules=DATAGRAM,
        datagram=False,
    ),
}
"""Every message, and the parts of messages that the book describes on their own."""
