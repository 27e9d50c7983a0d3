"""Messages that a receiver has to treat as a violation.

Writes `independent-reject.json`. Each is written by hand and has one fault; the group's message is
what the receiver expects.
"""

from vectors.files import Group, write

Row = tuple[str, str | bytes, str]
"""A name, a text, and a comment."""

NO_JSON: list[Row] = [
    ("empty", "", ""),
    ("space", " \n", ""),
    ("word", "hello", ""),
    ("truncated", '{"message":"a"', ""),
    ("truncated-string", '{"message":"a', ""),
    ("truncated-member", '{"message":', ""),
    ("truncated-escape", '{"message":"\\u00', ""),
    ("truncated-literal", '{"message":"a","payload":{"v":tru', ""),
    ("second-text", '{"message":"a"}{"message":"b"}', ""),
    ("second-text-behind-space", '{"message":"a"} {}', ""),
    ("rubbish-behind", '{"message":"a"}x', ""),
    ("null-behind", '{"message":"a"}\0', ""),
    ("byte-order-mark", '\ufeff{"message":"a"}', "white space to people, not to JSON"),
    ("no-break-space", '\u00a0{"message":"a"}', ""),
    ("form-feed", '\f{"message":"a"}', ""),
    ("nan", '{"message":"a","payload":{"v":NaN}}', ""),
    ("infinity", '{"message":"a","payload":{"v":Infinity}}', ""),
    ("minus-infinity", '{"message":"a","payload":{"v":-Infinity}}', ""),
    ("upper-case-literal", '{"message":"a","payload":{"v":True}}', ""),
    ("none", '{"message":"a","payload":{"v":None}}', ""),
    ("undefined", '{"message":"a","payload":{"v":undefined}}', ""),
    ("single-quotes", "{'message':'a'}", ""),
    ("no-quotes", '{message:"a"}', ""),
    ("number-as-member", '{"message":"a",1:2}', ""),
    ("trailing-comma", '{"message":"a",}', ""),
    ("trailing-comma-in-array", '{"message":"a","payload":{"l":[1,]}}', ""),
    ("leading-comma", '{,"message":"a"}', ""),
    ("double-comma", '{"message":"a",,"payload":{}}', ""),
    ("no-comma", '{"message":"a" "payload":{}}', ""),
    ("no-comma-in-array", '{"message":"a","payload":{"l":[1 2]}}', ""),
    ("no-colon", '{"message" "a"}', ""),
    ("equals", '{"message"="a"}', ""),
    ("no-value", '{"message":}', ""),
    ("comma-in-place-of-colon", '{"message","a"}', ""),
    ("wrong-bracket", '{"message":"a"]', ""),
    ("wrong-bracket-in-array", '{"message":"a","payload":{"l":[1}}', ""),
    ("line-comment", '{"message":"a"} // b', ""),
    ("block-comment", '{"message":/* b */"a"}', ""),
    ("hash-comment", '{"message":"a"} # b', ""),
    ("leading-zero", '{"message":"a","payload":{"v":01}}', ""),
    ("minus-leading-zero", '{"message":"a","payload":{"v":-01}}', ""),
    ("plus", '{"message":"a","payload":{"v":+1}}', ""),
    ("minus", '{"message":"a","payload":{"v":-}}', ""),
    ("leading-point", '{"message":"a","payload":{"v":.5}}', ""),
    ("trailing-point", '{"message":"a","payload":{"v":1.}}', ""),
    ("no-exponent", '{"message":"a","payload":{"v":1e}}', ""),
    ("hexadecimal", '{"message":"a","payload":{"v":0x10}}', ""),
    ("underscore", '{"message":"a","payload":{"v":1_000}}', ""),
    ("control-character", '{"message":"a\x01"}', "has to be escaped"),
    ("line-feed-in-string", '{"message":"a\nb"}', ""),
    ("tab-in-string", '{"message":"a\tb"}', ""),
    ("unknown-escape", '{"message":"\\x41"}', ""),
    ("escaped-single-quote", '{"message":"\\\'"}', ""),
    ("short-escape", '{"message":"\\u12"}', ""),
    ("bad-escape", '{"message":"\\u12g4"}', ""),
    ("upper-case-escape", '{"message":"\\U00000041"}', ""),
]

