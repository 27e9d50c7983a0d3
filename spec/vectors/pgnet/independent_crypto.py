"""Keys, boxes, and what is in them.

Writes `independent-crypto.json`. The boxes are made by `cryptobox.py`, which is no binding of a
library; the first of them is NaCl's own published one, and checked against it.
"""

from typing import Any

from vectors.files import Group, write
from vectors.pgnet import cryptobox
from vectors.pgnet.texts import (
    ALICE,
    ALICE_PUBLIC,
    BOB,
    BOB_PUBLIC,
    NONCE,
    key_text,
    sealed,
    text_of,
)

PUBLISHED = bytes.fromhex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc"
    "e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31"
    "0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde"
    "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864"
    "5e0705"
)
PUBLISHED_BOX = bytes.fromhex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce"
    "48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972"
    "71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae"
    "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3"
    "7973f622a43d14a6599b1f654cb45a74e355a5"
)

CONTENTS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "a box around nothing"),
    ("one", b"\x00", ""),
    ("fifteen", bytes(15), ""),
    ("sixteen", bytes(range(16)), "one block of Poly1305"),
    ("seventeen", bytes(range(17)), ""),
    ("first-block", bytes(range(32)), "up to the end of the first block of Salsa20"),
    ("second-block", bytes(range(33)), "one octet into the second block"),
    ("ones", bytes([255] * 96), ""),
    ("long", bytes(index % 251 for index in range(1000)), ""),
    ("request", b'{"message": "hello"}', ""),
    ("login", '{"message": "handshake", "payload": {"username": "bob", "password": "ä"}}'.encode(),
     ""),
]  # fmt: skip

MORE_NONCES = [bytes(24), bytes([255] * 24), bytes(range(24))]

P = 2**255 - 19
LOW_ORDER: list[tuple[str, bytes, str]] = [
    ("zero", bytes(32), ""),
    ("one", (1).to_bytes(32, "little"), ""),
    (
        "order-8",
        bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        "",
    ),
    (
        "order-8-other",
        bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        "",
    ),
    ("p-minus-one", (P - 1).to_bytes(32, "little"), ""),
    ("p", P.to_bytes(32, "little"), "0, written otherwise"),
    ("p-plus-one", (P + 1).to_bytes(32, "little"), "1, written otherwise"),
    ("zero-high-bit", (2**255).to_bytes(32, "little"), "the highest bit does not count"),
    ("one-high-bit", (2**255 + 1).to_bytes(32, "little"), ""),
]
"""Points for which X25519 gives zero, whatever the private key."""

ALICE_TEXT = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
UNUSABLE: list[tuple[str, Any, str]] = [
    ("null", None, ""),
    ("true", True, ""),
    ("number", 7, ""),
    ("array", [ALICE_TEXT], ""),
    ("object", {"pubkey": ALICE_TEXT}, ""),
    ("empty", "", ""),
    ("word", "hello", ""),
    ("hexadecimal", ALICE_PUBLIC.hex(), "48 octets as base64"),
    ("no-padding", ALICE_TEXT.rstrip("="), ""),
    ("too-much-padding", ALICE_TEXT + "=", ""),
    ("url-safe", ALICE_TEXT.replace("/", "_"), ""),
    ("line-feed", ALICE_TEXT + "\n", ""),
    ("space", " " + ALICE_TEXT, ""),
    ("thirty-one", "A" * 40 + "AA==", ""),
    ("thirty-three", "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmoA", ""),
    ("two-keys", ALICE_TEXT + ALICE_TEXT, ""),
    ("not-ascii", "ä" + ALICE_TEXT[1:], ""),
]

RECEIVED: list[tuple[str, str, str, bytes, Any, str]] = [
    ("request", "TUN-008", "request", b'{"message": "hello"}', {"message": "hello"}, ""),
    ("response", "TUN-008", "response", b'{"message": "ok", "status": 2}',
     {"message": "ok", "status": 2}, ""),
    ("space", "TUN-008 JSN-002", "request", b' {"message": "\xc3\xa4"}\n', {"message": "ä"}, ""),
    ("unknown-member", "TUN-008 REQ-002", "request", b'{"message":"a","x":1}',
     {"message": "a", "x": 1}, ""),
]  # fmt: skip

