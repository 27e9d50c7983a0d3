"""The schemas of PGNet: its messages, in clear and in a box, and the requirement behind each check.

What may live here: schemas in the dialect, without behaviour. See `dialect` and `dialect_text` for
what each piece reads and writes. A schema reads what is there: members that are not in the table
stay in the value, and those that are missing stay out of it; `meaning` is what a receiver makes of
a value.
"""

from __future__ import annotations

from typing import Any as Untyped

from wirebook.spec.checks import Check
from wirebook.spec.dialect import Field, Layout, Message
from wirebook.spec.dialect_text import Base64, JsonText
from wirebook.spec.pgnet.limits import BOX_LEAST, MESSAGE_MOST, NONCE_SIZE
from wirebook.spec.shapes import Any, Bool, Int, Key, Map, Nullable, Record, Str

SIZE = {
    Check.LONG: "PGN-WSB-007",
    Check.TOO_LARGE: "PGN-WSB-007",
}
"""The requirements on the size of a message."""

TEXT = {
    Check.UTF8: "PGN-WSB-005",
    Check.VALUE: "PGN-JSN-002",
    Check.TYPE: "PGN-JSN-003",
    Check.DUPLICATE: "PGN-JSN-004",
    Check.SURROGATE: "PGN-JSN-005",
    Check.MAGNITUDE: "PGN-JSN-006",
    Check.DEPTH: "PGN-JSN-008",
}
"""The requirements on every JSON text that is received."""

SENT = TEXT | {Check.VALUE: "PGN-JSN-001", Check.TYPE: "PGN-JSN-001"}
"""The requirements on every JSON text that is sent."""

REQUEST_MEMBER = {Check.TYPE: "PGN-REQ-003", Check.MISSING: "PGN-REQ-003"}
RESPONSE_MEMBER = {
    Check.TYPE: "PGN-RSP-007",
    Check.RANGE: "PGN-RSP-007",
    Check.MISSING: "PGN-RSP-007",
}
IGNORED = "Ignored."

REQUEST_RECORD = Record(
    (
        Key(
            "message",
            Str(),
            "What is asked for: the name of a request, or whatever the game understands.",
            rules=REQUEST_MEMBER,
        ),
        Key(
            "payload",
            Map(),
            "The arguments of the request, or whatever the game understands.",
            required=False,
            rules=REQUEST_MEMBER,
            cites=("PGN-REQ-004", "PGN-ARG-001", "PGN-ARG-002"),
            default=({},),
        ),
        Key(
            "created_on",
            Nullable(Str()),
            "When the request was made.",
            required=False,
            rules=REQUEST_MEMBER,
            cites=("PGN-REQ-006", "PGN-REQ-007"),
            default=(None,),
        ),
        Key(
            "username",
            Any(),
            "Ignored; the user is the one who logged in.",
            required=False,
            cites=("PGN-REQ-005",),
            default=(None,),
        ),
    ),
    others=Any(),
    others_doc=IGNORED,
    ignores_others=True,
)

RESPONSE_RECORD = Record(
    (
        Key(
            "message",
            Str(),
            "What the server has to say, for people.",
            rules=RESPONSE_MEMBER,
        ),
        Key(
            "payload",
            Map(),
            "What the server or the game has to say, for programs.",
            required=False,
            rules=RESPONSE_MEMBER,
            default=({},),
        ),
        Key(
            "status",
            Int(0, 2),
            "What became of the request: 0 OK, 1 BAD, 2 UNEXPECTED.",
            required=False,
            rules=RESPONSE_MEMBER,
            default=(0,),
        ),
        Key(
            "created_on",
            Nullable(Str()),
            "When the response was made.",
            required=False,
            rules=RESPONSE_MEMBER,
            cites=("PGN-REQ-006", "PGN-REQ-007"),
            default=(None,),
        ),
        Key(
            "disconnecting",
            Bool(),
            "Whether the server closes the connection after this response.",
            required=False,
            rules=RESPONSE_MEMBER,
            cites=("PGN-RSP-005",),
            default=(False,),
        ),
        Key(
            "game",
            Nullable(Str()),
            "The name of the game that the user is in, or null.",
            required=False,
            rules=RESPONSE_MEMBER,
            cites=("PGN-RSP-004",),
            default=(None,),
        ),
    ),
    others=Any(),
    others_doc=IGNORED,
    ignores_others=True,
)

_RECORDS = {"request": REQUEST_RECORD, "response": RESPONSE_RECORD}

_BOX_RULES = {Check.BASE64: "PGN-TUN-003", Check.SHORT: "PGN-TUN-003"}

MESSAGES = {
    "request": Message(
        "What a client sends: in clear as the first message, in a box as any other.",
        JsonText(REQUEST_RECORD, rules=TEXT, sent_rules=SENT),
        least=0,
        most=MESSAGE_MOST,
        rules=SIZE,
    ),
    "response": Message(
        "What a server sends: in clear as the first message, in a box as any other.",
        JsonText(RESPONSE_RECORD, rules=TEXT, sent_rules=SENT),
        least=0,
        most=MESSAGE_MOST,
        rules=SIZE,
    ),
    "box": Message(
        "A message after the key trade: what it says is inside of the box.",
        Layout(
            Field(
                "nonce",
                Base64(NONCE_SIZE),
                "Never the same twice under the keys of a connection.",
                _BOX_RULES,
                cites=["PGN-TUN-002", "PGN-TUN-005", "PGN-TUN-006"],
            ),
            Field(
                "box",
                Base64(least=BOX_LEAST),
                "The MAC, 16 octets, and the ciphertext of a request or a response.",
                _BOX_RULES,
                cites=["PGN-TUN-001", "PGN-TUN-004", "PGN-TUN-008"],
            ),
        ),
        least=4 * (NONCE_SIZE // 3) + 4 * -(-BOX_LEAST // 3),
        most=MESSAGE_MOST,
        rules=SIZE | {Check.SHORT: "PGN-TUN-003"},
    ),
}
"""Every message."""


def meaning(message: str, value: dict[str, Untyped]) -> dict[str, Untyped]:
    """Return what the receiver of a `request` or a `response` makes of its value.

    The members of the table, those that are missing with their defaults, and nothing else.
    """
    keys = [key for key in _RECORDS[message].keys if not isinstance(key.shape, Any)]
    return {key.name: value.get(key.name, *key.default) for key in keys}
