"""What a sender makes of a value: shortest formats, 64 bits for floats, maps in their order.

Writes `independent-encode.json`. The octets are written down by hand; `octets.py` has to agree,
which a test sees to.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import octets as o

Row = tuple[str, Any, str]
"""A name, a payload, and its MessagePack in hex."""

# Integers from 2**8 on that a signed format holds as well have two shortest formats: see the page.
PAYLOADS: list[Row] = [
    ("nil", None, "c0"),
    ("false", False, "c2"),
    ("true", True, "c3"),
    ("0", 0, "00"),
    ("127", 127, "7f"),
    ("128", 128, "cc80"),
    ("255", 255, "ccff"),
    ("32768", 32768, "cd8000"),
    ("65535", 65535, "cdffff"),
    ("2-31", 2**31, "ce80000000"),
    ("2-32-minus-1", 2**32 - 1, "ceffffffff"),
    ("2-63", 2**63, "cf8000000000000000"),
    ("2-64-minus-1", 2**64 - 1, "cfffffffffffffffff"),
    ("minus-1", -1, "ff"),
    ("minus-32", -32, "e0"),
    ("minus-33", -33, "d0df"),
    ("minus-128", -128, "d080"),
    ("minus-129", -129, "d1ff7f"),
    ("minus-32768", -32768, "d18000"),
    ("minus-32769", -32769, "d2ffff7fff"),
    ("minus-2-31", -(2**31), "d280000000"),
    ("minus-2-31-minus-1", -(2**31) - 1, "d3ffffffff7fffffff"),
    ("minus-2-63", -(2**63), "d38000000000000000"),
    ("float-0", 0.0, "cb0000000000000000"),
    ("float-minus-0", -0.0, "cb8000000000000000"),
    ("float-1", 1.0, "cb3ff0000000000000"),
    ("float-2.5", 2.5, "cb4004000000000000"),
    ("float-0.1", 0.1, "cb3fb999999999999a"),
    ("float-largest", 1.7976931348623157e308, "cb7fefffffffffffff"),
    ("float-smallest", 5e-324, "cb0000000000000001"),
    ("infinity", float("inf"), "cb7ff0000000000000"),
    ("minus-infinity", float("-inf"), "cbfff0000000000000"),
    ("empty-text", "", "a0"),
    ("text", "bye", "a3627965"),
    ("text-31", "a" * 31, "bf" + "61" * 31),
    ("text-32", "a" * 32, "d920" + "61" * 32),
    ("text-255", "a" * 255, "d9ff" + "61" * 255),
    ("text-256", "a" * 256, "da0100" + "61" * 256),
    ("text-utf8", "é🎲", "a6 c3a9 f09f8eb2"),
    ("empty-bin", b"", "c400"),
    ("bin", b"raw", "c403726177"),
    ("bin-255", b"a" * 255, "c4ff" + "61" * 255),
    ("bin-256", b"a" * 256, "c50100" + "61" * 256),
    ("empty-array", [], "90"),
    ("array-15", [7] * 15, "9f" + "07" * 15),
    ("array-16", [7] * 16, "dc0010" + "07" * 16),
    ("empty-map", {}, "80"),
    ("map", {"x": 1, "y": 2.5}, "82 a178 01 a179 cb4004000000000000"),
    ("map-turned", {"y": 2.5, "x": 1}, "82 a179 cb4004000000000000 a178 01"),
    ("map-16", {n: n for n in range(16)}, "de0010" + "".join(f"{n:02x}" * 2 for n in range(16))),
    ("keys", {None: 1, b"k": 2, -1: 3, 0.5: 4, False: 5},
     "85 c0 01 c4016b 02 ff 03 cb3fe0000000000000 04 c2 05"),
    ("nested", {"k": b"\0\1", "n": {"deep": [1, {"a": None}]}},
     "82 a16b c4020001 a16e 81 a464656570 92 01 81 a161 c0"),
    ("ext-0", o.Ext(1, b""), "c70001"),
    ("ext-1", o.Ext(5, b"\n"), "d4050a"),
    ("ext-2", o.Ext(127, b"ab"), "d57f6162"),
    ("ext-3", o.Ext(-128, b"abc"), "c70380616263"),
    ("ext-4", o.Ext(-1, bytes(4)), "d6ff00000000"),
    ("ext-8", o.Ext(0, bytes(8)), "d700" + "00" * 8),
    ("ext-16", o.Ext(0, bytes(16)), "d800" + "00" * 16),
    ("ext-17", o.Ext(0, bytes(17)), "c71100" + "00" * 17),
    ("ext-256", o.Ext(2, b"a" * 256), "c8010002" + "61" * 256),
    ("ext-inside", {"e": [o.Ext(5, b"\n")]}, "81 a165 91 d4050a"),
]  # fmt: skip

INTERNAL: list[tuple[int, str, Any, str]] = [
    (o.INIT, "INT-003", {"version": 1}, "81 a776657273696f6e 01"),
    (o.SOFTQUIT, "INT-004", {"reason": "reason.bye"}, "81 a6726561736f6e aa726561736f6e2e627965"),
    (o.SOFTQUIT, "INT-004", {"reason": ""}, "81 a6726561736f6e a0"),
    (o.SOFTQUIT, "INT-004", {"reason": "reason.versionmismatch"},
     "81 a6726561736f6e b6726561736f6e2e76657273696f6e6d69736d61746368"),
    (o.PUBIDS, "INT-006 INT-008", o.pubids(True, o.idmap(("a:b", 40))),
     "82 a56164617074 c3 a569646d6170 85"
     "b77061636b65746d713a68616e647368616b655f696e6974 00"
     "b17061636b65746d713a736f667471756974 01"
     "b97061636b65746d713a68616e647368616b655f707562696473 02"
     "b97061636b65746d713a68616e647368616b655f66696e697368 03"
     "a3613a62 28"),
    (o.PUBIDS, "INT-006 INT-008", o.pubids(False, o.idmap(("a:b", 65535), ("a:c", 16))),
     "82 a56164617074 c2 a569646d6170 86"
     "b77061636b65746d713a68616e647368616b655f696e6974 00"
     "b17061636b65746d713a736f667471756974 01"
     "b97061636b65746d713a68616e647368616b655f707562696473 02"
     "b97061636b65746d713a68616e647368616b655f66696e697368 03"
     "a3613a62 cdffff a3613a63 10"),
    (o.FINISH, "INT-009", None, "c0"),
]  # fmt: skip


def application() -> Group:
    """Return application packets."""
    group = Group("encode", "Payloads of application packets.", "application-packet")
    for name, payload, octets in PAYLOADS:
        packed = bytes.fromhex(octets)
        length = (len(packed) + 2).to_bytes(4, "big")
        group.encode(
            f"encode-{name}",
            "MSG-001 FRM-001",
            o.value(17, payload),
            length + b"\x00\x11" + packed,
        )
    for number, octets in ((16, "0010"), (255, "00ff"), (256, "0100"), (65535, "ffff")):
        group.encode(
            f"encode-id-{number}",
            "PID-001",
            o.value(number, True),
            bytes.fromhex(f"00000003 {octets} c3"),
        )
    return group


def internal() -> list[Group]:
    """Return the internal packets."""
    groups = {
        number: Group("encode", "Texts are str, ids fixed.", message)
        for number, message in o.MESSAGES.items()
    }
    for index, (number, requirements, payload, octets) in enumerate(INTERNAL):
        packed = bytes.fromhex(octets)
        length = (len(packed) + 2).to_bytes(4, "big")
        groups[number].encode(
            f"encode-{o.MESSAGES[number]}-{index}",
            f"{requirements} PID-002 MSG-011 MSG-001 FRM-001",
            o.value(number, payload),
            length + number.to_bytes(2, "big") + packed,
        )
    return list(groups.values())


def depths() -> Group:
    """Return values that are just not too deep."""
    group = Group("encode", "Values that are 32 deep.", "application-packet")
    arrays: Any = 1
    maps: Any = {}
    for _ in range(31):
        arrays, maps = [arrays], {"m": maps}
    for name, payload, octets in (
        ("arrays", arrays, b"\x91" * 31 + b"\x01"),
        ("maps", maps, b"\x81\xa1m" * 31 + b"\x80"),
    ):
        group.encode(
            f"encode-depth-32-{name}", "MSG-010", o.value(17, payload), o.frame(17, octets)
        )
    return group


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-encode.json",
        "Values, and the octets that a sender makes of them with the shortest formats.",
        [application(), *internal(), depths()],
    )
