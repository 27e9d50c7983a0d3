"""Every format of MessagePack that a receiver has to take, and what it means.

Writes `independent-decode-messagepack.json`. Each value stands as the one argument of an event; for
the server's direction, several share an update.
"""

from typing import Any

from vectors import formats as f
from vectors.files import Group, write
from vectors.pygase import octets as o


def formats(comment: str, requirements: str, rows: list[f.Row], result: str = "valid") -> Group:
    """Return a group with each row as the argument of an event."""
    group = Group("decode", comment, "client-package")
    for octets, value in rows:
        short = octets if len(octets) <= 24 else f"{octets[:10]}-{len(octets) // 2}"
        group.decode(
            f"decode-argument-{short}",
            requirements,
            o.client(o.event(args=b"\x91" + bytes.fromhex(octets))),
            o.client_value(o.event_value(args=[value])),
            result=result,
        )
    return group


def event_formats() -> Group:
    """Return an event whose own maps, arrays and texts are longer than need be."""
    group = Group("decode", "The event itself in every format.", "client-package")
    kind, args, kwargs = b"\xa1E", b"\x91\x07", b"\x81\xa1k\x01"
    value = o.client_value(o.event_value(args=[7], kwargs={"k": 1}))
    body = o.TYPE + kind + o.HANDLER_ARGS + args + o.HANDLER_KWARGS + kwargs
    long_keys = b"".join(
        [
            bytes.fromhex("d904") + o.TYPE[1:] + kind,
            bytes.fromhex("da000c") + o.HANDLER_ARGS[1:] + args,
            bytes.fromhex("db0000000e") + o.HANDLER_KWARGS[1:] + kwargs,
        ]
    )
    variants = [
        ("map16", bytes.fromhex("de0003") + body),
        ("map32", bytes.fromhex("df00000003") + body),
        ("long-keys", b"\x83" + long_keys),
        ("type-str8", o.event(bytes.fromhex("d90145"), args, kwargs)),
        ("type-str16", o.event(bytes.fromhex("da000145"), args, kwargs)),
        ("type-str32", o.event(bytes.fromhex("db0000000145"), args, kwargs)),
        ("args-array16", o.event(kind, bytes.fromhex("dc000107"), kwargs)),
        ("args-array32", o.event(kind, bytes.fromhex("dd0000000107"), kwargs)),
        ("kwargs-map16", o.event(kind, args, bytes.fromhex("de0001a16b01"))),
        ("kwargs-map32", o.event(kind, args, bytes.fromhex("df00000001a16b01"))),
        ("keyword-str8", o.event(kind, args, bytes.fromhex("81d9016b01"))),
    ]
    for name, octets in variants:
        group.decode(
            f"decode-event-{name}", "EVT-001 EVT-002", o.client(octets), value, result="acceptable"
        )
    return group


def update_formats() -> Group:
    """Return updates with many formats side by side."""
    group = Group("decode", "Attributes of an update in every format.", "server-package")
    sets: list[tuple[str, str, list[f.Row], str]] = [
        ("simple", "MSG-005", f.SIMPLE, "valid"),
        ("integers", "MSG-005", f.SHORTEST_INTEGERS, "valid"),
        ("longer-integers", "MSG-005", f.LONGER_INTEGERS, "acceptable"),
        ("single-floats", "MSG-003", f.SINGLE_FLOATS, "valid"),
        ("double-floats", "MSG-003", f.DOUBLE_FLOATS, "acceptable"),
        ("texts", "MSG-004", f.SHORTEST_TEXTS, "valid"),
        ("longer-texts", "MSG-004", f.LONGER_TEXTS, "acceptable"),
        ("bins", "MSG-004", f.SHORTEST_BINS, "valid"),
        ("longer-bins", "MSG-004", f.LONGER_BINS, "acceptable"),
        ("containers", "UPD-001", f.SHORTEST_CONTAINERS, "valid"),
        ("longer-containers", "UPD-001", f.LONGER_CONTAINERS, "acceptable"),
        ("keys", "MSG-012", f.KEYS, "valid"),
    ]
    for name, requirements, rows, result in sets:
        members = o.TIME_ORDER + b"\x01"
        value: dict[str, Any] = {"time_order": 1}
        for number, (octets, item) in enumerate(rows):
            members += f"\xa3v{number:02}".encode("latin-1") + bytes.fromhex(octets)
            value[f"v{number:02}"] = item
        count = len(value)
        lead = bytes([0x80 + count]) if count < 16 else b"\xde" + count.to_bytes(2, "big")
        group.decode(
            f"decode-attributes-{name}",
            requirements,
            o.server(state=lead + members),
            o.server_value(state=value),
            result=result,
        )
    for name, octets in (("map16", "de0001"), ("map32", "df00000001")):
        group.decode(
            f"decode-update-{name}",
            "UPD-001",
            o.server(state=bytes.fromhex(octets) + o.TIME_ORDER + b"\x01"),
            o.server_value(),
            result="acceptable",
        )
    group.decode(
        "decode-update-long-key",
        "UPD-002",
        o.server(state=bytes.fromhex("81da000a") + o.TIME_ORDER[1:] + b"\x01"),
        o.server_value(),
        comment="time_order as a str 16",
        result="acceptable",
    )
    return group


