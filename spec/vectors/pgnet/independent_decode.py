r"""Requests and responses that a receiver has to take.

Writes `independent-decode.json`. The texts are written by hand; `value` is what stands in them,
`means` what counts of it. `\N` in a text is not JSON's: Python replaces it.
"""

from typing import Any

from vectors.files import Group, write
from vectors.pgnet.texts import decode

Row = tuple[str, str, str, dict[str, Any], str]
"""A name, the requirements, a text, its value, and a comment."""

STRINGS: list[tuple[str, str, str, str]] = [
    ("empty", '""', "", ""),
    ("ascii", '"hello"', "hello", ""),
    ("escaped-quote", r'"say \"hi\""', 'say "hi"', ""),
    ("escaped-solidus", r'"a\/b\\c"', "a/b\\c", ""),
    ("escaped-controls", r'"\b\f\n\r\t"', "\b\f\n\r\t", ""),
    ("escaped-null", r'"a\u0000b"', "a\0b", ""),
    ("escaped-ascii", r'"\u0041\u007A"', "Az", "either case of hexadecimal digits"),
    ("escaped-bmp", r'"\u540d\u524D"', "名前", ""),
    ("escaped-pair", r'"\ud83d\uDE00"', "😀", "two surrogates that are a pair"),
    ("escaped-least-pair", r'"\ud800\udc00"', "\U00010000", ""),
    ("escaped-greatest-pair", r'"\udbff\udfff"', "\U0010ffff", ""),
    ("utf8-two", '"ä"', "ä", ""),
    ("utf8-three", '"名前"', "名前", ""),
    ("utf8-four", '"😀"', "😀", ""),
    ("noncharacter", '"\uffff"', "\uffff", ""),
    ("delete", '"\x7f"', "\x7f", "not a control character to JSON"),
    ("line-separator", '"\u2028"', "\u2028", ""),
    ("byte-order-mark-inside", '"\ufeff"', "\ufeff", ""),
]

NUMBERS: list[tuple[str, str, int | float, str]] = [
    ("zero", "0", 0, ""),
    ("one", "1", 1, ""),
    ("minus-one", "-1", -1, ""),
    ("safe-integer", "9007199254740991", 2**53 - 1, ""),
    ("minus-safe-integer", "-9007199254740991", 1 - 2**53, ""),
    ("fraction", "-2.5", -2.5, ""),
    ("small-exponent", "25e-1", 2.5, ""),
    ("great-exponent", "1E+2", 100.0, "a number with an exponent"),
    ("minus-zero", "-0.0", -0.0, ""),
    ("least", "5e-324", 5e-324, ""),
    ("underflow", "1e-400", 0.0, "rounded to zero, which is no violation"),
    ("greatest", "1.7976931348623157e308", 1.7976931348623157e308, ""),
    ("minus-greatest", "-1.7976931348623157e+308", -1.7976931348623157e308, ""),
]

SPACES: list[tuple[str, str, dict[str, Any]]] = [
    ("before", ' \t\r\n{"message":"a"}', {"message": "a"}),
    ("behind", '{"message":"a"}\n\n', {"message": "a"}),
    (
        "inside",
        '{\n "message" :\t"a" ,\r\n "payload" : { } }',
        {"message": "a", "payload": {}},
    ),
    (
        "around-items",
        '{"message":"a","payload":{"l" : [ 1 , 2 ] }}',
        {"message": "a", "payload": {"l": [1, 2]}},
    ),
]

REQUESTS: list[Row] = [
    ("whole", "REQ-005 REQ-006", '{"message": "hello", "payload": {"a": 1}, '
     '"created_on": "2026-11-20T10:00:00.123456+00:00", "username": null}',
     {"message": "hello", "payload": {"a": 1},
      "created_on": "2026-11-20T10:00:00.123456+00:00", "username": None}, ""),
    ("without-payload", "REQ-004", '{"message": "hello"}', {"message": "hello"}, ""),
    ("empty-payload", "REQ-004", '{"message":"a","payload":{}}',
     {"message": "a", "payload": {}}, ""),
    ("empty-message", "REQ-003", '{"message":""}', {"message": ""}, "a str all the same"),
    ("null-created-on", "REQ-003 REQ-006", '{"message":"a","created_on":null}',
     {"message": "a", "created_on": None}, ""),
    ("odd-created-on", "REQ-006", '{"message":"a","created_on":"yesterday, at noon"}',
     {"message": "a", "created_on": "yesterday, at noon"}, "what it says does not matter"),
    ("empty-created-on", "REQ-006", '{"message":"a","created_on":""}',
     {"message": "a", "created_on": ""}, ""),
    ("username-str", "REQ-005", '{"message":"a","username":"admin"}',
     {"message": "a", "username": "admin"}, "whoever says so"),
    ("username-number", "REQ-005", '{"message":"a","username":7}',
     {"message": "a", "username": 7}, ""),
    ("username-object", "REQ-005", '{"message":"a","username":{"x":[]}}',
     {"message": "a", "username": {"x": []}}, ""),
    ("unknown-member", "REQ-002", '{"message":"a","color":"red"}',
     {"message": "a", "color": "red"}, ""),
    ("unknown-member-first", "REQ-002", '{"color":null,"message":"a"}',
     {"color": None, "message": "a"}, ""),
    ("unknown-empty-member", "REQ-002", '{"":0,"message":"a"}', {"": 0, "message": "a"}, ""),
    ("unknown-in-other-case", "REQ-002", '{"message":"a","Payload":1,"MESSAGE":2}',
     {"message": "a", "Payload": 1, "MESSAGE": 2}, "names differ by case"),
    ("members-of-a-response", "REQ-002",
     '{"message":"a","status":"x","game":1,"disconnecting":null}',
     {"message": "a", "status": "x", "game": 1, "disconnecting": None},
     "unknown to a request"),
    ("members-in-any-order", "REQ-003", '{"payload":{"b":2},"message":"a"}',
     {"payload": {"b": 2}, "message": "a"}, ""),
    ("escaped-member", "REQ-003", r'{"\u006dessage":"a"}', {"message": "a"}, ""),
    ("same-name-elsewhere", "JSN-004", '{"message":"a","payload":{"message":{"message":1}}}',
     {"message": "a", "payload": {"message": {"message": 1}}}, "not the same member"),
    ("payload-of-every-type", "JSN-002",
     '{"message":"a","payload":{"n":null,"t":true,"f":false,"i":1,"s":"","l":[null,[]],"o":{}}}',
     {"message": "a", "payload": {"n": None, "t": True, "f": False, "i": 1, "s": "",
                                  "l": [None, []], "o": {}}}, ""),
]  # fmt: skip

