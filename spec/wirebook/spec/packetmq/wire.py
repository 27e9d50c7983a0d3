"""The schemas of PacketMQ: every octet of its frames, and the requirement behind each check.

What may live here: schemas in the dialect, without behaviour. See `dialect` for what each piece
reads and writes. A schema reads what a receiver takes, and builds what a sender may send.
"""

from __future__ import annotations

from wirebook.spec.checks import Check
from wirebook.spec.dialect import Block, Field, Layout, Message, MessagePack, Uint
from wirebook.spec.messagepack import Profile
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    ID_MOST,
    SOFTQUIT,
)
from wirebook.spec.packetmq.stream import LENGTH_LEAST, LENGTH_MOST, LENGTH_SIZE
from wirebook.spec.shapes import Any, Bool, Int, Key, Map, Nil, Record, Str

ANY_PAYLOAD = Profile(extensions=True, single_floats=False, scalars_deep=True)
"""MessagePack as payloads have it."""
INTERNAL_PAYLOAD = Profile(
    extensions=True, single_floats=False, scalars_deep=True, bin_as_text=True
)
"""The same in internal packets, where a bin is read as text (PMQ-MSG-012)."""

TAKEN = {
    Check.VALUE: "PMQ-MSG-002",
    Check.RESERVED: "PMQ-MSG-004",
    Check.UTF8: "PMQ-MSG-005",
    Check.DUPLICATE: "PMQ-MSG-006",
    Check.CONTAINER_KEY: "PMQ-MSG-007",
    Check.DEPTH: "PMQ-MSG-009",
}
"""The requirements on every payload that is received."""

SENT = {
    Check.UTF8: "PMQ-MSG-010",
    Check.DUPLICATE: "PMQ-MSG-010",
    Check.CONTAINER_KEY: "PMQ-MSG-010",
    Check.DEPTH: "PMQ-MSG-010",
    Check.TYPE: "PMQ-MSG-001",
    Check.RANGE: "PMQ-MSG-001",
}
"""The requirements on every payload that is sent."""

FRAME = {
    Check.SHORT: "PMQ-FRM-001",
    Check.OVERRUN: "PMQ-FRM-001",
    Check.LEFT_OVER: "PMQ-FRM-001",
    Check.LONG: "PMQ-FRM-005",
    Check.UNDERRUN: "PMQ-FRM-006",
    Check.TOO_LARGE: "PMQ-FRM-003",
}
"""The requirements on a frame and its length."""

PACKET = {
    Check.SHORT: "PMQ-FRM-006",
    Check.LONG: "PMQ-FRM-005",
    Check.TOO_LARGE: "PMQ-FRM-003",
}
"""The requirements on a content that stands alone, without its length."""

_OTHERS = "A member that a receiver does not know, and ignores."

_VERSION = Key(
    "version",
    Int(),
    "Version of the protocol that the sender speaks; this book describes 1.",
    rules={Check.TYPE: "PMQ-INT-003"},
    cites=("PMQ-HSK-002", "PMQ-HSK-003"),
)
_REASON = Key(
    "reason",
    Str(),
    "Why the sender takes its leave, as a dotted string.",
    rules={Check.TYPE: "PMQ-INT-004"},
    cites=("PMQ-INT-005", "PMQ-LST-005", "PMQ-LST-006"),
)
_ADAPT = Key(
    "adapt",
    Bool(),
    "Whether the sender adapts; else it enforces its ids.",
    cites=("PMQ-HSK-004",),
)
_IDMAP = Key(
    "idmap",
    Map(Int(0, ID_MOST)),
    "The sender's id map: the name of each packet that it knows, with its id there.",
    cites=("PMQ-INT-006", "PMQ-INT-007", "PMQ-IDS-002"),
)

PAYLOAD = MessagePack(Any(), rules=TAKEN, profile=ANY_PAYLOAD, sent_rules=SENT)

INIT_PAYLOAD = MessagePack(
    Record((_VERSION,), others=Any(), others_doc=_OTHERS, any_keys=True),
    rules=TAKEN | {Check.TYPE: "PMQ-INT-003", Check.MISSING: "PMQ-INT-003"},
    profile=INTERNAL_PAYLOAD,
    sent=Record((_VERSION,)),
    sent_rules=SENT
    | {
        Check.TYPE: "PMQ-INT-003",
        Check.MISSING: "PMQ-INT-003",
        Check.UNKNOWN: "PMQ-INT-002",
    },
)

SOFTQUIT_PAYLOAD = MessagePack(
    Any(),
    rules=TAKEN,
    profile=INTERNAL_PAYLOAD,
    sent=Record((_REASON,)),
    sent_rules=SENT
    | {
        Check.TYPE: "PMQ-INT-004",
        Check.MISSING: "PMQ-INT-004",
        Check.UNKNOWN: "PMQ-INT-002",
    },
)

