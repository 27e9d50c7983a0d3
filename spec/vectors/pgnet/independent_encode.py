r"""What a sender puts on the wire, and what it refuses to.

Writes `independent-encode.json`. JSON leaves spaces, escapes and the form of numbers to the sender:
`hex` is one way to write the value, the one that the originals' JSON library has.
"""

from typing import Any

from vectors.files import Group, write

REQUESTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("message", '{"message": "hello"}', {"message": "hello"}, ""),
    (
        "key-trade",
        '{"message": "key_trade", "payload": {"pubkey": '
        '"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="}, "created_on": null, "username": null}',
        {
            "message": "key_trade",
            "payload": {"pubkey": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="},
            "created_on": None,
            "username": None,
        },
        "",
    ),
    (
        "login",
        '{"message": "handshake", "payload": {"username": "bob", "password": "a\\"b\\\\c", '
        '"invite_code": ""}}',
        {
            "message": "handshake",
            "payload": {"username": "bob", "password": 'a"b\\c', "invite_code": ""},
        },
        "",
    ),
    (
        "types",
        '{"message": "", "payload": {"n": null, "t": true, "f": false, "i": -7, "d": 2.5, '
        '"l": [1, [], {}]}}',
        {
            "message": "",
            "payload": {"n": None, "t": True, "f": False, "i": -7, "d": 2.5, "l": [1, [], {}]},
        },
        "",
    ),
    (
        "texts",
        '{"message": "\\u540d\\u524d", "payload": {"\\u00e4": "\\ud83d\\ude00", '
        '"c": "\\b\\f\\n\\r\\t\\u0000/"}}',
        {"message": "名前", "payload": {"ä": "😀", "c": "\b\f\n\r\t\0/"}},
        "UTF-8 instead of the escapes is right, too",
    ),
    (
        "numbers",
        '{"message": "a", "payload": {"l": [0, 9007199254740991, -9007199254740991, '
        "1.7976931348623157e+308, 5e-324, -0.0, 100.0]}}",
        {
            "message": "a",
            "payload": {
                "l": [
                    0,
                    2**53 - 1,
                    1 - 2**53,
                    1.7976931348623157e308,
                    5e-324,
                    -0.0,
                    100.0,
                ]
            },
        },
        "",
    ),
]

RESPONSES: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "whole",
        '{"message": "Authenticated.", "payload": {}, "status": 0, '
        '"created_on": "2026-11-20T10:00:00+00:00", "disconnecting": false, "game": null}',
        {
            "message": "Authenticated.",
            "payload": {},
            "status": 0,
            "created_on": "2026-11-20T10:00:00+00:00",
            "disconnecting": False,
            "game": None,
        },
        "",
    ),
    (
        "refusal",
        '{"message": "Incorrect password.", "payload": {}, "status": 1, "created_on": null, '
        '"disconnecting": true, "game": null}',
        {
            "message": "Incorrect password.",
            "payload": {},
            "status": 1,
            "created_on": None,
            "disconnecting": True,
            "game": None,
        },
        "",
    ),
    (
        "game",
        '{"message": "Joined.", "payload": {"heartbeat_rate": 10}, "status": 0, '
        '"created_on": null, "disconnecting": false, "game": "My Game 1"}',
        {
            "message": "Joined.",
            "payload": {"heartbeat_rate": 10},
            "status": 0,
            "created_on": None,
            "disconnecting": False,
            "game": "My Game 1",
        },
        "",
    ),
]

NO_JSON: list[tuple[str, Any, str]] = [
    ("nan", float("nan"), ""),
    ("infinity", float("inf"), ""),
    ("minus-infinity", float("-inf"), ""),
    ("octets", b"abc", "JSON has no octets"),
    ("octets-inside", [{"k": b""}], ""),
    ("nan-inside", {"l": [0, float("nan")]}, ""),
]
"""Values inside a payload that JSON does not have."""

NO_OBJECT: list[tuple[str, Any]] = [("array", ["a"]), ("str", "a"), ("null", None), ("number", 1)]
"""JSON, but not what a message is."""


def main() -> None:
    """Write the file."""
    groups = []
    for message, rows in (("request", REQUESTS), ("response", RESPONSES)):
        group = Group("encode", "One way to write the value.", message)
        for name, text, value, comment in rows:
            group.encode(
                f"encode-{message}-{name}", "JSN-001", value, text.encode(), comment=comment
            )
        groups.append(group)
        refused = Group("encode", "No JSON, or no object: there is nothing to send.", message)
        for name, value, comment in NO_JSON:
            whole = {"message": "a", "payload": {"v": value}}
            refused.refuse(f"refuse-{message}-{name}", "JSN-001", whole, comment=comment)
        for name, other in NO_OBJECT:
            refused.refuse(f"refuse-{message}-{name}", "JSN-001", other)
        groups.append(refused)
    write(
        "pgnet",
        "independent-encode.json",
        "What a sender puts on the wire, and what it refuses to.",
        groups,
    )


if __name__ == "__main__":
    main()
