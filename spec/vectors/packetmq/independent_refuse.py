"""What a sender refuses to send: values that no frame can carry, or no receiver would take.

Writes `independent-refuse.json`. Its tests are of type `encode` and have no octets.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import octets as o


def nested(count: int, inner: Any, *, maps: bool = False) -> Any:
    """Return `inner` within `count` arrays or maps."""
    for _ in range(count):
        inner = {"m": inner} if maps else [inner]
    return inner


VALUES: list[tuple[str, str, Any, str]] = [
    ("depth-33-scalar", "MSG-010", nested(32, 1), ""),
    ("depth-33-empty-array", "MSG-010", nested(32, []), ""),
    ("depth-33-maps", "MSG-010", nested(32, None, maps=True), ""),
    ("depth-33-beside", "MSG-010", [1, nested(31, "a"), 2], "what is beside does not help"),
    ("depth-100", "MSG-010", nested(100, 1), ""),
    ("ext-as-key", "MSG-010", {o.Ext(1, b"\0"): 1}, ""),
    ("ext-as-key-inside", "MSG-010", [{"k": {o.Ext(-1, bytes(4)): 1}}], ""),
    ("integer-2-64", "MSG-001", 2**64, "no format of MessagePack holds it"),
    ("integer-below-minus-2-63", "MSG-001", -(2**63) - 1, ""),
    ("integer-as-key", "MSG-001", {2**64: 1}, ""),
    ("integer-inside", "MSG-001", {"k": [2**200]}, ""),
    ("length-100000", "FRM-003", "x" * (o.LARGEST_LENGTH - 6), "one octet too long"),
]


if __name__ == "__main__":
    group = Group("encode", "Payloads that are refused to the caller.", "application-packet")
    for name, requirements, payload, comment in VALUES:
        group.refuse(f"refuse-{name}", requirements, o.value(17, payload), comment=comment)
    write(
        "packetmq",
        "independent-refuse.json",
        "Values that a sender has to refuse; there are no octets for them.",
        [group],
    )