NO_OBJECT: list[Row] = [
    ("null", "null", ""),
    ("true", "true", ""),
    ("number", "7", ""),
    ("str", '"hello"', ""),
    ("str-of-object", '"{\\"message\\":\\"a\\"}"', "JSON in JSON"),
    ("empty-array", "[]", ""),
    ("array-of-object", '[{"message":"a"}]', ""),
]

TWICE: list[Row] = [
    ("message", '{"message":"a","message":"b"}', ""),
    ("same-value", '{"message":"a","message":"a"}', ""),
    ("payload", '{"message":"a","payload":{},"payload":{}}', ""),
    ("unknown", '{"message":"a","x":1,"x":1}', "also where it is ignored"),
    ("empty-name", '{"message":"a","":1,"":2}', ""),
    ("in-payload", '{"message":"a","payload":{"k":1,"k":2}}', ""),
    ("in-array", '{"message":"a","payload":{"l":[{"k":1,"k":2}]}}', ""),
    ("deep", '{"message":"a","payload":{"a":{"b":{"c":0,"d":1,"c":2}}}}', ""),
    ("escaped", '{"message":"a","\\u006dessage":"b"}', "the same name, written otherwise"),
    ("escaped-pair", '{"message":"a","payload":{"😀":1,"\\ud83d\\ude00":2}}', ""),
]

SURROGATES: list[Row] = [
    ("high", '{"message":"\\ud800"}', ""),
    ("low", '{"message":"\\udc00"}', ""),
    ("high-at-end", '{"message":"a\\uDBFF"}', ""),
    ("high-before-text", '{"message":"\\ud83dx"}', ""),
    ("two-high", '{"message":"\\ud83d\\ud83d"}', ""),
    ("wrong-order", '{"message":"\\ude00\\ud83d"}', ""),
    ("in-payload", '{"message":"a","payload":{"l":["\\udfff"]}}', ""),
    ("in-a-name", '{"message":"a","payload":{"\\ud800":1}}', ""),
    ("in-an-unknown-member", '{"message":"a","x":"\\ud800"}', ""),
]

TOO_GREAT: list[Row] = [
    ("exponent", '{"message":"a","payload":{"v":1e309}}', ""),
    ("minus", '{"message":"a","payload":{"v":-1e309}}', ""),
    ("fraction", '{"message":"a","payload":{"v":1.8e308}}', ""),
    ("digits", '{"message":"a","payload":{"v":1' + 309 * "0" + "}}", "no fraction, no exponent"),
    ("minus-digits", '{"message":"a","payload":{"v":-9' + 308 * "9" + "}}", ""),
    ("many-digits", '{"message":"a","payload":{"v":' + 5000 * "7" + "}}", ""),
    ("digits-and-exponent", '{"message":"a","payload":{"v":1' + 300 * "0" + "e9}}", ""),
    ("great-exponent", '{"message":"a","payload":{"v":1e999999999}}', ""),
    ("ignored", '{"message":"a","x":[1e309]}', "also where it is ignored"),
]

TOO_DEEP: list[Row] = [
    ("objects", '{"message":"a","payload":' + 31 * '{"k":' + "{}" + 31 * "}" + "}", "33 deep"),
    ("arrays", '{"message":"a","payload":{"l":' + 31 * "[" + 31 * "]" + "}}", "33 deep"),
    ("mixed", '{"message":"a","payload":' + 15 * '{"k":[' + "[[]]" + 15 * "]}" + "}", "33 deep"),
    ("ignored", '{"message":"a","x":' + 32 * "[" + 32 * "]" + "}", "also where it is ignored"),
    ("very-deep", '{"message":"a","payload":{"l":' + 5000 * "[" + 5000 * "]" + "}}", ""),
]

NO_UTF8: list[Row] = [
    ("continuation", b'{"message":"\x80"}', ""),
    ("latin-1", b'{"message":"p\xe4$$"}', ""),
    ("truncated", b'{"message":"\xc3"}', ""),
    ("overlong", b'{"message":"\xc0\xaf"}', ""),
    ("surrogate", b'{"message":"\xed\xa0\x80"}', ""),
    ("above-unicode", b'{"message":"\xf4\x90\x80\x80"}', ""),
    ("ff", b"\xff", ""),
    ("utf-16", '{"message":"a"}'.encode("utf-16"), "with its byte order mark"),
]