PUBIDS_PAYLOAD = MessagePack(
    Record((_ADAPT, _IDMAP), others=Any(), others_doc=_OTHERS, any_keys=True),
    rules=TAKEN
    | {
        Check.TYPE: "PMQ-INT-008",
        Check.RANGE: "PMQ-INT-008",
        Check.MISSING: "PMQ-INT-008",
    },
    profile=INTERNAL_PAYLOAD,
    sent=Record((_ADAPT, _IDMAP)),
    sent_rules=SENT
    | {
        Check.TYPE: "PMQ-INT-008",
        Check.RANGE: "PMQ-INT-008",
        Check.MISSING: "PMQ-INT-008",
        Check.UNKNOWN: "PMQ-INT-002",
    },
)

FINISH_PAYLOAD = MessagePack(
    Any(),
    rules=TAKEN,
    profile=INTERNAL_PAYLOAD,
    sent=Nil(),
    sent_rules=SENT | {Check.TYPE: "PMQ-INT-009"},
)


def _packet(payload: MessagePack, least: int, most: int, doc: str) -> Layout:
    """Return the content of frames with an id from `least` to `most`."""
    rule = "PMQ-PID-003" if least == APPLICATION_LEAST else "PMQ-PID-002"
    return Layout(
        Field(
            "id",
            Uint(2, least=least, most=most),
            "Packet id: of which kind the packet is.",
            {Check.RANGE: rule, Check.TYPE: "PMQ-PID-001", Check.MISSING: "PMQ-PID-001"},
            cites=["PMQ-PID-001"],
        ),
        Field("payload", payload, doc, cites=["PMQ-MSG-001"]),
    )


def _frame(doc: str, payload: MessagePack, least: int, most: int, meaning: str) -> Message:
    """Return the message that is a whole frame."""
    packet = _packet(payload, least, most, meaning)
    block = Block(
        LENGTH_SIZE,
        packet,
        "Octets that the content takes.",
        least=LENGTH_LEAST,
        most=LENGTH_MOST,
    )
    content = Field("content", block, "The packet.", FRAME, cites=["PMQ-FRM-002", "PMQ-FRM-004"])
    return Message(doc, Layout(content), least=LENGTH_SIZE, most=None, rules=FRAME)


MESSAGES = {
    "handshake-init": _frame(
        "Tells which version of the protocol its sender speaks.",
        INIT_PAYLOAD,
        HANDSHAKE_INIT,
        HANDSHAKE_INIT,
        "A map with this member; a receiver ignores others.",
    ),
    "softquit": _frame(
        "Takes leave.",
        SOFTQUIT_PAYLOAD,
        SOFTQUIT,
        SOFTQUIT,
        "A map with this member; a receiver takes anything else for `reason.unknown`.",
    ),
    "handshake-pubids": _frame(
        "Tells the names and ids that its sender knows.",
        PUBIDS_PAYLOAD,
        HANDSHAKE_PUBIDS,
        HANDSHAKE_PUBIDS,
        "A map with these members; a receiver ignores others.",
    ),
    "handshake-finish": _frame(
        "Tells that its sender is active.",
        FINISH_PAYLOAD,
        HANDSHAKE_FINISH,
        HANDSHAKE_FINISH,
        "Nil; a receiver takes anything, and does not look at it.",
    ),
    "application-packet": _frame(
        "A packet of the application.",
        PAYLOAD,
        APPLICATION_LEAST,
        ID_MOST,
        "What the application sends.",
    ),
    "frame": _frame(
        "A packet of any kind, behind its length.",
        MessagePack(Any(), rules=TAKEN, profile=ANY_PAYLOAD, sent_rules=SENT),
        0,
        ID_MOST,
        "Exactly one value; its shape depends on the kind.",
    ),
    "packet": Message(
        "The content of a frame.",
        _packet(
            MessagePack(Any(), rules=TAKEN, profile=ANY_PAYLOAD, sent_rules=SENT),
            0,
            ID_MOST,
            "Exactly one value; its shape depends on the kind.",
        ),
        least=LENGTH_LEAST,
        most=LENGTH_MOST,
        rules=PACKET,
        datagram=False,
    ),
    "payload": Message(
        "A payload: one value in MessagePack.",
        MessagePack(Any(), rules=TAKEN, profile=ANY_PAYLOAD, sent_rules=SENT),
        least=0,
        most=LENGTH_MOST - LENGTH_LEAST,
        rules=PACKET,
        datagram=False,
    ),
}
"""Every frame, likely ones first, and the parts of frames that the book describes on their own."""
