"""Handshakes: what one side sends on what it is fed, and the state that it ends in.

Writes `independent-handshakes.json`. Everything is written down by hand, from the rules of the
chapter on states and not from its table.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import handshaking as h
from vectors.packetmq import octets as o
from vectors.packetmq.handshaking import ADAPTIVE, ENFORCING, OWN, THEIRS, Packet, ids, leaves, raw

MADE, IDCHECK, ACTIVE, CONFIRMED = "connMade", "idcheck", "active, unconfirmed", "active, confirmed"
LEFT, CLOSED = "softquitted", "closed"

A_INIT, A_IDS = [h.SAYS_INIT], [h.SAYS_INIT, h.ADAPTS]
A_ALL = [*A_IDS, h.SAYS_FINISH]
E_INIT, E_IDS = [h.SAYS_INIT], [h.SAYS_INIT, h.ENFORCES]
E_ALL = [*E_IDS, h.SAYS_FINISH]
"""What an adaptive and an enforcing side has sent, up to the state in which it is then."""

TO_A, TO_E = [h.INIT, h.FROM_ENFORCING], [h.INIT, h.FROM_ADAPTIVE]
"""What makes each active."""

Row = tuple[str, str, dict[str, Any], list[bytes], list[Packet], str, str]
"""A name, requirements, the side, what it receives, what it sends, its last state, a comment."""


PYTHON_2 = [
    o.packet(number, o.as_bin(payload))
    for number, payload in (h.SAYS_INIT, (o.PUBIDS, o.pubids(False, o.idmap(*THEIRS))))
]

WELL: list[Row] = [
    ("nothing", "HSK-001", ADAPTIVE, [], A_INIT, MADE, "nobody waits for the peer's version"),
    ("nothing-enforcing", "HSK-001", ENFORCING, [], E_INIT, MADE, ""),
    ("init", "HSK-002", ADAPTIVE, [h.INIT], A_IDS, IDCHECK, ""),
    ("init-enforcing", "HSK-002", ENFORCING, [h.INIT], E_IDS, IDCHECK, ""),
    ("active", "HSK-008", ADAPTIVE, TO_A, A_ALL, ACTIVE, ""),
    ("active-enforcing", "HSK-005", ENFORCING, TO_E, E_ALL, ACTIVE, ""),
    ("confirmed", "HSK-011", ADAPTIVE, [*TO_A, h.FINISH], A_ALL, CONFIRMED, ""),
    ("confirmed-enforcing", "HSK-011", ENFORCING, [*TO_E, h.FINISH], E_ALL, CONFIRMED, ""),
    ("python-2", "MSG-012 HSK-008", ADAPTIVE, [*PYTHON_2, h.FINISH], A_ALL, CONFIRMED, ""),
    ("other-order", "HSK-008", ADAPTIVE, [h.INIT, h.offers(False, *THEIRS[::-1])], A_ALL, ACTIVE,
     "names have no order"),
    ("application-first", "HSK-008", ADAPTIVE,
     [h.INIT, ids(False, dict(THEIRS) | o.INTERNAL)], A_ALL, ACTIVE, ""),
    ("other-members", "INT-001", ADAPTIVE,
     [o.packet(o.INIT, {"version": 1, "x": [None]}), h.offers(False, *THEIRS, x=1)], A_ALL, ACTIVE,
     ""),
    ("same-ids", "HSK-008", ADAPTIVE, [h.INIT, h.offers(False, *OWN)], A_ALL, ACTIVE, ""),
    ("least-and-greatest-id", "HSK-008 IDS-002", ADAPTIVE,
     [h.INIT, h.offers(False, ("app:echo", 16), ("app:note", 65535))], A_ALL, ACTIVE, ""),
    ("ids-crossed", "HSK-008", ADAPTIVE,
     [h.INIT, h.offers(False, ("app:echo", 41), ("app:note", 40))], A_ALL, ACTIVE, ""),
    ("no-packets", "HSK-008", {"adapt": True, "packets": []}, [h.INIT, h.offers(False), h.FINISH],
     [h.SAYS_INIT, (o.PUBIDS, o.pubids(True, o.idmap())), h.SAYS_FINISH], CONFIRMED,
     "only the internal ones"),
    ("finish-with-payload", "INT-010", ADAPTIVE, [*TO_A, raw(o.FINISH, "81 a161 01")], A_ALL,
     CONFIRMED, ""),
    ("other-names-enforcing", "HSK-005", ENFORCING, [h.INIT, h.offers(True, ("other:name", 16))],
     E_ALL, ACTIVE, "the adaptive side compares"),
    ("bad-ids-enforcing", "HSK-005", ENFORCING,
     [h.INIT, ids(True, o.INTERNAL | {"packetmq:softquit": 9, "a:b": 3, "a:c": 3})],
     E_ALL, ACTIVE, "nobody takes them over"),
    ("empty-map-enforcing", "HSK-005", ENFORCING, [h.INIT, ids(True, {})], E_ALL, ACTIVE, ""),
]  # fmt: skip

PARTED: list[Row] = [
    *[
        (f"version-{version}", "HSK-003 HSK-007 ERR-002", ADAPTIVE, [h.init(version)],
         [*A_INIT, leaves("versionmismatch")], LEFT, "")
        for version in (0, 2, 256, -1, 2**64 - 1, -(2**63))
    ],
    ("version-2-enforcing", "HSK-003", ENFORCING, [h.init(2)],
     [*E_INIT, leaves("versionmismatch")], LEFT, ""),
    ("both-adapt", "HSK-004 HSK-007", ADAPTIVE, [h.INIT, h.offers(True, *THEIRS)],
     [*A_IDS, leaves("sameadaptivepolicy")], LEFT, ""),
    ("both-enforce", "HSK-004 HSK-007", ENFORCING, [h.INIT, h.offers(False, *THEIRS)],
     [*E_IDS, leaves("sameadaptivepolicy")], LEFT, ""),
    ("both-adapt-other-names", "HSK-004", ADAPTIVE, [h.INIT, h.offers(True)],
     [*A_IDS, leaves("sameadaptivepolicy")], LEFT, "the policy comes first"),
    *[
        (f"names-{name}", "HSK-006 HSK-007", ADAPTIVE, [h.INIT, h.offers(False, *packets)],
         [*A_IDS, leaves("nonequalpackets")], LEFT, comment)
        for name, packets, comment in (
            ("missing", THEIRS[:1], ""),
            ("none", [], ""),
            ("more", [*THEIRS, ("app:more", 19)], ""),
            ("other", [("app:echo", 17), ("app:other", 18)], ""),
            ("other-case", [("app:echo", 17), ("app:Note", 18)], ""),
            ("with-space", [("app:echo", 17), ("app:note ", 18)], ""),
        )
    ],
    ("names-no-internal", "HSK-006", ADAPTIVE, [h.INIT, ids(False, dict(THEIRS))],
     [*A_IDS, leaves("nonequalpackets")], LEFT, "the internal ones belong to the names"),
    ("names-more-internal", "HSK-006", ADAPTIVE,
     [h.INIT, ids(False, o.idmap(*THEIRS) | {"packetmq:later": 20})],
     [*A_IDS, leaves("nonequalpackets")], LEFT, ""),
    ("names-empty-map", "HSK-006", ADAPTIVE, [h.INIT, ids(False, {})],
     [*A_IDS, leaves("nonequalpackets")], LEFT, ""),
    *[
        (f"ids-{name}", "IDS-002 HSK-007", ADAPTIVE, [h.INIT, ids(False, ids_of_all)],
         [*A_IDS, leaves("malformed")], LEFT, comment)
        for name, ids_of_all, comment in (
            ("internal-other", o.idmap(*THEIRS) | {"packetmq:softquit": 4}, ""),
            ("internal-as-application", o.idmap(*THEIRS) | {"packetmq:softquit": 19}, ""),
            ("internal-crossed",
             o.idmap(*THEIRS) | {"packetmq:softquit": 3, "packetmq:handshake_finish": 1}, ""),
            ("application-15", o.idmap(("app:echo", 15), ("app:note", 18)), ""),
            ("application-0", o.idmap(("app:echo", 0), ("app:note", 18)), "an internal id"),
            ("twice", o.idmap(("app:echo", 17), ("app:note", 17)), ""),
            ("and-names", o.idmap(("app:echo", 17), ("app:other", 17)), "ids come before names"),
        )
    ],
]  # fmt: skip

IGNORED: list[Row] = [
    ("finish-first", "HSK-009", ADAPTIVE, [h.FINISH], A_INIT, MADE, "it makes nobody active"),
    ("finish-first-enforcing", "HSK-009", ENFORCING, [h.FINISH], E_INIT, MADE, ""),
    ("finish-only", "HSK-009", ENFORCING, [h.FINISH] * 3, E_INIT, MADE, ""),
    ("finish-in-idcheck", "HSK-009", ADAPTIVE, [h.INIT, h.FINISH], A_IDS, IDCHECK, ""),
    ("finish-early", "HSK-009", ADAPTIVE, [h.INIT, h.FINISH, h.FROM_ENFORCING], A_ALL, ACTIVE,
     "and not made up for later"),
    ("finish-twice", "HSK-009 HSK-011", ADAPTIVE, [*TO_A, h.FINISH, h.FINISH], A_ALL, CONFIRMED,
     ""),
    ("pubids-first", "HSK-009", ADAPTIVE, [h.FROM_ENFORCING], A_INIT, MADE, ""),
    ("pubids-early", "HSK-009", ADAPTIVE, [h.FROM_ENFORCING, h.INIT], A_IDS, IDCHECK, ""),
    ("pubids-first-same-policy", "HSK-009", ADAPTIVE, [h.FROM_ADAPTIVE], A_INIT, MADE, ""),
    ("pubids-twice", "HSK-009", ADAPTIVE, [*TO_A, h.FROM_ENFORCING], A_ALL, ACTIVE, ""),
    ("pubids-twice-enforcing", "HSK-009", ENFORCING, [*TO_E, h.FROM_ADAPTIVE], E_ALL, ACTIVE, ""),
    ("pubids-later-same-policy", "HSK-009", ADAPTIVE, [*TO_A, h.FINISH, h.FROM_ADAPTIVE], A_ALL,
     CONFIRMED, ""),
    ("pubids-later-other-names", "HSK-009", ADAPTIVE, [*TO_A, h.offers(False)], A_ALL, ACTIVE, ""),
    ("pubids-later-bad-ids", "HSK-009", ADAPTIVE, [*TO_A, ids(False, {"a:b": 0})], A_ALL, ACTIVE,
     ""),
    ("init-twice", "HSK-009", ADAPTIVE, [h.INIT, h.INIT], A_IDS, IDCHECK, ""),
    ("init-then-other", "HSK-009", ADAPTIVE, [h.INIT, h.init(2)], A_IDS, IDCHECK, ""),
    ("init-later", "HSK-009", ADAPTIVE, [*TO_A, h.INIT], A_ALL, ACTIVE, ""),
    ("init-later-other", "HSK-009", ENFORCING, [*TO_E, h.FINISH, h.init(7)], E_ALL, CONFIRMED, ""),
    *[
        (f"reserved-{number}", "EXC-003", ADAPTIVE, [o.packet(number, {"version": 2}), *TO_A],
         A_ALL, ACTIVE, "")
        for number in (4, 9, 15)
    ],
    ("reserved-malformed", "EXC-003", ADAPTIVE,
     [raw(4, "c1"), h.INIT, raw(5, ""), h.FROM_ENFORCING, raw(6, "d9"), h.FINISH, raw(15, "c0c0")],
     A_ALL, CONFIRMED, "nobody looks at the payload"),
    ("application-early", "HSK-010", ENFORCING, [o.packet(17, None), h.INIT, o.packet(18, 1)],
     E_IDS, IDCHECK, ""),
    ("application-early-unknown", "HSK-010", ADAPTIVE, [o.packet(999, 1), h.INIT], A_IDS, IDCHECK,
     ""),
    ("application-early-malformed", "HSK-010", ADAPTIVE, [raw(17, "c1"), h.INIT, raw(17, "")],
     A_IDS, IDCHECK, "not read any further than the id"),
]  # fmt: skip

ACTIVE_ROWS: list[Row] = [
    ("application", "EXC-001", ADAPTIVE, [*TO_A, h.FINISH, o.packet(17, 1), o.packet(18, None)],
     A_ALL, CONFIRMED, "the ids of the enforcing side"),
    ("application-enforcing", "EXC-001", ENFORCING, [*TO_E, h.FINISH, o.packet(17, 1)], E_ALL,
     CONFIRMED, ""),
    ("application-unconfirmed", "EXC-001", ADAPTIVE, [*TO_A, o.packet(17, 1), h.FINISH], A_ALL,
     CONFIRMED, ""),
    ("own-id", "EXC-002", ADAPTIVE, [*TO_A, h.FINISH, o.packet(40, 1)],
     [*A_ALL, leaves("unknownpacket")], LEFT, "its own ids mean nothing any more"),
    ("peers-id", "EXC-002", ENFORCING, [*TO_E, h.FINISH, o.packet(40, 1)],
     [*E_ALL, leaves("unknownpacket")], LEFT, ""),
    ("unknown-id-16", "EXC-002", ADAPTIVE, [*TO_A, h.FINISH, o.packet(16, 1)],
     [*A_ALL, leaves("unknownpacket")], LEFT, ""),
    ("unknown-id-65535", "EXC-002", ADAPTIVE, [*TO_A, h.FINISH, o.packet(65535, 1)],
     [*A_ALL, leaves("unknownpacket")], LEFT, ""),
    ("unknown-id-unconfirmed", "EXC-002", ADAPTIVE, [*TO_A, o.packet(19, 1)],
     [*A_ALL, leaves("unknownpacket")], LEFT, ""),
    ("crossed-ids", "EXC-001", ADAPTIVE,
     [h.INIT, h.offers(False, ("app:echo", 41), ("app:note", 40)), o.packet(40, 1),
      o.packet(41, 1)], A_ALL, ACTIVE, ""),
]  # fmt: skip

BROKEN: list[Row] = [
    ("framing-first", "FRM-005 ERR-002", ADAPTIVE, [bytes.fromhex("000186a0")],
     [*A_INIT, leaves("framing")], LEFT, ""),
    ("framing-0-in-idcheck", "FRM-006 HSK-007", ADAPTIVE, [h.INIT, bytes(4)],
     [*A_IDS, leaves("framing")], LEFT, ""),
    ("framing-active", "FRM-005", ENFORCING, [*TO_E, bytes.fromhex("ffffffff")],
     [*E_ALL, leaves("framing")], LEFT, ""),
    ("framing-confirmed", "FRM-006", ENFORCING, [*TO_E, h.FINISH, bytes.fromhex("00000001")],
     [*E_ALL, leaves("framing")], LEFT, ""),
    ("init-malformed", "MSG-002 ERR-003", ADAPTIVE, [raw(o.INIT, "81")],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("init-shape", "INT-003 ERR-003", ADAPTIVE, [raw(o.INIT, "c0")],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("init-version-true", "INT-003", ADAPTIVE, [o.packet(o.INIT, {"version": True})],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("init-version-float", "INT-003", ADAPTIVE, [o.packet(o.INIT, {"version": 1.0})],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("init-shape-in-idcheck", "INT-003", ADAPTIVE, [h.INIT, raw(o.INIT, "80")],
     [*A_IDS, leaves("malformed")], LEFT, "checked, even if it would be ignored"),
    ("init-shape-active", "INT-003", ENFORCING, [*TO_E, raw(o.INIT, "90")],
     [*E_ALL, leaves("malformed")], LEFT, ""),
    ("pubids-shape", "INT-008 HSK-007", ADAPTIVE, [h.INIT, raw(o.PUBIDS, "c0")],
     [*A_IDS, leaves("malformed")], LEFT, ""),
    ("pubids-shape-first", "INT-008", ADAPTIVE, [raw(o.PUBIDS, "80")],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("pubids-adapt-1", "INT-008", ENFORCING,
     [h.INIT, o.packet(o.PUBIDS, {"adapt": 1, "idmap": {}})], [*E_IDS, leaves("malformed")], LEFT,
     ""),
    ("pubids-id-65536", "INT-008", ENFORCING, [h.INIT, ids(True, {"a:b": 65536})],
     [*E_IDS, leaves("malformed")], LEFT, ""),
    ("pubids-shape-confirmed", "INT-008", ENFORCING, [*TO_E, h.FINISH, raw(o.PUBIDS, "01")],
     [*E_ALL, leaves("malformed")], LEFT, ""),
    ("finish-malformed", "MSG-004 ERR-003", ADAPTIVE, [*TO_A, raw(o.FINISH, "c1")],
     [*A_ALL, leaves("malformed")], LEFT, ""),
    ("finish-malformed-first", "MSG-002", ADAPTIVE, [raw(o.FINISH, "")],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("application-malformed", "MSG-004 ERR-003", ADAPTIVE, [*TO_A, h.FINISH, raw(17, "c1")],
     [*A_ALL, leaves("malformed")], LEFT, ""),
    ("application-malformed-unconfirmed", "MSG-002 ERR-003", ENFORCING, [*TO_E, raw(17, "")],
     [*E_ALL, leaves("malformed")], LEFT, ""),
    ("unknown-and-malformed", "EXC-002", ADAPTIVE, [*TO_A, h.FINISH, raw(19, "c1")],
     [*A_ALL, leaves("unknownpacket")], LEFT, "the id comes first"),
]  # fmt: skip

LEAVING: list[Row] = [
    *[
        (f"softquit-{name}", "SFQ-005 SFQ-006", side, [*received, h.BYE], sent, CLOSED, "")
        for name, side, received, sent in (
            ("first", ADAPTIVE, [], A_INIT),
            ("in-idcheck", ENFORCING, [h.INIT], E_IDS),
            ("active", ADAPTIVE, TO_A, A_ALL),
            ("confirmed", ENFORCING, [*TO_E, h.FINISH], E_ALL),
        )
    ],
    *[
        (f"softquit-{name}", "INT-005 SFQ-006", ADAPTIVE, [h.INIT, raw(o.SOFTQUIT, payload)],
         A_IDS, CLOSED, comment)
        for name, payload, comment in (
            ("nil", "c0", ""),
            ("no-reason", "80", ""),
            ("reason-5", "81 a6726561736f6e 05", ""),
            ("without-payload", "", "malformed, but not answered"),
            ("malformed", "c1", ""),
            ("left-over", "80 80", ""),
        )
    ],
    ("softquit-then-more", "SFQ-005", ADAPTIVE, [h.INIT, h.BYE, h.FROM_ENFORCING, h.FINISH],
     A_IDS, CLOSED, "nothing behind it counts"),
    ("dropped-init", "SFQ-001 SFQ-002", ADAPTIVE, [h.init(2), h.INIT, h.FROM_ENFORCING, h.FINISH],
     [*A_INIT, leaves("versionmismatch")], LEFT, "nothing more is read"),
    ("dropped-application", "SFQ-002 ERR-004", ENFORCING,
     [*TO_E, o.packet(99, 1), o.packet(17, 1), o.packet(98, 1)],
     [*E_ALL, leaves("unknownpacket")], LEFT, "one softquit, for the first violation"),
    ("dropped-framing", "SFQ-002", ADAPTIVE, [h.init(2), bytes(4)],
     [*A_INIT, leaves("versionmismatch")], LEFT, ""),
    ("dropped-malformed", "SFQ-002", ADAPTIVE, [raw(o.INIT, "c1"), raw(o.INIT, "c1")],
     [*A_INIT, leaves("malformed")], LEFT, ""),
    ("dropped-softquit", "SFQ-002 SFQ-006", ADAPTIVE, [h.init(2), h.BYE],
     [*A_INIT, leaves("versionmismatch")], LEFT, "both have taken leave"),
]  # fmt: skip


def group(comment: str, rows: list[Row]) -> Group:
    """Return a group with each row as a transcript."""
    made = Group("transcript", comment)
    for name, requirements, side, received, sent, state, remark in rows:
        made.transcript(
            "handshake",
            f"handshake-{name}",
            requirements,
            comment=remark,
            side=side,
            received=o.stream(received),
            sent=o.sent(*sent),
            state=state,
        )
    return made


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-handshakes.json",
        "One side of a connection: what it is fed, what it sends, and the state it ends in.",
        [
            group("Handshakes that go well.", WELL),
            group("Sides that cannot come together.", PARTED),
            group("Packets out of their state.", IGNORED),
            group("Packets of the application once active.", ACTIVE_ROWS),
            group("Violations in every state.", BROKEN),
            group("Softquits, and what comes behind them.", LEAVING),
        ],
    )
