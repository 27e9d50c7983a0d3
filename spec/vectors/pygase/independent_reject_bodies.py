"""Packages that a receiver has to discard for the shape of an event or of the update.

Writes `independent-reject-bodies.json`. All of them are flawless MessagePack.
"""

from vectors.files import Group, write
from vectors.pygase import octets as o

TYPE = o.TYPE + b"\xa1E"
ARGS = o.HANDLER_ARGS + b"\x90"
KWARGS = o.HANDLER_KWARGS + b"\x80"
HANDLER = bytes.fromhex("a7 68616e646c6572")

SHAPES: list[tuple[str, bytes, str]] = [
    ("nil", b"\xc0", ""),
    ("true", b"\xc3", ""),
    ("integer", b"\x05", ""),
    ("float", b"\xca\x3f\x80\x00\x00", ""),
    ("str", o.TYPE, ""),
    ("bin", b"\xc4\x01E", ""),
    ("array", b"\x93\xa1E\x90\x80", "the three values without their keys"),
    ("array-of-event", b"\x91" + o.event(), ""),
    ("empty-map", b"\x80", ""),
    ("without-type", b"\x82" + ARGS + KWARGS, ""),
    ("without-args", b"\x82" + TYPE + KWARGS, ""),
    ("without-kwargs", b"\x82" + TYPE + ARGS, ""),
    ("additional-key", b"\x84" + TYPE + ARGS + KWARGS + HANDLER + b"\xc0", ""),
    ("additional-empty-key", b"\x84" + TYPE + ARGS + KWARGS + b"\xa0\xc0", ""),
    ("additional-integer-key", b"\x84" + TYPE + ARGS + KWARGS + b"\x00\xc0", ""),
    ("additional-nil-key", b"\x84\xc0\xc0" + TYPE + ARGS + KWARGS, ""),
    ("other-key", b"\x83" + TYPE + ARGS + HANDLER + b"\x80", "handler for handler_kwargs"),
    ("upper-case-key", b"\x83\xa4TYPE\xa1E" + ARGS + KWARGS, ""),
    ("bin-key", b"\x83\xc4\x04type\xa1E" + ARGS + KWARGS, "a bin is not a str"),
    ("update", o.update(), "an update where an event should be"),
]

KINDS: list[tuple[str, bytes, str]] = [
    ("type-nil", o.event(kind=b"\xc0"), ""),
    ("type-integer", o.event(kind=b"\x01"), ""),
    ("type-bin", o.event(kind=b"\xc4\x01E"), "a bin is not a str"),
    ("type-array", o.event(kind=b"\x91\xa1E"), ""),
    ("type-map", o.event(kind=b"\x80"), ""),
    ("args-nil", o.event(args=b"\xc0"), ""),
    ("args-integer", o.event(args=b"\x00"), ""),
    ("args-map", o.event(args=b"\x80"), ""),
    ("args-str", o.event(args=b"\xa2ab"), ""),
    ("args-bin", o.event(args=b"\xc4\x02ab"), ""),
    ("kwargs-nil", o.event(kwargs=b"\xc0"), ""),
    ("kwargs-false", o.event(kwargs=b"\xc2"), ""),
    ("kwargs-array", o.event(kwargs=b"\x90"), ""),
    ("kwargs-pairs", o.event(kwargs=b"\x91\x92\xa1k\x01"), "pairs are not a map"),
    ("kwargs-str", o.event(kwargs=b"\xa0"), ""),
    ("keyword-integer", o.event(kwargs=b"\x81\x00\x01"), ""),
    ("keyword-nil", o.event(kwargs=b"\x81\xc0\x01"), ""),
    ("keyword-true", o.event(kwargs=b"\x81\xc3\x01"), ""),
    ("keyword-float", o.event(kwargs=b"\x81\xca\x3f\x00\x00\x00\x01"), ""),
    ("keyword-bin", o.event(kwargs=b"\x81\xc4\x01k\x01"), "a bin is not a str"),
    ("keyword-second", o.event(kwargs=b"\x82\xa1k\x01\x05\x01"), "the first one is good"),
    ("args-and-kwargs-swapped", b"\x83" + TYPE + o.HANDLER_ARGS + b"\x80" + KWARGS, ""),
]

