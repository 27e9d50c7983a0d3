"""Datagrams that a receiver has to discard for their frame: size, header, lengths, direction.

Writes `independent-reject-framing.json`. Each has exactly one fault, or names first the one that
the book's order of checks (length, protocol id, header, body) meets first.
"""

from collections.abc import Callable

from vectors.files import Group, write
from vectors.pygase import octets as o

MESSAGES: dict[str, Callable[..., bytes]] = {
    "client-package": o.client,
    "server-package": o.server,
    "package": o.plain,
}


def datagrams() -> list[Group]:
    """Too large, and of a protocol that is none."""
    groups = []
    for message, build in MESSAGES.items():
        group = Group("reject", "Size and protocol id.", message)
        for size in (2049, 4096):
            room = size - len(build(o.event(args=b"\x91\xda\x00\x00")))
            text = b"\xda" + room.to_bytes(2, "big") + b"x" * room
            group.reject(
                f"reject-{message}-{size}-octets",
                "DGM-003",
                build(o.event(args=b"\x91" + text)),
                comment="well-formed but for its size",
            )
        good = build(o.event())
        ids = [
            ("zeros", "00000000", ""),
            ("reversed", "b9fad0ff", "the least significant octet first"),
            ("first-octet", "fed0fab9", ""),
            ("second-octet", "ffd1fab9", ""),
            ("third-octet", "ffd0fbb9", ""),
            ("fourth-octet", "ffd0fab8", ""),
        ]
        for name, protocol_id, comment in ids:
            group.reject(
                f"reject-{message}-id-{name}",
                "HDR-002",
                bytes.fromhex(protocol_id) + good[4:],
                comment=comment,
            )
        texts = [
            ("text", b"hello, is anybody there?", "any other text"),
            ("shutdown-and-more", b"shutdown" + b" now, please", "nothing comes after shutdown"),
            ("before-shutdown", b"please, now: shutdown", "nothing comes before shutdown"),
            ("after-shutdown", b"shutdown" + good, "nothing, not even a package"),
        ]
        for name, text, comment in texts:
            group.reject(f"reject-{message}-{name}", "HDR-002", text, comment=comment)
        group.reject(f"reject-{message}-sequence-0", "HDR-004", build(o.event(), head=o.header(0)))
        group.reject(f"reject-{message}-sequence-0-empty", "HDR-004", build(head=o.header(0, 7, 1)))
        groups.append(group)
    return groups


def texts() -> Group:
    """Almost a shutdown datagram."""
    group = Group("reject", "Neither of the two texts.", "shutdown")
    for name, text in (
        ("upper", b"SHUTDOWN"),
        ("short", b"shutdow"),
        ("line", b"shutdown\n"),
        ("nul", b"shutdown\0"),
        ("space", b" shutdown"),
        ("hyphens", b"shut-me-down"),
        ("shut-me", b"shut_me"),
        ("twice", b"shutdownshutdown"),
        ("wide", "shutdown".encode("utf-16-be")),
    ):
        group.reject(f"reject-shutdown-{name}", "HDR-002", text)
    return group


def truncations() -> list[Group]:
    """Every beginning of a small package that is not a package itself."""
    client = Group("reject", "A client package of 54 octets, cut off.", "client-package")
    package = o.client(o.event())
    for size in range(len(package)):
        if size == 14:
            continue  # a package without events
        requirement = "HDR-003" if size < 14 else "BOD-002"
        client.reject(f"reject-client-package-cut-{size}", requirement, package[:size])
    server = Group("reject", "A server package of 67 octets, cut off.", "server-package")
    package = o.server(o.event())
    for size in range(len(package)):
        if size == 27:
            continue  # a package without events
        requirement = "HDR-003" if size < 14 else "BOD-001" if size < 27 else "BOD-002"
        server.reject(f"reject-server-package-cut-{size}", requirement, package[:size])
    plain = Group("reject", "A plain package of 52 octets, cut off.", "package")
    package = o.plain(o.event())
    for size in (*range(12), *range(13, len(package))):
        requirement = "HDR-003" if size < 12 else "BOD-002"
        plain.reject(f"reject-package-cut-{size}", requirement, package[:size])
    return [client, server, plain]


