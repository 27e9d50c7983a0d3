"""Packages that a receiver has to discard for the MessagePack in them.

Writes `independent-reject-messagepack.json`. Every fault stands as the argument of an event and as
an attribute of an update; one of each sort stands in every other place, too.
"""

from collections.abc import Callable

from vectors import faults as f
from vectors.files import Group, write
from vectors.pygase import octets as o

FAULTS = [
    ("MSG-008", f.EXTENSIONS),
    ("MSG-009", f.RESERVED),
    ("MSG-010", f.NOT_UTF8),
    ("MSG-011", f.SAME_KEYS),
    ("MSG-013", f.CONTAINER_KEYS),
    ("BOD-003", f.INCOMPLETE),
]
MESSAGES: dict[str, Callable[..., bytes]] = {
    "client-package": o.client,
    "server-package": o.server,
    "package": o.plain,
}


def everywhere() -> list[Group]:
    """Every fault in an event of a client and in an update of a server."""
    client = Group("reject", "Faults in an event.", "client-package")
    server = Group("reject", "Faults in an update.", "server-package")
    for requirement, rows in FAULTS:
        for name, octets, comment in rows:
            fault = bytes.fromhex(octets)
            client.reject(
                f"reject-event-{name}",
                requirement,
                o.client(_with_argument(fault, last=requirement == "BOD-003")),
                comment=comment,
            )
            server.reject(
                f"reject-update-{name}",
                requirement,
                o.server(state=o.update(b"\xa1k" + fault, 1)),
                comment=comment,
            )
    return [client, server]


def elsewhere() -> list[Group]:
    """One fault of each sort in every other place."""
    groups = []
    for message, build in MESSAGES.items():
        group = Group("reject", "One fault of each sort, elsewhere in an event.", message)
        for requirement, rows in FAULTS:
            name, octets, _ = rows[0]
            fault = bytes.fromhex(octets)
            places = {
                "keyword": o.event(kwargs=b"\x81\xa1k" + fault),
                "nested": o.event(kwargs=b"\x81\xa1m\x92\x01\x81\xa1x" + fault),
            }
            if message != "client-package" and requirement != "BOD-003":
                places["argument"] = _with_argument(fault, last=False)
            for place, octets_of_event in places.items():
                group.reject(
                    f"reject-{message}-{place}-{name}", requirement, build(octets_of_event)
                )
            group.reject(
                f"reject-{message}-second-event-{name}",
                requirement,
                build(o.event(), places["keyword"]),
                comment="the first event is good",
            )
        group.reject(f"reject-{message}-type-utf8", "MSG-010", build(o.event(kind=b"\xa1\xff")))
        group.reject(
            f"reject-{message}-keyword-utf8", "MSG-010", build(o.event(kwargs=b"\x81\xa1\xff\x01"))
        )
        group.reject(
            f"reject-{message}-same-keyword",
            "MSG-011",
            build(o.event(kwargs=b"\x82\xa1k\x01\xa1k\x02")),
        )
        type_twice = b"\x84" + (o.TYPE + b"\xa1E") + o.event()[1:]
        group.reject(f"reject-{message}-type-twice", "MSG-011", build(type_twice))
        groups.append(group)
    server = groups[1]
    twice = [
        ("time-order-twice", b"\x82" + (o.TIME_ORDER + b"\x01") * 2),
        ("game-status-twice", o.update((o.GAME_STATUS + b"\x01") * 2, 2)),
        ("attribute-twice", o.update(b"\xa1a\x01\xa1a\x02", 2)),
    ]
    for name, octets_of_update in twice:
        server.reject(f"reject-update-{name}", "MSG-011", o.server(state=octets_of_update))
    server.reject(
        "reject-update-name-utf8", "MSG-010", o.server(state=o.update(b"\xa1\xff\x01", 1))
    )
    return groups


def depths() -> list[Group]:
    """Deeper than 32."""
    client = Group("reject", "Events of a depth above 32.", "client-package")
    server = Group("reject", "Updates of a depth above 32.", "server-package")
    arrays, maps = b"\x91" * 32 + b"\x01", b"\x81\xa1m" * 32 + b"\x01"
    mixed = b"\x91\x81\xa1m" * 16 + b"\x01"
    client.reject("reject-depth-33-positional", "MSG-015", o.client(o.event(args=arrays)))
    client.reject("reject-depth-33-keyword", "MSG-015", o.client(o.event(kwargs=maps)))
    client.reject("reject-depth-33-mixed", "MSG-015", o.client(o.event(args=mixed)))
    client.reject(
        "reject-depth-33-second-event", "MSG-015", o.client(o.event(), o.event(args=arrays))
    )
    client.reject(
        "reject-depth-33-array32",
        "MSG-015",
        o.client(o.event(args=bytes.fromhex("dd00000001") * 32 + b"\x01")),
    )
    server.reject(
        "reject-depth-33-update", "MSG-015", o.server(state=o.update(b"\xa1a" + arrays, 1))
    )
    server.reject(
        "reject-depth-33-update-maps", "MSG-015", o.server(state=o.update(b"\xa1a" + maps, 1))
    )
    server.reject("reject-depth-33-server-event", "MSG-015", o.server(o.event(args=arrays)))
    for depth in (100, 1000, 1900):
        deep = b"\x91" * depth + b"\x01"
        client.reject(f"reject-event-depth-{depth}", "MSG-015", o.client(o.event(args=deep)))
        server.reject(
            f"reject-update-depth-{depth}", "MSG-015", o.server(state=o.update(b"\xa1a" + deep, 1))
        )
    return [client, server]


def _with_argument(fault: bytes, *, last: bool) -> bytes:
    """Return an event with a fault as its argument, or where it is the last thing in the entry."""
    if last:
        return (
            b"\x83"
            + o.TYPE
            + b"\xa1E"
            + o.HANDLER_KWARGS
            + b"\x80"
            + o.HANDLER_ARGS
            + b"\x91"
            + fault
        )
    return o.event(args=b"\x91" + fault)


if __name__ == "__main__":
    write(
        "pygase",
        "independent-reject-messagepack.json",
        "Packages that are discarded for the MessagePack in them.",
        [*everywhere(), *elsewhere(), *depths()],
    )
