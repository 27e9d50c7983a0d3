"""Events and updates that a receiver has to take.

Writes `independent-decode-contents.json`. What MessagePack has to offer inside of them is the
matter of `independent_decode_messagepack.py`.
"""

import itertools
from typing import Any

from vectors.files import Group, write
from vectors.pygase import octets as o


def events() -> Group:
    """What an event may be made of."""
    group = Group("decode", "Events: names, arguments, and keys in every order.", "client-package")
    name = bytes.fromhex
    kinds = [
        ("empty", "a0", ""),
        ("greek", "a2 cea9", "Ω"),
        ("kanji", "a6 e5908d e5898d", "名前"),
        ("emoji", "a4 f09f8eb2", "🎲"),
        ("decomposed", "a3 65cc81", "e\u0301"),
        ("nul", "a1 00", "\0"),
        ("type", "a4 74797065", "type"),
    ]
    for label, kind, text in kinds:
        group.decode(
            f"decode-event-type-{label}",
            "EVT-002 MSG-004",
            o.client(o.event(kind=name(kind))),
            o.client_value(o.event_value(text)),
        )
    group.decode(
        "decode-event-positional",
        "EVT-002",
        o.client(o.event(args=name("93 01 c0 a178"))),
        o.client_value(o.event_value(args=[1, None, "x"])),
    )
    group.decode(
        "decode-event-keyword",
        "EVT-002",
        o.client(o.event(kwargs=name("82 a178 01 a179 90"))),
        o.client_value(o.event_value(kwargs={"x": 1, "y": []})),
    )
    group.decode(
        "decode-event-keyword-unusual",
        "EVT-002",
        o.client(o.event(kwargs=name("83 a0 01 a2cea9 02 a4 74797065 03"))),
        o.client_value(o.event_value(kwargs={"": 1, "Ω": 2, "type": 3})),
        comment="any str is a keyword: empty, not ASCII, or a name that the event itself has",
    )
    parts = {
        "type": o.TYPE + name("a145"),
        "args": o.HANDLER_ARGS + name("9107"),
        "kwargs": o.HANDLER_KWARGS + name("81 a16b c3"),
    }
    for order in itertools.permutations(parts):
        group.decode(
            "decode-event-keys-" + "-".join(order),
            "EVT-003",
            o.client(b"\x83" + b"".join(parts[part] for part in order)),
            o.client_value(o.event_value(args=[7], kwargs={"k": True})),
        )
    return group


def updates() -> Group:
    """What an update may be made of."""
    group = Group("decode", "Game state updates.", "server-package")
    name = bytes.fromhex
    for status in (0, 1):
        group.decode(
            f"decode-update-game-status-{status}",
            "UPD-003",
            o.server(state=o.update(o.GAME_STATUS + bytes([status]), 1)),
            o.server_value(state={"time_order": 1, "game_status": status}),
        )
    orders = [
        ("00", 0, "valid"),
        ("7f", 127, "valid"),
        ("cc80", 128, "valid"),
        ("cdffff", 65535, "valid"),
        ("cc05", 5, "acceptable"),
        ("cd0005", 5, "acceptable"),
        ("ce0000ffff", 65535, "acceptable"),
        ("cf000000000000ffff", 65535, "acceptable"),
        ("d005", 5, "acceptable"),
        ("d17fff", 32767, "valid"),
        ("d20000ffff", 65535, "acceptable"),
        ("d3000000000000ffff", 65535, "acceptable"),
    ]
    for octets, time_order, result in orders:
        group.decode(
            f"decode-update-time-order-{octets}",
            "UPD-002" if result == "valid" else "UPD-002 MSG-005",
            o.server(state=o.update(time_order=name(octets))),
            o.server_value(state={"time_order": time_order}),
            result=result,
        )
    members: list[tuple[str, str, int, dict[str, Any], str]] = [
        ("nested", "a16d 81 a16e 81 a178 01", 1, {"m": {"n": {"x": 1}}}, ""),
        ("empty-map", "a16d 80", 1, {"m": {}}, ""),
        ("empty-name", "a0 01", 1, {"": 1}, "the empty str is a name"),
        ("greek-name", "a2cea9 01", 1, {"Ω": 1}, ""),
        ("to-delete", "a161 c404d281e5ba", 1, {"a": o.TO_DELETE}, "read as a bin like any other"),
        ("to-delete-nested", "a16d 81 a178 c404d281e5ba", 1, {"m": {"x": o.TO_DELETE}}, ""),
        ("inner-names", "a16d 82" + o.TIME_ORDER.hex() + "c0" + o.GAME_STATUS.hex() + "02", 1,
         {"m": {"time_order": None, "game_status": 2}}, "the protocol's names only at the top"),
        ("event-names", "a474797065 01 ac68616e646c65725f61726773 02", 2,
         {"type": 1, "handler_args": 2}, "the names of an event mean nothing in an update"),
    ]  # fmt: skip
    for label, octets, count, value, comment in members:
        group.decode(
            f"decode-update-{label}",
            "UPD-001",
            o.server(state=o.update(name(octets), count)),
            o.server_value(state={"time_order": 1, **value}),
            comment=comment,
        )
    group.decode(
        "decode-update-time-order-last",
        "UPD-002",
        o.server(state=name("82 a161 01") + o.TIME_ORDER + b"\x05"),
        o.server_value(state={"a": 1, "time_order": 5}),
        comment="the time order may stand anywhere in the map",
    )
    return group


if __name__ == "__main__":
    write(
        "pygase",
        "independent-decode-contents.json",
        "Well-formed events and updates, put together by hand.",
        [events(), updates()],
    )
