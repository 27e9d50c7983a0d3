"""Every format of MessagePack that a receiver has to take, and what it means.

Writes `independent-decode-messagepack.json`. Each value is the payload of an application packet.
"""

from typing import Any

from vectors import formats as f
from vectors.files import Group, write
from vectors.packetmq import octets as o

EXTENSIONS: list[f.Row] = [
    ("d40100", o.Ext(1, b"\x00")),
    ("d5000102", o.Ext(0, b"\x01\x02")),
    ("d67f01020304", o.Ext(127, b"\x01\x02\x03\x04")),
    ("d78001020304050607 08", o.Ext(-128, bytes(range(1, 9)))),
    ("d805" + "ab" * 16, o.Ext(5, b"\xab" * 16)),
    ("c70001", o.Ext(1, b"")),
    ("c70301616263", o.Ext(1, b"abc")),
    ("c7ff02" + "61" * 255, o.Ext(2, b"a" * 255)),
    ("c8010002" + "61" * 256, o.Ext(2, b"a" * 256)),
    ("d6ff00000001", o.Ext(-1, b"\0\0\0\1")),
    ("d7ff0000000000000001", o.Ext(-1, bytes(7) + b"\1")),
    ("c70cff000000000000000000000001", o.Ext(-1, bytes(11) + b"\1")),
    ("d4ff00", o.Ext(-1, b"\0")),
    ("92d4010007", [o.Ext(1, b"\0"), 7]),
    ("81a178d4050a", {"x": o.Ext(5, b"\n")}),
]
"""The last of code -1 has no length that a time has: it is a number and octets all the same."""

LONGER_EXTENSIONS: list[f.Row] = [
    ("c7010100", o.Ext(1, b"\x00")),
    ("c7040500000000", o.Ext(5, bytes(4))),
    ("c8000001", o.Ext(1, b"")),
    ("c8000305616263", o.Ext(5, b"abc")),
    ("c90000000080", o.Ext(-128, b"")),
    ("c90000001005" + "ab" * 16, o.Ext(5, b"\xab" * 16)),
]


def formats(comment: str, requirements: str, rows: list[f.Row], result: str = "valid") -> Group:
    """Return a group with each row as a payload."""
    group = Group("decode", comment, "application-packet")
    for octets, value in rows:
        packed = bytes.fromhex(octets)
        short = packed.hex() if len(packed) <= 12 else f"{packed[:5].hex()}-{len(packed)}"
        group.decode(
            f"decode-payload-{short}",
            requirements,
            o.frame(17, packed),
            o.value(17, value),
            result=result,
        )
    return group


def depths() -> Group:
    """Return values that are 32 deep, and a few that are less."""
    group = Group("decode", "Depths up to 32.", "application-packet")
    nested: list[tuple[str, bytes, int, bytes, Any]] = [
        ("scalar-2", b"\x91", 1, b"\x01", 1),
        ("scalar-31", b"\x91", 30, b"\x01", 1),
        ("scalar-32", b"\x91", 31, b"\x01", 1),
        ("empty-array-32", b"\x91", 31, b"\x90", []),
        ("empty-map-32", b"\x91", 31, b"\x80", {}),
        ("text-32", b"\x91", 31, b"\xa1a", "a"),
        ("array16-32", b"\xdc\x00\x01", 31, b"\xc0", None),
        ("array32-32", b"\xdd\x00\x00\x00\x01", 31, b"\xc0", None),
    ]
    for name, head, count, inner, innermost in nested:
        value = innermost
        for _ in range(count):
            value = [value]
        group.decode(
            f"decode-depth-{name}",
            "MSG-008",
            o.frame(17, head * count + inner),
            o.value(17, value),
        )
    for name, inner, deepest in (("scalar", b"\x01", 1), ("empty-map", b"\x80", {})):
        deep: Any = deepest
        for _ in range(31):
            deep = {"m": deep}
        group.decode(
            f"decode-depth-maps-{name}-32",
            "MSG-008",
            o.frame(17, b"\x81\xa1m" * 31 + inner),
            o.value(17, deep),
        )
    mixed: Any = [1]
    for _ in range(15):
        mixed = [{"m": mixed}]
    group.decode(
        "decode-depth-mixed-32",
        "MSG-008",
        o.frame(17, b"\x91\x81\xa1m" * 15 + b"\x91\x01"),
        o.value(17, mixed),
    )
    wide: Any = 1
    for _ in range(31):
        wide = [None, wide, None]
    group.decode(
        "decode-depth-wide-32",
        "MSG-008",
        o.frame(17, b"\x93\xc0" * 31 + b"\x01" + b"\xc0" * 31),
        o.value(17, wide),
        comment="what is beside counts for itself",
    )
    return group


def spans() -> Group:
    """Return a payload whose parts stand where the spans say."""
    group = Group("decode", "Where the parts of a payload are.", "application-packet")
    group.decode(
        "decode-spans",
        "MSG-013",
        bytes.fromhex("00000011 0011 82 a178 01 a179 cb4004000000000000"),
        o.value(17, {"x": 1, "y": 2.5}),
        spans=[
            (0, 4, "content:length"),
            (6, 15, "content.payload"),
            (9, 1, "content.payload.x"),
            (12, 9, "content.payload.y"),
        ],
    )
    return group


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-decode-messagepack.json",
        "Payloads in every format of MessagePack.",
        [
            formats("Nil and booleans.", "MSG-003", f.SIMPLE),
            formats("Integers.", "MSG-003", f.SHORTEST_INTEGERS),
            formats("Integers, longer than need be.", "MSG-003", f.LONGER_INTEGERS),
            formats("Floats of 32 bits.", "MSG-003", f.SINGLE_FLOATS),
            formats("Floats of 64 bits.", "MSG-003", f.DOUBLE_FLOATS),
            formats("Texts.", "MSG-003", f.SHORTEST_TEXTS),
            formats("Texts, longer than need be.", "MSG-003", f.LONGER_TEXTS),
            formats("A bin stays a bin.", "MSG-003 MSG-013", f.SHORTEST_BINS),
            formats("Bins, longer than need be.", "MSG-003 MSG-013", f.LONGER_BINS),
            formats("Arrays and maps.", "MSG-003", f.SHORTEST_CONTAINERS),
            formats("Arrays and maps, longer than need be.", "MSG-003", f.LONGER_CONTAINERS),
            formats("Keys that are not texts.", "MSG-003 MSG-013", f.KEYS),
            formats("Extension values.", "MSG-003", EXTENSIONS),
            formats("Extension values, longer than need be.", "MSG-003", LONGER_EXTENSIONS),
            depths(),
            spans(),
        ],
    )