REQUESTS: list[Row] = [
    ("without-message", "{}", ""),
    ("without-message-but-payload", '{"payload":{}}', ""),
    ("message-in-other-case", '{"Message":"a"}', ""),
    ("message-null", '{"message":null}', ""),
    ("message-number", '{"message":1}', ""),
    ("message-true", '{"message":true}', ""),
    ("message-array", '{"message":["a"]}', ""),
    ("message-object", '{"message":{}}', ""),
    ("payload-null", '{"message":"a","payload":null}', "there, and not an object"),
    ("payload-array", '{"message":"a","payload":[]}', ""),
    ("payload-str", '{"message":"a","payload":"{}"}', ""),
    ("payload-number", '{"message":"a","payload":0}', ""),
    ("payload-false", '{"message":"a","payload":false}', ""),
    ("created-on-number", '{"message":"a","created_on":1700000000}', ""),
    ("created-on-false", '{"message":"a","created_on":false}', ""),
    ("created-on-object", '{"message":"a","created_on":{}}', ""),
    ("created-on-array", '{"message":"a","created_on":[]}', ""),
]

RESPONSES: list[Row] = [
    ("without-message", "{}", ""),
    ("without-message-but-status", '{"status":0,"payload":{}}', ""),
    ("message-null", '{"message":null}', ""),
    ("message-number", '{"message":1}', ""),
    ("message-array", '{"message":["a"]}', ""),
    ("payload-null", '{"message":"a","payload":null}', ""),
    ("payload-array", '{"message":"a","payload":[]}', ""),
    ("payload-str", '{"message":"a","payload":""}', ""),
    ("status-null", '{"message":"a","status":null}', ""),
    ("status-str", '{"message":"a","status":"0"}', ""),
    ("status-true", '{"message":"a","status":true}', ""),
    ("status-false", '{"message":"a","status":false}', ""),
    ("status-fraction", '{"message":"a","status":0.5}', ""),
    ("status-array", '{"message":"a","status":[0]}', ""),
    ("status-below", '{"message":"a","status":-1}', "there is no such status"),
    ("status-above", '{"message":"a","status":3}', "there is no such status"),
    ("created-on-number", '{"message":"a","created_on":0}', ""),
    ("created-on-object", '{"message":"a","created_on":{}}', ""),
    ("disconnecting-null", '{"message":"a","disconnecting":null}', ""),
    ("disconnecting-number", '{"message":"a","disconnecting":1}', ""),
    ("disconnecting-str", '{"message":"a","disconnecting":"true"}', ""),
    ("game-number", '{"message":"a","game":1}', ""),
    ("game-false", '{"message":"a","game":false}', ""),
    ("game-object", '{"message":"a","game":{"name":"My Game 1"}}', ""),
]

FAULTS: list[tuple[str, str, list[Row]]] = [
    ("no-json", "JSN-002", NO_JSON),
    ("no-object", "JSN-003", NO_OBJECT),
    ("twice", "JSN-004", TWICE),
    ("surrogate", "JSN-005", SURROGATES),
    ("too-great", "JSN-006", TOO_GREAT),
    ("too-deep", "JSN-008", TOO_DEEP),
    ("no-utf8", "WSB-005", NO_UTF8),
]
"""What is wrong with any message; a table, a requirement, and its rows."""


def main() -> None:
    """Write the file."""
    groups = []
    for message, requirement, rows in (
        ("request", "REQ-003", REQUESTS),
        ("response", "RSP-007", RESPONSES),
    ):
        for fault, cited, table in [*FAULTS, ("members", requirement, rows)]:
            group = Group("reject", f"{message.capitalize()}s, {fault}.", message)
            for name, text, comment in table:
                octets = text.encode() if isinstance(text, str) else text
                group.reject(f"{message}-{fault}-{name}", cited, octets, comment=comment)
            groups.append(group)
    write("pgnet", "independent-reject.json", "Messages that are a violation.", groups)


if __name__ == "__main__":
    main()
