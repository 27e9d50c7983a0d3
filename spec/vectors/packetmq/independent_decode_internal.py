"""Internal packets that a receiver has to take: members it knows and others, text as str and bin.

Writes `independent-decode-internal.json`. What a receiver does not know stays in the value.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import octets as o

Row = tuple[str, str, str, Any]
"""A name, requirements, the payload in hex, its value."""

VERSION, REASON = o.VERSION.hex(), o.REASON.hex()
BIN_VERSION, BIN_REASON = "c407" + VERSION[2:], "c406" + REASON[2:]

INITS: list[Row] = [
    ("plain", "INT-003", f"81 {VERSION} 01", {"version": 1}),
    ("version-0", "INT-003", f"81 {VERSION} 00", {"version": 0}),
    ("version-2", "INT-003", f"81 {VERSION} 02", {"version": 2}),
    ("version-minus-1", "INT-003", f"81 {VERSION} ff", {"version": -1}),
    ("version-300", "INT-003", f"81 {VERSION} cd012c", {"version": 300}),
    ("version-2-64", "INT-003", f"81 {VERSION} cf" + "ff" * 8, {"version": 2**64 - 1}),
    ("version-minus-2-63", "INT-003", f"81 {VERSION} d380" + "00" * 7, {"version": -(2**63)}),
    ("version-uint8", "MSG-003 INT-003", f"81 {VERSION} cc01", {"version": 1}),
    ("version-int64", "MSG-003 INT-003", f"81 {VERSION} d3" + "00" * 7 + "01", {"version": 1}),
    ("map16", "MSG-003 INT-003", f"de0001 {VERSION} 01", {"version": 1}),
    ("map32", "MSG-003 INT-003", f"df00000001 {VERSION} 01", {"version": 1}),
    ("key-str8", "MSG-003 INT-003", f"81 d907 {VERSION[2:]} 01", {"version": 1}),
    ("key-str16", "MSG-003 INT-003", f"81 da0007 {VERSION[2:]} 01", {"version": 1}),
    ("key-str32", "MSG-003 INT-003", f"81 db00000007 {VERSION[2:]} 01", {"version": 1}),
    ("key-bin8", "MSG-012", f"81 c407 {VERSION[2:]} 01", {"version": 1}),
    ("key-bin16", "MSG-012", f"81 c50007 {VERSION[2:]} 01", {"version": 1}),
    ("key-bin32", "MSG-012", f"81 c600000007 {VERSION[2:]} 01", {"version": 1}),
    ("other-member", "INT-001", f"82 {VERSION} 01 a178 c0", {"version": 1, "x": None}),
    ("other-member-first", "INT-001", f"82 a178 9102 {VERSION} 01", {"x": [2], "version": 1}),
    ("other-case", "INT-001", f"82 {VERSION} 01 a7 56657273696f6e 02",
     {"version": 1, "Version": 2}),
    ("other-member-ext", "INT-001", f"82 {VERSION} 01 a178 d40500",
     {"version": 1, "x": o.Ext(5, b"\0")}),
    ("other-keys", "INT-001", f"85 01 02 {VERSION} 01 c0 03 c2 04 cb3fe0000000000000 05",
     {1: 2, "version": 1, None: 3, False: 4, 0.5: 5}),
    ("other-member-bin", "INT-001 MSG-012", f"82 {VERSION} 01 c40178 c40179",
     {"version": 1, "x": "y"}),
    ("other-member-bin-deep", "INT-001 MSG-012", f"82 {VERSION} 01 a178 92 c40179 81c4017ac400",
     {"version": 1, "x": ["y", {"z": ""}]}),
    ("other-member-no-text", "INT-001 MSG-012", f"82 {VERSION} 01 c401ff c402c3a9",
     {"version": 1, b"\xff": "é"}),
    ("other-value-no-text", "INT-001 MSG-012", f"82 {VERSION} 01 a178 c402c328",
     {"version": 1, "x": b"\xc3("}),
    ("depth-32", "INT-001 MSG-008", f"82 {VERSION} 01 a178" + "91" * 30 + "07",
     {"version": 1, "x": None}),
]  # fmt: skip

SOFTQUITS: list[Row] = [
    ("plain", "MSG-003", f"81 {REASON} aa 726561736f6e2e627965", {"reason": "reason.bye"}),
    ("bin", "MSG-012", f"81 {BIN_REASON} c40a 726561736f6e2e627965", {"reason": "reason.bye"}),
    ("bin-key", "MSG-012", f"81 {BIN_REASON} a162", {"reason": "b"}),
    ("bin-value", "MSG-012", f"81 {REASON} c50001 62", {"reason": "b"}),
    ("str16", "MSG-003", f"81 {REASON} da0001 62", {"reason": "b"}),
    ("empty-reason", "MSG-003", f"81 {REASON} a0", {"reason": ""}),
    ("not-ascii", "MSG-003", f"81 {REASON} a4 f09f8eb2", {"reason": "🎲"}),
    ("other-member", "INT-001", f"82 {REASON} a162 a16b 91c0", {"reason": "b", "k": [None]}),
    ("bin-no-text", "INT-005 MSG-012", f"81 {REASON} c401ff", {"reason": b"\xff"}),
    ("reason-integer", "INT-005", f"81 {REASON} 05", {"reason": 5}),
    ("reason-nil", "INT-005", f"81 {REASON} c0", {"reason": None}),
    ("reason-array", "INT-005", f"81 {REASON} 91 a162", {"reason": ["b"]}),
    ("no-reason", "INT-005", "80", {}),
    ("nil", "INT-005", "c0", None),
    ("text", "INT-005", "a162", "b"),
    ("array", "INT-005", f"92 {REASON} a162", ["reason", "b"]),
    ("ext", "INT-005", "d4 01 62", o.Ext(1, b"b")),
]

ADAPT, IDMAP = o.ADAPT.hex(), o.IDMAP.hex()
BIN_ADAPT, BIN_IDMAP = "c405" + ADAPT[2:], "c405" + IDMAP[2:]

PUBIDS: list[Row] = [
    ("adapts", "INT-008", f"82 {ADAPT} c3 {IDMAP} 81 a3613a62 10",
     o.pubids(True, {"a:b": 16})),
    ("enforces", "INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a3613a62 10",
     o.pubids(False, {"a:b": 16})),
    ("turned", "INT-008", f"82 {IDMAP} 81 a3613a62 10 {ADAPT} c2",
     {"idmap": {"a:b": 16}, "adapt": False}),
    ("empty-map", "INT-008", f"82 {ADAPT} c2 {IDMAP} 80", o.pubids(False, {})),
    ("id-0", "INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a161 00", o.pubids(False, {"a": 0})),
    ("id-65535", "INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a161 cdffff", o.pubids(False, {"a": 65535})),
    ("ids-twice", "INT-008", f"82 {ADAPT} c2 {IDMAP} 82 a161 11 a162 11",
     o.pubids(False, {"a": 17, "b": 17})),
    ("empty-name", "INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a0 11", o.pubids(False, {"": 17})),
    ("id-uint16", "MSG-003 INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a161 cd0011",
     o.pubids(False, {"a": 17})),
    ("id-int64", "MSG-003 INT-008", f"82 {ADAPT} c2 {IDMAP} 81 a161 d3" + "00" * 7 + "11",
     o.pubids(False, {"a": 17})),
    ("maps-32", "MSG-003 INT-008", f"df00000002 {ADAPT} c2 {IDMAP} df00000001 a161 11",
     o.pubids(False, {"a": 17})),
    ("bins", "MSG-012", f"82 {BIN_ADAPT} c2 {BIN_IDMAP} 81 c403613a62 11",
     o.pubids(False, {"a:b": 17})),
    ("bin-names", "MSG-012", f"82 {ADAPT} c2 {IDMAP} 82 c403613a62 11 a3613a63 12",
     o.pubids(False, {"a:b": 17, "a:c": 18})),
    ("other-member", "INT-001", f"83 {ADAPT} c2 a16b 01 {IDMAP} 80",
     {"adapt": False, "k": 1, "idmap": {}}),
    ("other-key", "INT-001", f"83 {ADAPT} c2 05 01 {IDMAP} 80",
     {"adapt": False, 5: 1, "idmap": {}}),
]  # fmt: skip

FINISHES: list[Row] = [
    ("plain", "INT-010", "c0", None),
    ("true", "INT-010", "c3", True),
    ("map", "INT-010", "81 a161 01", {"a": 1}),
    ("array", "INT-010", "92 c0 cb3ff8000000000000", [None, 1.5]),
    ("ext", "INT-010", "c7 00 2a", o.Ext(42, b"")),
    ("bin", "INT-010 MSG-012", "c40161", "a"),
]

SPANS = {
    o.INIT: [(0, 4, "content:length"), (4, 2, "content.id"), (15, 1, "content.payload.version")],
    o.SOFTQUIT: [(4, 2, "content.id"), (14, 11, "content.payload.reason")],
    o.PUBIDS: [
        (4, 2, "content.id"),
        (13, 1, "content.payload.adapt"),
        (20, 6, "content.payload.idmap"),
        (25, 1, "content.payload.idmap['a:b']"),
    ],
    o.FINISH: [(4, 2, "content.id"), (6, 1, "content.payload")],
}
"""Where the fields of the first row of each table are."""


def group(number: int, comment: str, rows: list[Row]) -> Group:
    """Return a group with each row as a frame."""
    message = o.MESSAGES[number]
    made = Group("decode", comment, message)
    for index, (name, requirements, octets, value) in enumerate(rows):
        made.decode(
            f"decode-{message}-{name}",
            requirements,
            o.frame(number, bytes.fromhex(octets)),
            o.value(number, _deep(value) if name == "depth-32" else value),
            spans=None if index else SPANS[number],
        )
    return made


def _deep(value: dict[str, Any]) -> dict[str, Any]:
    """Return the value with thirty arrays and a 7 for its nil."""
    inner: Any = 7
    for _ in range(30):
        inner = [inner]
    return {key: inner if item is None else item for key, item in value.items()}


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-decode-internal.json",
        "Internal packets that a receiver takes.",
        [
            group(o.INIT, "Versions, other members, and text as bin.", INITS),
            group(o.SOFTQUIT, "Whatever the payload is, the peer takes its leave.", SOFTQUITS),
            group(o.PUBIDS, "Id maps in every form; not all can be taken over.", PUBIDS),
            group(o.FINISH, "A payload that nobody looks at.", FINISHES),
        ],
    )
