"""Tables of MessagePack: the octets of a value, and the value that they stand for.

Nothing but data lives here, in the order of the format's own specification. Formats that are longer
than need be, which a receiver takes and a good sender avoids, have tables of their own.
"""

import math
from typing import Any

NAN, INF = math.nan, math.inf
Row = tuple[str, Any]
"""The octets of a value in hex, and the value."""

SIMPLE: list[Row] = [("c0", None), ("c2", False), ("c3", True)]

# Of two formats of the same length (uint 16 and int 16, and so on), either is the shortest.
SHORTEST_INTEGERS: list[Row] = [
    ("00", 0),
    ("01", 1),
    ("7f", 127),
    ("ff", -1),
    ("e0", -32),
    ("cc80", 128),
    ("ccff", 255),
    ("cd0100", 256),
    ("cdffff", 65535),
    ("ce00010000", 65536),
    ("ceffffffff", 4294967295),
    ("cf0000000100000000", 4294967296),
    ("cf0020000000000000", 2**53),
    ("cf0020000000000001", 2**53 + 1),
    ("cf7fffffffffffffff", 9223372036854775807),
    ("cf8000000000000000", 9223372036854775808),
    ("cfffffffffffffffff", 18446744073709551615),
    ("d0df", -33),
    ("d080", -128),
    ("d1ff7f", -129),
    ("d18000", -32768),
    ("d10100", 256),
    ("d17fff", 32767),
    ("d2ffff7fff", -32769),
    ("d280000000", -2147483648),
    ("d27fffffff", 2147483647),
    ("d3ffffffff7fffffff", -2147483649),
    ("d38000000000000000", -9223372036854775808),
    ("d37fffffffffffffff", 9223372036854775807),
]

LONGER_INTEGERS: list[Row] = [
    ("cc00", 0),
    ("cc7f", 127),
    ("cd0000", 0),
    ("cd00ff", 255),
    ("ce00000000", 0),
    ("ce0000ffff", 65535),
    ("cf0000000000000000", 0),
    ("cf00000000ffffffff", 4294967295),
    ("d000", 0),
    ("d07f", 127),
    ("d0e0", -32),
    ("d0ff", -1),
    ("d10000", 0),
    ("d100ff", 255),
    ("d1ff80", -128),
    ("d1ffff", -1),
    ("d200000000", 0),
    ("d20000ffff", 65535),
    ("d2ffff8000", -32768),
    ("d2ffffffff", -1),
    ("d30000000000000000", 0),
    ("d300000000ffffffff", 4294967295),
    ("d3ffffffff80000000", -2147483648),
    ("d3ffffffffffffffff", -1),
]

SINGLE_FLOATS: list[Row] = [
    ("ca00000000", 0.0),
    ("ca80000000", -0.0),
    ("ca3f800000", 1.0),
    ("cabf800000", -1.0),
    ("ca3dcccccd", 0.10000000149011612),
    ("ca40490fdb", 3.1415927410125732),
    ("ca00000001", 2.0**-149),
    ("ca807fffff", -(2.0**-126 - 2.0**-149)),
    ("ca00800000", 2.0**-126),
    ("ca7f7fffff", 2.0**128 - 2.0**104),
    ("caff7fffff", -(2.0**128 - 2.0**104)),
    ("ca7f800000", INF),
    ("caff800000", -INF),
    ("ca7fc00000", NAN),
    ("caffc00000", NAN),
    ("ca7f800001", NAN),
]

DOUBLE_FLOATS: list[Row] = [
    ("cb0000000000000000", 0.0),
    ("cb8000000000000000", -0.0),
    ("cb3ff0000000000000", 1.0),
    ("cb3fb999999999999a", 0.1),
    ("cb400921fb54442d18", 3.141592653589793),
    ("cb0000000000000001", 5e-324),
    ("cb0010000000000000", 2.2250738585072014e-308),
    ("cb7fefffffffffffff", 1.7976931348623157e308),
    ("cbffefffffffffffff", -1.7976931348623157e308),
    ("cb7ff0000000000000", INF),
    ("cbfff0000000000000", -INF),
    ("cb7ff8000000000000", NAN),
    ("cb7ff0000000000001", NAN),
]