UPDATES: list[tuple[str, str, bytes, str]] = [
    ("nil", "UPD-001", b"\xc0", ""),
    ("false", "UPD-001", b"\xc2", ""),
    ("integer", "UPD-001", b"\x01", ""),
    ("float", "UPD-001", b"\xca\x3f\x80\x00\x00", ""),
    ("str", "UPD-001", o.TIME_ORDER, ""),
    ("bin", "UPD-001", b"\xc4\x00", ""),
    ("to-delete", "UPD-001", b"\xc4\x04" + o.TO_DELETE, "the whole state cannot be deleted"),
    ("array", "UPD-001", b"\x90", ""),
    ("pair", "UPD-001", b"\x92" + o.TIME_ORDER + b"\x01", ""),
    ("array-of-update", "UPD-001", b"\x91" + o.update(), ""),
    ("integer-key", "UPD-001", o.update(b"\x00\x01", 1), ""),
    ("nil-key", "UPD-001", o.update(b"\xc0\x01", 1), ""),
    ("true-key", "UPD-001", o.update(b"\xc3\x01", 1), ""),
    ("float-key", "UPD-001", o.update(b"\xca\x3f\x00\x00\x00\x01", 1), ""),
    ("bin-key", "UPD-001", o.update(b"\xc4\x01a\x01", 1), ""),
    ("bin-key-before", "UPD-001", b"\x82\xc4\x01a\x01" + o.TIME_ORDER + b"\x01", ""),
    ("empty", "UPD-002", b"\x80", ""),
    ("without-time-order", "UPD-002", b"\x81\xa1a\x01", ""),
    ("nested-time-order", "UPD-002", b"\x81\xa1m\x81" + o.TIME_ORDER + b"\x01", "not at the top"),
    ("upper-case-time-order", "UPD-002", b"\x81\xaaTIME_ORDER\x01", ""),
    ("time-order-nil", "UPD-002", o.update(time_order=b"\xc0"), ""),
    ("time-order-false", "UPD-002", o.update(time_order=b"\xc2"), "a boolean is no integer"),
    ("time-order-true", "UPD-002", o.update(time_order=b"\xc3"), "a boolean is no integer"),
    ("time-order-float", "UPD-002", o.update(time_order=b"\xca\x3f\x80\x00\x00"),
     "1.0 is no integer"),
    ("time-order-double", "UPD-002", o.update(time_order=b"\xcb\x3f\xf0" + bytes(6)), ""),
    ("time-order-minus-1", "UPD-002", o.update(time_order=b"\xff"), ""),
    ("time-order-minus-128", "UPD-002", o.update(time_order=b"\xd0\x80"), ""),
    ("time-order-65536", "UPD-002", o.update(time_order=b"\xce\x00\x01\x00\x00"), ""),
    ("time-order-greatest", "UPD-002", o.update(time_order=b"\xcf" + b"\xff" * 8), ""),
    ("time-order-least", "UPD-002", o.update(time_order=b"\xd3\x80" + bytes(7)), ""),
    ("time-order-str", "UPD-002", o.update(time_order=b"\xa11"), ""),
    ("time-order-to-delete", "UPD-002", o.update(time_order=b"\xc4\x04" + o.TO_DELETE),
     "cannot be deleted"),
    ("time-order-array", "UPD-002", o.update(time_order=b"\x91\x01"), ""),
    ("status-2", "UPD-003", o.update(o.GAME_STATUS + b"\x02", 1), ""),
    ("status-minus-1", "UPD-003", o.update(o.GAME_STATUS + b"\xff", 1), ""),
    ("status-256", "UPD-003", o.update(o.GAME_STATUS + b"\xcd\x01\x00", 1), ""),
    ("status-nil", "UPD-003", o.update(o.GAME_STATUS + b"\xc0", 1), ""),
    ("status-false", "UPD-003", o.update(o.GAME_STATUS + b"\xc2", 1), "a boolean is no integer"),
    ("status-true", "UPD-003", o.update(o.GAME_STATUS + b"\xc3", 1), "a boolean is no integer"),
    ("status-float", "UPD-003", o.update(o.GAME_STATUS + b"\xca\x3f\x80\x00\x00", 1),
     "1.0 is no integer"),
    ("status-str", "UPD-003", o.update(o.GAME_STATUS + b"\xa6Active", 1), ""),
    ("status-to-delete", "UPD-003", o.update(o.GAME_STATUS + b"\xc4\x04" + o.TO_DELETE, 1),
     "cannot be deleted"),
]  # fmt: skip


def events() -> list[Group]:
    """Events of another shape, in every kind of package."""
    groups = []
    for message, build in (
        ("client-package", o.client),
        ("server-package", o.server),
        ("package", o.plain),
    ):
        group = Group("reject", "Events of another shape.", message)
        for requirement, rows in (("EVT-001", SHAPES), ("EVT-002", KINDS)):
            for name, octets, comment in rows:
                group.reject(
                    f"reject-{message}-event-{name}", requirement, build(octets), comment=comment
                )
        group.reject(
            f"reject-{message}-second-event",
            "EVT-001",
            build(o.event(), b"\x80", o.event()),
            comment="one bad event between two good ones spoils the package",
        )
        groups.append(group)
    return groups


def updates() -> Group:
    """Updates of another shape."""
    group = Group("reject", "Updates of another shape.", "server-package")
    for name, requirement, octets, comment in UPDATES:
        group.reject(f"reject-update-{name}", requirement, o.server(state=octets), comment=comment)
    group.reject(
        "reject-update-beside-good-event",
        "UPD-002",
        o.server(o.event(), state=b"\x80"),
        comment="the event is good, and does not count",
    )
    return group


if __name__ == "__main__":
    write(
        "pygase",
        "independent-reject-bodies.json",
        "Events and updates of another shape, in flawless MessagePack.",
        [*events(), updates()],
    )