def depths() -> list[Group]:
    """Events and updates as deep as may be."""
    client = Group("decode", "Events of the greatest depth, 32.", "client-package")
    server = Group("decode", "Updates of the greatest depth, 32.", "server-package")

    def arrays(count: int) -> tuple[bytes, Any]:
        value: Any = 1
        for _ in range(count):
            value = [value]
        return b"\x91" * count + b"\x01", value

    def maps(count: int) -> tuple[bytes, Any]:
        value: Any = 1
        for _ in range(count):
            value = {"m": value}
        return b"\x81\xa1m" * count + b"\x01", value

    octets, value = arrays(2)
    client.decode(
        "decode-depth-3",
        "MSG-014",
        o.client(o.event(args=octets)),
        o.client_value(o.event_value(args=value)),
        comment="the book's example, [[1]]",
    )
    octets, value = arrays(31)
    client.decode(
        "decode-depth-32-positional",
        "MSG-014",
        o.client(o.event(args=octets)),
        o.client_value(o.event_value(args=value)),
    )
    octets, value = maps(31)
    client.decode(
        "decode-depth-32-keyword",
        "MSG-014",
        o.client(o.event(kwargs=octets)),
        o.client_value(o.event_value(kwargs=value)),
    )
    octets, value = arrays(31)
    server.decode(
        "decode-depth-32-update-arrays",
        "MSG-014",
        o.server(state=o.update(b"\xa1a" + octets, 1)),
        o.server_value(state={"time_order": 1, "a": value}),
    )
    octets, value = maps(31)
    server.decode(
        "decode-depth-32-update-maps",
        "MSG-014",
        o.server(state=o.update(b"\xa1a" + octets, 1)),
        o.server_value(state={"time_order": 1, "a": value}),
    )
    octets, value = arrays(31)
    server.decode(
        "decode-depth-32-both",
        "MSG-014",
        o.server(o.event(args=octets), state=o.update(b"\xa1a" + octets, 1)),
        o.server_value(o.event_value(args=value), state={"time_order": 1, "a": value}),
        comment="depth is counted for each event and the update by itself",
    )
    return [client, server]


if __name__ == "__main__":
    write(
        "pygase",
        "independent-decode-messagepack.json",
        "Every format of MessagePack, written by hand.",
        [
            formats("Nil and booleans.", "MSG-005", f.SIMPLE),
            formats("Integers in a shortest format.", "MSG-005", f.SHORTEST_INTEGERS),
            formats("Integers in longer formats.", "MSG-005", f.LONGER_INTEGERS, "acceptable"),
            formats("Floats of 32 bits.", "MSG-003", f.SINGLE_FLOATS),
            formats("Floats of 64 bits.", "MSG-003", f.DOUBLE_FLOATS, "acceptable"),
            formats("Str.", "MSG-004", f.SHORTEST_TEXTS),
            formats("Str with longer lengths.", "MSG-004", f.LONGER_TEXTS, "acceptable"),
            formats("Bin.", "MSG-004", f.SHORTEST_BINS),
            formats("Bin with longer lengths.", "MSG-004", f.LONGER_BINS, "acceptable"),
            formats("Arrays and maps.", "EVT-002", f.SHORTEST_CONTAINERS),
            formats(
                "Arrays and maps with longer counts.", "EVT-002", f.LONGER_CONTAINERS, "acceptable"
            ),
            formats("Keys of maps.", "MSG-012", f.KEYS),
            event_formats(),
            update_formats(),
            *depths(),
        ],
    )