RESPONSES: list[Row] = [
    ("whole", "RSP-006", '{"message": "Left.", "payload": {"a": [1]}, "status": 2, '
     '"created_on": "2026-11-20T10:00:00.123456+00:00", "disconnecting": true, '
     '"game": "My Game 1"}',
     {"message": "Left.", "payload": {"a": [1]}, "status": 2,
      "created_on": "2026-11-20T10:00:00.123456+00:00", "disconnecting": True,
      "game": "My Game 1"}, ""),
    ("message-alone", "RSP-007", '{"message":"ok"}', {"message": "ok"}, "all else by default"),
    ("empty-message", "RSP-007", '{"message":""}', {"message": ""}, ""),
    ("status-0", "RSP-007", '{"message":"a","status":0}', {"message": "a", "status": 0}, ""),
    ("status-1", "RSP-007", '{"message":"a","status":1}', {"message": "a", "status": 1}, ""),
    ("status-2", "RSP-007", '{"message":"a","status":2}', {"message": "a", "status": 2}, ""),
    ("not-disconnecting", "RSP-007", '{"message":"a","disconnecting":false}',
     {"message": "a", "disconnecting": False}, ""),
    ("no-game", "RSP-007", '{"message":"a","game":null}', {"message": "a", "game": None}, ""),
    ("null-created-on", "RSP-007 REQ-006", '{"message":"a","created_on":null}',
     {"message": "a", "created_on": None}, ""),
    ("odd-created-on", "REQ-006", '{"message":"a","created_on":"?"}',
     {"message": "a", "created_on": "?"}, ""),
    ("unknown-member", "RSP-006", '{"message":"a","color":{"r":1}}',
     {"message": "a", "color": {"r": 1}}, ""),
    ("unknown-username", "RSP-006", '{"message":"a","username":"b"}',
     {"message": "a", "username": "b"}, "a member of requests"),
    ("unknown-in-other-case", "RSP-006", '{"message":"a","Status":7}',
     {"message": "a", "Status": 7}, ""),
]  # fmt: skip


def nested(depth: int, *, arrays: bool) -> tuple[str, Any]:
    """Return a payload with which a message is so deep, and its value."""
    opened, closed = ("[", "]") if arrays else ('{"k":', "}")
    inside = depth - 2 if arrays else depth - 3
    text = opened * inside + ("" if arrays else "{}") + closed * inside
    value: Any = [] if arrays else {}
    for _ in range(inside - 1 if arrays else inside):
        value = [value] if arrays else {"k": value}
    return '{"v":' + text + "}", {"v": value}


def main() -> None:
    """Write the file."""
    requests = Group("decode", "Requests.", "request")
    responses = Group("decode", "Responses.", "response")
    for group, rows in ((requests, REQUESTS), (responses, RESPONSES)):
        for name, requirements, text, whole, comment in rows:
            full = f"{group.message}-{name}"
            decode(group, full, requirements, text, whole, comment=comment)
    requests.tests[0]["spans"] = [
        [12, 7, "message"],
        [32, 8, "payload"],
        [38, 1, "payload.a"],
        [56, 34, "created_on"],
        [104, 4, "username"],
    ]
    responses.tests[0]["spans"] = [
        [12, 7, "message"],
        [32, 10, "payload"],
        [38, 3, "payload.a"],
        [39, 1, "payload.a[0]"],
        [54, 1, "status"],
        [71, 34, "created_on"],
        [124, 4, "disconnecting"],
        [138, 11, "game"],
    ]
    value: dict[str, Any]
    for name, text, string, comment in STRINGS:
        message = f'{{"message":{text}}}'
        decode(requests, f"str-{name}", "JSN-002", message, {"message": string}, comment=comment)
    for name, text, number, comment in NUMBERS:
        message = f'{{"message":"a","payload":{{"n":{text}}}}}'
        value = {"message": "a", "payload": {"n": number}}
        decode(requests, f"number-{name}", "JSN-006", message, value, comment=comment)
    for name, text, value in SPACES:
        decode(requests, f"space-{name}", "JSN-002", text, value)
    for group in (requests, responses):
        for depth in (3, 31, 32):
            for arrays in (False, True):
                text, payload_value = nested(depth, arrays=arrays)
                name = f"{group.message}-depth-{depth}-{'arrays' if arrays else 'objects'}"
                message = f'{{"message":"a","payload":{text}}}'
                value = {"message": "a", "payload": payload_value}
                decode(group, name, "JSN-007", message, value)
    write(
        "pgnet",
        "independent-decode.json",
        "Requests and responses that a receiver has to take.",
        [requests, responses],
    )


if __name__ == "__main__":
    main()
