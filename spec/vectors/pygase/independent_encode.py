"""What a sender puts on the wire, where the book fixes every octet.

Writes `independent-encode.json`. The members of maps are sent in the order in which the value has
them. Left out is what the book leaves open: the octets of a NaN, and the integers that have two
shortest formats (256 to 32767 fit into uint 16 and int 16, and so on).
"""

from typing import Any

from vectors.files import Group, write
from vectors.pygase import octets as o

INF = float("inf")
ABOVE = 1 + 2.0**-52
"""The factor to the next greater number that a 64-bit float can hold."""

FLOATS: list[tuple[str, float, str, str]] = [
    ("zero", 0.0, "00000000", ""),
    ("minus-zero", -0.0, "80000000", "the sign of zero is kept"),
    ("one", 1.0, "3f800000", "a float stays one, even where it is whole"),
    ("minus-two", -2.0, "c0000000", ""),
    ("tenth", 0.1, "3dcccccd", "0.1 arrives as 0.100000001490116…"),
    ("third", 1 / 3, "3eaaaaab", ""),
    ("pi", 3.141592653589793, "40490fdb", ""),
    ("whole", 16777216.0, "4b800000", "2**24"),
    ("tie-down", 1 + 2.0**-24, "3f800000", "half-way between two: to the even one, below"),
    ("tie-up", 1 + 3 * 2.0**-24, "3f800002", "half-way between two: to the even one, above"),
    ("tie-whole-down", 16777217.0, "4b800000", "2**24 + 1 lies half-way"),
    ("tie-whole-up", 16777219.0, "4b800002", "2**24 + 3 lies half-way"),
    ("minus-tie", -(1 + 3 * 2.0**-24), "bf800002", ""),
    ("above-tie", 1 + 2.0**-24 + 2.0**-52, "3f800001", "just above half-way"),
    ("below-tie", 1 + 2.0**-24 - 2.0**-52, "3f800000", "just below half-way"),
    ("carry", 2 - 2.0**-25, "40000000", "rounding carries into the exponent"),
    ("least-normal", 2.0**-126, "00800000", ""),
    ("into-normal", 2.0**-126 - 2.0**-151, "00800000", "rounded up to a normal number"),
    ("subnormal", 2.0**-126 - 2.0**-149, "007fffff", ""),
    ("least", 2.0**-149, "00000001", ""),
    ("underflow-tie", 2.0**-150, "00000000", "half-way to the least: to the even one, 0"),
    ("underflow-above-tie", 2.0**-150 * ABOVE, "00000001", ""),
    ("underflow-minus-tie", -(2.0**-150), "80000000", ""),
    ("underflow", 5e-324, "00000000", ""),
    ("greatest", 2.0**128 - 2.0**104, "7f7fffff", ""),
    ("below-range", (2 - 2.0**-24 - 2.0**-52) * 2.0**127, "7f7fffff", "rounded into the range"),
    ("minus-greatest", -(2.0**128 - 2.0**104), "ff7fffff", ""),
    ("infinity", INF, "7f800000", ""),
    ("minus-infinity", -INF, "ff800000", ""),
]

INTEGERS: list[tuple[int, str]] = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "cc80"),
    (255, "ccff"),
    (32768, "cd8000"),
    (65535, "cdffff"),
    (2147483648, "ce80000000"),
    (4294967295, "ceffffffff"),
    (9223372036854775808, "cf8000000000000000"),
    (18446744073709551615, "cfffffffffffffffff"),
    (-1, "ff"),
    (-32, "e0"),
    (-33, "d0df"),
    (-128, "d080"),
    (-129, "d1ff7f"),
    (-32768, "d18000"),
    (-32769, "d2ffff7fff"),
    (-2147483648, "d280000000"),
    (-2147483649, "d3ffffffff7fffffff"),
    (-9223372036854775808, "d38000000000000000"),
]

TEXTS: list[tuple[str, str, str]] = [
    ("empty", "", "a0"),
    ("31", "a" * 31, "bf" + "61" * 31),
    ("32", "a" * 32, "d920" + "61" * 32),
    ("255", "a" * 255, "d9ff" + "61" * 255),
    ("256", "a" * 256, "da0100" + "61" * 256),
    ("octets-not-characters", "Ω" * 16, "d920" + "cea9" * 16),
]
BINS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "c400"),
    ("text", b"abc", "c403616263"),
    ("to-delete", o.TO_DELETE, "c404d281e5ba"),
    ("255", b"a" * 255, "c4ff" + "61" * 255),
    ("256", b"a" * 256, "c50100" + "61" * 256),
]
ARRAYS: list[tuple[str, list[Any], str]] = [
    ("empty", [], "90"),
    ("15", [7] * 15, "9f" + "07" * 15),
    ("16", [7] * 16, "dc0010" + "07" * 16),
    ("256", [0] * 256, "dc0100" + "00" * 256),
    ("nested", [[], [1, [None]]], "9290920191c0"),
]
MAPS: list[tuple[str, dict[Any, Any], str]] = [
    ("empty", {}, "80"),
    ("15", {n: n for n in range(15)}, "8f" + "".join(f"{n:02x}{n:02x}" for n in range(15))),
    ("16", {n: n for n in range(16)}, "de0010" + "".join(f"{n:02x}{n:02x}" for n in range(16))),
    ("order", {"b": 1, "a": 2}, "82a16201a16102"),
    ("keys", {None: 1, True: 2, -1: 3, b"k": 4, 0.5: 5}, "85c001c302ff03c4016b04ca3f00000005"),
]


