"""Frames that are malformed for the MessagePack in them.

Writes `independent-reject-messagepack.json`. Every fault stands as the payload of an application
packet; one of each sort stands in every internal packet, too.
"""

from collections.abc import Callable

from vectors import faults as f
from vectors.files import Group, write
from vectors.packetmq import octets as o

EXTENSION_KEYS: list[f.Row] = [
    ("key-fixext1", "81 d4 01 00 c0", ""),
    ("key-fixext16", "81 d8 01" + "00" * 16 + "c0", ""),
    ("key-ext8", "81 c7 00 01 c0", ""),
    ("key-ext16", "81 c8 0000 01 c0", ""),
    ("key-ext32", "81 c9 00000000 01 c0", ""),
    ("key-time", "81 d6 ff 00000001 c0", ""),
    ("key-ext-second", "82 a161 01 d4 01 00 02", "the first key is good"),
    ("key-ext-in-array", "92 01 81 d4 01 00 c0", ""),
]

INCOMPLETE: list[f.Row] = [
    *f.INCOMPLETE,
    *[
        (f"incomplete-{octets}", octets, "")
        for octets in (
            *("d4", "d401", "d5", "d50100", "d6", "d601000000", "d7", "d70100", "d8", "d801"),
            *("c7", "c701", "c70101", "c7030161", "c8", "c800", "c80001", "c8000101"),
            *("c9", "c9000000", "c900000001", "c90000000101"),
        )
    ],
    ("claim-ext8", "c7ff 01 616263", "255 octets claimed, 3 there"),
    ("claim-ext16", "c8ffff 01 616263", ""),
    ("claim-ext32", "c9ffffffff 01 616263", ""),
    ("claim-ext32-2-31", "c980000000 01 616263", "negative, if read as signed"),
]

LEFT_OVER: list[f.Row] = [
    ("left-nil", "c0 c0", "two values"),
    ("left-integer", "01 02", ""),
    ("left-00", "c0 00", ""),
    ("left-map", "80 80", ""),
    ("left-reserved", "c0 c1", ""),
    ("left-incomplete", "c0 d9", ""),
    ("left-text", "a3627965 21", "bye, and an exclamation mark"),
    ("left-array", "92 01 02 03", "three items, two of them counted"),
    ("left-frame", "c0 00000003 0011 c0", "a whole frame"),
    ("left-ext", "d4 01 00 00", ""),
]

DEPTHS: list[f.Row] = [
    ("depth-33-scalar", "91" * 32 + "01", ""),
    ("depth-33-empty-array", "91" * 32 + "90", ""),
    ("depth-33-empty-map", "91" * 32 + "80", ""),
    ("depth-33-text", "91" * 32 + "a161", ""),
    ("depth-33-maps", "81a16d" * 32 + "01", ""),
    ("depth-33-mixed", "9181a16d" * 16 + "01", ""),
    ("depth-33-array16", "dc0001" * 32 + "01", ""),
    ("depth-33-array32", "dd00000001" * 32 + "01", ""),
    ("depth-33-map16", "de0001a16d" * 32 + "01", ""),
    ("depth-33-map32", "df00000001a16d" * 32 + "01", ""),
    ("depth-33-second", "92 01" + "91" * 31 + "01", "the first is 1 deep"),
    ("depth-100", "91" * 100 + "01", ""),
    ("depth-1000", "91" * 1000 + "01", ""),
    ("depth-5000", "91" * 5000 + "01", ""),
    ("depth-1000-maps", "8100" * 1000 + "01", ""),
]

FAULTS = [
    ("MSG-004", f.RESERVED),
    ("MSG-005", f.NOT_UTF8),
    ("MSG-006", f.SAME_KEYS),
    ("MSG-007", f.CONTAINER_KEYS),
    ("MSG-007", EXTENSION_KEYS),
    ("MSG-002", INCOMPLETE),
    ("MSG-002", LEFT_OVER),
    ("MSG-009", DEPTHS),
]

VERSION, ADAPT, IDMAP = o.VERSION, o.ADAPT, o.IDMAP
PLACES: dict[int, Callable[[bytes], bytes]] = {
    o.INIT: lambda fault: b"\x82" + VERSION + b"\x01\xa1x" + fault,
    o.SOFTQUIT: lambda fault: b"\x82" + o.REASON + b"\xa1b\xa1x" + fault,
    o.PUBIDS: lambda fault: b"\x83" + ADAPT + b"\xc2" + IDMAP + b"\x80\xa1x" + fault,
    o.FINISH: lambda fault: fault,
}
"""The internal packets with a fault in a member that nobody knows."""


def everywhere() -> Group:
    """Return every fault as the payload of an application packet."""
    group = Group("reject", "Faults in a payload.", "application-packet")
    for requirement, rows in FAULTS:
        for name, octets, comment in rows:
            frame = o.frame(17, bytes.fromhex(octets))
            group.reject(f"reject-payload-{name}", requirement, frame, comment=comment)
    return group


def inside() -> list[Group]:
    """Return the first faults of each sort in the internal packets."""
    groups = []
    for number, place in PLACES.items():
        message = o.MESSAGES[number]
        group = Group("reject", "Faults where nobody looks.", message)
        for requirement, rows in FAULTS:
            for name, octets, comment in rows[:2]:
                frame = o.frame(number, place(bytes.fromhex(octets)))
                group.reject(f"reject-{message}-{name}", requirement, frame, comment=comment)
        if number != o.FINISH:
            frame = o.frame(number, place(b"\x91" * 31 + b"\x01"))
            group.reject(f"reject-{message}-depth-33", "MSG-009", frame, comment="with its map")
        groups.append(group)
    for number, head in ((o.INIT, b"\x81"), (o.PUBIDS, b"\x82")):
        key = VERSION if number == o.INIT else ADAPT
        groups.append(_cut(number, head + key))
    return groups


def _cut(number: int, octets: bytes) -> Group:
    """Return a payload cut off at each of its octets."""
    message = o.MESSAGES[number]
    group = Group("reject", "Payloads that are cut off.", message)
    for size in range(1, len(octets) + 1):
        group.reject(f"reject-{message}-cut-{size}", "MSG-002", o.frame(number, octets[:size]))
    return group


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-reject-messagepack.json",
        "Frames that are malformed for the MessagePack in them.",
        [everywhere(), *inside()],
    )
