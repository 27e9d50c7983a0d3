"""Every kind of packet in every state of a side that is fed it.

Writes `independent-every-packet.json`. The outcomes are one letter each, written down by hand from
the chapters on states and errors.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import handshaking as h
from vectors.packetmq import octets as o
from vectors.packetmq.handshaking import ADAPTIVE, ENFORCING, Packet, ids, leaves, raw

STATES = [
    "connMade",
    "idcheck",
    "active, unconfirmed",
    "active, confirmed",
    "softquitted",
    "closed",
]
"""In the order of the letters."""

LEAVING = {
    "f": "framing",
    "m": "malformed",
    "n": "nonequalpackets",
    "p": "sameadaptivepolicy",
    "u": "unknownpacket",
    "v": "versionmismatch",
}
"""The letters of those outcomes in which the side takes its leave, and why.

Besides, there are `.` for nothing, `>` for a step forward and `x` for the end of the connection.
"""

# A name, requirements, does the side adapt?, what it gets, the outcome in each state
KINDS: list[tuple[str, str, bool, bytes, str]] = [
    ("init", "HSK-002 HSK-009", True, h.INIT, "> . . . . ."),
    ("init-other", "HSK-003 HSK-009", True, h.init(3), "v . . . . ."),
    ("init-shape", "INT-003", True, raw(o.INIT, "80"), "m m m m . ."),
    ("pubids-same-policy", "HSK-004 HSK-009", True, h.FROM_ADAPTIVE, ". p . . . ."),
    ("pubids-of-adaptive", "HSK-005 HSK-009", False, h.FROM_ADAPTIVE, ". > . . . ."),
    ("pubids-unusable", "IDS-002 HSK-009", True, ids(False, o.idmap(("app:echo", 3))),
     ". m . . . ."),
    ("pubids-other-names", "HSK-006 HSK-009", True, h.offers(False, ("a:b", 17)), ". n . . . ."),
    ("pubids-equal-names", "HSK-008 HSK-009", True, h.FROM_ENFORCING, ". > . . . ."),
    ("pubids-shape", "INT-008", True, raw(o.PUBIDS, "90"), "m m m m . ."),
    ("finish", "HSK-011 HSK-009", True, h.FINISH, ". . > . . ."),
    ("finish-malformed", "MSG-002 ERR-003", True, raw(o.FINISH, "a1"), "m m m m . ."),
    ("softquit", "SFQ-005 SFQ-006", True, h.BYE, "x x x x . ."),
    ("softquit-malformed", "INT-005 SFQ-006", True, raw(o.SOFTQUIT, "c1"), "x x x x . ."),
    ("reserved", "EXC-003", True, o.packet(7, "later"), ". . . . . ."),
    ("reserved-malformed", "EXC-003", True, raw(15, "c1"), ". . . . . ."),
    ("known-id", "EXC-001 HSK-010", True, o.packet(18, None), ". . . . . ."),
    ("unknown-id", "EXC-002 HSK-010", True, o.packet(4711, None), ". . u u . ."),
    ("known-id-malformed", "ERR-003 HSK-010", True, raw(18, "c1"), ". . m m . ."),
    ("unknown-id-malformed", "EXC-002 HSK-010", True, raw(4711, "c1"), ". . u u . ."),
    ("length-0", "FRM-006", True, bytes(4), "f f f f . ."),
    ("length-100000", "FRM-005", True, bytes.fromhex("000186a0"), "f f f f . ."),
]  # fmt: skip


def before(adapt: bool) -> list[tuple[list[bytes], list[Packet]]]:
    """Return what brings a side into each state, and what it has sent by then."""
    peer = h.FROM_ENFORCING if adapt else h.FROM_ADAPTIVE
    own = h.ADAPTS if adapt else h.ENFORCES
    active = [h.SAYS_INIT, own, h.SAYS_FINISH]
    return [
        ([], active[:1]),
        ([h.INIT], active[:2]),
        ([h.INIT, peer], active),
        ([h.INIT, peer, h.FINISH], active),
        ([h.INIT, peer, h.FINISH, bytes(4)], [*active, leaves("framing")]),
        ([h.INIT, peer, h.FINISH, h.BYE], active),
    ]


def outcome(letter: str, number: int, adapt: bool) -> tuple[list[Packet], str]:
    """Return what a side sends in the state of that number, and the state it is in then."""
    if letter in LEAVING:
        return [leaves(LEAVING[letter])], "softquitted"
    if letter == "x":
        return [], "closed"
    if letter == ">":
        says: list[list[Packet]] = [[h.ADAPTS if adapt else h.ENFORCES], [h.SAYS_FINISH], []]
        return says[number], STATES[number + 1]
    return [], STATES[number]


def every() -> Group:
    """Return each kind of packet in each state."""
    group = Group("transcript", "Every kind of packet in every state.")
    for name, requirements, adapt, octets, letters in KINDS:
        side: dict[str, Any] = ADAPTIVE if adapt else ENFORCING
        for number, letter in enumerate(letters.split()):
            received, sent = before(adapt)[number]
            more, state = outcome(letter, number, adapt)
            dropped = "SFQ-002 " if number == STATES.index("softquitted") else ""
            group.transcript(
                "handshake",
                f"every-{name}-{STATES[number].replace(', ', '-')}",
                dropped + requirements,
                side=side,
                received=o.stream([*received, octets]),
                sent=o.sent(*sent, *more),
                state=state,
            )
    return group


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-every-packet.json",
        "Every kind of packet, good or bad, in every state of one side.",
        [every()],
    )