NOT_RECEIVED: list[tuple[str, str, str, bytes, str]] = [
    ("nothing", "JSN-002", "request", b"", ""),
    ("no-utf8", "WSB-005", "request", b'{"message":"\xff"}', ""),
    ("no-json", "JSN-002", "request", b"hello", ""),
    ("nan", "JSN-002", "request", b'{"message":"a","payload":{"v":NaN}}', ""),
    ("no-object", "JSN-003", "request", b'["hello"]', ""),
    ("twice", "JSN-004", "request", b'{"message":"a","message":"b"}', ""),
    ("surrogate", "JSN-005", "request", b'{"message":"\\ud800"}', ""),
    ("too-great", "JSN-006", "request", b'{"message":"a","payload":{"v":1e999}}', ""),
    ("too-deep", "JSN-008", "request", b'{"message":"a","x":' + b"[" * 32 + b"]" * 32 + b"}", ""),
    ("no-message", "REQ-003", "request", b'{"payload":{}}', ""),
    ("no-status", "RSP-007", "response", b'{"message":"a","status":"0"}', ""),
]


def keys() -> Group:
    """Return what is a usable public key, and what is not."""
    group = Group("crypto", "Is this a usable public key?")
    for name, text in (("alice", ALICE_TEXT), ("bob", key_text(BOB_PUBLIC))):
        group.crypto("key", f"key-{name}", "KEY-002", value=text)
    nine = key_text((9).to_bytes(32, "little"))
    group.crypto("key", "key-base-point", "KEY-002", value=nine, comment="9")
    for name, value, comment in UNUSABLE:
        group.crypto(
            "key",
            f"key-{name}",
            "KEY-003 KEY-004",
            value=value,
            comment=comment,
            result="invalid",
        )
    for name, point, comment in LOW_ORDER:
        if any(cryptobox.x25519(ALICE, point)):
            raise ValueError(f"{name} is no point of low order")
        group.crypto(
            "key",
            f"key-low-order-{name}",
            "KEY-003 KEY-004",
            value=key_text(point),
            comment=comment,
            result="invalid",
        )
    return group


def seals() -> Group:
    """Return contents with the one text that keys and nonce make of each."""
    if cryptobox.box(PUBLISHED, NONCE, ALICE, BOB_PUBLIC) != PUBLISHED_BOX:
        raise ValueError("this is not crypto_box")
    group = Group("crypto", "Alice seals for Bob.")
    rows = [("published", PUBLISHED, "the example of NaCl itself"), *CONTENTS]
    for name, data, comment in rows:
        group.crypto(
            "seal",
            f"seal-{name}",
            "TUN-001",
            text=sealed(data),
            private_key=ALICE,
            public_key=BOB_PUBLIC,
            nonce=NONCE,
            value=data,
            comment=comment,
        )
    for number, nonce in enumerate(MORE_NONCES):
        data = b'{"message": "hello"}'
        group.crypto(
            "seal",
            f"seal-nonce-{number}",
            "TUN-001",
            text=sealed(data, nonce=nonce),
            private_key=ALICE,
            public_key=BOB_PUBLIC,
            nonce=nonce,
            value=data,
        )
    return group


def opens() -> Group:
    """Return texts that open, to either side."""
    group = Group("crypto", "Bob opens what Alice sealed, and she can as well.")
    for name, data, comment in [("published", PUBLISHED, ""), *CONTENTS]:
        group.crypto(
            "open",
            f"open-{name}",
            "TUN-001 TUN-004",
            text=sealed(data),
            private_key=BOB,
            public_key=ALICE_PUBLIC,
            value=data,
            comment=comment,
        )
    group.crypto(
        "open",
        "open-by-sender",
        "TUN-005",
        text=sealed(b"hello"),
        private_key=ALICE,
        public_key=BOB_PUBLIC,
        value=b"hello",
        comment="both directions share one secret",
    )
    return group


