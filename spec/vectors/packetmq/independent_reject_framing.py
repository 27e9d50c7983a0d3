"""Lengths that are a violation, whatever follows.

Writes `independent-reject-framing.json`. The octets end where a receiver has to have noticed, or go
on as if nothing were wrong.
"""

from vectors.files import Group, write
from vectors.packetmq import octets as o

TOO_LONG = [
    ("100000", "000186a0", "one above the limit"),
    ("100001", "000186a1", ""),
    ("131072", "00020000", ""),
    ("2-24", "01000000", ""),
    ("3-turned", "03000000", "the octets of 3 in the wrong order"),
    ("2-31-minus-1", "7fffffff", ""),
    ("2-31", "80000000", "negative, if read as signed"),
    ("minus-1", "ffffffff", "negative, if read as signed"),
    ("ascii", "47455420", "the start of a request of HTTP"),
]


def lengths() -> Group:
    """Return lengths above the limit and below the least."""
    group = Group("reject", "Lengths that no frame may have.", "frame")
    for name, octets, comment in TOO_LONG:
        group.reject(
            f"reject-length-{name}",
            "FRM-005",
            bytes.fromhex(octets),
            comment=comment or "the length alone",
        )
        group.reject(
            f"reject-length-{name}-and-more", "FRM-005", bytes.fromhex(f"{octets} 0011 c0 c0 c0")
        )
    for length, content in ((0, ""), (1, "00"), (1, "11")):
        group.reject(
            f"reject-length-{length}-{content or 'empty'}",
            "FRM-006",
            bytes.fromhex(f"0000000{length} {content}"),
        )
    group.reject(
        "reject-length-1-alone", "FRM-006", bytes.fromhex("00000001"), comment="the length alone"
    )
    return group


def without_payload() -> list[Group]:
    """Return frames with an id and nothing behind it."""
    groups = []
    for message, number in (
        *((message, number) for number, message in o.MESSAGES.items()),
        ("application-packet", 17),
        ("frame", 9),
    ):
        group = Group("reject", "An id and no payload.", message)
        group.reject(f"reject-{message}-length-2", "MSG-002", o.frame(number, b""))
        groups.append(group)
    return groups


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-reject-framing.json",
        "Frames that are a violation for their length.",
        [lengths(), *without_payload()],
    )