def lengths() -> list[Group]:
    """Lengths that do not fit what follows them."""
    groups = []
    good = o.event()
    for message, build in MESSAGES.items():
        group = Group("reject", "Lengths in the event block.", message)
        for name, block, comment in (
            ("trailing-octet", b"\x00", "ends inside an entry's length"),
            (
                "trailing-octet-after-event",
                o.entry(good) + b"\x26",
                "ends inside the second length",
            ),
            ("entry-without-octets", b"\x00\x26", "a length, and the end"),
            ("entry-one-too-long", b"\x00\x27" + good, "one octet past the end"),
            ("entry-65535", b"\xff\xff" + good, "far past the end"),
            ("second-entry-past-end", o.entry(good) + b"\x00\x27" + good, "the first one is good"),
            ("length-reversed", b"\x26\x00" + good, "the least significant octet first"),
        ):
            group.reject(f"reject-{message}-{name}", "BOD-002", build() + block, comment=comment)
        group.reject(f"reject-{message}-entry-0", "BOD-003", build(b""), comment="no value at all")
        group.reject(
            f"reject-{message}-entry-0-after-event",
            "BOD-003",
            build(good, b""),
            comment="no value at all",
        )
        groups.append(group)
    server = groups[1]
    small = o.update()
    for name, octets, comment in (
        ("update-without-octets", b"\x00\x0d", "a length, and the end"),
        ("update-one-too-long", b"\x00\x0e" + small, "one octet past the end"),
        ("update-65535", b"\xff\xff" + small, "far past the end"),
        ("update-length-reversed", b"\x0d\x00" + small, "the least significant octet first"),
    ):
        server.reject(f"reject-{name}", "BOD-001", o.header() + octets, comment=comment)
    server.reject(
        "reject-update-0",
        "BOD-003",
        o.server(state=b""),
        comment="the update takes 0 octets, which is no value at all",
    )
    return groups


def surplus() -> list[Group]:
    """Octets left over after the value of an entry or of the update, and every cut of both."""
    client = Group("reject", "Entries that are not exactly one value.", "client-package")
    server = Group("reject", "Updates that are not exactly one value.", "server-package")
    good, small = o.event(), o.update()
    for name, rest in (
        ("nil", b"\xc0"),
        ("zero", b"\x00"),
        ("zeros", bytes(8)),
        ("reserved", b"\xc1"),
    ):
        client.reject(f"reject-event-then-{name}", "BOD-003", o.client(good + rest))
        server.reject(f"reject-update-then-{name}", "BOD-003", o.server(state=small + rest))
    client.reject("reject-two-events-in-entry", "BOD-003", o.client(good + good))
    server.reject("reject-two-updates", "BOD-003", o.server(state=small + small))
    server.reject("reject-server-event-then-nil", "BOD-003", o.server(good + b"\xc0"))
    for size in range(1, len(good)):
        client.reject(f"reject-event-cut-{size}", "BOD-003", o.client(good[:size]))
    for size in range(1, len(small)):
        server.reject(f"reject-update-cut-{size}", "BOD-003", o.server(state=small[:size]))
    return [client, server]


def directions() -> list[Group]:
    """Packages of one kind, read as another."""
    client = Group("reject", "Other kinds, read as client packages.", "client-package")
    server = Group("reject", "Other kinds, read as server packages.", "server-package")
    plain = Group("reject", "Other kinds, read as plain packages.", "package")
    client.reject(
        "reject-server-package-as-client-package",
        "BOD-002 DGM-005",
        o.server(),
        comment="time order 13, and an entry of 33194 octets",
    )
    client.reject("reject-package-as-client-package", "BOD-002 DGM-005", o.plain(o.event()))
    client.reject("reject-empty-package-as-client-package", "HDR-003 DGM-005", o.plain())
    server.reject(
        "reject-client-package-as-server-package",
        "BOD-003 DGM-005",
        o.client(),
        comment="an update of 0 octets",
    )
    server.reject(
        "reject-client-package-1-as-server-package",
        "BOD-001 DGM-005",
        o.client(time_order=1),
        comment="an update of 1 octet, past the end",
    )
    server.reject(
        "reject-package-as-server-package",
        "UPD-002 DGM-005",
        o.plain(o.event()),
        comment="an event where the update should be",
    )
    server.reject("reject-empty-package-as-server-package", "HDR-003 DGM-005", o.plain())
    plain.reject(
        "reject-client-package-as-package",
        "BOD-003",
        o.client(),
        comment="an entry of 0 octets",
    )
    plain.reject(
        "reject-server-package-as-package",
        "EVT-001",
        o.server(),
        comment="an update where an event should be",
    )
    return [client, server, plain]


if __name__ == "__main__":
    write(
        "pygase",
        "independent-reject-framing.json",
        "Datagrams that are discarded for their frame.",
        [*datagrams(), texts(), *truncations(), *lengths(), *surplus(), *directions()],
    )
