"""Packages that a receiver has to take: headers, bodies, sizes; and the shutdown datagrams.

Writes `independent-decode-packages.json`. What may stand in events and updates is the matter of
`independent_decode_contents.py`.
"""

from collections.abc import Callable
from typing import Any

from vectors.files import Group, write
from vectors.pygase import octets as o

HEADERS = [
    ("first", 1, 0, 0, "nothing received yet"),
    ("second-octet", 256, 255, 0x00000001, "the first octet of each field is the most significant"),
    ("last", 65535, 65535, 0xFFFFFFFF, "every field at its greatest"),
    ("before-last", 65534, 1, 0x80000000, "ack 1, and the sequence before it, which is 65535"),
    ("oldest-bit", 2, 33, 0x00000001, "ack 33, and the 32nd before it, which is 1"),
    ("gap", 7, 6, 0x38000000, "the book's figure: 1, 2, 3 and 6 received"),
    ("ack-without-bits", 32768, 32767, 0, "the middle of the range"),
    ("bits-without-ack", 3, 0, 0x80000000, "bits beside ack 0 are read, and mean nothing"),
]

Build = Callable[..., bytes]
Value = Callable[..., dict[str, Any]]
MESSAGES: list[tuple[str, Build, Value]] = [
    ("client-package", o.client, o.client_value),
    ("server-package", o.server, o.server_value),
    ("package", o.plain, o.plain_value),
]
HEADER_SPANS = [
    (0, 4, "header.protocol_id"),
    (4, 2, "header.sequence"),
    (6, 2, "header.ack"),
    (8, 4, "header.ack_bitfield"),
]


def headers() -> list[Group]:
    """Every field of the header at its ends, in each message."""
    groups = []
    for message, build, value in MESSAGES:
        group = Group("decode", "Headers.", message)
        for name, sequence, ack, bits, comment in HEADERS:
            group.decode(
                f"decode-{message}-header-{name}",
                "HDR-001",
                build(head=o.header(sequence, ack, bits)),
                value(head=o.header_value(sequence, ack, bits)),
                comment=comment,
                spans=HEADER_SPANS,
            )
        groups.append(group)
    return groups


def overview() -> list[Group]:
    """The four datagrams of the book's annotated exchange, copied from its page."""
    client = Group(
        "decode", "The annotated exchange of the overview, client's side.", "client-package"
    )
    server = Group(
        "decode", "The annotated exchange of the overview, server's side.", "server-package"
    )
    spans = [*HEADER_SPANS, (12, 2, "time_order")]
    client.decode(
        "decode-overview-1",
        "HDR-001 DGM-005",
        bytes.fromhex("ffd0fab9 0001 0000 00000000 0000"),
        o.client_value(),
        spans=spans,
    )
    server.decode(
        "decode-overview-2",
        "HDR-001 DGM-005",
        bytes.fromhex("ffd0fab9 0001 0001 00000000 000d 81 aa74696d655f6f72646572 00"),
        o.server_value(state={"time_order": 0}, head=o.header_value(1, 1)),
        spans=[*HEADER_SPANS, (14, 13, "update"), (26, 1, "update.time_order")],
    )
    client.decode(
        "decode-overview-3",
        "HDR-001 DGM-005",
        bytes.fromhex("ffd0fab9 0002 0001 00000000 0000"),
        o.client_value(head=o.header_value(2, 1)),
        spans=spans,
    )
    server.decode(
        "decode-overview-4",
        "HDR-001 DGM-005",
        bytes.fromhex(
            "ffd0fab9 0002 0002 80000000 0029 84 a26870 64 a3706f73 ca3f000000"
            "ab67616d655f737461747573 01 aa74696d655f6f72646572 cd5077"
        ),
        o.server_value(
            state={"hp": 100, "pos": 0.5, "game_status": 1, "time_order": 20599},
            head=o.header_value(2, 2, 0x80000000),
        ),
        spans=[
            *HEADER_SPANS,
            (14, 41, "update"),
            (18, 1, "update.hp"),
            (23, 5, "update.pos"),
            (40, 1, "update.game_status"),
            (52, 3, "update.time_order"),
        ],
    )
    return [client, server]