def values(comment: str) -> Group:
    """Return a group for the values that an event carries as its one argument."""
    return Group("encode", comment, "client-package")


def add(group: Group, name: str, requirements: str, value: Any, octets: str) -> None:
    """Add `value` as the argument of an event."""
    group.encode(
        f"encode-{name}",
        requirements,
        o.client_value(o.event_value(args=[value])),
        o.client(o.event(args=b"\x91" + bytes.fromhex(octets))),
    )


def floats() -> Group:
    """Rounding to 32 bits."""
    rounded = values("Floats, rounded.")
    for name, value, octets, comment in FLOATS:
        rounded.encode(
            f"encode-float-{name}",
            "MSG-001",
            o.client_value(o.event_value(args=[value])),
            o.client(o.event(args=b"\x91\xca" + bytes.fromhex(octets))),
            comment=comment,
        )
    return rounded


def lengths() -> list[Group]:
    """The shortest format for every integer, length and count."""
    integers, texts = values("Integers, as short as can be."), values("Str.")
    bins, arrays, maps = values("Bin."), values("Arrays."), values("Maps.")
    for value, octets in INTEGERS:
        add(integers, f"integer-{value}", "MSG-006", value, octets)
    for name, text, octets in TEXTS:
        add(texts, f"str-{name}", "MSG-006 MSG-004", text, octets)
    for name, data, octets in BINS:
        add(bins, f"bin-{name}", "MSG-006 MSG-004", data, octets)
    for name, items, octets in ARRAYS:
        add(arrays, f"array-{name}", "MSG-007 MSG-006", items, octets)
    for name, members, octets in MAPS:
        add(maps, f"map-{name}", "MSG-006", members, octets)
    return [integers, texts, bins, arrays, maps]


def packages() -> list[Group]:
    """Whole packages, their fields in network byte order, and the largest."""
    client = Group("encode", "Client packages.", "client-package")
    server = Group("encode", "Server packages.", "server-package")
    plain = Group("encode", "Plain packages.", "package")
    shutdown = Group("encode", "The datagram that asks a server to stop.", "shutdown")
    head, head_octets = o.header_value(0x0102, 0x0304, 0x8000_0105), "ffd0fab9 0102 0304 80000105"
    client.encode(
        "encode-client-package",
        "HDR-001",
        o.client_value(o.event_value("MOVE", [5], {"dx": 0.5}), time_order=0x0607, head=head),
        bytes.fromhex(
            f"{head_octets} 0607 0032 83 a474797065 a44d4f5645 ac68616e646c65725f61726773 91 05"
            "ae68616e646c65725f6b7761726773 81 a26478 ca3f000000"
        ),
    )
    client.encode(
        "encode-client-package-first",
        "HDR-001",
        o.client_value(),
        bytes.fromhex("ffd0fab9 0001 0000 00000000 0000"),
    )
    server.encode(
        "encode-server-package",
        "HDR-001",
        o.server_value(
            o.event_value("HIT", [None, True]),
            state={"hp": 99, "name": o.TO_DELETE, "time_order": 65535},
            head=head,
        ),
        bytes.fromhex(
            f"{head_octets} 001e 83 a26870 63 a46e616d65 c404d281e5ba"
            "aa74696d655f6f72646572 cdffff 002a"
            "83 a474797065 a3484954 ac68616e646c65725f61726773 92 c0 c3"
            "ae68616e646c65725f6b7761726773 80"
        ),
    )
    server.encode(
        "encode-server-package-empty-update",
        "HDR-001",
        o.server_value(state={"time_order": 0}),
        bytes.fromhex("ffd0fab9 0001 0000 00000000 000d 81 aa74696d655f6f72646572 00"),
    )
    plain.encode(
        "encode-package",
        "HDR-001",
        o.plain_value(o.event_value(), o.event_value("F"), head=head),
        bytes.fromhex(head_octets) + (o.entry(o.event()) + o.entry(o.event(b"\xa1F"))),
    )
    plain.encode(
        "encode-package-without-events",
        "HDR-001",
        o.plain_value(head=o.header_value(65535, 65535, 0xFFFFFFFF)),
        bytes.fromhex("ffd0fab9 ffff ffff ffffffff"),
    )
    shutdown.encode(
        "encode-shutdown", "SHD-006", {"command": "shutdown"}, bytes.fromhex("73687574646f776e")
    )
    limit(client, server, plain)
    return [client, server, plain, shutdown]


def limit(client: Group, server: Group, plain: Group) -> None:
    """Add the greatest package of each kind."""
    for group, build, value in (
        (client, o.client, o.client_value),
        (server, o.server, o.server_value),
        (plain, o.plain, o.plain_value),
    ):
        room = o.LARGEST_DATAGRAM - len(build(o.event(args=b"\x91\xda\x00\x00")))
        text = b"\xda" + room.to_bytes(2, "big") + b"x" * room
        group.encode(
            f"encode-{group.message}-2048-octets",
            "DGM-002",
            value(o.event_value(args=["x" * room])),
            build(o.event(args=b"\x91" + text)),
        )


if __name__ == "__main__":
    write(
        "pygase",
        "independent-encode.json",
        "Values, and the octets that a sender makes of them; maps keep their order.",
        [floats(), *lengths(), *packages()],
    )
