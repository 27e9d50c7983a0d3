"""Values put together from pieces: mostly right, in any format that there is, at times wrong.

Mutations of what is known stay near to it; here nothing has to be known. What may live here: soups
of MessagePack and of JSON.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

_DEEPEST = 40
_ONCE_IN = 40
"""How often a container says that it has another number of items."""

_LEAVES: tuple[bytes, ...] = (
    *(bytes([octet]) for octet in (0x00, 0x01, 0x7F, 0xC0, 0xC1, 0xC2, 0xC3, 0xE0, 0xFF)),
    *(b"\xcc\x80", b"\xcd\xff\xff", b"\xce\xff\xff\xff\xff", b"\xcf" + b"\xff" * 8, b"\xcc\x01"),
    *(b"\xd0\x80", b"\xd1\x80\x00", b"\xd2\x80\x00\x00\x00", b"\xd3\x80" + bytes(7)),
    *(b"\xca" + struct.pack(">f", one) for one in (0.0, -0.0, 1.0, 0.1, 3e38, float("nan"))),
    *(b"\xcb" + struct.pack(">d", one) for one in (0.0, 1.0, 0.1, 1e300, float("-inf"))),
    *(b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x01", b"\xcb\x47\xef\xff\xff\xf0\x00\x00\x00"),
    *(b"\xa0", b"\xa1a", b"\xa1b", b"\xa2\xc3\xbc", b"\xa1\xff", b"\xa3\xed\xa0\x80"),
    *(b"\xa2\xc0\x80", b"\xa4\xf4\x90\x80\x80", b"\xd9\x01a", b"\xda\x00\x01b", b"\xa1\x00"),
    *(b"\xdb\x00\x00\x00\x01a", b"\xa2\xef\xbb", b"\xa3\xef\xbb\xbf", b"\xd9\x00"),
    *(b"\xc4\x00", b"\xc4\x01a", b"\xc5\x00\x01\xff", b"\xc6\x00\x00\x00\x01b", b"\xc4\x02a"),
    *(b"\xd4\x01a", b"\xd5\xff\x00\x00", b"\xd6\xff" + bytes(4), b"\xd7\xff" + bytes(8)),
    *(b"\xd8\x80" + bytes(16), b"\xc7\x00\x05", b"\xc7\x0c\xff" + bytes(12), b"\xc8\x00\x01\x7fa"),
    *(b"\xc9\x00\x00\x00\x00\xff", b"\xd7\xff" + b"\xff" * 8, b"\xd6\xfe" + bytes(4)),
    *(b"\xd4\xffa", b"\xc7\x04\xff" + bytes(4)),
)
_HEADS = {"map": (0x80, b"\xde", b"\xdf"), "array": (0x90, b"\xdc", b"\xdd")}

_JSON_LEAVES: tuple[bytes, ...] = (
    *(b"null", b"true", b"false", b"0", b"-0", b"-0.0", b"1.0", b"1e2", b"1E+2", b"2", b"3"),
    *(
        b"1e308",
        b"1e309",
        b"-1e400",
        b"1e-400",
        b"9" * 20,
        b"9" * 308,
        b"9" * 309,
        b"1" + b"0" * 308,
    ),
    *(b"179769313486231570000e289", b"1.7976931348623158e308", b"1.7976931348623159e308"),
    *(b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b".5", b"+1", b"0x1", b"1e", b"nul", b"-"),
    *(b'""', b'"a"', b'"\\u0061"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"'),
    *(
        b'"\\u00"',
        b'"\\x"',
        b'"\t"',
        b'"\x7f"',
        b'"\xc3\xbc"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"'a'",
    ),
    *(b'"\\/"', b'"\\u0000"', b'"\xe2\x80\xa8"', b'"a', b'"\xf4\x90\x80\x80"', b'"\\ud83d\\n"'),
    *(
        b"// a",
        b"\xef\xbb\xbf0",
        b"\x000",
        b"[]",
        b"{}",
        b"True",
        b'"\xc0\x80"',
        b"1_0",
        b"\xd9\xa1",
    ),
)
_SPACES = (b"", b"", b"", b"", b" ", b"\n", b"\t", b"\r", b"\x0c", b"\xc2\xa0", b"\x0b")


def messagepack(random: Random, deep: int = 0, keys: Sequence[bytes] = ()) -> bytes:
    """Return the octets of a value; a map has some of the keys, if there are any."""
    if deep > _DEEPEST or (not keys and random.random() < 0.55):
        return random.choice(_LEAVES)
    kind = "map" if keys else random.choice(("map", "array"))
    number = random.choice((0, 1, 1, 2, 3)) if not keys else random.randrange(len(keys) + 1)
    if deep and random.random() < 0.02:
        number, deep = 1, deep - 4  # deeper than it seems
    small, medium, large = _HEADS[kind]
    told = number if random.randrange(_ONCE_IN) else random.randrange(16)
    head = random.choice(
        (bytes([small + told]), bytes([small + told]), medium + told.to_bytes(2))
        + ((large + told.to_bytes(4),) if random.random() < 0.3 else ())
    )
    chosen = random.sample(keys, number) if keys else [b""] * number
    items = []
    for key in chosen:
        if kind == "map":
            right = key and random.randrange(_ONCE_IN)
            items.append(key if right else messagepack(random, deep + 6))
        items.append(messagepack(random, deep + 1))
    return head + b"".join(items)


def mostly(random: Random, pieces: Sequence[bytes]) -> bytes:
    """Return the first of some pieces more often than the others."""
    return pieces[0] if random.random() < 0.6 else random.choice(pieces)


def nested(random: Random, least: int, most: int) -> bytes:
    """Return a value that is about so deep, which is where readers count."""
    depth = random.randint(least, most)
    heads = (b"\x91", b"\x81\xa1a", b"\xdc\x00\x01", b"\xdf\x00\x00\x00\x01\xc0")
    return b"".join(random.choice(heads) for _ in range(depth)) + random.choice(_LEAVES)


def json_text(random: Random, deep: int = 0, names: Sequence[bytes] = ()) -> bytes:
    """Return the octets of a text; an object has some of the names, if there are any."""
    space = random.choice(_SPACES)
    if deep > _DEEPEST or (not names and random.random() < 0.6):
        return space + random.choice(_JSON_LEAVES)
    if deep and random.random() < 0.03:
        depth = random.randint(26, 34)
        begin, end = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        return begin * depth + json_text(random, _DEEPEST + 1) + end * depth
    number = random.randrange(len(names) + 1) if names else random.choice((0, 1, 1, 2, 3))
    comma = b"," if random.randrange(_ONCE_IN) else random.choice((b"", b",,", b";"))
    if not names and random.random() < 0.5:
        return b"[" + comma.join(json_text(random, deep + 1) for _ in range(number)) + b"]"
    members = []
    for name in random.sample(names, number) if names else [b""] * number:
        key = name or random.choice((b'"a"', b'"b"', b'""', b'"\\u0061"'))
        if not random.randrange(_ONCE_IN):
            key = random.choice(_JSON_LEAVES)
        members.append(space + key + b":" + json_text(random, deep + 1))
    if members and not random.randrange(_ONCE_IN // 2):
        members.append(random.choice(members))
    return b"{" + comma.join(members) + b"}" + (random.choice(_SPACES) if not deep else b"")