def bodies() -> list[Group]:
    """Time orders, events and their order, and the three readings of the same octets."""
    client = Group("decode", "Bodies of client packages.", "client-package")
    for time_order in (1, 255, 256, 32768, 65535):
        client.decode(
            f"decode-client-package-time-order-{time_order}",
            "HDR-001 DGM-005",
            o.client(time_order=time_order),
            o.client_value(time_order=time_order),
        )
    server = Group("decode", "Bodies of server packages.", "server-package")
    plain = Group("decode", "Bodies of plain packages.", "package")
    full = o.event(args=b"\x91\x07", kwargs=b"\x81\xa1k\xc3")
    full_value = o.event_value(args=[7], kwargs={"k": True})
    client.decode(
        "decode-client-package-event",
        "EVT-001 EVT-002",
        o.client(full),
        o.client_value(full_value),
        spans=[
            *HEADER_SPANS,
            (12, 2, "time_order"),
            (16, 42, "events[0]"),
            (22, 2, "events[0].type"),
            (37, 2, "events[0].handler_args"),
            (38, 1, "events[0].handler_args[0]"),
            (54, 4, "events[0].handler_kwargs"),
            (57, 1, "events[0].handler_kwargs.k"),
        ],
    )
    server.decode(
        "decode-server-package-event",
        "EVT-001 EVT-002",
        o.server(full),
        o.server_value(full_value),
        spans=[
            *HEADER_SPANS,
            (14, 13, "update"),
            (26, 1, "update.time_order"),
            (29, 42, "events[0]"),
            (35, 2, "events[0].type"),
            (50, 2, "events[0].handler_args"),
            (51, 1, "events[0].handler_args[0]"),
            (67, 4, "events[0].handler_kwargs"),
            (70, 1, "events[0].handler_kwargs.k"),
        ],
    )
    plain.decode(
        "decode-package-two-events",
        "EVT-001 EVT-002",
        o.plain(full, o.event(kind=b"\xa3HIT")),
        o.plain_value(full_value, o.event_value("HIT")),
        spans=[
            *HEADER_SPANS,
            (14, 42, "events[0]"),
            (20, 2, "events[0].type"),
            (35, 2, "events[0].handler_args"),
            (36, 1, "events[0].handler_args[0]"),
            (52, 4, "events[0].handler_kwargs"),
            (55, 1, "events[0].handler_kwargs.k"),
            (58, 40, "events[1]"),
            (64, 4, "events[1].type"),
            (81, 1, "events[1].handler_args"),
            (97, 1, "events[1].handler_kwargs"),
        ],
    )
    for message, build, value in MESSAGES:
        group = {"client-package": client, "server-package": server, "package": plain}[message]
        for count, result in ((5, "valid"), (6, "acceptable"), (49, "acceptable")):
            group.decode(
                f"decode-{message}-{count}-events",
                "BOD-005",
                build(*[o.event(args=bytes([0x91, index])) for index in range(count)]),
                value(*[o.event_value(args=[index]) for index in range(count)]),
                result=result,
            )
    return [client, server, plain]


def sizes() -> list[Group]:
    """Packages up to the greatest."""
    groups = []
    for message, build, value in MESSAGES:
        group = Group("decode", "Packages of every size up to 2048 octets.", message)
        for size in (1473, 2047, 2048):
            empty = len(build(o.event(args=b"\x91\xda\x00\x00")))
            length = size - empty
            text = b"\xda" + length.to_bytes(2, "big") + b"x" * length
            group.decode(
                f"decode-{message}-{size}-octets",
                "DGM-004",
                build(o.event(args=b"\x91" + text)),
                value(o.event_value(args=["x" * length])),
            )
        groups.append(group)
    length = 2048 - len(o.server(state=o.update(b"\xa1a\xda\x00\x00", 1)))
    text = b"\xda" + length.to_bytes(2, "big") + b"x" * length
    groups[1].decode(
        "decode-server-package-2048-octets-of-update",
        "DGM-004",
        o.server(state=o.update(b"\xa1a" + text, 1)),
        o.server_value(state={"time_order": 1, "a": "x" * length}),
    )
    return groups


def shutdown() -> Group:
    """The two datagrams that are no packages."""
    group = Group("decode", "Shutdown datagrams.", "shutdown")
    for command in ("shutdown", "shut_me_down"):
        group.decode(
            f"decode-{command}",
            "HDR-002",
            command.encode("ascii"),
            {"command": command},
            spans=[(0, len(command), "command")],
        )
    return group


if __name__ == "__main__":
    write(
        "pygase",
        "independent-decode-packages.json",
        "Well-formed packages, put together by hand.",
        [*headers(), *overview(), *bodies(), *sizes(), shutdown()],
    )
