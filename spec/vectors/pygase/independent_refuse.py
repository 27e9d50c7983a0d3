"""What a sender refuses to send: values that no package can carry.

Writes `independent-refuse.json`. Its tests are of type `encode` and have no octets.
"""

from vectors.files import Group, write
from vectors.pygase import octets as o

TOO_LARGE = [
    ("tie", (2 - 2.0**-24) * 2.0**127, "half-way between the greatest and 2**128 goes to 2**128"),
    ("minus-tie", -(2 - 2.0**-24) * 2.0**127, ""),
    ("power", 2.0**128, ""),
    ("far", 1e39, ""),
    ("greatest-double", 1.7976931348623157e308, ""),
]


def floats() -> list[Group]:
    """Finite floats whose rounded value 32 bits cannot hold."""
    client = Group("encode", "Floats beyond the 32-bit format.", "client-package")
    server = Group("encode", "Floats beyond the 32-bit format.", "server-package")
    for name, value, comment in TOO_LARGE:
        client.refuse(
            f"refuse-float-{name}",
            "MSG-002",
            o.client_value(o.event_value(args=[value])),
            comment=comment,
        )
    server.refuse(
        "refuse-float-in-update", "MSG-002", o.server_value(state={"time_order": 1, "a": 1e39})
    )
    return [client, server]


def sizes() -> list[Group]:
    """Packages that are one octet too large."""
    groups = []
    for message, build, value in (
        ("client-package", o.client, o.client_value),
        ("server-package", o.server, o.server_value),
        ("package", o.plain, o.plain_value),
    ):
        group = Group("encode", "Packages of more than 2048 octets.", message)
        room = o.LARGEST_DATAGRAM - len(build(o.event(args=b"\x91\xda\x00\x00")))
        group.refuse(
            f"refuse-{message}-2049-octets",
            "DGM-002",
            value(o.event_value(args=["x" * (room + 1)])),
        )
        groups.append(group)
    return groups


if __name__ == "__main__":
    write(
        "pygase",
        "independent-refuse.json",
        "Values that a sender has to refuse; there are no octets for them.",
        [*floats(), *sizes()],
    )