SHORTEST_TEXTS: list[Row] = [
    ("a0", ""),
    ("a161", "a"),
    ("bf" + "61" * 31, "a" * 31),
    ("d920" + "61" * 32, "a" * 32),
    ("d9ff" + "61" * 255, "a" * 255),
    ("da0100" + "61" * 256, "a" * 256),
    ("a100", "\0"),
    ("a17f", "\x7f"),
    ("a2c280", "\x80"),
    ("a2dfbf", "\u07ff"),
    ("a3e0a080", "\u0800"),
    ("a3ed9fbf", "\ud7ff"),
    ("a3ee8080", "\ue000"),
    ("a3efbbbf", "\ufeff"),
    ("a3efbfbf", "\uffff"),
    ("a4f0908080", "\U00010000"),
    ("a4f48fbfbf", "\U0010ffff"),
    ("a8f09f8eb2f09f8eb2", "🎲🎲"),
]

LONGER_TEXTS: list[Row] = [
    ("d900", ""),
    ("d91f" + "61" * 31, "a" * 31),
    ("da0000", ""),
    ("da00ff" + "61" * 255, "a" * 255),
    ("db00000000", ""),
    ("db00000100" + "61" * 256, "a" * 256),
]

SHORTEST_BINS: list[Row] = [
    ("c400", b""),
    ("c40161", b"a"),
    ("c40480ff00c1", b"\x80\xff\x00\xc1"),
    ("c404d281e5ba", b"\xd2\x81\xe5\xba"),
    ("c4ff" + "61" * 255, b"a" * 255),
    ("c50100" + "61" * 256, b"a" * 256),
]

LONGER_BINS: list[Row] = [
    ("c50000", b""),
    ("c50004d281e5ba", b"\xd2\x81\xe5\xba"),
    ("c500ff" + "61" * 255, b"a" * 255),
    ("c600000000", b""),
    ("c600000100" + "61" * 256, b"a" * 256),
]

SHORTEST_CONTAINERS: list[Row] = [
    ("90", []),
    ("91c0", [None]),
    ("9f" + "07" * 15, [7] * 15),
    ("dc0010" + "07" * 16, [7] * 16),
    ("80", {}),
    ("81a161c0", {"a": None}),
    ("8f" + "".join(f"a1{0x61 + n:02x}{n:02x}" for n in range(15)),
     {chr(0x61 + n): n for n in range(15)}),
    ("de0010" + "".join(f"a1{0x61 + n:02x}{n:02x}" for n in range(16)),
     {chr(0x61 + n): n for n in range(16)}),
    ("82a16101a16280", {"a": 1, "b": {}}),
    ("82a162c0a161c0", {"b": None, "a": None}),
]  # fmt: skip

LONGER_CONTAINERS: list[Row] = [
    ("dc0000", []),
    ("dc0001c0", [None]),
    ("dd00000000", []),
    ("dd00000010" + "07" * 16, [7] * 16),
    ("de0000", {}),
    ("de0001a161c0", {"a": None}),
    ("df00000000", {}),
    ("df00000002a16101a16202", {"a": 1, "b": 2}),
]

KEYS: list[Row] = [
    ("81c001", {None: 1}),
    ("82c201c302", {False: 1, True: 2}),
    ("820001ff02", {0: 1, -1: 2}),
    ("81cfffffffffffffffff01", {18446744073709551615: 1}),
    ("81d3800000000000000001", {-9223372036854775808: 1}),
    ("82ca3f00000001cabf00000002", {0.5: 1, -0.5: 2}),
    ("81c4026b7901", {b"ky": 1}),
    ("82a16101c4016102", {"a": 1, b"a": 2}),
    ("82a1310101a16f", {"1": 1, 1: "o"}),
    ("82c001c202", {None: 1, False: 2}),
    ("82a00101a0", {"": 1, 1: ""}),
    ("82cf002000000000000101cb434000000000000002", {2**53 + 1: 1, float(2**53): 2}),
    ("81a42462696ec0", {"$bin": None}),
]
"""Two keys that a careless reader takes for one, too: a and its octets, 2**53 + 1 and its float."""
