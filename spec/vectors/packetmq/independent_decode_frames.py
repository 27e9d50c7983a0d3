"""Frames and packet ids that a receiver has to take, and how long they may be.

Writes `independent-decode-frames.json`.
"""

from vectors.files import Group, write
from vectors.packetmq import octets as o

LENGTHS = [3, 4, 5, 10, 127, 128, 255, 256, 257, 1000, 4096, o.LARGEST_LENGTH]


def ids() -> list[Group]:
    """Return a packet of each kind of id."""
    application = Group("decode", "Ids of application packets.", "application-packet")
    for number in (16, 17, 127, 128, 255, 256, 32767, 32768, 65534, 65535):
        octets = bytes.fromhex("00000003") + number.to_bytes(2, "big") + b"\xc0"
        application.decode(
            f"decode-id-{number}",
            "PID-001",
            octets,
            o.value(number, None),
            spans=[(4, 2, "content.id"), (6, 1, "content.payload"), (4, 3, "content")],
        )
    every = Group("decode", "Frames of any id.", "frame")
    for number in (0, 1, 2, 3, 4, 9, 15, 16, 65535):
        octets = bytes.fromhex("00000004") + number.to_bytes(2, "big") + bytes.fromhex("91 07")
        every.decode(
            f"decode-frame-id-{number}",
            "FRM-004 PID-001",
            octets,
            o.value(number, [7]),
            spans=[(4, 2, "content.id"), (6, 2, "content.payload"), (7, 1, "content.payload[0]")],
        )
    every.decode(
        "decode-frame-bin",
        "MSG-013",
        bytes.fromhex("0000000a 0000 82 c40161 c0 a161 c0"),
        o.value(0, {b"a": None, "a": None}),
        comment="octets are kept as they are, until somebody looks for the shape of this packet",
    )
    return [application, every]


def lengths() -> Group:
    """Return frames from the shortest to the longest."""
    group = Group("decode", "Lengths of frames.", "application-packet")
    for length in LENGTHS:
        payload = _text(length - 2)
        octets = length.to_bytes(4, "big") + b"\x00\x10" + payload
        group.decode(
            f"decode-length-{length}",
            "FRM-004",
            octets,
            o.value(16, "x" * payload.count(b"x")),
            spans=[(4, length, "content"), (6, length - 2, "content.payload")],
        )
    return group


def _text(size: int) -> bytes:
    """Return a str in MessagePack that takes `size` octets, in the first format that allows it."""
    if size <= 32:
        return bytes([0xA0 | size - 1]) + b"x" * (size - 1)
    if size <= 257:
        return bytes([0xD9, size - 2]) + b"x" * (size - 2)
    if size <= 65538:
        return b"\xda" + (size - 3).to_bytes(2, "big") + b"x" * (size - 3)
    return b"\xdb" + (size - 5).to_bytes(4, "big") + b"x" * (size - 5)


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-decode-frames.json",
        "Frames that a receiver takes, by id and by length.",
        [*ids(), lengths()],
    )