def refusals() -> Group:
    """Return texts that do not open."""
    group = Group("crypto", "These do not open.")
    data = b'{"message": "hello"}'
    good = cryptobox.box(data, NONCE, ALICE, BOB_PUBLIC)
    eve = bytes(range(32))
    eve_public = cryptobox.public_key(eve)
    rows = [
        ("first-bit-of-mac", text_of(NONCE, bytes([good[0] ^ 1]) + good[1:]), ""),
        ("last-bit-of-mac", text_of(NONCE, good[:15] + bytes([good[15] ^ 128]) + good[16:]), ""),
        ("first-bit-of-text", text_of(NONCE, good[:16] + bytes([good[16] ^ 1]) + good[17:]), ""),
        ("last-bit-of-text", text_of(NONCE, good[:-1] + bytes([good[-1] ^ 128])), ""),
        ("nonce", text_of(bytes([NONCE[0] ^ 1]) + NONCE[1:], good), "another nonce"),
        ("end-of-nonce", text_of(NONCE[:-1] + bytes([NONCE[-1] ^ 1]), good), ""),
        ("truncated", text_of(NONCE, good[:-1]), ""),
        ("mac-alone", text_of(NONCE, good[:16]), ""),
        ("longer", text_of(NONCE, good + b"\x00"), ""),
        ("mac-behind", text_of(NONCE, good[16:] + good[:16]), "the MAC behind the ciphertext"),
        ("zero-mac", text_of(NONCE, bytes(16) + good[16:]), ""),
        ("zeros", text_of(bytes(24), bytes(16)), ""),
        ("nonce-behind", text_of(good, NONCE), "the nonce behind the box"),
        ("other-sender", text_of(NONCE, cryptobox.box(data, NONCE, eve, BOB_PUBLIC)), ""),
        ("other-recipient", text_of(NONCE, cryptobox.box(data, NONCE, ALICE, eve_public)), ""),
        ("twice", text_of(NONCE, cryptobox.box(text_of(NONCE, good), NONCE, ALICE, ALICE_PUBLIC)),
         ""),
    ]  # fmt: skip
    for name, text, comment in rows:
        group.crypto(
            "open",
            f"open-not-{name}",
            "TUN-004",
            text=text,
            private_key=BOB,
            public_key=ALICE_PUBLIC,
            comment=comment,
            result="invalid",
        )
    whole = text_of(NONCE, good)
    if b"+" not in whole and b"/" not in whole:
        raise ValueError("both alphabets have the same text")
    for name, text, comment in [
        ("in-clear", data, "JSON is no base64"),
        ("no-padding", sealed(b"hello!!").rstrip(b"="), ""),
        ("url-safe", whole.replace(b"+", b"-").replace(b"/", b"_"), ""),
        ("line-feed", whole + b"\n", ""),
        ("short", text_of(NONCE, good[:15]), "fewer than 40 octets"),
        ("empty", b"", ""),
    ]:
        group.crypto(
            "open",
            f"open-not-{name}",
            "TUN-003",
            text=text,
            private_key=BOB,
            public_key=ALICE_PUBLIC,
            comment=comment,
            result="invalid",
        )
    return group


def contents() -> Group:
    """Return boxes with messages in them, good ones and such as are violations."""
    group = Group("crypto", "What Bob makes of what is in a box.")
    for name, requirements, message, data, value, comment in RECEIVED:
        group.crypto(
            "receive",
            f"receive-{name}",
            requirements,
            text=sealed(data),
            private_key=BOB,
            public_key=ALICE_PUBLIC,
            read_as=message,
            value=value,
            comment=comment,
        )
    for name, requirement, message, data, comment in NOT_RECEIVED:
        group.crypto(
            "receive",
            f"receive-not-{name}",
            f"{requirement} TUN-008",
            text=sealed(data),
            private_key=BOB,
            public_key=ALICE_PUBLIC,
            read_as=message,
            comment=comment,
            result="invalid",
        )
    return group


if __name__ == "__main__":
    write(
        "pgnet",
        "independent-crypto.json",
        "Keys, boxes, and what is in them.",
        [keys(), seals(), opens(), refusals(), contents()],
    )
